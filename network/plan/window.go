package plan

import (
	"fmt"

	"rwe301/bench301"
)

// The bounds of a graph, which keep products of sizes inside an int.
const (
	maxTensor = 1 << 40 // values of one image's output, or of a parameter tensor
	maxWindow = 15      // side of a window: a max pool notes the winning position in a byte
)

// window checks the geometry of a convolution or pool: the size that follows from it, and that no window lies outside
// the image.
func window(n, in bench301.Node) error {
	if n.Kernel < 1 || n.Kernel > maxWindow || n.Stride < 1 || n.Dilation < 1 || n.Pad < 0 || n.Offset < 0 ||
		max(n.Stride, n.Dilation, n.Pad, n.Offset) > 1<<20 {
		return fmt.Errorf("kernel %d, stride %d, padding %d, dilation %d, offset %d: not a window", n.Kernel, n.Stride,
			n.Pad, n.Dilation, n.Offset)
	}
	reach := n.Dilation*(n.Kernel-1) + 1
	for _, s := range [][2]int{{n.H, in.H}, {n.W, in.W}} {
		left := s[1] - n.Offset + 2*n.Pad - reach
		if left < 0 || left/n.Stride+1 != s[0] {
			return fmt.Errorf("output of %d x %d: the window does not give that size from %d x %d", n.H, n.W, in.H, in.W)
		}
		for o := range s[0] {
			if lo, hi := span(Origin(&n, o), n.Kernel, n.Dilation, s[1]); lo >= hi {
				return fmt.Errorf("the window of output pixel %d lies outside the image", o)
			}
		}
	}
	return nil
}

// span is the range of window positions k in [0, kernel) whose pixel start + k*dilation lies in [0, size).
func span(start, kernel, dilation, size int) (lo, hi int) {
	if start < 0 {
		lo = (-start + dilation - 1) / dilation
	}
	hi = kernel
	if reach := (size - 1 - start) / dilation; start >= size {
		hi = 0
	} else if reach+1 < hi {
		hi = reach + 1
	}
	return lo, max(lo, hi)
}

// Origin is the first pixel of the window of output pixel o.
func Origin(n *bench301.Node, o int) int { return o*n.Stride + n.Offset - n.Pad }

// Inside is the number of pixels of output pixel p's window that lie in the image.
func Inside(n, in *bench301.Node, p int) int {
	ylo, yhi := span(Origin(n, p/n.W), n.Kernel, n.Dilation, in.H)
	xlo, xhi := span(Origin(n, p%n.W), n.Kernel, n.Dilation, in.W)
	return (yhi - ylo) * (xhi - xlo)
}

// Windows calls f for every output pixel and every position of its window inside the image, in row-major order: the
// output pixel, the input pixel and the position.
func Windows(n, in *bench301.Node, f func(out, from, tap int)) {
	for r := range n.H {
		y0 := Origin(n, r)
		ylo, yhi := span(y0, n.Kernel, n.Dilation, in.H)
		for c := range n.W {
			x0 := Origin(n, c)
			xlo, xhi := span(x0, n.Kernel, n.Dilation, in.W)
			for ky := ylo; ky < yhi; ky++ {
				row := (y0 + ky*n.Dilation) * in.W
				for kx := xlo; kx < xhi; kx++ {
					f(r*n.W+c, row+x0+kx*n.Dilation, ky*n.Kernel+kx)
				}
			}
		}
	}
}
