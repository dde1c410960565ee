package network

import "rwe301/internal/kernels"

// combine runs an operation that reads several tensors.
func (e *Executor) combine(h *hand, u *ready, image int) {
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
func (e *Executor) concatenate(h *hand, u *ready, image int) {
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

// arrange copies rows of a map of the channels of t to where they are in one of out, whose channels they begin at.
func arrange(dst, src kernels.Map, out, t *tensor, at, rows int) {
	for y := range rows {
		for p := range t.w {
			from, to := src.At(y, p).Data, dst.At(y, p).Data
			for c := range t.c {
				to[out.place(at+c)] = from[t.place(c)]
			}
		}
	}
}

// backwardJoin adds what operation j, which reads several tensors, makes of its gradient.
func (e *Executor) backwardJoin(h *hand, s *backStage, j *join, g *goal, image int, dual bool) {
	u := e.of(j.u)
	if !e.back.live[u.flow.tensor] {
		return
	}
	v := u.operation.in[j.k]
	t := s.in
	part := goal{Map: kernels.Dense(h.scratch, t.w, t.width), Shape: g.Shape}
	target := &part
	if !v.relu && v.drop < 0 {
		target = g
	}
	at := 0
	for _, w := range u.operation.in[:j.k] {
		at += e.program.tensors[w.tensor].c
	}
	step := tileRows(t.w)
	for lo := 0; lo < t.h; lo += step {
		hi := min(lo+step, t.h)
		rows := target.rows(lo, hi)
		dy := e.flowing(h, u, lo, hi, image, dual)
		if u.action == actAdd {
			e.add(&rows, dy, e.ones, e.zeros)
			continue
		}
		e.zero(&rows)
		for y := range hi - lo {
			for p := range t.w {
				to, from := rows.At(y, p).Data, dy.At(y, p).Data
				for c := range t.c {
					to[t.place(c)] += from[u.out.place(at+c)]
				}
			}
		}
	}
	target.started = true
	if target != g {
		e.finish(h, s.tensor, v, &part, g, 0, nil, image)
	}
}
