package correlation

import "math"

// Spearman returns the rank correlation of x and y (equal length, n >= 2): Pearson's r of the mid-ranks. Infinities are
// ordered as numbers. The error wraps [ErrUndefined] when either vector is constant and [ErrNaN] when either holds a
// NaN.
func Spearman(x, y []float64) (float64, error) {
	if err := checkPair(x, y); err != nil {
		return 0, err
	}
	rx, ry := centredRanks(x), centredRanks(y)
	var xy, xx, yy float64
	for i := range rx {
		xy += rx[i] * ry[i]
		xx += rx[i] * rx[i]
		yy += ry[i] * ry[i]
	}
	return rhoOf(xy, xx, yy)
}

// centredRanks returns twice the mid-ranks less their mean. These are whole numbers, and their products sum without any
// rounding up to about 300 000 values: rho does not depend on the order of the rows, not even in the last bit.
func centredRanks(x []float64) []float64 {
	ranks, _ := Ranks(x, RankAverage) // the caller has refused NaN
	for i, r := range ranks {
		ranks[i] = 2*r - float64(len(x)+1)
	}
	return ranks
}

// rhoOf is the correlation of two centred vectors, from their sums of products.
func rhoOf(xy, xx, yy float64) (float64, error) {
	if xx == 0 {
		return 0, undefinedf("x is constant")
	}
	if yy == 0 {
		return 0, undefinedf("y is constant")
	}
	return clamp1(xy / math.Sqrt(xx) / math.Sqrt(yy)), nil
}

// SpearmanTest returns Spearman's rho with its p-value by Student's t with n-2 degrees of freedom. For n = 2 rho is set
// and the error, which wraps [ErrUndefined], concerns the p-value.
func SpearmanTest(x, y []float64, alt Alternative) (Test, error) {
	n := len(x)
	rho, err := Spearman(x, y)
	if err != nil {
		return Test{N: n}, err
	}
	t := Test{N: n, Statistic: rho, Method: Asymptotic}
	if n == 2 {
		return t, undefinedf("p-value of 2 values")
	}
	t.P = correlationP(rho, float64(n-2), alt)
	return t, nil
}
