package network

import (
	"math"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
)

// FuzzCompile changes numbers of a good graph at will. Compile must refuse what cannot run, and what it takes must run
// forward and backward. Every three bytes are a change: which node or parameter, which field, by how much.
func FuzzCompile(f *testing.F) {
	f.Add([]byte{})
	for node := range byte(12) {
		for field := range byte(14) {
			f.Add([]byte{node, field, 1, node, field, 255})
		}
	}
	f.Fuzz(func(t *testing.T, changes []byte) {
		p := unitPlan(t, func(s *sketch, x, c int) int {
			x = s.join(bench301.Concat, s.sep(x, 3, 2, 1), s.pool(bench301.MaxPool, x, 2))
			return s.join(bench301.Add, x, s.pool(bench301.AvgPool, x, 1))
		}, 4, 2)
		g := copied(p.Graph())
		for ; len(changes) >= 3; changes = changes[3:] {
			change(&g, int(changes[0]), int(changes[1]), int(int8(changes[2])))
		}
		p, err := Compile(g)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "network: ") {
				t.Errorf("error without its place: %v", err)
			}
			return
		}
		o := Options{Batch: 2, Gradients: true}
		if m := p.Memory64(o); m < 0 || m > 1<<20 {
			return
		}
		exercise[float32](t, p, o)
		exercise[float64](t, p, o)
	})
}

// exercise runs a plan once forward and backward.
func exercise[T Real](t *testing.T, p *Plan, o Options) {
	e := newEngine[T](t, p, o)
	theta, x := make([]T, p.NumParams()), make([]T, o.Batch*p.ImageSize())
	for i := range theta {
		theta[i] = T(math.Sin(float64(i)))
	}
	for i := range x {
		x[i] = T(math.Cos(float64(i)))
	}
	run(t, e, theta, x, o.Batch, BatchNorm)
	lossGradient(t, e, make([]int, o.Batch), make([]T, len(theta)), make([]T, len(x)))
}

func copied(g bench301.Graph) bench301.Graph {
	g.Nodes, g.Params = slices.Clone(g.Nodes), slices.Clone(g.Params)
	for i := range g.Nodes {
		g.Nodes[i].Inputs, g.Nodes[i].Params = slices.Clone(g.Nodes[i].Inputs), slices.Clone(g.Nodes[i].Params)
	}
	for i := range g.Params {
		g.Params[i].Shape = slices.Clone(g.Params[i].Shape)
	}
	return g
}

// change adds by to one number of the graph.
func change(g *bench301.Graph, where, field, by int) {
	n := &g.Nodes[where%len(g.Nodes)]
	numbers := []*int{&n.H, &n.W, &n.C, &n.Kernel, &n.Stride, &n.Pad, &n.Dilation, &n.Groups, &n.Offset, &g.Features,
		&g.Pooled, &g.Logits, &g.AuxLogits}
	for i := range n.Inputs {
		numbers = append(numbers, &n.Inputs[i])
	}
	for i := range n.Params {
		numbers = append(numbers, &n.Params[i])
	}
	shape := g.Params[where%len(g.Params)].Shape
	for i := range shape {
		numbers = append(numbers, &shape[i])
	}
	if field %= len(numbers) + 1; field == len(numbers) {
		n.Kind += bench301.Kind(by)
		return
	}
	*numbers[field] += by
}
