package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// backward is what an executor needs for backward passes.
type backward struct {
	*plan.Gradients
	live       []bool    // whether the scalar depends on what a tensor holds, by stage
	slots      []float32 // weight gradients of the current stage, one set for each slice of the batch
	size       int       // of a set
	partial    []float64 // per image: sums of the current stage
	sums       int       // values per image of partial
	kept       map[int][]float32
	layer      []float32 // with Options.PerImage: weights of a unit, laid out like their gradient
	theta      []float32 // where the gradient of the parameters goes; nil if not wanted
	input      []float32 // and that of the images
	cotangents pass.Cotangents[float32]
	current    *plan.BackStage
	done       bool

	dual              []float64 // with a Hessian: per image, sums of the tangents of the current stage
	loss, lossTangent []float32 // and the gradient of the cross-entropy with respect to the logits, and its tangents
}

func newBackward(d *plan.Design) *backward {
	batch := d.Options.Batch
	b := &backward{Gradients: d.Back, live: make([]bool, len(d.Tensors)), size: d.Slot, sums: d.BackSums, kept: map[int][]float32{}}
	for _, node := range d.Watched {
		b.kept[node] = make([]float32, batch*d.Plan.ValuesOf(node))
	}
	b.slots = d.Options.Memory.Take(plan.PartsOf(d.Options, batch) * b.size)
	if d.Options.PerImage {
		b.layer = kernels.Aligned(d.Slot)
	}
	b.partial = make([]float64, batch*b.sums)
	if d.Options.Hessian {
		b.dual = make([]float64, 2*batch*b.sums)
		b.loss, b.lossTangent = make([]float32, batch*d.Plan.Classes()), make([]float32, batch*d.Plan.Classes())
	}
	return b
}

// Backward sets gTheta and gInput to the gradients of the scalar whose derivatives c gives, with respect to the
// parameters and the images of the last Forward. Either may be nil. Through BatchNorm it includes the way through the
// batch's statistics. It may be called several times after one Forward.
func (e *Executor) Backward(c pass.Cotangents[float32], gTheta, gInput []float32) error {
	if e.back == nil {
		return pass.ErrNoGradients
	}
	if !e.done {
		return pass.ErrNoForward
	}
	if err := pass.CheckBackward(e.design.Plan, e.n, e.design.Options.Keep, c, gTheta, gInput); err != nil {
		return err
	}
	b := e.back
	b.cotangents, b.theta, b.input = c, gTheta, gInput
	clear(b.input)
	e.backpropagate(gTheta, false)
	e.showGradients()
	return nil
}

// backpropagate runs the stages, with their tangents if dual, and sets gradient, unless nil, to that of the parameters or its
// tangents.
func (e *Executor) backpropagate(gradient []float32, dual bool) {
	b := e.back
	b.done = false
	clear(gradient)
	clear(b.live)
	for k := range b.Stages {
		s := &b.Stages[k]
		b.live[s.Tensor] = e.reached(s)
		if !b.live[s.Tensor] {
			for _, node := range s.Exports {
				clear(b.kept[node])
			}
			continue
		}
		b.current = s
		e.share(backwardTask, e.parts())
		for i := range s.Sums {
			e.normaliseBackward(&s.Sums[i])
		}
		if dual {
			e.share(dualTask, e.parts())
			for i := range s.Sums {
				e.normaliseDual(&s.Sums[i], gradient)
			}
		}
		if gradient != nil {
			if !dual {
				e.showParts(s)
			}
			e.reduce(s, gradient)
		}
	}
	b.done = true
}

// reached reports whether the scalar depends on the tensor of s.
func (e *Executor) reached(s *plan.BackStage) bool {
	b := e.back
	if s.Follows && b.live[b.Alias[s.In.Parent]] {
		return true
	}
	for _, node := range s.Injected {
		for _, data := range e.given(node) {
			if data != nil {
				return true
			}
		}
	}
	for k := range s.Joins {
		if b.live[s.Joins[k].U.Flow.Tensor] {
			return true
		}
	}
	for k := range s.Readings {
		if b.alive(&s.Readings[k]) {
			return true
		}
	}
	return false
}

// reduce adds up the weight gradients of stage s, slice by slice, and puts them in their places in gradient.
func (e *Executor) reduce(s *plan.BackStage, gradient []float32) {
	b := e.back
	if s.Slot == 0 {
		return
	}
	e.share(reduceTask, (s.Slot+reduced-1)/reduced)
	for k := range s.Readings {
		for _, u := range s.Readings[k].Units {
			u := e.of(u)
			if b.live[u.Flow.Tensor] {
				u.unpack(e.design.Plan, gradient, b.slots[:s.Slot])
			}
		}
	}
}

// reduced is how many sums are a part of a reduceTask.
const reduced = 4096

// reducePart replaces some values of the first slice of the batch by the sums over all slices.
func (e *Executor) reducePart(part int) {
	b := e.back
	lo := part * reduced
	hi := min(lo+reduced, b.current.Slot)
	kernels.Totals(b.slots[lo:], hi-lo, b.size, e.parts())
}

// Gradient returns the output gradient of a node of Options.KeepGradients, n x h x w x c values, valid until the next
// pass. It is nil before Backward.
func (e *Executor) Gradient(node int) (data []float32, h, w, c int) {
	n := e.design.Plan.Graph().Nodes[node]
	if e.back == nil || !e.back.done || e.back.kept[node] == nil {
		return nil, n.H, n.W, n.C
	}
	return e.back.kept[node][:e.n*n.H*n.W*n.C], n.H, n.W, n.C
}

// parts is the number of slices of the batch, and slice the images of one.
func (e *Executor) parts() int { return plan.PartsOf(e.design.Options, e.n) }

func (e *Executor) slice(part int) (lo, hi int) {
	return part * e.n / e.parts(), (part + 1) * e.n / e.parts()
}

// alive reports whether the scalar depends on the output of any unit of r.
func (b *backward) alive(r *plan.Reading) bool {
	for _, u := range r.Units {
		if b.live[u.Flow.Tensor] {
			return true
		}
	}
	return false
}
