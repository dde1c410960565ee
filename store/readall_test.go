package store

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReadAll reads files one after the other: the last of two answers counts, at the place of the first.
func TestReadAll(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, records ...Record) string {
		path := filepath.Join(dir, name)
		var text []byte
		for _, r := range records {
			line, err := Line(r)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, line...)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	score := func(id string, v float64) Record {
		return Record{Arch: "arch " + id, ID: id, Estimator: "e", Score: &v, Status: OK}
	}
	a, b, empty := write("a", score("x", 1), score("y", 2)), write("b", score("x", 3), score("z", 4)), write("empty")
	got, err := ReadAll(a, empty, b)
	if err != nil || len(got) != 3 || *got[0].Score != 3 || *got[1].Score != 2 || *got[2].Score != 4 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ReadAll(empty); err == nil || err.Error() != empty+": no scores in it" {
		t.Errorf("%v", err)
	}
}
