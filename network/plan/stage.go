package plan

import "rwe301/internal/kernels"

// Form is how units see what they read.
type Form uint8

const (
	FormDirect Form = iota // the stored map
	FormTiles              // a few rows at a time, normalised and rectified
	FormPlanes             // the image in planes of 16 channels, with a border
	FormRows               // the image with a border, the channels of a pixel side by side
)

// Whole reports whether the form is that of an image as a whole.
func (f Form) Whole() bool { return f == FormPlanes || f == FormRows }

// Reading is what units of a stage that read alike share: one pass over the image that applies what is pending.
type Reading struct {
	Operand
	Form   Form
	Lowest bool // the border is -infinity instead of 0
	Border int
	At     int // place in the worker's scratch memory
	Rows   int // of a tile
	Units  []*Unit
}

// Stage is a region made ready to run.
type Stage struct {
	Region
	In       *Tensor // nil for a single operation on several tensors
	Readings []Reading
	Units    []*Unit
	Sums     int // partial sums of an image
}

// stages makes the regions ready and returns the scratch memory that a worker needs for them, in values.
func stages(p *Program, regions []Region, units []Unit) (out []Stage, scratch int) {
	for _, r := range regions {
		j := Stage{Region: r}
		for _, i := range r.ops {
			u := &units[i]
			j.Units = append(j.Units, u)
			if u.Out == nil {
				continue
			}
			if norm, _, _ := p.Summed(u.Out); norm >= 0 {
				u.Sums = j.Sums
				j.Sums += 2 * u.Out.Width
			}
		}
		if r.Tensor >= 0 {
			j.In = &p.Tensors[r.Tensor]
			scratch = max(scratch, j.share(p))
		}
		for _, v := range j.Units[0].Reads {
			if t := &p.Tensors[v.Tensor]; j.In == nil && v.Relu {
				scratch = max(scratch, 2*t.H*t.W*t.Width)
			}
		}
		out = append(out, j)
	}
	return out, scratch
}

// share sorts the units of j by what they read and lays out the scratch memory.
func (j *Stage) share(p *Program) int {
	for _, u := range j.Units {
		r := Reading{Operand: u.Reads[0], Form: u.wants(), Lowest: p.maximum(&u.Operation)}
		joined := false
		for k := range j.Readings {
			q := &j.Readings[k]
			same := q.Operand == r.Operand && q.Lowest == r.Lowest
			if same && (q.Form == r.Form || q.Form.Whole() && r.Form == FormTiles || q.Form == FormTiles && r.Form.Whole()) {
				q.Units, q.Border, q.Form, joined = append(q.Units, u), max(q.Border, u.Border()), max(q.Form, r.Form), true
				break
			}
		}
		if !joined {
			r.Border = u.Border()
			r.Units = []*Unit{u}
			j.Readings = append(j.Readings, r)
		}
	}
	scratch := 0
	for k := range j.Readings {
		j.Readings[k].Rows = j.Readings[k].tile(j.In)
		j.Readings[k].At = scratch
		scratch += j.Readings[k].Size(j.In)
	}
	return scratch
}

// tile is how many rows are read at a time, so that all units get whole tiles of their outputs.
func (r *Reading) tile(in *Tensor) int {
	rows := 1
	for _, u := range r.Units {
		n := TileRows(u.In.W)
		if u.Action == ActPoint {
			n = TileRows(u.Out.W) * u.Geometry.Stride
		}
		for once := rows; rows%n != 0; { // to the least common multiple
			rows += once
		}
	}
	return min(rows, in.H)
}

// wants is the form in which u reads.
func (u *Unit) wants() Form {
	v := u.Reads[0]
	switch u.Action {
	case ActSeparable, ActDepthwise, ActPool:
		return FormPlanes
	case ActConv:
		return FormRows
	case ActPoint:
		if !v.bare() {
			return FormTiles
		}
	}
	return FormDirect
}

// Border is how far the windows of u reach beyond the image.
func (u *Unit) Border() int {
	n := &u.Geometry
	if u.Action != ActSeparable && u.Action != ActDepthwise && u.Action != ActPool && u.Action != ActConv {
		return 0
	}
	side := func(out, in int) int { return max(-Origin(n, 0), Origin(n, out-1)+(n.Kernel-1)*n.Dilation-(in-1)) }
	return max(0, side(n.H, u.In.H), side(n.W, u.In.W))
}

// Size is the scratch memory of r in values.
func (r *Reading) Size(in *Tensor) int {
	switch r.Form {
	case FormTiles:
		return r.Rows * in.W * in.Width
	case FormPlanes:
		return kernels.PlanesSize(in.H, in.W, r.Border, in.Width/kernels.Block)
	case FormRows:
		return kernels.RoundUp((in.H + 2*r.Border) * (in.W + 2*r.Border) * in.Width)
	}
	return 0
}

// maxTile bounds the pixels of a tile, over which products sum in float32: statistics and the gradients of weights. It
// is the same however a unit gets at its input, so that what is fused or kept does not change results.
const maxTile = 128

// TileRows is how many rows of w pixels make a tile.
func TileRows(w int) int { return max(1, maxTile/w) }

// tileSize is the scratch memory, in values, of a tile of what any unit reads or writes.
func tileSize(units []Unit) int {
	size := 0
	for i := range units {
		u := &units[i]
		size = max(size, TileRows(u.In.W)*u.In.W*u.In.Width)
		if u.Out != nil {
			size = max(size, TileRows(u.Out.W)*u.Out.W*max(u.In.Width, u.Out.Width), TileRows(u.In.W)*u.In.W*u.Out.Width)
		}
	}
	return size
}
