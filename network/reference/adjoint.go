package reference

import (
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// The transposed maps and weight gradients of loops.go. See loop for the conventions.

// spread adds the rows of w (len(gy) rows of len(gx) values), each times its value of gy, to gx: the transpose of
// multiply.
func spread[T pass.Real](gx, gy, w []T) {
	ci := len(gx)
	o := 0
	for ; o+4 <= len(gy); o += 4 {
		w0, w1, w2, w3 := w[o*ci:][:ci], w[(o+1)*ci:][:ci], w[(o+2)*ci:][:ci], w[(o+3)*ci:][:ci]
		a0, a1, a2, a3 := gy[o], gy[o+1], gy[o+2], gy[o+3]
		for k, v := range gx {
			v += T(a0 * w0[k])
			v += T(a1 * w1[k])
			v += T(a2 * w2[k])
			gx[k] = v + T(a3*w3[k])
		}
	}
	for ; o < len(gy); o++ {
		row := w[o*ci:][:ci]
		a := gy[o]
		for k := range gx {
			gx[k] += T(a * row[k])
		}
	}
}

// outer adds the products of every value of gy with the row x to the rows of gw.
func outer[T pass.Real](gw, gy, x []T) {
	ci := len(x)
	for o, a := range gy {
		row := gw[o*ci:][:ci]
		for k, v := range x {
			row[k] += T(a * v)
		}
	}
}

// outer4 is outer for four pixels at once, x and gy starting at multiples of their strides.
func outer4[T pass.Real](gw, gy []T, co int, x []T, ci, stride int) {
	x0, x1, x2, x3 := x[:ci], x[stride:][:ci], x[2*stride:][:ci], x[3*stride:][:ci]
	for o := range co {
		a0, a1, a2, a3 := gy[o], gy[co+o], gy[2*co+o], gy[3*co+o]
		row := gw[o*ci:][:ci]
		for k, v := range row {
			v += T(a0 * x0[k])
			v += T(a1 * x1[k])
			v += T(a2 * x2[k])
			row[k] = v + T(a3*x3[k])
		}
	}
}

func pointwiseAdjoint[T pass.Real](s *step[T], _ int, gx, gy, w []T) {
	n, in := &s.node, &s.from[0]
	for r := range n.H {
		row := gx[(plan.Origin(n, r)*in.W+n.Offset)*in.C:]
		for c := range n.W {
			spread(row[c*n.Stride*in.C:][:in.C], gy[(r*n.W+c)*n.C:][:n.C], w)
		}
	}
}

func pointwiseWeight[T pass.Real](s *step[T], gw, gy, x []T) {
	n, in := &s.node, &s.from[0]
	for r := range n.H {
		row := x[(plan.Origin(n, r)*in.W+n.Offset)*in.C:]
		out := gy[r*n.W*n.C:]
		c := 0
		for ; c+4 <= n.W; c += 4 {
			outer4(gw, out[c*n.C:], n.C, row[c*n.Stride*in.C:], in.C, n.Stride*in.C)
		}
		for ; c < n.W; c++ {
			outer(gw, out[c*n.C:][:n.C], row[c*n.Stride*in.C:][:in.C])
		}
	}
}

func convolutionAdjoint[T pass.Real](s *step[T], _ int, gx, gy, w []T) {
	n, in := &s.node, &s.from[0]
	plan.Windows(n, in, func(out, from, tap int) {
		spread(gx[from*in.C:][:in.C], gy[out*n.C:][:n.C], w[tap*n.C*in.C:])
	})
}

func convolutionWeight[T pass.Real](s *step[T], gw, gy, x []T) {
	n, in := &s.node, &s.from[0]
	plan.Windows(n, in, func(out, from, tap int) {
		outer(gw[tap*n.C*in.C:], gy[out*n.C:][:n.C], x[from*in.C:][:in.C])
	})
}

func depthwiseAdjoint[T pass.Real](s *step[T], _ int, gx, gy, w []T) {
	c := s.node.C
	plan.Windows(&s.node, &s.from[0], func(out, from, tap int) {
		a, b, v := gx[from*c:][:c], gy[out*c:][:c], w[tap*c:][:c]
		for k := range a {
			a[k] += T(b[k] * v[k])
		}
	})
}

func depthwiseWeight[T pass.Real](s *step[T], gw, gy, x []T) {
	c := s.node.C
	plan.Windows(&s.node, &s.from[0], func(out, from, tap int) {
		a, b, v := gw[tap*c:][:c], gy[out*c:][:c], x[from*c:][:c]
		for k := range a {
			a[k] += T(b[k] * v[k])
		}
	})
}

func linearAdjoint[T pass.Real](_ *step[T], _ int, gx, gy, w []T) { spread(gx, gy, w) }

func linearWeight[T pass.Real](_ *step[T], gw, gy, x []T) { outer(gw, gy, x) }

func avgPoolAdjoint[T pass.Real](s *step[T], _ int, gx, gy, _ []T) {
	n, in := &s.node, &s.from[0]
	plan.Windows(n, in, func(out, from, _ int) {
		share := 1 / T(plan.Inside(n, in, out))
		a := gx[from*n.C:][:n.C]
		for k, v := range gy[out*n.C:][:n.C] {
			a[k] += T(v * share)
		}
	})
}

func addAdjoint[T pass.Real](_ *step[T], _ int, gx, gy, _ []T) {
	for k, v := range gy[:len(gx)] {
		gx[k] += v
	}
}

func concatAdjoint[T pass.Real](s *step[T], k int, gx, gy, _ []T) {
	c, at := s.from[k].C, s.at[k]
	for p := 0; p*c < len(gx); p++ {
		a := gx[p*c:][:c]
		for j, v := range gy[p*s.node.C+at:][:c] {
			a[j] += v
		}
	}
}

func globalAvgAdjoint[T pass.Real](_ *step[T], _ int, gx, gy, _ []T) {
	share := T(1 / float64(len(gx)/len(gy)))
	for p := 0; p < len(gx); p += len(gy) {
		a := gx[p:][:len(gy)]
		for k, v := range gy {
			a[k] += T(v * share)
		}
	}
}
