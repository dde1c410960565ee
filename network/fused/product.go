package fused

import (
	"rwe301/internal/kernels"
	"rwe301/network/plan"
)

// rows runs the 1x1 convolution of u with parameters w on input rows lo to hi, of which x is the first; add says
// whether the products are added to what out holds.
func (u *unit) rows(out, x kernels.Map, lo, hi int, w *parameters, add bool, stats []float64) {
	n := &u.Geometry
	from, to := u.outputs(lo), min(u.outputs(hi), u.Out.H)
	if from >= to {
		return
	}
	p := u.product(x.At(from*n.Stride+n.Offset-lo, n.Offset), w)
	p.ARow, p.APixel = p.ARow*n.Stride, p.APixel*n.Stride
	p.Width, p.Stats, p.Accumulate = u.Out.W, stats, add
	if u.Linear() && !add {
		copy(out.Data[:u.Out.Width], w.bias)
		p.Accumulate = true
	}
	for step := plan.TileRows(u.Out.W); from < to; from += step {
		p.Rows, p.C = min(step, to-from), out.At(from, 0)
		p.Run()
		if from+step < to {
			p.A = p.A[step*p.ARow:]
		}
	}
}

// outputs is the number of outputs of a 1x1 window that read inputs before y.
func (u *unit) outputs(y int) int {
	n := &u.Geometry
	return max(0, (y-n.Offset+n.Stride-1)/n.Stride)
}

// product is the multiplication of the pixels of x by the matrix of u in w; its rows and output are left to the caller.
func (u *unit) product(x kernels.Map, w *parameters) kernels.Product {
	p := kernels.Product{
		A: x.Data, ARow: x.Row, APixel: x.Pixel, ATerm: 1, Terms: u.In.Width,
		B: w.weights, BBlock: u.In.Width * kernels.Block, BTerm: kernels.Block, Blocks: u.Out.Width / kernels.Block,
	}
	if x.Block != kernels.Block {
		p.Segments, p.ASegment, p.Terms = u.In.Width/kernels.Block, x.Block, kernels.Block
	}
	return p
}

// depthwise moves the windows of u, with packed weights w, over x.
func (u *unit) depthwise(s kernels.Shape, dst, x kernels.Map, w []float32) {
	n := &u.Geometry
	if u.Vector {
		kernels.Depthwise{Kernel: n.Kernel, Dilation: n.Dilation, Stride: n.Stride}.Forward(s, dst, x, w)
		return
	}
	const block = kernels.Block
	window := u.Window()
	u.windows(s, dst, x, func(b, t int, y, v []float32) {
		w := w[(b*window+t)*block:][:block]
		if t == 0 {
			clear(y)
		}
		for i := range y {
			y[i] += float32(v[i] * w[i])
		}
	})
}

// windows calls f for every block of channels, output pixel and window position, with the 16 outputs and inputs.
func (u *unit) windows(s kernels.Shape, dst, x kernels.Map, f func(b, t int, y, v []float32)) {
	n := &u.Geometry
	for b := range s.Blocks {
		for oy := range s.Rows {
			for ox := range s.Width {
				y := dst.At(oy, ox).From(b).Data[:kernels.Block]
				for ky := range n.Kernel {
					for kx := range n.Kernel {
						v := x.At(oy*n.Stride+ky*n.Dilation, ox*n.Stride+kx*n.Dilation).From(b).Data[:kernels.Block]
						f(b, ky*n.Kernel+kx, y, v)
					}
				}
			}
		}
	}
}

// pool pools x into dst. Argmax, unless nil, gets the place of every maximum, as kernels.MaxPool numbers them.
func (u *unit) pool(dst, x kernels.Map, argmax []uint8) {
	n := &u.Geometry
	s := u.Out.Shape(0, u.Out.H)
	largest := !u.Averages()
	switch {
	case u.Vector && largest:
		kernels.MaxPool(s, n.Stride, dst, x, argmax)
	case u.Vector:
		kernels.SumPool(s, n.Stride, dst, x, u.share)
	case largest:
		u.windows(s, dst, x, func(_, t int, y, v []float32) {
			for i := range y {
				if t == 0 || v[i] > y[i] {
					y[i] = v[i]
				}
			}
		})
	default:
		u.windows(s, dst, x, func(_, t int, y, v []float32) {
			if t == 0 {
				clear(y)
			}
			for i := range y {
				y[i] += v[i]
			}
		})
		kernels.ScalePixels(s, dst, dst, u.share)
	}
}

// convolve runs a full convolution with parameters w; x begins at the first window and has the channels of a pixel side
// by side; add says whether the products are added to what out holds.
func (u *unit) convolve(out, x kernels.Map, w *parameters, add bool, stats []float64) {
	n := &u.Geometry
	p := u.product(x, w)
	p.ARow, p.APixel, p.Width, p.Accumulate = x.Row*n.Stride, x.Pixel*n.Stride, u.Out.W, add
	p.BBlock *= u.Window()
	p.Segments, p.ASegment, p.Terms = n.Kernel, x.Row, n.Kernel*u.In.Width
	step := plan.TileRows(u.Out.W)
	for lo := 0; lo < u.Out.H; lo += step {
		p.Rows, p.C = min(step, u.Out.H-lo), out.At(lo, 0)
		row := x.At(lo*n.Stride, 0)
		if n.Dilation == 1 {
			p.A, p.Stats = row.Data, stats
			p.Run()
			continue
		}
		q := p // a position of the window at a time
		q.Segments, q.ASegment, q.Terms = 1, 0, u.In.Width
		for t := range u.Window() {
			q.A, q.B = row.At(t/n.Kernel*n.Dilation, t%n.Kernel*n.Dilation).Data, p.B[t*u.In.Width*kernels.Block:]
			if t == u.Window()-1 {
				q.Stats = stats
			}
			q.Run()
			q.Accumulate = true
		}
	}
}
