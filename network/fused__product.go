package network

import "rwe301/internal/kernels"

// rows runs the 1x1 convolution of u with parameters w on input rows lo to hi, of which x is the first; add says whether
// the products are added to what out holds.
func (u *ready) rows(out, x kernels.Map, lo, hi int, w *parcel, add bool, stats []float64) {
	n := &u.geometry
	from, to := u.outputs(lo), min(u.outputs(hi), u.out.h)
	if from >= to {
		return
	}
	p := u.product(x.At(from*n.Stride+n.Offset-lo, n.Offset), w)
	p.ARow, p.APixel = p.ARow*n.Stride, p.APixel*n.Stride
	p.Width, p.Stats, p.Accumulate = u.out.w, stats, add
	if u.linear() && !add {
		copy(out.Data[:u.out.width], w.bias)
		p.Accumulate = true
	}
	for step := tileRows(u.out.w); from < to; from += step {
		p.Rows, p.C = min(step, to-from), out.At(from, 0)
		p.Run()
		if from+step < to {
			p.A = p.A[step*p.ARow:]
		}
	}
}

// outputs is the number of outputs of a 1x1 window that read inputs before y.
func (u *ready) outputs(y int) int {
	n := &u.geometry
	return max(0, (y-n.Offset+n.Stride-1)/n.Stride)
}

// product is the multiplication of the pixels of x by the matrix of u in w; its rows and output are left to the caller.
func (u *ready) product(x kernels.Map, w *parcel) kernels.Product {
	p := kernels.Product{
		A: x.Data, ARow: x.Row, APixel: x.Pixel, ATerm: 1, Terms: u.in.width,
		B: w.weights, BBlock: u.in.width * kernels.Block, BTerm: kernels.Block, Blocks: u.out.width / kernels.Block,
	}
	if x.Block != kernels.Block {
		p.Segments, p.ASegment, p.Terms = u.in.width/kernels.Block, x.Block, kernels.Block
	}
	return p
}

// depthwise moves the windows of u, with packed weights w, over x.
func (u *ready) depthwise(s kernels.Shape, dst, x kernels.Map, w []float32) {
	n := &u.geometry
	if u.vector {
		kernels.Depthwise{Kernel: n.Kernel, Dilation: n.Dilation, Stride: n.Stride}.Forward(s, dst, x, w)
		return
	}
	const block = kernels.Block
	window := u.window()
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
func (u *ready) windows(s kernels.Shape, dst, x kernels.Map, f func(b, t int, y, v []float32)) {
	n := &u.geometry
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
func (u *ready) pool(dst, x kernels.Map, argmax []uint8) {
	n := &u.geometry
	s := u.out.shape(0, u.out.h)
	largest := !u.averages()
	switch {
	case u.vector && largest:
		kernels.MaxPool(s, n.Stride, dst, x, argmax)
	case u.vector:
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
func (u *ready) convolve(out, x kernels.Map, w *parcel, add bool, stats []float64) {
	n := &u.geometry
	p := u.product(x, w)
	p.ARow, p.APixel, p.Width, p.Accumulate = x.Row*n.Stride, x.Pixel*n.Stride, u.out.w, add
	p.BBlock *= u.window()
	p.Segments, p.ASegment, p.Terms = n.Kernel, x.Row, n.Kernel*u.in.width
	step := tileRows(u.out.w)
	for lo := 0; lo < u.out.h; lo += step {
		p.Rows, p.C = min(step, u.out.h-lo), out.At(lo, 0)
		row := x.At(lo*n.Stride, 0)
		if n.Dilation == 1 {
			p.A, p.Stats = row.Data, stats
			p.Run()
			continue
		}
		q := p // a position of the window at a time
		q.Segments, q.ASegment, q.Terms = 1, 0, u.in.width
		for t := range u.window() {
			q.A, q.B = row.At(t/n.Kernel*n.Dilation, t%n.Kernel*n.Dilation).Data, p.B[t*u.in.width*kernels.Block:]
			if t == u.window()-1 {
				q.Stats = stats
			}
			q.Run()
			q.Accumulate = true
		}
	}
}
