package analysis

import (
	"fmt"
	"slices"

	"rwe301/correlation"
	"rwe301/internal/suggest"
)

// Pair is the difference in tau-b between two findings of one run, A minus B, A the one with the higher tau-b.
type Pair struct {
	A, B                    *Finding
	N                       int // architectures that both score
	*correlation.Comparison     // p adjusted by Holm over all pairs; nil where it is undefined
}

// Pairs compares every two of the findings given, all of the run for nil: n(n-1)/2 pairs, in the order of Ranked. Those
// without a tau-b are left out. The error is that of the context of the analysis.
func (f *Findings) Pairs(rows []*Finding) ([]Pair, error) {
	if rows == nil {
		rows = f.Rows
	}
	ranked := slices.DeleteFunc(f.Ranked(), func(r *Finding) bool { return r.Tau == nil || !slices.Contains(rows, r) })
	var out []Pair
	var compared [][2]*Finding
	for i, a := range ranked {
		for _, b := range ranked[i+1:] {
			out, compared = append(out, Pair{A: a, B: b}), append(compared, [2]*Finding{a, b})
		}
	}
	cs, err := f.family(compared)
	if err != nil {
		return nil, err
	}
	for i, p := range out {
		out[i].N, out[i].Comparison = len(both(p.A.Rows, p.B.Rows)), cs[i]
	}
	return out, nil
}

// Select finds the findings of these names: labels, or names of estimators that the run has once.
func (f *Findings) Select(names ...string) ([]*Finding, error) {
	var out []*Finding
	for _, name := range names {
		found := f.named(name)
		if len(found) == 0 {
			var legal []string
			for _, r := range f.Rows {
				legal = append(legal, r.Estimator)
			}
			return nil, fmt.Errorf("%s: no estimator %q%s", f.From.Dir, name, suggest.Nearest(name, legal))
		}
		if len(found) > 1 {
			var labels []string
			for _, r := range found {
				labels = append(labels, r.Estimator)
			}
			return nil, fmt.Errorf("%s: %q is several estimators: name one of %q", f.From.Dir, name, labels)
		}
		if slices.Contains(out, found[0]) {
			return nil, fmt.Errorf("%s: %q is named twice", f.From.Dir, name)
		}
		out = append(out, found[0])
	}
	return out, nil
}

// named lists the finding of a label, or else those of an estimator or of its settings in full.
func (f *Findings) named(name string) (found []*Finding) {
	columns := make([]*Column, len(f.Rows))
	for i, r := range f.Rows {
		columns[i] = r.Column
	}
	for _, c := range columnsNamed(columns, name) {
		found = append(found, f.Rows[slices.Index(columns, c)])
	}
	return found
}

// baseline is the trivial baseline with the highest tau-b, or nil.
func (f *Findings) baseline() *Finding {
	for _, r := range f.Ranked() {
		if r.Baseline && r.Tau != nil {
			return r
		}
	}
	return nil
}

// judge says of the findings that are no baselines whether they are significantly above the best of these: paired
// bootstrap, Holm over all such findings. Where the run has no baseline, a tau-b counts as above whose interval is
// above 0.
func (f *Findings) judge() error {
	f.Baseline = f.baseline()
	var pairs [][2]*Finding
	for _, r := range f.Rows {
		switch {
		case r.Tau == nil || r.Baseline:
		case f.Baseline == nil:
			r.Above = r.Tau.Method != correlation.None && r.Tau.Low > 0
		default:
			pairs = append(pairs, [2]*Finding{r, f.Baseline})
		}
	}
	cs, err := f.family(pairs)
	for i, c := range cs {
		if c != nil {
			pairs[i][0].Above, pairs[i][0].PAbove = c.Distinguishable() && c.Difference > 0, &c.PAdjusted
		}
	}
	return err
}
