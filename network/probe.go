package network

import (
	"fmt"

	"rwe301/bench301"
)

// Probe asks to see a node during passes. An executor without probes does nothing for them.
type Probe struct {
	Node int
	See  Sight
}

// Sight is what a probe sees, a set of bits.
type Sight uint8

// What a probe can see.
const (
	SeeOutput   Sight = 1 << iota // the node's output, during Forward
	SeeSigns                      // of a ReLU: which inputs are positive, during Forward
	SeeGradient                   // the node's output and its gradient, during Backward
)

// Observer receives what the probes see: outputs and signs in the order of the nodes, gradients in the reverse order.
// The slices are the executor's own and valid during the call only. A nil field sees nothing.
type Observer[T Real] struct {
	// Output gets y[n][h][w][c].
	Output func(node int, y []T)
	// Signs gets SignWords(node) words for each of the n images: bit k%64 of word k/64 says whether value k (in h, w, c
	// order) of the ReLU's input is positive. Bits beyond the last value are zero.
	Signs func(node int, signs []uint64)
	// Gradient gets y and the derivatives g of Backward's scalar with respect to it. It is not called for nodes on which
	// the scalar does not depend.
	Gradient func(node int, y, g []T)
	// WeightProducts gets, for each output channel of a layer, the product of its weights and an image's part of their
	// gradient, when Backward wants gTheta and Options.PerImage is set: the part of its own activations and their
	// gradients. The images of a layer come in order; layers on which the scalar does not depend have none. By Euler's
	// theorem, for a convolution it is the sum over the positions of the channel times its gradient.
	WeightProducts func(node, image int, products []float64)
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
func (p *Plan) SignWords(node int) int { return (p.valuesOf(node) + 63) / 64 }

// checkProbes says which probe cannot see what it asks for.
func (o *Options) checkProbes(p *Plan) error {
	for _, b := range o.Probes {
		switch {
		case b.Node < 1 || b.Node >= len(p.graph.Nodes):
			return fmt.Errorf("network: cannot probe node %d: nodes 1-%d have outputs", b.Node, len(p.graph.Nodes)-1)
		case b.See == 0 || b.See > SeeOutput|SeeSigns|SeeGradient:
			return fmt.Errorf("network: the probe of node %d asks for nothing that there is (%d)", b.Node, b.See)
		case b.See&SeeSigns != 0 && p.graph.Nodes[b.Node].Kind != bench301.ReLU:
			return fmt.Errorf("network: a probe of the signs of %s, which is no ReLU", p.graph.Nodes[b.Node].Name)
		case b.See&SeeGradient != 0 && !o.Gradients:
			return fmt.Errorf("network: a probe of gradients without Options.Gradients")
		}
	}
	return nil
}

// signWords is the number of words an image that the probes of signs need at once.
func (o *Options) signWords(p *Plan) int {
	words := 0
	for _, b := range o.Probes {
		if b.See&SeeSigns != 0 {
			words = max(words, p.SignWords(b.Node))
		}
	}
	return words
}

// Observe sets who receives what Options.Probes ask for, from the next pass on.
func (m *Machine[T]) Observe(o Observer[T]) { m.observer = o }

// look shows node i's output to the observer.
func (m *Machine[T]) look(i int) {
	see, y := m.steps[i].see, m.output(i, 0, m.n)
	if see&SeeOutput != 0 && m.observer.Output != nil {
		m.observer.Output(i, y)
	}
	if see&SeeSigns != 0 && m.observer.Signs != nil {
		words := m.plan.SignWords(i)
		signs := m.signs[:m.n*words]
		for image := range m.n {
			packSigns(signs[image*words:][:words], m.output(i, image, image+1))
		}
		m.observer.Signs(i, signs)
	}
}

// packSigns sets bit k of signs to whether y[k] is positive.
func packSigns[T Real](signs []uint64, y []T) {
	clear(signs)
	for k, v := range y {
		if v > 0 {
			signs[k/64] |= 1 << (k % 64)
		}
	}
}

// PerSample calls visit once an image, in order, after setting gTheta to the gradient of that image's own cross-entropy.
// With RunningNorm or NoNorm an image does not touch the others, so each goes through the network alone; with
// BatchNorm one Forward serves a Backward an image. visit's first error ends it.
func PerSample[T Real](e Runner[T], theta, x []T, labels []int, norm Norm, gTheta []T, visit func(image int) error) error {
	n, size := len(labels), e.Plan().imageSize()
	if n == 0 || len(x) != n*size {
		return fmt.Errorf("network: %d values for %d labels: an image has %d", len(x), n, size)
	}
	classes := e.Plan().Classes()
	cotangent := make([]T, n*classes)
	if norm == BatchNorm {
		if err := e.Forward(theta, x, n, norm); err != nil {
			return err
		}
	}
	for i := range n {
		row, c := 0, cotangent // the image's row of the logits, and all cotangents of the pass
		if norm == BatchNorm {
			row = i
			clear(c)
		} else {
			c = c[:classes]
			if err := e.Forward(theta, x[i*size:][:size], 1, norm); err != nil {
				return err
			}
		}
		if _, err := CrossEntropy(e.Logits()[row*classes:][:classes], labels[i:i+1], c[row*classes:][:classes]); err != nil {
			return err
		}
		if err := e.Backward(Cotangents[T]{Logits: c}, gTheta, nil); err != nil {
			return err
		}
		if err := visit(i); err != nil {
			return err
		}
	}
	return nil
}
