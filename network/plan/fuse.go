package plan

import (
	"slices"

	"rwe301/bench301"
	"rwe301/internal/kernels"
)

// Tensor is a map that is stored, N x h x w x width, possibly as a slice of channels of a wider one. It holds the raw
// output of a node; a normalisation of it is left to its readers. Channels are stored in groups that begin at multiples
// of kernels.Block; what fills up a group holds 0.
type Tensor struct {
	Node    int   // graph node whose output it holds
	H, W, C int   // shape of that output
	Group   int   // channels that lie side by side
	Width   int   // stored channels
	Parent  int   // tensor of which this is a slice, or -1
	at      int   // its first stored channel there
	channel int   // the same, counted without what fills up groups
	Norm    int   // normalisation that every operation applies on reading, or -1
	from    int   // operation that writes it; -1 for the images and for a parent, which others write
	readers []int // operations that read it
}

// Place is where channel c is stored.
func (t *Tensor) Place(c int) int { return c/t.Group*kernels.RoundUp(t.Group) + c%t.Group }

// Gather copies the channels of a pixel to where they lie side by side.
func (t *Tensor) Gather(to, from []float32) {
	for c := 0; c < t.C; c += t.Group {
		copy(to[c:min(c+t.Group, t.C)], from[t.Place(c):])
	}
}

// Operand is what a node's output is made of when it is read: a tensor, normalised, rectified and scaled by a drop path
// or not.
type Operand struct {
	Tensor       int // -1: computed on the fly by its only reader
	Normed, Relu bool
	Drop         int // index of the drop path, or -1
}

// Action is what an operation does.
type Action uint8

const (
	ActPoint     Action = iota // 1x1 convolution of any stride and offset, or linear layer
	ActSeparable               // depthwise convolution followed by ActPoint
	ActConv                    // any other full convolution
	ActDepthwise               // depthwise convolution alone
	ActPool
	ActAverage // over the map
	ActZero    // stores zeros
	ActCopy    // stores a value as a tensor of its own
	ActExport  // stores a value densely for the caller
	ActSigns   // finds which values a rectifier lets through
	ActAdd
	ActConcat // inputs side by side, where slices will not do
)

// Operation is one fused unit of work. All but ActAdd and ActConcat read one value.
type Operation struct {
	Action Action
	Node   int // graph node that gives the geometry, except of the 1x1 convolution of ActSeparable
	point  int // graph node of that 1x1 convolution
	Reads  []Operand
	Writes int // tensor; -1 for ActExport and ActSigns
}

// Normalisation is a batch normalisation.
type Normalisation struct {
	Node   int // graph node
	Tensor int
}

// Program is a plan made ready for an executor's options: the operations in an order in which they can run.
type Program struct {
	Plan    *Plan
	Tensors []Tensor
	ops     []Operation
	Norms   []Normalisation
	Values  []Operand // of each node
	same    []int     // the first node that computes the same
	NormOf  []int     // index into norms of each node, or -1
	Drops   int
}

// fuser compiles a program.
type fuser struct {
	Program
	nodes  []bench301.Node
	uses   [][]int // nodes that read a node, those that compute the same counted once
	solid  []bool  // nodes whose gradient is asked for: stored as tensors of their own
	kept   []bool  // nodes whose output is asked for
	images int     // tensor of the images with padded channels, or -1
}

// fuse compiles p. With KeepGradients or Keep, what is asked for exists at the price of less fusion.
func (p *Plan) fuse(o Options) *Program {
	n := len(p.graph.Nodes)
	f := &fuser{nodes: p.graph.Nodes, uses: make([][]int, n), solid: make([]bool, n), kept: make([]bool, n), images: -1}
	f.Plan = p
	f.Values, f.same, f.NormOf = make([]Operand, n), make([]int, n), make([]int, n)
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
		f.NormOf[i] = -1
		if f.same[i] != i {
			f.Values[i], f.NormOf[i] = f.Values[f.same[i]], f.NormOf[f.same[i]]
			continue
		}
		f.node(i)
		if v := f.Values[i]; f.solid[i] && v != (Operand{Tensor: v.Tensor, Drop: -1}) {
			f.Values[i] = f.copied(v, i)
		}
	}
	seen := p.wanted(o)
	for _, b := range o.Probes {
		if b.See&(SeeOutput|SeeGradient) != 0 {
			seen = append(seen, b.Node)
		}
		if b.See&SeeSigns != 0 {
			f.emit(Operation{Action: ActSigns, Node: b.Node, Reads: []Operand{f.Values[b.Node]}, Writes: -1})
		}
	}
	slices.Sort(seen)
	for _, i := range slices.Compact(seen) {
		f.emit(Operation{Action: ActExport, Node: i, Reads: []Operand{f.Values[i]}, Writes: -1})
	}
	return &f.Program
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
func (v Operand) bare() bool { return v.Tensor >= 0 && !v.Normed && !v.Relu && v.Drop < 0 }

// node decides how node i is computed.
func (f *fuser) node(i int) {
	n := f.nodes[i]
	switch n.Kind {
	case bench301.Input:
		f.Values[i] = Operand{Tensor: f.tensor(i, n.C), Drop: -1}
		f.Tensors[0].Width = n.C
	case bench301.Conv:
		f.conv(i)
	case bench301.BatchNorm:
		f.Values[i] = f.norm(i)
	case bench301.ReLU:
		f.Values[i] = f.read(n.Inputs[0])
		f.Values[i].Relu = true
	case bench301.DropPath:
		v := f.read(n.Inputs[0])
		if v.Drop >= 0 {
			v = f.copied(v, n.Inputs[0])
		}
		v.Drop = f.Drops
		f.Drops++
		f.Values[i] = v
	case bench301.MaxPool, bench301.AvgPool:
		f.mapped(ActPool, i)
	case bench301.GlobalAvg:
		f.mapped(ActAverage, i)
	case bench301.Linear:
		f.Values[i] = f.store(Operation{Action: ActPoint, Node: i, Reads: []Operand{f.read(n.Inputs[0])}}, i, n.C)
	case bench301.Zero:
		if f.Values[i] = (Operand{Tensor: -1, Drop: -1}); !f.vanishes(i) {
			f.mapped(ActZero, i)
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
		f.Values[i] = Operand{Tensor: -1, Drop: -1}
	case depthwise:
		f.mapped(ActDepthwise, i)
	case x == 0:
		f.Values[i] = f.store(Operation{Action: ActConv, Node: i, Reads: []Operand{f.Values[0]}}, i, n.C)
	case f.Values[x].Tensor < 0:
		in := f.read(f.nodes[x].Inputs[0])
		f.Values[i] = f.store(Operation{Action: ActSeparable, Node: x, point: i, Reads: []Operand{in}}, i, n.C)
	case n.Kernel == 1 && n.Pad == 0:
		f.Values[i] = f.store(Operation{Action: ActPoint, Node: i, Reads: []Operand{f.read(x)}}, i, n.C)
	default:
		f.Values[i] = f.store(Operation{Action: ActConv, Node: i, Reads: []Operand{f.read(x)}}, i, n.C)
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
func (f *fuser) norm(i int) Operand {
	x := f.same[f.nodes[i].Inputs[0]]
	v := f.read(x)
	alone := v.bare() && v.Tensor != 0 && len(f.uses[x]) == 1 && !f.solid[x] && f.Tensors[v.Tensor].Norm < 0
	if alone && f.nodes[x].Kind == bench301.Concat {
		for _, y := range f.nodes[x].Inputs {
			alone = alone && len(f.uses[f.same[y]]) == 1 && !f.solid[f.same[y]]
		}
	}
	if !alone {
		v = f.copied(v, x)
	}
	f.Tensors[v.Tensor].Norm = len(f.Norms)
	f.NormOf[i] = len(f.Norms)
	f.Norms = append(f.Norms, Normalisation{i, v.Tensor})
	v.Normed = true
	return v
}

// mapped emits an operation that leaves channels where they are.
func (f *fuser) mapped(a Action, i int) {
	v := f.read(f.nodes[i].Inputs[0])
	f.Values[i] = f.store(Operation{Action: a, Node: i, Reads: []Operand{v}}, i, f.Tensors[v.Tensor].Group)
}

// read is the value of node x for operations that want padded channels.
func (f *fuser) read(x int) Operand {
	v := f.Values[f.same[x]]
	if v.Tensor != 0 {
		return v
	}
	if f.images < 0 {
		f.images = f.copied(f.Values[0], 0).Tensor
	}
	v.Tensor = f.images
	return v
}

// copied stores value v of node i as a tensor of its own.
func (f *fuser) copied(v Operand, i int) Operand {
	return f.store(Operation{Action: ActCopy, Node: i, Reads: []Operand{v}}, i, f.Tensors[v.Tensor].Group)
}

// store emits an operation that writes a new tensor of node i, its channels in groups of the given size.
func (f *fuser) store(o Operation, i, group int) Operand {
	o.Writes = f.tensor(i, group)
	f.emit(o)
	return Operand{Tensor: o.Writes, Drop: -1}
}

func (f *fuser) emit(o Operation) {
	id := len(f.ops)
	f.ops = append(f.ops, o)
	for _, v := range o.Reads {
		f.Tensors[v.Tensor].readers = append(f.Tensors[v.Tensor].readers, id)
	}
	if o.Writes >= 0 {
		f.Tensors[o.Writes].from = id
	}
}

func (f *fuser) tensor(node, group int) int {
	n := f.nodes[node]
	t := Tensor{Node: node, H: n.H, W: n.W, C: n.C, Group: group, Parent: -1, Norm: -1, from: -1}
	t.Width = kernels.RoundUp(t.Place(n.C-1) + 1)
	f.Tensors = append(f.Tensors, t)
	return len(f.Tensors) - 1
}

// Shape is that of rows lo to hi of an image of t.
func (t *Tensor) Shape(lo, hi int) kernels.Shape {
	return kernels.Shape{Rows: hi - lo, Width: t.W, Blocks: t.Width / kernels.Block}
}
