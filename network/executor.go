package network

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"unsafe"

	"rwe301/bench301"
)

// Norm is how batch normalisation works in a pass.
type Norm uint8

// The modes of batch normalisation.
const (
	BatchNorm   Norm = iota // by the statistics of the batch; running statistics are updated (train mode)
	RunningNorm             // by the running statistics (eval mode)
	NoNorm                  // identity: neither scale nor shift
)

// epsilon and momentum of batch normalisation, as in PyTorch.
const (
	epsilon         = 1e-5
	defaultMomentum = 0.1
)

// Options sizes an executor.
type Options struct {
	Batch     int   // the largest number of images of a pass
	Gradients bool  // plan for Backward too
	Workers   int   // images are shared out to so many goroutines; 0 or 1 works in the caller's
	Keep      []int // graph nodes whose outputs can be read after a pass
}

// maxMemory is the most an executor may ask for, in bytes: more than that is a mistyped size on the machines of today.
const maxMemory = 1 << 40

// Real is the arithmetic of an executor.
type Real interface{ float32 | float64 }

// Executor runs a plan in float32, Executor64 in float64.
type (
	Executor   = Machine[float32]
	Executor64 = Machine[float64]
)

// NewExecutor returns an executor of a plan in float32.
func NewExecutor(p *Plan, o Options) (*Executor, error) { return newMachine[float32](p, o) }

// NewExecutor64 returns an executor of a plan in float64.
func NewExecutor64(p *Plan, o Options) (*Executor64, error) { return newMachine[float64](p, o) }

// Memory is what an executor in float32 allocates for its passes, in bytes.
func (p *Plan) Memory(o Options) int64 { return p.memory(o, 4) }

// memory adds up arena, packed weights, statistics and the rest for values of so many bytes.
func (p *Plan) memory(o Options, bytes int64) int64 {
	b := int64(o.Batch)
	total := bytes * (b*int64(p.newLayout(o).size) + int64(p.size))
	total += 8 * (b*int64(p.widestNorm())*2 + int64(p.normChannels())*4)
	if o.Gradients {
		total += bytes*int64(slots(o))*int64(p.largestView()) + b*int64(p.argmaxValues())
	}
	return total
}

// Machine runs a plan. It is not safe for concurrent use; Close it when it has several workers.
type Machine[T Real] struct {
	plan    *Plan
	options Options
	layout  layout
	steps   []step[T]
	arena   []T
	weights []T // theta as the loops want it: convolutions with the window's position outermost
	theta   []T // of the current pass
	images  []T // of the current pass
	n       int
	norm    Norm
	done    bool // a forward pass has succeeded, so outputs may be read

	norms    map[string]*statistics
	momentum float64
	updates  int
	partial  []float64 // per image, per channel: sum and sum of squares
	sums     func(m *Machine[T], i, lo, hi int)

	dropRate float64
	keep     []bool // drop path: per drop node and image
	pool     *pool[T]
	grad     *gradients[T]
}

// statistics are those of one batch normalisation.
type statistics struct {
	running struct{ mean, variance []float64 }
	mean    []float64 // of the current pass
	inverse []float64 // 1 / sqrt(variance + epsilon) of the current pass
}

// step is one node ready to run.
type step[T Real] struct {
	node    bench301.Node
	in      []int // values per image of each input
	out     int   // values per image
	weights []T   // packed weights of a convolution or linear layer
	stats   *statistics
	drop    int // index among the drop-path nodes
	argmax  []uint8
	run     func(m *Machine[T], i, lo, hi int)
}

func newMachine[T Real](p *Plan, o Options) (*Machine[T], error) {
	if o.Batch < 1 {
		return nil, fmt.Errorf("network: batch %d: must be at least 1", o.Batch)
	}
	if o.Workers < 0 {
		return nil, fmt.Errorf("network: %d workers: must not be negative", o.Workers)
	}
	for _, k := range o.Keep {
		if k < 1 || k >= len(p.graph.Nodes) {
			return nil, fmt.Errorf("network: cannot keep node %d: nodes 1-%d have outputs", k, len(p.graph.Nodes)-1)
		}
	}
	if need := p.memory(o, int64(unsafe.Sizeof(T(0)))); need > maxMemory || need < 0 {
		return nil, fmt.Errorf("network: batch %d of this network needs %.0f GB: use a smaller batch, width or image", o.Batch, float64(need)/1e9)
	}
	m := &Machine[T]{plan: p, options: o, layout: p.newLayout(o), norms: map[string]*statistics{}, momentum: defaultMomentum, sums: sums[T]}
	m.arena = make([]T, o.Batch*m.layout.size)
	m.weights = make([]T, p.size)
	m.partial = make([]float64, o.Batch*p.widestNorm()*2)
	m.build()
	if o.Gradients {
		m.grad = newGradients(m)
	}
	if o.Workers > 1 {
		m.pool = newPool[T](o.Workers)
		runtime.AddCleanup(m, func(p *pool[T]) { p.close() }, m.pool)
	}
	return m, nil
}

// build prepares the steps.
func (m *Machine[T]) build() {
	p := m.plan
	drops := 0
	for i, n := range p.graph.Nodes {
		s := step[T]{node: n, out: p.valuesOf(i)}
		for _, x := range n.Inputs {
			s.in = append(s.in, p.valuesOf(x))
		}
		if len(n.Params) > 0 && n.Kind != bench301.BatchNorm {
			v := p.views[n.Params[0]]
			s.weights = m.weights[v.Offset : v.Offset+v.Size]
		}
		switch n.Kind {
		case bench301.BatchNorm:
			s.stats = &statistics{mean: make([]float64, n.C), inverse: make([]float64, n.C)}
			s.stats.running.mean, s.stats.running.variance = make([]float64, n.C), make([]float64, n.C)
			m.norms[n.Name] = s.stats
		case bench301.DropPath:
			s.drop = drops
			drops++
		case bench301.MaxPool:
			if m.options.Gradients {
				s.argmax = make([]uint8, m.options.Batch*s.out)
			}
		}
		s.run = forward[T](n)
		m.steps = append(m.steps, s)
	}
	m.keep = make([]bool, drops*m.options.Batch)
	m.ResetRunning()
}

// Close stops the workers of the executor.
func (m *Machine[T]) Close() {
	if m.pool != nil {
		m.pool.close()
	}
}

// Forward runs n images, x[n][H][W][3], through the network with parameters theta. The outputs are valid until the
// next pass.
func (m *Machine[T]) Forward(theta, x []T, n int, norm Norm) error {
	m.done = false
	switch {
	case len(theta) != m.plan.size:
		return fmt.Errorf("network: theta has %d values: this network has %d parameters", len(theta), m.plan.size)
	case n < 1 || n > m.options.Batch:
		return fmt.Errorf("network: %d images: this executor takes 1 to %d", n, m.options.Batch)
	case len(x) != n*m.plan.imageSize():
		return fmt.Errorf("network: %d values: %d images have %d", len(x), n, n*m.plan.imageSize())
	case norm > NoNorm:
		return fmt.Errorf("network: unknown normalisation %d", norm)
	case !finite(x):
		return errors.New("network: the images hold NaN or infinite values")
	}
	m.theta, m.images, m.n, m.norm = theta, x, n, norm
	m.pack()
	if norm == BatchNorm {
		m.updates++
	}
	for i := 1; i < len(m.steps); i++ {
		if m.steps[i].stats != nil && norm != NoNorm {
			m.normalise(i)
		}
		m.parallel(m.steps[i].run, i)
	}
	m.done = true
	return nil
}

// finite reports whether no value is NaN or infinite.
func finite[T Real](x []T) bool {
	var poison T
	for _, v := range x {
		poison += v * 0 // 0 unless v is NaN or infinite
	}
	return poison == 0
}

// pack brings the weights of convolutions from [out][in][position] into [position][out][in] (depthwise:
// [position][channel]); other parameters are read from theta.
func (m *Machine[T]) pack() {
	for i := range m.steps {
		s := &m.steps[i]
		if s.weights == nil {
			continue
		}
		v := m.plan.views[s.node.Params[0]]
		src := m.theta[v.Offset : v.Offset+v.Size]
		window := s.node.Kernel * s.node.Kernel
		if s.node.Kind == bench301.Linear || window == 1 {
			copy(s.weights, src)
			continue
		}
		rows := v.Size / window
		for r := range rows {
			for k := range window {
				s.weights[k*rows+r] = src[r*window+k]
			}
		}
	}
}

// parallel runs f for all images, shared out to the workers.
func (m *Machine[T]) parallel(f func(m *Machine[T], i, lo, hi int), i int) {
	if m.pool == nil {
		f(m, i, 0, m.n)
		return
	}
	m.pool.do(m, f, i)
}

// output is node i's output for images lo to hi.
func (m *Machine[T]) output(i, lo, hi int) []T {
	v := m.steps[i].out
	if i == 0 {
		return m.images[lo*v : hi*v]
	}
	at := m.layout.output[i] * m.options.Batch
	return m.arena[at+lo*v : at+hi*v]
}

// Output returns the output of a kept node, n x h x w x c values.
func (m *Machine[T]) Output(node int) (data []T, h, w, c int) {
	n := m.plan.graph.Nodes[node]
	if !m.done || node == 0 {
		return nil, n.H, n.W, n.C
	}
	return m.output(node, 0, m.n), n.H, n.W, n.C
}

// Logits returns n x classes values.
func (m *Machine[T]) Logits() []T { return m.result(m.plan.graph.Logits) }

// AuxLogits returns the auxiliary head's n x classes values, or nil without one.
func (m *Machine[T]) AuxLogits() []T {
	if m.plan.graph.AuxLogits < 0 {
		return nil
	}
	return m.result(m.plan.graph.AuxLogits)
}

// Features returns the global average of the last cell's output, n x channels values.
func (m *Machine[T]) Features() []T { return m.result(m.plan.graph.Pooled) }

func (m *Machine[T]) result(node int) []T {
	data, _, _, _ := m.Output(node)
	return data
}

// ResetRunning sets the running statistics to mean 0 and variance 1.
func (m *Machine[T]) ResetRunning() {
	m.updates = 0
	for _, s := range m.norms {
		for c := range s.running.mean {
			s.running.mean[c], s.running.variance[c] = 0, 1
		}
	}
}

// Running returns the running statistics of a batch normalisation by node name; nil if there is none of that name.
func (m *Machine[T]) Running(name string) (mean, variance []float64) {
	s := m.norms[name]
	if s == nil {
		return nil, nil
	}
	return s.running.mean, s.running.variance
}

// SetMomentum sets the weight of a new batch in the running statistics (0.1 at first). Zero or less averages all
// batches since ResetRunning with equal weight, which calibrates a network.
func (m *Machine[T]) SetMomentum(momentum float64) { m.momentum = momentum }

// normalise finds the statistics with which node i normalises in this pass, and updates the running ones.
func (m *Machine[T]) normalise(i int) {
	s := m.steps[i].stats
	if m.norm == RunningNorm {
		for c := range s.mean {
			s.mean[c], s.inverse[c] = s.running.mean[c], 1/math.Sqrt(s.running.variance[c]+epsilon)
		}
		return
	}
	m.parallel(m.sums, i)
	node := m.steps[i].node
	count := float64(m.n * node.H * node.W)
	weight := m.momentum
	if weight <= 0 {
		weight = 1 / float64(m.updates)
	}
	for c := range node.C {
		var sum, squares float64
		for image := range m.n {
			sum += m.partial[image*2*node.C+c]
			squares += m.partial[image*2*node.C+node.C+c]
		}
		mean := sum / count
		variance := max(0, squares/count-mean*mean)
		s.mean[c], s.inverse[c] = mean, 1/math.Sqrt(variance+epsilon)
		unbiased := variance
		if count > 1 {
			unbiased *= count / (count - 1)
		}
		s.running.mean[c] += weight * (mean - s.running.mean[c])
		s.running.variance[c] += weight * (unbiased - s.running.variance[c])
	}
}

// sums fills the partial sums of node i's input for images lo to hi.
func sums[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	c := s.node.C
	for image := lo; image < hi; image++ {
		partial := m.partial[image*2*c : (image+1)*2*c]
		clear(partial)
		sum, squares := partial[:c], partial[c:2*c]
		x := m.output(s.node.Inputs[0], image, image+1)
		for len(x) >= c {
			row := x[:c]
			for k, v := range row {
				f := float64(v)
				sum[k] += f
				squares[k] += float64(f * f)
			}
			x = x[c:]
		}
	}
}

// widestNorm is the largest number of channels of a normalisation.
func (p *Plan) widestNorm() int {
	widest := 0
	for _, n := range p.graph.Nodes {
		if n.Kind == bench301.BatchNorm {
			widest = max(widest, n.C)
		}
	}
	return widest
}

// normChannels adds up the channels of all normalisations.
func (p *Plan) normChannels() int {
	total := 0
	for _, n := range p.graph.Nodes {
		if n.Kind == bench301.BatchNorm {
			total += n.C
		}
	}
	return total
}
