package network

import (
	"math"

	"rwe301/internal/kernels"
)

// hand is what a worker works with.
type hand struct {
	scratch  []float32                 // images with borders
	tile     []float32                 // between the halves of a unit
	second   []float32                 // another one
	gradient []float32                 // of some rows of a unit's output
	argmax   []uint8                   // of some rows of a pool
	bits     []uint16                  // of a row of signs
	vectors  [scratchVectors][]float32 // scales and shifts of images whose path may be dropped
	sums     []float64                 // of an average
	bordered any                       // the stage whose borders are in scratch
	twin     *hand                     // for tangents; nil without a Hessian
}

func newHand(d *design) hand {
	h := hand{scratch: kernels.Aligned(d.scratch), tile: kernels.Aligned(d.tile), sums: make([]float64, 2*d.widest), bits: make([]uint16, d.bits)}
	if d.back != nil {
		h.second, h.gradient, h.argmax = kernels.Aligned(d.tile), kernels.Aligned(d.tile), make([]uint8, d.tile)
	}
	for k := range h.vectors {
		h.vectors[k] = kernels.Aligned(d.widest)
	}
	if d.options.Hessian {
		h.twin = &hand{scratch: kernels.Aligned(d.scratch), tile: kernels.Aligned(d.tile), second: kernels.Aligned(d.tile), gradient: kernels.Aligned(d.tile)}
	}
	return h
}

// forwardStage runs stage j for one image.
func (e *Executor) forwardStage(h *hand, j *stage, image int) {
	partial := e.partial[image*e.sums:][:j.sums]
	clear(partial)
	if j.in == nil {
		e.combine(h, e.of(j.units[0]), image)
	} else {
		e.setBorders(h, j)
		for k := range j.readings {
			e.forwardReading(h, j, &j.readings[k], image)
		}
	}
	for _, u := range j.units {
		u := e.of(u)
		if u.sums >= 0 && !u.matrix() { // products sum up what they store themselves
			e.sumTiles(u.out, e.view(u.operation.out, image), partial[u.sums:])
		}
	}
}

// sumTiles sums up an image as products do: in float32 over a tile.
func (e *Executor) sumTiles(t *tensor, y kernels.Map, stats []float64) {
	for step, lo := tileRows(t.w), 0; lo < t.h; lo += step {
		s := t.shape(lo, min(lo+step, t.h))
		s.Rows, s.Width = 1, s.Rows*s.Width // rows follow each other
		kernels.Sums(s, stats, y.At(lo, 0), y.At(lo, 0))
	}
}

// prefetch is how far ahead of what is being read an image should be on its way to the cache, in values: long enough for
// memory to answer, short enough for the first-level cache.
const prefetch = 2048

// ahead is that distance on map x of tensor t.
func ahead(t *tensor, x kernels.Map) int { return prefetch / t.width * x.Pixel }

// setBorders prepares the borders of j's images, which stay as they are from image to image.
func (e *Executor) setBorders(h *hand, j *stage) {
	if h.bordered == j {
		return
	}
	h.bordered = j
	for k := range j.readings {
		r := &j.readings[k]
		if r.form != formPlanes && r.form != formRows || r.border == 0 {
			continue
		}
		data := h.scratch[r.at : r.at+r.size(j.in)]
		clear(data)
		if r.lowest {
			lowest := float32(math.Inf(-1))
			for i := range data {
				data[i] = lowest
			}
		}
	}
}

// forwardReading applies what is pending to an image of j's input and runs the units that read it so.
func (e *Executor) forwardReading(h *hand, j *stage, r *reading, image int) {
	x := e.view(j.tensor, image)
	scale, shift := e.pending(h, r.operand, j.in, image, 0)
	switch r.form {
	case formTiles:
		step := r.rows
		tile := viewOf(r, h.scratch, j.in)
		for lo := 0; lo < j.in.h; lo += step {
			hi := min(lo+step, j.in.h)
			kernels.Affine(j.in.shape(lo, hi), tile, x.At(lo, 0), scale, shift, r.relu, ahead(j.in, x))
			for _, u := range r.units {
				u := e.of(u)
				u.rows(e.view(u.operation.out, image), tile, lo, hi, &u.parcel, false, e.sumsOf(u, image))
			}
		}
		return
	case formPlanes:
		x = e.transform(h, j, r, x, scale, shift)
	case formRows:
		if j.tensor == 0 {
			x = copyImage(r, h.scratch, x.Data, j.in)
		} else {
			x = e.transform(h, j, r, x, scale, shift)
		}
	}
	for _, u := range r.units {
		u := e.of(u)
		e.forwardUnit(h, u, r, x, scale, shift, image)
	}
}

// transform writes the image with its border and returns it.
func (e *Executor) transform(h *hand, j *stage, r *reading, x kernels.Map, scale, shift []float32) kernels.Map {
	m := viewOf(r, h.scratch, j.in)
	kernels.Affine(j.in.shape(0, j.in.h), m.At(r.border, r.border), x, scale, shift, r.relu, ahead(j.in, x))
	return m
}

// copyImage writes an image of the caller with a border.
func copyImage(r *reading, scratch, x []float32, in *tensor) kernels.Map {
	m := viewOf(r, scratch, in)
	row := in.w * in.width
	for y := range in.h {
		copy(m.Data[(y+r.border)*m.Row+r.border*m.Pixel:][:row], x[y*row:])
	}
	return m
}

// forwardUnit runs u on an image x, which has r's border.
func (e *Executor) forwardUnit(h *hand, u *ready, r *reading, x kernels.Map, scale, shift []float32, image int) {
	switch u.action {
	case actPoint:
		u.rows(e.view(u.operation.out, image), x.At(r.border, r.border), 0, u.in.h, &u.parcel, false, e.sumsOf(u, image))
	case actAverage:
		e.average(h, u, x, scale, shift, image)
	case actSeparable:
		e.separable(h, u, u.first(x, r.border), image)
	case actConv:
		u.convolve(e.view(u.operation.out, image), u.first(x, r.border), &u.parcel, false, e.sumsOf(u, image))
	case actDepthwise:
		u.depthwise(u.out.shape(0, u.out.h), e.view(u.operation.out, image), u.first(x, r.border), u.depth)
	case actPool:
		u.pool(e.view(u.operation.out, image), u.first(x, r.border), nil)
	case actZero:
		kernels.Affine(u.out.shape(0, u.out.h), e.view(u.operation.out, image), kernels.Map{Data: e.zeros, Block: kernels.Block}, e.ones, e.zeros, false, 0)
	case actCopy:
		if u.operation.in[0].tensor == 0 {
			importImage(e.view(u.operation.out, image), e.images[image*e.plan.ImageSize():], u.in)
			return
		}
		kernels.Affine(u.out.shape(0, u.out.h), e.view(u.operation.out, image), x, scale, shift, u.operation.in[0].relu, 0)
	case actSigns:
		if e.observer.Signs != nil {
			e.signs(h, u, x, scale, shift, image)
		}
	case actExport:
		e.export(h, u, x, scale, shift, image)
	}
}

// importImage stores an image of the caller with padded channels.
func importImage(dst kernels.Map, x []float32, in *tensor) {
	for y := range in.h {
		for p := range in.w {
			to := dst.At(y, p).Data[:kernels.RoundUp(in.c)]
			clear(to[copy(to, x[(y*in.w+p)*in.c:][:in.c]):])
		}
	}
}

// first is the first pixel of the first window of u on an image with a border.
func (u *ready) first(x kernels.Map, border int) kernels.Map {
	o := border + origin(&u.geometry, 0)
	return x.At(o, o)
}

// sumsOf is where the sums of u's output for an image go; nil if nobody needs them.
func (e *Executor) sumsOf(u *ready, image int) []float64 {
	if u.sums < 0 {
		return nil
	}
	return e.partial[image*e.sums+u.sums:][:2*u.out.width]
}

// separable runs the two convolutions of u a tile at a time; x begins at the first window.
func (e *Executor) separable(h *hand, u *ready, x kernels.Map, image int) {
	n := &u.geometry
	out := e.view(u.operation.out, image)
	width := u.in.width
	tile := kernels.Dense(h.tile, u.out.w, width)
	p := u.product(tile, &u.parcel)
	p.Rows, p.Stats = 1, e.sumsOf(u, image)
	step := tileRows(u.out.w)
	for lo := 0; lo < u.out.h; lo += step {
		s := kernels.Shape{Rows: min(step, u.out.h-lo), Width: u.out.w, Blocks: width / kernels.Block}
		u.depthwise(s, tile, x.At(lo*n.Stride, 0), u.depth)
		p.Width, p.C = s.Rows*s.Width, out.At(lo, 0)
		p.Run()
	}
}

// average takes the mean over an image.
func (e *Executor) average(h *hand, u *ready, x kernels.Map, scale, shift []float32, image int) {
	t, rectified := u.in, u.operation.in[0].relu
	sums := h.sums[:2*t.width]
	clear(sums)
	tile := kernels.Dense(h.tile, t.w, t.width)
	for step, lo := tileRows(t.w), 0; lo < t.h; lo += step {
		s, rows := t.shape(lo, min(lo+step, t.h)), x.At(lo, 0)
		if rectified {
			kernels.Affine(s, tile, rows, scale, shift, true, 0)
			rows = tile
		}
		kernels.Sums(s, sums, rows, rows)
	}
	if rectified {
		scale, shift = e.ones, e.zeros
	}
	out := e.view(u.operation.out, image).Data[:t.width]
	for c := range out {
		mean := sums[c] / float64(t.h*t.w)
		out[c] = float32(float64(float64(scale[c])*mean) + float64(shift[c]))
	}
}
