package plan

import (
	"rwe301/bench301"
	"rwe301/internal/kernels"
)

// Unit is an operation with everything that is known of it before it runs.
type Unit struct {
	Operation
	ID       int           // among the operations
	Geometry bench301.Node // of the window
	In, Out  *Tensor       // of the only input; nil out for exports
	Vector   bool          // the kernels know the window; plain loops do it otherwise
	Sums     int           // where its sums lie in the partial sums of an image; -1 if no normalisation needs them

	Flow      Flow // gradient of what it stores
	Slot      int  // where the gradient of its matrix lies among those of its stage
	DepthSlot int  // and that of its depthwise weights
	BackAt    int  // where its output's gradient, with a border, lies in the scratch memory
}

// Matrix reports whether the unit multiplies by a weight matrix.
func (o *Operation) Matrix() bool {
	return o.Action == ActPoint || o.Action == ActSeparable || o.Action == ActConv
}

// Windowed reports whether the unit moves depthwise weights over the image.
func (o *Operation) Windowed() bool { return o.Action == ActSeparable || o.Action == ActDepthwise }

// PointNode is the graph node that owns the matrix.
func (o *Operation) PointNode() int {
	if o.Action == ActSeparable {
		return o.point
	}
	return o.Node
}

// known reports whether the kernels have the window of n.
func known(n *bench301.Node) bool {
	if n.Kind == bench301.Conv {
		return (n.Kernel == 3 || n.Kernel == 5) && n.Dilation <= 2 && n.Stride <= 2
	}
	return n.Kernel == 3 && n.Dilation <= 1 && n.Stride <= 2
}

// Averages reports whether u is an average pool.
func (u *Unit) Averages() bool { return u.Action == ActPool && u.Geometry.Kind == bench301.AvgPool }

// Linear reports whether u is a linear layer, which has a bias.
func (u *Unit) Linear() bool { return u.Geometry.Kind == bench301.Linear }

// Window is the number of positions of u's window.
func (u *Unit) Window() int { return u.Geometry.Kernel * u.Geometry.Kernel }

// Terms is the number of rows of u's matrix as it is stored.
func (u *Unit) Terms() int {
	if u.Action == ActConv {
		return u.In.Width * u.Window()
	}
	return u.In.Width
}

// units prepares the operations of p.
func (p *Program) units() []Unit {
	out := make([]Unit, len(p.ops))
	for i := range p.ops {
		u := &out[i]
		u.Operation, u.ID, u.Sums = p.ops[i], i, -1
		u.Geometry = p.Plan.graph.Nodes[u.Node]
		u.Geometry.Dilation = max(1, u.Geometry.Dilation)
		u.In = &p.Tensors[u.Reads[0].Tensor]
		if u.Writes >= 0 {
			u.Out = &p.Tensors[u.Writes]
		}
		if u.Linear() {
			u.Geometry.Kernel, u.Geometry.Stride = 1, 1
		}
		if u.Windowed() || u.Action == ActPool {
			u.Vector = known(&u.Geometry)
		}
	}
	return out
}

// ParameterSizes is how many values the parameters of a unit take in the order of the kernels.
type ParameterSizes struct {
	Weights int // matrix
	Back    int // the same transposed, for the input's gradient
	Bias    int // of a linear layer, in stored channels
	Depth   int // depthwise weights
	Flipped int // the same turned round, for the input's gradient
}

// Parameters is the size of the parameters of u; with gradients also of what the backward pass multiplies by.
func (u *Unit) Parameters(gradients bool) (s ParameterSizes) {
	if u.Windowed() {
		s.Depth = u.In.Width * u.Window()
	}
	if u.Matrix() {
		s.Weights = u.Terms() * u.Out.Width
		if u.Linear() {
			s.Bias = u.Out.Width
		}
	}
	if gradients {
		s.Flipped = s.Depth
		if u.Matrix() {
			s.Back = u.Terms() / u.In.Width * kernels.RoundUp(u.In.Width) * u.Out.Width
		}
	}
	return s
}

func (s ParameterSizes) total() int { return s.Weights + s.Back + s.Bias + s.Depth + s.Flipped }

// Shares is how many pixels of the output of an average pool have a share of their own; 0 for other units.
func (u *Unit) Shares() int {
	if !u.Averages() {
		return 0
	}
	return u.Out.H * u.Out.W
}

// Axes are the inputs and the outputs of the matrix of u.
func (u *Unit) Axes() (inputs, outputs kernels.Axis) {
	window := u.Terms() / u.In.Width
	inputs = kernels.Axis{Size: u.In.C, Stride: window, Group: u.In.Group}
	outputs = kernels.Axis{Size: u.Out.C, Stride: u.In.C * window}
	return inputs, outputs
}
