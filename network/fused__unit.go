package network

import (
	"rwe301/internal/kernels"
)

// ready is a unit with its parameters.
type ready struct {
	*unit
	parcel              // of theta
	direction parcel    // of a direction in the space of theta
	share     []float32 // average pooling: one over the pixels of the window inside the image, per output pixel
	signs     []uint64  // of actSigns: those of every image
}

func newReady(u *unit, p *Plan, o Options) ready {
	r := ready{unit: u, parcel: newParcel(u.parameters(o.Gradients)), share: kernels.Aligned(u.shares())}
	if o.Hessian {
		r.direction = newParcel(u.parameters(true))
	}
	in := &p.Graph().Nodes[u.in.node]
	for k := range r.share {
		r.share[k] = 1 / float32(inside(&u.geometry, in, k))
	}
	if u.action == actSigns {
		r.signs = make([]uint64, o.Batch*p.SignWords(u.node))
	}
	return r
}

// parcel is parameters of a unit in the order of the kernels.
type parcel struct {
	weights []float32 // matrix
	back    []float32 // the same transposed, for the input's gradient
	bias    []float32 // of a linear layer, in stored channels
	depth   []float32 // depthwise weights
	flipped []float32 // the same turned round
}

func newParcel(s parameterSizes) (p parcel) {
	for _, v := range [...]struct {
		slice *[]float32
		size  int
	}{{&p.weights, s.weights}, {&p.back, s.back}, {&p.bias, s.bias}, {&p.depth, s.depth}, {&p.flipped, s.flipped}} {
		if v.size > 0 {
			*v.slice = kernels.Aligned(v.size)
		}
	}
	return p
}

// pack brings the parameters of u into the order of the kernels.
func (u *ready) pack(to *parcel, p *Plan, theta []float32) {
	view := func(node, k int) []float32 {
		v := &p.Views()[p.Graph().Nodes[node].Params[k]]
		return theta[v.Offset : v.Offset+v.Size]
	}
	if u.windowed() {
		packWindows(to.depth, view(u.node, 0), u.in, u.window(), false)
		if to.flipped != nil {
			packWindows(to.flipped, view(u.node, 0), u.in, u.window(), true)
		}
	}
	if !u.matrix() {
		return
	}
	w := view(u.pointNode(), 0)
	if u.action == actConv {
		u.packConv(to, w)
		return
	}
	rows, columns := u.axes()
	kernels.Pack(to.weights, w, rows, columns)
	if to.back != nil {
		kernels.Pack(to.back, w, columns, rows)
	}
	if u.linear() {
		copy(to.bias, view(u.node, 1))
	}
}

// packConv writes the weights [out][in][window] of a full convolution as [block of outputs][window][stored input][16],
// and for the gradient of the input as [block of inputs][window, turned round][stored output][16].
func (u *ready) packConv(to *parcel, w []float32) {
	const block = kernels.Block
	window := u.window()
	clear(to.weights)
	clear(to.back)
	terms, back := window*u.in.width, window*u.out.width
	for o := range u.out.c {
		for i := range u.in.c {
			at := u.in.place(i)
			for t := range window {
				v := w[(o*u.in.c+i)*window+t]
				to.weights[(o/block*terms+t*u.in.width+at)*block+o%block] = v
				if to.back != nil {
					to.back[(at/block*back+(window-1-t)*u.out.width+o)*block+at%block] = v
				}
			}
		}
	}
}

// packWindows is kernels.PackDepthwise for channels stored in groups.
func packWindows(dst, src []float32, t *tensor, window int, flipped bool) {
	step := kernels.RoundUp(t.group) * window
	for c, at := 0, 0; c < t.c; c, at = c+t.group, at+step {
		n := min(t.group, t.c-c)
		kernels.PackDepthwise(dst[at:], src[c*window:], n, window, flipped)
	}
}

// layRows lays the matrix of u, without a bias, out in dst as its gradient is.
func (u *ready) layRows(p *Plan, theta, dst []float32) []float32 {
	v := &p.Views()[p.Graph().Nodes[u.pointNode()].Params[0]]
	dst = dst[:u.terms()*u.out.width]
	clear(dst)
	inputs, outputs := u.axes()
	for t := range u.terms() / u.in.width {
		kernels.Lay(dst[t*u.in.width*u.out.width:], theta[v.Offset+t:v.Offset+v.Size], inputs, outputs)
	}
	return dst
}

// unpack adds the gradients of u's parameters, which lie in slot, to that of theta.
func (u *ready) unpack(p *Plan, gradient, slot []float32) {
	view := func(node, k int) []float32 {
		v := &p.Views()[p.Graph().Nodes[node].Params[k]]
		return gradient[v.Offset : v.Offset+v.Size]
	}
	if u.windowed() {
		window := u.window()
		dst, step := view(u.node, 0), kernels.RoundUp(u.in.group)*window
		for c, at := 0, u.depthSlot; c < u.in.c; c, at = c+u.in.group, at+step {
			kernels.UnpackDepthwise(dst[c*window:], slot[at:], min(u.in.group, u.in.c-c), window)
		}
	}
	if !u.matrix() {
		return
	}
	dst, from := view(u.pointNode(), 0), slot[u.slot:]
	inputs, outputs := u.axes()
	for t := range u.terms() / u.in.width {
		kernels.Unpack(dst[t:], from[t*u.in.width*u.out.width:], inputs, outputs)
	}
	if u.bias != nil {
		bias := view(u.node, 1)
		for c, v := range from[u.in.width*u.out.width:][:u.out.c] {
			bias[c] += v
		}
	}
}
