package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// rawDual is the tangents of raw.
func (b *backwardPass) rawDual(h *worker, u *unit, lo, hi, image int) kernels.Map {
	f := &u.Flow
	tg := b.gradientTangents(f.Location, u.Out.W, image).At(lo, 0)
	if f.Norm < 0 || b.Norm == pass.NoNorm {
		return tg
	}
	n, s := &b.norms[f.Norm], u.Out.Shape(lo, hi)
	g := b.gradientView(f.Location, u.Out.W, image).At(lo, 0)
	y, ty := b.view(u.Writes, image).At(lo, 0), b.tangentView(u.Writes, image).At(lo, 0)
	m, second := kernels.Dense(h.tangent.gradient, u.Out.W, u.Out.Width), kernels.Dense(h.tangent.second, u.Out.W,
		u.Out.Width)
	kernels.Combine(s, m, tg, ty, n.a[f.At:], n.b[f.At:], n.tangentC[f.At:])
	kernels.Combine(s, second, g, y, n.tangentA[f.At:], n.tangentB[f.At:], b.zeros)
	kernels.Add(s, m, m, b.ones, b.zeros, second, b.ones, b.zeros)
	return m
}

// flowing is the gradient of rows lo to hi of what u stored, past a normalisation, or its tangents.
func (b *backwardPass) flowing(h *worker, u *unit, lo, hi, image int, dual bool) kernels.Map {
	if dual {
		return b.rawDual(h, u, lo, hi, image)
	}
	return b.raw(h, u, lo, hi, image)
}

// dualPass differentiates a backward pass.
type dualPass struct {
	*backwardPass
	tangentSums []float64 // per image: derivatives of the sums of the current stage
	logits      []float32 // derivative of the cotangent of the logits
}

// part runs the current stage for a part of the batch, for which the backward pass has run.
func (dp *dualPass) part(h *worker, k int) {
	slot, lo, hi := dp.begin(k)
	for image := lo; image < hi; image++ {
		dp.dualImage(h, dp.current, slot, image)
	}
}

// dualImage differentiates backwardImage, which must have run.
func (dp *dualPass) dualImage(h *worker, s *plan.BackStage, slot []float32, image int) {
	t := s.In
	setBackBorders(h, s)
	setTangentBorders(h, s)
	g := accumulator{Shape: t.Shape(0, t.H), started: s.Follows && dp.live[dp.Alias[t.Parent]]}
	if s.Tensor == 0 {
		g.Blocks = 1
	} else {
		at := dp.Locations[s.Tensor]
		g.Map = dp.gradientTangents(at, t.W, image)
	}
	for _, node := range s.Injected {
		if node == dp.Plan.Graph().Logits {
			dp.inject(&g, t, dp.logits[image*t.C:])
		}
	}
	for k := range s.Joins {
		dp.backwardJoin(h, s, &s.Joins[k], &g, image, true)
	}
	for k := range s.Readings {
		if r := &s.Readings[k]; dp.alive(r) {
			dp.dualReading(h, s, r, &g, slot, image)
		}
	}
	if g.Data != nil {
		dp.zero(&g)
	}
	if dp.Norm == pass.NoNorm {
		return
	}
	for k := range s.Sums {
		c := &s.Sums[k]
		q := &dp.design.Tensors[c.Tensor]
		at, width := dp.Locations[c.Tensor], q.Width
		partial := dp.tangentSums[image*2*dp.stride+2*c.Partial:][:4*width]
		clear(partial)
		tg := dp.gradientTangents(at, q.W, image)
		kernels.Sums(q.Shape(0, q.H), partial[:2*width], tg, dp.view(c.Tensor, image))
		kernels.Sums(q.Shape(0, q.H), partial[2*width:], dp.gradientView(at, q.W, image), dp.tangentView(c.Tensor, image))
	}
}

// dualReading differentiates backwardReading.
func (dp *dualPass) dualReading(h *worker, s *plan.BackStage, r *plan.Reading, g *accumulator, slot []float32,
	image int) {
	t := s.In
	plain := !r.Relu && r.Drop < 0
	if r.Form == plan.FormTiles {
		tile, other := viewOf(r, h.scratch, t), viewOf(r, h.tangent.scratch, t)
		du := accumulator{Map: kernels.Dense(h.tangent.scratch[r.At+r.Size(t):], t.W, t.Width)}
		for lo := 0; lo < t.H; lo += r.Rows {
			hi := min(lo+r.Rows, t.H)
			rows := g.rows(lo, hi)
			dp.readBoth(h, s.Tensor, r, lo, hi, tile, other, image)
			target := &rows
			if !plain {
				du.Shape, du.started = rows.Shape, false
				target = &du
			}
			for _, u := range r.Units {
				u := dp.of(u)
				dp.dualRows(h, u, tile, other, target, lo, hi, slot, image)
			}
			dp.zero(target)
			if !plain {
				dp.finish(h, s.Tensor, r.Operand, &du, &rows, lo, nil, image)
			}
		}
		g.started = true
		return
	}
	x, tx := dp.readImages(h, s.Tensor, t, r, image)
	du := accumulator{Map: kernels.Dense(h.tangent.scratch, t.W, t.Width), Shape: g.Shape}
	target := &du
	if plain {
		target = g
	}
	for _, u := range r.Units {
		u := dp.of(u)
		if dp.live[u.Flow.Tensor] {
			dp.dualUnit(h, u, r, x, tx, target, slot, image)
		}
	}
	if !plain {
		dp.zero(&du)
		dp.finish(h, s.Tensor, r.Operand, &du, g, 0, nil, image)
	}
}

// dualUnit differentiates backwardUnit.
func (dp *dualPass) dualUnit(h *worker, u *unit, r *plan.Reading, x, tx kernels.Map, g *accumulator, slot []float32,
	image int) {
	switch u.Action {
	case plan.ActPoint:
		dp.dualRows(h, u, x.At(r.Border, r.Border), tx.At(r.Border, r.Border), g, 0, u.In.H, slot, image)
	case plan.ActAverage:
		dp.backwardAverage(h, u, g, image, true)
	case plan.ActCopy:
		dp.backwardCopy(h, u, g, image, true)
	case plan.ActSeparable, plan.ActDepthwise:
		dp.dualWindows(h, u, u.first(x, r.Border), u.first(tx, r.Border), g, slot, image)
	case plan.ActPool:
		dp.backwardPool(h, u, u.first(x, r.Border), g, image, true)
	case plan.ActConv:
		if tx.Data != nil {
			tx = u.first(tx, r.Border)
		}
		dp.dualConv(h, u, u.first(x, r.Border), tx, g, slot, image)
	}
}

// dualRows differentiates backwardRows.
func (dp *dualPass) dualRows(h *worker, u *unit, x, tx kernels.Map, g *accumulator, lo, hi int, slot []float32,
	image int) {
	if !dp.live[u.Flow.Tensor] {
		return
	}
	n := &u.Geometry
	if u.Out.H != u.In.H || u.Out.W != u.In.W {
		dp.zero(g)
	}
	from, to := u.outputs(lo), min(u.outputs(hi), u.Out.H)
	for step := plan.TileRows(u.Out.W); from < to; from += step {
		end := min(from+step, to)
		s := u.Out.Shape(from, end)
		dy, tdy := dp.raw(h, u, from, end, image), dp.rawDual(h, u, from, end, image)
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
func (dp *dualPass) dualWindows(h *worker, u *unit, x, tx kernels.Map, g *accumulator, slot []float32, image int) {
	n := &u.Geometry
	height, width := u.SpreadSize()
	border, first := u.SpreadBorder()
	spread := kernels.Planes(h.scratch[u.BackAt:], height, width, border)
	other := kernels.Planes(h.tangent.scratch[u.BackAt:], height, width, border)
	da, tda := spread.At(border, border), other.At(border, border)
	da, tda = da.Every(n.Stride), tda.Every(n.Stride)
	tile, ttile := kernels.Dense(h.tile, u.Out.W, u.In.Width), kernels.Dense(h.tangent.tile, u.Out.W, u.In.Width)
	window := kernels.Depthwise{Kernel: n.Kernel, Dilation: n.Dilation, Stride: n.Stride}
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		whole := u.Out.Shape(lo, hi)
		s := whole
		s.Blocks = u.In.Width / kernels.Block
		dy, tdy := dp.raw(h, u, lo, hi, image), dp.rawDual(h, u, lo, hi, image)
		if u.Action == plan.ActSeparable {
			window.Forward(s, tile, x.At(lo*n.Stride, 0), u.depth)
			dp.tangentWindows(h, u, s, lo, ttile, x, tx)
			u.matrixGradient(slot, tile, tdy, whole)
			u.matrixGradient(slot, ttile, dy, whole)
			u.inputGradient(false, da.At(lo, 0), dy, whole, &u.parameters)
			u.inputGradient(false, tda.At(lo, 0), tdy, whole, &u.parameters)
			u.inputGradient(true, tda.At(lo, 0), dy, whole, &u.direction)
		} else {
			kernels.Affine(s, da.At(lo, 0), dy, dp.ones, dp.zeros, false, 0)
			kernels.Affine(s, tda.At(lo, 0), tdy, dp.ones, dp.zeros, false, 0)
		}
		window.WeightGradient(s, slot[u.DepthSlot:], tda.At(lo, 0), x.At(lo*n.Stride, 0))
		window.WeightGradient(s, slot[u.DepthSlot:], da.At(lo, 0), tx.At(lo*n.Stride, 0))
	}
	window.Stride = 1
	dp.spreadOver(h, g, func(s kernels.Shape, dst kernels.Map, lo int) {
		window.Forward(s, dst, other.At(first+lo, first), u.flipped)
	})
	dp.spreadOver(h, g, func(s kernels.Shape, dst kernels.Map, lo int) {
		window.Forward(s, dst, spread.At(first+lo, first), u.direction.flipped)
	})
}

// dualConv differentiates backwardConv.
func (dp *dualPass) dualConv(h *worker, u *unit, x, tx kernels.Map, g *accumulator, slot []float32, image int) {
	n := &u.Geometry
	spread, other := u.spreadRows(h.scratch), u.spreadRows(h.tangent.scratch)
	border, first := u.SpreadBorder()
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		s := u.Out.Shape(lo, hi)
		dy, tdy := dp.raw(h, u, lo, hi, image), dp.rawDual(h, u, lo, hi, image)
		u.windowGradient(slot, x.At(lo*n.Stride, 0), tdy, s)
		if tx.Data == nil {
			continue // the images of the caller: no tangents, and no gradient asked for
		}
		u.windowGradient(slot, tx.At(lo*n.Stride, 0), dy, s)
		to, tto := spread.At(border, border), other.At(border, border)
		to, tto = to.Every(n.Stride), tto.Every(n.Stride)
		kernels.Affine(s, to.At(lo, 0), dy, dp.ones, dp.zeros, false, 0)
		kernels.Affine(s, tto.At(lo, 0), tdy, dp.ones, dp.zeros, false, 0)
	}
	if g.Data != nil {
		u.convolveBack(g, other.At(first, first), &u.parameters)
		u.convolveBack(g, spread.At(first, first), &u.direction)
	}
}
