package op

import (
	"errors"
	"fmt"
	"sync/atomic"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"rwe301/network"
)

// Network is an executor that stands in one place of one Gorgonia graph.
type Network[T network.Real] struct {
	// InputGradient makes the operation differentiable with respect to the images too, which costs time even if the
	// gradient is not used. Set it before the network is applied.
	InputGradient bool

	run     network.Runner[T]
	norm    network.Norm
	id      uint64
	applied bool
	passes  int // Forward calls
}

// networks counts the networks of this process, so that Gorgonia does not take two of them for the same operation.
var networks atomic.Uint64

// New returns the operation that an executor stands for. Every run of the graph passes the images through it with the
// given normalisation. The executor needs Options.Gradients if the graph takes gradients; closing it remains the
// caller's.
func New[T network.Real](e network.Runner[T], norm network.Norm) *Network[T] {
	return &Network[T]{run: e, norm: norm, id: networks.Add(1)}
}

// Features adds the network to the graph: x is n x H x W x 3 and theta the parameter vector; the result is n x
// channels, the average over the last cell's map. A network can be applied once, because a second place in the graph
// would overwrite what the first keeps for its gradients.
func (n *Network[T]) Features(x, theta *gorgonia.Node) (*gorgonia.Node, error) {
	return n.apply(x, theta, true, false)
}

// Logits is Features for the classifier's output, n x classes.
func (n *Network[T]) Logits(x, theta *gorgonia.Node) (*gorgonia.Node, error) {
	return n.apply(x, theta, false, true)
}

// Both returns features and logits of one pass.
func (n *Network[T]) Both(x, theta *gorgonia.Node) (features, logits *gorgonia.Node, err error) {
	out, err := n.apply(x, theta, true, true)
	if err != nil {
		return nil, nil, err
	}
	f := out.Shape()[1] - n.run.Plan().Classes()
	if features, err = gorgonia.Slice(out, nil, gorgonia.S(0, f)); err != nil {
		return nil, nil, err
	}
	logits, err = gorgonia.Slice(out, nil, gorgonia.S(f, out.Shape()[1]))
	return features, logits, err
}

func (n *Network[T]) apply(x, theta *gorgonia.Node, features, logits bool) (*gorgonia.Node, error) {
	if n.applied {
		return nil, errors.New("op: a network can be applied once: make another one with an executor of its own")
	}
	plan := n.run.Plan()
	in := plan.Graph().Nodes[0]
	if s := x.Shape(); len(s) != 4 || s[0] < 1 || s[1] != in.H || s[2] != in.W || s[3] != in.C {
		return nil, fmt.Errorf("op: images of shape %v: this network takes n x %d x %d x %d", s, in.H, in.W, in.C)
	}
	if s := theta.Shape(); len(s) != 1 || s[0] != plan.NumParams() {
		return nil, fmt.Errorf("op: theta of shape %v: this network has %d parameters", s, plan.NumParams())
	}
	for _, node := range []*gorgonia.Node{x, theta} {
		if node.Dtype() != dtype[T]() {
			return nil, fmt.Errorf("op: %s is %v: this executor works in %v", node.Name(), node.Dtype(), dtype[T]())
		}
	}
	f := &forward[T]{network: n, images: x.Shape()[0]}
	if features {
		f.features = plan.Graph().Nodes[plan.Graph().Pooled].C
	}
	if logits {
		f.logits = plan.Classes()
	}
	f.out = tensor.New(tensor.WithShape(f.images, f.width()), tensor.Of(dtype[T]()))
	node, err := gorgonia.ApplyOp(f, x, theta)
	if err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	n.applied = true
	return node, nil
}

func dtype[T network.Real]() tensor.Dtype {
	if _, ok := any(T(0)).(float32); ok {
		return tensor.Float32
	}
	return tensor.Float64
}

// Images returns an input node for n images of a plan that reads data, n x H x W x 3 values, in every run.
func Images[T network.Real](g *gorgonia.ExprGraph, p *network.Plan, data []T) (*gorgonia.Node, error) {
	in := p.Graph().Nodes[0]
	image := in.H * in.W * in.C
	if len(data) == 0 || len(data)%image != 0 {
		return nil, fmt.Errorf("op: %d values: an image has %d", len(data), image)
	}
	value := tensor.New(tensor.WithShape(len(data)/image, in.H, in.W, in.C), tensor.WithBacking(data))
	return gorgonia.NewTensor(g, dtype[T](), 4, gorgonia.WithName("images"), gorgonia.WithShape(value.Shape()...),
		gorgonia.WithValue(value)), nil
}

// Theta returns an input node for the parameters of a plan that reads theta in every run. A solver steps in theta
// itself.
func Theta[T network.Real](g *gorgonia.ExprGraph, p *network.Plan, theta []T) (*gorgonia.Node, error) {
	if len(theta) != p.NumParams() {
		return nil, fmt.Errorf("op: theta has %d values: this network has %d parameters", len(theta), p.NumParams())
	}
	value := tensor.New(tensor.WithShape(len(theta)), tensor.WithBacking(theta))
	return gorgonia.NewVector(g, dtype[T](), gorgonia.WithName("theta"), gorgonia.WithShape(len(theta)),
		gorgonia.WithValue(value)), nil
}

// ClearGradients zeroes the gradients that a TapeMachine has bound to nodes. Nodes that have none yet are left alone.
func ClearGradients(nodes ...*gorgonia.Node) {
	for _, n := range nodes {
		if d, err := n.Grad(); err == nil && d != nil {
			gorgonia.ZeroValue(d)
		}
	}
}
