package network

import (
	"slices"
	"sync"
	"testing"

	"rwe301/bench301"
	"rwe301/network/plan"
)

// switches counts the decisions (which inputs of a ReLU are positive, which input of a max pool wins) in which the
// float32 executor differs from the float64 one in a pass of a case. A decision between numbers that are equal but for
// rounding may fall either way; the gradient jumps by as much as a part in a thousand when one does.
func (f *fixture) switches(t testing.TB, norm Norm) int {
	t.Helper()
	a, b := decisions[float32](t, f, norm), decisions[float64](t, f, norm)
	differ := 0
	for i := range a {
		if a[i] != b[i] {
			differ++
		}
	}
	return differ
}

// decisions lists the decisions of a pass from fresh running statistics.
func decisions[T Real](t testing.TB, f *fixture, norm Norm) (made []uint8) {
	t.Helper()
	o := Options{Batch: f.Batch}
	g := f.plan.Graph()
	pools := map[int][]int{} // the max pools that read a node
	for _, i := range f.plan.NodesOf(bench301.ReLU) {
		o.Probes = append(o.Probes, Probe{Node: i, See: SeeSigns})
	}
	for _, i := range f.plan.NodesOf(bench301.MaxPool) {
		x := g.Nodes[i].Inputs[0]
		if len(pools[x]) == 0 {
			o.Probes = append(o.Probes, Probe{Node: x, See: SeeOutput})
		}
		pools[x] = append(pools[x], i)
	}
	e := newEngine[T](t, f.plan, o)
	e.Observe(Observer[T]{
		Signs: func(node int, signs []uint64) {
			for _, w := range signs {
				for k := range 64 {
					made = append(made, uint8(w>>k&1))
				}
			}
		},
		Output: func(node int, y []T) {
			for _, i := range pools[node] {
				for image := range f.Batch {
					made = append(made, winnersOf(&g.Nodes[i], &g.Nodes[node], y[image*len(y)/f.Batch:])...)
				}
			}
		},
	})
	run(t, e, convert[T](f.theta), convert[T](f.images), f.Batch, norm)
	return made
}

// winnersOf is the winning position of every output of a max pool on one image.
func winnersOf[T Real](n, in *bench301.Node, x []T) []uint8 {
	best, won := make([]T, n.H*n.W*n.C), make([]uint8, n.H*n.W*n.C)
	plan.Windows(n, in, func(out, from, tap int) {
		for c := range n.C {
			if v := x[from*n.C+c]; won[out*n.C+c] == 0 || v > best[out*n.C+c] {
				best[out*n.C+c], won[out*n.C+c] = v, uint8(tap+1)
			}
		}
	})
	return won
}

// switched lets comparisons of float32 gradients be off by 300 times their tolerance where a decision fell the other
// way; whether one did is found out when a comparison fails. The result ends that.
func (c *checker) switched(f *fixture, norm Norm) (end func()) {
	c.excuse = sync.OnceValue(func() int { return f.switches(c, norm) })
	return func() { c.excuse = nil }
}

// A tie that is broken by a hair must be seen.
func TestSwitchesAreSeen(t *testing.T) {
	n := bench301.Node{Kind: bench301.MaxPool, Kernel: 3, Stride: 1, Pad: 1, Dilation: 1, H: 2, W: 2, C: 1}
	in := bench301.Node{H: 2, W: 2, C: 1}
	if got, want := winnersOf(&n, &in, []float64{1, 1, 0, 0}), []uint8{5, 4, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("winners %v, want %v", got, want)
	}
	if got, want := winnersOf(&n, &in, []float64{1, 1.0000001, 0, 0}), []uint8{6, 5, 3, 2}; !slices.Equal(got, want) {
		t.Errorf("winners %v, want %v", got, want)
	}
}
