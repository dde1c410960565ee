package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/internal/oracle"
)

const arch = "[[(0, 3), (1, 3), (0, 3), (1, 3), (0, 2), (1, 3), (0, 2), (2, 5)], [(0, 0), (1, 0), (1, 0), (2, 2), " +
	"(0, 0), (2, 2), (1, 0), (2, 2)]]"

// slow is a surrogate that waits before it answers.
type slow struct {
	surrogate.Surrogate
	wait    time.Duration
	started chan struct{}
}

func (s slow) PredictBatch(g []bench301.Genotype, out []surrogate.Prediction) {
	if s.started != nil {
		s.started <- struct{}{}
	}
	time.Sleep(s.wait)
	s.Surrogate.PredictBatch(g, out)
}

// faulty is a surrogate with a bug.
type faulty struct{ surrogate.Surrogate }

func (faulty) PredictBatch([]bench301.Genotype, []surrogate.Prediction) { panic("a bug") }

func load(t *testing.T, name string) *surrogate.Ensemble {
	t.Helper()
	e, err := surrogate.Load(filepath.Join(oracle.Root(), "testdata", "oracles", "surrogate", name))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newServer(t *testing.T, limits Limits, more ...Named) *Server {
	t.Helper()
	s, err := New(append([]Named{{"mini", surrogate.NewMini()}, {"xgb", load(t, "xgb/ensemble")},
		{"runtime", load(t, "lgb/ensemble")}}, more...), limits)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// do sends one request.
func do(s *Server, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "localhost"
	s.ServeHTTP(w, r)
	return w
}

// TestQuery asks in every notation; all must give what the library gives.
func TestQuery(t *testing.T) {
	s := newServer(t, Limits{})
	g, _, err := bench301.ParseGenotype(arch)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, n := range (bench301.DARTS{}).Notations() {
		if n == "bananas8" {
			continue // read only when it is named
		}
		text, err := g.Format(n)
		if err != nil {
			t.Fatal(err)
		}
		quoted, _ := json.Marshal(text)
		list = append(list, string(quoted))
		if json.Valid([]byte(text)) {
			list = append(list, text)
		}
	}
	w := do(s, "POST", "/v1/query",
		fmt.Sprintf(`{"architectures": [%s], "surrogate": "xgb", "runtime": "runtime", "members": true, "noise_seed": 3}`,
			strings.Join(list, ",")))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	var got struct{ Predictions []surrogate.Answer }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	seed := uint64(3)
	question := surrogate.Question{Accuracy: load(t, "xgb/ensemble"), Runtime: load(t, "lgb/ensemble"), Members: true,
		Noise: &seed}
	want, _ := json.Marshal(question.Ask([]bench301.Genotype{g})[0])
	if len(got.Predictions) != len(list) || len(list) < 7 {
		t.Fatalf("%d predictions for %d architectures", len(got.Predictions), len(list))
	}
	for i, p := range got.Predictions {
		if text, _ := json.Marshal(p); !bytes.Equal(text, want) {
			t.Errorf("%s: %s, want %s", list[i], text, want)
		}
	}
}

func TestRefused(t *testing.T) {
	s := newServer(t, Limits{Body: 1 << 12, Architectures: 3})
	for _, c := range []struct {
		method, path, body string
		status             int
		reason             string
	}{
		{"POST", "/v1/query", "", 400, "body: want a JSON object as in /openapi.yaml: EOF"},
		{"POST", "/v1/query", "[]", 400, "cannot unmarshal array"},
		{"POST", "/v1/query", "{", 400, "unexpected EOF"},
		{"POST", "/v1/query", "{} {}", 400, "more follows the object"},
		{"POST", "/v1/query", "{}", 400, "architectures: want a list of at least one"},
		{"POST", "/v1/query", `{"archs": []}`, 400, `unknown field "archs"`},
		{"POST", "/v1/query", `{"architectures": ["x"]}`, 400, "architectures[0]: "},
		{"POST", "/v1/query", `{"architectures": ["` + arch + `", 7]}`, 400, "architectures[1]: "},
		{"POST", "/v1/query", `{"architectures": [null]}`, 400, "architectures[0]: "},
		{"POST", "/v1/query", `{"architectures": ["` + strings.Replace(arch, "(0, 3)", "(0, 9)", 1) + `"]}`, 400,
			"operation index 9: DARTS has 7 (0-6)"},
		{"POST", "/v1/query", `{"architectures": ["` + strings.Repeat("(", 4000) + `"]}`, 400, "architectures[0]: "},
		{"POST", "/v1/query", `{"architectures": [` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `]}`, 400,
			"architectures[0]: "},
		{"POST", "/v1/query", `{"architectures": [1,2,3,4]}`, 413, "architectures: 4: want at most 3 at a time"},
		{"POST", "/v1/query", `{"architectures": ["` + strings.Repeat(" ", 1<<13) + `"]}`, 413,
			"the body has more than 4096 bytes"},
		{"POST", "/v1/query", `{"architectures": ["` + arch + `"], "surrogate": "gone"}`, 400,
			`surrogate "gone": the server has mini, xgb, runtime`},
		{"POST", "/v1/query", `{"architectures": ["` + arch + `"], "runtime": "gone"}`, 400,
			`runtime "gone": the server has`},
		{"POST", "/v1/query", `{"architectures": ["` + arch + `"], "runtime": "xgb"}`, 400,
			`runtime "xgb" predicts accuracies`},
		{"POST", "/v1/query", `{"architectures": ["` + arch + `"], "surrogate": "runtime"}`, 400,
			`surrogate "runtime" predicts seconds`},
		{"POST", "/v1/query", `{"architectures": ["` + arch + `"], "notation": "runes"}`, 400, "notation: "},
		{"POST", "/v1/query", `{"architectures": ["` + arch + `"], "noise_seed": -1}`, 400, "noise_seed"},
		{"GET", "/v1/query", "", 405, "GET: want POST"},
		{"DELETE", "/v1/surrogates", "", 405, "DELETE: want GET"},
		{"GET", "/v2", "", 404, "/v2: no such path"},
	} {
		w := do(s, c.method, c.path, c.body)
		var answer struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != c.status ||
			!strings.Contains(answer.Error, c.reason) {
			t.Errorf("%s %s %.60s: %d %.200s, want %d %s", c.method, c.path, c.body, w.Code, w.Body, c.status, c.reason)
		}
	}
	metrics := do(s, "GET", "/metrics", "").Body.String()
	for _, want := range []string{`bench301_requests_total{path="/v1/query",code="400"} 18`,
		`bench301_requests_total{path="other",code="404"} 1`, `bench301_request_seconds_count{path="/v1/query"} 21`,
		"bench301_queries_running 0", "process_resident_memory_bytes"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s:\n%.1500s", want, metrics)
		}
	}
}

func TestLimitsOfTime(t *testing.T) {
	started := make(chan struct{}, 10)
	s := newServer(t, Limits{Concurrent: 1, Time: time.Nanosecond},
		Named{"slow", slow{surrogate.NewMini(), 200 * time.Millisecond, started}}, Named{"faulty", faulty{surrogate.NewMini()}})
	if w := do(s, "POST", "/v1/query", `{"architectures": ["`+arch+`"]}`); w.Code != 503 ||
		!strings.Contains(w.Body.String(), "not done after 1ns") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.limits.Time = time.Minute
	done := make(chan int)
	go func() {
		done <- do(s, "POST", "/v1/query", `{"surrogate": "slow", "architectures": ["`+arch+`"]}`).Code
	}()
	<-started
	if w := do(s, "POST", "/v1/query", `{"architectures": ["`+arch+`"]}`); w.Code != 503 ||
		w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if code := <-done; code != 200 {
		t.Errorf("the slow query: %d", code)
	}
	if w := do(s, "POST", "/v1/query", `{"surrogate": "faulty", "architectures": ["`+arch+`"]}`); w.Code != 500 ||
		!strings.Contains(w.Body.String(), "a fault of the server") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := do(s, "POST", "/v1/query", `{"architectures": ["`+arch+`"]}`); w.Code != 200 {
		t.Errorf("after a fault: %d %s", w.Code, w.Body)
	}
}

// run starts a server on a free port and returns its address and how it ended.
func run(t *testing.T, s *Server) (url string, stop context.CancelFunc, ended chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	ended = make(chan error, 1)
	go func() { ended <- s.Run(ctx, l) }()
	return "http://" + l.Addr().String(), stop, ended
}

// TestShutdown stops the server while it works: the running query gets its answer, later ones do not get through.
func TestShutdown(t *testing.T) {
	started := make(chan struct{}, 1)
	s := newServer(t, Limits{}, Named{"slow", slow{surrogate.NewMini(), 300 * time.Millisecond, started}})
	url, stop, ended := run(t, s)
	type answer struct {
		code int
		err  error
	}
	answers := make(chan answer)
	go func() {
		r, err := http.Post(url+"/v1/query", "application/json",
			strings.NewReader(`{"surrogate": "slow", "architectures": ["`+arch+`"]}`))
		if err != nil {
			answers <- answer{0, err}
			return
		}
		_, err = io.Copy(io.Discard, r.Body)
		r.Body.Close()
		answers <- answer{r.StatusCode, err}
	}()
	<-started
	stop()
	if a := <-answers; a.code != 200 || a.err != nil {
		t.Errorf("the running query: %d, %v", a.code, a.err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(url + "/healthz"); err == nil {
		t.Error("the server still answers")
	}
	if w := do(s, "GET", "/healthz", ""); w.Code != 503 {
		t.Errorf("health after the end: %d", w.Code)
	}
}

// TestExample runs the Python client of the examples.
func TestExample(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	url, _, _ := run(t, newServer(t, Limits{}))
	cmd := exec.Command(python, filepath.Join(oracle.Root(), "examples", "client.py"), url)
	cmd.Env = append(os.Environ(), "no_proxy=127.0.0.1")
	cmd.Stdin = strings.NewReader(arch + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "b149d8919d89ab39  94.") {
		t.Errorf("%s, %v", out, err)
	}
}

// TestDescription compares the description with what is served.
func TestDescription(t *testing.T) {
	s := newServer(t, Limits{})
	var d struct {
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := yaml.Unmarshal(do(s, "GET", "/openapi.yaml", "").Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	for path, methods := range d.Paths {
		for method := range methods {
			if w := do(s, strings.ToUpper(method), path, ""); w.Code == 404 || w.Code == 405 {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	fields := func(v any) map[string]any {
		text, _ := json.Marshal(v)
		var m map[string]any
		_ = json.Unmarshal(text, &m)
		return m
	}
	one, seed, yes := 1.0, uint64(1), true
	for name, v := range map[string]any{
		"Query": request{NoiseSeed: &seed},
		"Prediction": surrogate.Answer{Noisy: &one, Runtime: &one, Members: []float64{1}, RuntimeInRange: &yes,
			RuntimeSurrogate: "b"},
	} {
		have, described := fields(v), d.Components.Schemas[name].Properties
		for f := range have {
			if described[f] == nil {
				t.Errorf("%s.%s is not described", name, f)
			}
		}
		if len(described) != len(have) {
			t.Errorf("%s: %d fields described, %d served", name, len(described), len(have))
		}
	}
	var list struct{ Surrogates []map[string]any }
	if err := json.Unmarshal(do(s, "GET", "/v1/surrogates", "").Body.Bytes(), &list); err != nil ||
		len(list.Surrogates) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	for f := range list.Surrogates[0] {
		if d.Components.Schemas["Surrogate"].Properties[f] == nil {
			t.Errorf("Surrogate.%s is not described", f)
		}
	}
}

func TestServersRefused(t *testing.T) {
	mini := Named{"mini", surrogate.NewMini()}
	for _, c := range []struct {
		list   []Named
		limits Limits
		want   string
	}{
		{nil, Limits{}, "no surrogate that predicts accuracies"},
		{[]Named{{"runtime", load(t, "lgb/ensemble")}}, Limits{}, "no surrogate that predicts accuracies"},
		{[]Named{mini, mini}, Limits{}, "names must differ"},
		{[]Named{mini}, Limits{Concurrent: -1}, "want numbers from 1"},
	} {
		if _, err := New(c.list, c.limits); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
