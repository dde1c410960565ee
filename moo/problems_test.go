package moo

import (
	"math"
	"strings"
)

func cut(name string) (before, after string, found bool) { return strings.Cut(name, "_") }

// unit is a problem whose variables lie in [0, 1].
func unit(variables, objectives int, f func(x []float64) []float64) Problem[[]float64] {
	upper := make([]float64, variables)
	for i := range upper {
		upper[i] = 1
	}
	return Real(objectives, make([]float64, variables), upper, f)
}

// zdt is one of the problems of Zitzler, Deb and Thiele (2000): f2 = g * h(f1, g).
func zdt(variables int, h func(f1, g float64) float64) Problem[[]float64] {
	return unit(variables, 2, func(x []float64) []float64 {
		g := 0.0
		for _, v := range x[1:] {
			g += v
		}
		g = 1 + 9*g/float64(len(x)-1)
		return []float64{x[0], g * h(x[0], g)}
	})
}

func zdt1(n int) Problem[[]float64] {
	return zdt(n, func(f, g float64) float64 { return 1 - math.Sqrt(f/g) })
}

func zdt2(n int) Problem[[]float64] {
	return zdt(n, func(f, g float64) float64 { return 1 - (f/g)*(f/g) })
}

func zdt3(n int) Problem[[]float64] {
	return zdt(n, func(f, g float64) float64 { return 1 - math.Sqrt(f/g) - f/g*math.Sin(10*math.Pi*f) })
}

// dtlz2 is the sphere problem of Deb, Thiele, Laumanns and Zitzler (2002) with three objectives.
func dtlz2(n int) Problem[[]float64] {
	return unit(n, 3, func(x []float64) []float64 {
		g := 0.0
		for _, v := range x[2:] {
			g += (v - 0.5) * (v - 0.5)
		}
		a, b := x[0]*math.Pi/2, x[1]*math.Pi/2
		return []float64{(1 + g) * math.Cos(a) * math.Cos(b), (1 + g) * math.Cos(a) * math.Sin(b), (1 + g) * math.Sin(a)}
	})
}
