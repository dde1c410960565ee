package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// The tangents of a pass are the derivatives of everything stored along a direction in the space of the parameters.
// They lie in an arena of their own, in the places of what they are the derivatives of.

// tangentPass differentiates the forward pass.
type tangentPass struct {
	*data
	*statistics
	current *plan.Stage
}

// run computes the derivatives of everything stored along the direction.
func (tp *tangentPass) run() {
	for k := range tp.units {
		tp.units[k].pack(&tp.units[k].direction, tp.Plan, tp.direction)
	}
	for k := range tp.norms {
		tp.norms[k].setTangents(tp.Theta, tp.direction)
	}
	for k := range tp.design.Stages {
		s := &tp.design.Stages[k]
		tp.current = s
		tp.workers.share(tp, tp.N)
		for _, u := range s.Units {
			if u.Sums >= 0 && tp.Norm == pass.BatchNorm {
				tp.normaliseTangent(tp.of(u))
			}
		}
	}
}

// part is an image of the current stage.
func (tp *tangentPass) part(h *worker, image int) { tp.tangentStage(h, tp.current, image) }

// tangentStage differentiates forwardStage.
func (tp *tangentPass) tangentStage(h *worker, j *plan.Stage, image int) {
	partial := tp.partial[image*tp.design.Sums:][:j.Sums]
	clear(partial)
	if j.In == nil {
		tp.tangentJoin(h, tp.of(j.Units[0]), image)
	} else {
		setBorders(h, j)
		setTangentBorders(h, j)
		for k := range j.Readings {
			tp.tangentReading(h, j, &j.Readings[k], image)
		}
	}
	for _, u := range j.Units {
		u := tp.of(u)
		if u.Sums >= 0 {
			s := u.Out.Shape(0, u.Out.H)
			kernels.Sums(s, partial[u.Sums:][:2*u.Out.Width], tp.tangentView(u.Writes, image), tp.view(u.Writes, image))
		}
	}
}

// setTangentBorders clears the borders around tangents for stage s.
func setTangentBorders(h *worker, s any) {
	if h.tangent.bordered != s {
		h.tangent.bordered = s
		clear(h.tangent.scratch)
	}
}

// tangentOf writes the tangents of rows lo to hi of an image of operand v.
func (d *data) tangentOf(h *worker, v plan.Operand, lo, hi int, dst kernels.Map, image int) {
	t := &d.design.Tensors[v.Tensor]
	s, x, tx := t.Shape(lo, hi), d.view(v.Tensor, image).At(lo, 0), d.tangentView(v.Tensor, image).At(lo, 0)
	if v.Normed && d.Norm != pass.NoNorm {
		n := &d.norms[t.Norm]
		kernels.Combine(s, dst, tx, x, n.scale, n.tangentScale, n.tangentShift)
	} else {
		kernels.Affine(s, dst, tx, d.ones, d.zeros, false, 0)
	}
	if v.Relu {
		whole := v
		whole.Drop = -1
		scale, shift := d.pending(h, whole, t, image, 0)
		kernels.Rectify(s, dst, dst, x, scale, shift, false, nil)
	}
	d.drop(h, v, s, dst, image)
}

// drop multiplies x by what the drop path of v makes of an image.
func (d *data) drop(h *worker, v plan.Operand, s kernels.Shape, x kernels.Map, image int) {
	factor := d.pathFactor(v, image)
	if factor == 1 {
		return
	}
	vector := h.vectors[3][:kernels.Block*s.Blocks]
	for c := range vector {
		vector[c] = factor
	}
	kernels.Affine(s, x, x, vector, d.zeros, false, 0)
}

// tangentReading differentiates forwardReading.
func (tp *tangentPass) tangentReading(h *worker, j *plan.Stage, r *plan.Reading, image int) {
	if r.Form == plan.FormTiles {
		tile, other := viewOf(r, h.scratch, j.In), viewOf(r, h.tangent.scratch, j.In)
		for lo := 0; lo < j.In.H; lo += r.Rows {
			hi := min(lo+r.Rows, j.In.H)
			tp.readBoth(h, j.Tensor, r, lo, hi, tile, other, image)
			for _, u := range r.Units {
				u := tp.of(u)
				out := tp.tangentView(u.Writes, image)
				u.rows(out, tile, lo, hi, &u.direction, false, nil)
				u.rows(out, other, lo, hi, &u.parameters, true, nil)
			}
		}
		return
	}
	x, tx := tp.readImages(h, j.Tensor, j.In, r, image)
	for _, u := range r.Units {
		u := tp.of(u)
		if u.Out != nil {
			tp.tangentUnit(h, u, r, x, tx, image)
		}
	}
}

// readBoth writes rows lo to hi of an image as r reads it, and their tangents.
func (d *data) readBoth(h *worker, tensor int, r *plan.Reading, lo, hi int, dst, other kernels.Map, image int) {
	t := &d.design.Tensors[tensor]
	scale, shift := d.pending(h, r.Operand, t, image, 0)
	kernels.Affine(t.Shape(lo, hi), dst, d.view(tensor, image).At(lo, 0), scale, shift, r.Relu, 0)
	d.tangentOf(h, r.Operand, lo, hi, other, image)
}

// readImages is an image, as r reads it, and its tangents, with r's border. The images of the caller have none.
func (d *data) readImages(h *worker, tensor int, t *plan.Tensor, r *plan.Reading, image int) (x, tx kernels.Map) {
	x = d.view(tensor, image)
	switch {
	case r.Form.Whole() && tensor == 0:
		return copyImage(r, h.scratch, x.Data, t), kernels.Map{}
	case r.Form.Whole():
		x, tx = viewOf(r, h.scratch, t), viewOf(r, h.tangent.scratch, t)
		d.readBoth(h, tensor, r, 0, t.H, x.At(r.Border, r.Border), tx.At(r.Border, r.Border), image)
		return x, tx
	case tensor == 0:
		return x, kernels.Map{}
	}
	return x, d.tangentView(tensor, image)
}

// tangentUnit differentiates forwardUnit: what is linear in the parameters and in what it reads becomes two terms.
func (tp *tangentPass) tangentUnit(h *worker, u *unit, r *plan.Reading, x, tx kernels.Map, image int) {
	out := tp.tangentView(u.Writes, image)
	whole := u.Out.Shape(0, u.Out.H)
	switch u.Action {
	case plan.ActPoint:
		u.rows(out, x.At(r.Border, r.Border), 0, u.In.H, &u.direction, false, nil)
		u.rows(out, tx.At(r.Border, r.Border), 0, u.In.H, &u.parameters, true, nil)
	case plan.ActSeparable:
		tp.tangentSeparable(h, u, out, u.first(x, r.Border), u.first(tx, r.Border))
	case plan.ActConv:
		u.convolve(out, u.first(x, r.Border), &u.direction, false, nil)
		if tx.Data != nil {
			u.convolve(out, u.first(tx, r.Border), &u.parameters, true, nil)
		}
	case plan.ActDepthwise:
		for step, lo := plan.TileRows(u.Out.W), 0; lo < u.Out.H; lo += step {
			hi := min(lo+step, u.Out.H)
			tp.tangentWindows(h, u, u.Out.Shape(lo, hi), lo, out.At(lo, 0), u.first(x, r.Border), u.first(tx, r.Border))
		}
	case plan.ActPool:
		if u.Averages() {
			u.pool(out, u.first(tx, r.Border), nil)
		} else {
			tp.tangentMax(h, u, out, u.first(x, r.Border), u.first(tx, r.Border))
		}
	case plan.ActAverage:
		tp.tangentAverage(h, u, out, image)
	case plan.ActCopy:
		if tx.Data != nil {
			tp.tangentOf(h, u.Reads[0], 0, u.In.H, out, image)
			return
		}
		fallthrough
	case plan.ActZero:
		kernels.Affine(whole, out, kernels.Map{Data: tp.zeros, Block: kernels.Block}, tp.ones, tp.zeros, false, 0)
	}
}

// tangentWindows writes the tangents of rows from lo on of a depthwise convolution.
func (d *data) tangentWindows(h *worker, u *unit, s kernels.Shape, lo int, dst, x, tx kernels.Map) {
	at := lo * u.Geometry.Stride
	second := kernels.Dense(h.tangent.second, u.Out.W, u.In.Width)
	u.depthwise(s, dst, x.At(at, 0), u.direction.depth)
	u.depthwise(s, second, tx.At(at, 0), u.depth)
	kernels.Add(s, dst, dst, d.ones, d.zeros, second, d.ones, d.zeros)
}

// tangentSeparable differentiates separable.
func (tp *tangentPass) tangentSeparable(h *worker, u *unit, out, x, tx kernels.Map) {
	tile, other := kernels.Dense(h.tile, u.Out.W, u.In.Width), kernels.Dense(h.tangent.tile, u.Out.W, u.In.Width)
	first, second := u.product(tile, &u.direction), u.product(other, &u.parameters)
	first.Rows, second.Rows, second.Accumulate = 1, 1, true
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		s := kernels.Shape{Rows: min(step, u.Out.H-lo), Width: u.Out.W, Blocks: u.In.Width / kernels.Block}
		u.depthwise(s, tile, x.At(lo*u.Geometry.Stride, 0), u.depth)
		tp.tangentWindows(h, u, s, lo, other, x, tx)
		for _, p := range [...]*kernels.Product{&first, &second} {
			p.Width, p.C = s.Rows*s.Width, out.At(lo, 0)
			p.Run()
		}
	}
}

// tangentMax takes the tangents of the largest values.
func (tp *tangentPass) tangentMax(h *worker, u *unit, out, x, tx kernels.Map) {
	const block = kernels.Block
	n := &u.Geometry
	tile := kernels.Dense(h.tile, u.Out.W, u.Out.Width)
	for step, lo := plan.TileRows(u.Out.W), 0; lo < u.Out.H; lo += step {
		s := u.Out.Shape(lo, min(lo+step, u.Out.H))
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
func (tp *tangentPass) tangentAverage(h *worker, u *unit, out kernels.Map, image int) {
	t := u.In
	sums := h.sums[:2*t.Width]
	clear(sums)
	tile := kernels.Dense(h.tangent.tile, t.W, t.Width)
	for step, lo := plan.TileRows(t.W), 0; lo < t.H; lo += step {
		hi := min(lo+step, t.H)
		tp.tangentOf(h, u.Reads[0], lo, hi, tile, image)
		kernels.Sums(t.Shape(lo, hi), sums, tile, tile)
	}
	for c := range t.Width {
		out.Data[c] = float32(sums[c] / float64(t.H*t.W))
	}
}

// tangentJoin differentiates combine.
func (tp *tangentPass) tangentJoin(h *worker, u *unit, image int) {
	out := tp.tangentView(u.Writes, image)
	at := 0
	for k, v := range u.Reads {
		t := &tp.design.Tensors[v.Tensor]
		tile := kernels.Dense(h.tangent.tile, t.W, t.Width)
		for step, lo := plan.TileRows(t.W), 0; lo < t.H; lo += step {
			hi := min(lo+step, t.H)
			rows := out.At(lo, 0)
			if u.Action == plan.ActAdd && k == 0 {
				tp.tangentOf(h, v, lo, hi, rows, image)
				continue
			}
			tp.tangentOf(h, v, lo, hi, tile, image)
			if u.Action == plan.ActAdd {
				kernels.Add(t.Shape(lo, hi), rows, rows, tp.ones, tp.zeros, tile, tp.ones, tp.zeros)
			} else {
				arrange(rows, tile, u.Out, t, at, hi-lo)
			}
		}
		at += t.C
	}
	if u.Action == plan.ActConcat {
		clearPadding(out, u.Out)
	}
}
