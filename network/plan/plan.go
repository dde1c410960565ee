// Package plan compiles the graph of a network into data that executors run.
//
// [Compile] checks a graph and yields a [Plan]: shapes, and one flat parameter vector theta with a named [View] of each
// tensor. What an executor should be able to do is said in [Options]. From both follows, before anything runs or memory
// is allocated, either a [Layout], for an executor that works node by node, or a [Design], for one that fuses: which
// operations become one, in which order they run, where in memory every value and every gradient lies, and for how
// long. [Plan.Memory] and [Plan.Memory64] tell what that will take.
//
// Nothing here holds or computes values of a network. A plan is immutable and may be shared.
package plan

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

// ImageSize is the number of values of one image.
func (p *Plan) ImageSize() int { return p.ValuesOf(0) }

// ValuesOf is the number of values of node i's output for one image.
func (p *Plan) ValuesOf(i int) int {
	n := p.graph.Nodes[i]
	return n.H * n.W * n.C
}

// Operations is the number of floating-point operations that convolutions and linear layers need for one image, two a
// multiply-accumulate: of the forward pass, and with gradients those of the parameters and of all inputs but the
// images'.
func (p *Plan) Operations(gradients bool) int64 {
	total := int64(0)
	for _, n := range p.Graph().Nodes {
		if n.Kind != bench301.Conv && n.Kind != bench301.Linear {
			continue
		}
		macs := int64(n.H*n.W) * int64(p.Views()[n.Params[0]].Size)
		passes := int64(1)
		if gradients {
			passes = 3
			if n.Inputs[0] == 0 {
				passes = 2
			}
		}
		total += 2 * macs * passes
	}
	return total
}

// Layer is a convolution or linear layer.
type Layer struct {
	Name   string
	Node   int  // its output's node; the input is that of Graph().Nodes[Node].Inputs[0]
	Weight View // where its weight, and the gradient of it, lies in a vector like theta
}

// Layers lists the convolutions and linear layers in node order, which is that of the parameters.
func (p *Plan) Layers() (layers []Layer) {
	for i, n := range p.graph.Nodes {
		if n.Kind == bench301.Conv || n.Kind == bench301.Linear {
			layers = append(layers, Layer{n.Name, i, p.views[n.Params[0]]})
		}
	}
	return layers
}

// NodesOf lists the nodes of a kind in order: bench301.ReLU for sign patterns, bench301.BatchNorm for running
// statistics.
func (p *Plan) NodesOf(k bench301.Kind) (nodes []int) {
	for i, n := range p.graph.Nodes {
		if n.Kind == k {
			nodes = append(nodes, i)
		}
	}
	return nodes
}

// SignWords is the number of words that hold the signs of one image's values of a node.
func (p *Plan) SignWords(node int) int { return (p.ValuesOf(node) + 63) / 64 }
