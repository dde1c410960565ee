package network

import (
	"slices"

	"rwe301/bench301"
	"rwe301/internal/kernels"
)

// tensor is a map that is stored, N x h x w x width, possibly as a slice of channels of a wider one. It holds the raw
// output of a node; a normalisation of it is left to its readers. Channels are stored in groups that begin at multiples
// of kernels.Block; what fills up a group holds 0.
type tensor struct {
	node    int   // graph node whose output it holds
	h, w, c int   // shape of that output
	group   int   // channels that lie side by side
	width   int   // stored channels
	parent  int   // tensor of which this is a slice, or -1
	at      int   // its first stored channel there
	channel int   // the same, counted without what fills up groups
	norm    int   // normalisation that every operation applies on reading, or -1
	from    int   // operation that writes it; -1 for the images and for a parent, which others write
	readers []int // operations that read it
}

// place is where channel c is stored.
func (t *tensor) place(c int) int { return c/t.group*kernels.RoundUp(t.group) + c%t.group }

// operand is what a node's output is made of when it is read: a tensor, normalised, rectified and scaled by a drop path
// or not.
type operand struct {
	tensor       int // -1: computed on the fly by its only reader
	normed, relu bool
	drop         int // index of the drop path, or -1
}

// action is what an operation does.
type action uint8

const (
	actPoint     action = iota // 1x1 convolution of any stride and offset, or linear layer
	actSeparable               // depthwise convolution followed by actPoint
	actConv                    // any other full convolution
	actDepthwise               // depthwise convolution alone
	actPool
	actAverage // over the map
	actZero    // stores zeros
	actCopy    // stores a value as a tensor of its own
	actExport  // stores a value densely for the caller
	actSigns   // finds which values a rectifier lets through
	actAdd
	actConcat // inputs side by side, where slices will not do
)

// operation is one fused unit of work. All but actAdd and actConcat read one value.
type operation struct {
	action action
	node   int // graph node that gives the geometry, except of the 1x1 convolution of actSeparable
	point  int // graph node of that 1x1 convolution
	in     []operand
	out    int // tensor; -1 for actExport and actSigns
}

// normal is a batch normalisation.
type normal struct {
	node   int // graph node
	tensor int
}

// program is a plan made ready for an executor's options: the operations in an order in which they can run.
type program struct {
	plan    *Plan
	tensors []tensor
	ops     []operation
	norms   []normal
	values  []operand // of each node
	same    []int     // the first node that computes the same
	normOf  []int     // index into norms of each node, or -1
	drops   int
}

// fuser compiles a program.
type fuser struct {
	program
	nodes  []bench301.Node
	uses   [][]int // nodes that read a node, those that compute the same counted once
	solid  []bool  // nodes whose gradient is asked for: stored as tensors of their own
	kept   []bool  // nodes whose output is asked for
	images int     // tensor of the images with padded channels, or -1
}

// fuse compiles p. With KeepGradients or Keep, what is asked for exists at the price of less fusion.
func (p *Plan) fuse(o Options) *program {
	n := len(p.graph.Nodes)
	f := &fuser{nodes: p.graph.Nodes, uses: make([][]int, n), solid: make([]bool, n), kept: make([]bool, n), images: -1}
	f.plan = p
	f.values, f.same, f.normOf = make([]operand, n), make([]int, n), make([]int, n)
	for _, i := range p.wanted(o) {
		f.kept[i], f.solid[i] = true, o.Gradients // the caller may give its gradient
	}
	for _, i := range o.KeepGradients {
		f.solid[i] = true
	}
	for _, b := range o.Probes {
		f.kept[b.Node] = true
		f.solid[b.Node] = f.solid[b.Node] || b.See&SeeGradient != 0
	}
	f.unify()
	for i := range f.nodes {
		f.normOf[i] = -1
		if f.same[i] != i {
			f.values[i], f.normOf[i] = f.values[f.same[i]], f.normOf[f.same[i]]
			continue
		}
		f.node(i)
		if v := f.values[i]; f.solid[i] && v != (operand{tensor: v.tensor, drop: -1}) {
			f.values[i] = f.copied(v, i)
		}
	}
	seen := p.wanted(o)
	for _, b := range o.Probes {
		if b.See&(SeeOutput|SeeGradient) != 0 {
			seen = append(seen, b.Node)
		}
		if b.See&SeeSigns != 0 {
			f.emit(operation{action: actSigns, node: b.Node, in: []operand{f.values[b.Node]}, out: -1})
		}
	}
	slices.Sort(seen)
	for _, i := range slices.Compact(seen) {
		f.emit(operation{action: actExport, node: i, in: []operand{f.values[i]}, out: -1})
	}
	return &f.program
}

// wanted lists the nodes whose outputs the caller can read.
func (p *Plan) wanted(o Options) []int {
	g := &p.graph
	list := append([]int{g.Pooled, g.Logits}, o.Keep...)
	if g.AuxLogits >= 0 {
		list = append(list, g.AuxLogits)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// unify finds nodes without parameters that compute the same as an earlier one, and counts readers.
func (f *fuser) unify() {
	for i, n := range f.nodes {
		f.same[i] = i
		in := make([]int, len(n.Inputs))
		for k, x := range n.Inputs {
			in[k] = f.same[x]
		}
		shared := len(n.Params) == 0 && !f.solid[i] && (n.Kind == bench301.BatchNorm || n.Kind == bench301.ReLU ||
			n.Kind == bench301.MaxPool || n.Kind == bench301.AvgPool)
		if shared {
			for _, j := range f.uses[in[0]] {
				o := f.nodes[j]
				if o.Kind == n.Kind && len(o.Params) == 0 && !f.solid[j] && o.Kernel == n.Kernel && o.Stride == n.Stride &&
					o.Pad == n.Pad && o.Dilation == n.Dilation && o.Offset == n.Offset {
					f.same[i] = j
					break
				}
			}
		}
		if f.same[i] != i {
			continue
		}
		for _, x := range in {
			f.uses[x] = append(f.uses[x], i)
		}
	}
}

// bare reports whether reading v needs no work.
func (v operand) bare() bool { return v.tensor >= 0 && !v.normed && !v.relu && v.drop < 0 }

// node decides how node i is computed.
func (f *fuser) node(i int) {
	n := f.nodes[i]
	switch n.Kind {
	case bench301.Input:
		f.values[i] = operand{tensor: f.tensor(i, n.C), drop: -1}
		f.tensors[0].width = n.C
	case bench301.Conv:
		f.conv(i)
	case bench301.BatchNorm:
		f.values[i] = f.norm(i)
	case bench301.ReLU:
		f.values[i] = f.read(n.Inputs[0])
		f.values[i].relu = true
	case bench301.DropPath:
		v := f.read(n.Inputs[0])
		if v.drop >= 0 {
			v = f.copied(v, n.Inputs[0])
		}
		v.drop = f.drops
		f.drops++
		f.values[i] = v
	case bench301.MaxPool, bench301.AvgPool:
		f.mapped(actPool, i)
	case bench301.GlobalAvg:
		f.mapped(actAverage, i)
	case bench301.Linear:
		f.values[i] = f.store(operation{action: actPoint, node: i, in: []operand{f.read(n.Inputs[0])}}, i, n.C)
	case bench301.Zero:
		if f.values[i] = (operand{tensor: -1, drop: -1}); !f.vanishes(i) {
			f.mapped(actZero, i)
		}
	case bench301.Add:
		f.add(i)
	case bench301.Concat:
		f.concat(i)
	}
}

// conv chooses among the kinds of convolution.
func (f *fuser) conv(i int) {
	n := f.nodes[i]
	x := f.same[n.Inputs[0]]
	depthwise := n.Groups > 1
	switch {
	case depthwise && f.hides(i):
		f.values[i] = operand{tensor: -1, drop: -1}
	case depthwise:
		f.mapped(actDepthwise, i)
	case x == 0:
		f.values[i] = f.store(operation{action: actConv, node: i, in: []operand{f.values[0]}}, i, n.C)
	case f.values[x].tensor < 0:
		in := f.read(f.nodes[x].Inputs[0])
		f.values[i] = f.store(operation{action: actSeparable, node: x, point: i, in: []operand{in}}, i, n.C)
	case n.Kernel == 1 && n.Pad == 0:
		f.values[i] = f.store(operation{action: actPoint, node: i, in: []operand{f.read(x)}}, i, n.C)
	default:
		f.values[i] = f.store(operation{action: actConv, node: i, in: []operand{f.read(x)}}, i, n.C)
	}
}

// hides reports whether depthwise convolution i exists only inside the 1x1 convolution that reads it.
func (f *fuser) hides(i int) bool {
	if f.kept[i] || f.solid[i] || len(f.uses[i]) != 1 {
		return false
	}
	r := f.nodes[f.uses[i][0]]
	return r.Kind == bench301.Conv && r.Groups == 1 && r.Kernel == 1 && r.Stride == 1 && r.Pad == 0 && r.Offset == 0
}

// norm leaves normalisation i to the readers of its input, which must be a tensor that nothing else reads.
func (f *fuser) norm(i int) operand {
	x := f.same[f.nodes[i].Inputs[0]]
	v := f.read(x)
	alone := v.bare() && v.tensor != 0 && len(f.uses[x]) == 1 && !f.solid[x] && f.tensors[v.tensor].norm < 0
	if alone && f.nodes[x].Kind == bench301.Concat {
		for _, y := range f.nodes[x].Inputs {
			alone = alone && len(f.uses[f.same[y]]) == 1 && !f.solid[f.same[y]]
		}
	}
	if !alone {
		v = f.copied(v, x)
	}
	f.tensors[v.tensor].norm = len(f.norms)
	f.normOf[i] = len(f.norms)
	f.norms = append(f.norms, normal{i, v.tensor})
	v.normed = true
	return v
}

// mapped emits an operation that leaves channels where they are.
func (f *fuser) mapped(a action, i int) {
	v := f.read(f.nodes[i].Inputs[0])
	f.values[i] = f.store(operation{action: a, node: i, in: []operand{v}}, i, f.tensors[v.tensor].group)
}

// read is the value of node x for operations that want padded channels.
func (f *fuser) read(x int) operand {
	v := f.values[f.same[x]]
	if v.tensor != 0 {
		return v
	}
	if f.images < 0 {
		f.images = f.copied(f.values[0], 0).tensor
	}
	v.tensor = f.images
	return v
}

// copied stores value v of node i as a tensor of its own.
func (f *fuser) copied(v operand, i int) operand {
	return f.store(operation{action: actCopy, node: i, in: []operand{v}}, i, f.tensors[v.tensor].group)
}

// store emits an operation that writes a new tensor of node i, its channels in groups of the given size.
func (f *fuser) store(o operation, i, group int) operand {
	o.out = f.tensor(i, group)
	f.emit(o)
	return operand{tensor: o.out, drop: -1}
}

func (f *fuser) emit(o operation) {
	id := len(f.ops)
	f.ops = append(f.ops, o)
	for _, v := range o.in {
		f.tensors[v.tensor].readers = append(f.tensors[v.tensor].readers, id)
	}
	if o.out >= 0 {
		f.tensors[o.out].from = id
	}
}

func (f *fuser) tensor(node, group int) int {
	n := f.nodes[node]
	t := tensor{node: node, h: n.H, w: n.W, c: n.C, group: group, parent: -1, norm: -1, from: -1}
	t.width = kernels.RoundUp(t.place(n.C-1) + 1)
	f.tensors = append(f.tensors, t)
	return len(f.tensors) - 1
}

// shape is that of rows lo to hi of an image of t.
func (t *tensor) shape(lo, hi int) kernels.Shape {
	return kernels.Shape{Rows: hi - lo, Width: t.w, Blocks: t.width / kernels.Block}
}
