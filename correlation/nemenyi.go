package correlation

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// studentizedRange is the chance that the range of k standard normal values is at most q:
// k times the integral of phi(z) (Phi(z)-Phi(z-q))^(k-1).
func studentizedRange(q float64, k int) float64 {
	if q <= 0 {
		return 0
	}
	n := distuv.UnitNormal
	f := func(z float64) float64 {
		return n.Prob(z) * math.Pow(float64(n.CDF(z))-float64(n.CDF(z-q)), float64(k-1))
	}
	const reach, points = 9, 200 // beyond nine standard deviations the density is below 1e-18
	return min(1, float64(k)*quad.Fixed(f, -reach, reach+q, points, quad.Legendre{}, 0))
}

// NemenyiDifference is the critical difference of mean ranks of k methods over n blocks at level alpha (Demsar 2006):
// two methods whose mean ranks differ by less cannot be told apart. k must be at least 2, n at least 1,
// alpha in (0, 1).
func NemenyiDifference(k, n int, alpha float64) (float64, error) {
	if k < 2 || n < 1 || !(alpha > 0 && alpha < 1) {
		return 0, undefinedf("critical difference of %d methods over %d blocks at level %v", k, n, alpha)
	}
	return nemenyiQ(k, alpha) * nemenyiUnit(k, n), nil
}

// NemenyiP is the p-value that two mean ranks that differ by this much are equal, adjusted for all pairs.
func NemenyiP(difference float64, k, n int) float64 {
	return 1 - studentizedRange(math.Abs(difference)/nemenyiUnit(k, n)*math.Sqrt2, k)
}

// nemenyiUnit is the standard error of a difference of mean ranks.
func nemenyiUnit(k, n int) float64 { return math.Sqrt(float64(k*(k+1)) / (6 * float64(n))) }

// nemenyiQ is the upper quantile of the studentised range with infinite degrees of freedom, divided by sqrt(2).
func nemenyiQ(k int, alpha float64) float64 {
	low, high := 0.0, 100.0
	for high-low > 1e-12*high {
		mid := (low + high) / 2
		if 1-studentizedRange(mid, k) > alpha {
			low = mid
		} else {
			high = mid
		}
	}
	return low / math.Sqrt2
}
