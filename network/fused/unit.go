package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/plan"
)

// unit is a unit with its parameters.
type unit struct {
	*plan.Unit
	parameters            // of theta
	direction  parameters // of a direction in the space of theta
	share      []float32  // average pooling: one over the pixels of the window inside the image, per output pixel
	signs      []uint64   // of ActSigns: those of every image
}

func newUnit(u *plan.Unit, p *plan.Plan, o plan.Options) unit {
	r := unit{Unit: u, parameters: newParameters(u.Parameters(o.Gradients)), share: kernels.Aligned(u.Shares())}
	if o.Hessian {
		r.direction = newParameters(u.Parameters(true))
	}
	in := &p.Graph().Nodes[u.In.Node]
	for k := range r.share {
		r.share[k] = 1 / float32(plan.Inside(&u.Geometry, in, k))
	}
	if u.Action == plan.ActSigns {
		r.signs = make([]uint64, o.Batch*p.SignWords(u.Node))
	}
	return r
}

// parameters is parameters of a unit in the order of the kernels.
type parameters struct {
	weights []float32 // matrix
	back    []float32 // the same transposed, for the input's gradient
	bias    []float32 // of a linear layer, in stored channels
	depth   []float32 // depthwise weights
	flipped []float32 // the same turned round
}

func newParameters(s plan.ParameterSizes) (p parameters) {
	for _, v := range [...]struct {
		slice *[]float32
		size  int
	}{{&p.weights, s.Weights}, {&p.back, s.Back}, {&p.bias, s.Bias}, {&p.depth, s.Depth}, {&p.flipped, s.Flipped}} {
		if v.size > 0 {
			*v.slice = kernels.Aligned(v.size)
		}
	}
	return p
}

// pack brings the parameters of u into the order of the kernels.
func (u *unit) pack(to *parameters, p *plan.Plan, theta []float32) {
	view := func(node, k int) []float32 {
		v := &p.Views()[p.Graph().Nodes[node].Params[k]]
		return theta[v.Offset : v.Offset+v.Size]
	}
	if u.Windowed() {
		packWindows(to.depth, view(u.Node, 0), u.In, u.Window(), false)
		if to.flipped != nil {
			packWindows(to.flipped, view(u.Node, 0), u.In, u.Window(), true)
		}
	}
	if !u.Matrix() {
		return
	}
	w := view(u.PointNode(), 0)
	if u.Action == plan.ActConv {
		u.packConv(to, w)
		return
	}
	rows, columns := u.Axes()
	kernels.Pack(to.weights, w, rows, columns)
	if to.back != nil {
		kernels.Pack(to.back, w, columns, rows)
	}
	if u.Linear() {
		copy(to.bias, view(u.Node, 1))
	}
}

// packConv writes the weights [out][in][window] of a full convolution as [block of outputs][window][stored input][16],
// and for the gradient of the input as [block of inputs][window, turned round][stored output][16].
func (u *unit) packConv(to *parameters, w []float32) {
	const block = kernels.Block
	window := u.Window()
	clear(to.weights)
	clear(to.back)
	terms, back := window*u.In.Width, window*u.Out.Width
	for o := range u.Out.C {
		for i := range u.In.C {
			at := u.In.Place(i)
			for t := range window {
				v := w[(o*u.In.C+i)*window+t]
				to.weights[(o/block*terms+t*u.In.Width+at)*block+o%block] = v
				if to.back != nil {
					to.back[(at/block*back+(window-1-t)*u.Out.Width+o)*block+at%block] = v
				}
			}
		}
	}
}

// packWindows is kernels.PackDepthwise for channels stored in groups.
func packWindows(dst, src []float32, t *plan.Tensor, window int, flipped bool) {
	step := kernels.RoundUp(t.Group) * window
	for c, at := 0, 0; c < t.C; c, at = c+t.Group, at+step {
		n := min(t.Group, t.C-c)
		kernels.PackDepthwise(dst[at:], src[c*window:], n, window, flipped)
	}
}

// layRows lays the matrix of u, without a bias, out in dst as its gradient is.
func (u *unit) layRows(p *plan.Plan, theta, dst []float32) []float32 {
	v := &p.Views()[p.Graph().Nodes[u.PointNode()].Params[0]]
	dst = dst[:u.Terms()*u.Out.Width]
	clear(dst)
	inputs, outputs := u.Axes()
	for t := range u.Terms() / u.In.Width {
		kernels.Lay(dst[t*u.In.Width*u.Out.Width:], theta[v.Offset+t:v.Offset+v.Size], inputs, outputs)
	}
	return dst
}

// unpack adds the gradients of u's parameters, which lie in slot, to that of theta.
func (u *unit) unpack(p *plan.Plan, gradient, slot []float32) {
	view := func(node, k int) []float32 {
		v := &p.Views()[p.Graph().Nodes[node].Params[k]]
		return gradient[v.Offset : v.Offset+v.Size]
	}
	if u.Windowed() {
		window := u.Window()
		dst, step := view(u.Node, 0), kernels.RoundUp(u.In.Group)*window
		for c, at := 0, u.DepthSlot; c < u.In.C; c, at = c+u.In.Group, at+step {
			kernels.UnpackDepthwise(dst[c*window:], slot[at:], min(u.In.Group, u.In.C-c), window)
		}
	}
	if !u.Matrix() {
		return
	}
	dst, from := view(u.PointNode(), 0), slot[u.Slot:]
	inputs, outputs := u.Axes()
	for t := range u.Terms() / u.In.Width {
		kernels.Unpack(dst[t:], from[t*u.In.Width*u.Out.Width:], inputs, outputs)
	}
	if u.bias != nil {
		bias := view(u.Node, 1)
		for c, v := range from[u.In.Width*u.Out.Width:][:u.Out.C] {
			bias[c] += v
		}
	}
}
