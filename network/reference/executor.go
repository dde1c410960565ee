// Package reference runs a plan node by node in plain loops, in float64 (or float32): the oracle of the fast executor,
// and made to be read. [New] returns an [Executor].
//
// loops.go has a function for each kind of node, adjoint.go their transposes and weight gradients, steps.go and norm.go
// the steps of the four passes: forward, backward, and the derivatives of both for Hessian-vector products.
package reference

import (
	"runtime"
	"unsafe"

	"rwe301/bench301"
	"rwe301/network/memory"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// Executor runs a plan. It is not safe for concurrent use; Close it when it has several workers.
//
// What it computes lies in two lanes: the values, and the tangents, which are the derivatives of all values along a
// direction in the space of theta. The second lane is there for HessianVector alone.
type Executor[T pass.Real] struct {
	state   pass.State[T]
	layout  plan.Layout
	steps   []step[T]
	arena   [lanes][]T
	weights [lanes][]T // theta (its direction) as the loops want it: convolutions with the window's position outermost
	theta   [lanes][]T // of the current pass

	norms    map[string]*statistics
	momentum float64
	updates  int
	partial  []float64 // per image, per channel: sums
	totals   []float64 // partial added up over the images

	pool  *pass.Pool
	share share[T]     // what the workers do
	back  *backward[T] // nil without gradients
	signs []uint64
}

// The lanes of an executor.
const (
	value = iota
	tangent
	lanes
)

// step is one node ready to run.
type step[T pass.Real] struct {
	node    bench301.Node
	from    []bench301.Node // the nodes of its inputs
	at      []int           // of a concatenation: the first channel of each input
	out     int             // values per image
	loop    loop[T]
	weights [lanes][]T // packed weights of a convolution or linear layer
	stats   *statistics
	drop    int        // index among the drop-path nodes
	see     plan.Sight // what probes see of it
	argmax  []uint8    // of a max pool: the winning position of every output
	run     func(m *Executor[T], i, lo, hi int)
	sums    func(m *Executor[T], i, lo, hi int) // of a normalisation

	// With gradients: the same node's part in the backward pass, in the tangents of the forward pass, and in those of the
	// backward pass.
	backward, tangent, dual         func(m *Executor[T], i, lo, hi int)
	gradSums, tangentSums, dualSums func(m *Executor[T], i, lo, hi int)
}

// New returns an executor of a plan in float32 or float64.
func New[T pass.Real](p *plan.Plan, o plan.Options) (*Executor[T], error) {
	o, err := plan.Checked(p, o)
	if err != nil {
		return nil, err
	}
	if err := memory.Check(plan.MemoryOf(p, o, int64(unsafe.Sizeof(T(0)))), memory.Free(), o.Batch); err != nil {
		return nil, err
	}
	m := &Executor[T]{
		state: pass.NewState[T](p, o), layout: plan.NewLayout(p, o),
		norms: map[string]*statistics{}, momentum: pass.DefaultMomentum,
	}
	for l := range m.lanes(o.Hessian) {
		m.arena[l] = make([]T, o.Batch*m.layout.Size)
		m.weights[l] = make([]T, p.NumParams())
	}
	m.partial = make([]float64, o.Batch*m.layout.Sums)
	m.totals = make([]float64, m.layout.Sums)
	m.build()
	if o.Gradients {
		m.back = newBackward(m)
	}
	if o.Workers > 1 {
		m.pool = pass.NewPool(o.Workers, o.Meter)
		runtime.AddCleanup(m, func(p *pass.Pool) { p.Close() }, m.pool)
	}
	return m, nil
}

// build prepares the steps.
func (m *Executor[T]) build() {
	p := m.state.Plan
	drops := 0
	for i, n := range p.Graph().Nodes {
		s := step[T]{node: n, out: p.ValuesOf(i), loop: loopOf[T](n)}
		channels := 0
		for _, x := range n.Inputs {
			s.from = append(s.from, p.Graph().Nodes[x])
			s.at = append(s.at, channels)
			channels += p.Graph().Nodes[x].C
		}
		s.run, s.backward, s.tangent, s.dual = linearForward[T], linearBackward[T], linearTangent[T], linearDual[T]
		switch n.Kind {
		case bench301.Conv, bench301.Linear:
			v := p.Views()[n.Params[0]]
			for l := range m.lanes(m.state.Options.Hessian) {
				s.weights[l] = m.weights[l][v.Offset : v.Offset+v.Size]
			}
		case bench301.BatchNorm:
			s.stats = newStatistics(n.C, m.state.Options.Hessian)
			m.norms[n.Name] = s.stats
			s.run, s.backward, s.tangent, s.dual = affine[T], affineBackward[T], affineTangent[T], affineDual[T]
			s.sums, s.gradSums, s.tangentSums, s.dualSums = sums[T], gradSums[T], tangentSums[T], dualSums[T]
		case bench301.ReLU:
			s.run, s.backward, s.tangent, s.dual = rectify[T], rectifyBackward[T], rectifyTangent[T], rectifyDual[T]
		case bench301.DropPath:
			s.drop = drops
			drops++
			s.run, s.backward, s.tangent, s.dual = dropPath[T], dropPathBackward[T], dropPathTangent[T], dropPathDual[T]
		case bench301.MaxPool:
			s.run, s.backward, s.tangent, s.dual = maxPool[T], maxPoolBackward[T], maxPoolTangent[T], maxPoolDual[T]
			if m.state.Options.Gradients {
				s.argmax = make([]uint8, m.state.Options.Batch*s.out)
			}
		}
		m.steps = append(m.steps, s)
	}
	for _, b := range m.state.Options.Probes {
		m.steps[b.Node].see |= b.See
	}
	m.signs = make([]uint64, m.state.Options.Batch*m.layout.Signs)
	m.ResetRunning()
}

// Plan implements [pass.Runner].
func (m *Executor[T]) Plan() *plan.Plan { return m.state.Plan }

// Close implements [pass.Runner].
func (m *Executor[T]) Close() {
	if m.pool != nil {
		m.pool.Close()
	}
}

// Forward implements [pass.Runner].
func (m *Executor[T]) Forward(theta, x []T, n int, norm pass.Norm) error {
	if err := m.state.Begin(theta, x, n, norm); err != nil {
		return err
	}
	m.theta[value] = theta
	m.pack(value)
	if norm == pass.BatchNorm {
		m.updates++
	}
	for i := 1; i < len(m.steps); i++ {
		if m.steps[i].stats != nil {
			m.normalise(i)
		}
		m.parallel(m.steps[i].run, i, n)
		if m.steps[i].see != 0 {
			m.look(i)
		}
	}
	m.state.Done = true
	return nil
}

// pack brings the weights of convolutions from [out][in][position] into [position][out][in] (depthwise:
// [position][channel]); other parameters are read from theta.
func (m *Executor[T]) pack(lane int) {
	for i := range m.steps {
		s := &m.steps[i]
		if s.weights[lane] == nil {
			continue
		}
		v := m.state.Plan.Views()[s.node.Params[0]]
		repack(s.weights[lane], m.theta[lane][v.Offset:v.Offset+v.Size], s.node.Kernel*s.node.Kernel)
	}
}

// repack transposes rows of one window each into one row a position. A linear layer has window 0.
func repack[T pass.Real](dst, src []T, window int) {
	if window <= 1 {
		copy(dst, src)
		return
	}
	rows := len(src) / window
	for r := range rows {
		for k, v := range src[r*window : (r+1)*window] {
			dst[k*rows+r] = v
		}
	}
}

// parallel runs f for count images (or parts of the batch), shared out to the workers.
func (m *Executor[T]) parallel(f func(m *Executor[T], i, lo, hi int), i, count int) {
	if m.pool == nil {
		f(m, i, 0, count)
		return
	}
	m.share = share[T]{f, i, count}
	m.pool.Do((*task[T])(m), m.state.Options.Workers)
}

// share is a step for count images (or parts of the batch).
type share[T pass.Real] struct {
	f     func(m *Executor[T], i, lo, hi int)
	i     int
	count int
}

// task is an executor as the pool of workers sees it.
type task[T pass.Real] Executor[T]

// Part runs an equal share for each worker.
func (t *task[T]) Part(_, k int) {
	m := (*Executor[T])(t)
	s, size := &m.share, m.state.Options.Workers
	if lo, hi := k*s.count/size, (k+1)*s.count/size; lo < hi {
		s.f(m, s.i, lo, hi)
	}
}

// output is node i's output for images lo to hi.
func (m *Executor[T]) output(i, lo, hi int) []T { return m.outputs(value, i, lo, hi) }

// outputs is a lane of node i's output for images lo to hi; nil for the tangents of the images, which are zero.
func (m *Executor[T]) outputs(lane, i, lo, hi int) []T {
	v := m.steps[i].out
	if i == 0 {
		if lane == tangent {
			return nil
		}
		return m.state.Images[lo*v : hi*v]
	}
	at := m.layout.Output[i] * m.state.Options.Batch
	return m.arena[lane][at+lo*v : at+hi*v]
}

// Output implements [pass.Runner].
func (m *Executor[T]) Output(node int) (data []T, h, w, c int) {
	n := m.state.Plan.Graph().Nodes[node]
	if !m.state.Done || node == 0 {
		return nil, n.H, n.W, n.C
	}
	return m.output(node, 0, m.state.N), n.H, n.W, n.C
}

// Logits implements [pass.Runner].
func (m *Executor[T]) Logits() []T { return m.result(m.state.Plan.Graph().Logits) }

// AuxLogits implements [pass.Runner].
func (m *Executor[T]) AuxLogits() []T {
	if m.state.Plan.Graph().AuxLogits < 0 {
		return nil
	}
	return m.result(m.state.Plan.Graph().AuxLogits)
}

// Features implements [pass.Runner].
func (m *Executor[T]) Features() []T { return m.result(m.state.Plan.Graph().Pooled) }

func (m *Executor[T]) result(node int) []T {
	data, _, _, _ := m.Output(node)
	return data
}

// SetDropPath implements [pass.Runner].
func (m *Executor[T]) SetDropPath(rate float64, seed uint64) error {
	return m.state.Drops.Set(rate, pass.Seeded(rate, seed))
}

// SetDropMask implements [pass.Runner].
func (m *Executor[T]) SetDropMask(rate float64, keep func(path, image int) bool) error {
	return m.state.Drops.Set(rate, keep)
}
