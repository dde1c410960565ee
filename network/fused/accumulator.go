package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// accumulator is where gradients add up: rows of an image, cleared or not.
type accumulator struct {
	kernels.Map
	kernels.Shape
	started bool
}

// add adds scale*x + shift to g.
func (d *data) add(g *accumulator, x kernels.Map, scale, shift []float32) {
	if g.started {
		kernels.Add(g.Shape, g.Map, g.Map, d.ones, d.zeros, x, scale, shift)
	} else {
		kernels.Affine(g.Shape, g.Map, x, scale, shift, false, 0)
	}
	g.started = true
}

// zero clears g if nothing has been added to.
func (d *data) zero(g *accumulator) {
	if !g.started {
		kernels.Affine(g.Shape, g.Map, kernels.Map{Data: d.zeros, Block: kernels.Block}, d.ones, d.zeros, false, 0)
		g.started = true
	}
}

// raw is the gradient of rows lo to hi of what u stored, past a normalisation.
func (b *backwardPass) raw(h *worker, u *unit, lo, hi, image int) kernels.Map {
	f := &u.Flow
	g := b.gradientView(f.Location, u.Out.W, image).At(lo, 0)
	if f.Norm < 0 || b.Norm == pass.NoNorm {
		return g
	}
	s := &b.norms[f.Norm]
	y := b.view(u.Writes, image).At(lo, 0)
	m := kernels.Dense(h.gradient, u.Out.W, u.Out.Width)
	kernels.Combine(u.Out.Shape(lo, hi), m, g, y, s.a[f.At:], s.b[f.At:], s.c[f.At:])
	return m
}

// finish adds the gradient du of operand v of tensor t, of rows from lo on, to that of the tensor itself.
func (b *backwardPass) finish(h *worker, t int, v plan.Operand, du, g *accumulator, lo int, stats []float64,
	image int) {
	q := &b.design.Tensors[t]
	b.drop(h, v, du.Shape, du.Map, image)
	if !v.Relu {
		b.add(g, du.Map, b.ones, b.zeros)
		return
	}
	v.Drop = -1
	scale, shift := b.pending(h, v, q, image, 0)
	kernels.Rectify(du.Shape, g.Map, du.Map, b.view(t, image).At(lo, 0), scale, shift, g.started, stats)
	g.started = true
}

// rows is rows lo to hi of g.
func (g *accumulator) rows(lo, hi int) accumulator {
	part := *g
	part.Map, part.Rows = g.At(lo, 0), hi-lo
	return part
}
