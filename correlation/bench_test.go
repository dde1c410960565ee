package correlation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// correlated draws the vectors of tools/bench/peer_scipy.py: y = 0.5 x + noise; with ties both are rounded to a
// decimal.
func correlated(n int, ties bool) (x, y []float64) {
	rng := rand.New(rand.NewPCG(12345, 0))
	x, y = make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
		y[i] = 0.5*x[i] + rng.NormFloat64()
		if ties {
			x[i], y[i] = math.Round((90+x[i])*10)/10, math.Round((90+y[i])*10)/10
		}
	}
	return x, y
}

func BenchmarkKendall(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		for _, ties := range []bool{false, true} {
			x, y := correlated(n, ties)
			b.Run(fmt.Sprintf("n=%d/ties=%t", n, ties), func(b *testing.B) {
				for b.Loop() {
					if _, err := Kendall(x, y); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkBootstrap(b *testing.B) {
	x, y := correlated(1000, false)
	for _, c := range []Coefficient{KendallTauB, SpearmanRho} {
		b.Run(fmt.Sprintf("%v/B=1000/n=1000", c), func(b *testing.B) {
			for b.Loop() {
				d, err := Bootstrap(c, x, y, Options{Resamples: 1000, Workers: 1})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := d.Interval(BCa, 0.95); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkJackknife leaves out every row in turn, as the acceleration of BCa needs it.
func BenchmarkJackknife(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		for _, ties := range []bool{false, true} {
			x, y := correlated(n, ties)
			for _, c := range []Coefficient{KendallTauB, SpearmanRho} {
				b.Run(fmt.Sprintf("%v/n=%d/ties=%t", c, n, ties), func(b *testing.B) {
					for b.Loop() {
						if _, err := leaveOneOut(newKernel(c, x, y), n, Options{}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		x, y := correlated(n, true)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Select(y, x, n/10); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
