package network

import (
	"math"

	"rwe301/internal/kernels"
)

// hand is what a worker works with.
type hand struct {
	scratch  []float32    // images with borders
	tile     []float32    // between the halves of a unit
	second   []float32    // another one
	gradient []float32    // of some rows of a unit's output
	argmax   []uint8      // of some rows of a pool
	bits     []uint16     // of a row of signs
	vectors  [4][]float32 // scales and shifts of images whose path may be dropped
	sums     []float64    // of an average
	bordered any          // the stage whose borders are in scratch
	totals   []float64    // of weight gradients
	twin     *hand        // for tangents; nil without a Hessian
}

func newHand(d *design) hand {
	h := hand{scratch: kernels.Aligned(d.scratch), tile: kernels.Aligned(d.tile), sums: make([]float64, 2*d.widest), bits: make([]uint16, d.bits)}
	if d.back != nil {
		h.totals = make([]float64, reduced)
		h.second, h.gradient, h.argmax = kernels.Aligned(d.tile), kernels.Aligned(d.tile), make([]uint8, d.tile)
	}
	for k := range h.vectors {
		h.vectors[k] = kernels.Aligned(d.widest)
	}
	if d.options.Hessian {
		h.twin = &hand{scratch: kernels.Aligned(d.scratch), tile: kernels.Aligned(d.tile), second: kernels.Aligned(d.tile), gradient: kernels.Aligned(d.tile)}
	}
	return h
}

// forwardStage runs stage j for one image.
func (e *Executor) forwardStage(h *hand, j *stage, image int) {
	partial := e.partial[image*e.sums:][:j.sums]
	clear(partial)
	if j.in == nil {
		e.combine(h, j.units[0], image)
	} else {
		e.setBorders(h, j)
		for k := range j.readings {
			e.forwardReading(h, j, &j.readings[k], image)
		}
	}
	for _, u := range j.units {
		if u.sums >= 0 && !u.matrix() { // products sum up what they store themselves
			e.sumTiles(u.out, e.view(u.operation.out, image), partial[u.sums:])
		}
	}
}

// sumTiles sums up an image as products do: in float32 over a tile.
func (e *Executor) sumTiles(t *tensor, y kernels.Map, stats []float64) {
	for step, lo := tileRows(t.w), 0; lo < t.h; lo += step {
		s := t.shape(lo, min(lo+step, t.h))
		s.Rows, s.Width = 1, s.Rows*s.Width // rows follow each other
		kernels.Sums(s, stats, y.At(lo, 0), y.At(lo, 0))
	}
}

// shape is that of rows lo to hi of an image of t.
func (t *tensor) shape(lo, hi int) kernels.Shape {
	return kernels.Shape{Rows: hi - lo, Width: t.w, Blocks: t.width / kernels.Block}
}

// prefetch is how far ahead of what is being read an image should be on its way to the cache, in values: long enough for
// memory to answer, short enough for the first-level cache.
const prefetch = 2048

// ahead is that distance on map x of tensor t.
func (t *tensor) ahead(x kernels.Map) int { return prefetch / t.width * x.Pixel }

// setBorders prepares the borders of j's images, which stay as they are from image to image.
func (e *Executor) setBorders(h *hand, j *stage) {
	if h.bordered == j {
		return
	}
	h.bordered = j
	for k := range j.readings {
		r := &j.readings[k]
		if r.form != formPlanes && r.form != formRows || r.border == 0 {
			continue
		}
		data := h.scratch[r.at : r.at+r.size(j.in)]
		clear(data)
		if r.lowest {
			lowest := float32(math.Inf(-1))
			for i := range data {
				data[i] = lowest
			}
		}
	}
}

// forwardReading applies what is pending to an image of j's input and runs the units that read it so.
func (e *Executor) forwardReading(h *hand, j *stage, r *reading, image int) {
	x := e.view(j.tensor, image)
	scale, shift := e.pending(h, r.operand, j.in, image, 0)
	switch r.form {
	case formTiles:
		step := r.rows
		tile := r.view(h.scratch, j.in)
		for lo := 0; lo < j.in.h; lo += step {
			hi := min(lo+step, j.in.h)
			kernels.Affine(j.in.shape(lo, hi), tile, x.At(lo, 0), scale, shift, r.relu, j.in.ahead(x))
			for _, u := range r.units {
				u.rows(e.view(u.operation.out, image), tile, lo, hi, &u.parcel, false, e.sumsOf(u, image))
			}
		}
		return
	case formPlanes:
		x = e.transform(h, j, r, x, scale, shift)
	case formRows:
		if j.tensor == 0 {
			x = r.copyImage(h.scratch, x.Data, j.in)
		} else {
			x = e.transform(h, j, r, x, scale, shift)
		}
	}
	for _, u := range r.units {
		e.forwardUnit(h, u, r, x, scale, shift, image)
	}
}

// transform writes the image with its border and returns it.
func (e *Executor) transform(h *hand, j *stage, r *reading, x kernels.Map, scale, shift []float32) kernels.Map {
	m := r.view(h.scratch, j.in)
	kernels.Affine(j.in.shape(0, j.in.h), m.At(r.border, r.border), x, scale, shift, r.relu, j.in.ahead(x))
	return m
}

// copyImage writes an image of the caller with a border.
func (r *reading) copyImage(scratch, x []float32, in *tensor) kernels.Map {
	m := r.view(scratch, in)
	row := in.w * in.width
	for y := range in.h {
		copy(m.Data[(y+r.border)*m.Row+r.border*m.Pixel:][:row], x[y*row:])
	}
	return m
}

// forwardUnit runs u on an image x, which has r's border.
func (e *Executor) forwardUnit(h *hand, u *unit, r *reading, x kernels.Map, scale, shift []float32, image int) {
	switch u.action {
	case actPoint:
		u.rows(e.view(u.operation.out, image), x.At(r.border, r.border), 0, u.in.h, &u.parcel, false, e.sumsOf(u, image))
	case actAverage:
		e.average(h, u, x, scale, shift, image)
	case actSeparable:
		e.separable(h, u, u.first(x, r.border), image)
	case actConv:
		u.convolve(e.view(u.operation.out, image), u.first(x, r.border), &u.parcel, false, e.sumsOf(u, image))
	case actDepthwise:
		u.depthwise(u.out.shape(0, u.out.h), e.view(u.operation.out, image), u.first(x, r.border), u.depth)
	case actPool:
		u.pool(e.view(u.operation.out, image), u.first(x, r.border), nil)
	case actZero:
		kernels.Affine(u.out.shape(0, u.out.h), e.view(u.operation.out, image), kernels.Map{Data: e.zeros, Block: kernels.Block}, e.ones, e.zeros, false, 0)
	case actCopy:
		if u.operation.in[0].tensor == 0 {
			importImage(e.view(u.operation.out, image), e.images[image*e.plan.imageSize():], u.in)
			return
		}
		kernels.Affine(u.out.shape(0, u.out.h), e.view(u.operation.out, image), x, scale, shift, u.operation.in[0].relu, 0)
	case actSigns:
		e.signs(h, u, x, scale, shift, image)
	case actExport:
		e.export(h, u, x, scale, shift, image)
	}
}

// importImage stores an image of the caller with padded channels.
func importImage(dst kernels.Map, x []float32, in *tensor) {
	for y := range in.h {
		for p := range in.w {
			to := dst.At(y, p).Data[:kernels.RoundUp(in.c)]
			clear(to[copy(to, x[(y*in.w+p)*in.c:][:in.c]):])
		}
	}
}

// first is the first pixel of the first window of u on an image with a border.
func (u *unit) first(x kernels.Map, border int) kernels.Map {
	o := border + origin(&u.geometry, 0)
	return x.At(o, o)
}

// rows runs the 1x1 convolution of u with parameters w on input rows lo to hi, of which x is the first; add says whether
// the products are added to what out holds.
func (u *unit) rows(out, x kernels.Map, lo, hi int, w *parcel, add bool, stats []float64) {
	n := &u.geometry
	from, to := u.outputs(lo), min(u.outputs(hi), u.out.h)
	if from >= to {
		return
	}
	p := u.product(x.At(from*n.Stride+n.Offset-lo, n.Offset), w)
	p.ARow, p.APixel = p.ARow*n.Stride, p.APixel*n.Stride
	p.Width, p.Stats, p.Accumulate = u.out.w, stats, add
	if u.linear() && !add {
		copy(out.Data[:u.out.width], w.bias)
		p.Accumulate = true
	}
	for step := tileRows(u.out.w); from < to; from += step {
		p.Rows, p.C = min(step, to-from), out.At(from, 0)
		p.Run()
		if from+step < to {
			p.A = p.A[step*p.ARow:]
		}
	}
}

// outputs is the number of outputs of a 1x1 window that read inputs before y.
func (u *unit) outputs(y int) int {
	n := &u.geometry
	return max(0, (y-n.Offset+n.Stride-1)/n.Stride)
}

// product is the multiplication of the pixels of x by the matrix of u in w; its rows and output are left to the caller.
func (u *unit) product(x kernels.Map, w *parcel) kernels.Product {
	p := kernels.Product{
		A: x.Data, ARow: x.Row, APixel: x.Pixel, ATerm: 1, Terms: u.in.width,
		B: w.weights, BBlock: u.in.width * kernels.Block, BTerm: kernels.Block, Blocks: u.out.width / kernels.Block,
	}
	if x.Block != kernels.Block {
		p.Segments, p.ASegment, p.Terms = u.in.width/kernels.Block, x.Block, kernels.Block
	}
	return p
}

// sumsOf is where the sums of u's output for an image go; nil if nobody needs them.
func (e *Executor) sumsOf(u *unit, image int) []float64 {
	if u.sums < 0 {
		return nil
	}
	return e.partial[image*e.sums+u.sums:][:2*u.out.width]
}

// separable runs the two convolutions of u a tile at a time; x begins at the first window.
func (e *Executor) separable(h *hand, u *unit, x kernels.Map, image int) {
	n := &u.geometry
	out := e.view(u.operation.out, image)
	width := u.in.width
	tile := kernels.Dense(h.tile, u.out.w, width)
	p := u.product(tile, &u.parcel)
	p.Rows, p.Stats = 1, e.sumsOf(u, image)
	step := tileRows(u.out.w)
	for lo := 0; lo < u.out.h; lo += step {
		s := kernels.Shape{Rows: min(step, u.out.h-lo), Width: u.out.w, Blocks: width / kernels.Block}
		u.depthwise(s, tile, x.At(lo*n.Stride, 0), u.depth)
		p.Width, p.C = s.Rows*s.Width, out.At(lo, 0)
		p.Run()
	}
}

// depthwise moves the windows of u, with packed weights w, over x.
func (u *unit) depthwise(s kernels.Shape, dst, x kernels.Map, w []float32) {
	n := &u.geometry
	if u.vector {
		kernels.Depthwise{Kernel: n.Kernel, Dilation: n.Dilation, Stride: n.Stride}.Forward(s, dst, x, w)
		return
	}
	const block = kernels.Block
	window := u.window()
	u.windows(s, dst, x, func(b, t int, y, v []float32) {
		w := w[(b*window+t)*block:][:block]
		if t == 0 {
			clear(y)
		}
		for i := range y {
			y[i] += float32(v[i] * w[i])
		}
	})
}

// windows calls f for every block of channels, output pixel and window position, with the 16 outputs and inputs.
func (u *unit) windows(s kernels.Shape, dst, x kernels.Map, f func(b, t int, y, v []float32)) {
	n := &u.geometry
	for b := range s.Blocks {
		for oy := range s.Rows {
			for ox := range s.Width {
				y := dst.At(oy, ox).From(b).Data[:kernels.Block]
				for ky := range n.Kernel {
					for kx := range n.Kernel {
						v := x.At(oy*n.Stride+ky*n.Dilation, ox*n.Stride+kx*n.Dilation).From(b).Data[:kernels.Block]
						f(b, ky*n.Kernel+kx, y, v)
					}
				}
			}
		}
	}
}

// pool pools x into dst. Argmax, unless nil, gets the place of every maximum, as kernels.MaxPool numbers them.
func (u *unit) pool(dst, x kernels.Map, argmax []uint8) {
	n := &u.geometry
	s := u.out.shape(0, u.out.h)
	largest := !u.averages()
	switch {
	case u.vector && largest:
		kernels.MaxPool(s, n.Stride, dst, x, argmax)
	case u.vector:
		kernels.SumPool(s, n.Stride, dst, x, u.share)
	case largest:
		u.windows(s, dst, x, func(_, t int, y, v []float32) {
			for i := range y {
				if t == 0 || v[i] > y[i] {
					y[i] = v[i]
				}
			}
		})
	default:
		u.windows(s, dst, x, func(_, t int, y, v []float32) {
			if t == 0 {
				clear(y)
			}
			for i := range y {
				y[i] += v[i]
			}
		})
		kernels.ScalePixels(s, dst, dst, u.share)
	}
}

// convolve runs a full convolution with parameters w; x begins at the first window and has the channels of a pixel side
// by side; add says whether the products are added to what out holds.
func (u *unit) convolve(out, x kernels.Map, w *parcel, add bool, stats []float64) {
	n := &u.geometry
	p := u.product(x, w)
	p.ARow, p.APixel, p.Width, p.Accumulate = x.Row*n.Stride, x.Pixel*n.Stride, u.out.w, add
	p.BBlock *= u.window()
	p.Segments, p.ASegment, p.Terms = n.Kernel, x.Row, n.Kernel*u.in.width
	step := tileRows(u.out.w)
	for lo := 0; lo < u.out.h; lo += step {
		p.Rows, p.C = min(step, u.out.h-lo), out.At(lo, 0)
		row := x.At(lo*n.Stride, 0)
		if n.Dilation == 1 {
			p.A, p.Stats = row.Data, stats
			p.Run()
			continue
		}
		q := p // a position of the window at a time
		q.Segments, q.ASegment, q.Terms = 1, 0, u.in.width
		for t := range u.window() {
			q.A, q.B = row.At(t/n.Kernel*n.Dilation, t%n.Kernel*n.Dilation).Data, p.B[t*u.in.width*kernels.Block:]
			if t == u.window()-1 {
				q.Stats = stats
			}
			q.Run()
			q.Accumulate = true
		}
	}
}

// average takes the mean over an image.
func (e *Executor) average(h *hand, u *unit, x kernels.Map, scale, shift []float32, image int) {
	t, rectified := u.in, u.operation.in[0].relu
	sums := h.sums[:2*t.width]
	clear(sums)
	tile := kernels.Dense(h.tile, t.w, t.width)
	for step, lo := tileRows(t.w), 0; lo < t.h; lo += step {
		s, rows := t.shape(lo, min(lo+step, t.h)), x.At(lo, 0)
		if rectified {
			kernels.Affine(s, tile, rows, scale, shift, true, 0)
			rows = tile
		}
		kernels.Sums(s, sums, rows, rows)
	}
	if rectified {
		scale, shift = e.ones, e.zeros
	}
	out := e.view(u.operation.out, image).Data[:t.width]
	for c := range out {
		mean := sums[c] / float64(t.h*t.w)
		out[c] = float32(float64(float64(scale[c])*mean) + float64(shift[c]))
	}
}

// combine runs an operation that reads several tensors.
func (e *Executor) combine(h *hand, u *unit, image int) {
	if u.action == actConcat {
		e.concatenate(h, u, image)
		return
	}
	out := e.view(u.operation.out, image)
	whole := u.out.shape(0, u.out.h)
	ins := u.operation.in
	x, xScale, xShift := e.rectified(h, ins[0], 0, image)
	if len(ins) == 1 {
		kernels.Affine(whole, out, x, xScale, xShift, false, 0)
		return
	}
	for k, v := range ins[1:] {
		y, yScale, yShift := e.rectified(h, v, k+1, image)
		kernels.Add(whole, out, x, xScale, xShift, y, yScale, yShift)
		x, xScale, xShift = out, e.ones, e.zeros
	}
}

// rectified is an image of operand v and what is still to be done to it: nothing that is not linear.
func (e *Executor) rectified(h *hand, v operand, k, image int) (x kernels.Map, scale, shift []float32) {
	t := &e.program.tensors[v.tensor]
	x = e.view(v.tensor, image)
	scale, shift = e.pending(h, v, t, image, k%2)
	if !v.relu {
		return x, scale, shift
	}
	m := kernels.Dense(h.scratch[k%2*t.h*t.w*t.width:], t.w, t.width)
	h.bordered = nil
	kernels.Affine(t.shape(0, t.h), m, x, scale, shift, true, 0)
	return m, e.ones, e.zeros
}

// concatenate copies the inputs side by side.
func (e *Executor) concatenate(h *hand, u *unit, image int) {
	out := e.view(u.operation.out, image)
	at := 0
	for _, v := range u.operation.in {
		t := &e.program.tensors[v.tensor]
		x := e.view(v.tensor, image)
		scale, shift := e.pending(h, v, t, image, 0)
		tile := kernels.Dense(h.tile, t.w, t.width)
		for y := range t.h {
			kernels.Affine(t.shape(0, 1), tile, x.At(y, 0), scale, shift, v.relu, 0)
			for p := range t.w {
				from, to := tile.Data[p*t.width:][:t.width], out.At(y, p).Data
				for c := range t.c {
					to[u.out.place(at+c)] = from[t.place(c)]
				}
			}
		}
		at += t.c
	}
	clearPadding(out, u.out)
}

// clearPadding zeroes what fills up the only group of t.
func clearPadding(m kernels.Map, t *tensor) {
	if t.c == t.width {
		return
	}
	for y := range t.h {
		for p := range t.w {
			clear(m.At(y, p).Data[t.c:t.width])
		}
	}
}

// export writes what u reads densely, for the caller.
func (e *Executor) export(h *hand, u *unit, x kernels.Map, scale, shift []float32, image int) {
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
