package serve

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rwe301/bench301/surrogate"
)

// hang sends 64 beginnings of requests that never go on.
func hang(t *testing.T, url, text string) {
	t.Helper()
	for range 64 {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSlowClients has 64 clients send half a request, in several ways; another one must not wait.
func TestSlowClients(t *testing.T) {
	url, _, _ := run(t, newServer(t, Limits{}))
	const head = "POST /v1/query HTTP/1.1\r\nHost: localhost\r\n"
	hang(t, url, "GET /healthz HTTP/1.1\r\nHost")
	hang(t, url, head+"Content-Length: 1000\r\n\r\n{")
	hang(t, url, head+"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"arc")
	hang(t, url, head+"Content-Length: 10000\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b")
	hang(t, url, head+"Content-Length: 1000000\r\n\r\n{\"architectures\": [\""+arch+"\", ")
	start := time.Now()
	r, err := http.Post(url+"/v1/query", "application/json", strings.NewReader(`{"architectures": ["`+arch+`"]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK || time.Since(start) > 5*time.Second {
		t.Errorf("%s after %v", r.Status, time.Since(start))
	}
}

// TestManyBlocks compares an answer of several blocks with the answers to single architectures.
func TestManyBlocks(t *testing.T) {
	s := newServer(t, Limits{})
	n := 2*block + 5
	w := do(s, "POST", "/v1/query", `{"architectures": [`+strings.Repeat(`"`+arch+`",`, n-1)+`"`+arch+`"]}`)
	one := do(s, "POST", "/v1/query", `{"architectures": ["`+arch+`"]}`).Body.String()
	one = strings.TrimSuffix(strings.TrimPrefix(one, `{"predictions":[`), "]}\n")
	if want := `{"predictions":[` + strings.Repeat(one+",", n-1) + one + "]}\n"; w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d: %.300s", w.Code, w.Body)
	}
	if s.held.Load() != 0 || s.running.Load() != 0 || len(s.busy) != 0 {
		t.Errorf("%d architectures, %d queries, %d places are not given back", s.held.Load(), s.running.Load(), len(s.busy))
	}
}

// TestTooManyHeld has large requests share a bound of memory, which small ones do not count in.
func TestTooManyHeld(t *testing.T) {
	s := newServer(t, Limits{Concurrent: 1, Architectures: 2 * block})
	s.held.Store(2 * block)
	large := `{"architectures": [` + strings.Repeat(`"`+arch+`",`, block) + `"` + arch + `"]}`
	if w := do(s, "POST", "/v1/query", large); w.Code != 503 || !strings.Contains(w.Body.String(), "large requests") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := do(s, "POST", "/v1/query", `{"architectures": ["`+arch+`"]}`); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.held.Store(0)
	if w := do(s, "POST", "/v1/query", large); w.Code != 200 || s.held.Load() != 0 {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
}

// TestBodies sends bodies as other programs write them.
func TestBodies(t *testing.T) {
	s := newServer(t, Limits{Body: 1 << 14})
	plain := `{"architectures": ["` + arch + `"]}`
	pack := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, text)
		z.Close()
		return b.String()
	}
	for name, c := range map[string]struct {
		encoding, body string
		status         int
		reason         string
	}{
		"plain":             {"", plain, 200, ""},
		"identity":          {"identity", plain, 200, ""},
		"byte order mark":   {"", "\ufeff" + plain, 200, ""},
		"gzip":              {"gzip", pack(plain), 200, ""},
		"gzip, not said so": {"", pack(plain), 200, ""},
		"gzip and a mark":   {"gzip", pack("\ufeff" + plain), 200, ""},
		"gzip, large":       {"gzip", pack(`{"architectures": ["` + strings.Repeat(" ", 1<<20)), 413, "more than 16384 bytes"},
		"gzip, cut off":     {"gzip", pack(plain)[:40], 400, "body"},
		"not gzip":          {"gzip", plain, 400, "gzip: invalid header"},
		"deflate":           {"deflate", plain, 415, "want gzip or none"},
		"UTF-16":            {"", "\xff\xfe{\x00}\x00", 400, "UTF-16"},
		"a key twice":       {"", `{"architectures": ["` + arch + `"], "members": true, "members": false}`, 400, `"members" stands twice`},
		"another case":      {"", `{"Architectures": ["` + arch + `"]}`, 400, "unknown field"},
		"a list of nothing": {"", `{"architectures": null}`, 400, "at least one"},
		"no list":           {"", `{"architectures": "x"}`, 400, "cannot unmarshal string into a list"},
		"notation behind":   {"", `{"architectures": ["` + arch + `"], "notation": "bananas"}`, 400, "notation"},
		"cut off":           {"", plain[:60], 400, "unexpected EOF"},
	} {
		r := httptest.NewRequest("POST", "/v1/query", strings.NewReader(c.body))
		r.Header.Set("Content-Encoding", c.encoding)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), strings.ReplaceAll(c.reason, `"`, `\"`)) {
			t.Errorf("%s: %d %.200s, want %d %s", name, w.Code, w.Body, c.status, c.reason)
		}
	}
	texts := do(s, "POST", "/v1/query", `{"architectures": ["`+arch+`"], "notation": "bananas8"}`).Body.String()
	before := do(s, "POST", "/v1/query", `{"notation": "bananas8", "architectures": ["`+arch+`"]}`).Body.String()
	if texts != before || !strings.Contains(texts, "no empty edge") {
		t.Errorf("a notation behind the architectures: %s, before them %s", texts, before)
	}
}

// TestLongTexts sends texts that no request needs: they are refused before they are in memory as a whole.
func TestLongTexts(t *testing.T) {
	s := newServer(t, Limits{})
	x := strings.Repeat("x", 8<<20)
	for name, c := range map[string]struct{ begin, end string }{
		"architecture":  {`{"architectures": ["`, `"]}`},
		"second":        {`{"architectures": ["` + arch + `", "`, `"]}`},
		"key":           {`{"`, `": 1}`},
		"notation":      {`{"notation": "`, `", "architectures": []}`},
		"surrogate":     {`{"architectures": ["` + arch + `"], "surrogate": "`, `"}`},
		"key of object": {`{"architectures": [{"`, `": 1}]}`},
		"no end":        {`{"architectures": ["`, ""},
	} {
		r := strings.NewReader(c.begin + x + c.end)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("POST", "/v1/query", r))
		if w.Code != 413 || !strings.Contains(w.Body.String(), "a text, or blanks, of more than 131072 bytes") || r.Len() < 7<<20 {
			t.Errorf("%s: %d %.200s; %d bytes not read", name, w.Code, w.Body, r.Len())
		}
	}
}

// TestHosts calls the server by names that lead to this machine.
func TestHosts(t *testing.T) {
	s := newServer(t, Limits{})
	s.AllowHosts("gpu1")
	url, _, _ := run(t, s)
	for host, status := range map[string]int{
		"": 200, "localhost": 200, "LOCALHOST:8301": 200, "127.0.0.1:1": 200, "127.0.1.1": 200, "[::1]:8301": 200, "gpu1:8301": 200,
		"localhost.": 200, "evil.example": 403, "evil.example:8301": 403, "10.0.0.1": 403, "localhost.evil.example": 403,
		"127.0.0.1.evil.example": 403,
	} {
		r, err := http.NewRequest("GET", url+"/v1/surrogates", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("%q: %s %s", host, answer.Status, text)
		}
	}
}

// TestRefusedWhileStopping asks while the last query runs.
func TestRefusedWhileStopping(t *testing.T) {
	started := make(chan struct{}, 1)
	s := newServer(t, Limits{}, Named{"slow", slow{surrogate.NewMini(), time.Second, started}})
	url, stop, ended := run(t, s)
	code := make(chan string, 1)
	ask := func(name string) string {
		r, err := http.Post(url+"/v1/query", "application/json",
			strings.NewReader(fmt.Sprintf(`{"surrogate": %q, "architectures": [%q]}`, name, arch)))
		if err != nil {
			return err.Error()
		}
		defer r.Body.Close()
		_, _ = io.Copy(io.Discard, r.Body)
		return r.Status
	}
	go func() { code <- ask("slow") }()
	<-started
	stop()
	time.Sleep(100 * time.Millisecond)
	if got := ask("mini"); got != "503 Service Unavailable" {
		t.Errorf("a new query: %s", got)
	}
	if got := <-code; got != "200 OK" {
		t.Errorf("the running one: %s", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
