package plan

import (
	"slices"

	"rwe301/bench301"
	"rwe301/internal/kernels"
)

// vanishes reports whether nothing reads the zeros of node i but sums of other terms.
func (f *fuser) vanishes(i int) bool {
	for _, r := range f.uses[i] {
		if f.nodes[r].Kind != bench301.Add || len(f.terms(r)) == len(f.nodes[r].Inputs) {
			return false
		}
	}
	return !f.kept[i] && !f.solid[i]
}

// terms lists the inputs of sum i that are not zero; all of them if there are none.
func (f *fuser) terms(i int) []int {
	inputs := f.nodes[i].Inputs
	if rest := slices.DeleteFunc(slices.Clone(inputs),
		func(x int) bool { return f.nodes[x].Kind == bench301.Zero }); len(rest) > 0 {
		return rest
	}
	return inputs
}

// add sums values whose channels lie alike; others are brought into one group first.
func (f *fuser) add(i int) {
	n, terms := f.nodes[i], f.terms(i)
	group := f.Tensors[f.read(terms[0]).Tensor].Group
	for _, x := range terms {
		if f.Tensors[f.read(x).Tensor].Group != group {
			group = n.C
		}
	}
	o := Operation{Action: ActAdd, Node: i}
	for _, x := range terms {
		v := f.read(x)
		if f.Tensors[v.Tensor].Group != group {
			v = f.store(Operation{Action: ActConcat, Node: x, Reads: []Operand{v}}, x, group)
		}
		o.Reads = append(o.Reads, v)
	}
	f.Values[i] = f.store(o, i, group)
}

// concat makes the inputs slices of one tensor if they are of one width, or copies them side by side.
func (f *fuser) concat(i int) {
	n := f.nodes[i]
	c := f.nodes[n.Inputs[0]].C
	slice := c%kernels.Block == 0 || f.tolerant(i)
	for k, x := range n.Inputs {
		x = f.same[x]
		v := f.read(x)
		t := &f.Tensors[v.Tensor]
		slice = slice && v.bare() && x != 0 && t.Node == x && t.Parent < 0 && t.Norm < 0 && t.from >= 0 && t.C == c &&
			t.Group >= c &&
			!slices.Contains(n.Inputs[:k], n.Inputs[k])
	}
	if !slice {
		o := Operation{Action: ActConcat, Node: i}
		for _, x := range n.Inputs {
			o.Reads = append(o.Reads, f.read(x))
		}
		f.Values[i] = f.store(o, i, n.C)
		return
	}
	group := c
	if c%kernels.Block == 0 {
		group = n.C
	}
	whole := f.tensor(i, group)
	for k, x := range n.Inputs {
		t := &f.Tensors[f.read(x).Tensor]
		t.Parent, t.at, t.channel = whole, k*t.Width, k*c
	}
	f.Values[i] = Operand{Tensor: whole, Drop: -1}
}

// tolerant reports whether no reader of node i minds gaps between its channels: sums do, as their other side has none.
func (f *fuser) tolerant(i int) bool {
	for _, r := range f.uses[i] {
		switch n := f.nodes[r]; {
		case n.Kind == bench301.Conv && n.Groups == 1:
		case n.Kind == bench301.Add || n.Kind == bench301.Concat:
			return false
		case n.Kind != bench301.Linear && !f.tolerant(r):
			return false
		}
	}
	return true
}
