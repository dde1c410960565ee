package plan

import (
	"math"
	"slices"

	"rwe301/internal/kernels"
	"rwe301/network/memory"
)

// Design is everything about an executor that is known before memory is allocated.
type Design struct {
	*Program
	Options  Options
	Places   Places
	Stages   []Stage
	Units    []Unit
	Back     *Gradients // nil without gradients
	Watched  []int      // nodes whose gradient is asked for
	Widest   int        // stored channels
	Sums     int        // partial sums of an image in a stage
	BackSums int        // and in a stage of the backward pass
	Slot     int        // weight gradients of a part of the batch
	Scratch  int        // of a worker
	Tile     int        // of a worker
	Bits     int        // of a worker: signs of a row
}

// ScratchVectors is how many vectors of stored channels a worker has.
const ScratchVectors = 4

// NewDesign plans an executor of p with complete options.
func NewDesign(p *Plan, o Options) *Design {
	d := &Design{Program: p.fuse(o), Options: o}
	injected := make([]bool, len(d.Tensors))
	if o.Gradients {
		for _, i := range p.wanted(o) {
			injected[d.Values[i].Tensor] = true
		}
		d.Back = newGradients(d.Program, injected)
	}
	regions := d.regions()
	d.Places = d.place(regions, d.Back)
	d.Units = d.Program.units()
	d.Stages, d.Scratch = stages(d.Program, regions, d.Units)
	for k := range d.Stages {
		d.Sums = max(d.Sums, d.Stages[k].Sums)
	}
	for k := range d.Tensors {
		d.Widest = max(d.Widest, kernels.RoundUp(d.Tensors[k].Width))
	}
	d.Tile = tileSize(d.Units)
	for k := range d.Units {
		if u := &d.Units[k]; u.Action == ActSigns {
			d.Bits = max(d.Bits, u.In.W*u.In.Width/kernels.Block)
		}
	}
	if !o.Gradients {
		return d
	}
	d.Back.locate(d.Program, &d.Places, o.Batch)
	for k := range d.Units {
		if u := &d.Units[k]; u.Out != nil {
			u.Flow = d.Back.flowOf(d.Program, u.Writes)
		}
	}
	d.backStages(d.Back, d.Stages, o, injected)
	for k := range d.Back.Stages {
		s := &d.Back.Stages[k]
		d.Slot, d.BackSums, d.Scratch = max(d.Slot, s.Slot), max(d.BackSums, s.Width), max(d.Scratch, s.Size)
	}
	for node := range p.graph.Nodes {
		if d.watches(o, node) {
			d.Watched = append(d.Watched, node)
		}
	}
	return d
}

// Memory is what an executor in float32 allocates, in bytes: arena, weights, statistics, sums and the workers' own. It
// is negative if that overflows.
func (p *Plan) Memory(o Options) int64 {
	o = o.complete()
	if o.Batch > memory.Max { // an image has values
		return -1
	}
	return NewDesign(p, o).Need()
}

// Need is [Plan.Memory] of an executor of this design.
func (d *Design) Need() int64 {
	need := d.memory()
	if d.Unknown() && d.Options.Hessian {
		other := d.Plan.wideMemory(d.Options)
		if other < 0 || need > memory.Max {
			return -1
		}
		need += other
	}
	return need
}

// SumsOfChannel is the most sums of a channel that are needed at once.
func (d *Design) SumsOfChannel() int {
	if d.Options.Hessian {
		return 4
	}
	return 2
}

// Unknown reports whether there are windows that the kernels do not know.
func (d *Design) Unknown() bool {
	return slices.ContainsFunc(d.Units, func(u Unit) bool { return (u.Windowed() || u.Action == ActPool) && !u.Vector })
}

func (d *Design) memory() int64 {
	image, fixed := int64(0), int64(0) // bytes
	image += 4*int64(d.Places.Size) + 8*int64(d.Sums) + int64(d.Drops)
	for _, b := range d.Options.Probes {
		if b.See&SeeSigns != 0 {
			image += 8 * int64(d.Plan.SignWords(b.Node))
		}
	}
	for k := range d.Units {
		u := &d.Units[k]
		fixed += 4 * int64(u.Parameters(d.Options.Gradients).total()+u.Shares())
		if d.Options.Hessian {
			fixed += 4 * int64(u.Parameters(true).total())
		}
	}
	for _, n := range d.Norms {
		t := &d.Tensors[n.Tensor]
		fixed += 8*4*int64(t.C) + 4*2*int64(t.Width)
		if d.Back != nil {
			fixed += 4 * 3 * int64(t.Width)
		}
	}
	fixed += 4 * 3 * int64(d.Widest)                          // ones, zeros, pivots
	fixed += 8 * int64(2+d.SumsOfChannel()) * int64(d.Widest) // means, variances, totals
	worker := 4*int64(d.Scratch+d.Tile+ScratchVectors*d.Widest) + 8*2*int64(d.Widest) + 2*int64(d.Bits)
	if d.Back != nil {
		for _, node := range d.Watched {
			image += 4 * int64(d.Plan.ValuesOf(node))
		}
		image += 8 * int64(d.BackSums)
		fixed += 4 * int64(PartsOf(d.Options, d.Options.Batch)) * int64(d.Slot)
		if d.Options.PerImage {
			fixed += 4 * int64(d.Slot)
		}
		worker += 4*2*int64(d.Tile) + int64(d.Tile)
	}
	if d.Options.Hessian {
		image += 4*int64(d.Places.Size) + 8*2*int64(d.BackSums) + 4*2*int64(d.Plan.Classes())
		for _, n := range d.Norms {
			t := &d.Tensors[n.Tensor]
			fixed += 8*4*int64(t.C) + 4*5*int64(t.Width)
		}
		worker += 4 * int64(d.Scratch+3*d.Tile)
	}
	fixed += worker * int64(max(1, d.Options.Workers))
	if b := int64(d.Options.Batch); image > math.MaxInt64/2/b || fixed > math.MaxInt64/2 {
		return -1
	}
	return image*int64(d.Options.Batch) + fixed
}

// watches reports whether the gradient of node i's output is asked for.
func (p *Program) watches(o Options, i int) bool {
	return slices.Contains(o.KeepGradients, i) || slices.ContainsFunc(o.Probes,
		func(b Probe) bool { return b.Node == i && b.See&SeeGradient != 0 })
}

// Options64 are what of an executor's options its products need.
func Options64(o Options) Options {
	return Options{Batch: o.Batch, Workers: o.Workers, Hessian: true, Gradients: true}
}

// wideMemory is what products in float64 allocate, in bytes; negative if that overflows.
func (p *Plan) wideMemory(o Options) int64 {
	need := p.Memory64(Options64(o))
	if need < 0 || need > memory.Max {
		return -1
	}
	return need + 8*(int64(o.Batch)*int64(p.ImageSize())+3*int64(p.NumParams()))
}
