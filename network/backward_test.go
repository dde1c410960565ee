package network

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
)

// every is a small network with every kind of node: drop path and an auxiliary head (whose 5x5 pool wants 8x8 maps).
func every(t testing.TB) *Plan {
	cfg := tiny(bench301.VariantDARTS)
	cfg.Height, cfg.Width, cfg.Auxiliary = 32, 32, true
	return compiled(t, cfg)
}

// dot is the scalar whose cotangents are c.
func dot[T Real](e engine[T], c Cotangents[T]) float64 {
	total := 0.0
	inner := func(a, b []T) {
		for i, v := range a {
			total += float64(v) * float64(b[i])
		}
	}
	inner(c.Logits, e.Logits())
	inner(c.AuxLogits, e.AuxLogits())
	inner(c.Pooled, e.Features())
	for node, data := range c.Nodes {
		y, _, _, _ := e.Output(node)
		inner(data, y)
	}
	return total
}

func TestGradientIsTheDerivative(t *testing.T) {
	const n = 2
	p := every(t)
	g := p.Graph()
	keep := []int{g.Cells[0], g.Edges[1][4], g.Features}
	e := newEngine[float64](t, p, Options{Batch: n, Gradients: true, Keep: keep, KeepGradients: keep})
	theta, x, _, normal := drawn(p, n, 3)
	if err := e.SetDropPath(0.3, 2); err != nil {
		t.Fatal(err)
	}
	for _, norm := range []Norm{BatchNorm, RunningNorm, NoNorm} {
		run(t, e, theta, x, n, norm)
		c := Cotangents[float64]{Logits: normal(len(e.Logits())), AuxLogits: normal(len(e.AuxLogits())),
			Pooled: normal(len(e.Features())), Nodes: map[int][]float64{}}
		for _, k := range keep {
			y, _, _, _ := e.Output(k)
			c.Nodes[k] = normal(len(y))
		}
		gTheta, gInput := make([]float64, len(theta)), make([]float64, len(x))
		if err := e.Backward(c, gTheta, gInput); err != nil {
			t.Fatal(err)
		}
		dTheta, dInput := normal(len(theta)), normal(len(x))
		want := 0.0
		for i, v := range gTheta {
			want += v * dTheta[i]
		}
		for i, v := range gInput {
			want += v * dInput[i]
		}
		const h = 1e-8
		var ends [2]float64
		for k, sign := range []float64{1, -1} {
			moved, shifted := slices.Clone(theta), slices.Clone(x)
			for i := range moved {
				moved[i] += sign * h * dTheta[i]
			}
			for i := range shifted {
				shifted[i] += sign * h * dInput[i]
			}
			e.ResetRunning()
			run(t, e, moved, shifted, n, norm)
			ends[k] = dot(e, c)
		}
		e.ResetRunning()
		if got := (ends[0] - ends[1]) / (2 * h); !(math.Abs(got-want) <= 2e-5*math.Abs(want)) {
			t.Errorf("norm %d: derivative %.8g, gradient says %.8g", norm, got, want)
		}
	}
}

// One Forward serves several Backward calls; what is not asked for does not change what is.
func TestBackwardRepeats(t *testing.T) {
	t.Run("float32", testBackwardRepeats[float32])
	t.Run("float64", testBackwardRepeats[float64])
}

func testBackwardRepeats[T Real](t *testing.T) {
	const n = 2
	p := every(t)
	node := p.Graph().Cells[1]
	e := newEngine[T](t, p, Options{Batch: n, Gradients: true, KeepGradients: []int{node}})
	all := newEngine[T](t, p, Options{Batch: n, Gradients: true, Keep: allNodes(p), KeepGradients: allNodes(p)})
	theta64, x64, labels, _ := drawn(p, n, 3)
	theta, x := narrow[T](theta64), narrow[T](x64)
	g := func(e engine[T], wantInput bool) (gTheta, gInput, gNode []T) {
		gTheta = make([]T, len(theta))
		if wantInput {
			gInput = make([]T, len(x))
		}
		lossGradient(t, e, labels, gTheta, gInput)
		gNode, _, _, _ = e.Gradient(node)
		return gTheta, gInput, slices.Clone(gNode)
	}
	run(t, e, theta, x, n, BatchNorm)
	run(t, all, theta, x, n, BatchNorm)
	gTheta, gInput, gNode := g(e, true)
	if l2(widen(gTheta)) == 0 || l2(widen(gInput)) == 0 || l2(widen(gNode)) == 0 {
		t.Fatal("no gradient")
	}
	// something else in between
	ones := make([]T, len(e.Features()))
	for i := range ones {
		ones[i] = 1
	}
	if err := e.Backward(Cotangents[T]{Pooled: ones}, nil, make([]T, len(x))); err != nil {
		t.Fatal(err)
	}
	again, _, againNode := g(e, false)
	allTheta, allInput, allNode := g(all, true)
	if !slices.Equal(again, gTheta) || !slices.Equal(againNode, gNode) {
		t.Error("a second Backward differs from the first")
	}
	if !slices.Equal(allTheta, gTheta) || !slices.Equal(allInput, gInput) || !slices.Equal(allNode, gNode) {
		t.Error("sharing memory changes gradients")
	}
}

// TestUntil compares the gradients of a pass that ends at a node with those of a whole one.
func TestUntil(t *testing.T) {
	const n = 2
	p := every(t)
	keep := p.Graph().Cells
	e := newEngine[float32](t, p, Options{Batch: n, Gradients: true, Keep: keep, KeepGradients: keep})
	theta, x, _, normal := drawn(p, n, 3)
	run(t, e, narrow[float32](theta), narrow[float32](x), n, BatchNorm)
	gradient := func(c Cotangents[float32], node int) []float32 {
		if err := e.Backward(c, nil, nil); err != nil {
			t.Fatal(err)
		}
		g, _, _, _ := e.Gradient(node)
		return slices.Clone(g)
	}
	for i := len(keep) - 1; i > 0; i-- {
		y, _, _, _ := e.Output(keep[i])
		c := Cotangents[float32]{Nodes: map[int][]float32{keep[i]: narrow[float32](normal(len(y)))}}
		want := gradient(c, keep[i-1])
		if l2(widen(want)) == 0 {
			t.Fatalf("cell %d: no gradient", i)
		}
		c.Until = keep[i-1]
		if got := gradient(c, keep[i-1]); !slices.Equal(got, want) {
			t.Errorf("cell %d: the gradient at the cell before differs from that of a whole pass", i)
		}
	}
}

func allNodes(p *Plan) (nodes []int) {
	for i := 1; i < len(p.Graph().Nodes); i++ {
		nodes = append(nodes, i)
	}
	return nodes
}

func narrow[T Real](x []float64) []T {
	out := make([]T, len(x))
	for i, v := range x {
		out[i] = T(v)
	}
	return out
}

func TestGradientsHaveTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	t.Run("float32", testWorkers[float32])
	t.Run("float64", testWorkers[float64])
}

func testWorkers[T Real](t *testing.T) {
	const n = 19
	p := compiled(t, tiny(bench301.VariantDARTS))
	theta64, x64, labels, normal := drawn(p, n, 8)
	theta, x, v := narrow[T](theta64), narrow[T](x64), narrow[T](normal(p.NumParams()))
	var want []T
	for _, workers := range []int{1, 2, 5, 40} {
		e := newEngine[T](t, p, Options{Batch: n, Hessian: true, Workers: workers})
		if err := e.SetDropPath(0.2, 5); err != nil {
			t.Fatal(err)
		}
		gTheta, gInput, hv := make([]T, len(theta)), make([]T, len(x)), make([]T, len(theta))
		run(t, e, theta, x, n, BatchNorm)
		lossGradient(t, e, labels, gTheta, gInput)
		if err := e.HessianVector(labels, v, hv); err != nil {
			t.Fatal(err)
		}
		got := slices.Concat(e.Logits(), gTheta, gInput, hv)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers change the result", workers)
		}
	}
}

func TestBackwardDoesNotAllocate(t *testing.T) {
	t.Run("float32", testBackwardAllocations[float32])
	t.Run("float64", testBackwardAllocations[float64])
}

func testBackwardAllocations[T Real](t *testing.T) {
	const n = 3
	p := every(t)
	theta64, x64, labels, normal := drawn(p, n, 8)
	theta, x, v := narrow[T](theta64), narrow[T](x64), narrow[T](normal(p.NumParams()))
	for _, workers := range []int{1, 2} {
		e := newEngine[T](t, p, Options{Batch: n, Hessian: true, Workers: workers})
		gTheta, gInput := make([]T, len(theta)), make([]T, len(x))
		run(t, e, theta, x, n, BatchNorm)
		cotangent := make([]T, len(e.Logits()))
		allocations := testing.AllocsPerRun(3, func() {
			run(t, e, theta, x, n, BatchNorm)
			if _, err := CrossEntropy(e.Logits(), labels, cotangent); err != nil {
				t.Fatal(err)
			}
			if err := e.Backward(Cotangents[T]{Logits: cotangent}, gTheta, gInput); err != nil {
				t.Fatal(err)
			}
			if err := e.HessianVector(labels, v, gTheta); err != nil {
				t.Fatal(err)
			}
		})
		if allocations != 0 {
			t.Errorf("%d workers: %v allocations a step", workers, allocations)
		}
	}
}

func TestBadBackward(t *testing.T) {
	const n = 2
	p := compiled(t, tiny(bench301.VariantNASLib))
	theta, x, labels, _ := drawn(p, n, 8)
	e := newEngine[float64](t, p, Options{Batch: n, Gradients: true})
	logits := make([]float64, n*p.Classes())
	bad := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want an error with %q", what, err, want)
		}
	}
	c := Cotangents[float64]{Logits: logits}
	bad("no pass", e.Backward(c, nil, nil), "Forward")
	run(t, e, theta, x, n, BatchNorm)
	bad("theta", e.Backward(c, theta[1:], nil), "parameters")
	bad("input", e.Backward(c, nil, x[1:]), "images have")
	bad("logits", e.Backward(Cotangents[float64]{Logits: logits[1:]}, nil, nil), "logits")
	bad("aux", e.Backward(Cotangents[float64]{AuxLogits: logits}, nil, nil), "auxiliary")
	bad("node", e.Backward(Cotangents[float64]{Nodes: map[int][]float64{1 << 20: logits}}, nil, nil), "Keep")
	bad("until", e.Backward(Cotangents[float64]{Logits: logits, Until: 1}, nil, nil), "KeepGradients")
	kept := newEngine[float64](t, p, Options{Batch: n, Gradients: true, KeepGradients: []int{1}})
	run(t, kept, theta, x, n, BatchNorm)
	bad("until", kept.Backward(Cotangents[float64]{Logits: logits, Until: 1}, make([]float64, len(theta)), nil), "part of")
	bad("hessian", e.HessianVector(labels, theta, theta), "Hessian")
	forward := newEngine[float64](t, p, Options{Batch: n})
	run(t, forward, theta, x, n, BatchNorm)
	bad("forward only", forward.Backward(c, nil, nil), "Gradients")
	h := newEngine[float64](t, p, Options{Batch: n, Hessian: true})
	bad("no pass", h.HessianVector(labels, theta, theta), "Forward")
	run(t, h, theta, x, n, BatchNorm)
	bad("vector", h.HessianVector(labels, theta[1:], theta), "parameters")
	bad("labels", h.HessianVector(labels[1:], theta, theta), "labels")
	bad("label", h.HessianVector([]int{0, 3}, theta, theta), "must lie in [0, 3)")
	for name, labels := range map[string][]int{"none": nil, "too many": {0, 1, 2, 0}, "negative": {0, -1}} {
		if _, err := CrossEntropy(logits, labels, nil); err == nil {
			t.Errorf("%s labels were accepted", name)
		}
	}
	if _, err := NewExecutor64(p, Options{Batch: 1, KeepGradients: []int{1}}); err == nil {
		t.Error("KeepGradients without Gradients was accepted")
	}
}

func TestCrossEntropy(t *testing.T) {
	// -ln softmax(x)[y] of one row is ln(sum exp(x)) - x[y]; large logits must not overflow
	loss, err := CrossEntropy([]float64{0, math.Ln2, math.Log(3), 1000, 0, 0}, []int{1, 0}, nil)
	if want := math.Log(6.0/2) / 2; err != nil || math.Abs(loss-want) > 1e-15 {
		t.Errorf("loss %v, %v; want %v", loss, err, want)
	}
	grad := make([]float64, 3)
	if _, err := CrossEntropy([]float64{0, math.Ln2, math.Log(3)}, []int{2}, grad); err != nil {
		t.Fatal(err)
	}
	if want := []float64{1. / 6, 1. / 3, -0.5}; fmt.Sprintf("%.12f", grad) != fmt.Sprintf("%.12f", want) {
		t.Errorf("gradient %v, want %v", grad, want)
	}
}
