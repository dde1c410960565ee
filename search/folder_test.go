package search_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"rwe301/analysis"
	"rwe301/moo"
	"rwe301/search"
	"rwe301/store"
	"rwe301/study/studytest"
)

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// stopAfter is a context that ends after so many generations of a search that it is told about.
func stopAfter(t *testing.T, generations int) (context.Context, search.Progress) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, func(analysis.Method, uint64, moo.Generation[string]) {
		if generations--; generations == 0 {
			cancel()
		}
	}
}

// TestFoldersTakenOver makes searches in folders as killed processes leave them, and in others.
func TestFoldersTakenOver(t *testing.T) {
	file := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	}
	database := func(search bool) func(dir string) error {
		return func(dir string) error {
			s, err := store.OpenSQLite(filepath.Join(dir, "scores.db"))
			if err == nil && search {
				err = s.SaveSearch("a 1", []byte("{}"), nil, store.Members{})
			}
			if err != nil {
				return err
			}
			return s.Close()
		}
	}
	for name, c := range map[string]struct {
		fill   []func(dir string) error
		refuse string
	}{
		"absent": {}, "empty": {fill: []func(string) error{}},
		"database":       {fill: []func(string) error{database(false)}},
		"torn manifest":  {fill: []func(string) error{database(false), file("search.json", `{"format": 1, "defi`)}},
		"empty manifest": {fill: []func(string) error{file("search.json", "")}},
		"half written":   {fill: []func(string) error{file(".search.json.123", "{"), file("scores.db.lock", "")}},
		"empty database": {fill: []func(string) error{file("scores.db", ""), file("scores.db-wal", "")}},
		"searches":       {fill: []func(string) error{database(true)}, refuse: "holds searches, but search.json is missing"},
		"torn searches": {fill: []func(string) error{database(true), file("search.json", "{")},
			refuse: "holds searches, but search.json is missing or damaged"},
		"other files":    {fill: []func(string) error{file("notes.txt", "mine")}, refuse: "not empty"},
		"a lookalike":    {fill: []func(string) error{file("scores.db.backup", "mine")}, refuse: "not empty"},
		"other's hidden": {fill: []func(string) error{file(".search.json.mine", "")}, refuse: "not empty"},
		"whole":          {fill: []func(string) error{file("search.json", "{}")}, refuse: "searches already"},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		if c.fill != nil {
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for _, do := range c.fill {
			if err := do(dir); err != nil {
				t.Fatal(name, err)
			}
		}
		d, err := search.Parse("search.yaml", []byte(methodOf("nsga2", "params, macs")))
		if err != nil {
			t.Fatal(err)
		}
		s, err := search.Create(t.Context(), dir, d, studytest.Machine)
		switch {
		case err == nil && c.refuse == "":
			if err = s.Run(t.Context(), 1, nil); err == nil {
				_, err = s.Report(t.Context())
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case err == nil || c.refuse == "" || !matches(c.refuse, err.Error()):
			t.Errorf("%s: %v, want %q", name, err, c.refuse)
		}
		if s != nil {
			if err := s.Close(); err != nil {
				t.Error(name, err)
			}
		}
	}
}

// TestChangedTable refuses to go on once a file that an objective reads has changed; a report says so.
func TestChangedTable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.csv")
	whole, err := reportOf(t, methodOf("random", "params, l2_norm"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(accuracy string) {
		text := "arch,val_accuracy\n"
		for _, f := range whole.Found {
			text += `"` + f.Arch + `",` + accuracy + "\n"
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("90")
	d, err := search.Parse(filepath.Join(dir, "search.yaml"), []byte(methodOf("random", "params, l2_norm")+
		"accuracy: {source: table, file: t.csv}\n"))
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	s, err := search.Create(t.Context(), run, d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	write("91")
	if err := goOn(t, run); err == nil || !matches("objective accuracy: the files that answer it have changed", err.Error()) {
		t.Errorf("going on: %v", err)
	}
	if s, err = search.Open(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Report(t.Context())
	if err != nil || len(r.Found) == 0 || r.Found[0].Accuracy != 91 || !matches("accuracies have changed", table(t, r)) {
		t.Errorf("%v, %+v", err, r)
	}
}
