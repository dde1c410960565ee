package network

import "rwe301/internal/kernels"

// rawDual is the tangents of raw.
func (e *Executor) rawDual(h *hand, u *ready, lo, hi, image int) kernels.Map {
	f := &u.flow
	tg := kernels.Dense(e.tangents[f.spot.base+image*f.spot.size:], u.out.w, f.spot.ld).At(lo, 0)
	if f.norm < 0 || e.norm == NoNorm {
		return tg
	}
	n, s := &e.norms[f.norm], u.out.shape(lo, hi)
	g := e.gradientView(f.spot, u.out.w, image).At(lo, 0)
	y, ty := e.view(u.operation.out, image).At(lo, 0), e.tangentView(u.operation.out, image).At(lo, 0)
	m, second := kernels.Dense(h.twin.gradient, u.out.w, u.out.width), kernels.Dense(h.twin.second, u.out.w, u.out.width)
	kernels.Combine(s, m, tg, ty, n.a[f.at:], n.b[f.at:], n.tangentC[f.at:])
	kernels.Combine(s, second, g, y, n.tangentA[f.at:], n.tangentB[f.at:], e.zeros)
	kernels.Add(s, m, m, e.ones, e.zeros, second, e.ones, e.zeros)
	return m
}

// flowing is the gradient of rows lo to hi of what u stored, past a normalisation, or its tangents.
func (e *Executor) flowing(h *hand, u *ready, lo, hi, image int, dual bool) kernels.Map {
	if dual {
		return e.rawDual(h, u, lo, hi, image)
	}
	return e.raw(h, u, lo, hi, image)
}

// dualImage differentiates backwardImage, which must have run.
func (e *Executor) dualImage(h *hand, s *backStage, slot []float32, image int) {
	b, t := e.back, s.in
	e.setBackBorders(h, s)
	e.setTwinBorders(h, s)
	g := goal{Shape: t.shape(0, t.h), started: s.follows && b.live[b.alias[t.parent]]}
	if s.tensor == 0 {
		g.Blocks = 1
	} else {
		spot := b.spots[s.tensor]
		g.Map = kernels.Dense(e.tangents[spot.base+image*spot.size:], t.w, spot.ld)
	}
	for _, node := range s.injected {
		if node == e.plan.Graph().Logits {
			e.inject(&g, t, b.lossTangent[image*t.c:])
		}
	}
	for k := range s.joins {
		e.backwardJoin(h, s, &s.joins[k], &g, image, true)
	}
	for k := range s.readings {
		if r := &s.readings[k]; b.alive(r) {
			e.dualReading(h, s, r, &g, slot, image)
		}
	}
	if g.Data != nil {
		e.zero(&g)
	}
	if e.norm == NoNorm {
		return
	}
	for k := range s.sums {
		c := &s.sums[k]
		q := &e.tensors[c.tensor]
		spot, width := b.spots[c.tensor], q.width
		partial := b.dual[image*2*b.sums+2*c.partial:][:4*width]
		clear(partial)
		tg := kernels.Dense(e.tangents[spot.base+image*spot.size:], q.w, spot.ld)
		kernels.Sums(q.shape(0, q.h), partial[:2*width], tg, e.view(c.tensor, image))
		kernels.Sums(q.shape(0, q.h), partial[2*width:], e.gradientView(spot, q.w, image), e.tangentView(c.tensor, image))
	}
}

// dualReading differentiates backwardReading.
func (e *Executor) dualReading(h *hand, s *backStage, r *reading, g *goal, slot []float32, image int) {
	t := s.in
	plain := !r.relu && r.drop < 0
	if r.form == formTiles {
		tile, twin := viewOf(r, h.scratch, t), viewOf(r, h.twin.scratch, t)
		du := goal{Map: kernels.Dense(h.twin.scratch[r.at+r.size(t):], t.w, t.width)}
		for lo := 0; lo < t.h; lo += r.rows {
			hi := min(lo+r.rows, t.h)
			rows := g.rows(lo, hi)
			e.readBoth(h, s.tensor, r, lo, hi, tile, twin, image)
			target := &rows
			if !plain {
				du.Shape, du.started = rows.Shape, false
				target = &du
			}
			for _, u := range r.units {
				u := e.of(u)
				e.dualRows(h, u, tile, twin, target, lo, hi, slot, image)
			}
			e.zero(target)
			if !plain {
				e.finish(h, s.tensor, r.operand, &du, &rows, lo, nil, image)
			}
		}
		g.started = true
		return
	}
	x, tx := e.readImages(h, s.tensor, t, r, image)
	du := goal{Map: kernels.Dense(h.twin.scratch, t.w, t.width), Shape: g.Shape}
	target := &du
	if plain {
		target = g
	}
	for _, u := range r.units {
		u := e.of(u)
		if e.back.live[u.flow.tensor] {
			e.dualUnit(h, u, r, x, tx, target, slot, image)
		}
	}
	if !plain {
		e.zero(&du)
		e.finish(h, s.tensor, r.operand, &du, g, 0, nil, image)
	}
}

// dualUnit differentiates backwardUnit.
func (e *Executor) dualUnit(h *hand, u *ready, r *reading, x, tx kernels.Map, g *goal, slot []float32, image int) {
	switch u.action {
	case actPoint:
		e.dualRows(h, u, x.At(r.border, r.border), tx.At(r.border, r.border), g, 0, u.in.h, slot, image)
	case actAverage:
		e.backwardAverage(h, u, g, image, true)
	case actCopy:
		e.backwardCopy(h, u, g, image, true)
	case actSeparable, actDepthwise:
		e.dualWindows(h, u, u.first(x, r.border), u.first(tx, r.border), g, slot, image)
	case actPool:
		e.backwardPool(h, u, u.first(x, r.border), g, image, true)
	case actConv:
		if tx.Data != nil {
			tx = u.first(tx, r.border)
		}
		e.dualConv(h, u, u.first(x, r.border), tx, g, slot, image)
	}
}

// dualRows differentiates backwardRows.
func (e *Executor) dualRows(h *hand, u *ready, x, tx kernels.Map, g *goal, lo, hi int, slot []float32, image int) {
	if !e.back.live[u.flow.tensor] {
		return
	}
	n := &u.geometry
	if u.out.h != u.in.h || u.out.w != u.in.w {
		e.zero(g)
	}
	from, to := u.outputs(lo), min(u.outputs(hi), u.out.h)
	for step := tileRows(u.out.w); from < to; from += step {
		end := min(from+step, to)
		s := u.out.shape(from, end)
		dy, tdy := e.raw(h, u, from, end, image), e.rawDual(h, u, from, end, image)
		y := from*n.Stride + n.Offset - lo
		every := func(m kernels.Map) kernels.Map { m = m.At(y, n.Offset); return m.Every(n.Stride) }
		u.matrixGradient(slot, every(x), tdy, s)
		u.matrixGradient(slot, every(tx), dy, s)
		u.biasGradient(slot, tdy)
		u.inputGradient(g.started, every(g.Map), tdy, s, &u.parcel)
		u.inputGradient(true, every(g.Map), dy, s, &u.direction)
	}
	g.started = true
}

// dualWindows differentiates backwardWindows.
func (e *Executor) dualWindows(h *hand, u *ready, x, tx kernels.Map, g *goal, slot []float32, image int) {
	n := &u.geometry
	height, width := u.spreadSize()
	border, first := u.spreadBorder()
	spread := kernels.Planes(h.scratch[u.backAt:], height, width, border)
	twin := kernels.Planes(h.twin.scratch[u.backAt:], height, width, border)
	da, tda := spread.At(border, border), twin.At(border, border)
	da, tda = da.Every(n.Stride), tda.Every(n.Stride)
	tile, ttile := kernels.Dense(h.tile, u.out.w, u.in.width), kernels.Dense(h.twin.tile, u.out.w, u.in.width)
	window := kernels.Depthwise{Kernel: n.Kernel, Dilation: n.Dilation, Stride: n.Stride}
	step := tileRows(u.out.w)
	for lo := 0; lo < u.out.h; lo += step {
		hi := min(lo+step, u.out.h)
		whole := u.out.shape(lo, hi)
		s := whole
		s.Blocks = u.in.width / kernels.Block
		dy, tdy := e.raw(h, u, lo, hi, image), e.rawDual(h, u, lo, hi, image)
		if u.action == actSeparable {
			window.Forward(s, tile, x.At(lo*n.Stride, 0), u.depth)
			e.tangentWindows(h, u, s, lo, ttile, x, tx)
			u.matrixGradient(slot, tile, tdy, whole)
			u.matrixGradient(slot, ttile, dy, whole)
			u.inputGradient(false, da.At(lo, 0), dy, whole, &u.parcel)
			u.inputGradient(false, tda.At(lo, 0), tdy, whole, &u.parcel)
			u.inputGradient(true, tda.At(lo, 0), dy, whole, &u.direction)
		} else {
			kernels.Affine(s, da.At(lo, 0), dy, e.ones, e.zeros, false, 0)
			kernels.Affine(s, tda.At(lo, 0), tdy, e.ones, e.zeros, false, 0)
		}
		window.WeightGradient(s, slot[u.depthSlot:], tda.At(lo, 0), x.At(lo*n.Stride, 0))
		window.WeightGradient(s, slot[u.depthSlot:], da.At(lo, 0), tx.At(lo*n.Stride, 0))
	}
	window.Stride = 1
	e.spreadOver(h, g, func(s kernels.Shape, dst kernels.Map, lo int) {
		window.Forward(s, dst, twin.At(first+lo, first), u.flipped)
	})
	e.spreadOver(h, g, func(s kernels.Shape, dst kernels.Map, lo int) {
		window.Forward(s, dst, spread.At(first+lo, first), u.direction.flipped)
	})
}

// dualConv differentiates backwardConv.
func (e *Executor) dualConv(h *hand, u *ready, x, tx kernels.Map, g *goal, slot []float32, image int) {
	n := &u.geometry
	spread, twin := u.spreadRows(h.scratch), u.spreadRows(h.twin.scratch)
	border, first := u.spreadBorder()
	step := tileRows(u.out.w)
	for lo := 0; lo < u.out.h; lo += step {
		hi := min(lo+step, u.out.h)
		s := u.out.shape(lo, hi)
		dy, tdy := e.raw(h, u, lo, hi, image), e.rawDual(h, u, lo, hi, image)
		u.windowGradient(slot, x.At(lo*n.Stride, 0), tdy, s)
		if tx.Data == nil {
			continue // the images of the caller: no tangents, and no gradient asked for
		}
		u.windowGradient(slot, tx.At(lo*n.Stride, 0), dy, s)
		to, tto := spread.At(border, border), twin.At(border, border)
		to, tto = to.Every(n.Stride), tto.Every(n.Stride)
		kernels.Affine(s, to.At(lo, 0), dy, e.ones, e.zeros, false, 0)
		kernels.Affine(s, tto.At(lo, 0), tdy, e.ones, e.zeros, false, 0)
	}
	if g.Data != nil {
		u.convolveBack(g, twin.At(first, first), &u.parcel)
		u.convolveBack(g, spread.At(first, first), &u.direction)
	}
}
