package search

import (
	"os"
	"path/filepath"
	"testing"

	"rwe301/estimators"
	"rwe301/internal/oracle"
	"rwe301/scoring"
)

// Every search in searches/ can be read.
func TestSearchesCanBeRead(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(oracle.Root(), "searches", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse(path, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range d.specs() {
			if spec != scoring.AccuracyName {
				if _, err := estimators.Parse(spec); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
	}
}
