package network

import (
	"math"

	"rwe301/internal/kernels"
)

// normaliseBackward turns the sums S of dz and T of dz*y over a batch of n values a channel into what takes a gradient dz
// back through the normalisation z = gain*(y-mean)*r + bias: dy = a*dz + (b*y + c), see kernels.Combine; and adds the
// gradients of gain and bias.
func (e *Executor) normaliseBackward(sum *backSum) {
	b, s := e.back, &e.norms[sum.norm]
	if e.norm == NoNorm {
		return
	}
	width := s.on.width
	totals := e.add64(b.partial[sum.partial:], b.sums, 2*width)
	count := float64(e.n * s.on.h * s.on.w)
	for c := range s.mean {
		at := s.on.place(c)
		gain, _ := s.parameters(e.theta, c)
		r, first := s.inverse[c], totals[at]
		second := totals[width+at] - s.mean[c]*first // sum of dz*(y-mean)
		if s.first != nil {
			s.first[c], s.second[c] = first, second
		}
		s.a[at], s.b[at], s.c[at] = float32(gain*r), 0, 0
		if e.norm == BatchNorm {
			slope := -gain * r * r * r * second / count
			s.b[at], s.c[at] = float32(slope), float32(-gain*r*first/count-float64(float32(slope))*s.mean[c])
		}
		if b.theta != nil && s.gain >= 0 {
			b.theta[s.gain+c] = float32(r * second)
			b.theta[s.bias+c] = float32(first)
		}
	}
}

// gradient is an image of the gradient at s.
func (e *Executor) gradientView(s spot, w, image int) kernels.Map {
	return kernels.Dense(e.arena[s.base+image*s.size:], w, s.ld)
}

// backwardPart runs the current stage for a slice of the batch: gradients, or their tangents.
func (e *Executor) backwardPart(h *hand, part int, dual bool) {
	b := e.back
	s := b.current
	slot := b.slots[part*b.size:][:s.slot]
	clear(slot)
	lo, hi := e.slice(part)
	for image := lo; image < hi; image++ {
		if dual {
			e.dualImage(h, s, slot, image)
		} else {
			e.backwardImage(h, s, slot, image)
		}
	}
}

// backwardImage yields the gradient of an image of s's tensor.
func (e *Executor) backwardImage(h *hand, s *backStage, slot []float32, image int) {
	b := e.back
	t := s.in
	e.setBackBorders(h, s)
	g := goal{Shape: t.shape(0, t.h), started: s.follows && b.live[b.alias[t.parent]]}
	if s.tensor == 0 {
		g.Blocks = 1
		if b.input != nil {
			g.Map = kernels.Dense(h.scratch, t.w, kernels.Block)
		}
	} else {
		g.Map = e.gradientView(b.spots[s.tensor], t.w, image)
	}
	partial := b.partial[image*b.sums:][:s.width]
	clear(partial)
	for _, node := range s.injected {
		for _, data := range e.given(node) {
			if data != nil {
				e.inject(&g, t, data[image*t.h*t.w*t.c:])
			}
		}
	}
	for k := range s.joins {
		e.backwardJoin(h, s, &s.joins[k], &g, image, false)
	}
	own, summed := s.own(), false
	if e.norm == NoNorm {
		own = nil
	}
	for k := range s.readings {
		r := &s.readings[k]
		if !b.alive(r) {
			continue
		}
		var stats []float64
		if k == len(s.readings)-1 && r.relu && own != nil {
			stats, summed = partial[own.partial:][:2*t.width], true
		}
		e.backwardReading(h, s, r, &g, slot, stats, image)
	}
	if g.Data != nil {
		e.zero(&g)
	}
	for k := range s.sums {
		if c := &s.sums[k]; e.norm != NoNorm && !(summed && c == own) {
			q := &e.program.tensors[c.tensor]
			kernels.Sums(q.shape(0, q.h), partial[c.partial:][:2*q.width], e.gradientView(b.spots[c.tensor], q.w, image), e.view(c.tensor, image))
		}
	}
	for _, node := range s.exports {
		e.exportGradient(node, image)
	}
	if s.tensor == 0 && b.input != nil {
		e.exportInput(&g, image)
	}
}

// setBackBorders prepares the images with borders of stage s, which stay as they are from image to image.
func (e *Executor) setBackBorders(h *hand, s *backStage) {
	if h.bordered == s {
		return
	}
	h.bordered = s
	clear(h.scratch[:s.size])
	for k := range s.readings {
		if r := &s.readings[k]; r.lowest {
			data := h.scratch[r.at : r.at+r.size(s.in)]
			for i := range data {
				data[i] = float32(math.Inf(-1))
			}
		}
	}
}

// backwardReading adds what the units of r make of their gradients.
func (e *Executor) backwardReading(h *hand, s *backStage, r *reading, g *goal, slot []float32, stats []float64, image int) {
	t := s.in
	x := e.view(s.tensor, image)
	scale, shift := e.pending(h, r.operand, t, image, 0)
	plain := !r.relu && r.drop < 0
	if r.form == formTiles {
		step := r.rows
		tile := viewOf(r, h.scratch, t)
		du := goal{Map: kernels.Dense(h.scratch[r.at+r.size(t):], t.w, t.width)}
		for lo := 0; lo < t.h; lo += step {
			hi := min(lo+step, t.h)
			rows := g.rows(lo, hi)
			kernels.Affine(rows.Shape, tile, x.At(lo, 0), scale, shift, r.relu, ahead(t, x))
			target := &rows
			if !plain {
				du.Shape, du.started = rows.Shape, false
				target = &du
			}
			for _, u := range r.units {
				u := e.of(u)
				e.backwardRows(h, u, tile, target, lo, hi, slot, image)
			}
			e.zero(target)
			if !plain {
				e.finish(h, s.tensor, r.operand, &du, &rows, lo, stats, image)
			}
		}
		g.started = true
		return
	}
	switch stored := x; {
	case r.form == formPlanes:
		x = viewOf(r, h.scratch, t)
		kernels.Affine(t.shape(0, t.h), x.At(r.border, r.border), stored, scale, shift, r.relu, ahead(t, stored))
	case r.form == formRows && s.tensor == 0:
		x = copyImage(r, h.scratch, x.Data, t)
	case r.form == formRows:
		x = viewOf(r, h.scratch, t)
		kernels.Affine(t.shape(0, t.h), x.At(r.border, r.border), stored, scale, shift, r.relu, ahead(t, stored))
	}
	du := goal{Map: kernels.Dense(h.scratch, t.w, t.width), Shape: g.Shape}
	target := &du
	if plain {
		target = g
	}
	for _, u := range r.units {
		u := e.of(u)
		if e.back.live[u.flow.tensor] {
			e.backwardUnit(h, s, u, r, x, target, slot, image)
		}
	}
	if !plain {
		e.zero(&du)
		e.finish(h, s.tensor, r.operand, &du, g, 0, stats, image)
	}
}

// backwardUnit adds what u makes of its gradient to g, the gradient of what u reads, of which x is an image with r's
// border; and to the gradients of its weights.
func (e *Executor) backwardUnit(h *hand, s *backStage, u *ready, r *reading, x kernels.Map, g *goal, slot []float32, image int) {
	switch u.action {
	case actPoint:
		e.backwardRows(h, u, x.At(r.border, r.border), g, 0, u.in.h, slot, image)
	case actAverage:
		e.backwardAverage(h, u, g, image, false)
	case actCopy:
		e.backwardCopy(h, u, g, image, false)
	case actSeparable, actDepthwise:
		e.backwardWindows(h, u, u.first(x, r.border), g, slot, image)
	case actPool:
		e.backwardPool(h, u, u.first(x, r.border), g, image, false)
	case actConv:
		e.backwardConv(h, u, u.first(x, r.border), g, slot, image)
	}
}

// backwardCopy passes the gradient on.
func (e *Executor) backwardCopy(h *hand, u *ready, g *goal, image int, dual bool) {
	if g.Data == nil {
		return
	}
	step := tileRows(u.out.w)
	for lo := 0; lo < u.out.h; lo += step {
		hi := min(lo+step, u.out.h)
		rows := g.rows(lo, hi)
		e.add(&rows, e.flowing(h, u, lo, hi, image, dual), e.ones, e.zeros)
	}
	g.started = true
}

// backwardAverage gives every pixel its share of the gradient.
func (e *Executor) backwardAverage(h *hand, u *ready, g *goal, image int, dual bool) {
	dy := e.flowing(h, u, 0, 1, image, dual).Data[:u.out.width]
	share := h.vectors[2][:u.out.width]
	for c, v := range dy {
		share[c] = v / float32(u.in.h*u.in.w)
	}
	e.add(g, kernels.Map{Data: share, Block: kernels.Block}, e.ones, e.zeros)
}
