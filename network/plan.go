package network

import (
	"fmt"

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
		v := View{Param: param, Offset: p.size}
		if err := v.measure(); err != nil {
			return nil, fmt.Errorf("network: parameter %s: %w", param.Name, err)
		}
		p.views = append(p.views, v)
		p.size += v.Size
	}
	c := inspector{plan: p, owner: make([]string, len(g.Params)), names: map[string]bool{}}
	for i, n := range g.Nodes {
		if err := c.node(i, n); err != nil {
			return nil, fmt.Errorf("network: node %d (%s): %w", i, n.Name, err)
		}
		for _, x := range n.Inputs {
			p.readers[x] = append(p.readers[x], i)
		}
	}
	if err := c.outputs(); err != nil {
		return nil, err
	}
	return p, nil
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
