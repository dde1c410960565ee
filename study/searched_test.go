package study_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"rwe301/analysis"
	"rwe301/moo"
	"rwe301/search"
	"rwe301/study"
	"rwe301/study/studytest"
)

const twoSearches = `name: two
methods:
  - {name: a, algorithm: nsga2, objectives: [params, macs]}
  - {name: b, algorithm: aging, objectives: [l2_norm, macs]}
population: 6
generations: 4
seeds: [5, 2]
`

const overSearches = `name: over
architectures: {search: %s, of: %s}
estimators: [macs, pool-count, {name: l2_norm, seeds: 0..1}]
`

// runSearches runs searches into a folder.
func runSearches(t *testing.T, dir, definition string) {
	t.Helper()
	d, err := search.Parse(filepath.Join(filepath.Dir(dir), "s.yaml"), []byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	s, err := search.Create(t.Context(), dir, d, studytest.Machine)
	if err == nil {
		err = errors.Join(s.Run(t.Context(), 2, nil), s.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// searched runs a study whose searches come first, interrupted after so many generations; 0 means never.
func searched(t *testing.T, path, dir string, shard study.Shard, every int) *study.Run {
	t.Helper()
	p := studytest.Prepare(t, path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := study.Search(t.Context(), dir, p, text, shard, studytest.Machine)
	for {
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		n := 0
		err = s.Searches.Run(ctx, 2, func(analysis.Method, uint64, moo.Generation[string]) {
			if n++; n == every {
				stop()
			}
		})
		stop()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if !study.IsSearching(dir) {
			t.Fatal("an interrupted run is not known as such")
		}
		if _, err := study.Open(dir); err == nil || !strings.Contains(err.Error(), "its searches are not finished") {
			t.Errorf("opened before its time: %v", err)
		}
		for _, half := range []string{"architectures.csv", "populations.json"} { // as if killed while it became a run
			studytest.Write(t, dir, half, "x")
		}
		s, err = study.ReopenSearch(t.Context(), dir, studytest.Machine)
	}
	r, err := s.Finish(t.Context(), studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if study.IsSearching(dir) {
		t.Error("a run is still searching")
	}
	if err := r.Do(t.Context(), s.Plan, studytest.Machine, study.Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	return r
}

// A study gives the same bytes over searches in a folder, and over those that it runs first: at once, interrupted after
// every generation, and in parts.
func TestStudyOverSearches(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "s.yaml", twoSearches)
	runSearches(t, filepath.Join(dir, "made"), twoSearches)
	ready := studytest.Prepare(t, studytest.Write(t, dir, "r.yaml", fmt.Sprintf(overSearches, "made", "both")))
	first := studytest.Write(t, dir, "f.yaml", fmt.Sprintf(overSearches, "s.yaml", "both"))
	want := studytest.Create(t, filepath.Join(dir, "ready"), ready, study.Shard{})
	if err := want.Do(t.Context(), ready, studytest.Machine, study.Options{}); err != nil {
		t.Fatal(err)
	}
	checkMembers(t, filepath.Join(dir, "made"), want)

	waiting := studytest.Prepare(t, first)
	if most := 2 * 2 * 4 * 6; waiting.Searches == nil || waiting.Size() != most || waiting.Estimates() != int64(4*most) {
		t.Errorf("before its searches: %d architectures, %d estimates", waiting.Size(), waiting.Estimates())
	}
	if _, err := study.Create(filepath.Join(dir, "early"), waiting, nil, study.Shard{}, studytest.Machine); err == nil {
		t.Error("a run without its searches")
	}

	runs := []*study.Run{searched(t, first, filepath.Join(dir, "first"), study.Shard{}, 0),
		searched(t, first, filepath.Join(dir, "interrupted"), study.Shard{}, 1)}
	var parts []string
	for i := range 3 {
		part := searched(t, first, filepath.Join(dir, fmt.Sprint("part", i)), study.Shard{i + 1, 3}, 0)
		if r, err := part.Load(); err != nil || r.Populations != nil || !strings.Contains(fmt.Sprint(r.From.Notes), "merged") {
			t.Errorf("a part: %v, populations %v, notes %v", err, r.Populations, r.From.Notes)
		}
		parts = append(parts, part.Dir)
	}
	joined := filepath.Join(dir, "merged")
	if missing, err := study.Merge(t.Context(), joined, parts, study.MergeOptions{}); err != nil || missing != 0 {
		t.Fatalf("%d missing, %v", missing, err)
	}
	merged, err := study.Open(joined)
	if err != nil {
		t.Fatal(err)
	}
	defer merged.Close()
	for _, r := range append(runs, merged) {
		if got, want := exported(t, r), exported(t, want); got != want {
			t.Errorf("%s: another export:\n%s\nwant\n%s", r.Dir, got, want)
		}
		checkMembers(t, filepath.Join(dir, "made"), r)
	}

	// Other memberships are another study.
	other := searched(t, studytest.Write(t, dir, "g.yaml", strings.Replace(fmt.Sprintf(overSearches, "s.yaml", "both"),
		"both", "newborn", 1)), filepath.Join(dir, "newborn"), study.Shard{3, 3}, 0)
	mixed := []string{parts[0], parts[1], other.Dir}
	_, err = study.Merge(t.Context(), filepath.Join(dir, "mixed"), mixed, study.MergeOptions{})
	if err == nil || !strings.Contains(err.Error(), "different studies") {
		t.Errorf("parts with other populations: %v", err)
	}
}

// checkMembers compares the populations of a run with those of searches.
func checkMembers(t *testing.T, searches string, run *study.Run) {
	t.Helper()
	s, err := search.Open(t.Context(), searches)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all, err := s.Populations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := run.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2*2*4 || len(r.Populations) != len(all) {
		t.Fatalf("%d populations, of %d", len(r.Populations), len(all))
	}
	seen := map[string]bool{}
	used := map[string]bool{}
	for _, a := range r.Architectures {
		if seen[a.Arch] {
			t.Errorf("%s stands twice", a.Arch)
		}
		seen[a.Arch] = true
	}
	texts := func(members []int) (out []string) {
		for _, m := range members {
			out = append(out, r.Architectures[m].Arch)
			used[r.Architectures[m].Arch] = true
		}
		slices.Sort(out)
		return out
	}
	for i, p := range all {
		got := r.Populations[i]
		var born, survived []string
		for _, m := range p.Members {
			if m.Born > 0 {
				born = append(born, m.Arch)
			}
			if m.Survived > 0 {
				survived = append(survived, m.Arch)
			}
		}
		slices.Sort(born)
		slices.Sort(survived)
		if got.Method != p.Method || got.Seed != p.Seed || got.Generation != p.Generation ||
			!slices.Equal(texts(got.Born), born) || !slices.Equal(texts(got.Survived), survived) {
			t.Errorf("population %d: %+v, want %+v", i, got, p)
		}
	}
	if len(used) != len(r.Architectures) {
		t.Errorf("%d architectures, %d of them in populations", len(r.Architectures), len(used))
	}
}

// What the searches have scored is taken over as it is; the run goes on without their folder.
func TestSearchedScoresAreTakenOver(t *testing.T) {
	dir := t.TempDir()
	runSearches(t, filepath.Join(dir, "made"), twoSearches)
	p := studytest.Prepare(t, studytest.Write(t, dir, "study.yaml", fmt.Sprintf(overSearches, "made", "survivors")))
	text, err := os.ReadFile(filepath.Join(dir, "study.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m := studytest.Machine
	m.Code = "other"
	r, err := study.Create(filepath.Join(dir, "run"), p, text, study.Shard{}, m)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	err = r.Do(ctx, p, m, study.Options{Progress: func(done, _ int) { stop() }})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "made"), filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	if r, err = study.OpenForWriting(filepath.Join(dir, "run")); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d, err := r.Definition()
	if err != nil {
		t.Fatal(err)
	}
	again, err := study.Prepare(t.Context(), d)
	if err == nil {
		err = r.Do(t.Context(), again, m, study.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	byCode := map[string]map[string]int{}
	for rec, err := range r.Store.All() {
		if err != nil {
			t.Fatal(err)
		}
		if byCode[rec.Code] == nil {
			byCode[rec.Code] = map[string]int{}
		}
		byCode[rec.Code][fmt.Sprint(rec.Estimator, rec.Seed)]++
	}
	n := len(again.Architectures)
	taken, made := byCode["test"], byCode["other"]
	if taken["macs0"] != n || taken["l2_norm0"] == 0 || taken["l2_norm1"]+taken["pool-count0"] > 0 {
		t.Errorf("taken over of %d: %v", n, taken)
	}
	if made["l2_norm0"]+taken["l2_norm0"] != n || made["l2_norm1"] != n || made["pool-count0"] != n {
		t.Errorf("scored of %d: %v", n, made)
	}
	results, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(fmt.Sprint(results.From.Notes), "made by several versions") {
		t.Errorf("notes %v", results.From.Notes)
	}
	for _, p := range results.Populations {
		if p.Born != nil || len(p.Survived) == 0 {
			t.Errorf("of survivors: %+v", p)
		}
	}
	copied, err := study.Copy(filepath.Join(dir, "copy"), results, m)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if c, err := copied.Load(); err != nil || fmt.Sprint(c.Populations) != fmt.Sprint(results.Populations) {
		t.Errorf("a copy has other populations: %v", err)
	}
}

// Generations that searches lack so far are named, and stay out when the searches go on.
func TestStudyOverSearchesThatGoOn(t *testing.T) {
	dir := t.TempDir()
	d, err := search.Parse(filepath.Join(dir, "s.yaml"), []byte(twoSearches))
	if err != nil {
		t.Fatal(err)
	}
	s, err := search.Create(t.Context(), filepath.Join(dir, "made"), d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	path := studytest.Write(t, dir, "study.yaml", fmt.Sprintf(overSearches, "made", "both"))
	if _, err := prepared(t, path); err == nil || !strings.Contains(err.Error(), "study.yaml:2: architectures.search: ") ||
		!strings.Contains(err.Error(), "has none of these populations yet") {
		t.Errorf("of nothing: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	n := 0
	err = s.Run(ctx, 1, func(analysis.Method, uint64, moo.Generation[string]) {
		if n++; n == 6 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	defer s.Close()
	p := studytest.Prepare(t, path)
	if len(p.Populations) != 6 || !strings.Contains(fmt.Sprint(p.Notes),
		"3 searches have fewer than the 4 generations that the study takes, as they were when it began: "+
			"a of seed 2 has 2, b of seed 5 has 0, b of seed 2 has 0.") {
		t.Errorf("%d populations, notes %v", len(p.Populations), p.Notes)
	}
}

// Some of the methods, seeds and generations can be taken.
func TestChosenPopulations(t *testing.T) {
	dir := t.TempDir()
	runSearches(t, filepath.Join(dir, "made"), twoSearches)
	for _, c := range []struct{ keys, want, origin string }{
		{"methods: [b], generations: [2, 4], of: newborn", "b 5 2, b 5 4, b 2 2, b 2 4",
			"born in generations 2, 4 of the searches two, methods b"},
		{"seeds: 2, generations: 1..3", "a 2 1, a 2 2, a 2 3, b 2 1, b 2 2, b 2 3",
			"that survived generations 1-3 of the searches two, seeds 2"},
	} {
		p := studytest.Prepare(t, studytest.Write(t, dir, "study.yaml",
			"architectures: {search: made, "+c.keys+"}\nestimators: [params]\n"))
		var got []string
		for _, g := range p.Populations {
			got = append(got, fmt.Sprint(g.Method, " ", g.Seed, " ", g.Generation))
			if one := strings.Contains(c.keys, "newborn"); (len(g.Born) > 0) != one || (len(g.Survived) > 0) == one {
				t.Errorf("%s: %+v", c.keys, g)
			}
		}
		if strings.Join(got, ", ") != c.want || p.Origin != c.origin {
			t.Errorf("%s: %s, %s", c.keys, got, p.Origin)
		}
	}
}

func prepared(t *testing.T, path string) (*study.Plan, error) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := study.Parse(path, text)
	if err != nil {
		return nil, err
	}
	return study.Prepare(t.Context(), d)
}

func TestMistakesOfSearches(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "s.yaml", twoSearches)
	studytest.Write(t, dir, "s201.yaml", "space: nasbench201\n"+twoSearches)
	studytest.Write(t, dir, "bad.yaml", strings.Replace(twoSearches, "population: 6", "population: many", 1))
	studytest.Write(t, dir, "other.yaml", head+"estimators: [params]\n")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	runSearches(t, filepath.Join(dir, "torn"), twoSearches)
	changeDatabase(t, filepath.Join(dir, "torn"), `UPDATE populations SET born = '[9999]' WHERE generation = 2`)
	runSearches(t, filepath.Join(dir, "lost"), twoSearches)
	changeDatabase(t, filepath.Join(dir, "lost"), "DELETE FROM populations WHERE generation = 2; "+
		`UPDATE searches SET snapshot = json_set(snapshot, '$.rng', 'cGNnOgAAAAAAAAAAAAAAAAAAAAA=')`)
	runSearches(t, filepath.Join(dir, "run", "search"), twoSearches)
	for name, c := range map[string]struct{ architectures, want string }{
		"search and sample": {"{search: s.yaml, sample: 3}", "architectures: say one of sample, file, table and search, not 2"},
		"methods alone":     {"{sample: 3, methods: [a]}", "architectures: methods: belongs to search"},
		"of alone":          {"{table: t.csv, of: both}", "architectures: of: belongs to search"},
		"limit":             {"{search: s.yaml, limit: 3}", "architectures: limit: would tear populations apart"},
		"of":                {"\n  search: s.yaml\n  of: survivor", "5: architectures.of: \"survivor\": unknown (did you mean survivors?)"},
		"method":            {"\n  search: s.yaml\n  methods: [a, c]", "5: architectures.methods: \"c\": no method of the searches in s.yaml"},
		"seed": {"\n  search: s.yaml\n  seeds: [5, 3]",
			"5: architectures.seeds: 3: no seed of the searches in s.yaml, which have 2, 5"},
		"method twice": {"\n  search: s.yaml\n  methods: [a, a]", "5: architectures.methods: a is given twice"},
		"no methods":   {"\n  search: s.yaml\n  methods: []", "5: architectures.methods: empty"},
		"generations": {"\n  search: s.yaml\n  generations: 1..5",
			"5: architectures.generations: 5: the searches in s.yaml have 4 generations"},
		"generation 0":     {"{search: s.yaml, generations: 0..2}", "generations: 0: a generation is a whole number from 1"},
		"generation twice": {"{search: s.yaml, generations: [1, 1]}", "generations: generation 1 is given twice"},
		"no generation":    {"{search: s.yaml, generations: last}", "generations: last: a generation is a whole number"},
		"no file":          {"{search: none.yaml}", "search: none.yaml: neither a definition of searches nor a folder of them"},
		"a study":          {"{search: other.yaml}", "search: other.yaml: the definition of a study"},
		"bad searches":     {"{search: bad.yaml}", "search: no definition of searches: " + filepath.Join(dir, "bad.yaml") + ":5: population"},
		"other folder":     {"{search: empty}", "search: empty: no folder of searches"},
		"space":            {"{search: s201.yaml}", "search: s201.yaml: the searches are of the space nasbench201, the study of darts"},
		"a run":            {"{search: run}", "search: run: the run of a study: its searches lie in " + filepath.Join("run", "search")},
		"not kept": {"{search: lost}", "search: " + filepath.Join(dir, "lost") +
			": generation 2 of method a, seed 5, is not known: an earlier version ran the search"},
		"damaged": {"{search: torn}", "search: " + filepath.Join(dir, "torn") + ": search a 5: "},
	} {
		path := studytest.Write(t, dir, "study.yaml", "\n\narchitectures: "+c.architectures+"\nestimators: [params]\n")
		_, err := prepared(t, path)
		if err == nil || !strings.Contains(err.Error(), path+":") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s of %s", name, err, c.want, path)
		}
	}
}

// changeDatabase changes the database of a folder behind the program's back.
func changeDatabase(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "scores.db"))
	if err == nil {
		_, err = db.Exec(statement)
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A search file that changed since is refused; without it, the folder knows what is searched.
func TestSearchFileChanged(t *testing.T) {
	dir := t.TempDir()
	file := studytest.Write(t, dir, "s.yaml", twoSearches)
	path := studytest.Write(t, dir, "study.yaml", fmt.Sprintf(overSearches, "s.yaml", "both"))
	run := filepath.Join(dir, "run")
	s, err := study.Search(t.Context(), run, studytest.Prepare(t, path), []byte(fmt.Sprintf(overSearches, "s.yaml", "both")),
		study.Shard{}, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := study.ReopenSearch(t.Context(), run, studytest.Machine); err == nil ||
		!strings.Contains(err.Error(), "another process") {
		t.Errorf("a second process: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	studytest.Write(t, dir, "s.yaml", strings.Replace(twoSearches, "generations: 4", "generations: 5", 1))
	if _, err := study.ReopenSearch(t.Context(), run, studytest.Machine); err == nil || !strings.Contains(err.Error(),
		filepath.Join(run, "study.yaml")+":2: architectures.search: "+file+": changed since its searches began") {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if s, err = study.ReopenSearch(t.Context(), run, studytest.Machine); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"format": {"searching.json", `{"format": 7, "code": "v9"}`, "a run of format 7"},
		"cut":    {"searching.json", `{"format": `, "damaged"},
		"shard":  {"searching.json", `{"format": 1, "shard": {"index": 3, "count": 2}}`, "shard: 3 of 2"},
		"study":  {"study.yaml", head + "estimators: [params]\n", "come from no searches"},
	} {
		whole, err := os.ReadFile(filepath.Join(run, c.file))
		if err != nil {
			t.Fatal(err)
		}
		studytest.Write(t, run, c.file, c.text)
		if _, err := study.ReopenSearch(t.Context(), run, studytest.Machine); err == nil ||
			!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), run) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		studytest.Write(t, run, c.file, string(whole))
	}
}

// Every way in which populations.json can be damaged is named.
func TestDamagedPopulations(t *testing.T) {
	dir := t.TempDir()
	runSearches(t, filepath.Join(dir, "made"), twoSearches)
	p := studytest.Prepare(t, studytest.Write(t, dir, "study.yaml", fmt.Sprintf(overSearches, "made", "both")))
	r := studytest.Create(t, filepath.Join(dir, "run"), p, study.Shard{})
	path := filepath.Join(r.Dir, "populations.json")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"below 0":     {`"born":[0,`, `"born":[-1,`, "member -1: must be one of"},
		"beyond":      {`"born":[0,`, `"born":[100000,`, "member 100000: must be one of"},
		"twice":       {`"born":[0,1,`, `"born":[1,1,`, "member 1: must be one of"},
		"no integer":  {`"born":[0,`, `"born":[0.5,`, "damaged"},
		"fewer":       {"[\n", "[\n\n]", "damaged"},
		"none":        {string(whole), "[]\n", "0 populations, the manifest says 16"},
		"same twice":  {`"generation":2`, `"generation":1`, "generation 1 of a, seed 5, stands twice"},
		"generation":  {`"generation":1`, `"generation":0`, "must have a method and a generation"},
		"no method":   {`"method":"a"`, `"method":""`, "must have a method"},
		"unknown key": {`"method":"a"`, `"method":"a","Method":"b"`, "damaged"},
		"gone":        {string(whole), "", "populations.json"},
		"far":         {`"generation":1,`, `"generation":2000000000,`, "not what the run began with"},
	} {
		if !strings.Contains(string(whole), c.old) {
			t.Fatalf("%s: no %s", name, c.old)
		}
		studytest.Write(t, r.Dir, "populations.json", strings.Replace(string(whole), c.old, c.new, 1))
		if name == "gone" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Load(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
