package fused

import (
	"errors"
	"runtime"
	"rwe301/internal/kernels"
	"rwe301/network/memory"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// Executor runs a plan in float32, as fused operations on the kernels of this CPU. It is not safe for concurrent use;
// Close it when it has several workers.
type Executor struct {
	design *plan.Design
	ready  []unit          // the units
	spots  []plan.Location // of the tensors
	norms  []normalisation
	byName map[string]int // index into norms
	arena  []float32

	theta, images []float32 // of the current pass
	direction     []float32 // of the current HessianVector
	n             int
	norm          pass.Norm
	done          bool // a forward pass has succeeded, so outputs may be read

	momentum  float64
	updates   int
	partial   []float64 // per image: sums of the current stage
	totals    []float64 // partial added up over the images
	means     []float64 // of what is being normalised
	variances []float64
	pivots    []float32 // what is added to values before they are summed up
	centred   *unit     // whose values are summed up again
	ones      []float32
	zeros     []float32

	drops pass.DropPaths

	hands   []worker
	crew    *pass.Pool
	work    work
	current *plan.Stage // what forward and tangent tasks work on

	back     *backward // nil without gradients
	tangents []float32 // with a Hessian: an arena of derivatives
	wide     *products // for the HessianVector of plans with windows that the kernels do not know
	observer pass.Observer[float32]
}

// New returns an executor of a plan in float32.
func New(p *plan.Plan, o plan.Options) (*Executor, error) {
	o, err := plan.Checked(p, o)
	if err := errors.Join(err, kernels.Check()); err != nil {
		return nil, err
	}
	free := memory.Free()
	if free >= 0 {
		free += o.Memory.Bytes()
	}
	if o.Batch > memory.Max {
		return nil, memory.Check(-1, free, o.Batch)
	}
	d := plan.NewDesign(p, o)
	if err := memory.Check(d.Need(), free, o.Batch); err != nil {
		return nil, err
	}
	e := &Executor{design: d, byName: map[string]int{}, momentum: pass.DefaultMomentum}
	if o.Hessian && d.Unknown() {
		w, err := newProducts(p, o)
		if err != nil {
			return nil, err
		}
		e.wide = w
	}
	e.arena = o.Memory.Take(o.Batch * d.Places.Size)
	if o.Hessian {
		e.tangents = o.Memory.Take(o.Batch * d.Places.Size)
	}
	for k := range d.Tensors {
		t := &d.Tensors[k]
		root, at := d.Root(k)
		ld := d.Tensors[root].Width
		e.spots = append(e.spots, plan.Location{Base: o.Batch*d.Places.Tensors[root] + at, Size: t.H * t.W * ld, Ld: ld})
	}
	for k := range d.Units {
		e.ready = append(e.ready, newUnit(&d.Units[k], p, o))
	}
	for _, n := range d.Norms {
		e.norms = append(e.norms, newNormalisation(d.Program, n, o))
	}
	for i, n := range p.Graph().Nodes {
		if k := d.NormOf[i]; k >= 0 {
			e.byName[n.Name] = k
		}
	}
	e.partial = make([]float64, o.Batch*d.Sums)
	e.totals = make([]float64, d.SumsOfChannel()*d.Widest)
	e.means, e.variances, e.pivots = make([]float64, d.Widest), make([]float64, d.Widest), kernels.Aligned(d.Widest)
	e.ones, e.zeros = kernels.Aligned(d.Widest), kernels.Aligned(d.Widest)
	for i := range e.ones {
		e.ones[i] = 1
	}
	e.drops = pass.NewDropPaths(d.Program.Drops, o.Batch)
	if o.Gradients {
		e.back = newBackward(d)
	}
	for range max(1, o.Workers) {
		e.hands = append(e.hands, newWorker(d))
	}
	if o.Workers > 1 {
		e.crew = pass.NewPool(o.Workers)
		runtime.AddCleanup(e, func(c *pass.Pool) { c.Close() }, e.crew)
	}
	e.ResetRunning()
	return e, nil
}

// Plan returns the plan that the executor runs.
func (e *Executor) Plan() *plan.Plan { return e.design.Plan }

// Close stops the workers of the executor and gives its memory back to Options.Memory: it can run no more, and what it
// returned is no longer valid. Closing it again does nothing.
func (e *Executor) Close() {
	if e.wide != nil {
		e.wide.Close()
	}
	if e.crew != nil {
		e.crew.Close()
	}
	m := e.design.Options.Memory
	m.Give(e.arena)
	m.Give(e.tangents)
	e.arena, e.tangents, e.done = nil, nil, false
	if e.back != nil {
		m.Give(e.back.slots)
		e.back.slots, e.back.done = nil, false
	}
}

// Forward runs n images, x[n][H][W][3], through the network with parameters theta. The outputs are valid until the
// next pass.
func (e *Executor) Forward(theta, x []float32, n int, norm pass.Norm) error {
	e.done = false
	if e.arena == nil {
		return pass.ErrClosed
	}
	if err := pass.CheckForward(e.design.Plan, e.design.Options.Batch, theta, x, n, norm); err != nil {
		return err
	}
	e.theta, e.images, e.n, e.norm = theta, x, n, norm
	e.share(packTask, len(e.ready))
	switch norm {
	case pass.BatchNorm:
		e.updates++
	case pass.RunningNorm:
		for k := range e.norms {
			e.norms[k].run(theta)
		}
	}
	for k := range e.design.Stages {
		e.run(&e.design.Stages[k])
	}
	e.done = true
	e.show()
	return nil
}

// run runs stage j for all images and finds the statistics of what it yields.
func (e *Executor) run(j *plan.Stage) {
	e.current = j
	e.share(forwardTask, e.n)
	if e.norm != pass.BatchNorm {
		return
	}
	for _, u := range j.Units {
		if u.Sums >= 0 {
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
		e.crew.Do((*tasks)(e), parts)
		return
	}
	for k := range parts {
		(*tasks)(e).Part(0, k)
	}
}

// tasks is an executor as the pool of workers sees it.
type tasks Executor

func (t *tasks) Part(worker, k int) {
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
		u.pack(&u.parameters, e.design.Plan, e.theta)
	}
}

// of is unit u with its parameters.
func (e *Executor) of(u *plan.Unit) *unit { return &e.ready[u.Id] }

// view is an image of a tensor.
func (e *Executor) view(t, image int) kernels.Map {
	q := &e.design.Tensors[t]
	if t == 0 {
		return kernels.Dense(e.images[image*e.design.Plan.ImageSize():], q.W, q.C)
	}
	s := &e.spots[t]
	return kernels.Dense(e.arena[s.Base+image*s.Size:], q.W, s.Ld)
}

// pending is what operand v of tensor t makes of a stored value x: scale*x + shift, then perhaps a rectifier. Slot
// names the vectors of h to use where an image has its own.
func (e *Executor) pending(h *worker, v plan.Operand, t *plan.Tensor, image, slot int) (scale, shift []float32) {
	scale, shift = e.ones, e.zeros
	if v.Normed && e.norm != pass.NoNorm {
		scale, shift = e.norms[t.Norm].scale, e.norms[t.Norm].shift
	}
	factor := e.pathFactor(v, image)
	if factor == 1 {
		return scale, shift
	}
	ownScale, ownShift := h.vectors[2*slot][:t.Width], h.vectors[2*slot+1][:t.Width]
	for c := range ownScale {
		ownScale[c], ownShift[c] = scale[c]*factor, shift[c]*factor
	}
	return ownScale, ownShift
}

// pathFactor is what an image of operand v is multiplied by: 1 unless paths are dropped in this pass.
func (e *Executor) pathFactor(v plan.Operand, image int) float32 {
	if v.Drop < 0 {
		return 1
	}
	return float32(e.drops.Scale(v.Drop, image, e.norm))
}

// exported is an image of what u stores for the caller.
func (e *Executor) exported(u *unit, image int) []float32 {
	size := u.In.H * u.In.W * u.In.C
	return e.arena[e.design.Options.Batch*e.design.Places.Exports[u.Id]+image*size:][:size]
}

// Output returns the output of a kept node, n x h x w x c values.
func (e *Executor) Output(node int) (data []float32, h, w, c int) {
	n := e.design.Plan.Graph().Nodes[node]
	for k := range e.ready {
		if u := &e.ready[k]; e.done && u.Action == plan.ActExport && u.Node == node {
			at := e.design.Options.Batch * e.design.Places.Exports[k]
			return e.arena[at : at+e.n*n.H*n.W*n.C], n.H, n.W, n.C
		}
	}
	return nil, n.H, n.W, n.C
}

// Logits returns n x classes values.
func (e *Executor) Logits() []float32 { return e.result(e.design.Plan.Graph().Logits) }

// AuxLogits returns the auxiliary head's n x classes values, or nil without one.
func (e *Executor) AuxLogits() []float32 {
	if e.design.Plan.Graph().AuxLogits < 0 {
		return nil
	}
	return e.result(e.design.Plan.Graph().AuxLogits)
}

// Features returns the global average of the last cell's output, n x channels values.
func (e *Executor) Features() []float32 { return e.result(e.design.Plan.Graph().Pooled) }

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
	return e.drops.Set(rate, pass.Seeded(rate, seed))
}

// SetDropMask is SetDropPath with the draws given: keep says whether drop-path node number path (in node order) keeps
// its branch for an image.
func (e *Executor) SetDropMask(rate float64, keep func(path, image int) bool) error {
	return e.drops.Set(rate, keep)
}
