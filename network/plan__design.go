package network

import (
	"math"
	"slices"

	"rwe301/internal/kernels"
)

// design is everything about an executor that is known before memory is allocated.
type design struct {
	*program
	options  Options
	places   places
	stages   []stage
	units    []unit
	back     *gradients // nil without gradients
	watched  []int      // nodes whose gradient is asked for
	widest   int        // stored channels
	sums     int        // partial sums of an image in a stage
	backSums int        // and in a stage of the backward pass
	slot     int        // weight gradients of a slice of the batch
	scratch  int        // of a worker
	tile     int        // of a worker
	bits     int        // of a worker: signs of a row
}

// scratchVectors is how many vectors of stored channels a worker has.
const scratchVectors = 4

// design plans an executor.
func newDesign(p *Plan, o Options) *design {
	d := &design{program: p.fuse(o), options: o}
	injected := make([]bool, len(d.tensors))
	if o.Gradients {
		for _, i := range p.wanted(o) {
			injected[d.values[i].tensor] = true
		}
		d.back = newGradients(d.program, injected)
	}
	regions := d.regions()
	d.places = d.place(regions, d.back)
	d.units = d.program.units()
	d.stages, d.scratch = stages(d.program, regions, d.units)
	for k := range d.stages {
		d.sums = max(d.sums, d.stages[k].sums)
	}
	for k := range d.tensors {
		d.widest = max(d.widest, kernels.RoundUp(d.tensors[k].width))
	}
	d.tile = tileSize(d.units)
	for k := range d.units {
		if u := &d.units[k]; u.action == actSigns {
			d.bits = max(d.bits, u.in.w*u.in.width/kernels.Block)
		}
	}
	if !o.Gradients {
		return d
	}
	d.back.locate(d.program, &d.places, o.Batch)
	for k := range d.units {
		if u := &d.units[k]; u.out != nil {
			u.flow = d.back.flowOf(d.program, u.operation.out)
		}
	}
	d.backStages(d.back, d.stages, o, injected)
	for k := range d.back.stages {
		s := &d.back.stages[k]
		d.slot, d.backSums, d.scratch = max(d.slot, s.slot), max(d.backSums, s.width), max(d.scratch, s.size)
	}
	for node := range p.graph.Nodes {
		if d.watches(o, node) {
			d.watched = append(d.watched, node)
		}
	}
	return d
}

// Memory is what an executor in float32 allocates, in bytes: arena, weights, statistics, sums and the workers' own. It
// is negative if that overflows.
func (p *Plan) Memory(o Options) int64 {
	o = o.complete()
	if o.Batch > maxMemory { // an image has values
		return -1
	}
	return newDesign(p, o).need()
}

// need is [Plan.Memory] of an executor of this design.
func (d *design) need() int64 {
	need := d.memory()
	if d.unknown() && d.options.Hessian {
		other := d.plan.wideMemory(d.options)
		if other < 0 || need > maxMemory {
			return -1
		}
		need += other
	}
	return need
}

// sumsOfChannel is the most sums of a channel that are needed at once.
func (d *design) sumsOfChannel() int {
	if d.options.Hessian {
		return 4
	}
	return 2
}

// unknown reports whether there are windows that the kernels do not know.
func (d *design) unknown() bool {
	return slices.ContainsFunc(d.units, func(u unit) bool { return (u.windowed() || u.action == actPool) && !u.vector })
}

func (d *design) memory() int64 {
	image, fixed := int64(0), int64(0) // bytes
	image += 4*int64(d.places.size) + 8*int64(d.sums) + int64(d.drops)
	for _, b := range d.options.Probes {
		if b.See&SeeSigns != 0 {
			image += 8 * int64(d.plan.SignWords(b.Node))
		}
	}
	for k := range d.units {
		u := &d.units[k]
		fixed += 4 * int64(u.parameters(d.options.Gradients).total()+u.shares())
		if d.options.Hessian {
			fixed += 4 * int64(u.parameters(true).total())
		}
	}
	for _, n := range d.norms {
		t := &d.tensors[n.tensor]
		fixed += 8*4*int64(t.c) + 4*2*int64(t.width)
		if d.back != nil {
			fixed += 4 * 3 * int64(t.width)
		}
	}
	fixed += 4*3*int64(d.widest) + 8*int64(2+d.sumsOfChannel())*int64(d.widest) // ones, zeros, pivots; means, variances, totals
	worker := 4*int64(d.scratch+d.tile+scratchVectors*d.widest) + 8*2*int64(d.widest) + 2*int64(d.bits)
	if d.back != nil {
		for _, node := range d.watched {
			image += 4 * int64(d.plan.ValuesOf(node))
		}
		image += 8 * int64(d.backSums)
		fixed += 4 * int64(partsOf(d.options, d.options.Batch)) * int64(d.slot)
		if d.options.PerImage {
			fixed += 4 * int64(d.slot)
		}
		worker += 4*2*int64(d.tile) + int64(d.tile)
	}
	if d.options.Hessian {
		image += 4*int64(d.places.size) + 8*2*int64(d.backSums) + 4*2*int64(d.plan.Classes())
		for _, n := range d.norms {
			t := &d.tensors[n.tensor]
			fixed += 8*4*int64(t.c) + 4*5*int64(t.width)
		}
		worker += 4 * int64(d.scratch+3*d.tile)
	}
	fixed += worker * int64(max(1, d.options.Workers))
	if b := int64(d.options.Batch); image > math.MaxInt64/2/b || fixed > math.MaxInt64/2 {
		return -1
	}
	return image*int64(d.options.Batch) + fixed
}

// watches reports whether the gradient of node i's output is asked for.
func (p *program) watches(o Options, i int) bool {
	return slices.Contains(o.KeepGradients, i) || slices.ContainsFunc(o.Probes, func(b Probe) bool { return b.Node == i && b.See&SeeGradient != 0 })
}

// Options64 are what of an executor's options its products need.
func Options64(o Options) Options {
	return Options{Batch: o.Batch, Workers: o.Workers, Hessian: true, Gradients: true}
}

// wideMemory is what products in float64 allocate, in bytes; negative if that overflows.
func (p *Plan) wideMemory(o Options) int64 {
	need := p.Memory64(Options64(o))
	if need < 0 || need > maxMemory {
		return -1
	}
	return need + 8*(int64(o.Batch)*int64(p.ImageSize())+3*int64(p.NumParams()))
}
