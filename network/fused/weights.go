package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/plan"
)

// backwardRows differentiates the 1x1 convolution of u for the outputs that read rows lo to hi of the
// input, of which x is the first; g is the gradient of these rows.
func (b *backwardPass) backwardRows(h *worker, u *unit, x kernels.Map, g *accumulator, lo, hi int, slot []float32,
	image int) {
	if !b.live[u.Flow.Tensor] {
		return
	}
	n := &u.Geometry
	if u.Out.H != u.In.H || u.Out.W != u.In.W { // some inputs go nowhere
		b.zero(g)
	}
	from, to := u.outputs(lo), min(u.outputs(hi), u.Out.H)
	for step := plan.TileRows(u.Out.W); from < to; from += step {
		end := min(from+step, to)
		dy := b.raw(h, u, from, end, image)
		y := from*n.Stride + n.Offset - lo
		every := func(m kernels.Map) kernels.Map { m = m.At(y, n.Offset); return m.Every(n.Stride) }
		if b.gTheta != nil {
			u.matrixGradient(slot, every(x), dy, u.Out.Shape(from, end))
			u.biasGradient(slot, dy)
		}
		u.inputGradient(g.started, every(g.Map), dy, u.Out.Shape(from, end), &u.parameters)
	}
	g.started = true
}

// inputGradient multiplies the gradient dy of pixels of u's output by the transposed matrix in w to yield, or add to,
// that of the pixels dx of the input.
func (u *unit) inputGradient(add bool, dx, dy kernels.Map, s kernels.Shape, w *parameters) {
	p := kernels.Product{
		Rows: s.Rows, Width: s.Width, Blocks: u.In.Width / kernels.Block,
		A: dy.Data, ARow: dy.Row, APixel: dy.Pixel, ATerm: 1, Terms: u.Out.Width,
		B: w.back, BBlock: u.Out.Width * kernels.Block, BTerm: kernels.Block,
		C: dx, Accumulate: add,
	}
	p.Run()
}

// matrixGradient adds the products of the pixels of x and of the gradient dy, which are as many, to the gradient of u's
// matrix. Pixels of dy follow each other.
func (u *unit) matrixGradient(slot []float32, x, dy kernels.Map, s kernels.Shape) {
	p := kernels.Product{
		Rows: u.In.Width / kernels.Block, Width: kernels.Block, Blocks: u.Out.Width / kernels.Block,
		A: x.Data, ARow: x.Block, APixel: 1, ASegment: x.Row, ATerm: x.Pixel, Segments: s.Rows, Terms: s.Width,
		B: dy.Data, BBlock: kernels.Block, BTerm: dy.Pixel,
		C: kernels.Map{Data: slot[u.Slot:], Row: kernels.Block * u.Out.Width, Pixel: u.Out.Width,
			Block: kernels.Block},
		Accumulate: true,
	}
	p.Run()
}

// biasGradient adds to the gradient of the bias of a linear layer.
func (u *unit) biasGradient(slot []float32, dy kernels.Map) {
	if !u.Linear() {
		return
	}
	bias := slot[u.Slot+u.In.Width*u.Out.Width:][:u.Out.Width]
	for c, v := range dy.Data[:u.Out.Width] {
		bias[c] += v
	}
}

// backwardWindows differentiates a depthwise convolution and what follows it; x begins at the first window.
func (b *backwardPass) backwardWindows(h *worker, u *unit, x kernels.Map, g *accumulator, slot []float32, image int) {
	if !u.Vector {
		b.backwardPlainWindows(h, u, x, g, slot, image)
		return
	}
	n := &u.Geometry
	height, width := u.SpreadSize()
	border, first := u.SpreadBorder()
	spread := kernels.Planes(h.scratch[u.BackAt:], height, width, border)
	da := spread.At(border, border)
	da = da.Every(n.Stride)
	tile := kernels.Dense(h.tile, u.Out.W, u.In.Width)
	window := kernels.Depthwise{Kernel: n.Kernel, Dilation: n.Dilation, Stride: n.Stride}
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		s := u.Out.Shape(lo, hi)
		s.Blocks = u.In.Width / kernels.Block
		dy := b.raw(h, u, lo, hi, image)
		if u.Action == plan.ActSeparable {
			if b.gTheta != nil {
				window.Forward(s, tile, x.At(lo*n.Stride, 0), u.depth)
				u.matrixGradient(slot, tile, dy, u.Out.Shape(lo, hi))
			}
			u.inputGradient(false, da.At(lo, 0), dy, u.Out.Shape(lo, hi), &u.parameters)
		} else {
			kernels.Affine(s, da.At(lo, 0), dy, b.ones, b.zeros, false, 0)
		}
		if b.gTheta != nil {
			window.WeightGradient(s, slot[u.DepthSlot:], da.At(lo, 0), x.At(lo*n.Stride, 0))
		}
	}
	window.Stride = 1
	b.spreadOver(h, g, func(s kernels.Shape, dst kernels.Map, lo int) {
		window.Forward(s, dst, spread.At(first+lo, first), u.flipped)
	})
}

// spreadOver adds rows that f computes to g.
func (b *backwardPass) spreadOver(h *worker, g *accumulator, f func(s kernels.Shape, dst kernels.Map, lo int)) {
	if !g.started {
		f(g.Shape, g.Map, 0)
		g.started = true
		return
	}
	tile := kernels.Dense(h.tile, g.Width, g.Blocks*kernels.Block)
	step := plan.TileRows(g.Width)
	for lo := 0; lo < g.Rows; lo += step {
		rows := g.rows(lo, min(lo+step, g.Rows))
		f(rows.Shape, tile, lo)
		b.add(&rows, tile, b.ones, b.zeros)
	}
}

// backwardPlainWindows is backwardWindows for windows that the kernels do not know.
func (b *backwardPass) backwardPlainWindows(h *worker, u *unit, x kernels.Map, g *accumulator, slot []float32,
	image int) {
	n := &u.Geometry
	border := u.Border()
	inner := kernels.Planes(h.scratch[u.BackAt:], u.In.H, u.In.W, border)
	clear(inner.Data[:kernels.PlanesSize(u.In.H, u.In.W, border, u.In.Width/kernels.Block)])
	dx := u.first(inner, border)
	tile, da := kernels.Dense(h.tile, u.Out.W, u.In.Width), kernels.Dense(h.second, u.Out.W, u.In.Width)
	const block = kernels.Block
	window := u.Window()
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		s := u.Out.Shape(lo, hi)
		s.Blocks = u.In.Width / block
		dy := b.raw(h, u, lo, hi, image)
		if u.Action == plan.ActSeparable {
			if b.gTheta != nil {
				u.depthwise(s, tile, x.At(lo*n.Stride, 0), u.depth)
				u.matrixGradient(slot, tile, dy, u.Out.Shape(lo, hi))
			}
			u.inputGradient(false, da, dy, u.Out.Shape(lo, hi), &u.parameters)
			dy = da
		}
		u.windows(s, dy, dx.At(lo*n.Stride, 0), func(b, t int, y, v []float32) {
			w := u.depth[(b*window+t)*block:][:block]
			for i := range v {
				v[i] += float32(y[i] * w[i])
			}
		})
		if b.gTheta == nil {
			continue
		}
		u.windows(s, dy, x.At(lo*n.Stride, 0), func(b, t int, y, v []float32) {
			w := slot[u.DepthSlot+(b*window+t)*block:][:block]
			for i := range v {
				w[i] += float32(y[i] * v[i])
			}
		})
	}
	b.add(g, inner.At(border, border), b.ones, b.zeros)
}

// backwardPool differentiates a pool, or its gradient; x begins at the first window.
func (b *backwardPass) backwardPool(h *worker, u *unit, x kernels.Map, g *accumulator, image int, dual bool) {
	if u.Averages() && u.Vector {
		b.backwardSumPool(h, u, g, image, dual)
		return
	}
	n := &u.Geometry
	own := u.Border()
	inner := kernels.Planes(h.scratch[u.BackAt:], u.In.H, u.In.W, own)
	clear(inner.Data[:kernels.PlanesSize(u.In.H, u.In.W, own, u.In.Width/kernels.Block)])
	dx := u.first(inner, own)
	tile := kernels.Dense(h.tile, u.Out.W, u.Out.Width)
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		s := u.Out.Shape(lo, hi)
		dy := b.flowing(h, u, lo, hi, image, dual)
		switch {
		case u.Vector:
			kernels.MaxPool(s, n.Stride, tile, x.At(lo*n.Stride, 0), h.argmax)
			kernels.MaxPoolBackward(s, n.Stride, dx.At(lo*n.Stride, 0), dy, h.argmax)
		case u.Averages():
			kernels.ScalePixels(s, tile, dy, u.share[lo*u.Out.W:])
			u.windows(s, tile, dx.At(lo*n.Stride, 0), func(_, _ int, y, v []float32) {
				for i := range v {
					v[i] += y[i]
				}
			})
		default:
			u.largest(s, dy, x.At(lo*n.Stride, 0), dx.At(lo*n.Stride, 0))
		}
	}
	b.add(g, inner.At(own, own), b.ones, b.zeros)
}

// largest adds dy to the first largest value of every window.
func (u *unit) largest(s kernels.Shape, dy, x, dx kernels.Map) {
	n := &u.Geometry
	for b := range s.Blocks {
		for oy := range s.Rows {
			for ox := range s.Width {
				for c, v := range dy.At(oy, ox).From(b).Data[:kernels.Block] {
					best := 0
					at := func(m kernels.Map, t int) *float32 {
						return &m.At(oy*n.Stride+t/n.Kernel*n.Dilation, ox*n.Stride+t%n.Kernel*n.Dilation).From(b).Data[c]
					}
					for t := 1; t < n.Kernel*n.Kernel; t++ {
						if *at(x, t) > *at(x, best) {
							best = t
						}
					}
					*at(dx, best) += v
				}
			}
		}
	}
}

// backwardSumPool differentiates an average pool of 3x3 windows.
func (b *backwardPass) backwardSumPool(h *worker, u *unit, g *accumulator, image int, dual bool) {
	n := &u.Geometry
	height, width := u.SpreadSize()
	border, first := u.SpreadBorder()
	spread := kernels.Planes(h.scratch[u.BackAt:], height, width, border)
	dy := spread.At(border, border)
	dy = dy.Every(n.Stride)
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		kernels.ScalePixels(u.Out.Shape(lo, hi), dy.At(lo, 0), b.flowing(h, u, lo, hi, image, dual), u.share[lo*u.Out.W:])
	}
	b.spreadOver(h, g, func(s kernels.Shape, dst kernels.Map, lo int) {
		kernels.SumPool(s, 1, dst, spread.At(first+lo, first), nil)
	})
}

// backwardConv differentiates a full convolution; x begins at the first window.
func (b *backwardPass) backwardConv(h *worker, u *unit, x kernels.Map, g *accumulator, slot []float32, image int) {
	n := &u.Geometry
	border, first := u.SpreadBorder()
	spread := u.spreadRows(h.scratch)
	place := spread.At(border, border)
	place = place.Every(n.Stride)
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		s := u.Out.Shape(lo, hi)
		dy := b.raw(h, u, lo, hi, image)
		if b.gTheta != nil {
			u.windowGradient(slot, x.At(lo*n.Stride, 0), dy, s)
		}
		if g.Data != nil {
			kernels.Affine(s, place.At(lo, 0), dy, b.ones, b.zeros, false, 0)
		}
	}
	if g.Data != nil {
		u.convolveBack(g, spread.At(first, first), &u.parameters)
	}
}

// spreadRows is the image over which the gradient of the output of a full convolution is spread.
func (u *unit) spreadRows(scratch []float32) kernels.Map {
	_, width := u.SpreadSize()
	border, _ := u.SpreadBorder()
	return kernels.Dense(scratch[u.BackAt:], width+2*border, u.Out.Width)
}

// convolveBack moves the windows of u in w, turned round, over the gradient dy of its output.
func (u *unit) convolveBack(g *accumulator, dy kernels.Map, w *parameters) {
	n := &u.Geometry
	p := kernels.Product{
		Rows: u.In.H, Width: u.In.W, Blocks: g.Blocks, C: g.Map, Accumulate: g.started,
		ARow: dy.Row, APixel: dy.Pixel, ATerm: 1, BTerm: kernels.Block, BBlock: u.Window() * u.Out.Width * kernels.Block,
	}
	g.started = true
	if n.Dilation == 1 {
		p.A, p.B, p.Segments, p.ASegment, p.Terms = dy.Data, w.back, n.Kernel, dy.Row, n.Kernel*u.Out.Width
		p.Run()
		return
	}
	for t := range u.Window() {
		p.A = dy.At(t/n.Kernel*n.Dilation, t%n.Kernel*n.Dilation).Data
		p.B, p.Terms = w.back[t*u.Out.Width*kernels.Block:], u.Out.Width
		p.Run()
		p.Accumulate = true
	}
}

// windowGradient adds to the gradient of the weights of a full convolution.
func (u *unit) windowGradient(slot []float32, x, dy kernels.Map, s kernels.Shape) {
	n := &u.Geometry
	p := kernels.Product{
		Rows: 1, Width: u.In.Width, Blocks: u.Out.Width / kernels.Block,
		APixel: 1, ASegment: x.Row * n.Stride, ATerm: x.Pixel * n.Stride, Segments: s.Rows, Terms: s.Width,
		B: dy.Data, BBlock: kernels.Block, BTerm: dy.Pixel, Accumulate: true,
	}
	if n.Dilation == 1 {
		p.Width *= n.Kernel // the pixels of a window's row follow each other
	}
	for ky := range n.Kernel {
		for kx := 0; kx*u.In.Width < n.Kernel*u.In.Width; kx += p.Width / u.In.Width {
			p.A = x.At(ky*n.Dilation, kx*n.Dilation).Data
			p.C = kernels.Map{Data: slot[u.Slot+(ky*n.Kernel+kx)*u.In.Width*u.Out.Width:], Pixel: u.Out.Width,
				Block: kernels.Block}
			p.Run()
		}
	}
}
