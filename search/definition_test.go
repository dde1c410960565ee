package search

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

func TestRefusedDefinitions(t *testing.T) {
	var methods strings.Builder
	for i := range 200 {
		fmt.Fprintf(&methods, "- {name: m%d, algorithm: random, objectives: [params, macs]}\n", i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"two documents": {"seeds: [1]\n---\n", "mine.yaml:2: 2 documents or more: want one definition"},
		"empty":         {"\ufeff# nothing\n", "mine.yaml: empty: `bench301 search init`"},
		"methods times seeds": {"methods:\n" + methods.String() + "seeds: 1..100\n",
			"mine.yaml: 200 methods with 100 seeds: at most 10000 searches in all"},
		"evaluations": {"population: 100000\ngenerations: 10000000\n", "at most 1000000000 evaluations in all"},
		"population":  {"population: 1e7\n", "mine.yaml:1: population: 1e7: must be a whole number in [1, 100000]"},
		"generations": {"generations: 1e12\n", "mine.yaml:1: generations: 1e12: must be a whole number"},
		"seeds":       {"seeds: 1..1000000000000\n", "mine.yaml:1: seeds: a range of more than 100000 values"},
		"octal seed":  {"seeds: [1, 010]\n", "mine.yaml:1: seeds[1]: 010: 8 in YAML 1.1, 10 in YAML 1.2"},
		"limits":      {"budgets: {macs: 1..100000}\n", "mine.yaml:1: budgets: more than 1000 of them"},
		"base 60":     {"limits: {macs: 1:30}\n", "mine.yaml:1: limits.macs: 1:30: a number to the base 60"},
		"nested":      {"methods:\n" + strings.Repeat("- ", 50_000), "mine.yaml: nested deeper than 100 levels"},
	} {
		_, err := Parse("mine.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	d, err := Parse("mine.yaml", []byte("\ufeff%YAML 1.2\n---\nname: a\nlimits: {macs: 200M}\n"))
	if err != nil || d.Name != "a" || d.Limits[0].Max != 200e6 {
		t.Errorf("%+v, %v", d, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("methods:\n- {name: a, algorithm: nsga2, objectives: [rwe, macs]}\nbudgets: {macs: [1k, 2M]}\nseeds: 1..5\n")
	f.Add("\ufeff%YAML 1.2\n---\npopulation: 010\nlimits: {params: {from: 1, to: 9, times: 2}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse("f.yaml", []byte(text))
		if err == nil && d.Validate() != nil {
			t.Errorf("read, and then: %v", d.Validate())
		}
	})
}
