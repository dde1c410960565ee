package search_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/search"
)

// TestManifestIsReadStrictly edits search.json in ways that a lenient reader would take for something else.
func TestManifestIsReadStrictly(t *testing.T) {
	dir := searched(t, `population: 4
generations: 2
accuracy: none
methods:
  - {name: a, algorithm: nsga2, objectives: [params, macs]}
`)
	path := filepath.Join(dir, "search.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new string }{
		"key twice":  {`"format": 1`, `"format": 1, "format": 1`},
		"other case": {`"truth":`, `"Truth":`},
		"two values": {"\n}\n", "\n}{}\n"},
		"cut off":    {"\n}\n", "\n"},
		"a text":     {`"format": 1`, `"format": "1"`},
	} {
		edited := strings.Replace(string(text), c.old, c.new, 1)
		if err := os.WriteFile(path, []byte(edited), 0o644); err != nil {
			t.Fatal(err)
		}
		if s, err := search.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "search.json: damaged") {
			if err == nil {
				s.Close()
			}
			t.Errorf("%s: %v", name, err)
		}
	}
}
