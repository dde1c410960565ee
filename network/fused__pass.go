package network

import "rwe301/internal/kernels"

// fusedBack is what an executor needs for backward passes.
type fusedBack struct {
	*gradients
	live       []bool    // whether the scalar depends on what a tensor holds, by stage
	slots      []float32 // weight gradients of the current stage, one set for each slice of the batch
	size       int       // of a set
	partial    []float64 // per image: sums of the current stage
	sums       int       // values per image of partial
	kept       map[int][]float32
	layer      []float32 // with Options.PerImage: weights of a unit, laid out like their gradient
	theta      []float32 // where the gradient of the parameters goes; nil if not wanted
	input      []float32 // and that of the images
	cotangents Cotangents[float32]
	current    *backStage
	done       bool

	dual              []float64 // with a Hessian: per image, sums of the tangents of the current stage
	loss, lossTangent []float32 // and the gradient of the cross-entropy with respect to the logits, and its tangents
}

func newFusedBack(d *design) *fusedBack {
	batch := d.options.Batch
	b := &fusedBack{gradients: d.back, live: make([]bool, len(d.tensors)), size: d.slot, sums: d.backSums, kept: map[int][]float32{}}
	for _, node := range d.watched {
		b.kept[node] = make([]float32, batch*d.plan.ValuesOf(node))
	}
	b.slots = d.options.Memory.take(partsOf(d.options, batch) * b.size)
	if d.options.PerImage {
		b.layer = kernels.Aligned(d.slot)
	}
	b.partial = make([]float64, batch*b.sums)
	if d.options.Hessian {
		b.dual = make([]float64, 2*batch*b.sums)
		b.loss, b.lossTangent = make([]float32, batch*d.plan.Classes()), make([]float32, batch*d.plan.Classes())
	}
	return b
}

// Backward sets gTheta and gInput to the gradients of the scalar whose derivatives c gives, with respect to the
// parameters and the images of the last Forward. Either may be nil. Through BatchNorm it includes the way through the
// batch's statistics. It may be called several times after one Forward.
func (e *Executor) Backward(c Cotangents[float32], gTheta, gInput []float32) error {
	if e.back == nil {
		return errNoGradients
	}
	if !e.done {
		return errNoForward
	}
	if err := checkBackward(e.plan, e.n, e.options.Keep, c, gTheta, gInput); err != nil {
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
	for k := range b.stages {
		s := &b.stages[k]
		b.live[s.tensor] = e.reached(s)
		if !b.live[s.tensor] {
			for _, node := range s.exports {
				clear(b.kept[node])
			}
			continue
		}
		b.current = s
		e.share(backwardTask, e.parts())
		for i := range s.sums {
			e.normaliseBackward(&s.sums[i])
		}
		if dual {
			e.share(dualTask, e.parts())
			for i := range s.sums {
				e.normaliseDual(&s.sums[i], gradient)
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
func (e *Executor) reached(s *backStage) bool {
	b := e.back
	if s.follows && b.live[b.alias[s.in.parent]] {
		return true
	}
	for _, node := range s.injected {
		for _, data := range e.given(node) {
			if data != nil {
				return true
			}
		}
	}
	for k := range s.joins {
		if b.live[s.joins[k].u.flow.tensor] {
			return true
		}
	}
	for k := range s.readings {
		if b.alive(&s.readings[k]) {
			return true
		}
	}
	return false
}

// reduce adds up the weight gradients of stage s, slice by slice, and puts them in their places in gradient.
func (e *Executor) reduce(s *backStage, gradient []float32) {
	b := e.back
	if s.slot == 0 {
		return
	}
	e.share(reduceTask, (s.slot+reduced-1)/reduced)
	for k := range s.readings {
		for _, u := range s.readings[k].units {
			u := e.of(u)
			if b.live[u.flow.tensor] {
				u.unpack(e.plan, gradient, b.slots[:s.slot])
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
	hi := min(lo+reduced, b.current.slot)
	kernels.Totals(b.slots[lo:], hi-lo, b.size, e.parts())
}

// Gradient returns the output gradient of a node of Options.KeepGradients, n x h x w x c values, valid until the next
// pass. It is nil before Backward.
func (e *Executor) Gradient(node int) (data []float32, h, w, c int) {
	n := e.plan.Graph().Nodes[node]
	if e.back == nil || !e.back.done || e.back.kept[node] == nil {
		return nil, n.H, n.W, n.C
	}
	return e.back.kept[node][:e.n*n.H*n.W*n.C], n.H, n.W, n.C
}

// parts is the number of slices of the batch, and slice the images of one.
func (e *Executor) parts() int { return partsOf(e.options, e.n) }

func (e *Executor) slice(part int) (lo, hi int) {
	return part * e.n / e.parts(), (part + 1) * e.n / e.parts()
}

// alive reports whether the scalar depends on the output of any unit of r.
func (b *fusedBack) alive(r *reading) bool {
	for _, u := range r.units {
		if b.live[u.flow.tensor] {
			return true
		}
	}
	return false
}
