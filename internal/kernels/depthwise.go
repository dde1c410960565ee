package kernels

import "fmt"

// Depthwise is the geometry of a depthwise convolution: Kernel 3 or 5, Dilation 1 or 2, Stride 1 or 2.
type Depthwise struct{ Kernel, Dilation, Stride int }

// depthwiseArgs is what the assembly reads; strides are in bytes.
type depthwiseArgs struct {
	dst, x, w                  *float32
	rows, width, blocks        int
	dstRow, dstPixel, dstBlock int
	xRow, xBlock               int
}

// Forward computes s.Rows x s.Width output pixels. x is in planes (pixel stride 16), its first value the first pixel of
// the first window; w comes from [PackDepthwise]. Every output sums its window in row-major order, starting with a
// product.
//
// The input gradient of a convolution of stride 1 is Forward with flipped weights on the output's gradient with a
// border of Dilation*(Kernel-1) - pad. With stride 2 the output's gradient is first spread over every second pixel of
// cleared planes (Planes(...).At(...).Every(2)) and the stride of that Forward is 1.
func (d Depthwise) Forward(s Shape, dst, x Map, w []float32) {
	if s.empty() {
		return
	}
	a := d.args(s, dst, x, w)
	if active == Portable {
		d.forward(s, dst, x, w)
	} else {
		depthwiseSIMD(d, &a)
	}
}

// WeightGradient adds the gradient of the weights to dw ([block][window][16]): sums, from zero, of dy(y, x) times the
// window's pixel of x, in row-major order over all pixels of the call. x is as in Forward; dy is the gradient of the
// output, s.Rows x s.Width pixels of it.
func (d Depthwise) WeightGradient(s Shape, dw []float32, dy, x Map) {
	if s.empty() {
		return
	}
	a := d.args(s, dy, x, dw)
	if active == Portable {
		d.weightGradient(s, dw, dy, x)
	} else {
		depthwiseGradientSIMD(d, &a)
	}
}

// args checks the maps and weights, or their gradients, and gives them to the assembly.
func (d Depthwise) args(s Shape, out, x Map, w []float32) depthwiseArgs {
	if d.Kernel != 3 && d.Kernel != 5 || d.Dilation != 1 && d.Dilation != 2 || d.Stride != 1 && d.Stride != 2 {
		panic(fmt.Sprintf("kernels: depthwise convolution %+v: kernel 3 or 5, dilation and stride 1 or 2", d))
	}
	checkPlanes("x", x)
	reach := d.Dilation * (d.Kernel - 1)
	x.check("x", Shape{(s.Rows-1)*d.Stride + reach + 1, (s.Width-1)*d.Stride + reach + 1, s.Blocks})
	out.check("output", s)
	need("weights", w, s.Blocks*d.Kernel*d.Kernel*Block)
	return depthwiseArgs{
		dst: &out.Data[0], x: &x.Data[0], w: &w[0], rows: s.Rows, width: s.Width, blocks: s.Blocks,
		dstRow: 4 * out.Row, dstPixel: 4 * out.Pixel, dstBlock: 4 * out.Block,
		xRow: 4 * x.Row, xBlock: 4 * x.Block,
	}
}

// checkPlanes panics unless neighbouring pixels of a block are neighbours in memory.
func checkPlanes(name string, m Map) {
	if m.Pixel != Block {
		panic(fmt.Sprintf("kernels: %s has pixel stride %d: windows move on planes, where it is 16", name, m.Pixel))
	}
}

func (d Depthwise) forward(s Shape, dst, x Map, w []float32) {
	for b := range s.Blocks {
		weights := w[b*d.Kernel*d.Kernel*Block:]
		for oy := range s.Rows {
			for ox := range s.Width {
				var acc [Block]float32
				for ky := range d.Kernel {
					for kx := range d.Kernel {
						v := x.block(oy*d.Stride+ky*d.Dilation, ox*d.Stride+kx*d.Dilation, b)
						k := (*[Block]float32)(weights[(ky*d.Kernel+kx)*Block:])
						if ky+kx == 0 {
							for i := range acc {
								acc[i] = v[i] * k[i]
							}
							continue
						}
						multiplyAdd(&acc, v, k)
					}
				}
				*dst.block(oy, ox, b) = acc
			}
		}
	}
}

func (d Depthwise) weightGradient(s Shape, dw []float32, dy, x Map) {
	for b := range s.Blocks {
		for ky := range d.Kernel {
			for kx := range d.Kernel {
				var acc [Block]float32
				for oy := range s.Rows {
					for ox := range s.Width {
						multiplyAdd(&acc, dy.block(oy, ox, b), x.block(oy*d.Stride+ky*d.Dilation, ox*d.Stride+kx*d.Dilation, b))
					}
				}
				sum := dw[((b*d.Kernel+ky)*d.Kernel+kx)*Block:][:Block]
				for i, v := range acc {
					sum[i] += v
				}
			}
		}
	}
}
