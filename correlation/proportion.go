package correlation

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Wilson is the score interval of a proportion of n > 0 trials that are independent (Wilson 1927), within [0, 1]. It
// takes proportions of no whole number of successes too, as expectations over ties give.
func Wilson(proportion float64, n int, level float64) (low, high float64) {
	z := distuv.UnitNormal.Quantile((1 + level) / 2)
	square := z * z / float64(n)
	centre := (proportion + float64(square/2)) / (1 + square)
	half := float64(z / (1 + square) * math.Sqrt(proportion*(1-proportion)/float64(n)+square/float64(4*n)))
	return max(0, centre-half), min(1, centre+half)
}
