package search_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"rwe301/analysis"
	"rwe301/moo"
	"rwe301/search"
	"rwe301/study/studytest"
)

// everyAlgorithm is a definition with them all.
func everyAlgorithm(t *testing.T, head string, objectives string) search.Definition {
	t.Helper()
	text := head + "methods:\n"
	for _, a := range search.Algorithms() {
		text += "  - {name: " + a + ", algorithm: " + a + ", objectives: [" + objectives + "]}\n"
	}
	d, err := search.Parse("search.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPopulations compares what is kept with what a search reports while it runs, with what it keeps when it is
// interrupted again and again, and checks what has to hold of generations.
func TestPopulations(t *testing.T) {
	for _, size := range []int{2, 6, 8} {
		d := everyAlgorithm(t, fmt.Sprintf("population: %d\ngenerations: 5\nseeds: [3, 1]\n", size), "macs, l2_norm")
		s, err := search.Create(t.Context(), filepath.Join(t.TempDir(), "whole"), d, studytest.Machine)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		want := map[string]map[int][]string{} // by search and evaluations
		ended := map[string]bool{}
		err = s.Run(t.Context(), 2, func(m analysis.Method, seed uint64, g moo.Generation[string]) {
			name := fmt.Sprint(m.Name, seed)
			if want[name] == nil {
				want[name] = map[int][]string{}
			}
			for _, p := range g.Population {
				want[name][g.Evaluations] = append(want[name][g.Evaluations], p.X)
			}
			ended[name] = g.Evaluations == d.Evaluations()
		})
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.Populations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Results(t.Context())
		if err != nil || len(r.Populations) != len(all) {
			t.Fatalf("results have %d populations, want %d: %v", len(r.Populations), len(all), err)
		}
		last := map[string]search.Population{}
		evaluated := map[string]map[string]bool{}
		for i, p := range all {
			name := fmt.Sprint(p.Method, p.Seed)
			before := last[name]
			if last[name] = p; p.NotKept != "" || p.Generation <= before.Generation || size > 4 &&
				p.Generation != before.Generation+1 {
				t.Errorf("%s: generation %d after %d (%s)", name, p.Generation, before.Generation, p.NotKept)
			}
			if evaluated[name] == nil {
				evaluated[name] = map[string]bool{}
			}
			var alive []string
			born, survivors := 0, []string{}
			for _, m := range p.Members {
				born += m.Born
				for range m.Survived {
					alive = append(alive, m.Arch)
				}
				if m.Survived > 0 {
					survivors = append(survivors, m.Arch)
				}
				if m.New == evaluated[name][m.Arch] && m.Born > 0 || m.New && m.Born == 0 {
					t.Errorf("%s generation %d: %s is new: %v", name, p.Generation, m.Arch, m.New)
				}
				evaluated[name][m.Arch] = true
				if m.Born == 0 && !slices.ContainsFunc(before.Members, func(o search.Member) bool {
					return o.Arch == m.Arch && o.Survived > 0
				}) {
					t.Errorf("%s generation %d: %s survives from nowhere", name, p.Generation, m.Arch)
				}
				if len(m.Objectives) != 2 {
					t.Errorf("%s: %v", name, m)
				}
			}
			if born != p.Evaluations-before.Evaluations {
				t.Errorf("%s generation %d: %d born, want %d", name, p.Generation, born, p.Evaluations-before.Evaluations)
			}
			shown := slices.Clone(want[name][p.Evaluations])
			slices.Sort(alive)
			slices.Sort(shown)
			if !slices.Equal(alive, shown) {
				t.Errorf("%s generation %d: survivors\n%v, want\n%v", name, p.Generation, alive, shown)
			}
			var placed []string
			for _, n := range r.Populations[i].Survived {
				placed = append(placed, r.Architectures[n].Arch)
			}
			if !slices.Equal(placed, survivors) || r.Populations[i].Generation != p.Generation {
				t.Errorf("%s generation %d: results have %v, want %v", name, p.Generation, placed, survivors)
			}
		}
		for name, p := range last {
			if !ended[name] || p.Evaluations != d.Evaluations() {
				t.Errorf("%s: the last generation ends with %d evaluations, want %d", name, p.Evaluations, d.Evaluations())
			}
		}
		if got := interrupted(t, d); !reflect.DeepEqual(got, all) {
			t.Errorf("an interrupted search has\n%v\nwant\n%v", got, all)
		}
	}
}

// interrupted are the populations of searches that are interrupted again and again.
func interrupted(t *testing.T, d search.Definition) []search.Population {
	t.Helper()
	s, err := search.Create(t.Context(), filepath.Join(t.TempDir(), "parts"), d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	for patience := time.Millisecond; ; patience += patience / 8 {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := s.Run(ctx, 2, nil)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = search.OpenForWriting(t.Context(), s.Dir, studytest.Machine); err != nil {
			t.Fatal(err)
		}
	}
	defer s.Close()
	all, err := s.Populations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}
