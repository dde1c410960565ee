package moo

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
)

// Operators of real-coded problems, with pymoo's defaults.
const (
	sbxEta       = 15  // distribution index of the crossover
	sbxRate      = 0.5 // share of variables that cross
	sbxExchange  = 0.5 // share of variables that the children swap
	mutationEta  = 20  // distribution index of the mutation
	mutationRate = 0.5 // largest share of variables that mutate; 1/n if smaller
	sameValue    = 1e-14
)

// Real is a problem over vectors of real variables between bounds, varied by simulated binary crossover and polynomial
// mutation.
func Real(objectives int, lower, upper []float64, f func(x []float64) []float64) Problem[[]float64] {
	n := len(lower)
	return Problem[[]float64]{
		Objectives: objectives,
		Sample: func(rng *rand.Rand) []float64 {
			x := make([]float64, n)
			for i := range x {
				x[i] = lower[i] + float64(rng.Float64()*(upper[i]-lower[i]))
			}
			return x
		},
		Mutate: func(rng *rand.Rand, x []float64) []float64 {
			y := slices.Clone(x)
			for i := range y {
				if rng.Float64() < min(mutationRate, 1/float64(n)) {
					y[i] = PolynomialMutation(y[i], lower[i], upper[i], mutationEta, rng.Float64())
				}
			}
			return y
		},
		Crossover: func(rng *rand.Rand, a, b []float64) (c, d []float64) {
			c, d = slices.Clone(a), slices.Clone(b)
			for i := range c {
				if rng.Float64() >= sbxRate {
					continue
				}
				low, high := SBX(a[i], b[i], lower[i], upper[i], sbxEta, rng.Float64())
				if (a[i] > b[i]) != (rng.Float64() < sbxExchange) {
					low, high = high, low
				}
				c[i], d[i] = low, high
			}
			return c, d
		},
		Key: func(x []float64) string {
			b := make([]byte, 0, 8*len(x))
			for _, v := range x {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
			return string(b)
		},
		Evaluate: func(_ context.Context, xs [][]float64) ([]Outcome, error) {
			out := make([]Outcome, len(xs))
			for i, x := range xs {
				out[i].Objectives = f(x)
			}
			return out, nil
		},
	}
}

// SBX is simulated binary crossover of one variable within bounds (Deb and Agrawal 1995) for a uniform draw u, which
// serves both children. Equal parents stay as they are.
func SBX(p, q, lower, upper, eta, u float64) (low, high float64) {
	low, high = min(p, q), max(p, q)
	d := high - low
	if d <= sameValue {
		return low, high
	}
	spread := func(beta float64) float64 {
		alpha := 2 - math.Pow(beta, -(eta+1))
		if u <= 1/alpha {
			return math.Pow(u*alpha, 1/(eta+1))
		}
		return math.Pow(1/(2-float64(u*alpha)), 1/(eta+1))
	}
	a := (low + high - float64(spread(1+2*(low-lower)/d)*d)) / 2
	b := (low + high + float64(spread(1+2*(upper-high)/d)*d)) / 2
	return min(max(a, lower), upper), min(max(b, lower), upper)
}

// PolynomialMutation moves one variable within bounds (Deb and Goyal 1996, the bounded form) for a uniform draw u.
func PolynomialMutation(x, lower, upper, eta, u float64) float64 {
	extent := upper - lower
	power := 1 / (eta + 1)
	var delta float64
	if u < 0.5 {
		edge := 1 - (x-lower)/extent
		delta = math.Pow(float64(2*u)+float64((1-float64(2*u))*math.Pow(edge, eta+1)), power) - 1
	} else {
		edge := 1 - (upper-x)/extent
		delta = 1 - math.Pow(float64(2*(1-u))+float64(2*(u-0.5)*math.Pow(edge, eta+1)), power)
	}
	return min(max(x+float64(delta*extent), lower), upper)
}
