package plan

import (
	"fmt"
	"slices"

	"rwe301/bench301"
	"rwe301/internal/process"
	"rwe301/network/memory"
)

// Options sizes an executor.
type Options struct {
	Batch     int  // the largest number of images of a pass
	Gradients bool // plan for Backward too
	Hessian   bool // plan for HessianVector too; implies Gradients
	Workers   int  // images are shared out to so many goroutines; 0 or 1 works in the caller's

	// Memory is where an executor in float32 gets large memory from and leaves it when it is closed; nil allocates it.
	Memory *memory.Cache

	// Meter counts what the goroutines beside the caller's do; nil counts nothing.
	Meter *process.Meter

	Keep          []int // graph nodes whose outputs can be read after a pass
	KeepGradients []int // graph nodes whose output gradients can be read after Backward

	Probes   []Probe // what an Observer sees during passes
	PerImage bool    // keep the images' parts of the weight gradients apart, for Observer.WeightProducts
}

// complete fills in what options imply.
func (o Options) complete() Options {
	o.Gradients = o.Gradients || o.Hessian
	return o
}

// Checked completes the options of an executor of p, or says what is wrong with them.
func Checked(p *Plan, o Options) (Options, error) {
	o = o.complete()
	return o, o.check(p)
}

func (o *Options) check(p *Plan) error {
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

// PartsOf is the number of parts of a batch of n images that have sums of weight gradients of their own.
func PartsOf(o Options, n int) int {
	if o.PerImage {
		return n
	}
	return min(maxParts, n)
}

// Probe asks to see a node during passes. An executor without probes does nothing for them.
type Probe struct {
	Node int
	See  Sight
}

// Sight is what a probe sees, a set of bits.
type Sight uint8

// What a probe can see.
const (
	SeeOutput   Sight = 1 << iota // the node's output, during Forward
	SeeSigns                      // of a ReLU: which inputs are positive, during Forward
	SeeGradient                   // the node's output and its gradient, during Backward
)

// checkProbes says which probe cannot see what it asks for.
func (o *Options) checkProbes(p *Plan) error {
	for _, b := range o.Probes {
		switch {
		case b.Node < 1 || b.Node >= len(p.graph.Nodes):
			return fmt.Errorf("network: cannot probe node %d: nodes 1-%d have outputs", b.Node, len(p.graph.Nodes)-1)
		case b.See == 0 || b.See > SeeOutput|SeeSigns|SeeGradient:
			return fmt.Errorf("network: the probe of node %d asks for nothing that there is (%d)", b.Node, b.See)
		case b.See&SeeSigns != 0 && p.graph.Nodes[b.Node].Kind != bench301.ReLU:
			return fmt.Errorf("network: a probe of the signs of %s, which is no ReLU", p.graph.Nodes[b.Node].Name)
		case b.See&SeeGradient != 0 && !o.Gradients:
			return fmt.Errorf("network: a probe of gradients without Options.Gradients")
		}
	}
	return nil
}

// signWords is the number of words an image that the probes of signs need at once.
func (o *Options) signWords(p *Plan) int {
	words := 0
	for _, b := range o.Probes {
		if b.See&SeeSigns != 0 {
			words = max(words, p.SignWords(b.Node))
		}
	}
	return words
}

// maxParts is how many parts of a batch have sums of weight gradients of their own. It bounds how many workers share a
// backward step, and fixes the order of summation whatever their number.
const maxParts = 16
