package analysis_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/scoring"
	"rwe301/store"
)

// resultsOf makes results of columns of scores, each score after a second.
func resultsOf(t *testing.T, columns ...scored) *analysis.Results {
	t.Helper()
	var records []store.Record
	for _, c := range columns {
		for i, v := range c.scores {
			r := store.Record{ID: string(rune('a' + i)), Arch: "x", Estimator: c.label, Status: store.OK, Score: &v, Seconds: 1}
			if math.IsNaN(v) {
				r.Score, r.Status, r.Error = nil, store.Failed, "none"
			}
			records = append(records, r)
		}
	}
	results, err := analysis.FromRecords(store.Each(records), func(r store.Record) store.Question {
		lower := slices.ContainsFunc(columns, func(c scored) bool { return c.label == r.Estimator && c.lower })
		return store.Question{Label: r.Estimator, Estimator: r.Estimator, Seeds: []uint64{0}, Lower: lower}
	}, bench301.DARTS{})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// scored are the scores of one estimator.
type scored struct {
	label  string
	lower  bool
	scores []float64
}

// made are the scores of the last column that there are, and their seconds.
func made(r *analysis.Results) (c *analysis.Column, scores, seconds []float64) {
	c = r.Columns[len(r.Columns)-1]
	_, kept := analysis.Common(c.Mean(), c.Times[0])
	return c, kept[0], kept[1]
}

func TestCombine(t *testing.T) {
	all := []scored{
		{"up", false, []float64{10, 20, 20, 40, math.NaN()}},
		{"down", true, []float64{1, 5, 2, 3, 4}},
	}
	for text, want := range map[string][]float64{
		"rank:up":      {0.25, 0.625, 0.625, 1},
		"rank:up+down": {(1 + 4) / 8.0, (2.5 + 1) / 8, (2.5 + 3) / 8, (4 + 2) / 8.0},
		"logrank:up+down": {math.Log(1.0/4) + math.Log(1), math.Log(2.5/4) + math.Log(0.25), math.Log(2.5/4) + math.Log(0.75),
			math.Log(1) + math.Log(0.5)},
		"zscore:up": {-12.5 / math.Sqrt(118.75), -2.5 / math.Sqrt(118.75), -2.5 / math.Sqrt(118.75),
			17.5 / math.Sqrt(118.75)},
	} {
		c, labels, err := analysis.ParseCombination(text)
		if err != nil {
			t.Fatal(err)
		}
		r := resultsOf(t, all...)
		if err := r.Combine(c, labels); err != nil {
			t.Fatal(err)
		}
		column, scores, seconds := made(r)
		if column.Label != text || len(scores) != len(want) {
			t.Fatalf("%s: %d scores", column.Label, len(scores))
		}
		for i, w := range want {
			if math.Abs(scores[i]-w) > 1e-14 || seconds[i] != float64(len(labels)) {
				t.Errorf("%s: score %d: %v after %v s, want %v", text, i, scores[i], seconds[i], w)
			}
		}
	}
	for text, want := range map[string]string{"mean:up": "must be one of", "rank": "must be one of",
		"rank:sideways": `no scores of "sideways" (legal: down, up)`, "linear:up": "at least 2 are needed"} {
		c, labels, err := analysis.ParseCombination(text)
		if err == nil {
			r := resultsOf(t, all...)
			if c == analysis.Linear {
				r.Truth = []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()}
			}
			err = r.Combine(c, labels)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want an error with %q", text, err, want)
		}
	}
}

// The closed form must agree with fitting again and again, and its label says that it has seen accuracies.
func TestLinearLeavesOneOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 12
	x, y := make([]float64, n), make([]float64, n)
	for i := range n {
		x[i] = rng.NormFloat64()
		y[i] = 3*x[i] + rng.NormFloat64()
	}
	r := resultsOf(t, scored{"x", false, x}, scored{"same", true, x})
	r.Truth = y
	if err := r.Combine(analysis.Linear, []string{"x", "same"}); err != nil {
		t.Fatal(err)
	}
	column, scores, _ := made(r)
	if !strings.HasSuffix(column.Label, "(fitted to accuracies)") || len(scores) != n {
		t.Errorf("label %s, %d scores", column.Label, len(scores))
	}
	for i := range n {
		var sx, sy, sxx, sxy float64
		for j := range n {
			if j != i {
				sx, sy, sxx, sxy = sx+x[j], sy+y[j], sxx+x[j]*x[j], sxy+x[j]*y[j]
			}
		}
		m := float64(n - 1)
		slope := (m*sxy - sx*sy) / (m*sxx - sx*sx)
		if want := slope*x[i] + (sy-slope*sx)/m; math.Abs(scores[i]-want) > 1e-12 {
			t.Errorf("architecture %d: %v, want %v", i, scores[i], want)
		}
	}
}

// Scores of which lower is better are turned round; one column a seed, unless nothing is drawn.
func TestColumnsOfRecords(t *testing.T) {
	var records []store.Record
	var truth []float64
	for i := range 20 {
		id := string(rune('a' + i))
		truth = append(truth, float64(i))
		for _, seed := range []uint64{0, 1} {
			value := float64(i * i)
			for _, name := range []string{"snip", "params"} {
				records = append(records, store.Record{Arch: id, ID: id, Estimator: name, Seed: seed, Score: &value,
					Status: store.OK, Seconds: float64(i)})
			}
		}
	}
	for lower, want := range map[bool]float64{false: 1, true: -1} {
		r, err := analysis.FromRecords(store.Each(records), func(r store.Record) store.Question {
			q := scoring.Describe(r)
			q.Lower = lower
			return q
		}, bench301.DARTS{})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Columns) != 3 || r.Columns[0].Label != "snip seed 0" || r.Columns[1].Label != "params" ||
			r.Columns[2].Label != "snip seed 1" || r.Columns[0].Trivial || !r.Columns[1].Trivial {
			t.Fatalf("%+v", r.Columns)
		}
		// Architectures that have no score at all count as asked for.
		r.Truth = truth
		for i := range 5 {
			r.Architectures = append(r.Architectures, store.Named{ID: fmt.Sprint("unscored", i)})
		}
		f, err := analysis.Analyse(t.Context(), r, analysis.Options{Options: correlation.Options{Resamples: 50}})
		if err != nil {
			t.Fatal(err)
		}
		a := f.Rows[0].Association
		if a.Tau.Value != want || a.Rho.Value != want || a.N != 20 || a.Coverage() != 0.8 || a.Seconds != 9.5 {
			t.Errorf("lower is better: %v: %+v", lower, a)
		}
	}
}
