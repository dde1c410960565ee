package network

import "rwe301/internal/kernels"

// The tangents of a pass are the derivatives of everything stored along a direction in the space of the parameters. They
// lie in an arena of their own, in the places of what they are the derivatives of.

// tangentView is an image of a tensor's tangents.
func (e *Executor) tangentView(t, image int) kernels.Map {
	s := &e.spots[t]
	return kernels.Dense(e.tangents[s.base+image*s.size:], e.tensors[t].w, s.ld)
}

// tangentStage differentiates forwardStage.
func (e *Executor) tangentStage(h *hand, j *stage, image int) {
	partial := e.partial[image*e.sums:][:j.sums]
	clear(partial)
	if j.in == nil {
		e.tangentJoin(h, e.of(j.units[0]), image)
	} else {
		e.setBorders(h, j)
		e.setTwinBorders(h, j)
		for k := range j.readings {
			e.tangentReading(h, j, &j.readings[k], image)
		}
	}
	for _, u := range j.units {
		u := e.of(u)
		if u.sums >= 0 {
			s := u.out.shape(0, u.out.h)
			kernels.Sums(s, partial[u.sums:][:2*u.out.width], e.tangentView(u.operation.out, image), e.view(u.operation.out, image))
		}
	}
}

// setTwinBorders clears the borders around tangents for stage s.
func (e *Executor) setTwinBorders(h *hand, s any) {
	if h.twin.bordered != s {
		h.twin.bordered = s
		clear(h.twin.scratch)
	}
}

// tangentOf writes the tangents of rows lo to hi of an image of operand v.
func (e *Executor) tangentOf(h *hand, v operand, lo, hi int, dst kernels.Map, image int) {
	t := &e.tensors[v.tensor]
	s, x, tx := t.shape(lo, hi), e.view(v.tensor, image).At(lo, 0), e.tangentView(v.tensor, image).At(lo, 0)
	if v.normed && e.norm != NoNorm {
		n := &e.norms[t.norm]
		kernels.Combine(s, dst, tx, x, n.scale, n.tangentScale, n.tangentShift)
	} else {
		kernels.Affine(s, dst, tx, e.ones, e.zeros, false, 0)
	}
	if v.relu {
		whole := v
		whole.drop = -1
		scale, shift := e.pending(h, whole, t, image, 0)
		kernels.Rectify(s, dst, dst, x, scale, shift, false, nil)
	}
	e.drop(h, v, s, dst, image)
}

// drop multiplies x by what the drop path of v makes of an image.
func (e *Executor) drop(h *hand, v operand, s kernels.Shape, x kernels.Map, image int) {
	factor := e.pathFactor(v, image)
	if factor == 1 {
		return
	}
	vector := h.vectors[3][:kernels.Block*s.Blocks]
	for c := range vector {
		vector[c] = factor
	}
	kernels.Affine(s, x, x, vector, e.zeros, false, 0)
}

// tangentReading differentiates forwardReading.
func (e *Executor) tangentReading(h *hand, j *stage, r *reading, image int) {
	if r.form == formTiles {
		tile, twin := viewOf(r, h.scratch, j.in), viewOf(r, h.twin.scratch, j.in)
		for lo := 0; lo < j.in.h; lo += r.rows {
			hi := min(lo+r.rows, j.in.h)
			e.readBoth(h, j.tensor, r, lo, hi, tile, twin, image)
			for _, u := range r.units {
				u := e.of(u)
				out := e.tangentView(u.operation.out, image)
				u.rows(out, tile, lo, hi, &u.direction, false, nil)
				u.rows(out, twin, lo, hi, &u.parcel, true, nil)
			}
		}
		return
	}
	x, tx := e.readImages(h, j.tensor, j.in, r, image)
	for _, u := range r.units {
		u := e.of(u)
		if u.out != nil {
			e.tangentUnit(h, u, r, x, tx, image)
		}
	}
}

// readBoth writes rows lo to hi of an image as r reads it, and their tangents.
func (e *Executor) readBoth(h *hand, tensor int, r *reading, lo, hi int, dst, twin kernels.Map, image int) {
	t := &e.tensors[tensor]
	scale, shift := e.pending(h, r.operand, t, image, 0)
	kernels.Affine(t.shape(lo, hi), dst, e.view(tensor, image).At(lo, 0), scale, shift, r.relu, 0)
	e.tangentOf(h, r.operand, lo, hi, twin, image)
}

// readImages is an image, as r reads it, and its tangents, with r's border. The images of the caller have none.
func (e *Executor) readImages(h *hand, tensor int, t *tensor, r *reading, image int) (x, tx kernels.Map) {
	x = e.view(tensor, image)
	switch {
	case r.form.whole() && tensor == 0:
		return copyImage(r, h.scratch, x.Data, t), kernels.Map{}
	case r.form.whole():
		x, tx = viewOf(r, h.scratch, t), viewOf(r, h.twin.scratch, t)
		e.readBoth(h, tensor, r, 0, t.h, x.At(r.border, r.border), tx.At(r.border, r.border), image)
		return x, tx
	case tensor == 0:
		return x, kernels.Map{}
	}
	return x, e.tangentView(tensor, image)
}

// tangentUnit differentiates forwardUnit: what is linear in the parameters and in what it reads becomes two terms.
func (e *Executor) tangentUnit(h *hand, u *ready, r *reading, x, tx kernels.Map, image int) {
	out := e.tangentView(u.operation.out, image)
	whole := u.out.shape(0, u.out.h)
	switch u.action {
	case actPoint:
		u.rows(out, x.At(r.border, r.border), 0, u.in.h, &u.direction, false, nil)
		u.rows(out, tx.At(r.border, r.border), 0, u.in.h, &u.parcel, true, nil)
	case actSeparable:
		e.tangentSeparable(h, u, out, u.first(x, r.border), u.first(tx, r.border))
	case actConv:
		u.convolve(out, u.first(x, r.border), &u.direction, false, nil)
		if tx.Data != nil {
			u.convolve(out, u.first(tx, r.border), &u.parcel, true, nil)
		}
	case actDepthwise:
		for step, lo := tileRows(u.out.w), 0; lo < u.out.h; lo += step {
			hi := min(lo+step, u.out.h)
			e.tangentWindows(h, u, u.out.shape(lo, hi), lo, out.At(lo, 0), u.first(x, r.border), u.first(tx, r.border))
		}
	case actPool:
		if u.averages() {
			u.pool(out, u.first(tx, r.border), nil)
		} else {
			e.tangentMax(h, u, out, u.first(x, r.border), u.first(tx, r.border))
		}
	case actAverage:
		e.tangentAverage(h, u, out, image)
	case actCopy:
		if tx.Data != nil {
			e.tangentOf(h, u.operation.in[0], 0, u.in.h, out, image)
			return
		}
		fallthrough
	case actZero:
		kernels.Affine(whole, out, kernels.Map{Data: e.zeros, Block: kernels.Block}, e.ones, e.zeros, false, 0)
	}
}

// tangentWindows writes the tangents of rows from lo on of a depthwise convolution.
func (e *Executor) tangentWindows(h *hand, u *ready, s kernels.Shape, lo int, dst, x, tx kernels.Map) {
	at := lo * u.geometry.Stride
	second := kernels.Dense(h.twin.second, u.out.w, u.in.width)
	u.depthwise(s, dst, x.At(at, 0), u.direction.depth)
	u.depthwise(s, second, tx.At(at, 0), u.depth)
	kernels.Add(s, dst, dst, e.ones, e.zeros, second, e.ones, e.zeros)
}

// tangentSeparable differentiates separable.
func (e *Executor) tangentSeparable(h *hand, u *ready, out, x, tx kernels.Map) {
	tile, twin := kernels.Dense(h.tile, u.out.w, u.in.width), kernels.Dense(h.twin.tile, u.out.w, u.in.width)
	first, second := u.product(tile, &u.direction), u.product(twin, &u.parcel)
	first.Rows, second.Rows, second.Accumulate = 1, 1, true
	step := tileRows(u.out.w)
	for lo := 0; lo < u.out.h; lo += step {
		s := kernels.Shape{Rows: min(step, u.out.h-lo), Width: u.out.w, Blocks: u.in.width / kernels.Block}
		u.depthwise(s, tile, x.At(lo*u.geometry.Stride, 0), u.depth)
		e.tangentWindows(h, u, s, lo, twin, x, tx)
		for _, p := range [...]*kernels.Product{&first, &second} {
			p.Width, p.C = s.Rows*s.Width, out.At(lo, 0)
			p.Run()
		}
	}
}

// tangentMax takes the tangents of the largest values.
func (e *Executor) tangentMax(h *hand, u *ready, out, x, tx kernels.Map) {
	const block = kernels.Block
	n := &u.geometry
	tile := kernels.Dense(h.tile, u.out.w, u.out.width)
	for step, lo := tileRows(u.out.w), 0; lo < u.out.h; lo += step {
		s := u.out.shape(lo, min(lo+step, u.out.h))
		kernels.MaxPool(s, n.Stride, tile, x.At(lo*n.Stride, 0), h.argmax)
		for k, where := range h.argmax[:s.Rows*s.Width*s.Blocks*block] {
			b, p := k/block%s.Blocks, k/block/s.Blocks
			y, left := lo+p/s.Width, p%s.Width
			from := tx.At(y*n.Stride+int(where)/n.Kernel, left*n.Stride+int(where)%n.Kernel).From(b)
			out.At(y, left).From(b).Data[k%block] = from.Data[k%block]
		}
	}
}

// tangentAverage differentiates average.
func (e *Executor) tangentAverage(h *hand, u *ready, out kernels.Map, image int) {
	t := u.in
	sums := h.sums[:2*t.width]
	clear(sums)
	tile := kernels.Dense(h.twin.tile, t.w, t.width)
	for step, lo := tileRows(t.w), 0; lo < t.h; lo += step {
		hi := min(lo+step, t.h)
		e.tangentOf(h, u.operation.in[0], lo, hi, tile, image)
		kernels.Sums(t.shape(lo, hi), sums, tile, tile)
	}
	for c := range t.width {
		out.Data[c] = float32(sums[c] / float64(t.h*t.w))
	}
}

// tangentJoin differentiates combine.
func (e *Executor) tangentJoin(h *hand, u *ready, image int) {
	out := e.tangentView(u.operation.out, image)
	at := 0
	for k, v := range u.operation.in {
		t := &e.tensors[v.tensor]
		tile := kernels.Dense(h.twin.tile, t.w, t.width)
		for step, lo := tileRows(t.w), 0; lo < t.h; lo += step {
			hi := min(lo+step, t.h)
			rows := out.At(lo, 0)
			if u.action == actAdd && k == 0 {
				e.tangentOf(h, v, lo, hi, rows, image)
				continue
			}
			e.tangentOf(h, v, lo, hi, tile, image)
			if u.action == actAdd {
				kernels.Add(t.shape(lo, hi), rows, rows, e.ones, e.zeros, tile, e.ones, e.zeros)
			} else {
				arrange(rows, tile, u.out, t, at, hi-lo)
			}
		}
		at += t.c
	}
	if u.action == actConcat {
		clearPadding(out, u.out)
	}
}
