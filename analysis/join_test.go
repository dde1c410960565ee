package analysis_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/store"
)

// column is one for tests: the scores of architectures a, b, c and so on under its seeds.
type column struct {
	label, hash string
	fixed       bool
	seeds       []uint64
	scores      [][]float64
}

// runOf makes results over architectures that are named by one letter each.
func runOf(dir, ids string, truth []float64, columns ...column) *analysis.Results {
	r := &analysis.Results{Space: bench301.DARTS{}, Truth: truth}
	r.From.Dir, r.From.Truth = dir, "mini"
	for _, id := range ids {
		r.Architectures = append(r.Architectures, store.Named{ID: string(id), Arch: string(id)})
	}
	for _, c := range columns {
		estimator, _, _ := strings.Cut(c.label, ":")
		out := analysis.NewColumn(&store.Question{
			Label: c.label, Full: c.label, Estimator: estimator, SettingsHash: c.hash, Seeds: c.seeds, Fixed: c.fixed,
		}, len(ids))
		for s, scores := range c.scores {
			for i, v := range scores {
				if !math.IsNaN(v) {
					_ = out.Answer(i, c.seeds[s], store.OK, v, 1, 0)
				}
			}
		}
		out.Finish()
		r.Columns = append(r.Columns, out)
	}
	return r
}

var missing = math.NaN()

// one is a column under one seed.
func one(label, hash string, fixed bool, seed uint64, scores ...float64) column {
	return column{label, hash, fixed, []uint64{seed}, [][]float64{scores}}
}

func TestJoin(t *testing.T) {
	for name, c := range map[string]struct {
		a, b   *analysis.Results
		labels []string
		scores [][]float64
		asked  int // of the first column
		err    string
	}{
		"one question over other architectures": {
			a:      runOf("x", "ac", []float64{1, 3}, one("rwe", "h", false, 0, 10, 30)),
			b:      runOf("y", "b", []float64{2}, one("rwe", "h", false, 0, 20)),
			labels: []string{"rwe"}, scores: [][]float64{{10, 20, 30}}, asked: 3,
		},
		"what draws nothing, under two seeds": {
			a:      runOf("x", "ab", []float64{1, 2}, one("params", "h", true, 5, 10, 20)),
			b:      runOf("y", "bc", []float64{2, 3}, one("params", "h", true, 1, 20, 30)),
			labels: []string{"params"}, scores: [][]float64{{10, 20, 30}}, asked: 3,
		},
		"what draws nothing, with two values": {
			a:   runOf("x", "a", []float64{1}, one("params", "h", true, 0, 10)),
			b:   runOf("y", "a", []float64{1}, one("params", "h", true, 1, 11)),
			err: "x, y: architecture a: params is 10 and 11: it draws nothing",
		},
		"two seeds of what is drawn": {
			a:      runOf("x", "ab", []float64{1, 2}, one("rwe", "h", false, 0, 10, 20)),
			b:      runOf("y", "ab", []float64{1, 2}, one("rwe", "h", false, 1, 11, 21)),
			labels: []string{"rwe seed 0", "rwe seed 1"}, scores: [][]float64{{10, 20}, {11, 21}}, asked: 2,
		},
		"other scores for one question": {
			a:      runOf("runs/x", "ab", []float64{1, 2}, one("rwe", "h", false, 0, 10, 20)),
			b:      runOf("runs/y", "ab", []float64{1, 2}, one("rwe", "h", false, 0, 10, 21)),
			labels: []string{"rwe (x)", "rwe (y)"}, scores: [][]float64{{10, 20}, {10, 21}}, asked: 2,
		},
		"a score where the other has none": {
			a:      runOf("x", "ab", []float64{1, 2}, one("rwe", "h", false, 0, 10, missing)),
			b:      runOf("y", "ab", []float64{1, 2}, one("rwe", "h", false, 0, missing, 20)),
			labels: []string{"rwe"}, scores: [][]float64{{10, 20}}, asked: 2,
		},
		"other questions, over other architectures": {
			a:      runOf("x", "ab", []float64{1, 2}, one("rwe", "h", false, 0, 10, 20)),
			b:      runOf("y", "bc", []float64{2, 3}, one("snip", "i", false, 0, 5, 6)),
			labels: []string{"rwe", "snip"}, scores: [][]float64{{10, 20, missing}, {missing, 5, 6}}, asked: 2,
		},
		"accuracies of two sources": {
			a:   runOf("x", "a", []float64{1}),
			b:   func() *analysis.Results { r := runOf("y", "a", []float64{1}); r.From.Truth = "t.csv"; return r }(),
			err: "x compares with accuracy by mini, y by t.csv",
		},
		"two accuracies of one architecture": {
			a:   runOf("x", "a", []float64{1}),
			b:   runOf("y", "a", []float64{2}),
			err: "architecture a has the accuracy 1 in x, and 2 in y",
		},
		"two spaces": {
			a:   runOf("x", "a", nil),
			b:   func() *analysis.Results { r := runOf("y", "a", nil); r.Space = bench301.NASBench201{}; return r }(),
			err: "x has architectures of the space darts, y of nasbench201",
		},
	} {
		r, err := analysis.Join(c.a, c.b)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", name, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for k, column := range r.Columns {
			same := slices.EqualFunc(column.BySeed[0], c.scores[k], func(a, b float64) bool {
				return a == b || math.IsNaN(a) && math.IsNaN(b)
			})
			if column.Label != c.labels[k] || !same {
				t.Errorf("%s: %s %v, want %s %v", name, column.Label, column.BySeed, c.labels[k], c.scores[k])
			}
		}
		if len(r.Columns) != len(c.labels) || r.Columns[0].Asked != c.asked || r.Columns[0].Missing != 0 {
			t.Errorf("%s: %d columns, of the first %+v", name, len(r.Columns), r.Columns[0])
		}
		for i, a := range r.Architectures {
			if r.Truth[i] != float64(a.ID[0]-'a'+1) {
				t.Errorf("%s: accuracy %v of %s", name, r.Truth[i], a.ID)
			}
		}
	}
}

// TestJoinKeepsTheOrder of runs over the same architectures, which a seed drew.
// Populations stay, those that several runs have once; of different searches there are none.
func TestJoinPopulations(t *testing.T) {
	with := func(ids string, all ...analysis.Population) *analysis.Results {
		r := runOf("r"+ids, ids, nil, one("params", "1", true, 0, make([]float64, len(ids))...))
		r.Populations = all
		return r
	}
	a := with("bca", analysis.Population{"m", 1, 1, []int{0, 1}, []int{2}}, analysis.Population{"m", 1, 2, nil, []int{0, 2}})
	for name, c := range map[string]struct {
		b    *analysis.Results
		want []analysis.Population
		note string
	}{
		"none in b": {with("ad"), []analysis.Population{{"m", 1, 1, []int{1, 2}, []int{0}}, {"m", 1, 2, nil, []int{0, 1}}}, ""},
		"the same and more": {with("abcd", analysis.Population{"m", 1, 2, []int{3}, []int{1, 0}},
			analysis.Population{"m", 2, 1, []int{0}, nil}), []analysis.Population{{"m", 1, 1, []int{1, 2}, []int{0}},
			{"m", 1, 2, []int{3}, []int{0, 1}}, {"m", 2, 1, []int{0}, nil}}, ""},
		"another": {with("abcd", analysis.Population{"m", 1, 2, nil, []int{1, 2}}), nil, "in generation 2 of m, seed 1"},
	} {
		r, err := analysis.Join(a, c.b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r.Populations, c.want) || !strings.Contains(strings.Join(r.From.Notes, ""), c.note) {
			t.Errorf("%s: %+v, notes %v; want %+v", name, r.Populations, r.From.Notes, c.want)
		}
	}
}

func TestJoinKeepsTheOrder(t *testing.T) {
	r, err := analysis.Join(runOf("x", "cab", nil), runOf("y", "cab", nil))
	if err != nil || r.Architectures[0].ID != "c" || r.Truth != nil {
		t.Errorf("%v, %v", r, err)
	}
	other := runOf("z", "ba", []float64{2, 1})
	r.TakeTruth(other)
	if r.From.Truth != "mini" || r.Truth[1] != 1 || r.Truth[2] != 2 || !math.IsNaN(r.Truth[0]) {
		t.Errorf("%v by %s", r.Truth, r.From.Truth)
	}
}

// TestOpen names runs, parts of them, and paths with colons.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c:d", "other"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var read [][]string
	kinds := []analysis.Kind{{
		Name: "scores", Several: true, Is: func(path string) bool { return filepath.Base(path) != "other" },
		Open: func(_ context.Context, paths ...string) (*analysis.Results, error) {
			read = append(read, paths)
			return runOf(strings.Join(paths, ", "), "ab", []float64{1, 2}, one("rwe:x=1,y=2", "h", false, 0, 1, 2),
				one("rwe:x=2", "i", false, 0, 3, 4), one("params", "j", true, 0, 5, 6)), nil
		},
	}}
	for _, c := range []struct {
		names  []string
		labels []string
		reads  int
		err    string
	}{
		{names: []string{"a"}, labels: []string{"rwe:x=1,y=2", "rwe:x=2", "params"}, reads: 1},
		{names: []string{"a", "b"}, labels: []string{"rwe:x=1,y=2", "rwe:x=2", "params"}, reads: 1},
		{names: []string{"a:params"}, labels: []string{"params"}, reads: 1},
		{names: []string{"a:rwe"}, labels: []string{"rwe:x=1,y=2", "rwe:x=2"}, reads: 1},
		{names: []string{"a:rwe:x=2"}, labels: []string{"rwe:x=2"}, reads: 1},
		{names: []string{"a:rwe:x=1,y=2", "a:PARAMS"}, labels: []string{"rwe:x=1,y=2", "params"}, reads: 1},
		{names: []string{"a:params", "a"}, labels: []string{"rwe:x=1,y=2", "rwe:x=2", "params"}, reads: 1},
		{names: []string{"a:params", "b:rwe:x=2"}, labels: []string{"params", "rwe:x=2"}, reads: 2},
		{names: []string{"c:d:params"}, labels: []string{"params"}, reads: 1},
		{names: []string{"a:snip"}, err: `no scores of "snip" (legal: params, rwe:x=1,y=2, rwe:x=2)`},
		{names: []string{"a:"}, err: "name an estimator behind the colon"},
		{names: []string{"nosuch"}, err: "nosuch: no run folder: no such file or directory"},
		{names: []string{"nosuch.jsonl"}, err: "nosuch.jsonl: no such file or directory"},
		{names: []string{"nosuch:rwe"}, err: "no such file or directory"},
		{names: []string{"other"}, err: "other: no run folder, file of scores or table"},
	} {
		read = nil
		var names []string
		for _, n := range c.names {
			names = append(names, filepath.Join(dir, n))
		}
		r, err := analysis.Open(t.Context(), kinds, names...)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v: %v, want %s", c.names, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", c.names, err)
			continue
		}
		var labels []string
		for _, column := range r.Columns {
			labels = append(labels, column.Label)
		}
		if !slices.Equal(labels, c.labels) || len(read) != c.reads {
			t.Errorf("%v: %q in %d reads, want %q in %d", c.names, labels, len(read), c.labels, c.reads)
		}
	}
}

func TestFind(t *testing.T) {
	r := runOf("x", "", nil)
	for _, id := range []string{"aabbcc11", "aabbcc22", "ffffff33"} {
		r.Architectures = append(r.Architectures, store.Named{ID: id})
	}
	for id, want := range map[string][]int{"": {0, 1, 2}, "ffff": {2}, "aabbcc2": {1}} {
		if got, err := r.Find(id); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", id, got, err)
		}
	}
	for id, want := range map[string]string{
		"aabbcc":   "x: 2 ids begin with aabbcc: aabbcc11, aabbcc22: write more of it",
		"fffff000": "x: no architecture of its 3 has the id fffff000; near it: ffffff33, aabbcc11, aabbcc22",
	} {
		if _, err := r.Find(id); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", id, err, want)
		}
	}
}

// TestOnTheWall keeps apart seconds of processors that are as many as those on the wall and seconds that are not known.
func TestOnTheWall(t *testing.T) {
	for _, c := range []struct {
		wall, cpu float64
		want      int
	}{{1, 1, 0}, {1, 0, 1}, {2, 1, 0}, {0, 0, 0}} {
		column := analysis.NewColumn(&store.Question{Label: "a", Seeds: []uint64{0}}, 1)
		if err := column.Answer(0, 0, store.OK, 1, c.wall, c.cpu); err != nil {
			t.Fatal(err)
		}
		if column.OnWall != c.want || column.OnTheWall(0, 0) != (c.want == 1) || column.Status(0, 0) != store.OK {
			t.Errorf("%v s on the wall, %v of processors: %d on the wall, status %s", c.wall, c.cpu, column.OnWall,
				column.Status(0, 0))
		}
	}
}
