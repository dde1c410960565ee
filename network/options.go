package network

import (
	"fmt"
	"math"
	"slices"

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
	Batch     int  // the largest number of images of a pass
	Gradients bool // plan for Backward too
	Hessian   bool // plan for HessianVector too; implies Gradients
	Workers   int  // images are shared out to so many goroutines; 0 or 1 works in the caller's

	Memory *Memory // where an executor in float32 gets large memory from and leaves it when it is closed; nil allocates it

	Keep          []int // graph nodes whose outputs can be read after a pass
	KeepGradients []int // graph nodes whose output gradients can be read after Backward

	Probes   []Probe // what an Observer sees during passes
	PerImage bool    // keep the images' parts of the weight gradients apart, for Observer.WeightProducts
}

// Real is the arithmetic of an executor.
type Real interface{ float32 | float64 }

// Runner is what the executors of both precisions offer to code that is written for either.
type Runner[T Real] interface {
	Plan() *Plan
	Forward(theta, x []T, n int, norm Norm) error
	Backward(c Cotangents[T], gTheta, gInput []T) error
	HessianVector(labels []int, v, hv []T) error

	Logits() []T
	AuxLogits() []T
	Features() []T
	Output(node int) (data []T, h, w, c int)
	Gradient(node int) (data []T, h, w, c int)
	Observe(Observer[T])

	Running(name string) (mean, variance []float64)
	ResetRunning()
	SetMomentum(momentum float64)
	SetDropPath(rate float64, seed uint64) error
	SetDropMask(rate float64, keep func(path, image int) bool) error
	Close()
}

// Both executors are Runners.
var (
	_ Runner[float32] = (*Executor)(nil)
	_ Runner[float64] = (*Executor64)(nil)
)

// complete fills in what options imply.
func (o Options) complete() Options {
	o.Gradients = o.Gradients || o.Hessian
	return o
}

// check says what is wrong with the options for plan p, and completes them.
func (o *Options) check(p *Plan) error {
	*o = o.complete()
	if o.Batch < 1 {
		return fmt.Errorf("network: batch %d: must be at least 1", o.Batch)
	}
	if o.Workers < 0 {
		return fmt.Errorf("network: %d workers: must not be negative", o.Workers)
	}
	for _, k := range slices.Concat(o.Keep, o.KeepGradients) {
		if k < 1 || k >= len(p.graph.Nodes) {
			return fmt.Errorf("network: cannot keep node %d: nodes 1-%d have outputs", k, len(p.graph.Nodes)-1)
		}
	}
	if len(o.KeepGradients) > 0 && !o.Gradients {
		return fmt.Errorf("network: KeepGradients without Gradients")
	}
	return o.checkProbes(p)
}

// slices is the number of slices of a batch of n images that have sums of weight gradients of their own.
func (o *Options) slices(n int) int {
	if o.PerImage {
		return n
	}
	return min(weightSlots, n)
}

// lanes is how many lanes an executor has.
func (o *Options) lanes() int {
	if o.Hessian {
		return lanes
	}
	return 1
}

// Memory64 is what an executor in float64 allocates, in bytes: arena, weights, statistics and sums. It is negative if that
// overflows.
func (p *Plan) Memory64(o Options) int64 { return p.memory(o, 8) }

// memory adds up what a machine allocates for values of so many bytes.
func (p *Plan) memory(o Options, bytes int64) int64 {
	if o.Batch > maxMemory { // an image has values
		return -1
	}
	b := int64(o.Batch)
	s := p.sizes(o.complete())
	perImage := bytes*int64(s.arena+s.loss) + 8*int64(s.partial+s.signs) + int64(s.argmax+s.drops)
	if perImage > math.MaxInt64/2/b {
		return -1
	}
	return b*perImage + bytes*int64(s.weights+s.slots) + 8*int64(s.statistics)
}

// sizes counts what an executor allocates. The first group is in values, statistics and partial in float64s, argmax
// and drops in bytes. Those marked * are for one image of the batch.
type sizes struct {
	arena      int // *
	weights    int
	slots      int
	statistics int
	partial    int // *
	argmax     int // *
	drops      int // *
	loss       int // *
	signs      int // *, in words
}

func (p *Plan) sizes(o Options) sizes {
	s := sizes{arena: p.newLayout(o).size, weights: p.size, signs: o.signWords(p)}
	lanes := o.lanes()
	s.arena *= lanes
	s.weights *= lanes
	widest := 0
	for i, n := range p.graph.Nodes {
		switch n.Kind {
		case bench301.BatchNorm:
			widest = max(widest, n.C)
			s.statistics += 4 * n.C
			if o.Hessian {
				s.statistics += 2 * n.C
			}
		case bench301.MaxPool:
			if o.Gradients {
				s.argmax += p.valuesOf(i)
			}
		case bench301.DropPath:
			s.drops++
		}
	}
	s.partial = 2 * lanes * widest
	s.statistics += 2 * lanes * widest
	if o.Gradients {
		s.slots = lanes * o.slices(o.Batch) * p.largestView()
	}
	if o.Hessian {
		s.loss = lanes * p.Classes()
	}
	return s
}

// largestView is the size of the largest parameter tensor.
func (p *Plan) largestView() int {
	largest := 0
	for _, v := range p.views {
		largest = max(largest, v.Size)
	}
	return largest
}
