package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// data is what all passes work on.
type data struct {
	pass.State[float32]
	arena
	design    *plan.Design
	units     []unit
	norms     []normalisation
	direction []float32 // in the space of theta, of the current HessianVector
	ones      []float32
	zeros     []float32
	workers   *workers
}

func newData(design *plan.Design) *data {
	p, o := design.Plan, design.Options
	d := &data{State: pass.NewState[float32](p, o), arena: newArena(design), design: design}
	for k := range design.Units {
		d.units = append(d.units, newUnit(&design.Units[k], p, o))
	}
	for _, n := range design.Norms {
		d.norms = append(d.norms, newNormalisation(design.Program, n, o))
	}
	d.ones, d.zeros = kernels.Aligned(design.Widest), kernels.Aligned(design.Widest)
	for i := range d.ones {
		d.ones[i] = 1
	}
	return d
}

// close stops the workers and gives the arena back.
func (d *data) close() {
	if d.workers.pool != nil {
		d.workers.pool.Close()
	}
	d.Options.Memory.Give(d.values)
	d.Options.Memory.Give(d.tangents)
	d.values, d.tangents, d.Done = nil, nil, false
}

// arena is where everything that passes store lies.
type arena struct {
	locations []plan.Location // of the tensors: image i from Base + i*Size on, pixels Stride values apart
	exported  []int           // of operations: where what they store for the caller begins
	values    []float32
	tangents  []float32 // with a Hessian: derivatives of the values along a direction, in the same places
}

func newArena(d *plan.Design) arena {
	batch := d.Options.Batch
	a := arena{values: d.Options.Memory.Take(batch * d.Places.Size)}
	if d.Options.Hessian {
		a.tangents = d.Options.Memory.Take(batch * d.Places.Size)
	}
	for k := range d.Tensors {
		t := &d.Tensors[k]
		root, at := d.Root(k)
		ld := d.Tensors[root].Width
		a.locations = append(a.locations, plan.Location{
			Base: batch*d.Places.Tensors[root] + at, Size: t.H * t.W * ld, Stride: ld,
		})
	}
	for _, at := range d.Places.Exports {
		a.exported = append(a.exported, batch*at)
	}
	return a
}

// exports is what operation k stores for the caller, image by image, and whatever follows it.
func (a *arena) exports(k int) []float32 { return a.values[a.exported[k]:] }

// gradientView is an image of the gradient at l, of w pixels a row, and gradientTangents its derivatives.
func (a *arena) gradientView(l plan.Location, w, image int) kernels.Map {
	return kernels.Dense(a.values[l.Base+image*l.Size:], w, l.Stride)
}

func (a *arena) gradientTangents(l plan.Location, w, image int) kernels.Map {
	return kernels.Dense(a.tangents[l.Base+image*l.Size:], w, l.Stride)
}

// of is unit u with its parameters.
func (d *data) of(u *plan.Unit) *unit { return &d.units[u.ID] }

// view is an image of a tensor, and tangentView its derivatives.
func (d *data) view(t, image int) kernels.Map {
	q := &d.design.Tensors[t]
	if t == 0 {
		return kernels.Dense(d.Images[image*d.Plan.ImageSize():], q.W, q.C)
	}
	return d.gradientView(d.locations[t], q.W, image)
}

func (d *data) tangentView(t, image int) kernels.Map {
	return d.gradientTangents(d.locations[t], d.design.Tensors[t].W, image)
}

// pending is what operand v of tensor t makes of a stored value x: scale*x + shift, then perhaps a rectifier. Slot
// names the vectors of h to use where an image has its own.
func (d *data) pending(h *worker, v plan.Operand, t *plan.Tensor, image, slot int) (scale, shift []float32) {
	scale, shift = d.ones, d.zeros
	if v.Normed && d.Norm != pass.NoNorm {
		scale, shift = d.norms[t.Norm].scale, d.norms[t.Norm].shift
	}
	factor := d.pathFactor(v, image)
	if factor == 1 {
		return scale, shift
	}
	ownScale, ownShift := h.vectors[2*slot][:t.Width], h.vectors[2*slot+1][:t.Width]
	for c := range ownScale {
		ownScale[c], ownShift[c] = scale[c]*factor, shift[c]*factor
	}
	return ownScale, ownShift
}

// pathFactor is what an image of operand v is multiplied by: 1 unless paths are dropped in this pass.
func (d *data) pathFactor(v plan.Operand, image int) float32 {
	if v.Drop < 0 {
		return 1
	}
	return float32(d.Drops.Scale(v.Drop, image, d.Norm))
}

// viewOf is the scratch image of r, its border included.
func viewOf(r *plan.Reading, scratch []float32, in *plan.Tensor) kernels.Map {
	data := scratch[r.At : r.At+r.Size(in)]
	if r.Form == plan.FormPlanes {
		return kernels.Planes(data, in.H, in.W, r.Border)
	}
	return kernels.Dense(data, in.W+2*r.Border, in.Width)
}

// copyImage writes an image of the caller with a border.
func copyImage(r *plan.Reading, scratch, x []float32, in *plan.Tensor) kernels.Map {
	m := viewOf(r, scratch, in)
	row := in.W * in.Width
	for y := range in.H {
		copy(m.Data[(y+r.Border)*m.Row+r.Border*m.Pixel:][:row], x[y*row:])
	}
	return m
}
