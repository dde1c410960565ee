package fused

import (
	"slices"

	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// backwardPass computes gradients, stage by stage, from the cotangents that the caller gives.
type backwardPass struct {
	*data
	*statistics
	*plan.Gradients
	live       []bool            // whether the scalar depends on what a tensor holds, by stage
	slots      []float32         // weight gradients of the current stage, one set for each part of the batch
	size       int               // of a set
	sums       []float64         // per image: sums of the current stage
	stride     int               // values per image of sums
	kept       map[int][]float32 // gradients that are asked for, by node
	layer      []float32         // with Options.PerImage: weights of a unit, laid out like their gradient
	gTheta     []float32         // where the gradient of the parameters goes; nil if not wanted
	gInput     []float32         // and that of the images
	cotangents pass.Cotangents[float32]
	current    *plan.BackStage
	done       bool
}

func newBackwardPass(d *data, st *statistics) *backwardPass {
	design, o := d.design, d.Options
	b := &backwardPass{
		data: d, statistics: st, Gradients: design.Back,
		live: make([]bool, len(design.Tensors)), size: design.Slot, stride: design.BackSums,
		slots: o.Memory.Take(plan.PartsOf(o, o.Batch) * design.Slot),
		sums:  make([]float64, o.Batch*design.BackSums), kept: map[int][]float32{},
	}
	for _, node := range design.Watched {
		b.kept[node] = make([]float32, o.Batch*d.Plan.ValuesOf(node))
	}
	if o.PerImage {
		b.layer = kernels.Aligned(design.Slot)
	}
	return b
}

// run runs the stages, with their derivatives unless dual is nil, and sets gradient, unless nil, to that of the
// parameters or its derivative.
func (b *backwardPass) run(gradient []float32, dual *dualPass) {
	b.done = false
	clear(gradient)
	clear(b.live)
	for k := range b.Stages {
		s := &b.Stages[k]
		b.stage(s, gradient, dual)
		if b.cotangents.Until > 0 && slices.Contains(s.Exports, b.cotangents.Until) {
			break // no gradient before it is wanted
		}
	}
	b.done = true
}

// stage runs one stage, if the scalar depends on its tensor.
func (b *backwardPass) stage(s *plan.BackStage, gradient []float32, dual *dualPass) {
	b.live[s.Tensor] = b.reached(s)
	if !b.live[s.Tensor] {
		for _, node := range s.Exports {
			clear(b.kept[node])
		}
		return
	}
	b.current = s
	b.workers.share(b, b.Parts())
	for i := range s.Sums {
		b.normaliseBackward(&s.Sums[i])
	}
	if dual != nil {
		b.workers.share(dual, b.Parts())
		for i := range s.Sums {
			dual.normaliseDual(&s.Sums[i], gradient)
		}
	}
	if gradient != nil {
		if dual == nil {
			b.showParts(s)
		}
		b.reduce(s, gradient)
	}
}

// reached reports whether the scalar depends on the tensor of s.
func (b *backwardPass) reached(s *plan.BackStage) bool {
	if s.Follows && b.live[b.Alias[s.In.Parent]] {
		return true
	}
	for _, node := range s.Injected {
		for _, data := range b.Given(&b.cotangents, node) {
			if data != nil {
				return true
			}
		}
	}
	for k := range s.Joins {
		if b.live[s.Joins[k].Unit.Flow.Tensor] {
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

// reduce adds up the weight gradients of stage s, part by part, and puts them in their places in gradient.
func (b *backwardPass) reduce(s *plan.BackStage, gradient []float32) {
	if s.Slot == 0 {
		return
	}
	b.workers.share((*reduction)(b), (s.Slot+reduced-1)/reduced)
	for k := range s.Readings {
		for _, u := range s.Readings[k].Units {
			u := b.of(u)
			if b.live[u.Flow.Tensor] {
				u.unpack(b.Plan, gradient, b.slots[:s.Slot])
			}
		}
	}
}

// reduction replaces the weight gradients of the first part of the batch by the sums over all parts, reduced of them a
// part of the task.
type reduction backwardPass

const reduced = 4096

func (r *reduction) part(_ *worker, k int) {
	lo := k * reduced
	hi := min(lo+reduced, r.current.Slot)
	kernels.Totals(r.slots[lo:], hi-lo, r.size, r.Parts())
}

// alive reports whether the scalar depends on the output of any unit of r.
func (b *backwardPass) alive(r *plan.Reading) bool {
	for _, u := range r.Units {
		if b.live[u.Flow.Tensor] {
			return true
		}
	}
	return false
}
