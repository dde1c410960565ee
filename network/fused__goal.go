package network

import "rwe301/internal/kernels"

// goal is where gradients add up: rows of an image, cleared or not.
type goal struct {
	kernels.Map
	kernels.Shape
	started bool
}

// add adds scale*x + shift to the goal.
func (e *Executor) add(g *goal, x kernels.Map, scale, shift []float32) {
	if g.started {
		kernels.Add(g.Shape, g.Map, g.Map, e.ones, e.zeros, x, scale, shift)
	} else {
		kernels.Affine(g.Shape, g.Map, x, scale, shift, false, 0)
	}
	g.started = true
}

// zero clears a goal that nothing has been added to.
func (e *Executor) zero(g *goal) {
	if !g.started {
		kernels.Affine(g.Shape, g.Map, kernels.Map{Data: e.zeros, Block: kernels.Block}, e.ones, e.zeros, false, 0)
		g.started = true
	}
}

// raw is the gradient of rows lo to hi of what u stored, past a normalisation.
func (e *Executor) raw(h *hand, u *ready, lo, hi, image int) kernels.Map {
	f := &u.flow
	g := e.gradientView(f.spot, u.out.w, image).At(lo, 0)
	if f.norm < 0 || e.norm == NoNorm {
		return g
	}
	s := &e.norms[f.norm]
	y := e.view(u.operation.out, image).At(lo, 0)
	m := kernels.Dense(h.gradient, u.out.w, u.out.width)
	kernels.Combine(u.out.shape(lo, hi), m, g, y, s.a[f.at:], s.b[f.at:], s.c[f.at:])
	return m
}

// finish adds the gradient du of operand v of tensor t, of rows from lo on, to that of the tensor itself.
func (e *Executor) finish(h *hand, t int, v operand, du, g *goal, lo int, stats []float64, image int) {
	q := &e.program.tensors[t]
	e.drop(h, v, du.Shape, du.Map, image)
	if !v.relu {
		e.add(g, du.Map, e.ones, e.zeros)
		return
	}
	v.drop = -1
	scale, shift := e.pending(h, v, q, image, 0)
	kernels.Rectify(du.Shape, g.Map, du.Map, e.view(t, image).At(lo, 0), scale, shift, g.started, stats)
	g.started = true
}

// rows is rows lo to hi of the goal.
func (g *goal) rows(lo, hi int) goal {
	part := *g
	part.Map, part.Rows = g.At(lo, 0), hi-lo
	return part
}
