package network

import "rwe301/internal/kernels"

// signs finds which values of an image a rectifier lets through.
func (e *Executor) signs(h *hand, u *ready, x kernels.Map, scale, shift []float32, image int) {
	t := u.in
	words := e.plan.SignWords(u.node)
	out := u.signs[image*words:][:words]
	clear(out)
	blocks := t.width / kernels.Block
	for y := range t.h {
		kernels.Signs(t.shape(0, 1), h.bits, x.At(y, 0), scale, shift)
		for p := range t.w {
			at := (y*t.w + p) * t.c
			for c := 0; c < t.c; { // channels of a block that are side by side, up to the end of their group
				place := t.place(c)
				n := min(kernels.Block, t.group-c%t.group, t.c-c)
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

// Observe sets who receives what Options.Probes ask for, from the next pass on.
func (e *Executor) Observe(o Observer[float32]) { e.observer = o }

// see is what probes ask for of a node.
func (e *Executor) see(node int) (s Sight) {
	for _, b := range e.options.Probes {
		if b.Node == node {
			s |= b.See
		}
	}
	return s
}

// show tells the observer about a pass in the order of the nodes, which is not that of the units.
func (e *Executor) show() {
	if len(e.options.Probes) == 0 {
		return
	}
	for node := range e.plan.Graph().Nodes {
		see := e.see(node)
		if see&SeeOutput != 0 && e.observer.Output != nil {
			e.observer.Output(node, e.result(node))
		}
		if see&SeeSigns == 0 || e.observer.Signs == nil {
			continue
		}
		for k := range e.ready {
			if u := &e.ready[k]; u.action == actSigns && u.node == node {
				e.observer.Signs(node, u.signs[:e.n*e.plan.SignWords(node)])
				break
			}
		}
	}
}

// showParts tells the observer the products of the weights of stage s and each image's part of their gradient.
func (e *Executor) showParts(s *backStage) {
	b := e.back
	if !e.options.PerImage || e.observer.WeightProducts == nil || s.slot == 0 {
		return
	}
	stats := make([]float64, 2*e.widest)
	products := make([]float64, e.widest)
	for k := range s.readings {
		for _, u := range s.readings[k].units {
			u := e.of(u)
			if !b.live[u.flow.tensor] {
				continue
			}
			if u.windowed() {
				shape := kernels.Shape{Rows: 1, Width: u.window(), Blocks: u.in.width / kernels.Block}
				e.showProducts(u.node, shape, kernels.Map{Pixel: kernels.Block, Block: u.window() * kernels.Block}, u.depth, u.depthSlot, stats, products[:u.in.c], u.in.place)
			}
			if u.matrix() {
				shape := kernels.Shape{Rows: u.terms() / kernels.Block, Width: kernels.Block, Blocks: u.out.width / kernels.Block}
				if u.terms()%kernels.Block != 0 { // of three colours
					shape.Rows, shape.Width = 1, u.terms()
				}
				m := kernels.Map{Row: shape.Width * u.out.width, Pixel: u.out.width, Block: kernels.Block}
				e.showProducts(u.pointNode(), shape, m, u.layRows(e.plan, e.theta, b.layer), u.slot, stats, products[:u.out.c], func(c int) int { return c })
			}
		}
	}
}

// showProducts tells the observer the products of one layer, whose weights and gradients lie as m says, the gradients from slot
// on; place says where channels are stored.
func (e *Executor) showProducts(node int, shape kernels.Shape, m kernels.Map, weights []float32, slot int, stats, products []float64, place func(int) int) {
	b := e.back
	w, g := m, m
	w.Data = weights
	width := shape.Blocks * kernels.Block
	for image := range e.n {
		g.Data = b.slots[image*b.size+slot:]
		clear(stats[:2*width])
		kernels.Sums(shape, stats[:2*width], w, g)
		for c := range products {
			products[c] = stats[width+place(c)]
		}
		e.observer.WeightProducts(node, image, products)
	}
}

// showGradients tells the observer about a backward pass in the reverse order of the nodes.
func (e *Executor) showGradients() {
	if len(e.options.Probes) == 0 || e.observer.Gradient == nil {
		return
	}
	for node := len(e.plan.Graph().Nodes) - 1; node > 0; node-- {
		if e.see(node)&SeeGradient == 0 || !e.back.live[e.back.alias[e.program.values[node].tensor]] {
			continue
		}
		g, _, _, _ := e.Gradient(node)
		e.observer.Gradient(node, e.result(node), g)
	}
}

// export writes what u reads densely, for the caller.
func (e *Executor) export(h *hand, u *ready, x kernels.Map, scale, shift []float32, image int) {
	t := u.in
	out := e.exported(u, image)
	tile := kernels.Dense(h.tile, t.w, t.width)
	for y := range t.h {
		kernels.Affine(t.shape(0, 1), tile, x.At(y, 0), scale, shift, u.operation.in[0].relu, 0)
		for p := range t.w {
			from, to := tile.Data[p*t.width:][:t.width], out[(y*t.w+p)*t.c:][:t.c]
			for c := range to {
				to[c] = from[t.place(c)]
			}
		}
	}
}

// given lists the cotangents of a node's output.
func (e *Executor) given(node int) (list [4][]float32) {
	c, g := &e.back.cotangents, e.plan.Graph()
	list[0] = c.Nodes[node]
	for k, v := range [...]struct {
		node int
		data []float32
	}{{g.Logits, c.Logits}, {g.AuxLogits, c.AuxLogits}, {g.Pooled, c.Pooled}} {
		if v.node == node {
			list[k+1] = v.data
		}
	}
	return list
}

// inject adds a cotangent of the caller, densely stored.
func (e *Executor) inject(g *goal, t *tensor, data []float32) {
	e.zero(g)
	for y := range t.h {
		for p := range t.w {
			to := g.At(y, p).Data
			for c, v := range data[(y*t.w+p)*t.c:][:t.c] {
				to[t.place(c)] += v
			}
		}
	}
}

// exportGradient stores a gradient that was asked for densely.
func (e *Executor) exportGradient(node, image int) {
	k := e.program.values[node].tensor
	t := &e.program.tensors[k]
	x := e.gradientView(e.back.spots[k], t.w, image)
	out := e.back.kept[node][image*t.h*t.w*t.c:]
	for y := range t.h {
		for p := range t.w {
			from, to := x.At(y, p).Data, out[(y*t.w+p)*t.c:][:t.c]
			for c := range to {
				to[c] = from[t.place(c)]
			}
		}
	}
}

// exportInput stores the gradient of an image for the caller.
func (e *Executor) exportInput(g *goal, image int) {
	t := &e.program.tensors[0]
	out := e.back.input[image*e.plan.ImageSize():][:e.plan.ImageSize()]
	for y := range t.h {
		for p := range t.w {
			copy(out[(y*t.w+p)*t.c:][:t.c], g.At(y, p).Data)
		}
	}
}
