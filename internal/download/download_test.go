package download

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// server answers requests for content; before may take an answer over, by returning true. The requests' Range headers
// are kept.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	ranges []string
}

// asked are the Range headers of the requests so far.
func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ranges)
}

func serve(t *testing.T, content []byte, before func(n int, w http.ResponseWriter, r *http.Request) bool) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		n := len(s.ranges)
		s.mu.Unlock()
		if before != nil && before(n, w, r) {
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	t.Cleanup(s.Close)
	return s
}

// hangUp sends part of the content and cuts the connection.
func hangUp(w http.ResponseWriter, part []byte, total int) {
	w.Header().Set("Content-Length", fmt.Sprint(total))
	_, _ = w.Write(part)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func TestDownload(t *testing.T) {
	data := content()
	cut := func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n <= 2 { // the first two connections bring 100 000 bytes each
			from := 0
			if r.Header.Get("Range") != "" {
				fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
				w.Header().Set("Content-Length", fmt.Sprint(len(data)-from))
				w.WriteHeader(http.StatusPartialContent)
			}
			hangUp(w, data[from:from+100_000], len(data)-from)
		}
		return false
	}
	noRanges := func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 1 {
			hangUp(w, data[:100_000], len(data))
		}
		_, _ = w.Write(data)
		return true
	}
	busy := func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n < 3 {
			http.Error(w, "busy", http.StatusServiceUnavailable)
		}
		return n < 3
	}
	for name, c := range map[string]struct {
		before func(int, http.ResponseWriter, *http.Request) bool
		have   []byte
		ranges string
	}{
		"at once":               {nil, nil, `[""]`},
		"cut twice":             {cut, nil, `["" "bytes=100000-" "bytes=200000-"]`},
		"continued":             {nil, data[:123_456], `["bytes=123456-"]`},
		"already there":         {nil, data, "[]"},
		"server without ranges": {noRanges, nil, `["" "bytes=100000-"]`},
		"busy server":           {busy, nil, `["" "" ""]`},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, data, c.before)
			path := filepath.Join(t.TempDir(), "file")
			if c.have != nil {
				if err := os.WriteFile(path, c.have, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			last := int64(-1)
			f := quick(data, s.URL)
			f.Progress = func(done, total int64) {
				if total != int64(len(data)) || done > total {
					t.Errorf("progress %d of %d", done, total)
				}
				last = done
			}
			err := f.Run(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes that are not the file's, %v", len(got), err)
			}
			if len(s.asked()) > 0 && last != int64(len(data)) {
				t.Errorf("the last progress was %d", last)
			}
			if got := fmt.Sprintf("%q", s.asked()); c.ranges != got {
				t.Errorf("asked for %s, not %s", got, c.ranges)
			}
		})
	}
}

func TestDownloadFails(t *testing.T) {
	data := content()
	other := bytes.Clone(data)
	other[1000]++
	for name, c := range map[string]struct {
		content []byte
		before  func(int, http.ResponseWriter, *http.Request) bool
		want    string
		kept    int64 // bytes left for the next try, -1 no file
		asked   int
	}{
		"another size": {data[:1000], nil, "the file has 1000 bytes, not 300000", 0, 1},
		"not found": {data, func(_ int, w http.ResponseWriter, r *http.Request) bool {
			http.NotFound(w, r)
			return true
		}, "404 Not Found", 0, 1},
		"down": {data, func(_ int, w http.ResponseWriter, r *http.Request) bool {
			http.Error(w, "down", http.StatusBadGateway)
			return true
		}, "502 Bad Gateway", 0, 3},
		"cut at one place": {data, func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n == 1 {
				hangUp(w, data[:4096], len(data))
			}
			panic(http.ErrAbortHandler)
		}, "(4096 bytes are there; run again to continue)", 4096, 3},
		"wrong range": {data, func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n == 1 {
				hangUp(w, data[:4096], len(data))
			}
			w.Header().Set("Content-Range", "bytes 0-299999/300000")
			w.WriteHeader(http.StatusPartialContent)
			return true
		}, `asked for the bytes from 4096 on, the server sent "bytes 0-299999/300000"`, 4096, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.content, c.before)
			path := filepath.Join(t.TempDir(), "file")
			err := quick(data, s.URL).Run(t.Context(), path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
			if len(s.asked()) != c.asked {
				t.Errorf("asked %d times, not %d", len(s.asked()), c.asked)
			}
			kept := int64(-1)
			if info, err := os.Stat(path); err == nil {
				kept = info.Size()
			}
			if kept != c.kept {
				t.Errorf("%d bytes are left, not %d", kept, c.kept)
			}
		})
	}
}

// TestDownloadNoticesSilence: a connection that brings nothing counts as cut.
func TestDownloadNoticesSilence(t *testing.T) {
	data := content()
	release := make(chan struct{})
	s := serve(t, data, func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n == 1 {
			_, _ = w.Write(data[:5000])
			w.(http.Flusher).Flush()
			<-release
		}
		return n == 1
	})
	defer close(release)
	d := quick(data, s.URL)
	d.Stall = 100 * time.Millisecond
	path := filepath.Join(t.TempDir(), "file")
	if err := d.Run(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, data) {
		t.Error("not the file's bytes")
	}
}

func TestDownloadStopsWhenAsked(t *testing.T) {
	data := content()
	ctx, cancel := context.WithCancel(t.Context())
	var sent atomic.Bool
	s := serve(t, data, func(n int, w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		sent.Store(true) // before anyone can read what is sent, and stop
		_, _ = w.Write(data[:5000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	})
	path := filepath.Join(t.TempDir(), "file")
	f := quick(data, s.URL)
	f.Progress = func(int64, int64) { cancel() }
	err := f.Run(ctx, path)
	if !errors.Is(err, context.Canceled) || !sent.Load() {
		t.Errorf("error %v", err)
	}
	if got, _ := os.ReadFile(path); len(got) == 0 || !bytes.Equal(got, data[:len(got)]) {
		t.Errorf("%d bytes were kept", len(got))
	}
}

// quick describes content on a server that is asked again at once.
func quick(content []byte, url string) File {
	return File{URL: url, Size: int64(len(content)), Pause: time.Millisecond}
}

func content() []byte {
	data := make([]byte, 300_000)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	return data
}

// TestDownloadOfUnknownSize: a part is continued if the server says that the file is still the same one.
func TestDownloadOfUnknownSize(t *testing.T) {
	data := content()
	for name, c := range map[string]struct {
		tags   []string // of the file at each request
		ranges string
	}{
		"the same file":  {[]string{`"a"`, `"a"`}, `["" "bytes=100000-"]`},
		"another file":   {[]string{`"a"`, `"b"`}, `["" "bytes=100000-"]`},
		"nobody can say": {[]string{"", ""}, `["" ""]`},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, data, func(n int, w http.ResponseWriter, r *http.Request) bool {
				if c.tags[n-1] != "" {
					w.Header().Set("ETag", c.tags[n-1])
				}
				if n == 1 {
					hangUp(w, data[:100_000], len(data))
				}
				return false
			})
			path := filepath.Join(t.TempDir(), "file")
			if err := (File{URL: s.URL, Max: int64(len(data)), Pause: time.Millisecond}).Run(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(path); !bytes.Equal(got, data) {
				t.Error("not the file's bytes")
			}
			if got := fmt.Sprintf("%q", s.asked()); got != c.ranges {
				t.Errorf("asked for %s, not %s", got, c.ranges)
			}
			if _, err := os.Stat(path + ".tag"); !errors.Is(err, os.ErrNotExist) {
				t.Error("the note is left behind")
			}
		})
	}
	s := serve(t, data, nil)
	if err := (File{URL: s.URL, Max: 1000}).Run(t.Context(), filepath.Join(t.TempDir(), "file")); err == nil ||
		!strings.Contains(err.Error(), "300000 bytes: more than 1000") {
		t.Errorf("too large a file: error %v", err)
	}
}
