package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/plan"
)

// signs finds which values of an image a rectifier lets through.
func (fp *forwardPass) signs(h *worker, u *unit, x kernels.Map, scale, shift []float32, image int) {
	t := u.In
	words := fp.Plan.SignWords(u.Node)
	out := u.signs[image*words:][:words]
	clear(out)
	blocks := t.Width / kernels.Block
	for y := range t.H {
		kernels.Signs(t.Shape(0, 1), h.bits, x.At(y, 0), scale, shift)
		for p := range t.W {
			at := (y*t.W + p) * t.C
			for c := 0; c < t.C; { // channels of a block that are side by side, up to the end of their group
				place := t.Place(c)
				n := min(kernels.Block, t.Group-c%t.Group, t.C-c)
				bits := uint64(h.bits[p*blocks+place/kernels.Block]) & (1<<n - 1)
				out[at/64] |= bits << (at % 64)
				if at%64+n > 64 {
					out[at/64+1] |= bits >> (64 - at%64)
				}
				at, c = at+n, c+n
			}
		}
	}
}

// see is what probes ask for of a node.
func (e *Executor) see(node int) (s plan.Sight) {
	for _, b := range e.data.Options.Probes {
		if b.Node == node {
			s |= b.See
		}
	}
	return s
}

// show tells the observer about a pass in the order of the nodes, which is not that of the units.
func (e *Executor) show() {
	if len(e.data.Options.Probes) == 0 {
		return
	}
	for node := range e.data.Plan.Graph().Nodes {
		see := e.see(node)
		if see&plan.SeeOutput != 0 && e.data.Observer.Output != nil {
			e.data.Observer.Output(node, e.result(node))
		}
		if see&plan.SeeSigns == 0 || e.data.Observer.Signs == nil {
			continue
		}
		for k := range e.data.units {
			if u := &e.data.units[k]; u.Action == plan.ActSigns && u.Node == node {
				e.data.Observer.Signs(node, u.signs[:e.data.N*e.data.Plan.SignWords(node)])
				break
			}
		}
	}
}

// showParts tells the observer the products of the weights of stage s and each image's part of their gradient.
func (b *backwardPass) showParts(s *plan.BackStage) {
	if !b.Options.PerImage || b.Observer.WeightProducts == nil || s.Slot == 0 {
		return
	}
	stats := make([]float64, 2*b.design.Widest)
	products := make([]float64, b.design.Widest)
	for k := range s.Readings {
		for _, u := range s.Readings[k].Units {
			u := b.of(u)
			if !b.live[u.Flow.Tensor] {
				continue
			}
			if u.Windowed() {
				shape := kernels.Shape{Rows: 1, Width: u.Window(), Blocks: u.In.Width / kernels.Block}
				b.showProducts(u.Node, shape, kernels.Map{Pixel: kernels.Block, Block: u.Window() * kernels.Block}, u.depth,
					u.DepthSlot, stats, products[:u.In.C], u.In.Place)
			}
			if u.Matrix() {
				shape := kernels.Shape{Rows: u.Terms() / kernels.Block, Width: kernels.Block, Blocks: u.Out.Width / kernels.Block}
				if u.Terms()%kernels.Block != 0 { // of three colours
					shape.Rows, shape.Width = 1, u.Terms()
				}
				m := kernels.Map{Row: shape.Width * u.Out.Width, Pixel: u.Out.Width, Block: kernels.Block}
				b.showProducts(u.PointNode(), shape, m, u.layRows(b.Plan, b.Theta, b.layer), u.Slot, stats,
					products[:u.Out.C], func(c int) int { return c })
			}
		}
	}
}

// showProducts tells the observer the products of one layer, whose weights and gradients lie as m says, the gradients
// from slot on; place says where channels are stored.
func (b *backwardPass) showProducts(node int, shape kernels.Shape, m kernels.Map, weights []float32, slot int, stats,
	products []float64, place func(int) int) {
	w, g := m, m
	w.Data = weights
	width := shape.Blocks * kernels.Block
	for image := range b.N {
		g.Data = b.slots[image*b.size+slot:]
		clear(stats[:2*width])
		kernels.Sums(shape, stats[:2*width], w, g)
		for c := range products {
			products[c] = stats[width+place(c)]
		}
		b.Observer.WeightProducts(node, image, products)
	}
}

// showGradients tells the observer about a backward pass in the reverse order of the nodes.
func (e *Executor) showGradients() {
	if len(e.data.Options.Probes) == 0 || e.data.Observer.Gradient == nil {
		return
	}
	for node := len(e.data.Plan.Graph().Nodes) - 1; node > 0; node-- {
		if e.see(node)&plan.SeeGradient == 0 || !e.backward.live[e.backward.Alias[e.data.design.Values[node].Tensor]] {
			continue
		}
		g, _, _, _ := e.Gradient(node)
		e.data.Observer.Gradient(node, e.result(node), g)
	}
}

// export writes what u reads densely, for the caller.
func (fp *forwardPass) export(h *worker, u *unit, x kernels.Map, scale, shift []float32, image int) {
	t := u.In
	size := t.H * t.W * t.C
	out := fp.exports(u.ID)[image*size:][:size]
	tile := kernels.Dense(h.tile, t.W, t.Width)
	for y := range t.H {
		kernels.Affine(t.Shape(0, 1), tile, x.At(y, 0), scale, shift, u.Reads[0].Relu, 0)
		for p := range t.W {
			t.Gather(out[(y*t.W+p)*t.C:], tile.Data[p*t.Width:])
		}
	}
}

// inject adds a cotangent of the caller, densely stored.
func (b *backwardPass) inject(g *accumulator, t *plan.Tensor, data []float32) {
	b.zero(g)
	for y := range t.H {
		for p := range t.W {
			to, from := g.At(y, p).Data, data[(y*t.W+p)*t.C:][:t.C]
			for c := 0; c < t.C; c += t.Group {
				to := to[t.Place(c):]
				for k, v := range from[c:min(c+t.Group, t.C)] {
					to[k] += v
				}
			}
		}
	}
}

// exportGradient stores a gradient that was asked for densely.
func (b *backwardPass) exportGradient(node, image int) {
	k := b.design.Values[node].Tensor
	t := &b.design.Tensors[k]
	x := b.gradientView(b.Locations[k], t.W, image)
	out := b.kept[node][image*t.H*t.W*t.C:]
	for y := range t.H {
		for p := range t.W {
			t.Gather(out[(y*t.W+p)*t.C:], x.At(y, p).Data)
		}
	}
}

// exportInput stores the gradient of an image for the caller.
func (b *backwardPass) exportInput(g *accumulator, image int) {
	t := &b.design.Tensors[0]
	out := b.gInput[image*b.Plan.ImageSize():][:b.Plan.ImageSize()]
	for y := range t.H {
		for p := range t.W {
			copy(out[(y*t.W+p)*t.C:][:t.C], g.At(y, p).Data)
		}
	}
}
