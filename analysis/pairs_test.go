package analysis_test

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/study/studytest"
)

// TestPairs: every pair once, the higher tau first, each the comparison of Versus, Holm over all.
func TestPairs(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 60, 1)
	pairs, err := f.Pairs(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) != 10 { // five with a tau-b
		t.Fatalf("%d pairs", len(pairs))
	}
	f.Options.Resamples = f.Resamples(len(pairs))
	var ps []float64
	for _, p := range pairs {
		c, err := f.Versus(p.A, p.B)
		if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, c.P)
		if p.Difference < 0 && p.N == 60 || p.Difference != c.Difference || p.P != c.P ||
			p.Interval.Method != c.Interval.Method {
			t.Errorf("%s - %s: %+v, want %+v", p.A.Estimator, p.B.Estimator, p.Comparison, c)
		}
	}
	for i, adjusted := range correlation.Holm(ps) {
		if pairs[i].PAdjusted != adjusted {
			t.Errorf("pair %d: p %v, want %v", i, pairs[i].PAdjusted, adjusted)
		}
	}
	two, err := f.Select("noise", "good")
	if err != nil {
		t.Fatal(err)
	}
	one, err := f.Pairs(two)
	if err != nil || len(one) != 1 || one[0].A.Estimator != "good" || one[0].PAdjusted != one[0].P {
		t.Errorf("%v, %v", one, err)
	}
	for names, want := range map[string]string{"god": "did you mean good", "good good": "named twice"} {
		if _, err := f.Select(strings.Fields(names)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", names, err, want)
		}
	}
}

// TestResamples: as many as Holm over the family needs, so that a clear difference among 24 estimators is one.
func TestResamples(t *testing.T) {
	var f analysis.Findings
	for n, want := range map[int]int{1: 2000, 15: 2000, 25: 2000, 26: 3000, 276: 23000} {
		if got := f.Resamples(n); got != want {
			t.Errorf("%d comparisons: %d resamples, want %d", n, got, want)
		}
	}
	f.Options.Resamples = 9999
	if got := f.Resamples(100); got != 9999 {
		t.Errorf("%d resamples of 9999", got)
	}

	_, some := studytest.MadeUp(t, t.TempDir(), 60, 1)
	r := *some.Results
	r.Columns = nil
	for i := range 24 {
		column := *some.Columns[i%2*3] // good or noise
		q := *column.Question
		q.Label = fmt.Sprint(q.Label, i)
		column.Question = &q
		r.Columns = append(r.Columns, &column)
	}
	many, err := analysis.Analyse(t.Context(), &r, analysis.Options{Options: correlation.Options{Resamples: 100}})
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := many.Pairs(nil)
	if err != nil || len(pairs) != 276 {
		t.Fatal(len(pairs), err)
	}
	for _, p := range pairs {
		if apart := p.A.Estimator[0] != p.B.Estimator[0]; p.Distinguishable() != apart {
			t.Errorf("%s - %s: p %v of %v", p.A.Estimator, p.B.Estimator, p.PAdjusted, p.P)
		}
	}
}

// TestAboveBaselines compares what is no baseline with the best of these.
func TestAboveBaselines(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 60, 1)
	above := func(baselines ...string) (names []string) {
		r := *f.Results
		r.Columns = nil
		for _, c := range f.Columns {
			q := *c.Question
			q.Trivial = strings.Contains(strings.Join(baselines, " "), c.Label)
			column := *c
			column.Question = &q
			r.Columns = append(r.Columns, &column)
		}
		found, err := analysis.Analyse(t.Context(), &r, analysis.Options{Options: f.Options, Compare: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range found.Rows {
			if row.Above {
				names = append(names, row.Estimator)
			}
			if row.Baseline && (row.Above || row.PAbove != nil) {
				t.Errorf("%s is above itself", row.Estimator)
			}
		}
		if found.Baseline == nil {
			return names
		}
		var ps []float64
		var rows []*analysis.Finding
		for _, row := range found.Rows {
			if c, err := found.Versus(row, found.Baseline); err == nil && !row.Baseline {
				ps, rows = append(ps, c.P), append(rows, row)
			}
		}
		for k, p := range correlation.Holm(ps) {
			if *rows[k].PAbove != p {
				t.Errorf("%s: p %v, want %v", rows[k].Estimator, *rows[k].PAbove, p)
			}
		}
		return names
	}
	for _, c := range []struct{ baselines, want string }{
		{"", "good close poor reverse"}, // against 0
		{"noise", "good close reverse"},
		{"noise poor", "good close reverse"},
		{"good", ""},
		{"constant", "good close poor reverse"}, // a baseline without a tau-b is none
	} {
		if got := strings.Join(above(strings.Fields(c.baselines)...), " "); got != c.want {
			t.Errorf("baselines %q: above are %q, want %q", c.baselines, got, c.want)
		}
	}
}

func TestGrids(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 12))
	for _, c := range []struct{ settings, vary, want string }{
		{"channels: [4, 2], norm: [batch, none], layers: 3", "", "channels [2 4] norm [batch none] | 4/4"},
		{"channels: [4, 2, 3], norm: [batch, none], layers: [3, 4]", "",
			"channels [2 3 4] layers [3 4] norm=batch 6/6 norm=none 6/6"},
		{"layers: 3", "channels: [2, 4], norm: [batch, none]", ""},
		{"layers: [3, 4], channels: 8", "channels: [2, 4]", "channels [2 4 8] layers [3 4] | 6/6"},
		{"channels: [2, 4]", "", ""},
	} {
		path := studytest.Write(t, dir, "study.yaml", fmt.Sprintf(`architectures: {table: table.csv}
accuracy: table
estimators:
  - {name: featstd, settings: {train_images: 20, batch: 20, resolution: 8, %s}, vary: {%s}}
`, c.settings, c.vary))
		_, f := studytest.Analyse(t, path, filepath.Join(t.TempDir(), "run"))
		grids, err := f.Grids()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, g := range grids {
			got += fmt.Sprint(g.Down, " ", g.Rows, " ", g.Across, " ", g.Columns)
			best := math.Inf(-1)
			for _, s := range g.Slices {
				filled, all := 0, 0
				for i, row := range s.Cells {
					for j, r := range row {
						if all++; r == nil {
							continue
						}
						filled++
						best = max(best, r.Tau.Value)
						if l := r.Column.Levels(); l[g.Down] != g.Rows[i] || l[g.Across] != g.Columns[j] {
							t.Errorf("%s at %s, %s", r.Estimator, g.Rows[i], g.Columns[j])
						}
					}
				}
				if s.Others == "" {
					s.Others = "|"
				}
				got += fmt.Sprint(" ", s.Others, " ", filled, "/", all)
			}
			if g.Best.Tau.Value != best || !g.Alike[g.Best] {
				t.Errorf("best %v, want %v", g.Best.Tau.Value, best)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.settings, got, c.want)
		}
	}
}
