package plan

import (
	"cmp"
	"math"
	"slices"

	"rwe301/bench301"
	"rwe301/network/memory"
)

// Layout is the memory of an executor that works node by node. It places the outputs (and gradients) of all nodes in
// one arena, in values per image; buffers whose lifetimes do not overlap share their place.
type Layout struct {
	Output   []int   // offset of each node's output; -1 for the input, which is the caller's
	Gradient []int   // offset of each node's output gradient; nil without gradients
	Size     int     // values per image
	Starts   [][]int // for each node, the inputs that no later node reads: their gradients start here
	Sums     int     // float64 sums per image of a normalisation
	Tensor   int     // values of the largest parameter tensor
	Signs    int     // words per image of the signs that a probe sees
}

// buffer is a span of values needed from one moment to another, both included.
type buffer struct {
	size, from, to int
	place          *int
}

// NewLayout plans the memory for complete options. Moment i is the forward step of node i; with gradients, moment
// 2N-1-i is its backward step. What backward steps read outlives them all, so that they can run again.
func NewLayout(p *Plan, o Options) Layout {
	nodes := p.graph.Nodes
	n := len(nodes)
	l := Layout{Output: make([]int, n), Starts: make([][]int, n), Signs: o.signWords(p)}
	for _, v := range p.views {
		l.Tensor = max(l.Tensor, v.Size)
	}
	for i, node := range nodes {
		if node.Kind == bench301.BatchNorm {
			l.Sums = max(l.Sums, 2*o.lanes()*node.C)
		}
		last := i
		if r := p.readers[i]; len(r) > 0 {
			last = r[len(r)-1]
		}
		l.Starts[last] = append(l.Starts[last], i)
	}
	kept := p.kept(o)
	var buffers []buffer
	l.Output[0] = -1
	shared := make([]int, n) // the node whose buffer a node works in
	last := make([]int, n)
	for i := 1; i < n; i++ {
		shared[i] = i
		last[i] = p.lastUse(i, kept)
		if x := nodes[i].Inputs[0]; inPlace(nodes[i].Kind) && x != 0 && last[x] == i {
			shared[i] = shared[x]
		}
	}
	for i := n - 1; i > 0; i-- { // a buffer lives as long as the last node that works in it
		last[shared[i]] = max(last[shared[i]], last[i])
	}
	for i := 1; i < n; i++ {
		if shared[i] == i {
			buffers = append(buffers, buffer{p.ValuesOf(i), i, last[i], &l.Output[i]})
		}
	}
	if o.Gradients {
		l.Gradient = make([]int, n)
		for i := 1; i < n; i++ { // the input's is the caller's
			from, to := 2*n-1-i, 2*n-1-i
			if r := p.readers[i]; len(r) > 0 {
				from = 2*n - 1 - r[len(r)-1]
			}
			if slices.Contains(o.KeepGradients, i) {
				to = 2 * n
			}
			buffers = append(buffers, buffer{p.ValuesOf(i), from, to, &l.Gradient[i]})
		}
	}
	l.Size = pack(buffers)
	for i := 1; i < n; i++ {
		l.Output[i] = l.Output[shared[i]]
	}
	return l
}

// kept says which nodes' outputs outlive the forward pass.
func (p *Plan) kept(o Options) []bool {
	kept := make([]bool, len(p.graph.Nodes))
	for _, i := range append([]int{p.graph.Pooled, p.graph.Logits}, o.Keep...) {
		kept[i] = true
	}
	if p.graph.AuxLogits >= 0 {
		kept[p.graph.AuxLogits] = true
	}
	for _, b := range o.Probes {
		if b.See&SeeGradient != 0 {
			kept[b.Node] = true
		}
	}
	if o.Gradients {
		for i, n := range p.graph.Nodes {
			switch n.Kind {
			case bench301.Conv, bench301.Linear, bench301.BatchNorm:
				kept[n.Inputs[0]] = true
			case bench301.ReLU:
				kept[i] = true // its sign
			}
		}
	}
	return kept
}

// lastUse is the last moment at which node i's output is read.
func (p *Plan) lastUse(i int, kept []bool) int {
	r := p.readers[i]
	switch {
	case kept[i]:
		return 2 * len(p.graph.Nodes)
	case len(r) == 0:
		return i
	}
	return r[len(r)-1]
}

// inPlace reports whether a kind may overwrite its input with its output.
func inPlace(k bench301.Kind) bool {
	return k == bench301.BatchNorm || k == bench301.ReLU || k == bench301.DropPath
}

// align is the granularity of buffers in values per image.
const align = 16

// pack gives every buffer the lowest place that overlaps none placed before it in both time and space, largest first,
// and returns the size of the arena.
func pack(buffers []buffer) int {
	slices.SortStableFunc(buffers, func(a, b buffer) int { return cmp.Compare(b.size, a.size) })
	total := 0
	var near []buffer // placed buffers alive at some moment of b's life, by place
	for i, b := range buffers {
		near = near[:0]
		for _, o := range buffers[:i] {
			if o.from <= b.to && b.from <= o.to {
				near = append(near, o)
			}
		}
		slices.SortFunc(near, func(a, b buffer) int { return cmp.Compare(*a.place, *b.place) })
		at := 0
		for _, o := range near {
			if at+b.size <= *o.place {
				break
			}
			at = max(at, roundUp(*o.place+o.size))
		}
		*b.place = at
		total = max(total, roundUp(at+b.size))
	}
	return total
}

func roundUp(n int) int { return (n + align - 1) / align * align }

// lanes is how many values an executor that works node by node keeps of each: with a Hessian also its derivative.
func (o *Options) lanes() int {
	if o.Hessian {
		return 2
	}
	return 1
}

// Memory64 is what an executor in float64 allocates, in bytes: arena, weights, statistics and sums. It is negative if
// that overflows.
func (p *Plan) Memory64(o Options) int64 { return MemoryOf(p, o, 8) }

// MemoryOf is what an executor that works node by node allocates for values of so many bytes; negative if that
// overflows.
func MemoryOf(p *Plan, o Options, bytes int64) int64 {
	if o.Batch > memory.Max { // an image has values
		return -1
	}
	o = o.complete()
	l, lanes := NewLayout(p, o), o.lanes()
	values, bytesOfImage := lanes*l.Size, 0
	statistics := l.Sums
	for i, n := range p.graph.Nodes {
		switch n.Kind {
		case bench301.BatchNorm:
			statistics += (2 + 2*lanes) * n.C
		case bench301.MaxPool:
			if o.Gradients {
				bytesOfImage += p.ValuesOf(i) // the winning positions
			}
		case bench301.DropPath:
			bytesOfImage++
		}
	}
	fixed := lanes * p.size
	if o.Gradients {
		fixed += lanes * PartsOf(o, o.Batch) * l.Tensor
	}
	if o.Hessian {
		values += lanes * p.Classes()
	}
	perImage := bytes*int64(values) + 8*int64(l.Sums+l.Signs) + int64(bytesOfImage)
	b := int64(o.Batch)
	if perImage > math.MaxInt64/2/b {
		return -1
	}
	return b*perImage + bytes*int64(fixed) + 8*int64(statistics)
}
