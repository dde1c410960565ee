package plan

import (
	"slices"

	"rwe301/bench301"
)

// Region is a set of operations that read one tensor and run together, image by image, while the image is in the
// cache; or a single operation that reads several.
type Region struct {
	Tensor int // -1 for a single operation
	ops    []int
}

// regions groups the operations: each runs as soon as the first of those that read the same tensor would. That keeps
// more outputs alive, but frees the large concatenations at once: the two cells that read one share its only pass.
func (p *Program) regions() []Region {
	var out []Region
	done := make([]bool, len(p.ops))
	for i, o := range p.ops {
		if done[i] {
			continue
		}
		if len(o.Reads) > 1 || o.Action == ActConcat || o.Action == ActAdd {
			out = append(out, Region{-1, []int{i}})
			continue
		}
		r := Region{Tensor: o.Reads[0].Tensor}
		for _, k := range p.Tensors[r.Tensor].readers {
			if q := &p.ops[k]; k >= i && len(q.Reads) == 1 && q.Action != ActConcat && q.Action != ActAdd {
				done[k] = true
				r.ops = append(r.ops, k)
			}
		}
		slices.SortStableFunc(r.ops, func(a, b int) int { return p.rank(a) - p.rank(b) })
		out = append(out, r)
	}
	return out
}

// rank orders the operations of a region: exports first, so that an output may replace the input; then those that read
// alike, so that they share what they read.
func (p *Program) rank(op int) int {
	o := &p.ops[op]
	v := o.Reads[0]
	rank := 0
	if o.Writes >= 0 {
		rank += 16
	}
	if v.Relu {
		rank += 4
	}
	if v.Normed {
		rank += 2
	}
	if p.maximum(o) {
		rank++
	}
	return rank + 32*(v.Drop+1)
}

// Root is the tensor in whose memory t lies, and t's first channel there.
func (p *Program) Root(t int) (root, at int) {
	for p.Tensors[t].Parent >= 0 {
		at += p.Tensors[t].at
		t = p.Tensors[t].Parent
	}
	return t, at
}

// Places says where everything lies in the arena, in values per image.
type Places struct {
	Tensors   []int // of root tensors; -1 for the images
	Exports   []int // of operations; -1 for others
	gradients []int // of root gradients; -1 where there is none
	Size      int
}

// place plans the arena. Moment k is region k of the forward pass; with gradients (else nil), what the backward pass
// reads stays, so that it can be repeated.
func (p *Program) place(regions []Region, g *Gradients) Places {
	l := Places{Tensors: make([]int, len(p.Tensors)), Exports: make([]int, len(p.ops))}
	gradients := g != nil
	end := len(regions) + len(p.Tensors)
	from, to := make([]int, len(p.Tensors)), make([]int, len(p.Tensors))
	for t := range p.Tensors {
		from[t], to[t], l.Tensors[t] = end, -1, -1
	}
	var buffers []buffer
	read := func(t, moment int) { t, _ = p.Root(t); to[t] = max(to[t], moment) }
	for k, r := range regions {
		for _, i := range r.ops {
			o := &p.ops[i]
			l.Exports[i] = -1
			for _, v := range o.Reads {
				read(v.Tensor, k)
			}
			if o.Action == ActSigns {
				continue
			}
			if o.Writes < 0 {
				n := p.Plan.graph.Nodes[o.Node]
				buffers = append(buffers, buffer{n.H * n.W * n.C, k, end, &l.Exports[i]})
				continue
			}
			t, _ := p.Root(o.Writes)
			from[t] = min(from[t], k)
			read(t, k)
		}
	}
	if gradients {
		for t := range p.Tensors {
			if p.remembered(t) {
				read(t, end)
			}
		}
	}
	home := make([]int, len(p.Tensors)) // the tensor whose memory a tensor takes over
	for t := range p.Tensors {
		home[t] = t
	}
	if !gradients {
		for k, r := range regions {
			if x, y := p.replaceable(r); x >= 0 && to[x] == k {
				home[y] = home[x]
				to[home[x]] = max(to[home[x]], to[y])
			}
		}
	}
	for t := 1; t < len(p.Tensors); t++ {
		if q := &p.Tensors[t]; q.Parent < 0 && home[t] == t && from[t] < end {
			buffers = append(buffers, buffer{q.H * q.W * q.Width, from[t], to[t], &l.Tensors[t]})
		}
	}
	if gradients {
		l.gradients = make([]int, len(p.Tensors))
		buffers = append(buffers, g.buffers(p, len(regions), l.gradients)...)
	}
	l.Size = pack(buffers)
	for t := range p.Tensors {
		l.Tensors[t] = l.Tensors[home[t]]
	}
	return l
}

// replaceable finds an output of region r that can take the place of its input: every operation has read the image as
// a whole before the last one writes. It returns -1, -1 if there is none.
func (p *Program) replaceable(r Region) (x, y int) {
	if r.Tensor <= 0 {
		return -1, -1
	}
	in := &p.Tensors[r.Tensor]
	last := &p.ops[r.ops[len(r.ops)-1]]
	if in.Parent >= 0 || last.Writes < 0 || !p.whole(last) {
		return -1, -1
	}
	out := &p.Tensors[last.Writes]
	if out.Parent >= 0 || out.from < 0 || out.H != in.H || out.W != in.W || out.Width != in.Width {
		return -1, -1
	}
	return r.Tensor, last.Writes
}

// maximum reports whether o pads with the lowest value instead of 0.
func (p *Program) maximum(o *Operation) bool {
	return o.Action == ActPool && p.Plan.graph.Nodes[o.Node].Kind == bench301.MaxPool
}

// whole reports whether o moves windows over an image that was transformed as a whole.
func (p *Program) whole(o *Operation) bool {
	switch o.Action {
	case ActSeparable, ActConv, ActDepthwise, ActPool:
		return true
	}
	return false
}

// remembered reports whether the backward pass reads the values of tensor t: to differentiate a normalisation, to find
// where a rectifier or a maximum let through, or to weigh the gradient of a weight.
func (p *Program) remembered(t int) bool {
	q := &p.Tensors[t]
	if q.Norm >= 0 {
		return true
	}
	for _, i := range q.readers {
		o := &p.ops[i]
		switch o.Action {
		case ActPoint, ActSeparable, ActConv, ActDepthwise:
			return true
		}
		if p.maximum(o) {
			return true
		}
		for _, v := range o.Reads {
			if v.Tensor == t && v.Relu {
				return true
			}
		}
	}
	return false
}

// Summed finds the normalisation that needs the sums of tensor t, and where t's channels begin there.
func (p *Program) Summed(t *Tensor) (norm, channel, at int) {
	if t.Norm < 0 && t.Parent >= 0 {
		return p.Tensors[t.Parent].Norm, t.channel, t.at
	}
	return t.Norm, 0, 0
}
