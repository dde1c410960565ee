package network

import (
	"fmt"
	"testing"

	"rwe301/bench301"
)

// sketch builds graphs of a few nodes.
type sketch struct{ g bench301.Graph }

func (s *sketch) add(n bench301.Node, inputs ...int) int {
	n.Inputs = inputs
	n.Name = fmt.Sprintf("n%d", len(s.g.Nodes))
	s.g.Nodes = append(s.g.Nodes, n)
	return len(s.g.Nodes) - 1
}

func (s *sketch) param(k bench301.ParamKind, fan int, shape ...int) int {
	s.g.Params = append(s.g.Params, bench301.Param{Name: fmt.Sprintf("p%d", len(s.g.Params)), Kind: k, Shape: shape,
		FanIn: fan})
	return len(s.g.Params) - 1
}

// like is a node of the shape of x.
func (s *sketch) like(k bench301.Kind, x int) bench301.Node {
	in := s.g.Nodes[x]
	return bench301.Node{Kind: k, H: in.H, W: in.W, C: in.C}
}

// window is a node with a sliding window.
func (s *sketch) window(k bench301.Kind, x, kernel, stride, pad, dilation, offset int) bench301.Node {
	n := s.like(k, x)
	reach := dilation*(kernel-1) + 1
	n.H, n.W = (n.H-offset+2*pad-reach)/stride+1, (n.W-offset+2*pad-reach)/stride+1
	n.Kernel, n.Stride, n.Pad, n.Dilation, n.Offset = kernel, stride, pad, dilation, offset
	return n
}

func (s *sketch) conv(x, out, kernel, stride, offset int) int {
	n := s.window(bench301.Conv, x, kernel, stride, kernel/2, 1, offset)
	in := n.C
	n.C, n.Groups, n.Params = out, 1, []int{s.param(bench301.ConvWeight, in*kernel*kernel, out, in, kernel, kernel)}
	return s.add(n, x)
}

func (s *sketch) depthwise(x, kernel, stride, dilation int) int {
	n := s.window(bench301.Conv, x, kernel, stride, dilation*(kernel/2), dilation, 0)
	n.Groups, n.Params = n.C, []int{s.param(bench301.ConvWeight, kernel*kernel, n.C, 1, kernel, kernel)}
	return s.add(n, x)
}

func (s *sketch) norm(x int) int {
	n := s.like(bench301.BatchNorm, x)
	n.Params = []int{s.param(bench301.NormWeight, 0, n.C), s.param(bench301.NormBias, 0, n.C)}
	return s.add(n, x)
}

func (s *sketch) relu(x int) int { return s.add(s.like(bench301.ReLU, x), x) }

func (s *sketch) pool(k bench301.Kind, x, stride int) int {
	return s.norm(s.add(s.window(k, x, 3, stride, 1, 1, 0), x))
}

func (s *sketch) join(k bench301.Kind, inputs ...int) int {
	n := s.like(k, inputs[0])
	if k == bench301.Concat {
		n.C = 0
		for _, x := range inputs {
			n.C += s.g.Nodes[x].C
		}
	}
	return s.add(n, inputs...)
}

// units are the pieces that networks are made of, each on a state x of width c.
var units = map[string]func(s *sketch, x, c int) int{
	"pointwise": func(s *sketch, x, c int) int { return s.norm(s.conv(s.relu(x), 2*c, 1, 1, 0)) },
	"3x3":       func(s *sketch, x, c int) int { return s.norm(s.conv(s.relu(x), c+3, 3, 1, 0)) },
	"max":       func(s *sketch, x, c int) int { return s.pool(bench301.MaxPool, x, 1) },
	"max/2":     func(s *sketch, x, c int) int { return s.pool(bench301.MaxPool, x, 2) },
	"avg":       func(s *sketch, x, c int) int { return s.pool(bench301.AvgPool, x, 1) },
	"avg/2":     func(s *sketch, x, c int) int { return s.pool(bench301.AvgPool, x, 2) },
	"sep3":      func(s *sketch, x, c int) int { return s.sep(s.sep(x, 3, 1, 1), 3, 1, 1) },
	"sep3/2":    func(s *sketch, x, c int) int { return s.sep(s.sep(x, 3, 2, 1), 3, 1, 1) },
	"sep5":      func(s *sketch, x, c int) int { return s.sep(s.sep(x, 5, 1, 1), 5, 1, 1) },
	"sep5/2":    func(s *sketch, x, c int) int { return s.sep(s.sep(x, 5, 2, 1), 5, 1, 1) },
	"dil3":      func(s *sketch, x, c int) int { return s.sep(x, 3, 1, 2) },
	"dil3/2":    func(s *sketch, x, c int) int { return s.sep(x, 3, 2, 2) },
	"dil5":      func(s *sketch, x, c int) int { return s.sep(x, 5, 1, 2) },
	"dil5/2":    func(s *sketch, x, c int) int { return s.sep(x, 5, 2, 2) },
	"halve": func(s *sketch, x, c int) int {
		r := s.relu(x)
		return s.norm(s.join(bench301.Concat, s.conv(r, c/2+1, 1, 2, 0), s.conv(r, c/2+2, 1, 2, 1)))
	},
	"node": func(s *sketch, x, c int) int {
		return s.join(bench301.Concat, s.join(bench301.Add, s.pool(bench301.AvgPool, x, 1), x), x,
			s.join(bench301.Add, x, s.sep(x, 3, 1, 1)))
	},
}

func (s *sketch) sep(x, kernel, stride, dilation int) int {
	return s.norm(s.conv(s.depthwise(s.relu(x), kernel, stride, dilation), s.g.Nodes[x].C, 1, 1, 0))
}

// unitPlan is a unit between a stem and a classifier.
func unitPlan(t testing.TB, unit func(s *sketch, x, c int) int, side, c int) *Plan {
	t.Helper()
	s := &sketch{}
	x := s.norm(s.conv(s.add(bench301.Node{Kind: bench301.Input, H: side, W: side + 2, C: 3}), c, 3, 1, 0))
	s.g.Features = unit(s, x, c)
	gap := s.like(bench301.GlobalAvg, s.g.Features)
	gap.H, gap.W = 1, 1
	s.g.Pooled = s.add(gap, s.g.Features)
	n := s.like(bench301.Linear, s.g.Pooled)
	n.Params = []int{s.param(bench301.LinearWeight, n.C, 5, n.C), s.param(bench301.LinearBias, n.C, 5)}
	n.C = 5
	s.g.Logits, s.g.AuxLogits = s.add(n, s.g.Pooled), -1
	p, err := Compile(s.g)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each unit alone, in sizes that fill no vector: float32 against float64, output and every gradient. The cotangent is
// on the unit's output, so that batch normalisation does not cancel it.
func TestUnitsAreAccurate(t *testing.T) {
	const n = 3
	for name, unit := range units {
		for _, size := range []struct{ side, c int }{{8, 16}, {10, 7}, {6, 36}, {4, 1}} {
			t.Run(fmt.Sprintf("%s/%dx%dx%d", name, size.side, size.side+2, size.c), func(t *testing.T) {
				p := unitPlan(t, unit, size.side, size.c)
				theta64, x64, _, normal := drawn(p, n, 11)
				theta, x := narrow[float32](theta64), narrow[float32](x64)
				cotangent := narrow[float32](normal(n * p.ValuesOf(p.Graph().Features)))
				y32, gt32, gx32 := unitRun[float32](t, p, theta, x, cotangent, n)
				y64, gt64, gx64 := unitRun[float64](t, p, theta, x, cotangent, n)
				near := func(what string, got, want []float64, scale float64) {
					t.Helper()
					d := make([]float64, len(got))
					for i := range d {
						d[i] = got[i] - want[i]
					}
					if !(l2(d) <= 1e-5*l2(want)+1e-6*scale) {
						t.Errorf("%s: off by %.3g of %.3g", what, l2(d), l2(want))
					}
				}
				near("output", y32, y64, 0)
				near("images' gradient", gx32, gx64, 0)
				for _, v := range p.Views() {
					near(v.Name+" gradient", gt32[v.Offset:][:v.Size], gt64[v.Offset:][:v.Size], l2(gt64))
				}
			})
		}
	}
}

// unitRun is the output of the unit and the gradients for a cotangent on it.
func unitRun[T Real](t *testing.T, p *Plan, theta, x, cotangent []float32, n int) (y, gTheta, gInput []float64) {
	t.Helper()
	f := p.Graph().Features
	e := newEngine[T](t, p, Options{Batch: n, Gradients: true, Keep: []int{f}})
	run(t, e, convert[T](theta), convert[T](x), n, BatchNorm)
	out, _, _, _ := e.Output(f)
	gt, gx := make([]T, len(theta)), make([]T, len(x))
	if err := e.Backward(Cotangents[T]{Nodes: map[int][]T{f: convert[T](cotangent)}}, gt, gx); err != nil {
		t.Fatal(err)
	}
	return widen(out), widen(gt), widen(gx)
}
