package fused

import (
	"math"

	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// normaliseBackward turns the sums S of dz and T of dz*y over a batch of n values a channel into what takes a gradient
// dz back through the normalisation z = gain*(y-mean)*r + bias: dy = a*dz + (b*y + c), see kernels.Combine; and adds
// the gradients of gain and bias.
func (b *backwardPass) normaliseBackward(sum *plan.BackSum) {
	s := &b.norms[sum.Norm]
	if b.Norm == pass.NoNorm {
		return
	}
	width := s.on.Width
	totals := b.add64(b.sums[sum.Partial:], b.stride, 2*width)
	count := float64(b.N * s.on.H * s.on.W)
	for c := range s.mean {
		at := s.on.Place(c)
		gain, _ := s.parameters(b.Theta, c)
		r, first := s.inverse[c], totals[at]
		second := totals[width+at] - float64(s.mean[c]*first) // sum of dz*(y-mean)
		if s.first != nil {
			s.first[c], s.second[c] = first, second
		}
		s.a[at], s.b[at], s.c[at] = float32(gain*r), 0, 0
		if b.Norm == pass.BatchNorm {
			slope := -gain * r * r * r * second / count
			s.b[at], s.c[at] = float32(slope), float32(-gain*r*first/count-float64(float64(float32(slope))*s.mean[c]))
		}
		if b.gTheta != nil && s.gain >= 0 {
			b.gTheta[s.gain+c] = float32(r * second)
			b.gTheta[s.bias+c] = float32(first)
		}
	}
}

// part runs the current stage for a part of the batch.
func (b *backwardPass) part(h *worker, k int) {
	slot, lo, hi := b.begin(k)
	for image := lo; image < hi; image++ {
		b.backwardImage(h, b.current, slot, image)
	}
}

// begin clears the weight gradients of part k of the batch, which are images lo to hi.
func (b *backwardPass) begin(k int) (slot []float32, lo, hi int) {
	slot = b.slots[k*b.size:][:b.current.Slot]
	clear(slot)
	lo, hi = b.Span(k)
	return slot, lo, hi
}

// backwardImage yields the gradient of an image of s's tensor.
func (b *backwardPass) backwardImage(h *worker, s *plan.BackStage, slot []float32, image int) {
	t := s.In
	setBackBorders(h, s)
	g := accumulator{Shape: t.Shape(0, t.H), started: s.Follows && b.live[b.Alias[t.Parent]]}
	if s.Tensor == 0 {
		g.Blocks = 1
		if b.gInput != nil {
			g.Map = kernels.Dense(h.scratch, t.W, kernels.Block)
		}
	} else {
		g.Map = b.gradientView(b.Locations[s.Tensor], t.W, image)
	}
	partial := b.sums[image*b.stride:][:s.Width]
	clear(partial)
	for _, node := range s.Injected {
		for _, data := range b.Given(&b.cotangents, node) {
			if data != nil {
				b.inject(&g, t, data[image*t.H*t.W*t.C:])
			}
		}
	}
	for k := range s.Joins {
		b.backwardJoin(h, s, &s.Joins[k], &g, image, false)
	}
	own, summed := s.Own(), false
	if b.Norm == pass.NoNorm {
		own = nil
	}
	for k := range s.Readings {
		r := &s.Readings[k]
		if !b.alive(r) {
			continue
		}
		var stats []float64
		if k == len(s.Readings)-1 && r.Relu && own != nil {
			stats, summed = partial[own.Partial:][:2*t.Width], true
		}
		b.backwardReading(h, s, r, &g, slot, stats, image)
	}
	if g.Data != nil {
		b.zero(&g)
	}
	for k := range s.Sums {
		if c := &s.Sums[k]; b.Norm != pass.NoNorm && !(summed && c == own) {
			q := &b.design.Tensors[c.Tensor]
			kernels.Sums(q.Shape(0, q.H), partial[c.Partial:][:2*q.Width], b.gradientView(b.Locations[c.Tensor], q.W, image),
				b.view(c.Tensor, image))
		}
	}
	for _, node := range s.Exports {
		b.exportGradient(node, image)
	}
	if s.Tensor == 0 && b.gInput != nil {
		b.exportInput(&g, image)
	}
}

// setBackBorders prepares the images with borders of stage s, which stay as they are from image to image.
func setBackBorders(h *worker, s *plan.BackStage) {
	if h.bordered == s {
		return
	}
	h.bordered = s
	clear(h.scratch[:s.Size])
	for k := range s.Readings {
		if r := &s.Readings[k]; r.Lowest {
			data := h.scratch[r.At : r.At+r.Size(s.In)]
			for i := range data {
				data[i] = float32(math.Inf(-1))
			}
		}
	}
}

// backwardReading adds what the units of r make of their gradients.
func (b *backwardPass) backwardReading(h *worker, s *plan.BackStage, r *plan.Reading, g *accumulator, slot []float32,
	stats []float64, image int) {
	t := s.In
	x := b.view(s.Tensor, image)
	scale, shift := b.pending(h, r.Operand, t, image, 0)
	plain := !r.Relu && r.Drop < 0
	if r.Form == plan.FormTiles {
		step := r.Rows
		tile := viewOf(r, h.scratch, t)
		du := accumulator{Map: kernels.Dense(h.scratch[r.At+r.Size(t):], t.W, t.Width)}
		for lo := 0; lo < t.H; lo += step {
			hi := min(lo+step, t.H)
			rows := g.rows(lo, hi)
			kernels.Affine(rows.Shape, tile, x.At(lo, 0), scale, shift, r.Relu, ahead(t, x))
			target := &rows
			if !plain {
				du.Shape, du.started = rows.Shape, false
				target = &du
			}
			for _, u := range r.Units {
				u := b.of(u)
				b.backwardRows(h, u, tile, target, lo, hi, slot, image)
			}
			b.zero(target)
			if !plain {
				b.finish(h, s.Tensor, r.Operand, &du, &rows, lo, stats, image)
			}
		}
		g.started = true
		return
	}
	switch stored := x; {
	case r.Form == plan.FormPlanes:
		x = viewOf(r, h.scratch, t)
		kernels.Affine(t.Shape(0, t.H), x.At(r.Border, r.Border), stored, scale, shift, r.Relu, ahead(t, stored))
	case r.Form == plan.FormRows && s.Tensor == 0:
		x = copyImage(r, h.scratch, x.Data, t)
	case r.Form == plan.FormRows:
		x = viewOf(r, h.scratch, t)
		kernels.Affine(t.Shape(0, t.H), x.At(r.Border, r.Border), stored, scale, shift, r.Relu, ahead(t, stored))
	}
	du := accumulator{Map: kernels.Dense(h.scratch, t.W, t.Width), Shape: g.Shape}
	target := &du
	if plain {
		target = g
	}
	for _, u := range r.Units {
		u := b.of(u)
		if b.live[u.Flow.Tensor] {
			b.backwardUnit(h, s, u, r, x, target, slot, image)
		}
	}
	if !plain {
		b.zero(&du)
		b.finish(h, s.Tensor, r.Operand, &du, g, 0, stats, image)
	}
}

// backwardUnit adds what u makes of its gradient to g, the gradient of what u reads, of which x is an image with r's
// border; and to the gradients of its weights.
func (b *backwardPass) backwardUnit(h *worker, s *plan.BackStage, u *unit, r *plan.Reading, x kernels.Map,
	g *accumulator, slot []float32, image int) {
	switch u.Action {
	case plan.ActPoint:
		b.backwardRows(h, u, x.At(r.Border, r.Border), g, 0, u.In.H, slot, image)
	case plan.ActAverage:
		b.backwardAverage(h, u, g, image, false)
	case plan.ActCopy:
		b.backwardCopy(h, u, g, image, false)
	case plan.ActSeparable, plan.ActDepthwise:
		b.backwardWindows(h, u, u.first(x, r.Border), g, slot, image)
	case plan.ActPool:
		b.backwardPool(h, u, u.first(x, r.Border), g, image, false)
	case plan.ActConv:
		b.backwardConv(h, u, u.first(x, r.Border), g, slot, image)
	}
}

// backwardCopy passes the gradient on.
func (b *backwardPass) backwardCopy(h *worker, u *unit, g *accumulator, image int, dual bool) {
	if g.Data == nil {
		return
	}
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		hi := min(lo+step, u.Out.H)
		rows := g.rows(lo, hi)
		b.add(&rows, b.flowing(h, u, lo, hi, image, dual), b.ones, b.zeros)
	}
	g.started = true
}

// backwardAverage gives every pixel its share of the gradient.
func (b *backwardPass) backwardAverage(h *worker, u *unit, g *accumulator, image int, dual bool) {
	dy := b.flowing(h, u, 0, 1, image, dual).Data[:u.Out.Width]
	share := h.vectors[2][:u.Out.Width]
	for c, v := range dy {
		share[c] = v / float32(u.In.H*u.In.W)
	}
	b.add(g, kernels.Map{Data: share, Block: kernels.Block}, b.ones, b.zeros)
}
