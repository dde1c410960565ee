package network

import (
	"fmt"
	"slices"

	"rwe301/bench301"
)

// Plan is a compiled network. It is immutable, holds no data, and may be shared.
type Plan struct {
	graph   bench301.Graph
	views   []View
	size    int
	readers [][]int // of each node, ascending
}

// View is one parameter tensor inside the flat vector: theta[Offset : Offset+Size], row-major.
type View struct {
	bench301.Param
	Offset, Size int
}

// Compile checks a graph and lays out its parameter vector in the graph's order.
func Compile(g bench301.Graph) (*Plan, error) {
	p := &Plan{graph: g, readers: make([][]int, len(g.Nodes))}
	if len(g.Nodes) == 0 || g.Nodes[0].Kind != bench301.Input {
		return nil, fmt.Errorf("network: node 0 must be the input")
	}
	for _, param := range g.Params {
		v := View{Param: param, Offset: p.size, Size: param.Size()}
		p.views = append(p.views, v)
		p.size += v.Size
	}
	for i, n := range g.Nodes {
		if err := p.check(i, n); err != nil {
			return nil, fmt.Errorf("network: node %d (%s): %w", i, n.Name, err)
		}
		for _, x := range n.Inputs {
			p.readers[x] = append(p.readers[x], i)
		}
	}
	for _, out := range []int{g.Features, g.Pooled, g.Logits} {
		if out < 0 || out >= len(g.Nodes) {
			return nil, fmt.Errorf("network: output node %d does not exist", out)
		}
	}
	return p, nil
}

// check verifies what execution relies on: inputs precede the node, shapes and parameters fit its kind.
func (p *Plan) check(i int, n bench301.Node) error {
	if n.H < 1 || n.W < 1 || n.C < 1 {
		return fmt.Errorf("output of %d x %d x %d: sizes must be positive", n.H, n.W, n.C)
	}
	if (n.Kind == bench301.Input) != (i == 0) {
		return fmt.Errorf("only node 0 is an input")
	}
	if i > 0 && len(n.Inputs) == 0 {
		return fmt.Errorf("has no input")
	}
	if n.Kind > bench301.Zero {
		return fmt.Errorf("unknown kind %d", n.Kind)
	}
	for _, x := range n.Inputs {
		if x < 0 || x >= i {
			return fmt.Errorf("reads node %d, which does not precede it", x)
		}
	}
	want := map[bench301.Kind][]int{bench301.Conv: {1}, bench301.Linear: {2}, bench301.BatchNorm: {0, 2}}[n.Kind]
	if want == nil {
		want = []int{0}
	}
	if !slices.Contains(want, len(n.Params)) {
		return fmt.Errorf("has %d parameter tensors, wants %v", len(n.Params), want)
	}
	if n.Kind == bench301.Conv && n.Groups != 1 && n.Groups != n.C {
		return fmt.Errorf("%d groups: only full and depthwise convolutions exist here", n.Groups)
	}
	return nil
}

// Graph returns the description that was compiled.
func (p *Plan) Graph() bench301.Graph { return p.graph }

// NumParams is the length of theta.
func (p *Plan) NumParams() int { return p.size }

// Views lists the parameter tensors in order.
func (p *Plan) Views() []View { return p.views }

// Classes is the number of outputs of the classifier.
func (p *Plan) Classes() int { return p.graph.Nodes[p.graph.Logits].C }

// imageSize is the number of values of one image.
func (p *Plan) imageSize() int { return p.valuesOf(0) }

// valuesOf is the number of values of node i's output for one image.
func (p *Plan) valuesOf(i int) int {
	n := p.graph.Nodes[i]
	return n.H * n.W * n.C
}
