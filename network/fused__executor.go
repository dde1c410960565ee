package network

import (
	"errors"
	"runtime"

	"rwe301/internal/kernels"
)

// Executor runs a plan in float32, as fused operations on the kernels of this CPU. It is not safe for concurrent use;
// Close it when it has several workers.
type Executor struct {
	*design
	ready  []ready // the units
	spots  []spot  // of the tensors
	norms  []normalisation
	byName map[string]int // index into norms
	arena  []float32

	theta, images []float32 // of the current pass
	direction     []float32 // of the current HessianVector
	n             int
	norm          Norm
	done          bool // a forward pass has succeeded, so outputs may be read

	momentum  float64
	updates   int
	partial   []float64 // per image: sums of the current stage
	totals    []float64 // partial added up over the images
	means     []float64 // of what is being normalised
	variances []float64
	pivots    []float32 // what is added to values before they are summed up
	centred   *ready    // whose values are summed up again
	ones      []float32
	zeros     []float32

	drops dropPaths

	hands   []hand
	crew    *crew
	work    work
	current *stage // what forward and tangent tasks work on

	back     *fusedBack // nil without gradients
	tangents []float32  // with a Hessian: an arena of derivatives
	wide     *wide      // for the HessianVector of plans with windows that the kernels do not know
	observer Observer[float32]
}

// newFused returns an executor of a plan in float32.
func newFused(p *Plan, o Options) (*Executor, error) {
	o, err := checked(p, o)
	if err := errors.Join(err, kernels.Check()); err != nil {
		return nil, err
	}
	free := freeMemory()
	if free >= 0 {
		free += o.Memory.bytes()
	}
	if o.Batch > maxMemory {
		return nil, fits(-1, free, o.Batch)
	}
	d := newDesign(p, o)
	if err := fits(d.need(), free, o.Batch); err != nil {
		return nil, err
	}
	e := &Executor{design: d, byName: map[string]int{}, momentum: defaultMomentum}
	if o.Hessian && d.unknown() {
		w, err := newWide(p, o)
		if err != nil {
			return nil, err
		}
		e.wide = w
	}
	e.arena = o.Memory.take(o.Batch * d.places.size)
	if o.Hessian {
		e.tangents = o.Memory.take(o.Batch * d.places.size)
	}
	for k := range d.tensors {
		t := &d.tensors[k]
		root, at := d.root(k)
		ld := d.tensors[root].width
		e.spots = append(e.spots, spot{o.Batch*d.places.tensors[root] + at, t.h * t.w * ld, ld})
	}
	for k := range d.units {
		e.ready = append(e.ready, newReady(&d.units[k], p, o))
	}
	for _, n := range d.norms {
		e.norms = append(e.norms, newNormalisation(d.program, n, o))
	}
	for i, n := range p.Graph().Nodes {
		if k := d.normOf[i]; k >= 0 {
			e.byName[n.Name] = k
		}
	}
	e.partial = make([]float64, o.Batch*d.sums)
	e.totals = make([]float64, d.sumsOfChannel()*d.widest)
	e.means, e.variances, e.pivots = make([]float64, d.widest), make([]float64, d.widest), kernels.Aligned(d.widest)
	e.ones, e.zeros = kernels.Aligned(d.widest), kernels.Aligned(d.widest)
	for i := range e.ones {
		e.ones[i] = 1
	}
	e.drops = newDropPaths(d.program.drops, o.Batch)
	if o.Gradients {
		e.back = newFusedBack(d)
	}
	for range max(1, o.Workers) {
		e.hands = append(e.hands, newHand(d))
	}
	if o.Workers > 1 {
		e.crew = newCrew(o.Workers)
		runtime.AddCleanup(e, func(c *crew) { c.close() }, e.crew)
	}
	e.ResetRunning()
	return e, nil
}

// Plan returns the plan that the executor runs.
func (e *Executor) Plan() *Plan { return e.plan }

// Close stops the workers of the executor and gives its memory back to Options.Memory: it can run no more, and what it
// returned is no longer valid. Closing it again does nothing.
func (e *Executor) Close() {
	if e.wide != nil {
		e.wide.Close()
	}
	if e.crew != nil {
		e.crew.close()
	}
	m := e.options.Memory
	m.give(e.arena)
	m.give(e.tangents)
	e.arena, e.tangents, e.done = nil, nil, false
	if e.back != nil {
		m.give(e.back.slots)
		e.back.slots, e.back.done = nil, false
	}
}

// Forward runs n images, x[n][H][W][3], through the network with parameters theta. The outputs are valid until the
// next pass.
func (e *Executor) Forward(theta, x []float32, n int, norm Norm) error {
	e.done = false
	if e.arena == nil {
		return errClosed
	}
	if err := checkPass(e.plan, e.options.Batch, theta, x, n, norm); err != nil {
		return err
	}
	e.theta, e.images, e.n, e.norm = theta, x, n, norm
	e.share(packTask, len(e.ready))
	switch norm {
	case BatchNorm:
		e.updates++
	case RunningNorm:
		for k := range e.norms {
			e.norms[k].run(theta)
		}
	}
	for k := range e.stages {
		e.run(&e.stages[k])
	}
	e.done = true
	e.show()
	return nil
}

// run runs stage j for all images and finds the statistics of what it yields.
func (e *Executor) run(j *stage) {
	e.current = j
	e.share(forwardTask, e.n)
	if e.norm != BatchNorm {
		return
	}
	for _, u := range j.units {
		if u.sums >= 0 {
			e.normalise(e.of(u))
		}
	}
}

// work is a kind of task for the workers.
type work uint8

const (
	forwardTask  work = iota // the current stage, an image a part
	centreTask               // its statistics about the mean, an image a part
	tangentTask              // its tangents, an image a part
	backwardTask             // the current backward stage, a slice of the batch a part
	dualTask                 // its tangents, a slice of the batch a part
	reduceTask               // sums of its weight gradients, a range of them a part
	packTask                 // parameters of the units, a unit a part
)

// share runs the parts of a task, on all workers.
func (e *Executor) share(w work, parts int) {
	e.work = w
	if e.crew != nil {
		e.crew.do((*tasks)(e), parts)
		return
	}
	for k := range parts {
		(*tasks)(e).part(0, k)
	}
}

// tasks is an executor as the pool of workers sees it.
type tasks Executor

func (t *tasks) part(worker, k int) {
	e := (*Executor)(t)
	h := &e.hands[worker]
	switch e.work {
	case forwardTask:
		e.forwardStage(h, e.current, k)
	case centreTask:
		e.centredSums(h, e.centred, k)
	case tangentTask:
		e.tangentStage(h, e.current, k)
	case backwardTask:
		e.backwardPart(h, k, false)
	case dualTask:
		e.backwardPart(h, k, true)
	case reduceTask:
		e.reducePart(k)
	case packTask:
		u := &e.ready[k]
		u.pack(&u.parcel, e.plan, e.theta)
	}
}

// of is unit u with its parameters.
func (e *Executor) of(u *unit) *ready { return &e.ready[u.id] }

// view is an image of a tensor.
func (e *Executor) view(t, image int) kernels.Map {
	q := &e.program.tensors[t]
	if t == 0 {
		return kernels.Dense(e.images[image*e.plan.ImageSize():], q.w, q.c)
	}
	s := &e.spots[t]
	return kernels.Dense(e.arena[s.base+image*s.size:], q.w, s.ld)
}

// pending is what operand v of tensor t makes of a stored value x: scale*x + shift, then perhaps a rectifier. Slot
// names the vectors of h to use where an image has its own.
func (e *Executor) pending(h *hand, v operand, t *tensor, image, slot int) (scale, shift []float32) {
	scale, shift = e.ones, e.zeros
	if v.normed && e.norm != NoNorm {
		scale, shift = e.norms[t.norm].scale, e.norms[t.norm].shift
	}
	factor := e.pathFactor(v, image)
	if factor == 1 {
		return scale, shift
	}
	ownScale, ownShift := h.vectors[2*slot][:t.width], h.vectors[2*slot+1][:t.width]
	for c := range ownScale {
		ownScale[c], ownShift[c] = scale[c]*factor, shift[c]*factor
	}
	return ownScale, ownShift
}

// pathFactor is what an image of operand v is multiplied by: 1 unless paths are dropped in this pass.
func (e *Executor) pathFactor(v operand, image int) float32 {
	if v.drop < 0 {
		return 1
	}
	return float32(e.drops.scale(v.drop, image, e.norm))
}

// exported is an image of what u stores for the caller.
func (e *Executor) exported(u *ready, image int) []float32 {
	size := u.in.h * u.in.w * u.in.c
	return e.arena[e.options.Batch*e.places.exports[u.id]+image*size:][:size]
}

// Output returns the output of a kept node, n x h x w x c values.
func (e *Executor) Output(node int) (data []float32, h, w, c int) {
	n := e.plan.Graph().Nodes[node]
	for k := range e.ready {
		if u := &e.ready[k]; e.done && u.action == actExport && u.node == node {
			at := e.options.Batch * e.places.exports[k]
			return e.arena[at : at+e.n*n.H*n.W*n.C], n.H, n.W, n.C
		}
	}
	return nil, n.H, n.W, n.C
}

// Logits returns n x classes values.
func (e *Executor) Logits() []float32 { return e.result(e.plan.Graph().Logits) }

// AuxLogits returns the auxiliary head's n x classes values, or nil without one.
func (e *Executor) AuxLogits() []float32 {
	if e.plan.Graph().AuxLogits < 0 {
		return nil
	}
	return e.result(e.plan.Graph().AuxLogits)
}

// Features returns the global average of the last cell's output, n x channels values.
func (e *Executor) Features() []float32 { return e.result(e.plan.Graph().Pooled) }

func (e *Executor) result(node int) []float32 {
	data, _, _, _ := e.Output(node)
	return data
}

// ResetRunning sets the running statistics to mean 0 and variance 1.
func (e *Executor) ResetRunning() {
	e.updates = 0
	for k := range e.norms {
		e.norms[k].reset()
	}
}

// Running returns the running statistics of a batch normalisation by node name; nil if there is none of that name. The
// slices are the executor's own: writing to them sets the statistics.
func (e *Executor) Running(name string) (mean, variance []float64) {
	k, ok := e.byName[name]
	if !ok {
		return nil, nil
	}
	return e.norms[k].running.mean, e.norms[k].running.variance
}

// SetMomentum sets the weight of a new batch in the running statistics (0.1 at first). Zero or less averages all
// batches since ResetRunning with equal weight, which calibrates a network.
func (e *Executor) SetMomentum(momentum float64) {
	e.momentum = momentum
}

// SetDropPath makes every following pass with batch statistics drop each branch of each image with the given
// probability, and scale the others by 1/(1-rate). The draws come from the seed alone; a pass after SetDropPath(rate,
// seed) repeats itself exactly. Rate 0, the initial state, drops nothing.
func (e *Executor) SetDropPath(rate float64, seed uint64) error {
	return e.drops.set(rate, seeded(rate, seed))
}

// SetDropMask is SetDropPath with the draws given: keep says whether drop-path node number path (in node order) keeps
// its branch for an image.
func (e *Executor) SetDropMask(rate float64, keep func(path, image int) bool) error {
	return e.drops.set(rate, keep)
}
