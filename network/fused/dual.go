package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// rawDual is the tangents of raw.
func (e *Executor) rawDual(h *worker, u *unit, lo, hi, image int) kernels.Map {
	f := &u.Flow
	tg := kernels.Dense(e.tangents[f.Location.Base+image*f.Location.Size:], u.Out.W, f.Location.Ld).At(lo, 0)
	if f.Norm < 0 || e.norm == pass.NoNorm {
		return tg
	}
	n, s := &e.norms[f.Norm], u.Out.Shape(lo, hi)
	g := e.gradientView(f.Location, u.Out.W, image).At(lo, 0)
	y, ty := e.view(u.Writes, image).At(lo, 0), e.tangentView(u.Writes, image).At(lo, 0)
	m, second := kernels.Dense(h.tangent.gradient, u.Out.W, u.Out.Width), kernels.Dense(h.tangent.second, u.Out.W, u.Out.Width)
	kernels.Combine(s, m, tg, ty, n.a[f.At:], n.b[f.At:], n.tangentC[f.At:])
	kernels.Combine(s, second, g, y, n.tangentA[f.At:], n.tangentB[f.At:], e.zeros)
	kernels.Add(s, m, m, e.ones, e.zeros, second, e.ones, e.zeros)
	return m
}

// flowing is the gradient of rows lo to hi of what u stored, past a normalisation, or its tangents.
func (e *Executor) flowing(h *worker, u *unit, lo, hi, image int, dual bool) kernels.Map {
	if dual {
		return e.rawDual(h, u, lo, hi, image)
	}
	return e.raw(h, u, lo, hi, image)
}

// dualImage differentiates backwardImage, which must have run.
func (e *Executor) dualImage(h *worker, s *plan.BackStage, slot []float32, image int) {
	b, t := e.back, s.In
	e.setBackBorders(h, s)
	e.setTwinBorders(h, s)
	g := accumulator{Shape: t.Shape(0, t.H), started: s.Follows && b.live[b.Alias[t.Parent]]}
	if s.Tensor == 0 {
		g.Blocks = 1
	} else {
		spot := b.Locations[s.Tensor]
		g.Map = kernels.Dense(e.tangents[spot.Base+image*spot.Size:], t.W, spot.Ld)
	}
	for _, node := range s.Injected {
		if node == e.design.Plan.Graph().Logits {
			e.inject(&g, t, b.lossTangent[image*t.C:])
		}
	}
	for k := range s.Joins {
		e.backwardJoin(h, s, &s.Joins[k], &g, image, true)
	}
	for k := range s.Readings {
		if r := &s.Readings[k]; b.alive(r) {
			e.dualReading(h, s, r, &g, slot, image)
		}
	}
	if g.Data != nil {
		e.zero(&g)
	}
	if e.norm == pass.NoNorm {
		return
	}
	for k := range s.Sums {
		c := &s.Sums[k]
		q := &e.design.Tensors[c.Tensor]
		spot, width := b.Locations[c.Tensor], q.Width
		partial := b.dual[image*2*b.sums+2*c.Partial:][:4*width]
		clear(partial)
		tg := kernels.Dense(e.tangents[spot.Base+image*spot.Size:], q.W, spot.Ld)
		kernels.Sums(q.Shape(0, q.H), partial[:2*width], tg, e.view(c.Tensor, image))
		kernels.Sums(q.Shape(0, q.H), partial[2*width:], e.gradientView(spot, q.W, image), e.tangentView(c.Tensor, image))
	}
}

// dualReading differentiates backwardReading.
func (e *Executor) dualReading(h *worker, s *plan.BackStage, r *plan.Reading, g *accumulator, slot []float32, image int) {
	t := s.In
	plain := !r.Relu && r.Drop < 0
	if r.Form == plan.FormTiles {
		tile, twin := viewOf(r, h.scratch, t), viewOf(r, h.tangent.scratch, t)
		du := accumulator{Map: kernels.Dense(h.tangent.scratch[r.At+r.Size(t):], t.W, t.Width)}
		for lo := 0; lo < t.H; lo += r.Rows {
			hi := min(lo+r.Rows, t.H)
			rows := g.rows(lo, hi)
			e.readBoth(h, s.Tensor, r, lo, hi, tile, twin, image)
			target := &rows
			if !plain {
				du.Shape, du.started = rows.Shape, false
				target = &du
			}
			for _, u := range r.Units {
				u := e.of(u)
				e.dualRows(h, u, tile, twin, target, lo, hi, slot, image)
			}
			e.zero(target)
			if !plain {
				e.finish(h, s.Tensor, r.Operand, &du, &rows, lo, nil, image)
			}
		}
		g.started = true
		return
	}
	x, tx := e.readImages(h, s.Tensor, t, r, image)
	du := accumulator{Map: kernels.Dense(h.tangent.scratch, t.W, t.Width), Shape: g.Shape}
	target := &du
	if plain {
		target = g
	}
	for _, u := range r.Units {
		u := e.of(u)
		if e.back.live[u.Flow.Tensor] {
			e.dualUnit(h, u, r, x, tx, target, slot, image)
		}
	}
	if !plain {
		e.zero(&du)
		e.finish(h, s.Tensor, r.Operand, &du, g, 0, nil, image)
	}
}

// dualUnit differentiates backwardUnit.
func (e *Executor) dualUnit(h *worker, u *unit, r *plan.Reading, x, tx kernels.Map, g *accumulator, slot []float32, image int) {
	switch u.Action {
	case plan.ActPoint:
		e.dualRows(h, u, x.At(r.Border, r.Border), tx.At(r.Border, r.Border), g, 0, u.In.H, slot, image)
	case plan.ActAverage:
		e.backwardAverage(h, u, g, image, true)
	case plan.ActCopy:
		e.backwardCopy(h, u, g, image, true)
	case plan.ActSeparable, plan.ActDepthwise:
		e.dualWindows(h, u, u.first(x, r.Border), u.first(tx, r.Border), g, slot, image)
	case plan.ActPool:
		e.backwardPool(h, u, u.first(x, r.Border), g, image, true)
	case plan.ActConv:
		if tx.Data != nil {
			tx = u.first(tx, r.Border)
		}
		e.dualConv(h, u, u.first(x, r.Border), tx, g, slot, image)
	}
}

// dualRows differentiates backwardRows.
func (e *Executor) dualRows(h *worker, u *unit, x, tx kernels.Map, g *accumulator, lo, hi int, slot []float32, image int) {
	if !e.back.live[u.Flow.Tensor] {
		return
	}
	n := &u.Geometry
	if u.Out.H != u.In.H || u.Out.W != u.In.W {
		e.zero(g)
	}
	from, to := u.outputs(lo), min(u.outputs(hi), u.Out.H)
	for step := plan.TileRows(u.Out.W); from < to; from += step {
		end := min(from+step, to)
		s := u.Out.Shape(from, end)
		dy, tdy := e.raw(h, u, from, end, image), e.rawDual(h, u, from, end, image)
		y := from*n.Stride + n.Offset - lo
		every := func(m kernels.Map) kernels.Map { m = m.At(y, n.Offset); return m.Every(n.Stride) }
		u.matrixGradient(slot, every(x), tdy, s)
		u.matrixGradient(slot, every(tx), dy, s)
		u.biasGradient(slot, tdy)
		u.inputGradient(g.started, every(g.Map), tdy, s, &u.parameters)
		u.inputGradient(true, every(g.Map), dy, s, &u.direction)
	}
	g.started = true
}

// dualWindows differentiates backwardWindows.
func (e *Executor) dualWindows(h *worker, u *unit, x, tx kernels.Map, g *accumulator, slot []float32, image int) {
	n := &u.Geometry
	height, width := u.SpreadSize()
	border, first := u.SpreadBorder()
	spread := kernels.Planes(h.scratch[u.BackAt:], height, width, border)
	twin := kernels.Planes(h.tangent.scratch[u.BackAt:], height, width, border)
	da, tda := spread.At(border, border), twin.At(border, border)
	da, tda = da.Every(n.Stride), tda.Every(n.Stride)
	tile, ttile := kernels.Dense(h.tile, u.Out.W, u.In.Width), kernels.Dense(h.tangent.tile, u.Out.W, u.In.Width)
	window := kernels.Depthwise{Kernel: n.Kernel, Dilation: n.Dilation, Stride: n.Stride}
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		whole := u.Out.Shape(lo, hi)
		s := whole
		s.Blocks = u.In.Width / kernels.Block
		dy, tdy := e.raw(h, u, lo, hi, image), e.rawDual(h, u, lo, hi, image)
		if u.Action == plan.ActSeparable {
			window.Forward(s, tile, x.At(lo*n.Stride, 0), u.depth)
			e.tangentWindows(h, u, s, lo, ttile, x, tx)
			u.matrixGradient(slot, tile, tdy, whole)
			u.matrixGradient(slot, ttile, dy, whole)
			u.inputGradient(false, da.At(lo, 0), dy, whole, &u.parameters)
			u.inputGradient(false, tda.At(lo, 0), tdy, whole, &u.parameters)
			u.inputGradient(true, tda.At(lo, 0), dy, whole, &u.direction)
		} else {
			kernels.Affine(s, da.At(lo, 0), dy, e.ones, e.zeros, false, 0)
			kernels.Affine(s, tda.At(lo, 0), tdy, e.ones, e.zeros, false, 0)
		}
		window.WeightGradient(s, slot[u.DepthSlot:], tda.At(lo, 0), x.At(lo*n.Stride, 0))
		window.WeightGradient(s, slot[u.DepthSlot:], da.At(lo, 0), tx.At(lo*n.Stride, 0))
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
func (e *Executor) dualConv(h *worker, u *unit, x, tx kernels.Map, g *accumulator, slot []float32, image int) {
	n := &u.Geometry
	spread, twin := u.spreadRows(h.scratch), u.spreadRows(h.tangent.scratch)
	border, first := u.SpreadBorder()
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		s := u.Out.Shape(lo, hi)
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
		u.convolveBack(g, twin.At(first, first), &u.parameters)
		u.convolveBack(g, spread.At(first, first), &u.direction)
	}
}
