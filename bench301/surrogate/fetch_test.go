package surrogate

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rwe301/internal/download"
)

// flaky is a server that cuts every answer after some bytes.
type flaky struct {
	content  []byte
	tag      atomic.Value // string
	cut      int
	requests atomic.Int32
	ranges   atomic.Int32 // answers with part of the file
}

// cutter passes on so many bytes, then breaks the connection.
type cutter struct {
	http.ResponseWriter
	f    *flaky
	left int
}

func (c *cutter) WriteHeader(status int) {
	if status == http.StatusPartialContent {
		c.f.ranges.Add(1)
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *cutter) Write(b []byte) (int, error) {
	if len(b) > c.left {
		_, _ = c.ResponseWriter.Write(b[:c.left])
		panic(http.ErrAbortHandler)
	}
	c.left -= len(b)
	return c.ResponseWriter.Write(b)
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.requests.Add(1)
	w.Header().Set("ETag", f.tag.Load().(string))
	http.ServeContent(&cutter{w, f, f.cut}, r, "", time.Time{}, bytes.NewReader(f.content))
}

func newFlaky(t *testing.T, size, cut int) (*flaky, string) {
	t.Helper()
	f := &flaky{content: make([]byte, size), cut: cut}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range f.content {
		f.content[i] = byte(rng.Uint32())
	}
	f.tag.Store(`"one"`)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

func TestFetchContinues(t *testing.T) {
	t.Setenv("HTTP_PROXY", "")
	f, url := newFlaky(t, 1<<20, 300_000)
	path := filepath.Join(t.TempDir(), "a.zip")
	var last, total int64
	fetch := Fetch{URL: url, Path: path, Pause: time.Millisecond, Progress: func(d, n int64) { last, total = d, n }}
	sum, err := fetch.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, f.content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if last != 1<<20 || total != 1<<20 || f.ranges.Load() < 3 {
		t.Errorf("progress %d of %d, %d ranges", last, total, f.ranges.Load())
	}
	record, err := os.ReadFile(path + ".sha256")
	if err != nil || string(record) != sum.SHA256+"  a.zip\n" {
		t.Errorf("record %q, %v", record, err)
	}
	requests := f.requests.Load()
	if again, err := fetch.Run(t.Context()); again != sum || err != nil || f.requests.Load() != requests {
		t.Errorf("again: %s, %v, %d requests more", again, err, f.requests.Load()-requests)
	}
	// Another file of the same name is noticed.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.content[0] ^= 1
	f.tag.Store(`"two"`)
	if _, err := fetch.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "but when it was first seen "+sum.SHA256) {
		t.Errorf("another file: %v", err)
	}
}

// TestFetchOfAChangedFile: a part of the old file is not continued with the new one.
func TestFetchOfAChangedFile(t *testing.T) {
	t.Setenv("HTTP_PROXY", "")
	f, url := newFlaky(t, 100_000, 60_000)
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(path+".part", bytes.Repeat([]byte("old"), 10_000), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".part.tag", []byte(`"zero"`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := (Fetch{URL: url, Path: path, Pause: time.Millisecond}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, f.content) {
		t.Error("the old part was continued")
	}
}

// TestFetchTakesAFile copies an archive that was downloaded, if it is the one that is wanted.
func TestFetchTakesAFile(t *testing.T) {
	dir := t.TempDir()
	from, path := filepath.Join(dir, "downloaded.zip"), filepath.Join(dir, "a.zip")
	if err := os.WriteFile(from, []byte("hello\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	wrong := Fetch{From: from, Path: path, Want: download.Sums{Blob: strings.Repeat("0", 40)}}
	if _, err := wrong.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "ce013625030ba8dba906f756967f9e9c") {
		t.Errorf("another file: %v", err)
	}
	for _, left := range []string{path, path + ".sha256"} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is there", left)
		}
	}
	right := Fetch{From: from, Path: path, Want: download.Sums{Blob: "ce013625030ba8dba906f756967f9e9ca394464a"}}
	sums, err := right.Run(t.Context())
	if got, _ := os.ReadFile(path); err != nil || string(got) != "hello\n" || sums.Blob != right.Want.Blob {
		t.Errorf("%q, %+v, %v", got, sums, err)
	}
	if record, _ := os.ReadFile(path + ".sha256"); !strings.HasPrefix(string(record), sums.SHA256) {
		t.Errorf("recorded %q", record)
	}
}

// TestFetchWants removes a download that is another file than the one that is wanted.
func TestFetchWants(t *testing.T) {
	t.Setenv("HTTP_PROXY", "")
	_, url := newFlaky(t, 1000, 1<<20)
	path := filepath.Join(t.TempDir(), "a.zip")
	fetch := Fetch{URL: url, Path: path, Pause: time.Millisecond, Want: download.Sums{SHA256: strings.Repeat("0", 64)}}
	if _, err := fetch.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "its SHA-256 is ") {
		t.Errorf("another file: %v", err)
	}
	for _, left := range []string{path, path + ".part", path + ".sha256"} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is there", left)
		}
	}
}

func TestFetchFails(t *testing.T) {
	t.Setenv("HTTP_PROXY", "")
	status := http.StatusNotFound
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if status == http.StatusPartialContent {
			w.Header().Set("Content-Range", "bytes 7-8/9")
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	for _, c := range []struct {
		status, requests int
		want             string
	}{
		{http.StatusNotFound, 1, "the server answers 404 Not Found"},
		{http.StatusInternalServerError, 3, "the server answers 500"},
		{http.StatusPartialContent, 1, `asked for the bytes from 0 on, the server sent "bytes 7-8/9"`},
	} {
		status, requests = c.status, 0
		path := filepath.Join(t.TempDir(), "a.zip")
		_, err := (Fetch{URL: server.URL, Path: path, Pause: time.Millisecond}).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || requests != c.requests {
			t.Errorf("%d: %v after %d requests, want %s after %d", c.status, err, requests, c.want, c.requests)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%d: something was left as if whole", c.status)
		}
	}
}
