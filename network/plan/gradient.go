package plan

import (
	"slices"

	"rwe301/internal/kernels"
)

// BackStage finds the gradient of one tensor from those of all outputs it went into, image by image. With a pending
// normalisation it is the gradient of the normalised values.
type BackStage struct {
	Tensor   int
	In       *Tensor
	Readings []Reading
	Joins    []Join
	Follows  bool // the tensor is a slice whose gradient continues that of the whole
	Sums     []BackSum
	Width    int   // partial sums of an image
	Exports  []int // nodes whose gradient is asked for
	Injected []int // nodes whose gradient the caller may give
	Size     int   // scratch memory of a worker
	Slot     int   // weight gradients of a part of the batch, in values
}

// Join is an operation that reads several tensors, this one as operand k.
type Join struct {
	Unit    *Unit
	Operand int
}

// BackSum asks for the sums over the gradient that a normalisation needs.
type BackSum struct {
	Norm    int
	Tensor  int // whose stored values are the normalisation's input
	Partial int // where its sums lie among those of an image
}

// Flow is the gradient of what a unit stored: that at Location, and on through normalisation norm if it is not
// negative, whose vectors begin at channel At.
type Flow struct {
	Tensor   int // whose stage yields the gradient
	Location Location
	Norm     int
	At       int
}

// Gradients is the plan of a backward pass.
type Gradients struct {
	serves    []int       // of each tensor, the one whose gradient, or a slice of it, is its own too; or itself
	Alias     []int       // the end of that chain: the tensor whose stage yields the gradient
	Locations []Location  // of the gradients of all tensors
	Stages    []BackStage // in the order in which they run
}

// newGradients plans the backward pass except where things lie. Tensors that are injected may get gradients from the
// caller.
func newGradients(p *Program, injected []bool) *Gradients {
	g := &Gradients{serves: p.terms(injected), Alias: make([]int, len(p.Tensors))}
	for t := len(p.Tensors) - 1; t >= 0; t-- {
		g.Alias[t] = t
		if s := g.serves[t]; s != t {
			g.Alias[t] = g.Alias[s]
		}
	}
	return g
}

// home is the tensor in whose gradient's memory that of t lies, and t's first channel there.
func (g *Gradients) home(p *Program, t int) (home, at int) {
	for {
		switch q := &p.Tensors[t]; {
		case q.Parent >= 0:
			at += q.at
			t = q.Parent
		case g.serves[t] != t:
			t = g.serves[t]
		default:
			return t, at
		}
	}
}

// buffers lists the gradients with their lifetimes: from the stage that yields one to the last that takes it on to the
// inputs of an operation. The stage of tensor t runs at moment start + len(tensors) - 1 - t.
func (g *Gradients) buffers(p *Program, start int, places []int) (out []buffer) {
	moment := func(t int) int { return start + len(p.Tensors) - 1 - t }
	to := make([]int, len(p.Tensors))
	for t := range p.Tensors {
		home, _ := g.home(p, t)
		if from := p.Tensors[t].from; from >= 0 {
			for _, v := range p.ops[from].Reads {
				to[home] = max(to[home], moment(v.Tensor))
			}
		}
	}
	for t := range p.Tensors {
		places[t] = -1
		if home, _ := g.home(p, t); home == t && t > 0 {
			q := &p.Tensors[t]
			out = append(out, buffer{q.H * q.W * q.Width, moment(t), max(to[t], moment(t)), &places[t]})
		}
	}
	return out
}

// locate finds where gradients lie in the arena of an executor.
func (g *Gradients) locate(p *Program, l *Places, batch int) {
	g.Locations = make([]Location, len(p.Tensors))
	for t := 1; t < len(p.Tensors); t++ {
		home, at := g.home(p, t)
		q := &p.Tensors[home]
		g.Locations[t] = Location{batch*l.gradients[home] + at, q.H * q.W * q.Width, q.Width}
	}
}

// flowOf is where the gradient of what was stored as tensor t comes from.
func (g *Gradients) flowOf(p *Program, t int) Flow {
	q := &p.Tensors[t]
	f := Flow{Tensor: g.Alias[t], Location: g.Locations[t], Norm: q.Norm}
	if q.Norm < 0 && q.Parent >= 0 && p.Tensors[q.Parent].Norm >= 0 {
		f.Norm, f.At = p.Tensors[q.Parent].Norm, q.at
	}
	return f
}

// terms lists tensors whose gradient is that of another one: a term of a sum, a slice of channels. For each tensor it
// yields the tensor whose gradient, or whose slice of it, serves; itself where there is none.
func (p *Program) terms(injected []bool) (serves []int) {
	serves = make([]int, len(p.Tensors))
	for t := range p.Tensors {
		q := &p.Tensors[t]
		serves[t] = t
		var readers []int
		for _, i := range q.readers {
			if p.ops[i].Writes >= 0 {
				readers = append(readers, i)
			}
		}
		switch {
		case injected[t]:
		case q.Parent >= 0 && len(readers) == 0:
			serves[t] = q.Parent
		case q.from >= 0 && q.Parent < 0 && len(readers) == 1 && p.ops[readers[0]].Action == ActAdd:
			o := &p.ops[readers[0]]
			k := slices.IndexFunc(o.Reads, func(v Operand) bool { return v.Tensor == t })
			if norm, _, _ := p.Summed(&p.Tensors[o.Writes]); norm < 0 && !o.Reads[k].Relu && o.Reads[k].Drop < 0 {
				serves[t] = o.Writes
			}
		}
	}
	return serves
}

// backStages plans the gradient of every tensor in reverse order. Units must be those of the forward stages.
func (p *Program) backStages(g *Gradients, forward []Stage, o Options, injected []bool) {
	regionOf := make([]*Stage, len(p.Tensors))
	joins := make([][]Join, len(p.Tensors))
	for k := range forward {
		s := &forward[k]
		if s.In != nil {
			regionOf[s.Tensor] = s
			continue
		}
		for i, v := range s.Units[0].Reads {
			joins[v.Tensor] = append(joins[v.Tensor], Join{s.Units[0], i})
		}
	}
	for t := len(p.Tensors) - 1; t >= 0; t-- {
		if g.Alias[t] != t {
			continue
		}
		q := &p.Tensors[t]
		s := BackStage{Tensor: t, In: q, Joins: joins[t], Follows: q.Parent >= 0}
		if r := regionOf[t]; r != nil {
			s.share(r)
		}
		for other := range p.Tensors {
			if g.Alias[other] != t {
				continue
			}
			c := &p.Tensors[other]
			if c.Norm >= 0 {
				s.Sums = append(s.Sums, BackSum{c.Norm, other, s.Width})
				s.Width += 2 * c.Width
			}
		}
		for i, v := range p.Values {
			if p.same[i] != i || v.Tensor < 0 || g.Alias[v.Tensor] != t || !v.bare() || p.Tensors[v.Tensor].Node != i ||
				p.Tensors[v.Tensor].Norm >= 0 {
				continue
			}
			if p.watches(o, i) {
				s.Exports = append(s.Exports, i)
			}
			if injected[v.Tensor] {
				s.Injected = append(s.Injected, i)
			}
		}
		g.Stages = append(g.Stages, s)
	}
}

// share takes over the readings of forward stage f and lays out scratch memory and weight gradients.
func (s *BackStage) share(f *Stage) {
	t := s.In
	image := t.H * t.W * kernels.RoundUp(t.Width)
	s.Size = image // of the gradient before a rectifier
	for _, r := range f.Readings {
		r.Units = slices.DeleteFunc(slices.Clone(r.Units), func(u *Unit) bool { return u.Out == nil })
		if len(r.Units) == 0 {
			continue
		}
		r.At = s.Size
		s.Size += r.Size(t)
		if r.Form == FormTiles {
			s.Size += r.Size(t) // for the gradient of the tile
		}
		shared := map[[7]int]int{}
		for _, u := range r.Units {
			key, size := u.backImage()
			at, ok := shared[key]
			if !ok {
				at = s.Size
				shared[key] = at
				s.Size += size
			}
			u.BackAt = at
			u.Slot = s.Slot
			if u.Matrix() {
				s.Slot += u.matrixSize()
			}
			u.DepthSlot = s.Slot
			if u.Windowed() {
				s.Slot += u.In.Width * u.Window()
			}
		}
		s.Readings = append(s.Readings, r)
	}
	slices.SortStableFunc(s.Readings, func(a, b Reading) int { // a rectifier last: it sums up on its way
		return rank(a.Relu) - rank(b.Relu)
	})
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// matrixSize is the size of the gradient of u's matrix: a row of stored outputs a term, and one for a bias.
func (u *Unit) matrixSize() int {
	terms := u.Terms()
	if u.Linear() {
		terms++
	}
	return terms * u.Out.Width
}

// SpreadBorder is the border of u's output gradient when windows, turned round, move over it to yield the input's;
// first is where the window of input pixel 0 begins, counted from the corner of that border.
func (u *Unit) SpreadBorder() (border, first int) {
	n := &u.Geometry
	before := n.Pad - n.Offset
	reach := (n.Kernel - 1) * n.Dilation
	border = max(0, reach-before, before)
	return border, border - (reach - before)
}

// SpreadSize is the image that u's output gradient is spread over, without border.
func (u *Unit) SpreadSize() (h, w int) {
	n := &u.Geometry
	return max((u.Out.H-1)*n.Stride+1, u.In.H), max((u.Out.W-1)*n.Stride+1, u.In.W)
}

// backImage is the size of the image with a border that u needs to differentiate its window; images of one key can
// share their memory, as they are zero in the same places.
func (u *Unit) backImage() (key [7]int, size int) {
	h, w := u.SpreadSize()
	border, _ := u.SpreadBorder()
	switch {
	case u.Action == ActConv:
		key = [7]int{1, border, h, u.Geometry.Stride, u.Out.Width, u.Out.H, u.Out.W}
		size = (h + 2*border) * (w + 2*border) * u.Out.Width
	case (u.Windowed() || u.Averages()) && u.Vector:
		key = [7]int{2, border, h, u.Geometry.Stride, u.In.Width, u.Out.H, u.Out.W}
		size = kernels.PlanesSize(h, w, border, u.In.Width/kernels.Block)
	case u.Windowed() || u.Action == ActPool:
		border = u.Border()
		key = [7]int{3 + u.ID}
		size = kernels.PlanesSize(u.In.H, u.In.W, border, u.In.Width/kernels.Block)
	}
	return key, size
}

// Own is what s sums up for the normalisation of its tensor; nil without one.
func (s *BackStage) Own() *BackSum {
	for k := range s.Sums {
		if s.Sums[k].Tensor == s.Tensor {
			return &s.Sums[k]
		}
	}
	return nil
}

// Location is where a tensor lies in the arena: image i from base + i*size on, pixels ld values apart.
type Location struct{ Base, Size, Stride int }
