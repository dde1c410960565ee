package network

import (
	"slices"

	"rwe301/bench301"
)

// region is a set of operations that read one tensor and run together, image by image, while the image is in the
// cache; or a single operation that reads several.
type region struct {
	tensor int // -1 for a single operation
	ops    []int
}

// regions groups the operations: each runs as soon as the first of those that read the same tensor would. That keeps
// more outputs alive, but frees the wide concatenations at once: the two cells that read one share its only pass.
func (p *program) regions() []region {
	var out []region
	done := make([]bool, len(p.ops))
	for i, o := range p.ops {
		if done[i] {
			continue
		}
		if len(o.in) > 1 || o.action == actConcat || o.action == actAdd {
			out = append(out, region{-1, []int{i}})
			continue
		}
		r := region{tensor: o.in[0].tensor}
		for _, k := range p.tensors[r.tensor].readers {
			if q := &p.ops[k]; k >= i && len(q.in) == 1 && q.action != actConcat && q.action != actAdd {
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
func (p *program) rank(op int) int {
	o := &p.ops[op]
	v := o.in[0]
	rank := 0
	if o.out >= 0 {
		rank += 16
	}
	if v.relu {
		rank += 4
	}
	if v.normed {
		rank += 2
	}
	if p.maximum(o) {
		rank++
	}
	return rank + 32*(v.drop+1)
}

// root is the tensor in whose memory t lies, and t's first channel there.
func (p *program) root(t int) (root, at int) {
	for p.tensors[t].parent >= 0 {
		at += p.tensors[t].at
		t = p.tensors[t].parent
	}
	return t, at
}

// places says where everything lies in the arena, in values per image.
type places struct {
	tensors   []int // of root tensors; -1 for the images
	exports   []int // of operations; -1 for others
	gradients []int // of root gradients; -1 where there is none
	size      int
}

// place plans the arena. Moment k is region k of the forward pass; with gradients (else nil), what the backward pass reads
// stays, so that it can be repeated.
func (p *program) place(regions []region, g *gradients) places {
	l := places{tensors: make([]int, len(p.tensors)), exports: make([]int, len(p.ops))}
	gradients := g != nil
	end := len(regions) + len(p.tensors)
	from, to := make([]int, len(p.tensors)), make([]int, len(p.tensors))
	for t := range p.tensors {
		from[t], to[t], l.tensors[t] = end, -1, -1
	}
	var buffers []buffer
	read := func(t, moment int) { t, _ = p.root(t); to[t] = max(to[t], moment) }
	for k, r := range regions {
		for _, i := range r.ops {
			o := &p.ops[i]
			l.exports[i] = -1
			for _, v := range o.in {
				read(v.tensor, k)
			}
			if o.action == actSigns {
				continue
			}
			if o.out < 0 {
				n := p.plan.graph.Nodes[o.node]
				buffers = append(buffers, buffer{n.H * n.W * n.C, k, end, &l.exports[i]})
				continue
			}
			t, _ := p.root(o.out)
			from[t] = min(from[t], k)
			read(t, k)
		}
	}
	if gradients {
		for t := range p.tensors {
			if p.remembered(t) {
				read(t, end)
			}
		}
	}
	home := make([]int, len(p.tensors)) // the tensor whose memory a tensor takes over
	for t := range p.tensors {
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
	for t := 1; t < len(p.tensors); t++ {
		if q := &p.tensors[t]; q.parent < 0 && home[t] == t && from[t] < end {
			buffers = append(buffers, buffer{q.h * q.w * q.width, from[t], to[t], &l.tensors[t]})
		}
	}
	if gradients {
		l.gradients = make([]int, len(p.tensors))
		buffers = append(buffers, g.buffers(p, len(regions), l.gradients)...)
	}
	l.size = pack(buffers)
	for t := range p.tensors {
		l.tensors[t] = l.tensors[home[t]]
	}
	return l
}

// replaceable finds an output of region r that can take the place of its input: every operation has read the image as
// a whole before the last one writes. It returns -1, -1 if there is none.
func (p *program) replaceable(r region) (x, y int) {
	if r.tensor <= 0 {
		return -1, -1
	}
	in := &p.tensors[r.tensor]
	last := &p.ops[r.ops[len(r.ops)-1]]
	if in.parent >= 0 || last.out < 0 || !p.whole(last) {
		return -1, -1
	}
	out := &p.tensors[last.out]
	if out.parent >= 0 || out.from < 0 || out.h != in.h || out.w != in.w || out.width != in.width {
		return -1, -1
	}
	return r.tensor, last.out
}

// maximum reports whether o pads with the lowest value instead of 0.
func (p *program) maximum(o *operation) bool {
	return o.action == actPool && p.plan.graph.Nodes[o.node].Kind == bench301.MaxPool
}

// whole reports whether o moves windows over an image that was transformed as a whole.
func (p *program) whole(o *operation) bool {
	switch o.action {
	case actSeparable, actConv, actDepthwise, actPool:
		return true
	}
	return false
}

// remembered reports whether the backward pass reads the values of tensor t: to differentiate a normalisation, to find
// where a rectifier or a maximum let through, or to weigh the gradient of a weight.
func (p *program) remembered(t int) bool {
	q := &p.tensors[t]
	if q.norm >= 0 {
		return true
	}
	for _, i := range q.readers {
		o := &p.ops[i]
		switch o.action {
		case actPoint, actSeparable, actConv, actDepthwise:
			return true
		}
		if p.maximum(o) {
			return true
		}
		for _, v := range o.in {
			if v.tensor == t && v.relu {
				return true
			}
		}
	}
	return false
}

// normOf finds the normalisation that needs the sums of tensor t, and where t's channels begin there.
func (p *program) summed(t *tensor) (norm, channel, at int) {
	if t.norm < 0 && t.parent >= 0 {
		return p.tensors[t.parent].norm, t.channel, t.at
	}
	return t.norm, 0, 0
}
