// Package oracle finds reference numbers for tests.
//
// Case files live in testdata/oracles/<kind> at the repository root. When the environment variable
// BENCH301_ORACLES names a directory, its <kind> sub-directories are read instead, so that anyone can
// run the tests on cases of their own in the same formats.
package oracle

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// EnvDir names the environment variable that moves the oracle directory.
const EnvDir = "BENCH301_ORACLES"

// EnvShared names the environment variable that points at reference material too large, or not ours, to commit.
const EnvShared = "BENCH301_SHARED"

// Dir returns the directory of the given kind: network, surrogate, correlation or moo.
func Dir(kind string) string {
	if d := os.Getenv(EnvDir); d != "" {
		return filepath.Join(d, kind)
	}
	return filepath.Join(Root(), "testdata", "oracles", kind)
}

// Root returns the root of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Files returns the case files of a kind that match a glob pattern, sorted by name. It skips the test, naming the
// pattern, when there are none.
func Files(t *testing.T, kind, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(Dir(kind), pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no oracle file matches %s/%s", kind, pattern)
	}
	return files
}

// Each runs f as one subtest a file, named as the file. f returns how many values it compared; comparing none is a
// failure, and the count is logged.
func Each(t *testing.T, kind, pattern string, f func(t *testing.T, path string) int) {
	t.Helper()
	for _, path := range Files(t, kind, pattern) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			Compared(t, f(t, path))
		})
	}
}

// Compared logs the number of values compared with one file. None at all is a failure.
func Compared(t *testing.T, n int) {
	t.Helper()
	t.Logf("compared %d values from 1 files", n)
	if n == 0 && !t.Failed() {
		t.Error("no value was compared")
	}
}

// Read decodes a JSON case file, gunzipping it when its name ends in .gz.
func Read(t testing.TB, path string, into any) {
	t.Helper()
	if err := json.Unmarshal(Bytes(t, path), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Bytes returns the content of a case file, gunzipped when its name ends in .gz.
func Bytes(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return data
}

// Shared returns the path of a file of reference material that is not part of the repository, looked up below
// $BENCH301_SHARED or in ../shared beside the checkout. It skips the test when the file is absent.
func Shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv(EnvShared)
	if dir == "" {
		dir = filepath.Join(Root(), "..", "shared")
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("reference material %s is absent (set %s to the folder that holds it)", name, EnvShared)
	}
	return path
}
