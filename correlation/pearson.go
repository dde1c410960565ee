package correlation

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Pearson returns the product-moment correlation of x and y (equal length, n >= 2). The vectors are centred and divided
// by their norms before they are multiplied, so offsets of 1e9 and scales of 1e300 do no harm. The error wraps
// [ErrUndefined] when either vector is constant or holds an infinity, and [ErrNaN] when either holds a NaN.
func Pearson(x, y []float64) (float64, error) {
	if err := checkPair(x, y); err != nil {
		return 0, err
	}
	for i := range x {
		if math.IsInf(x[i], 0) || math.IsInf(y[i], 0) {
			return 0, undefinedf("row %d is infinite", i)
		}
	}
	u, v := make([]float64, len(x)), make([]float64, len(y))
	if !normalise(u, x) {
		return 0, undefinedf("x is constant")
	}
	if !normalise(v, y) {
		return 0, undefinedf("y is constant")
	}
	return clamp1(floats.Dot(u, v)), nil
}

// normalise writes x, centred and of norm 1, to u (equal length > 0, finite values). It returns false when x is
// constant.
func normalise(u, x []float64) bool {
	lowest, highest := floats.Min(x), floats.Max(x)
	if lowest == highest {
		return false
	}
	copy(u, x)
	if _, e := math.Frexp(max(-lowest, highest)); e < -400 || e > 400 {
		for i, v := range x {
			u[i] = math.Ldexp(v, -e) // exact; else sums and squares would leave the range of float64
		}
	}
	floats.AddConst(-floats.Sum(u)/float64(len(u)), u)
	norm := math.Sqrt(floats.Dot(u, u))
	for i := range u {
		u[i] /= norm
	}
	return true
}

// PearsonTest returns Pearson's r with its p-value by Student's t with n-2 degrees of freedom. n = 2 gives r = 1 or -1
// and the two-sided p = 1.
func PearsonTest(x, y []float64, alt Alternative) (Test, error) {
	n := len(x)
	r, err := Pearson(x, y)
	t := Test{N: n, Statistic: r, Method: Asymptotic}
	switch {
	case err != nil:
		return Test{N: n}, err
	case n == 2 && alt == TwoSided:
		t.P = 1
	case n == 2:
		return t, undefinedf("one-sided p-value of 2 values")
	default:
		t.P = correlationP(r, float64(n-2), alt)
	}
	return t, nil
}

// FisherInterval is the interval of a Pearson r of n pairs at a level in (0, 1) such as 0.95, by Fisher's
// transformation with standard error 1/sqrt(n-3). Undefined for n <= 3.
func FisherInterval(r float64, n int, level float64) (Interval, error) {
	return fisherInterval(r, float64(n-3), 1, level)
}

// QuickInterval is a closed-form interval for any coefficient of n pairs: Fisher's transformation with the standard
// errors of Fieller, Hartley and Pearson (1957), sqrt(0.437/(n-4)) for tau and sqrt(1.06/(n-3)) for rho. It checks or
// replaces a bootstrap; it assumes bivariate normal data without ties. Undefined for n <= 3 (tau: n <= 4).
func QuickInterval(c Coefficient, value float64, n int, level float64) (Interval, error) {
	switch c {
	case KendallTauB:
		return fisherInterval(value, float64(n-4), 0.437, level)
	case SpearmanRho:
		return fisherInterval(value, float64(n-3), 1.06, level)
	default:
		return FisherInterval(value, n, level)
	}
}

func fisherInterval(r, df, variance, level float64) (Interval, error) {
	if err := checkLevel(level); err != nil {
		return Interval{}, err
	}
	if df <= 0 {
		return Interval{}, undefinedf("interval of too few values")
	}
	half := float64(distuv.UnitNormal.Quantile((1+level)/2) * math.Sqrt(variance/df))
	z := math.Atanh(r)
	return Interval{Low: math.Tanh(z - half), High: math.Tanh(z + half), Level: level, Method: FisherZ}, nil
}
