package fused

import (
	"math"

	"rwe301/internal/kernels"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// forwardPass computes what a plan stores, stage by stage.
type forwardPass struct {
	*data
	*statistics
	current *plan.Stage
}

// run computes everything from the parameters and images that the pass began with.
func (fp *forwardPass) run() {
	fp.workers.share((*packing)(fp.data), len(fp.units))
	fp.statistics.begin()
	for k := range fp.design.Stages {
		s := &fp.design.Stages[k]
		fp.current = s
		fp.workers.share(fp, fp.N)
		if fp.Norm != pass.BatchNorm {
			continue
		}
		for _, u := range s.Units {
			if u.Sums >= 0 {
				fp.normalise(fp.of(u))
			}
		}
	}
}

// part is an image of the current stage.
func (fp *forwardPass) part(h *worker, image int) { fp.forwardStage(h, fp.current, image) }

// packing brings the parameters of the units into the order of the kernels, a unit a part.
type packing data

func (p *packing) part(_ *worker, k int) {
	u := &p.units[k]
	u.pack(&u.parameters, p.Plan, p.Theta)
}

// forwardStage runs stage j for one image.
func (fp *forwardPass) forwardStage(h *worker, j *plan.Stage, image int) {
	partial := fp.partial[image*fp.design.Sums:][:j.Sums]
	clear(partial)
	if j.In == nil {
		fp.combine(h, fp.of(j.Units[0]), image)
	} else {
		setBorders(h, j)
		for k := range j.Readings {
			fp.forwardReading(h, j, &j.Readings[k], image)
		}
	}
	for _, u := range j.Units {
		u := fp.of(u)
		if u.Sums >= 0 && !u.Matrix() { // products sum up what they store themselves
			sumTiles(u.Out, fp.view(u.Writes, image), partial[u.Sums:])
		}
	}
}

// sumTiles sums up an image as products do: in float32 over a tile.
func sumTiles(t *plan.Tensor, y kernels.Map, stats []float64) {
	for step, lo := plan.TileRows(t.W), 0; lo < t.H; lo += step {
		s := t.Shape(lo, min(lo+step, t.H))
		s.Rows, s.Width = 1, s.Rows*s.Width // rows follow each other
		kernels.Sums(s, stats, y.At(lo, 0), y.At(lo, 0))
	}
}

// prefetch is how far ahead of what is being read an image should be on its way to the cache, in values: long enough
// for memory to answer, short enough for the first-level cache.
const prefetch = 2048

// ahead is that distance on map x of tensor t.
func ahead(t *plan.Tensor, x kernels.Map) int { return prefetch / t.Width * x.Pixel }

// setBorders prepares the borders of j's images, which stay as they are from image to image.
func setBorders(h *worker, j *plan.Stage) {
	if h.bordered == j {
		return
	}
	h.bordered = j
	for k := range j.Readings {
		r := &j.Readings[k]
		if r.Form != plan.FormPlanes && r.Form != plan.FormRows || r.Border == 0 {
			continue
		}
		data := h.scratch[r.At : r.At+r.Size(j.In)]
		clear(data)
		if r.Lowest {
			lowest := float32(math.Inf(-1))
			for i := range data {
				data[i] = lowest
			}
		}
	}
}

// forwardReading applies what is pending to an image of j's input and runs the units that read it so.
func (fp *forwardPass) forwardReading(h *worker, j *plan.Stage, r *plan.Reading, image int) {
	x := fp.view(j.Tensor, image)
	scale, shift := fp.pending(h, r.Operand, j.In, image, 0)
	switch r.Form {
	case plan.FormTiles:
		step := r.Rows
		tile := viewOf(r, h.scratch, j.In)
		for lo := 0; lo < j.In.H; lo += step {
			hi := min(lo+step, j.In.H)
			kernels.Affine(j.In.Shape(lo, hi), tile, x.At(lo, 0), scale, shift, r.Relu, ahead(j.In, x))
			for _, u := range r.Units {
				u := fp.of(u)
				u.rows(fp.view(u.Writes, image), tile, lo, hi, &u.parameters, false, fp.sumsOf(u, image))
			}
		}
		return
	case plan.FormPlanes:
		x = fp.transform(h, j, r, x, scale, shift)
	case plan.FormRows:
		if j.Tensor == 0 {
			x = copyImage(r, h.scratch, x.Data, j.In)
		} else {
			x = fp.transform(h, j, r, x, scale, shift)
		}
	}
	for _, u := range r.Units {
		u := fp.of(u)
		fp.forwardUnit(h, u, r, x, scale, shift, image)
	}
}

// transform writes the image with its border and returns it.
func (fp *forwardPass) transform(h *worker, j *plan.Stage, r *plan.Reading, x kernels.Map, scale,
	shift []float32) kernels.Map {
	m := viewOf(r, h.scratch, j.In)
	kernels.Affine(j.In.Shape(0, j.In.H), m.At(r.Border, r.Border), x, scale, shift, r.Relu, ahead(j.In, x))
	return m
}

// forwardUnit runs u on an image x, which has r's border.
func (fp *forwardPass) forwardUnit(h *worker, u *unit, r *plan.Reading, x kernels.Map, scale, shift []float32,
	image int) {
	switch u.Action {
	case plan.ActPoint:
		u.rows(fp.view(u.Writes, image), x.At(r.Border, r.Border), 0, u.In.H, &u.parameters, false, fp.sumsOf(u, image))
	case plan.ActAverage:
		fp.average(h, u, x, scale, shift, image)
	case plan.ActSeparable:
		fp.separable(h, u, u.first(x, r.Border), image)
	case plan.ActConv:
		u.convolve(fp.view(u.Writes, image), u.first(x, r.Border), &u.parameters, false, fp.sumsOf(u, image))
	case plan.ActDepthwise:
		u.depthwise(u.Out.Shape(0, u.Out.H), fp.view(u.Writes, image), u.first(x, r.Border), u.depth)
	case plan.ActPool:
		u.pool(fp.view(u.Writes, image), u.first(x, r.Border), nil)
	case plan.ActZero:
		kernels.Affine(u.Out.Shape(0, u.Out.H), fp.view(u.Writes, image), kernels.Map{Data: fp.zeros, Block: kernels.Block},
			fp.ones, fp.zeros, false, 0)
	case plan.ActCopy:
		if u.Reads[0].Tensor == 0 {
			importImage(fp.view(u.Writes, image), fp.Images[image*fp.Plan.ImageSize():], u.In)
			return
		}
		kernels.Affine(u.Out.Shape(0, u.Out.H), fp.view(u.Writes, image), x, scale, shift, u.Reads[0].Relu, 0)
	case plan.ActSigns:
		if fp.Observer.Signs != nil {
			fp.signs(h, u, x, scale, shift, image)
		}
	case plan.ActExport:
		fp.export(h, u, x, scale, shift, image)
	}
}

// importImage stores an image of the caller with padded channels.
func importImage(dst kernels.Map, x []float32, in *plan.Tensor) {
	for y := range in.H {
		for p := range in.W {
			to := dst.At(y, p).Data[:kernels.RoundUp(in.C)]
			clear(to[copy(to, x[(y*in.W+p)*in.C:][:in.C]):])
		}
	}
}

// first is the first pixel of the first window of u on an image with a border.
func (u *unit) first(x kernels.Map, border int) kernels.Map {
	o := border + plan.Origin(&u.Geometry, 0)
	return x.At(o, o)
}

// sumsOf is where the sums of u's output for an image go; nil if nobody needs them.
func (st *statistics) sumsOf(u *unit, image int) []float64 {
	if u.Sums < 0 {
		return nil
	}
	return st.partial[image*st.design.Sums+u.Sums:][:2*u.Out.Width]
}

// separable runs the two convolutions of u a tile at a time; x begins at the first window.
func (fp *forwardPass) separable(h *worker, u *unit, x kernels.Map, image int) {
	n := &u.Geometry
	out := fp.view(u.Writes, image)
	width := u.In.Width
	tile := kernels.Dense(h.tile, u.Out.W, width)
	p := u.product(tile, &u.parameters)
	p.Rows, p.Stats = 1, fp.sumsOf(u, image)
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		s := kernels.Shape{Rows: min(step, u.Out.H-lo), Width: u.Out.W, Blocks: width / kernels.Block}
		u.depthwise(s, tile, x.At(lo*n.Stride, 0), u.depth)
		p.Width, p.C = s.Rows*s.Width, out.At(lo, 0)
		p.Run()
	}
}

// average takes the mean over an image.
func (fp *forwardPass) average(h *worker, u *unit, x kernels.Map, scale, shift []float32, image int) {
	t, rectified := u.In, u.Reads[0].Relu
	sums := h.sums[:2*t.Width]
	clear(sums)
	tile := kernels.Dense(h.tile, t.W, t.Width)
	for step, lo := plan.TileRows(t.W), 0; lo < t.H; lo += step {
		s, rows := t.Shape(lo, min(lo+step, t.H)), x.At(lo, 0)
		if rectified {
			kernels.Affine(s, tile, rows, scale, shift, true, 0)
			rows = tile
		}
		kernels.Sums(s, sums, rows, rows)
	}
	if rectified {
		scale, shift = fp.ones, fp.zeros
	}
	out := fp.view(u.Writes, image).Data[:t.Width]
	for c := range out {
		mean := sums[c] / float64(t.H*t.W)
		out[c] = float32(float64(float64(scale[c])*mean) + float64(shift[c]))
	}
}
