package analysis

import (
	"context"
	"errors"
	"fmt"

	"rwe301/correlation"
)

// Contrast is one estimator in two runs.
type Contrast struct {
	Label  string
	A, B   *Finding
	Paired bool // on the architectures that both runs have; else each run has its own
	N      int  // architectures of the pairs, or of the smaller run
	*correlation.Comparison
}

// Compare compares the tau-b of every estimator that two runs share; B minus A, p adjusted by Holm. Estimators match by
// name and settings, or by name alone where either run has that name once.
func Compare(ctx context.Context, a, b *Findings) ([]Contrast, error) {
	if a.From.Truth != b.From.Truth {
		return nil, fmt.Errorf("%s compares with accuracy by %s, %s by %s: their correlations are not comparable", a.From.Dir,
			a.From.Truth, b.From.Dir, b.From.Truth)
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
		return nil, fmt.Errorf("%s and %s have no estimator in common", a.From.Dir, b.From.Dir)
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
		return p.Estimator == q.Estimator && p.SettingsHash == q.SettingsHash
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
	if c.Paired = len(truth) >= FewPairs; c.Paired {
		n := min(len(truth), ClosedForm)
		found, err = correlation.Compare(correlation.KendallTauB, after[:n], before[:n], truth[:n], Confidence, a.Options)
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
		v := make([]float64, min(n, ClosedForm))
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
	d, err := correlation.BootstrapFunc([][]float64{index(x.N), index(y.N)}, false,
		func(samples [][]float64) (float64, error) {
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
	i, err := d.Interval(correlation.BCa, Confidence)
	p := d.PValue(0, correlation.BCa)
	return correlation.Comparison{Difference: d.Observed, Interval: i, P: p, PAdjusted: p, Undefined: d.Undefined}, err
}
