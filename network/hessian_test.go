package network

import (
	"math"
	"math/rand/v2"
	"testing"

	"rwe301/bench301"
)

// compiled is the plan of an architecture with every operation in both cells, in a network as small as it gets.
func compiled(t testing.TB, cfg bench301.Config) *Plan {
	t.Helper()
	g := bench301.Genotype{
		Normal: cell(0, 3, 1, 5, 0, 1, 2, 4, 1, 0, 3, 6, 0, 2, 2, 3),
		Reduce: cell(1, 6, 0, 0, 1, 1, 0, 2, 1, 4, 2, 0, 0, 5, 4, 3),
	}
	graph, err := g.Graph(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(graph)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tiny is the size of networks in tests that differentiate numerically.
func tiny(v bench301.Variant) bench301.Config {
	return bench301.Config{Channels: 2, Layers: 3, Classes: 3, Height: 8, Width: 8, Variant: v, Auxiliary: false,
		DropPath: v == bench301.VariantDARTS}
}

// drawn returns parameters and images of a plan, and a function that draws more.
func drawn(p *Plan, n int, seed uint64) (theta, x []float64, labels []int, normal func(n int) []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	normal = func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	theta = normal(p.NumParams())
	for _, v := range p.Views() {
		for i := v.Offset; i < v.Offset+v.Size; i++ {
			switch {
			case v.FanIn > 0:
				theta[i] /= math.Sqrt(float64(v.FanIn))
			case v.Kind == bench301.NormWeight:
				theta[i] = 1 + theta[i]/8
			}
		}
	}
	x = normal(n * p.ImageSize())
	for range n {
		labels = append(labels, rng.IntN(p.Classes()))
	}
	return theta, x, labels, normal
}

func TestHessianIsTheDerivativeOfTheGradient(t *testing.T) {
	for _, variant := range []bench301.Variant{bench301.VariantNASLib, bench301.VariantDARTS} {
		for _, norm := range []Norm{BatchNorm, RunningNorm, NoNorm} {
			const n = 3
			p := compiled(t, tiny(variant))
			theta, x, labels, normal := drawn(p, n, 5)
			if norm == NoNorm {
				for i := range theta { // smaller numbers, so that the loss is not at its ends
					theta[i] /= 2
				}
			}
			e := newEngine[float64](t, p, Options{Batch: n, Hessian: true})
			if err := e.SetDropPath(0.3, 1); variant == bench301.VariantDARTS && err != nil {
				t.Fatal(err)
			}
			v := normal(len(theta))
			hv, up, down := make([]float64, len(theta)), make([]float64, len(theta)), make([]float64, len(theta))
			run(t, e, theta, x, n, norm)
			if err := e.HessianVector(labels, v, hv); err != nil {
				t.Fatal(err)
			}
			const h = 1e-7
			for sign, g := range map[float64][]float64{1: up, -1: down} {
				moved := make([]float64, len(theta))
				for i := range moved {
					moved[i] = theta[i] + sign*h*v[i]
				}
				e.ResetRunning()
				run(t, e, moved, x, n, norm)
				lossGradient(t, e, labels, g, nil)
			}
			worst := 0.0
			for i := range up {
				worst = max(worst, math.Abs((up[i]-down[i])/(2*h)-hv[i]))
			}
			if scale := l2(hv); !(worst <= 1e-6*scale) || scale == 0 {
				t.Errorf("%s, norm %d: off by %.3g of %.3g", variant, norm, worst, scale)
			}
		}
	}
}

// The products of both precisions agree, after passes that moved the running statistics, with dropped paths.
func TestHessianInFloat32(t *testing.T) {
	const n = 5
	p := compiled(t, tiny(bench301.VariantDARTS))
	theta64, x64, labels, normal := drawn(p, n, 31)
	theta, x, v := narrow[float32](theta64), narrow[float32](x64), narrow[float32](normal(p.NumParams()))
	for _, norm := range []Norm{BatchNorm, RunningNorm, NoNorm} {
		got, want := hessianAfter[float32](t, p, theta, x, v, labels, norm), hessianAfter[float64](t, p, theta, x, v, labels,
			norm)
		if d := distance(got, want); !(d <= 1e-4) {
			t.Errorf("norm %d: float32 is off by %.3g", norm, d)
		}
	}
}

// hessianAfter is the product after two passes that move the running statistics.
func hessianAfter[T Real](t *testing.T, p *Plan, theta, x, v []float32, labels []int, norm Norm) []float64 {
	t.Helper()
	n := len(labels)
	e := newEngine[T](t, p, Options{Batch: n, Hessian: true})
	calls := 0
	if err := e.SetDropMask(0.3, func(int, int) bool { calls++; return calls%4 != 0 }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		run(t, e, convert[T](theta), convert[T](x), n, BatchNorm)
	}
	run(t, e, convert[T](theta), convert[T](x), n, norm)
	hv := make([]T, len(theta))
	if err := e.HessianVector(labels, convert[T](v), hv); err != nil {
		t.Fatal(err)
	}
	return widen(hv)
}
