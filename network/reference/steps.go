package reference

import (
	"math"

	"rwe301/network/pass"
	"rwe301/network/plan"
)

// Steps of the forward pass, for images lo to hi. Each kind has four: forward; backward, which adds to the gradients of
// the inputs; tangent and dual, which do the same in the lane of tangents. BatchNorm's are in norm.go.

// gradientOf returns a lane of the gradient of input k of step i for one image, or nil if nobody wants it.
func (m *Executor[T]) gradientOf(lane, i, k, image int) []T {
	return m.gradients(lane, m.steps[i].node.Inputs[k], image, image+1)
}

func linearForward[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	bias := m.bias(value, i)
	for image := lo; image < hi; image++ {
		y := m.output(i, image, image+1)
		clear(y)
		copy(y, bias)
		for k, in := range s.node.Inputs {
			s.loop.apply(s, k, y, m.output(in, image, image+1), s.weights[value])
		}
	}
}

// bias is that of a linear layer, nil for other steps.
func (m *Executor[T]) bias(lane, i int) []T {
	s := &m.steps[i]
	if s.weights[value] == nil || len(s.node.Params) < 2 {
		return nil
	}
	return m.theta[lane][m.state.Plan.Views()[s.node.Params[1]].Offset:][:s.node.C]
}

func linearTangent[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	bias := m.bias(tangent, i)
	for image := lo; image < hi; image++ {
		y := m.outputs(tangent, i, image, image+1)
		clear(y)
		copy(y, bias)
		for k, in := range s.node.Inputs {
			if x := m.outputs(tangent, in, image, image+1); x != nil {
				s.loop.apply(s, k, y, x, s.weights[value])
			}
			if s.weights[tangent] != nil {
				s.loop.apply(s, k, y, m.output(in, image, image+1), s.weights[tangent])
			}
		}
	}
}

// linearBackward works on slices lo to hi of the batch, each of which has its own sums of weight gradients.
func linearBackward[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	for part := lo; part < hi; part++ {
		first, end := m.state.Span(part)
		gw := m.slot(value, i, part)
		for image := first; image < end; image++ {
			gy := m.gradients(value, i, image, image+1)
			for k := range s.node.Inputs {
				if gx := m.gradientOf(value, i, k, image); gx != nil {
					s.loop.adjoint(s, k, gx, gy, s.weights[value])
				}
			}
			if gw != nil {
				s.loop.weight(s, gw, gy, m.output(s.node.Inputs[0], image, image+1))
			}
		}
	}
}

func linearDual[T pass.Real](m *Executor[T], i, lo, hi int) {
	linearBackward(m, i, lo, hi)
	s := &m.steps[i]
	for part := lo; part < hi; part++ {
		first, end := m.state.Span(part)
		gw := m.slot(tangent, i, part)
		for image := first; image < end; image++ {
			gy, ty := m.gradients(value, i, image, image+1), m.gradients(tangent, i, image, image+1)
			for k, in := range s.node.Inputs {
				tx := m.gradientOf(tangent, i, k, image)
				if tx != nil {
					s.loop.adjoint(s, k, tx, ty, s.weights[value])
				}
				if s.weights[tangent] == nil {
					continue
				}
				if tx != nil {
					s.loop.adjoint(s, k, tx, gy, s.weights[tangent])
				}
				s.loop.weight(s, gw, ty, m.output(in, image, image+1))
				if x := m.outputs(tangent, in, image, image+1); x != nil {
					s.loop.weight(s, gw, gy, x)
				}
			}
		}
	}
}

func rectify[T pass.Real](m *Executor[T], i, lo, hi int) {
	x, y := m.output(m.steps[i].node.Inputs[0], lo, hi), m.output(i, lo, hi)
	y = y[:len(x)]
	for k, v := range x {
		y[k] = max(v, 0)
	}
}

func rectifyTangent[T pass.Real](m *Executor[T], i, lo, hi int) {
	x, y := m.outputs(tangent, m.steps[i].node.Inputs[0], lo, hi), m.outputs(tangent, i, lo, hi)
	if x == nil {
		clear(y)
		return
	}
	for k, v := range m.output(i, lo, hi) {
		t := x[k] // which may be y[k]
		if !(v > 0) {
			t = 0
		}
		y[k] = t
	}
}

func rectifyBackward[T pass.Real](m *Executor[T], i, lo, hi int) { rectifyLane(m, value, i, lo, hi) }

func rectifyDual[T pass.Real](m *Executor[T], i, lo, hi int) {
	rectifyLane(m, value, i, lo, hi)
	rectifyLane(m, tangent, i, lo, hi)
}

func rectifyLane[T pass.Real](m *Executor[T], lane, i, lo, hi int) {
	gx, gy := m.gradients(lane, m.steps[i].node.Inputs[0], lo, hi), m.gradients(lane, i, lo, hi)
	if gx == nil {
		return
	}
	for k, v := range m.output(i, lo, hi) {
		if v > 0 {
			gx[k] += gy[k]
		}
	}
}

func maxPool[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	n := &s.node
	lowest := T(math.Inf(-1))
	for image := lo; image < hi; image++ {
		x := m.output(n.Inputs[0], image, image+1)
		y := m.output(i, image, image+1)
		for k := range y {
			y[k] = lowest
		}
		if s.argmax == nil {
			plan.Windows(n, &s.from[0], func(out, from, _ int) {
				a := y[out*n.C:][:n.C]
				for k, v := range x[from*n.C:][:n.C] {
					a[k] = max(a[k], v)
				}
			})
			continue
		}
		where := s.argmax[image*s.out : (image+1)*s.out]
		plan.Windows(n, &s.from[0], func(out, from, tap int) {
			a, b := y[out*n.C:][:n.C], where[out*n.C:][:n.C]
			for k, v := range x[from*n.C:][:n.C] {
				if v > a[k] { // the first of equals wins
					a[k], b[k] = v, uint8(tap)
				}
			}
		})
	}
}

// winners calls f for every output value of a max pool and the input value that won it.
func winners[T pass.Real](m *Executor[T], i, image int, f func(out, from int)) {
	s := &m.steps[i]
	n := &s.node
	where := s.argmax[image*s.out : (image+1)*s.out]
	plan.Windows(n, &s.from[0], func(out, from, tap int) {
		for k, t := range where[out*n.C:][:n.C] {
			if t == uint8(tap) {
				f(out*n.C+k, from*n.C+k)
			}
		}
	})
}

func maxPoolTangent[T pass.Real](m *Executor[T], i, lo, hi int) {
	for image := lo; image < hi; image++ {
		x := m.outputs(tangent, m.steps[i].node.Inputs[0], image, image+1)
		y := m.outputs(tangent, i, image, image+1)
		clear(y)
		if x != nil {
			winners(m, i, image, func(out, from int) { y[out] = x[from] })
		}
	}
}

func maxPoolBackward[T pass.Real](m *Executor[T], i, lo, hi int) { maxPoolLane(m, value, i, lo, hi) }

func maxPoolDual[T pass.Real](m *Executor[T], i, lo, hi int) {
	maxPoolLane(m, value, i, lo, hi)
	maxPoolLane(m, tangent, i, lo, hi)
}

func maxPoolLane[T pass.Real](m *Executor[T], lane, i, lo, hi int) {
	for image := lo; image < hi; image++ {
		gx, gy := m.gradientOf(lane, i, 0, image), m.gradients(lane, i, image, image+1)
		if gx != nil {
			winners(m, i, image, func(out, from int) { gx[from] += gy[out] })
		}
	}
}

func dropPath[T pass.Real](m *Executor[T], i, lo, hi int) { dropPathLane(m, value, i, lo, hi) }

func dropPathTangent[T pass.Real](m *Executor[T], i, lo, hi int) { dropPathLane(m, tangent, i, lo, hi) }

func dropPathLane[T pass.Real](m *Executor[T], lane, i, lo, hi int) {
	s := &m.steps[i]
	for image := lo; image < hi; image++ {
		x, y := m.outputs(lane, s.node.Inputs[0], image, image+1), m.outputs(lane, i, image, image+1)
		scale := T(m.state.Drops.Scale(s.drop, image, m.state.Norm))
		for k := range y {
			if x == nil {
				y[k] = 0
				continue
			}
			y[k] = x[k] * scale
		}
	}
}

func dropPathBackward[T pass.Real](m *Executor[T], i, lo, hi int) {
	dropPathGradient(m, value, i, lo, hi)
}

func dropPathDual[T pass.Real](m *Executor[T], i, lo, hi int) {
	dropPathGradient(m, value, i, lo, hi)
	dropPathGradient(m, tangent, i, lo, hi)
}

func dropPathGradient[T pass.Real](m *Executor[T], lane, i, lo, hi int) {
	for image := lo; image < hi; image++ {
		gx, gy := m.gradientOf(lane, i, 0, image), m.gradients(lane, i, image, image+1)
		scale := T(m.state.Drops.Scale(m.steps[i].drop, image, m.state.Norm))
		for k := range gx {
			gx[k] += T(gy[k] * scale)
		}
	}
}
