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

// add adds scale*x + shift to the goal.
func (e *Executor) add(g *accumulator, x kernels.Map, scale, shift []float32) {
	if g.started {
		kernels.Add(g.Shape, g.Map, g.Map, e.ones, e.zeros, x, scale, shift)
	} else {
		kernels.Affine(g.Shape, g.Map, x, scale, shift, false, 0)
	}
	g.started = true
}

// zero clears a goal that nothing has been added to.
func (e *Executor) zero(g *accumulator) {
	if !g.started {
		kernels.Affine(g.Shape, g.Map, kernels.Map{Data: e.zeros, Block: kernels.Block}, e.ones, e.zeros, false, 0)
		g.started = true
	}
}

// raw is the gradient of rows lo to hi of what u stored, past a normalisation.
func (e *Executor) raw(h *worker, u *unit, lo, hi, image int) kernels.Map {
	f := &u.Flow
	g := e.gradientView(f.Location, u.Out.W, image).At(lo, 0)
	if f.Norm < 0 || e.norm == pass.NoNorm {
		return g
	}
	s := &e.norms[f.Norm]
	y := e.view(u.Writes, image).At(lo, 0)
	m := kernels.Dense(h.gradient, u.Out.W, u.Out.Width)
	kernels.Combine(u.Out.Shape(lo, hi), m, g, y, s.a[f.At:], s.b[f.At:], s.c[f.At:])
	return m
}

// finish adds the gradient du of operand v of tensor t, of rows from lo on, to that of the tensor itself.
func (e *Executor) finish(h *worker, t int, v plan.Operand, du, g *accumulator, lo int, stats []float64, image int) {
	q := &e.design.Tensors[t]
	e.drop(h, v, du.Shape, du.Map, image)
	if !v.Relu {
		e.add(g, du.Map, e.ones, e.zeros)
		return
	}
	v.Drop = -1
	scale, shift := e.pending(h, v, q, image, 0)
	kernels.Rectify(du.Shape, g.Map, du.Map, e.view(t, image).At(lo, 0), scale, shift, g.started, stats)
	g.started = true
}

// rows is rows lo to hi of the goal.
func (g *accumulator) rows(lo, hi int) accumulator {
	part := *g
	part.Map, part.Rows = g.At(lo, 0), hi-lo
	return part
}
