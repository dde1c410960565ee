package study

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"rwe301/correlation"
	"rwe301/reports"
)

// Contrast is one estimator in two runs.
type Contrast struct {
	Label  string
	A, B   *Finding
	Paired bool // on the architectures that both runs have; else each run has its own
	N      int  // architectures of the pairs, or of the smaller run
	*correlation.Comparison
}

// fewPairs is the number of common architectures from which two runs are compared pair by pair.
const fewPairs = 10

// Compare compares the tau-b of every estimator that two runs share; B minus A, p adjusted by Holm. Estimators match by
// name and settings, or by name alone where either run has that name once.
func Compare(ctx context.Context, a, b *Findings) ([]Contrast, error) {
	if a.Manifest.Truth != b.Manifest.Truth {
		return nil, fmt.Errorf("%s compares with accuracy by %s, %s by %s: their correlations are not comparable", a.Dir, a.Manifest.Truth, b.Dir, b.Manifest.Truth)
	}
	var out []Contrast
	var cs []*correlation.Comparison
	for _, p := range matches(a, b) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := contrast(a, b, p[0], p[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p[0].Estimator, err)
		}
		if c.Comparison != nil {
			cs = append(cs, c.Comparison)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s and %s have no estimator in common", a.Dir, b.Dir)
	}
	adjusted(cs)
	return out, nil
}

// matches pairs the findings of two runs.
func matches(a, b *Findings) [][2]*Finding {
	var out [][2]*Finding
	used := map[*Finding]bool{}
	pair := func(same func(x, y *Finding) bool) {
		for _, x := range a.Rows {
			for _, y := range b.Rows {
				if !used[x] && !used[y] && same(x, y) {
					used[x], used[y] = true, true
					out = append(out, [2]*Finding{x, y})
				}
			}
		}
	}
	count := func(f *Findings, name string) (n int) {
		for _, r := range f.Rows {
			if r.Column.Question.Estimator == name {
				n++
			}
		}
		return n
	}
	pair(func(x, y *Finding) bool {
		p, q := x.Column.Question, y.Column.Question
		return p.Estimator == q.Estimator && p.Hash == q.Hash
	})
	pair(func(x, y *Finding) bool {
		name := x.Column.Question.Estimator
		return name == y.Column.Question.Estimator && count(a, name) == 1 && count(b, name) == 1
	})
	return out
}

// contrast compares one estimator.
func contrast(a, b *Findings, x, y *Finding) (Contrast, error) {
	c := Contrast{Label: x.Estimator, A: x, B: y}
	if x.Estimator != y.Estimator {
		c.Label += " | " + y.Estimator
	}
	place := map[string]int{}
	for k, i := range x.Rows {
		place[a.Architectures[i].ID] = k
	}
	var before, after, truth []float64
	for k, i := range y.Rows {
		if m, ok := place[b.Architectures[i].ID]; ok {
			before, after, truth = append(before, x.Scores[m]), append(after, y.Scores[k]), append(truth, y.Truth[k])
		}
	}
	c.N = len(truth)
	var found correlation.Comparison
	var err error
	if c.Paired = len(truth) >= fewPairs; c.Paired {
		n := min(len(truth), closedForm)
		found, err = correlation.Compare(correlation.KendallTauB, after[:n], before[:n], truth[:n], level, a.Options)
	} else {
		c.N = min(x.N, y.N)
		found, err = unpaired(y, x, a.Options)
	}
	if err == nil {
		c.Comparison = &found
	} else if errors.Is(err, correlation.ErrUndefined) {
		err = nil
	}
	return c, err
}

// unpaired compares two samples of architectures, each resampled on its own.
func unpaired(x, y *Finding, o correlation.Options) (correlation.Comparison, error) {
	index := func(n int) []float64 {
		v := make([]float64, min(n, closedForm))
		for i := range v {
			v[i] = float64(i)
		}
		return v
	}
	tau := func(f *Finding, rows []float64) (float64, error) {
		s, t := make([]float64, len(rows)), make([]float64, len(rows))
		for k, i := range rows {
			s[k], t[k] = f.Scores[int(i)], f.Truth[int(i)]
		}
		return correlation.Kendall(s, t)
	}
	d, err := correlation.BootstrapFunc([][]float64{index(x.N), index(y.N)}, false, func(samples [][]float64) (float64, error) {
		p, err := tau(x, samples[0])
		if err != nil {
			return 0, err
		}
		q, err := tau(y, samples[1])
		return p - q, err
	}, o)
	if err != nil {
		return correlation.Comparison{}, err
	}
	i, err := d.Interval(correlation.BCa, level)
	p := d.PValue(0, correlation.BCa)
	return correlation.Comparison{Difference: d.Observed, Interval: i, P: p, PAdjusted: p, Undefined: d.Undefined}, err
}

// CompareTable is the comparison of two runs in the manner of benchstat.
func CompareTable(a, b *Findings, contrasts []Contrast) reports.Table {
	t := reports.Table{
		Title: fmt.Sprintf("tau-b with accuracy by %s: A = %s, B = %s", a.Manifest.Truth, a.Dir, b.Dir),
		Columns: []reports.Column{
			{Name: "estimator", Left: true}, {Name: "A"}, {Name: "B"}, {Name: "B - A"}, {Name: "95% CI"}, {Name: "p"}, {Name: "", Left: true}, {Name: "n"},
			{Name: "pairs", Left: true}, {Name: "s/arch A"}, {Name: "s/arch B"},
		},
		Notes: []string{"B - A: paired bootstrap where the runs have architectures in common, p adjusted by Holm; ~ not distinguishable at 0.05."},
	}
	tau := func(f *Finding) string {
		if f.Tau == nil {
			return "undefined"
		}
		return signed(f.Tau.Value)
	}
	for _, c := range contrasts {
		row := []string{c.Label, tau(c.A), tau(c.B), "", "", "", "", strconv.Itoa(c.N), "no", reports.Seconds(c.A.Seconds), reports.Seconds(c.B.Seconds)}
		if c.Paired {
			row[8] = "yes"
		}
		if v := c.Comparison; v != nil {
			row[3], row[4], row[5], row[6] = signed(v.Difference), bounds(v.Interval.Low, v.Interval.High), reports.Probability(v.PAdjusted), v.Mark()
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
