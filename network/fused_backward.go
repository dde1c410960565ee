package network

import (
	"math"

	"rwe301/internal/kernels"
)

// fusedBack is what an executor needs for backward passes.
type fusedBack struct {
	*gradients
	live       []bool    // whether the scalar depends on what a tensor holds, by stage
	slots      []float32 // weight gradients of the current stage, one set for each slice of the batch
	size       int       // of a set
	partial    []float64 // per image: sums of the current stage
	sums       int       // values per image of partial
	kept       map[int][]float32
	part       []float32 // laid out like theta: an image's part of the weight gradients, with Options.PerImage
	theta      []float32 // where the gradient of the parameters goes; nil if not wanted
	input      []float32 // and that of the images
	cotangents Cotangents[float32]
	current    *backStage
	done       bool

	dual []float64    // with a Hessian: per image, sums of the tangents of the current stage
	loss [2][]float32 // and the gradient of the cross-entropy with respect to the logits, and its tangents
}

func newFusedBack(d *design) *fusedBack {
	batch := d.options.Batch
	b := &fusedBack{gradients: d.back, live: make([]bool, len(d.tensors)), size: d.slot, sums: d.backSums, kept: map[int][]float32{}}
	for _, node := range d.watched {
		b.kept[node] = make([]float32, batch*d.plan.valuesOf(node))
	}
	b.slots = kernels.Aligned(d.options.slices(batch) * b.size)
	if d.options.PerImage {
		b.part = make([]float32, d.plan.size)
	}
	b.partial = make([]float64, batch*b.sums)
	if d.options.Hessian {
		b.dual = make([]float64, 2*batch*b.sums)
		for l := range b.loss {
			b.loss[l] = make([]float32, batch*d.plan.Classes())
		}
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

// reduce adds up the weight gradients of stage s, slice by slice, and puts them in their places in gradient.
func (e *Executor) reduce(s *backStage, gradient []float32) {
	b := e.back
	if s.slot == 0 {
		return
	}
	e.share(reduceTask, (s.slot+reduced-1)/reduced)
	for k := range s.readings {
		for _, u := range s.readings[k].units {
			if b.live[u.flow.tensor] {
				u.unpack(e.plan, gradient, b.slots[:s.slot])
			}
		}
	}
}

// reduced is how many sums are a part of a reduceTask.
const reduced = 4096

// reducePart replaces some values of the first slice of the batch by the sums over all slices.
func (e *Executor) reducePart(h *hand, part int) {
	b := e.back
	lo := part * reduced
	hi := min(lo+reduced, b.current.slot)
	totals := h.totals[:hi-lo]
	clear(totals)
	for slice := range e.parts() {
		for k, v := range b.slots[slice*b.size+lo : slice*b.size+hi] {
			totals[k] += float64(v)
		}
	}
	for k, v := range totals {
		b.slots[lo+k] = float32(v)
	}
}

// Gradient returns the output gradient of a node of Options.KeepGradients, n x h x w x c values, valid until the next
// pass. It is nil before Backward.
func (e *Executor) Gradient(node int) (data []float32, h, w, c int) {
	n := e.plan.graph.Nodes[node]
	if e.back == nil || !e.back.done || e.back.kept[node] == nil {
		return nil, n.H, n.W, n.C
	}
	return e.back.kept[node][:e.n*n.H*n.W*n.C], n.H, n.W, n.C
}

// parts is the number of slices of the batch, and slice the images of one.
func (e *Executor) parts() int { return e.options.slices(e.n) }

func (e *Executor) slice(part int) (lo, hi int) {
	return part * e.n / e.parts(), (part + 1) * e.n / e.parts()
}

// gradient is an image of the gradient at s.
func (e *Executor) gradientView(s spot, w, image int) kernels.Map {
	return kernels.Dense(e.arena[s.base+image*s.size:], w, s.ld)
}

// backwardPart runs the current stage for a slice of the batch.
func (e *Executor) backwardPart(h *hand, part int) {
	b := e.back
	s := b.current
	slot := b.slots[part*b.size:][:s.slot]
	clear(slot)
	lo, hi := e.slice(part)
	for image := lo; image < hi; image++ {
		e.backwardImage(h, s, slot, image)
	}
}

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

// rows is rows lo to hi of the goal.
func (g *goal) rows(lo, hi int) goal {
	part := *g
	part.Map, part.Rows = g.At(lo, 0), hi-lo
	return part
}

// zero clears a goal that nothing has been added to.
func (e *Executor) zero(g *goal) {
	if !g.started {
		kernels.Affine(g.Shape, g.Map, kernels.Map{Data: e.zeros, Block: kernels.Block}, e.ones, e.zeros, false, 0)
		g.started = true
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

// own is what s sums up for the normalisation of its tensor; nil without one.
func (s *backStage) own() *backSum {
	for k := range s.sums {
		if s.sums[k].tensor == s.tensor {
			return &s.sums[k]
		}
	}
	return nil
}

// given lists the cotangents of a node's output.
func (e *Executor) given(node int) (list [4][]float32) {
	c, g := &e.back.cotangents, &e.plan.graph
	list[0] = c.Nodes[node]
	for k, v := range [...]struct {
		node int
		data []float32
	}{{g.Logits, c.Logits}, {g.AuxLogits, c.AuxLogits}, {g.Pooled, c.Pooled}} {
		if v.node == node {
			list[k+1] = v.data
		}
	}
	return list
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

// inject adds a cotangent of the caller, densely stored.
func (e *Executor) inject(g *goal, t *tensor, data []float32) {
	e.zero(g)
	for y := range t.h {
		for p := range t.w {
			to := g.At(y, p).Data
			for c, v := range data[(y*t.w+p)*t.c:][:t.c] {
				to[t.place(c)] += v
			}
		}
	}
}

// exportGradient stores a gradient that was asked for densely.
func (e *Executor) exportGradient(node, image int) {
	k := e.program.values[node].tensor
	t := &e.program.tensors[k]
	x := e.gradientView(e.back.spots[k], t.w, image)
	out := e.back.kept[node][image*t.h*t.w*t.c:]
	for y := range t.h {
		for p := range t.w {
			from, to := x.At(y, p).Data, out[(y*t.w+p)*t.c:][:t.c]
			for c := range to {
				to[c] = from[t.place(c)]
			}
		}
	}
}

// exportInput stores the gradient of an image for the caller.
func (e *Executor) exportInput(g *goal, image int) {
	t := &e.program.tensors[0]
	out := e.back.input[image*e.plan.imageSize():][:e.plan.imageSize()]
	for y := range t.h {
		for p := range t.w {
			copy(out[(y*t.w+p)*t.c:][:t.c], g.At(y, p).Data)
		}
	}
}

// raw is the gradient of rows lo to hi of what u stored, past a normalisation.
func (e *Executor) raw(h *hand, u *unit, lo, hi, image int) kernels.Map {
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

// backwardJoin adds what operation j, which reads several tensors, makes of its gradient.
func (e *Executor) backwardJoin(h *hand, s *backStage, j *join, g *goal, image int, dual bool) {
	u := j.u
	if !e.back.live[u.flow.tensor] {
		return
	}
	v := u.operation.in[j.k]
	t := s.in
	part := goal{Map: kernels.Dense(h.scratch, t.w, t.width), Shape: g.Shape}
	target := &part
	if !v.relu && v.drop < 0 {
		target = g
	}
	at := 0
	for _, w := range u.operation.in[:j.k] {
		at += e.program.tensors[w.tensor].c
	}
	step := tileRows(t.w)
	for lo := 0; lo < t.h; lo += step {
		hi := min(lo+step, t.h)
		rows := target.rows(lo, hi)
		dy := e.flowing(h, u, lo, hi, image, dual)
		if u.action == actAdd {
			e.add(&rows, dy, e.ones, e.zeros)
			continue
		}
		e.zero(&rows)
		for y := range hi - lo {
			for p := range t.w {
				to, from := rows.At(y, p).Data, dy.At(y, p).Data
				for c := range t.c {
					to[t.place(c)] += from[u.out.place(at+c)]
				}
			}
		}
	}
	target.started = true
	if target != g {
		e.finish(h, s.tensor, v, &part, g, 0, nil, image)
	}
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

// backwardReading adds what the units of r make of their gradients.
func (e *Executor) backwardReading(h *hand, s *backStage, r *reading, g *goal, slot []float32, stats []float64, image int) {
	t := s.in
	x := e.view(s.tensor, image)
	scale, shift := e.pending(h, r.operand, t, image, 0)
	plain := !r.relu && r.drop < 0
	if r.form == formTiles {
		step := r.rows
		tile := r.view(h.scratch, t)
		du := goal{Map: kernels.Dense(h.scratch[r.at+r.size(t):], t.w, t.width)}
		for lo := 0; lo < t.h; lo += step {
			hi := min(lo+step, t.h)
			rows := g.rows(lo, hi)
			kernels.Affine(rows.Shape, tile, x.At(lo, 0), scale, shift, r.relu, t.ahead(x))
			target := &rows
			if !plain {
				du.Shape, du.started = rows.Shape, false
				target = &du
			}
			for _, u := range r.units {
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
		x = r.view(h.scratch, t)
		kernels.Affine(t.shape(0, t.h), x.At(r.border, r.border), stored, scale, shift, r.relu, t.ahead(stored))
	case r.form == formRows && s.tensor == 0:
		x = r.copyImage(h.scratch, x.Data, t)
	case r.form == formRows:
		x = r.view(h.scratch, t)
		kernels.Affine(t.shape(0, t.h), x.At(r.border, r.border), stored, scale, shift, r.relu, t.ahead(stored))
	}
	du := goal{Map: kernels.Dense(h.scratch, t.w, t.width), Shape: g.Shape}
	target := &du
	if plain {
		target = g
	}
	for _, u := range r.units {
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
func (e *Executor) backwardUnit(h *hand, s *backStage, u *unit, r *reading, x kernels.Map, g *goal, slot []float32, image int) {
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
func (e *Executor) backwardCopy(h *hand, u *unit, g *goal, image int, dual bool) {
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
func (e *Executor) backwardAverage(h *hand, u *unit, g *goal, image int, dual bool) {
	dy := e.flowing(h, u, 0, 1, image, dual).Data[:u.out.width]
	share := h.vectors[2][:u.out.width]
	for c, v := range dy {
		share[c] = v / float32(u.in.h*u.in.w)
	}
	e.add(g, kernels.Map{Data: share, Block: kernels.Block}, e.ones, e.zeros)
}
