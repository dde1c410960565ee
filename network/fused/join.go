package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/plan"
)

// combine runs an operation that reads several tensors.
func (fp *forwardPass) combine(h *worker, u *unit, image int) {
	if u.Action == plan.ActConcat {
		fp.concatenate(h, u, image)
		return
	}
	out := fp.view(u.Writes, image)
	whole := u.Out.Shape(0, u.Out.H)
	ins := u.Reads
	x, xScale, xShift := fp.rectified(h, ins[0], 0, image)
	if len(ins) == 1 {
		kernels.Affine(whole, out, x, xScale, xShift, false, 0)
		return
	}
	for k, v := range ins[1:] {
		y, yScale, yShift := fp.rectified(h, v, k+1, image)
		kernels.Add(whole, out, x, xScale, xShift, y, yScale, yShift)
		x, xScale, xShift = out, fp.ones, fp.zeros
	}
}

// rectified is an image of operand v and what is still to be done to it: nothing that is not linear.
func (d *data) rectified(h *worker, v plan.Operand, k, image int) (x kernels.Map, scale, shift []float32) {
	t := &d.design.Tensors[v.Tensor]
	x = d.view(v.Tensor, image)
	scale, shift = d.pending(h, v, t, image, k%2)
	if !v.Relu {
		return x, scale, shift
	}
	m := kernels.Dense(h.scratch[k%2*t.H*t.W*t.Width:], t.W, t.Width)
	h.bordered = nil
	kernels.Affine(t.Shape(0, t.H), m, x, scale, shift, true, 0)
	return m, d.ones, d.zeros
}

// concatenate copies the inputs side by side.
func (fp *forwardPass) concatenate(h *worker, u *unit, image int) {
	out := fp.view(u.Writes, image)
	at := 0
	for _, v := range u.Reads {
		t := &fp.design.Tensors[v.Tensor]
		x := fp.view(v.Tensor, image)
		scale, shift := fp.pending(h, v, t, image, 0)
		tile := kernels.Dense(h.tile, t.W, t.Width)
		for y := range t.H {
			kernels.Affine(t.Shape(0, 1), tile, x.At(y, 0), scale, shift, v.Relu, 0)
			for p := range t.W {
				from, to := tile.Data[p*t.Width:][:t.Width], out.At(y, p).Data
				for c := range t.C {
					to[u.Out.Place(at+c)] = from[t.Place(c)]
				}
			}
		}
		at += t.C
	}
	clearPadding(out, u.Out)
}

// clearPadding zeroes what fills up the only group of t.
func clearPadding(m kernels.Map, t *plan.Tensor) {
	if t.C == t.Width {
		return
	}
	for y := range t.H {
		for p := range t.W {
			clear(m.At(y, p).Data[t.C:t.Width])
		}
	}
}

// arrange copies rows of a map of the channels of t to where they are in one of out, whose channels they begin at.
func arrange(dst, src kernels.Map, out, t *plan.Tensor, at, rows int) {
	for y := range rows {
		for p := range t.W {
			from, to := src.At(y, p).Data, dst.At(y, p).Data
			for c := range t.C {
				to[out.Place(at+c)] = from[t.Place(c)]
			}
		}
	}
}

// backwardJoin adds what operation j, which reads several tensors, makes of its gradient.
func (b *backwardPass) backwardJoin(h *worker, s *plan.BackStage, j *plan.Join, g *accumulator, image int, dual bool) {
	u := b.of(j.Unit)
	if !b.live[u.Flow.Tensor] {
		return
	}
	v := u.Reads[j.Operand]
	t := s.In
	part := accumulator{Map: kernels.Dense(h.scratch, t.W, t.Width), Shape: g.Shape}
	target := &part
	if !v.Relu && v.Drop < 0 {
		target = g
	}
	at := 0
	for _, w := range u.Reads[:j.Operand] {
		at += b.design.Tensors[w.Tensor].C
	}
	step := plan.TileRows(t.W)
	for lo := 0; lo < t.H; lo += step {
		hi := min(lo+step, t.H)
		rows := target.rows(lo, hi)
		dy := b.flowing(h, u, lo, hi, image, dual)
		if u.Action == plan.ActAdd {
			b.add(&rows, dy, b.ones, b.zeros)
			continue
		}
		b.zero(&rows)
		for y := range hi - lo {
			for p := range t.W {
				to, from := rows.At(y, p).Data, dy.At(y, p).Data
				for c := range t.C {
					to[t.Place(c)] += from[u.Out.Place(at+c)]
				}
			}
		}
	}
	target.started = true
	if target != g {
		b.finish(h, s.Tensor, v, &part, g, 0, nil, image)
	}
}
