package network

import (
	"slices"

	"rwe301/internal/kernels"
)

// backStage finds the gradient of one tensor from those of all outputs it went into, image by image. With a pending
// normalisation it is the gradient of the normalised values.
type backStage struct {
	tensor   int
	in       *tensor
	readings []reading
	joins    []join
	follows  bool // the tensor is a slice whose gradient continues that of the whole
	sums     []backSum
	width    int   // partial sums of an image
	exports  []int // nodes whose gradient is asked for
	injected []int // nodes whose gradient the caller may give
	size     int   // scratch memory of a worker
	slot     int   // weight gradients of a slice of the batch, in values
}

// join is an operation that reads several tensors, this one as operand k.
type join struct {
	u *unit
	k int
}

// backSum asks for the sums over the gradient that a normalisation needs.
type backSum struct {
	norm    int
	tensor  int // whose stored values are the normalisation's input
	channel int // its first channel in the normalisation
	partial int // where its sums lie among those of an image
}

// flow is the gradient of what a unit stored: that at spot, and on through normalisation norm if it is not negative,
// whose vectors begin at channel at.
type flow struct {
	tensor int // whose stage yields the gradient
	spot   spot
	norm   int
	at     int
}

// gradients is the plan of a backward pass.
type gradients struct {
	serves []int // of each tensor, the one whose gradient, or whose slice of it, is its gradient; itself if it has its own
	alias  []int // the end of that chain: the tensor whose stage yields the gradient
	spots  []spot
	stages []backStage // in the order in which they run
}

// newGradients plans the backward pass except where things lie. Tensors that are injected may get gradients from the
// caller.
func newGradients(p *program, injected []bool) *gradients {
	g := &gradients{serves: p.terms(injected), alias: make([]int, len(p.tensors))}
	for t := len(p.tensors) - 1; t >= 0; t-- {
		g.alias[t] = t
		if s := g.serves[t]; s != t {
			g.alias[t] = g.alias[s]
		}
	}
	return g
}

// home is the tensor in whose gradient's memory that of t lies, and t's first channel there.
func (g *gradients) home(p *program, t int) (home, at int) {
	for {
		switch q := &p.tensors[t]; {
		case q.parent >= 0:
			at += q.at
			t = q.parent
		case g.serves[t] != t:
			t = g.serves[t]
		default:
			return t, at
		}
	}
}

// buffers lists the gradients with their lifetimes: from the stage that yields one to the last that takes it on to the
// inputs of an operation. The stage of tensor t runs at moment start + len(tensors) - 1 - t.
func (g *gradients) buffers(p *program, start int, places []int) (out []buffer) {
	moment := func(t int) int { return start + len(p.tensors) - 1 - t }
	to := make([]int, len(p.tensors))
	for t := range p.tensors {
		home, _ := g.home(p, t)
		if from := p.tensors[t].from; from >= 0 {
			for _, v := range p.ops[from].in {
				to[home] = max(to[home], moment(v.tensor))
			}
		}
	}
	for t := range p.tensors {
		places[t] = -1
		if home, _ := g.home(p, t); home == t && t > 0 {
			q := &p.tensors[t]
			out = append(out, buffer{q.h * q.w * q.width, moment(t), max(to[t], moment(t)), &places[t]})
		}
	}
	return out
}

// locate finds where gradients lie in the arena of an executor.
func (g *gradients) locate(p *program, l *places, batch int) {
	g.spots = make([]spot, len(p.tensors))
	for t := 1; t < len(p.tensors); t++ {
		home, at := g.home(p, t)
		q := &p.tensors[home]
		g.spots[t] = spot{batch*l.gradients[home] + at, q.h * q.w * q.width, q.width}
	}
}

// flowOf is where the gradient of what was stored as tensor t comes from.
func (g *gradients) flowOf(p *program, t int) flow {
	q := &p.tensors[t]
	f := flow{tensor: g.alias[t], spot: g.spots[t], norm: q.norm}
	if q.norm < 0 && q.parent >= 0 && p.tensors[q.parent].norm >= 0 {
		f.norm, f.at = p.tensors[q.parent].norm, q.at
	}
	return f
}

// terms lists tensors whose gradient is that of another one: a term of a sum, a slice of channels. For each tensor it
// yields the tensor whose gradient, or whose slice of it, serves; itself where there is none.
func (p *program) terms(injected []bool) (serves []int) {
	serves = make([]int, len(p.tensors))
	for t := range p.tensors {
		q := &p.tensors[t]
		serves[t] = t
		var readers []int
		for _, i := range q.readers {
			if p.ops[i].out >= 0 {
				readers = append(readers, i)
			}
		}
		switch {
		case injected[t]:
		case q.parent >= 0 && len(readers) == 0:
			serves[t] = q.parent
		case q.from >= 0 && q.parent < 0 && len(readers) == 1 && p.ops[readers[0]].action == actAdd:
			o := &p.ops[readers[0]]
			k := slices.IndexFunc(o.in, func(v operand) bool { return v.tensor == t })
			if norm, _, _ := p.summed(&p.tensors[o.out]); norm < 0 && !o.in[k].relu && o.in[k].drop < 0 {
				serves[t] = o.out
			}
		}
	}
	return serves
}

// backStages plans the gradient of every tensor in reverse order. Units must be those of the forward stages.
func (p *program) backStages(g *gradients, forward []stage, o Options, injected []bool) {
	regionOf := make([]*stage, len(p.tensors))
	joins := make([][]join, len(p.tensors))
	for k := range forward {
		s := &forward[k]
		if s.in != nil {
			regionOf[s.tensor] = s
			continue
		}
		for i, v := range s.units[0].operation.in {
			joins[v.tensor] = append(joins[v.tensor], join{s.units[0], i})
		}
	}
	for t := len(p.tensors) - 1; t >= 0; t-- {
		if g.alias[t] != t {
			continue
		}
		q := &p.tensors[t]
		s := backStage{tensor: t, in: q, joins: joins[t], follows: q.parent >= 0}
		if r := regionOf[t]; r != nil {
			s.share(r)
		}
		for other := range p.tensors {
			if g.alias[other] != t {
				continue
			}
			c := &p.tensors[other]
			if c.norm >= 0 {
				s.sums = append(s.sums, backSum{c.norm, other, 0, s.width})
				s.width += 2 * c.width
			}
		}
		for i, v := range p.values {
			if p.same[i] != i || v.tensor < 0 || g.alias[v.tensor] != t || !v.bare() || p.tensors[v.tensor].node != i || p.tensors[v.tensor].norm >= 0 {
				continue
			}
			if p.watches(o, i) {
				s.exports = append(s.exports, i)
			}
			if injected[v.tensor] {
				s.injected = append(s.injected, i)
			}
		}
		g.stages = append(g.stages, s)
	}
}

// share takes over the readings of forward stage f and lays out scratch memory and weight gradients.
func (s *backStage) share(f *stage) {
	t := s.in
	image := t.h * t.w * kernels.RoundUp(t.width)
	s.size = image // of the gradient before a rectifier
	for _, r := range f.readings {
		r.units = slices.DeleteFunc(slices.Clone(r.units), func(u *unit) bool { return u.out == nil })
		if len(r.units) == 0 {
			continue
		}
		r.at = s.size
		s.size += r.size(t)
		if r.form == formTiles {
			s.size += r.size(t) // for the gradient of the tile
		}
		shared := map[[7]int]int{}
		for _, u := range r.units {
			key, size := u.backImage()
			at, ok := shared[key]
			if !ok {
				at = s.size
				shared[key] = at
				s.size += size
			}
			u.backAt = at
			u.slot = s.slot
			if u.matrix() {
				s.slot += u.matrixSize()
			}
			u.depthSlot = s.slot
			if u.windowed() {
				s.slot += u.in.width * u.window()
			}
		}
		s.readings = append(s.readings, r)
	}
	slices.SortStableFunc(s.readings, func(a, b reading) int { // a rectifier last: it sums up on its way
		return rank(a.relu) - rank(b.relu)
	})
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// matrixSize is the size of the gradient of u's matrix: a row of stored outputs a term, and one for a bias.
func (u *unit) matrixSize() int {
	terms := u.terms()
	if u.linear() {
		terms++
	}
	return terms * u.out.width
}

// spreadBorder is the border of u's output gradient when windows, turned round, move over it to yield the input's;
// first is where the window of input pixel 0 begins, counted from the corner of that border.
func (u *unit) spreadBorder() (border, first int) {
	n := &u.geometry
	before := n.Pad - n.Offset
	reach := (n.Kernel - 1) * n.Dilation
	border = max(0, reach-before, before)
	return border, border - (reach - before)
}

// spreadSize is the image that u's output gradient is spread over, without border.
func (u *unit) spreadSize() (h, w int) {
	n := &u.geometry
	return max((u.out.h-1)*n.Stride+1, u.in.h), max((u.out.w-1)*n.Stride+1, u.in.w)
}

// backImage is the size of the image with a border that u needs to differentiate its window; images of one key can
// share their memory, as they are zero in the same places.
func (u *unit) backImage() (key [7]int, size int) {
	h, w := u.spreadSize()
	border, _ := u.spreadBorder()
	switch {
	case u.action == actConv:
		key = [7]int{1, border, h, u.geometry.Stride, u.out.width, u.out.h, u.out.w}
		size = (h + 2*border) * (w + 2*border) * u.out.width
	case (u.windowed() || u.averages()) && u.vector:
		key = [7]int{2, border, h, u.geometry.Stride, u.in.width, u.out.h, u.out.w}
		size = kernels.PlanesSize(h, w, border, u.in.width/kernels.Block)
	case u.windowed() || u.action == actPool:
		border = u.border()
		key = [7]int{3 + u.id}
		size = kernels.PlanesSize(u.in.h, u.in.w, border, u.in.width/kernels.Block)
	}
	return key, size
}

// own is what s sums up for the normalisation of its tensor; nil without one.
func (s *backStage) own() *backSum {
	for k := range s.sums {
		if s.sums[k].tensor == s.tensor {
			return &s.sums[k]
		}
	}
	return nil
}

// spot is where a tensor lies in the arena: image i from base + i*size on, pixels ld values apart.
type spot struct{ base, size, ld int }
