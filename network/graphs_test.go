package network

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"rwe301/bench301"
	"rwe301/internal/kernels"
	"rwe301/network/plan"
)

// scribe writes graphs.
type scribe struct{ bench301.Graph }

func (s *scribe) add(k bench301.Kind, c int, inputs ...int) int {
	n := bench301.Node{Name: fmt.Sprintf("node%d", len(s.Nodes)), Kind: k, Inputs: inputs, H: 1, W: 1, C: c, Stride: 1,
		Groups: 1, Kernel: 1, Dilation: 1}
	if len(inputs) > 0 {
		n.H, n.W = s.Nodes[inputs[0]].H, s.Nodes[inputs[0]].W
		if c == 0 {
			n.C = s.Nodes[inputs[0]].C
		}
	}
	s.Nodes = append(s.Nodes, n)
	return len(s.Nodes) - 1
}

func (s *scribe) param(node int, kind bench301.ParamKind, fan int, shape ...int) {
	n := &s.Nodes[node]
	n.Params = append(n.Params, len(s.Params))
	s.Params = append(s.Params, bench301.Param{Name: fmt.Sprintf("%s.%d", n.Name, len(n.Params)), Kind: kind,
		Shape: shape, FanIn: fan})
}

// window gives node i a geometry; a convolution gets its weights.
func (s *scribe) window(i, kernel, stride, pad, dilation, offset int) {
	n := &s.Nodes[i]
	in := s.Nodes[n.Inputs[0]]
	reach := dilation*(kernel-1) + 1
	n.Kernel, n.Stride, n.Pad, n.Dilation, n.Offset = kernel, stride, pad, dilation, offset
	n.H, n.W = (in.H-offset+2*pad-reach)/stride+1, (in.W-offset+2*pad-reach)/stride+1
	if n.Kind == bench301.Conv {
		s.param(i, bench301.ConvWeight, in.C/n.Groups*kernel*kernel, n.C, in.C/n.Groups, kernel, kernel)
	}
}

func (s *scribe) norm(x int, affine bool) int {
	i := s.add(bench301.BatchNorm, 0, x)
	if affine {
		s.param(i, bench301.NormWeight, 0, s.Nodes[i].C)
		s.param(i, bench301.NormBias, 0, s.Nodes[i].C)
	}
	return i
}

// anyGraph is a random network of all kinds of nodes in combinations that no search space has.
func anyGraph(rng *rand.Rand, h, w int) bench301.Graph {
	var s scribe
	s.add(bench301.Input, 3)
	s.Nodes[0].H, s.Nodes[0].W = h, w
	maps := []int{0}
	for len(s.Nodes) < 40 {
		x := maps[rng.IntN(len(maps))]
		if rng.IntN(2) == 0 {
			x = maps[len(maps)-1]
		}
		in := s.Nodes[x]
		i := -1
		switch rng.IntN(12) {
		case 0, 1:
			i = s.add(bench301.Conv, 1+rng.IntN(40), x)
			s.window(i, 1, 1, 0, 1, 0)
		case 2: // depthwise, often followed by a pointwise convolution
			k := []int{2, 3, 3, 5, 7}[rng.IntN(5)]
			d := 1 + rng.IntN(2)
			if reach := d * (k - 1); reach >= min(in.H, in.W) || in.C == 1 || min(in.H, in.W) < 3 {
				continue
			}
			i = s.add(bench301.Conv, in.C, x)
			s.Nodes[i].Groups = in.C
			s.window(i, k, 1+rng.IntN(2), d*(k-1)/2, d, 0)
			if rng.IntN(3) > 0 {
				maps = append(maps, i)
				i = s.add(bench301.Conv, 1+rng.IntN(40), i)
				s.window(i, 1, 1, 0, 1, 0)
			}
		case 3: // full
			k := 1 + rng.IntN(3)
			d := 1 + rng.IntN(2)
			if d*(k-1) >= min(in.H, in.W)-1 || min(in.H, in.W) < 4 {
				continue
			}
			i = s.add(bench301.Conv, 1+rng.IntN(20), x)
			s.window(i, k, 1+rng.IntN(2), min(k-1, rng.IntN(2)), d, rng.IntN(2))
		case 4, 5:
			i = s.norm(x, rng.IntN(2) == 0)
		case 6, 7:
			i = s.add(bench301.ReLU, 0, x)
		case 8:
			if min(in.H, in.W) < 4 {
				continue
			}
			i = s.add([]bench301.Kind{bench301.MaxPool, bench301.AvgPool}[rng.IntN(2)], 0, x)
			if rng.IntN(3) == 0 {
				s.window(i, 4, 3, 1, 1, 0)
			} else {
				s.window(i, 3, 1+rng.IntN(2), 1, 1, 0)
			}
		case 9:
			if rng.IntN(3) > 0 {
				continue
			}
			i = s.add(bench301.Zero, 0, x)
		case 10, 11: // of all maps of one shape
			var same []int
			for _, m := range maps {
				if q := s.Nodes[m]; q.H == in.H && q.W == in.W && q.C == in.C {
					same = append(same, m)
				}
			}
			rng.Shuffle(len(same), func(a, b int) { same[a], same[b] = same[b], same[a] })
			same = same[:min(len(same), 1+rng.IntN(4))]
			if rng.IntN(2) == 0 {
				i = s.add(bench301.Add, 0, same...)
			} else if in.C*len(same) < 120 {
				i = s.add(bench301.Concat, in.C*len(same), same...)
			} else {
				i = s.add(bench301.DropPath, 0, x)
			}
		}
		if i >= 0 {
			maps = append(maps, i)
		}
	}
	// The head reads everything that nothing else reads.
	read := map[int]bool{}
	for _, n := range s.Nodes {
		for _, x := range n.Inputs {
			read[x] = true
		}
	}
	var pooled []int
	for _, m := range maps {
		if !read[m] {
			p := s.add(bench301.GlobalAvg, 0, m)
			s.Nodes[p].H, s.Nodes[p].W = 1, 1
			pooled = append(pooled, p)
		}
	}
	c := 0
	for _, p := range pooled {
		c += s.Nodes[p].C
	}
	s.Pooled, s.Features, s.AuxLogits = s.add(bench301.Concat, c, pooled...), maps[len(maps)-1], -1
	s.Logits = s.add(bench301.Linear, 5, s.Pooled)
	s.param(s.Logits, bench301.LinearWeight, c, 5, c)
	s.param(s.Logits, bench301.LinearBias, c, 5)
	return s.Graph
}

// On networks that no fusion was made for, the executor must agree with the loops in float64, forward and backward.
func TestAnyGraph(t *testing.T) {
	const n = 3
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 7))
		p, err := Compile(anyGraph(rng, 8+rng.IntN(9), 8+rng.IntN(9)))
		if err != nil {
			t.Fatal(err)
		}
		theta64, x64, labels, _ := drawn(p, n, seed)
		theta, x := narrow[float32](theta64), narrow[float32](x64)
		theta64, x64 = widen(theta), widen(x)
		o := Options{Batch: n, Gradients: true}
		e, r := newEngine[float32](t, p, o), newEngine[float64](t, p, o)
		for _, norm := range []Norm{BatchNorm, RunningNorm} {
			for _, rate := range []float64{0, 0.4} {
				if err := e.SetDropPath(rate, seed); err != nil {
					t.Fatal(err)
				}
				if err := r.SetDropPath(rate, seed); err != nil {
					t.Fatal(err)
				}
				run(t, e, theta, x, n, norm)
				run(t, r, theta64, x64, n, norm)
				near(t, fmt.Sprintf("seed %d, norm %d: logits", seed, norm), widen(e.Logits()), r.Logits(), 2e-4)
				g, gx := make([]float32, len(theta)), make([]float32, len(x))
				g64, gx64 := make([]float64, len(theta)), make([]float64, len(x))
				lossGradient(t, e, labels, g, gx)
				lossGradient(t, r, labels, g64, gx64)
				near(t, fmt.Sprintf("seed %d, norm %d: gradient", seed, norm), widen(g), g64, 1e-3)
				near(t, fmt.Sprintf("seed %d, norm %d: input gradient", seed, norm), widen(gx), gx64, 1e-3)
			}
		}
	}
}

// near compares vectors by the norm of their difference.
func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	difference := make([]float64, len(want))
	for i := range want {
		difference[i] = got[i] - want[i]
	}
	if d := l2(difference); !(d <= tolerance*(l2(want)+1e-3)) {
		t.Errorf("%s: off by %.3g of %.3g", what, d, l2(want))
	}
}

// The bits of a result depend on neither the level of the kernels nor the number of workers.
func TestSameBitsForAnyLevel(t *testing.T) {
	const n = 5
	defer func(l kernels.Level) { _, _ = kernels.Use(l) }(kernels.Active())
	p := every(t)
	theta64, x64, labels, _ := drawn(p, n, 9)
	theta, x := narrow[float32](theta64), narrow[float32](x64)
	var want []float32
	for _, level := range kernels.Levels() {
		if _, err := kernels.Use(level); err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{1, 3} {
			e := newEngine[float32](t, p, Options{Batch: n, Gradients: true, Workers: workers})
			if err := e.SetDropPath(0.2, 1); err != nil {
				t.Fatal(err)
			}
			run(t, e, theta, x, n, BatchNorm)
			g, gx := make([]float32, len(theta)), make([]float32, len(x))
			lossGradient(t, e, labels, g, gx)
			got := slices.Concat(e.Logits(), e.AuxLogits(), e.Features(), g, gx)
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s with %d workers changes the result", level, workers)
			}
		}
	}
}

// Values far from zero, compared to how much they vary, must not spoil the statistics.
func TestStatisticsFarFromZero(t *testing.T) {
	var s scribe
	s.add(bench301.Input, 3)
	s.Nodes[0].H, s.Nodes[0].W = 16, 16
	conv := s.add(bench301.Conv, 6, 0)
	s.window(conv, 1, 1, 0, 1, 0)
	s.Features = s.norm(conv, false)
	s.Pooled = s.add(bench301.GlobalAvg, 0, s.Features)
	s.Nodes[s.Pooled].H, s.Nodes[s.Pooled].W = 1, 1
	s.Logits = s.add(bench301.Linear, 2, s.Pooled)
	s.param(s.Logits, bench301.LinearWeight, 6, 2, 6)
	s.param(s.Logits, bench301.LinearBias, 6, 2)
	s.AuxLogits = -1
	p, err := Compile(s.Graph)
	if err != nil {
		t.Fatal(err)
	}
	const n = 4
	theta64, x64, _, _ := drawn(p, n, 1)
	theta, x := narrow[float32](theta64), narrow[float32](x64)
	for i := range x {
		x[i] = 50 + x[i]/64
	}
	e, r := newEngine[float32](t, p, Options{Batch: n}), newEngine[float64](t, p, Options{Batch: n})
	run(t, e, theta, x, n, BatchNorm)
	run(t, r, widen(theta), widen(x), n, BatchNorm)
	name := s.Nodes[s.Features].Name
	_, got := e.Running(name)
	_, want := r.Running(name)
	for c := range want { // as the difference of two sums this would be off by some 1e-3 of itself
		got, want := (got[c]-0.9)/0.1, (want[c]-0.9)/0.1
		if math.Abs(got/want-1) > 2e-5 {
			t.Errorf("channel %d: variance %v, want %v", c, got, want)
		}
	}
}

// Hessian-vector products in float32 must agree with those of the loops in float64.
func TestHessianAgrees(t *testing.T) {
	const n = 3
	agree := func(what string, p *Plan, seed uint64, rate float64, tolerance float64) {
		t.Helper()
		theta64, x64, labels, normal := drawn(p, n, seed)
		theta, x, v := narrow[float32](theta64), narrow[float32](x64), narrow[float32](normal(len(theta64)))
		for _, norm := range []Norm{BatchNorm, RunningNorm, NoNorm} {
			if norm == NoNorm {
				for i := range theta { // smaller numbers, so that the loss is not at its ends
					theta[i] /= 2
				}
			}
			o := Options{Batch: n, Hessian: true, Workers: 2}
			e, r := newEngine[float32](t, p, o), newEngine[float64](t, p, o)
			if err := errors.Join(e.SetDropPath(rate, seed), r.SetDropPath(rate, seed)); err != nil {
				t.Fatal(err)
			}
			run(t, e, theta, x, n, norm)
			run(t, r, widen(theta), widen(x), n, norm)
			got, want := make([]float32, len(theta)), make([]float64, len(theta))
			if err := errors.Join(e.HessianVector(labels, v, got), r.HessianVector(labels, widen(v), want)); err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprintf("%s, norm %d", what, norm), widen(got), want, tolerance)
			again := make([]float32, len(theta))
			if err := e.HessianVector(labels, v, again); err != nil || !slices.Equal(again, got) {
				t.Errorf("%s, norm %d: a second product differs; %v", what, norm, err)
			}
		}
	}
	for _, variant := range []bench301.Variant{bench301.VariantNASLib, bench301.VariantDARTS} {
		agree(string(variant), compiled(t, tiny(variant)), 5, 0.3, 1e-4)
	}
	fused := 0
	for seed := uint64(0); seed < 60; seed++ {
		rng := rand.New(rand.NewPCG(seed, 11))
		p, err := Compile(anyGraph(rng, 8+rng.IntN(9), 8+rng.IntN(9)))
		if err != nil {
			t.Fatal(err)
		}
		if !plan.NewDesign(p, Options{Batch: 1, Hessian: true, Gradients: true}).Unknown() {
			agree(fmt.Sprintf("graph %d", seed), p, seed, 0, 2e-3)
			fused++
		}
	}
	if fused < 5 {
		t.Errorf("%d graphs only", fused)
	}
}
