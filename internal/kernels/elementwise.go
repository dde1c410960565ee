package kernels

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

func (a *elementwiseArgs) shape(s Shape) { a.rows, a.width, a.blocks = s.Rows, s.Width, s.Blocks }

func (a *elementwiseArgs) setDst(m Map) {
	a.dst, a.dstRow, a.dstPixel, a.dstBlock = &m.Data[0], 4*m.Row, 4*m.Pixel, 4*m.Block
}

func (a *elementwiseArgs) setX(m Map) {
	a.x, a.xRow, a.xPixel, a.xBlock = &m.Data[0], 4*m.Row, 4*m.Pixel, 4*m.Block
}

func (a *elementwiseArgs) setY(m Map) {
	a.y, a.yRow, a.yPixel, a.yBlock = &m.Data[0], 4*m.Row, 4*m.Pixel, 4*m.Block
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
	a := elementwiseArgs{u: &scale[0], v: &shift[0], ahead: 4 * ahead}
	a.shape(s)
	a.setDst(dst)
	a.setX(x)
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
		a := elementwiseArgs{u: &scale[0], v: &shift[0], signs: &dst[0]}
		a.shape(s)
		a.setX(x)
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
		a := elementwiseArgs{u: &xScale[0], v: &xShift[0], w: &yScale[0], z: &yShift[0]}
		a.shape(s)
		a.setDst(dst)
		a.setX(x)
		a.setY(y)
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
		a := elementwiseArgs{u: &share[0]}
		a.shape(s)
		a.setDst(dst)
		a.setX(x)
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
