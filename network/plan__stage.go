package network

import "rwe301/internal/kernels"

// form is how units see what they read.
type form uint8

const (
	formDirect form = iota // the stored map
	formTiles              // a few rows at a time, normalised and rectified
	formPlanes             // the image in planes of 16 channels, with a border
	formRows               // the image with a border, the channels of a pixel side by side
)

// whole reports whether the form is that of an image as a whole.
func (f form) whole() bool { return f == formPlanes || f == formRows }

// reading is what units of a stage that read alike share: one pass over the image that applies what is pending.
type reading struct {
	operand
	form   form
	lowest bool // the border is -infinity instead of 0
	border int
	at     int // place in the worker's scratch memory
	rows   int // of a tile
	units  []*unit
}

// stage is a region made ready to run.
type stage struct {
	region
	in       *tensor // nil for a single operation on several tensors
	readings []reading
	units    []*unit
	sums     int // partial sums of an image
}

// stages makes the regions ready and returns the scratch memory that a worker needs for them, in values.
func stages(p *program, regions []region, units []unit) (out []stage, scratch int) {
	for _, r := range regions {
		j := stage{region: r}
		for _, i := range r.ops {
			u := &units[i]
			j.units = append(j.units, u)
			if u.out == nil {
				continue
			}
			if norm, _, _ := p.summed(u.out); norm >= 0 {
				u.sums = j.sums
				j.sums += 2 * u.out.width
			}
		}
		if r.tensor >= 0 {
			j.in = &p.tensors[r.tensor]
			scratch = max(scratch, j.share(p))
		}
		for _, v := range j.units[0].operation.in {
			if t := &p.tensors[v.tensor]; j.in == nil && v.relu {
				scratch = max(scratch, 2*t.h*t.w*t.width)
			}
		}
		out = append(out, j)
	}
	return out, scratch
}

// share sorts the units of j by what they read and lays out the scratch memory.
func (j *stage) share(p *program) int {
	for _, u := range j.units {
		r := reading{operand: u.operation.in[0], form: u.wants(), lowest: p.maximum(&u.operation)}
		joined := false
		for k := range j.readings {
			q := &j.readings[k]
			same := q.operand == r.operand && q.lowest == r.lowest
			if same && (q.form == r.form || q.form.whole() && r.form == formTiles || q.form == formTiles && r.form.whole()) {
				q.units, q.border, q.form, joined = append(q.units, u), max(q.border, u.border()), max(q.form, r.form), true
				break
			}
		}
		if !joined {
			r.border = u.border()
			r.units = []*unit{u}
			j.readings = append(j.readings, r)
		}
	}
	scratch := 0
	for k := range j.readings {
		j.readings[k].rows = j.readings[k].tile(j.in)
		j.readings[k].at = scratch
		scratch += j.readings[k].size(j.in)
	}
	return scratch
}

// tile is how many rows are read at a time, so that all units get whole tiles of their outputs.
func (r *reading) tile(in *tensor) int {
	rows := 1
	for _, u := range r.units {
		n := tileRows(u.in.w)
		if u.action == actPoint {
			n = tileRows(u.out.w) * u.geometry.Stride
		}
		for once := rows; rows%n != 0; { // to the least common multiple
			rows += once
		}
	}
	return min(rows, in.h)
}

// wants is the form in which u reads.
func (u *unit) wants() form {
	v := u.operation.in[0]
	switch u.action {
	case actSeparable, actDepthwise, actPool:
		return formPlanes
	case actConv:
		return formRows
	case actPoint:
		if !v.bare() {
			return formTiles
		}
	}
	return formDirect
}

// border is how far the windows of u reach beyond the image.
func (u *unit) border() int {
	n := &u.geometry
	if u.action != actSeparable && u.action != actDepthwise && u.action != actPool && u.action != actConv {
		return 0
	}
	side := func(out, in int) int { return max(-origin(n, 0), origin(n, out-1)+(n.Kernel-1)*n.Dilation-(in-1)) }
	return max(0, side(n.H, u.in.h), side(n.W, u.in.w))
}

// size is the scratch memory of r in values.
func (r *reading) size(in *tensor) int {
	switch r.form {
	case formTiles:
		return r.rows * in.w * in.width
	case formPlanes:
		return kernels.PlanesSize(in.h, in.w, r.border, in.width/kernels.Block)
	case formRows:
		return kernels.RoundUp((in.h + 2*r.border) * (in.w + 2*r.border) * in.width)
	}
	return 0
}

// maxTile bounds the pixels of a tile, over which products sum in float32: statistics and the gradients of weights. It is
// the same however a unit gets at its input, so that what is fused or kept does not change results.
const maxTile = 128

// tileRows is how many rows of w pixels make a tile.
func tileRows(w int) int { return max(1, maxTile/w) }

// tileSize is the scratch memory, in values, of a tile of what any unit reads or writes.
func tileSize(units []unit) int {
	size := 0
	for i := range units {
		u := &units[i]
		size = max(size, tileRows(u.in.w)*u.in.w*u.in.width)
		if u.out != nil {
			size = max(size, tileRows(u.out.w)*u.out.w*max(u.in.width, u.out.width), tileRows(u.in.w)*u.in.w*u.out.width)
		}
	}
	return size
}
