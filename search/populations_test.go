package search_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"rwe301/analysis"
	"rwe301/moo"
	"rwe301/reports"
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
		d := everyAlgorithm(t, fmt.Sprintf("population: %d\ngenerations: 5\nseeds: [3, 1]\n", size), "macs, accuracy")
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

// execute changes a closed database.
func execute(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "scores.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

func populationsOf(t *testing.T, dir string) []search.Population {
	t.Helper()
	s, err := search.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all, err := s.Populations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPopulationsOfEarlierVersions finds those that were not kept, of all generations or of the first; and says which are
// not known where the algorithm does not lead there.
func TestPopulationsOfEarlierVersions(t *testing.T) {
	d := everyAlgorithm(t, "population: 8\ngenerations: 6\nseeds: [2]\n", "macs, accuracy")
	dir := filepath.Join(t.TempDir(), "run")
	s, err := search.Create(t.Context(), dir, d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Run(t.Context(), 2, nil), s.Close()); err != nil {
		t.Fatal(err)
	}
	want := populationsOf(t, dir)
	changed := func(statements ...string) []search.Population {
		t.Helper()
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		execute(t, copied, statements...)
		return populationsOf(t, copied)
	}
	const elsewhere = `UPDATE searches SET snapshot = json_set(snapshot, '$.rng', 'cGNnOgAAAAAAAAAAAAAAAAAAAAA=')`
	for name, got := range map[string][]search.Population{
		"no table":           changed("DROP TABLE populations"),
		"some":               changed("DELETE FROM populations WHERE generation <= 3"),
		"a hole":             changed("DELETE FROM populations WHERE generation = 4"),
		"all, another state": changed(elsewhere),
	} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%v\nwant\n%v", name, got, want)
		}
	}
	for name, statements := range map[string][]string{
		"none": {"DROP TABLE populations", elsewhere}, "first": {"DELETE FROM populations WHERE generation <= 3", elsewhere},
	} {
		got := changed(statements...)
		if len(got) != len(want) {
			t.Fatalf("%s: %d generations, want %d", name, len(got), len(want))
		}
		known := 0
		for i, p := range got {
			if p.Method != want[i].Method || p.Generation != want[i].Generation {
				t.Errorf("%s: %s %d, want %s %d", name, p.Method, p.Generation, want[i].Method, want[i].Generation)
			}
			if p.NotKept == "" {
				if known++; !reflect.DeepEqual(p, want[i]) {
					t.Errorf("%s: %v, want %v", name, p, want[i])
				}
			} else if len(p.Members) > 0 || !matches("replay", p.NotKept) || name == "first" && p.Generation > 3 {
				t.Errorf("%s: %v", name, p)
			}
		}
		if (known > 0) != (name == "first") {
			t.Errorf("%s: %d generations are known", name, known)
		}
	}
}

// TestStoredRuns goes through the searches of an earlier version that are not lost with it.
func TestStoredRuns(t *testing.T) {
	for run, want := range map[string]int{"search": 16, "search-partial": 5} {
		got := populationsOf(t, "../testdata/runs/"+run)
		for _, p := range got {
			if p.NotKept != "" || len(p.Members) < 8 {
				t.Errorf("%s: %v", run, p)
			}
		}
		if len(got) != want {
			t.Errorf("%s: %d generations, want %d", run, len(got), want)
		}
	}
}

// TestOneObjective runs every algorithm that can minimise one thing, beside one with two.
func TestOneObjective(t *testing.T) {
	text := "population: 6\ngenerations: 4\nmethods:\n  - {name: both, algorithm: nsga2, objectives: [accuracy, macs]}\n"
	for _, a := range search.Algorithms() {
		if a != "moead" {
			text += "  - {name: " + a + ", algorithm: " + a + ", objectives: [accuracy]}\n"
		}
	}
	d, err := search.Parse("search.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := search.Create(t.Context(), filepath.Join(t.TempDir(), "run"), d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Run(t.Context(), 2, nil); err != nil {
		t.Fatal(err)
	}
	r, err := s.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if row.Method != "both" && row.Front != 1 {
			t.Errorf("%s: a front of %d", row.Method, row.Front)
		}
		found := r.Front(row.Method, row.Seed)
		if row.Best != found[len(found)-1].Accuracy && row.Method != "both" {
			t.Errorf("%s: best %v, front %v", row.Method, row.Best, found)
		}
	}
	if text := table(t, r); !matches(`With one objective \(aging, local, nsga2, random\)`, text) {
		t.Errorf("the table does not say what one objective means:\n%s", text)
	}
	report := reports.Search{Fronts: r}
	if _, err := report.Save(t.Context(), t.TempDir()); err != nil {
		t.Error(err)
	}
	results, err := s.Results(t.Context())
	if err != nil || len(results.Architectures) == 0 || len(results.Populations) != 5*4 {
		t.Errorf("%d architectures, %d populations, %v", len(results.Architectures), len(results.Populations), err)
	}
	_, err = search.Parse("search.yaml", []byte("methods: [{algorithm: moead, objectives: [accuracy]}]"))
	if err == nil || !matches("moead divides several objectives", err.Error()) {
		t.Errorf("moead with one objective: %v", err)
	}
}
