package network

import (
	"math"

	"rwe301/bench301"
)

// forward returns the loop that computes a node for images lo to hi.
func forward[T Real](n bench301.Node) func(m *Machine[T], i, lo, hi int) {
	switch n.Kind {
	case bench301.Conv:
		switch {
		case n.Groups > 1:
			return depthwise[T]
		case n.Kernel == 1:
			return pointwise[T]
		}
		return convolution[T]
	case bench301.BatchNorm:
		return affine[T]
	case bench301.ReLU:
		return rectify[T]
	case bench301.MaxPool:
		return maxPool[T]
	case bench301.AvgPool:
		return avgPool[T]
	case bench301.Add:
		return add[T]
	case bench301.Concat:
		return concat[T]
	case bench301.GlobalAvg:
		return globalAvg[T]
	case bench301.Linear:
		return linear[T]
	case bench301.DropPath:
		return dropPath[T]
	}
	return nil // the input, which nobody computes
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

// origin is the first pixel of the window of output pixel o.
func origin(n *bench301.Node, o int) int { return o*n.Stride + n.Offset - n.Pad }

// multiply adds the products of the pixel row x (ci values) with every row of w (len(y) rows of ci values) to y. Each
// output has one accumulator that takes the inputs in order.
func multiply[T Real](y, x, w []T) {
	ci := len(x)
	o := 0
	for ; o+4 <= len(y); o += 4 {
		w0, w1, w2, w3 := w[o*ci:][:ci], w[(o+1)*ci:][:ci], w[(o+2)*ci:][:ci], w[(o+3)*ci:][:ci]
		a0, a1, a2, a3 := y[o], y[o+1], y[o+2], y[o+3]
		for k, v := range x {
			a0 += T(v * w0[k])
			a1 += T(v * w1[k])
			a2 += T(v * w2[k])
			a3 += T(v * w3[k])
		}
		y[o], y[o+1], y[o+2], y[o+3] = a0, a1, a2, a3
	}
	for ; o < len(y); o++ {
		row := w[o*ci:][:ci]
		a := y[o]
		for k, v := range x {
			a += T(v * row[k])
		}
		y[o] = a
	}
}

// multiply2 is multiply for two pixels at once, which halves the traffic of w.
func multiply2[T Real](y, z, x, u, w []T) {
	ci := len(x)
	u = u[:ci]
	z = z[:len(y)]
	o := 0
	for ; o+2 <= len(y); o += 2 {
		w0, w1 := w[o*ci:][:ci], w[(o+1)*ci:][:ci]
		a0, a1, b0, b1 := y[o], y[o+1], z[o], z[o+1]
		for k, v := range x {
			s, p, q := u[k], w0[k], w1[k]
			a0 += T(v * p)
			a1 += T(v * q)
			b0 += T(s * p)
			b1 += T(s * q)
		}
		y[o], y[o+1], z[o], z[o+1] = a0, a1, b0, b1
	}
	if o < len(y) {
		multiply(y[o:], x, w[o*ci:])
		multiply(z[o:], u, w[o*ci:])
	}
}

func pointwise[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	n := &s.node
	in := &m.plan.graph.Nodes[n.Inputs[0]]
	ci, co := in.C, n.C
	for image := lo; image < hi; image++ {
		x := m.output(n.Inputs[0], image, image+1)
		y := m.output(i, image, image+1)
		clear(y)
		for r := range n.H {
			row := x[(origin(n, r)*in.W+n.Offset)*ci:]
			out := y[r*n.W*co : (r+1)*n.W*co]
			c := 0
			for ; c+2 <= n.W; c += 2 {
				multiply2(out[c*co:][:co], out[(c+1)*co:][:co], row[c*n.Stride*ci:][:ci], row[(c+1)*n.Stride*ci:][:ci], s.weights)
			}
			if c < n.W {
				multiply(out[c*co:][:co], row[c*n.Stride*ci:][:ci], s.weights)
			}
		}
	}
}

func convolution[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	n := &s.node
	in := &m.plan.graph.Nodes[n.Inputs[0]]
	for image := lo; image < hi; image++ {
		x := m.output(n.Inputs[0], image, image+1)
		y := m.output(i, image, image+1)
		clear(y)
		windows(n, in, func(out, from, tap int) {
			multiply(y[out*n.C:][:n.C], x[from*in.C:][:in.C], s.weights[tap*n.C*in.C:])
		})
	}
}

// windows calls f for every output pixel and every position of its window inside the image, in row-major order: the
// output pixel, the input pixel and the position.
func windows(n, in *bench301.Node, f func(out, from, tap int)) {
	for r := range n.H {
		y0 := origin(n, r)
		ylo, yhi := span(y0, n.Kernel, n.Dilation, in.H)
		for c := range n.W {
			x0 := origin(n, c)
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

func depthwise[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	n := &s.node
	in := &m.plan.graph.Nodes[n.Inputs[0]]
	for image := lo; image < hi; image++ {
		x := m.output(n.Inputs[0], image, image+1)
		y := m.output(i, image, image+1)
		clear(y)
		windows(n, in, func(out, from, tap int) {
			a := y[out*n.C:][:n.C]
			b := x[from*n.C:][:n.C]
			w := s.weights[tap*n.C:][:n.C]
			for k := range a {
				a[k] += T(b[k] * w[k])
			}
		})
	}
}

func affine[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	n := &s.node
	x, y := m.output(n.Inputs[0], lo, hi), m.output(i, lo, hi)
	if m.norm == NoNorm {
		copy(y, x)
		return
	}
	for c := range n.C {
		scale, shift := m.scaleShift(i, c)
		for k := c; k < len(x); k += n.C {
			y[k] = T(x[k]*scale) + shift
		}
	}
}

// scaleShift is what normalisation i does to channel c in this pass: y = scale*x + shift.
func (m *Machine[T]) scaleShift(i, c int) (scale, shift T) {
	s := &m.steps[i]
	gain, bias := 1.0, 0.0
	if len(s.node.Params) > 0 {
		gain = float64(m.theta[m.plan.views[s.node.Params[0]].Offset+c])
		bias = float64(m.theta[m.plan.views[s.node.Params[1]].Offset+c])
	}
	gain *= s.stats.inverse[c]
	return T(gain), T(bias - float64(gain*s.stats.mean[c]))
}

func rectify[T Real](m *Machine[T], i, lo, hi int) {
	x, y := m.output(m.steps[i].node.Inputs[0], lo, hi), m.output(i, lo, hi)
	y = y[:len(x)]
	for k, v := range x {
		y[k] = max(v, 0)
	}
}

func maxPool[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	n := &s.node
	in := &m.plan.graph.Nodes[n.Inputs[0]]
	lowest := T(math.Inf(-1))
	for image := lo; image < hi; image++ {
		x := m.output(n.Inputs[0], image, image+1)
		y := m.output(i, image, image+1)
		for k := range y {
			y[k] = lowest
		}
		if s.argmax == nil {
			windows(n, in, func(out, from, _ int) {
				a := y[out*n.C:][:n.C]
				for k, v := range x[from*n.C:][:n.C] {
					a[k] = max(a[k], v)
				}
			})
			continue
		}
		where := s.argmax[image*s.out : (image+1)*s.out]
		windows(n, in, func(out, from, tap int) {
			a, b := y[out*n.C:][:n.C], where[out*n.C:][:n.C]
			for k, v := range x[from*n.C:][:n.C] {
				if v > a[k] {
					a[k], b[k] = v, uint8(tap)
				}
			}
		})
	}
}

func avgPool[T Real](m *Machine[T], i, lo, hi int) {
	n := &m.steps[i].node
	in := &m.plan.graph.Nodes[n.Inputs[0]]
	for image := lo; image < hi; image++ {
		x := m.output(n.Inputs[0], image, image+1)
		y := m.output(i, image, image+1)
		clear(y)
		windows(n, in, func(out, from, _ int) {
			a := y[out*n.C:][:n.C]
			for k, v := range x[from*n.C:][:n.C] {
				a[k] += v
			}
		})
		for p := range n.H * n.W {
			share := 1 / T(inside(n, in, p))
			a := y[p*n.C:][:n.C]
			for k := range a {
				a[k] *= share
			}
		}
	}
}

func add[T Real](m *Machine[T], i, lo, hi int) {
	n := &m.steps[i].node
	y := m.output(i, lo, hi)
	copy(y, m.output(n.Inputs[0], lo, hi))
	for _, in := range n.Inputs[1:] {
		x := m.output(in, lo, hi)[:len(y)]
		for k := range y {
			y[k] += x[k]
		}
	}
}

func concat[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	y := m.output(i, lo, hi)
	at := 0
	for _, in := range s.node.Inputs {
		x := m.output(in, lo, hi)
		c := m.plan.graph.Nodes[in].C
		for p := 0; p*c < len(x); p++ {
			copy(y[p*s.node.C+at:][:c], x[p*c:])
		}
		at += c
	}
}

func globalAvg[T Real](m *Machine[T], i, lo, hi int) {
	n := &m.steps[i].node
	in := &m.plan.graph.Nodes[n.Inputs[0]]
	for image := lo; image < hi; image++ {
		x := m.output(n.Inputs[0], image, image+1)
		y := m.output(i, image, image+1)
		for c := range y {
			sum := 0.0
			for k := c; k < len(x); k += n.C {
				sum += float64(x[k])
			}
			y[c] = T(sum / float64(in.H*in.W))
		}
	}
}

func linear[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	bias := m.theta[m.plan.views[s.node.Params[1]].Offset:][:s.node.C]
	for image := lo; image < hi; image++ {
		y := m.output(i, image, image+1)
		copy(y, bias)
		multiply(y, m.output(s.node.Inputs[0], image, image+1), s.weights)
	}
}

func dropPath[T Real](m *Machine[T], i, lo, hi int) {
	s := &m.steps[i]
	for image := lo; image < hi; image++ {
		x, y := m.output(s.node.Inputs[0], image, image+1), m.output(i, image, image+1)
		scale := m.pathScale(s.drop, image)
		for k, v := range x {
			y[k] = v * scale
		}
	}
}

// inside is the number of pixels of output pixel p's window that lie in the image.
func inside(n, in *bench301.Node, p int) int {
	ylo, yhi := span(origin(n, p/n.W), n.Kernel, n.Dilation, in.H)
	xlo, xhi := span(origin(n, p%n.W), n.Kernel, n.Dilation, in.W)
	return (yhi - ylo) * (xhi - xlo)
}
