package correlation

import (
	"cmp"
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/combin"
)

// Comparison is the difference between two coefficients with the same truth, under resampling of the rows that all
// three vectors share.
type Comparison struct {
	A, B       float64 // the coefficients of the two score vectors with the truth
	Difference float64 // A - B
	Interval   Interval
	P          float64 // two-sided, of no difference, by inversion of the interval; at least what the rows support
	PAdjusted  float64 // after Holm, when there are several comparisons; else P
	Smallest   bool    // the resamples alone would have given a smaller P than the rows support
	Undefined  int     // resamples dropped because either coefficient was undefined
}

// Distinguishable says whether the difference is significant at the level of the interval, after adjustment.
func (c Comparison) Distinguishable() bool { return c.PAdjusted < 1-c.Interval.Level }

// Mark is "~" where A and B cannot be told apart, else "+" or "-", the sign of A-B.
func (c Comparison) Mark() string {
	switch {
	case !c.Distinguishable():
		return "~"
	case c.Difference > 0:
		return "+"
	default:
		return "-"
	}
}

// Compare compares the coefficients of two score vectors a and b with the same truth (equal lengths, n >= 2) by a
// paired bootstrap of rows, with the interval of [Distribution.Confidence] at a level such as 0.95. P is at least the
// smallest p-value of the exact paired test: if it does not matter which score is which, each of the m rows that a and
// b rank differently may have its two ranks exchanged, and of these 2^m ways two are the most extreme. The error wraps
// [ErrUndefined] when either coefficient is undefined, or is so on most resamples, [ErrNaN] for a NaN.
func Compare(c Coefficient, a, b, truth []float64, level float64, o Options) (Comparison, error) {
	found, errs, err := compareEach(c, [][]float64{a, b}, truth, [][2]int{{0, 1}}, level, o)
	if err = cmp.Or(err, errs[0]); err != nil {
		return Comparison{}, err
	}
	return found[0], nil
}

// ComparePairs is [Compare] for pairs of score vectors of the same rows. Each resample is drawn, and each vector
// evaluated on it, once for all pairs. A pair for which Compare is undefined gives nil.
func ComparePairs(c Coefficient, scores [][]float64, truth []float64, pairs [][2]int, level float64, o Options) (
	[]*Comparison, error) {
	found, errs, err := compareEach(c, scores, truth, pairs, level, o)
	if err != nil {
		return nil, err
	}
	out := make([]*Comparison, len(pairs))
	for i, err := range errs {
		switch {
		case err == nil:
			out[i] = &found[i]
		case !errors.Is(err, ErrUndefined):
			return nil, err
		}
	}
	return out, nil
}

// compareEach also returns an error a pair.
func compareEach(c Coefficient, scores [][]float64, truth []float64, pairs [][2]int, level float64, o Options) (
	[]Comparison, []error, error) {
	n := len(truth)
	found, errs := make([]Comparison, len(pairs)), make([]error, len(pairs))
	values, undefined := make([]float64, len(scores)), make([]error, len(scores))
	var kernels []kernel
	at := make([]int, len(scores)) // where the kernel of a vector is
	for i, s := range scores {
		if values[i], undefined[i] = c.Of(s, truth); undefined[i] == nil {
			at[i], kernels = len(kernels), append(kernels, newKernel(c, s, truth))
		}
	}
	for i, p := range pairs {
		errs[i] = cmp.Or(undefined[p[0]], undefined[p[1]])
	}
	if len(kernels) == 0 {
		return found, errs, nil
	}
	if err := o.checkIndices(n); err != nil {
		return found, errs, err
	}
	b, err := o.resamples()
	if err != nil {
		return found, errs, err
	}
	replicates, err := replicate(kernels, n, n, b, o)
	if err != nil {
		return found, errs, err
	}
	jackknives := make([][]float64, len(kernels))
	for i, k := range kernels {
		if jackknives[i], err = leaveOneOut(k, n, o); err != nil {
			return found, errs, err
		}
	}
	for i, p := range pairs {
		if errs[i] != nil {
			continue
		}
		x, y := at[p[0]], at[p[1]]
		d, err := newDistribution(values[p[0]]-values[p[1]], minus(replicates[x], replicates[y]),
			[][]float64{minus(jackknives[x], jackknives[y])})
		if err == nil {
			found[i], err = d.difference(level, math.Ldexp(2, -rankedApart(scores[p[0]], scores[p[1]])))
			found[i].A, found[i].B = values[p[0]], values[p[1]]
		}
		errs[i] = err
	}
	return found, errs, o.Err()
}

// minus is a - b.
func minus(a, b []float64) []float64 { return floats.SubTo(make([]float64, len(a)), a, b) }

// difference is the comparison that a distribution of differences tells, with no p-value below smallest.
func (d *Distribution) difference(level, smallest float64) (Comparison, error) {
	if d.mostlyUndefined() {
		return Comparison{}, undefinedf("the difference on most resamples")
	}
	iv, err := d.Confidence(level)
	if err != nil {
		return Comparison{}, err
	}
	p := d.PValue(0, BCa)
	raised := min(1, max(p, smallest))
	return Comparison{
		Difference: d.Observed, Interval: iv, P: raised, PAdjusted: raised, Smallest: raised > p, Undefined: d.Undefined,
	}, nil
}

// rankedApart counts the rows that two vectors rank differently.
func rankedApart(a, b []float64) (rows int) {
	ra, na := denseRanks(a)
	rb, nb := denseRanks(b)
	ga, gb := groupRanks(ra, na), groupRanks(rb, nb)
	for i := range ra {
		if ga[ra[i]] != gb[rb[i]] {
			rows++
		}
	}
	return rows
}

// CompareSeparate compares the coefficients of two samples of rows, a with its truth and b with its own, each resampled
// for itself; A is the coefficient of a. P is at least the smallest p-value of the exact test that deals all rows out
// anew: 2 of the ways to choose the rows of a. Errors are those of [Compare].
func CompareSeparate(c Coefficient, a, truthA, b, truthB []float64, level float64, o Options) (Comparison, error) {
	sameLength(len(a), len(truthA))
	sameLength(len(b), len(truthB))
	of := func(scores, truth, rows []float64) (float64, error) {
		s, t := make([]float64, len(rows)), make([]float64, len(rows))
		for k, i := range rows {
			s[k], t[k] = scores[int(i)], truth[int(i)]
		}
		return c.Of(s, t)
	}
	rows := [][]float64{numbers(len(a)), numbers(len(b))}
	d, err := BootstrapFunc(rows, false, func(samples [][]float64) (float64, error) {
		p, err := of(a, truthA, samples[0])
		if err != nil {
			return 0, err
		}
		q, err := of(b, truthB, samples[1])
		return p - q, err
	}, o)
	if err != nil {
		return Comparison{}, err
	}
	out, err := d.difference(level, 2/combin.GeneralizedBinomial(float64(len(a)+len(b)), float64(len(a))))
	if err != nil {
		return out, err
	}
	if out.A, err = c.Of(a, truthA); err == nil {
		out.B, err = c.Of(b, truthB)
	}
	return out, err
}

// numbers are 0..n-1.
func numbers(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i)
	}
	return v
}
