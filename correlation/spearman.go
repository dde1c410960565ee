package correlation

import "math"

// Spearman returns the rank correlation of x and y (equal length, n >= 2): Pearson's r of the mid-ranks. Infinities are
// ordered as numbers. The error wraps [ErrUndefined] when either vector is constant and [ErrNaN] when either holds a
// NaN. The sums are whole numbers, so that rho does not depend on the order of the rows, not even in the last bit.
func Spearman(x, y []float64) (float64, error) {
	if err := checkPair(x, y); err != nil {
		return 0, err
	}
	rx, nx := denseRanks(x)
	ry, ny := denseRanks(y)
	gx, gy := groupRanks(rx, nx), groupRanks(ry, ny)
	var xy, xx, yy wholeSum
	for i := range rx {
		a, b := gx[rx[i]], gy[ry[i]]
		xy.add(a * b)
		xx.add(a * a)
		yy.add(b * b)
	}
	return rhoOf(xy.value(), xx.value(), yy.value())
}

// wholeSum is an exact sum of whole numbers that may exceed an int64: the high and the low halves of the terms apart.
type wholeSum struct{ high, low int64 }

func (s *wholeSum) add(v int64) {
	s.high += v >> 32
	s.low += v & (1<<32 - 1)
}

func (s wholeSum) value() float64 { return float64(float64(s.high)*(1<<32)) + float64(s.low) }

// rhoOf is the correlation of two centred vectors, from their sums of products.
func rhoOf(xy, xx, yy float64) (float64, error) {
	if xx == 0 {
		return 0, undefinedf("x is constant")
	}
	if yy == 0 {
		return 0, undefinedf("y is constant")
	}
	if xx == yy && math.Abs(xy) == xx {
		return xy / xx, nil // a perfect order is 1, not 0.9999999999999999
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
