package reference

import (
	"rwe301/bench301"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// loop computes a kind of node that is linear in its inputs and, where it has weights, in those too. Every function
// works on one image and adds to its first slice, except that a concatenation's apply sets its part of y. k counts the
// inputs.
type loop[T pass.Real] struct {
	apply   func(s *step[T], k int, y, x, w []T)   // y += what input k, x, adds to the output
	adjoint func(s *step[T], k int, gx, gy, w []T) // gx += the transposed map of gy
	weight  func(s *step[T], gw, gy, x []T)        // gw += the gradient of the packed weights; nil without weights
}

// loopOf returns the loop of a node; its fields are nil for the kinds that are not linear.
func loopOf[T pass.Real](n bench301.Node) loop[T] {
	switch n.Kind {
	case bench301.Conv:
		switch {
		case n.Groups > 1:
			return loop[T]{depthwise[T], depthwiseAdjoint[T], depthwiseWeight[T]}
		case n.Kernel == 1:
			return loop[T]{pointwise[T], pointwiseAdjoint[T], pointwiseWeight[T]}
		}
		return loop[T]{convolution[T], convolutionAdjoint[T], convolutionWeight[T]}
	case bench301.Linear:
		return loop[T]{linear[T], linearAdjoint[T], linearWeight[T]}
	case bench301.AvgPool:
		return loop[T]{avgPool[T], avgPoolAdjoint[T], nil}
	case bench301.Add:
		return loop[T]{add[T], addAdjoint[T], nil}
	case bench301.Concat:
		return loop[T]{concat[T], concatAdjoint[T], nil}
	case bench301.Zero: // the step clears its output, and gives no gradient
		return loop[T]{func(*step[T], int, []T, []T, []T) {}, func(*step[T], int, []T, []T, []T) {}, nil}
	case bench301.GlobalAvg:
		return loop[T]{globalAvg[T], globalAvgAdjoint[T], nil}
	}
	return loop[T]{}
}

// multiply adds the products of the pixel row x (ci values) with every row of w (len(y) rows of ci values) to y. Each
// output has one accumulator that takes the inputs in order.
func multiply[T pass.Real](y, x, w []T) {
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
func multiply2[T pass.Real](y, z, x, u, w []T) {
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

func pointwise[T pass.Real](s *step[T], _ int, y, x, w []T) {
	n, in := &s.node, &s.from[0]
	ci, co := in.C, n.C
	for r := range n.H {
		row := x[(plan.Origin(n, r)*in.W+n.Offset)*ci:]
		out := y[r*n.W*co : (r+1)*n.W*co]
		c := 0
		for ; c+2 <= n.W; c += 2 {
			multiply2(out[c*co:][:co], out[(c+1)*co:][:co], row[c*n.Stride*ci:][:ci], row[(c+1)*n.Stride*ci:][:ci], w)
		}
		if c < n.W {
			multiply(out[c*co:][:co], row[c*n.Stride*ci:][:ci], w)
		}
	}
}

func convolution[T pass.Real](s *step[T], _ int, y, x, w []T) {
	n, in := &s.node, &s.from[0]
	plan.Windows(n, in, func(out, from, tap int) {
		multiply(y[out*n.C:][:n.C], x[from*in.C:][:in.C], w[tap*n.C*in.C:])
	})
}

func depthwise[T pass.Real](s *step[T], _ int, y, x, w []T) {
	c := s.node.C
	plan.Windows(&s.node, &s.from[0], func(out, from, tap int) {
		a, b, v := y[out*c:][:c], x[from*c:][:c], w[tap*c:][:c]
		for k := range a {
			a[k] += T(b[k] * v[k])
		}
	})
}

func linear[T pass.Real](_ *step[T], _ int, y, x, w []T) { multiply(y, x, w) }

func avgPool[T pass.Real](s *step[T], _ int, y, x, _ []T) {
	n, in := &s.node, &s.from[0]
	plan.Windows(n, in, func(out, from, _ int) {
		a := y[out*n.C:][:n.C]
		for k, v := range x[from*n.C:][:n.C] {
			a[k] += v
		}
	})
	for p := range n.H * n.W {
		share := 1 / T(plan.Inside(n, in, p))
		a := y[p*n.C:][:n.C]
		for k := range a {
			a[k] *= share
		}
	}
}

func add[T pass.Real](_ *step[T], _ int, y, x, _ []T) {
	for k, v := range x[:len(y)] {
		y[k] += v
	}
}

func concat[T pass.Real](s *step[T], k int, y, x, _ []T) {
	c, at := s.from[k].C, s.at[k]
	for p := 0; p*c < len(x); p++ {
		copy(y[p*s.node.C+at:][:c], x[p*c:])
	}
}

func globalAvg[T pass.Real](s *step[T], _ int, y, x, _ []T) {
	for c := range y {
		sum := 0.0
		for k := c; k < len(x); k += len(y) {
			sum += float64(x[k])
		}
		y[c] += T(sum / float64(s.from[0].H*s.from[0].W))
	}
}
