package analysis

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
// name and settings, or by name alone where either run has that name once; the only ones of two runs always match. Of
// rows, unless there are none, both findings must be among these.
func Compare(ctx context.Context, a, b *Findings, rows ...*Finding) ([]Contrast, error) {
	if err := sameTruth(a.Results, b.Results); err != nil {
		return nil, err
	}
	var out []Contrast
	var cs []*correlation.Comparison
	for _, p := range matches(a, b) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(rows) > 0 && !(slices.Contains(rows, p[0]) && slices.Contains(rows, p[1])) {
			continue
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
	if len(a.Rows) == 1 && len(b.Rows) == 1 {
		pair(func(x, y *Finding) bool { return true })
	}
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
	if c.Paired = len(truth) >= FewPairs; c.Paired {
		cs, err := pairwise(len(truth))(correlation.KendallTauB, [][]float64{after, before}, truth, [][2]int{{0, 1}},
			Confidence, a.Options)
		if err == nil {
			c.Comparison = cs[0]
		}
		return c, err
	}
	c.N = min(x.N, y.N)
	found, err := separate(y, x, a.Options)
	if err == nil {
		c.Comparison = &found
	} else if errors.Is(err, correlation.ErrUndefined) {
		err = nil
	}
	return c, err
}

// separate compares findings of architectures of their own.
func separate(a, b *Finding, o correlation.Options) (correlation.Comparison, error) {
	if max(a.N, b.N) <= ClosedForm {
		return correlation.CompareSeparate(correlation.KendallTauB, a.Scores, a.Truth, b.Scores, b.Truth, Confidence, o)
	}
	x, err := correlation.JackknifeOf(correlation.KendallTauB, a.Scores, a.Truth, o)
	if err != nil {
		return correlation.Comparison{}, err
	}
	y, err := correlation.JackknifeOf(correlation.KendallTauB, b.Scores, b.Truth, o)
	if err != nil {
		return correlation.Comparison{}, err
	}
	return correlation.CompareLargeSeparate(x, y, Confidence)
}
