package kernels

// poolArgs is what the assembly of the pooling kernels reads; strides are in bytes.
type poolArgs struct {
	dst, x, share              *float32
	argmax                     *uint8
	rows, width, blocks        int
	dstRow, dstPixel, dstBlock int
	xRow, xBlock               int
	xStep                      int // from the window of a pixel to that of the next
	xLine                      int // from the windows of a row to those of the next
}

// MaxPool computes s.Rows x s.Width maxima of 3x3 windows that are stride 1 or 2 apart. X is in planes whose border is
// -infinity, its first value the first pixel of the first window. Argmax, unless nil, gets the position (0-8,
// row-major) of the first largest value for channel 16b+c of pixel (y, p) at [((y*s.Width+p)*s.Blocks+b)*16+c].
func MaxPool(s Shape, stride int, dst, x Map, argmax []uint8) {
	if s.empty() {
		return
	}
	a := newPoolArgs(s, stride, dst, x)
	if argmax != nil {
		need("argmax", argmax, s.Rows*s.Width*s.channels())
	}
	if active != Portable {
		if argmax == nil {
			maxPoolSIMD(&a)
			return
		}
		a.argmax = &argmax[0]
		maxPoolWhereSIMD(&a)
		return
	}
	for y := range s.Rows {
		for p := range s.Width {
			for b := range s.Blocks {
				best := *x.block(y*stride, p*stride, b)
				var where [Block]uint8
				for t := 1; t < 9; t++ {
					for i, v := range x.block(y*stride+t/3, p*stride+t%3, b) {
						if v > best[i] {
							best[i], where[i] = v, uint8(t)
						}
					}
				}
				*dst.block(y, p, b) = best
				if argmax != nil {
					copy(argmax[((y*s.Width+p)*s.Blocks+b)*Block:], where[:])
				}
			}
		}
	}
}

// MaxPoolBackward adds dy(y, p) to the pixel of dx where the maximum was found, in row-major order of (y, p). Dx is in
// planes, placed as x in [MaxPool].
func MaxPoolBackward(s Shape, stride int, dx, dy Map, argmax []uint8) {
	if s.empty() {
		return
	}
	a := newPoolArgs(s, stride, dy, dx)
	need("argmax", argmax, s.Rows*s.Width*s.channels())
	if active != Portable {
		a.argmax = &argmax[0]
		maxPoolBackwardSIMD(&a)
		return
	}
	for y := range s.Rows {
		for p := range s.Width {
			for b := range s.Blocks {
				where := argmax[((y*s.Width+p)*s.Blocks+b)*Block:][:Block]
				for i, v := range dy.block(y, p, b) {
					t := int(where[i])
					dx.block(y*stride+t/3, p*stride+t%3, b)[i] += v
				}
			}
		}
	}
}

// SumPool computes sums of 3x3 windows in row-major order, times share[y*s.Width+p] unless share is nil; stride and x
// are as in [MaxPool], but the border is zero. Average pooling has as share one over the number of pixels inside the
// image. Its input gradient is: [ScalePixels] of dy by share into cleared planes (every second pixel for stride 2),
// then SumPool of stride 1 without share.
func SumPool(s Shape, stride int, dst, x Map, share []float32) {
	if s.empty() {
		return
	}
	a := newPoolArgs(s, stride, dst, x)
	if share != nil {
		need("share", share, s.Rows*s.Width)
	}
	if active != Portable {
		if share != nil {
			a.share = &share[0]
		}
		sumPoolSIMD(&a)
		return
	}
	for y := range s.Rows {
		for p := range s.Width {
			for b := range s.Blocks {
				sum := *x.block(y*stride, p*stride, b)
				for t := 1; t < 9; t++ {
					for i, v := range x.block(y*stride+t/3, p*stride+t%3, b) {
						sum[i] += v
					}
				}
				if share != nil {
					for i := range sum {
						sum[i] *= share[y*s.Width+p]
					}
				}
				*dst.block(y, p, b) = sum
			}
		}
	}
}

// newPoolArgs checks the pixels and the planes that windows move on, and gives them to the assembly.
func newPoolArgs(s Shape, stride int, pixels, planes Map) poolArgs {
	if stride != 1 && stride != 2 {
		panic("kernels: pooling has stride 1 or 2")
	}
	checkPlanes("the map of the windows", planes)
	planes.check("the map of the windows", Shape{(s.Rows-1)*stride + 3, (s.Width-1)*stride + 3, s.Blocks})
	pixels.check("the map of a value a window", s)
	return poolArgs{
		dst: &pixels.Data[0], x: &planes.Data[0], rows: s.Rows, width: s.Width, blocks: s.Blocks,
		dstRow: 4 * pixels.Row, dstPixel: 4 * pixels.Pixel, dstBlock: 4 * pixels.Block,
		xRow: 4 * planes.Row, xBlock: 4 * planes.Block, xStep: 4 * stride * Block, xLine: 4 * stride * planes.Row,
	}
}
