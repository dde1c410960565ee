package network

import (
	"rwe301/bench301"
	"rwe301/internal/kernels"
)

// unit is an operation with everything that is known of it before it runs.
type unit struct {
	operation
	id       int           // among the operations
	geometry bench301.Node // of the window
	in, out  *tensor       // of the only input; nil out for exports
	vector   bool          // the kernels know the window; plain loops do it otherwise
	sums     int           // where its sums lie in the partial sums of an image; -1 if no normalisation needs them

	flow      flow // gradient of what it stores
	slot      int  // where the gradient of its matrix lies among those of its stage
	depthSlot int  // and that of its depthwise weights
	backAt    int  // where its output's gradient, with a border, lies in the scratch memory
}

// matrix reports whether the unit multiplies by a weight matrix.
func (o *operation) matrix() bool {
	return o.action == actPoint || o.action == actSeparable || o.action == actConv
}

// windowed reports whether the unit moves depthwise weights over the image.
func (o *operation) windowed() bool { return o.action == actSeparable || o.action == actDepthwise }

// pointNode is the graph node that owns the matrix.
func (o *operation) pointNode() int {
	if o.action == actSeparable {
		return o.point
	}
	return o.node
}

// known reports whether the kernels have the window of n.
func known(n *bench301.Node) bool {
	if n.Kind == bench301.Conv {
		return (n.Kernel == 3 || n.Kernel == 5) && n.Dilation <= 2 && n.Stride <= 2
	}
	return n.Kernel == 3 && n.Dilation <= 1 && n.Stride <= 2
}

// averages reports whether u is an average pool.
func (u *unit) averages() bool { return u.action == actPool && u.geometry.Kind == bench301.AvgPool }

// linear reports whether u is a linear layer, which has a bias.
func (u *unit) linear() bool { return u.geometry.Kind == bench301.Linear }

// window is the number of positions of u's window.
func (u *unit) window() int { return u.geometry.Kernel * u.geometry.Kernel }

// terms is the number of rows of u's matrix as it is stored.
func (u *unit) terms() int {
	if u.action == actConv {
		return u.in.width * u.window()
	}
	return u.in.width
}

// units prepares the operations of p.
func (p *program) units() []unit {
	out := make([]unit, len(p.ops))
	for i := range p.ops {
		u := &out[i]
		u.operation, u.id, u.sums = p.ops[i], i, -1
		u.geometry = p.plan.graph.Nodes[u.node]
		u.geometry.Dilation = max(1, u.geometry.Dilation)
		u.in = &p.tensors[u.operation.in[0].tensor]
		if u.operation.out >= 0 {
			u.out = &p.tensors[u.operation.out]
		}
		if u.linear() {
			u.geometry.Kernel, u.geometry.Stride = 1, 1
		}
		if u.windowed() || u.action == actPool {
			u.vector = known(&u.geometry)
		}
	}
	return out
}

// parameterSizes is how many values the parameters of a unit take in the order of the kernels.
type parameterSizes struct {
	weights int // matrix
	back    int // the same transposed, for the input's gradient
	bias    int // of a linear layer, in stored channels
	depth   int // depthwise weights
	flipped int // the same turned round, for the input's gradient
}

// parameters is the size of the parameters of u; with gradients also of what the backward pass multiplies by.
func (u *unit) parameters(gradients bool) (s parameterSizes) {
	if u.windowed() {
		s.depth = u.in.width * u.window()
	}
	if u.matrix() {
		s.weights = u.terms() * u.out.width
		if u.linear() {
			s.bias = u.out.width
		}
	}
	if gradients {
		s.flipped = s.depth
		if u.matrix() {
			s.back = u.terms() / u.in.width * kernels.RoundUp(u.in.width) * u.out.width
		}
	}
	return s
}

func (s parameterSizes) total() int { return s.weights + s.back + s.bias + s.depth + s.flipped }

// shares is how many pixels of the output of an average pool have a share of their own; 0 for other units.
func (u *unit) shares() int {
	if !u.averages() {
		return 0
	}
	return u.out.h * u.out.w
}

// axes are the inputs and the outputs of the matrix of u.
func (u *unit) axes() (inputs, outputs kernels.Axis) {
	window := u.terms() / u.in.width
	inputs = kernels.Axis{Size: u.in.c, Stride: window, Group: u.in.group}
	outputs = kernels.Axis{Size: u.out.c, Stride: u.in.c * window}
	return inputs, outputs
}
