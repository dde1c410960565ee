package kernels

import "unsafe"

// elementwiseArgs is what the assembly of the elementwise kernels reads; strides are in bytes.
type elementwiseArgs struct {
	dst, x, y                  *float32
	u, v, w, z                 *float32 // per-channel vectors
	stats                      *float64
	signs                      *uint16
	rows, width, blocks        int
	dstRow, dstPixel, dstBlock int
	xRow, xPixel, xBlock       int
	yRow, yPixel, yBlock       int
	flag, ahead                int
}

// newElementwiseArgs are the arguments for maps of shape s, zero maps being those that the kernel does not have.
func newElementwiseArgs(s Shape, dst, x, y Map) elementwiseArgs {
	return elementwiseArgs{
		rows: s.Rows, width: s.Width, blocks: s.Blocks,
		dst: unsafe.SliceData(dst.Data), dstRow: 4 * dst.Row, dstPixel: 4 * dst.Pixel, dstBlock: 4 * dst.Block,
		x: unsafe.SliceData(x.Data), xRow: 4 * x.Row, xPixel: 4 * x.Pixel, xBlock: 4 * x.Block,
		y: unsafe.SliceData(y.Data), yRow: 4 * y.Row, yPixel: 4 * y.Pixel, yBlock: 4 * y.Block,
	}
}

// Affine computes dst = scale*x + shift, and with relu the larger of that and zero. Scale and shift have 16*s.Blocks
// values; ones and zeros leave x as it is. Ahead is how many values after each value read the cache should fetch (0
// none): the distance to what is read next, usually the tile after this one.
func Affine(s Shape, dst, x Map, scale, shift []float32, relu bool, ahead int) {
	if s.empty() {
		return
	}
	dst.check("dst", s)
	x.check("x", s)
	need("scale", scale, s.channels())
	need("shift", shift, s.channels())
	if active == Portable {
		for y := range s.Rows {
			for p := range s.Width {
				for b := range s.Blocks {
					affineBlock(dst.block(y, p, b), x.block(y, p, b), scale[b*Block:], shift[b*Block:], relu)
				}
			}
		}
		return
	}
	a := newElementwiseArgs(s, dst, x, Map{})
	a.u, a.v, a.ahead = &scale[0], &shift[0], 4*ahead
	if relu {
		affineReluSIMD(&a)
	} else {
		affineSIMD(&a)
	}
}

func affineBlock(dst, x *[Block]float32, scale, shift []float32, relu bool) {
	for i, v := range x {
		f := fma(v, scale[i], shift[i])
		if relu && f < 0 {
			f = 0
		}
		dst[i] = f
	}
}

// Signs finds where scale*x + shift is positive: bit c of dst[(y*s.Width+p)*s.Blocks+b] tells so for channel 16b+c of
// pixel (y, p).
func Signs(s Shape, dst []uint16, x Map, scale, shift []float32) {
	if s.empty() {
		return
	}
	x.check("x", s)
	need("signs", dst, s.Rows*s.Width*s.Blocks)
	need("scale", scale, s.channels())
	need("shift", shift, s.channels())
	if active != Portable {
		a := newElementwiseArgs(s, Map{}, x, Map{})
		a.u, a.v, a.signs = &scale[0], &shift[0], &dst[0]
		signsSIMD(&a)
		return
	}
	for y := range s.Rows {
		for p := range s.Width {
			for b := range s.Blocks {
				bits := uint16(0)
				for i, v := range x.block(y, p, b) {
					if fma(v, scale[b*Block+i], shift[b*Block+i]) > 0 {
						bits |= 1 << i
					}
				}
				dst[(y*s.Width+p)*s.Blocks+b] = bits
			}
		}
	}
}

// Add computes dst = (xScale*x + xShift) + (yScale*y + yShift). Dst may be x or y.
func Add(s Shape, dst, x Map, xScale, xShift []float32, y Map, yScale, yShift []float32) {
	if s.empty() {
		return
	}
	dst.check("dst", s)
	x.check("x", s)
	y.check("y", s)
	for _, v := range [...][]float32{xScale, xShift, yScale, yShift} {
		need("scale or shift", v, s.channels())
	}
	if active != Portable {
		a := newElementwiseArgs(s, dst, x, y)
		a.u, a.v, a.w, a.z = &xScale[0], &xShift[0], &yScale[0], &yShift[0]
		addSIMD(&a)
		return
	}
	for row := range s.Rows {
		for p := range s.Width {
			for b := range s.Blocks {
				d, f, g, c := dst.block(row, p, b), x.block(row, p, b), y.block(row, p, b), b*Block
				for i := range d {
					d[i] = fma(f[i], xScale[c+i], xShift[c+i]) + fma(g[i], yScale[c+i], yShift[c+i])
				}
			}
		}
	}
}

// ScalePixels computes dst = share[y*s.Width+p] * x for every channel of pixel (y, p).
func ScalePixels(s Shape, dst, x Map, share []float32) {
	if s.empty() {
		return
	}
	dst.check("dst", s)
	x.check("x", s)
	need("share", share, s.Rows*s.Width)
	if active != Portable {
		a := newElementwiseArgs(s, dst, x, Map{})
		a.u = &share[0]
		scalePixelsSIMD(&a)
		return
	}
	for y := range s.Rows {
		for p := range s.Width {
			f := share[y*s.Width+p]
			for b := range s.Blocks {
				d := dst.block(y, p, b)
				for i, v := range x.block(y, p, b) {
					d[i] = v * f
				}
			}
		}
	}
}
