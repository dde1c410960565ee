package network

import (
	"rwe301/bench301"
	"rwe301/internal/kernels"
)

// unit is an operation with everything that running it needs and that does not change.
type unit struct {
	operation
	id       int           // among the operations
	geometry bench301.Node // of the window
	in, out  *tensor       // of the only input; nil out for exports
	parcel                 // of the parameters
	tangent  parcel        // of a direction in the space of the parameters
	share    []float32     // average pooling: one over the pixels of the window inside the image, per output pixel
	vector   bool          // the kernels know the window; plain loops do it otherwise
	sums     int           // where its sums lie in the partial sums of an image; -1 if no normalisation needs them

	signs []uint64 // of actSigns: those of every image

	flow      flow // gradient of what it stores
	slot      int  // where the gradient of its matrix lies among those of its stage
	depthSlot int  // and that of its depthwise weights
	backAt    int  // where its output's gradient, with a border, lies in the scratch memory
}

// parcel is parameters of a unit in the order of the kernels.
type parcel struct {
	weights []float32 // matrix
	back    []float32 // the same transposed, for the input's gradient
	bias    []float32 // of a linear layer, in stored channels
	depth   []float32 // depthwise weights
	flipped []float32 // the same turned round
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

// room asks for memory of so many values.
type room struct {
	slice *[]float32
	size  int
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

// units prepares the operations of p, and lists the memory that they want.
func (p *program) units(o Options) (out []unit, rooms []room) {
	out = make([]unit, len(p.ops))
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
		rooms = append(rooms, u.rooms(&u.parcel, o.Gradients)...)
		if o.Hessian {
			rooms = append(rooms, u.rooms(&u.tangent, true)...)
		}
		if u.averages() {
			rooms = append(rooms, room{&u.share, u.out.h * u.out.w})
		}
	}
	return out, rooms
}

// rooms lists the memory that the parameters of u want; with gradients also for what the backward pass multiplies by.
func (u *unit) rooms(p *parcel, gradients bool) (list []room) {
	want := func(slice *[]float32, size int) { list = append(list, room{slice, size}) }
	if u.windowed() {
		want(&p.depth, u.in.width*u.window())
		if gradients {
			want(&p.flipped, u.in.width*u.window())
		}
	}
	if !u.matrix() {
		return list
	}
	want(&p.weights, u.terms()*u.out.width)
	if gradients {
		want(&p.back, u.terms()/u.in.width*kernels.RoundUp(u.in.width)*u.out.width)
	}
	if u.linear() {
		want(&p.bias, u.out.width)
	}
	return list
}

// fill sets what of u does not depend on parameters.
func (u *unit) fill(p *Plan) {
	in := &p.graph.Nodes[u.in.node]
	for k := range u.share {
		u.share[k] = 1 / float32(inside(&u.geometry, in, k))
	}
}

// pack brings the parameters of u into the order of the kernels.
func (u *unit) pack(to *parcel, p *Plan, theta []float32) {
	view := func(node, k int) []float32 {
		v := &p.views[p.graph.Nodes[node].Params[k]]
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

// axes are the inputs and the outputs of the matrix of u.
func (u *unit) axes() (inputs, outputs kernels.Axis) {
	window := u.terms() / u.in.width
	inputs = kernels.Axis{Size: u.in.c, Stride: window, Group: u.in.group}
	outputs = kernels.Axis{Size: u.out.c, Stride: u.in.c * window}
	return inputs, outputs
}

// packConv writes the weights [out][in][window] of a full convolution as [block of outputs][window][stored input][16],
// and for the gradient of the input as [block of inputs][window, turned round][stored output][16].
func (u *unit) packConv(to *parcel, w []float32) {
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
func (u *unit) layRows(p *Plan, theta, dst []float32) []float32 {
	v := &p.views[p.graph.Nodes[u.pointNode()].Params[0]]
	dst = dst[:u.terms()*u.out.width]
	clear(dst)
	inputs, outputs := u.axes()
	for t := range u.terms() / u.in.width {
		kernels.Lay(dst[t*u.in.width*u.out.width:], theta[v.Offset+t:v.Offset+v.Size], inputs, outputs)
	}
	return dst
}

// unpack adds the gradients of u's parameters, which lie in slot, to that of theta.
func (u *unit) unpack(p *Plan, gradient, slot []float32) {
	view := func(node, k int) []float32 {
		v := &p.views[p.graph.Nodes[node].Params[k]]
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
