package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	broken := errors.New("broken")
	for _, c := range []struct {
		text string
		fail error
		want string
	}{{"one", nil, "one"}, {"two", broken, "one"}, {"three", nil, "three"}} {
		err := Write(path, func(w io.Writer) error {
			_, err := io.WriteString(w, c.text)
			return errors.Join(err, c.fail)
		})
		got, _ := os.ReadFile(path)
		if !errors.Is(err, c.fail) || string(got) != c.want {
			t.Errorf("%s: %s, %v", c.text, got, err)
		}
		if all, _ := os.ReadDir(dir); len(all) != 1 {
			t.Errorf("%s: %d files", c.text, len(all))
		}
	}
}

// What a killed process left is removed; what one still writes, and what is nobody's temporary file, stays.
func TestRemoveStale(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "sub", ".folder.1"), 0o777); err != nil {
		t.Fatal(err)
	}
	stays := []string{"a", ".hidden", ".a.b", "a.1", ".a.1x", "sub/b"}
	for _, name := range append([]string{".a.1", ".report.html.4071", "sub/.b.77"}, stays...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	err := Write(filepath.Join(dir, "slow"), func(io.Writer) error { return RemoveStale(dir) })
	if err != nil {
		t.Fatal(err)
	}
	var left int
	_ = filepath.Walk(dir, func(_ string, info os.FileInfo, _ error) error {
		if !info.IsDir() {
			left++
		}
		return nil
	})
	for _, name := range append(stays, "slow") {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if left != len(stays)+1 {
		t.Errorf("%d files are left, want %d", left, len(stays)+1)
	}
	if _, err := os.Stat(filepath.Join(dir, "sub", ".folder.1")); err != nil {
		t.Error(err)
	}
}
