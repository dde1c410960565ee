package analysis

import (
	"errors"
	"slices"

	"rwe301/correlation"
)

// Resamples is the number that n comparisons of one family take: those of the options, or as many more as it takes for
// the smallest p-value of a bootstrap, 2 of the resamples, to be half of what Holm asks of n.
func (f *Findings) Resamples(n int) int {
	const level, step = 1 - Confidence, 1000
	least := int(2 * 2 / level * float64(n))
	if given := f.resamples(); given >= least {
		return given
	}
	return (least + step - 1) / step * step
}

// resamples are those of the options.
func (f *Findings) resamples() int {
	if f.Options.Resamples == 0 {
		return correlation.DefaultResamples
	}
	return f.Options.Resamples
}

// family compares the tau-b of pairs of findings, first minus second, each on the architectures that both score: paired
// bootstrap of Resamples, of more than ClosedForm architectures by the jackknife; p adjusted by Holm over all. Those
// that are undefined are nil. Pairs on the same architectures share their resamples.
func (f *Findings) family(pairs [][2]*Finding) ([]*correlation.Comparison, error) {
	out := make([]*correlation.Comparison, len(pairs))
	options := f.Options
	options.Resamples = f.Resamples(len(pairs))
	for _, s := range alike(pairs) {
		if err := f.ended(); err != nil {
			return nil, err
		}
		var scores [][]float64
		var findings []*Finding
		place := func(r *Finding) int {
			i := slices.Index(findings, r)
			if i < 0 {
				i, findings, scores = len(findings), append(findings, r), append(scores, pick(r.Column.Mean(), s.rows))
			}
			return i
		}
		var places [][2]int
		for _, k := range s.pairs {
			places = append(places, [2]int{place(pairs[k][0]), place(pairs[k][1])})
		}
		compare, truth := pairwise(len(s.rows)), pick(f.Results.Truth, s.rows)
		cs, err := compare(correlation.KendallTauB, scores, truth, places, Confidence, options)
		if err != nil {
			return nil, err
		}
		for i, k := range s.pairs {
			out[k] = cs[i]
		}
	}
	adjusted(slices.DeleteFunc(slices.Clone(out), func(c *correlation.Comparison) bool { return c == nil }))
	return out, nil
}

// pairwise is how pairs of score vectors of n rows are compared.
func pairwise(n int) func(correlation.Coefficient, [][]float64, []float64, [][2]int, float64, correlation.Options) (
	[]*correlation.Comparison, error) {
	if n > ClosedForm {
		return compareLarge
	}
	return correlation.ComparePairs
}

// compareLarge compares pairs of score vectors of many rows, as correlation.ComparePairs does those of few.
func compareLarge(c correlation.Coefficient, scores [][]float64, truth []float64, pairs [][2]int, level float64,
	o correlation.Options) ([]*correlation.Comparison, error) {
	of := make([]*correlation.Jackknifed, len(scores))
	for i, s := range scores {
		j, err := correlation.JackknifeOf(c, s, truth, o)
		switch {
		case err == nil:
			of[i] = j
		case !errors.Is(err, correlation.ErrUndefined):
			return nil, err
		}
	}
	out := make([]*correlation.Comparison, len(pairs))
	for i, p := range pairs {
		if of[p[0]] == nil || of[p[1]] == nil {
			continue
		}
		found, err := correlation.CompareLarge(of[p[0]], of[p[1]], level)
		switch {
		case err == nil:
			out[i] = &found
		case !errors.Is(err, correlation.ErrUndefined):
			return nil, err
		}
	}
	return out, o.Err()
}

// shared are pairs of findings that score the same architectures.
type shared struct {
	rows  []int // the architectures
	pairs []int
}

// alike groups pairs by the architectures that both of a pair score.
func alike(pairs [][2]*Finding) (out []shared) {
	for k, p := range pairs {
		rows := p[0].Rows
		if !slices.Equal(rows, p[1].Rows) {
			rows = both(rows, p[1].Rows)
		}
		i := slices.IndexFunc(out, func(s shared) bool { return slices.Equal(s.rows, rows) })
		if i < 0 {
			i, out = len(out), append(out, shared{rows: rows})
		}
		out[i].pairs = append(out[i].pairs, k)
	}
	return out
}

// both are the numbers in two ascending lists.
func both(a, b []int) (out []int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case b[0] < a[0]:
			b = b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return out
}
