package correlation

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Jackknifed is a coefficient of all rows, with its values without each of them.
type Jackknifed struct {
	Value   float64
	without []float64
}

// JackknifeOf returns them for scores and truth (equal lengths, n >= 3), of tau-b and rho in O(n log n). The error
// wraps [ErrUndefined] when the coefficient is undefined, or would be without a row, [ErrNaN] for a NaN.
func JackknifeOf(c Coefficient, scores, truth []float64, o Options) (*Jackknifed, error) {
	value, err := c.Of(scores, truth)
	if err != nil {
		return nil, err
	}
	without, err := leaveOneOut(newKernel(c, scores, truth), len(truth), o)
	if err == nil && floats.HasNaN(without) {
		err = undefinedf("the coefficient without one of the rows")
	}
	return &Jackknifed{value, without}, err
}

// variance is that of the value (Quenouille, Tukey): (n-1)/n times the sum of squares of the values without a row.
func variance(without []float64) float64 {
	n := float64(len(without))
	return float64(stat.PopVariance(without, nil) * (n - 1))
}

// CompareLarge compares two coefficients with the same truth on the same rows, as [Compare] does, for so many rows that
// a difference of coefficients is normal: its standard error is that of the delete-one jackknife (Efron and Tibshirani
// 1993, chapter 11). Nothing is drawn.
func CompareLarge(a, b *Jackknifed, level float64) (Comparison, error) {
	sameLength(len(a.without), len(b.without))
	return largeSample(a, b, variance(minus(a.without, b.without)), level)
}

// CompareLargeSeparate compares coefficients of two samples of rows, as [CompareSeparate] does, for many rows.
func CompareLargeSeparate(a, b *Jackknifed, level float64) (Comparison, error) {
	return largeSample(a, b, variance(a.without)+variance(b.without), level)
}

func largeSample(a, b *Jackknifed, variance, level float64) (Comparison, error) {
	if err := checkLevel(level); err != nil {
		return Comparison{}, err
	}
	out := Comparison{A: a.Value, B: b.Value, Difference: a.Value - b.Value, P: 1}
	se := math.Sqrt(variance)
	half := float64(distuv.UnitNormal.Quantile((1+level)/2) * se)
	out.Interval = Interval{Low: out.Difference - half, High: out.Difference + half, Level: level, Method: Jackknife}
	switch {
	case se > 0:
		out.P = normalP(out.Difference/se, TwoSided)
	case out.Difference != 0:
		return out, undefinedf("the standard error of a difference that no row changes")
	}
	out.PAdjusted = out.P
	return out, nil
}
