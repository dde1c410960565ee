package reference

import (
	"math"

	"rwe301/network/pass"
)

// statistics are those of one batch normalisation, a value a channel. With count values a channel, mean mu and
// r = 1/sqrt(variance + epsilon), the normalised input is h = (x - mu)*r and the output gain*h + bias.
type statistics struct {
	running struct{ mean, variance []float64 }
	mean    []float64 // of the current pass
	inverse []float64 // r of the current pass

	tangentMean, tangentInverse []float64 // derivatives of mean and inverse along the direction
}

func newStatistics(channels int, hessian bool) *statistics {
	fresh := func() []float64 { return make([]float64, channels) }
	s := &statistics{mean: fresh(), inverse: fresh()}
	s.running.mean, s.running.variance = fresh(), fresh()
	if hessian {
		s.tangentMean, s.tangentInverse = fresh(), fresh()
	}
	return s
}

// ResetRunning implements [pass.Runner].
func (m *Executor[T]) ResetRunning() {
	m.updates = 0
	for _, s := range m.norms {
		for c := range s.running.mean {
			s.running.mean[c], s.running.variance[c] = 0, 1
		}
	}
}

// Running implements [pass.Runner].
func (m *Executor[T]) Running(name string) (mean, variance []float64) {
	s := m.norms[name]
	if s == nil {
		return nil, nil
	}
	return s.running.mean, s.running.variance
}

// SetMomentum implements [pass.Runner].
func (m *Executor[T]) SetMomentum(momentum float64) { m.momentum = momentum }

// count is the number of values of a channel of node i in this pass.
func (m *Executor[T]) count(i int) float64 {
	n := &m.steps[i].node
	return float64(m.state.N * n.H * n.W)
}

// total runs f, which leaves k sums a channel and image in partial, and adds them up over the images into totals, in
// image order.
func (m *Executor[T]) total(f func(m *Executor[T], i, lo, hi int), i, k int) []float64 {
	m.parallel(f, i, m.state.N)
	width := k * m.steps[i].node.C
	totals := m.totals[:width]
	clear(totals)
	for image := range m.state.N {
		for j, v := range m.partial[image*width:][:width] {
			totals[j] += v
		}
	}
	return totals
}

// normalise finds the statistics with which node i normalises in this pass, and updates the running ones.
func (m *Executor[T]) normalise(i int) {
	s := m.steps[i].stats
	if m.state.Norm == pass.NoNorm {
		return
	}
	if m.state.Norm == pass.RunningNorm {
		for c := range s.mean {
			s.mean[c], s.inverse[c] = s.running.mean[c], 1/math.Sqrt(s.running.variance[c]+pass.Epsilon)
		}
		return
	}
	totals := m.total(m.steps[i].sums, i, 2)
	count := m.count(i)
	weight := m.momentum
	if weight <= 0 {
		weight = 1 / float64(m.updates)
	}
	channels := len(s.mean)
	for c := range channels {
		mean := totals[c] / count
		variance := max(0, totals[channels+c]/count-float64(mean*mean))
		s.mean[c], s.inverse[c] = mean, 1/math.Sqrt(variance+pass.Epsilon)
		unbiased := variance
		if count > 1 {
			unbiased *= count / (count - 1)
		}
		s.running.mean[c] += float64(weight * (mean - s.running.mean[c]))
		s.running.variance[c] += float64(weight * (unbiased - s.running.variance[c]))
	}
}

// sums fills partial with the sum and the sum of squares of node i's input.
func sums[T pass.Real](m *Executor[T], i, lo, hi int) {
	c := m.steps[i].node.C
	for image := lo; image < hi; image++ {
		partial := m.partial[image*2*c : (image+1)*2*c]
		clear(partial)
		sum, squares := partial[:c], partial[c:2*c]
		x := m.output(m.steps[i].node.Inputs[0], image, image+1)
		for ; len(x) >= c; x = x[c:] {
			for k, v := range x[:c] {
				f := float64(v)
				sum[k] += f
				squares[k] += float64(f * f)
			}
		}
	}
}

// gain is a lane of what normalisation i multiplies channel c by, and bias what it adds.
func (m *Executor[T]) affine(lane, i, c int) (gain, bias float64) {
	p := m.steps[i].node.Params
	switch {
	case len(p) > 0:
		theta, views := m.theta[lane], m.state.Plan.Views()
		return float64(theta[views[p[0]].Offset+c]), float64(theta[views[p[1]].Offset+c])
	case lane == tangent:
		return 0, 0
	}
	return 1, 0
}

func affine[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	x, y := m.output(s.node.Inputs[0], lo, hi), m.output(i, lo, hi)
	if m.state.Norm == pass.NoNorm {
		copy(y, x)
		return
	}
	for c := range s.node.C {
		gain, bias := m.affine(value, i, c)
		gain *= s.stats.inverse[c]
		scale, shift := T(gain), T(bias-float64(gain*s.stats.mean[c]))
		for k := c; k < len(x); k += s.node.C {
			y[k] = T(x[k]*scale) + shift
		}
	}
}

// normaliseBackward runs the backward step of normalisation i. With totals S1 = sum of gy and S2 = sum of gy*h over the
// batch, the gradients of bias and gain are S1 and S2, and gx = gain*r*(gy - S1/count - h*S2/count); the last two terms
// are the way through the batch's statistics. In the lane of tangents, all of it is differentiated once more.
func (m *Executor[T]) normaliseBackward(i int, dual bool) {
	s := &m.steps[i]
	f, k, lane, step := s.gradSums, 2, value, s.backward
	if dual {
		f, k, lane, step = s.dualSums, 4, tangent, s.dual
	}
	if m.state.Norm != pass.NoNorm {
		totals := m.total(f, i, k)
		c := s.node.C
		if p := s.node.Params; len(p) > 0 && m.back.theta != nil {
			theta, views := m.back.theta, m.state.Plan.Views()
			gain, bias := theta[views[p[0]].Offset:][:c], theta[views[p[1]].Offset:][:c]
			for j := range c {
				bias[j], gain[j] = T(totals[lane*2*c+j]), T(totals[lane*2*c+c+j])
			}
		}
		if m.state.Norm == pass.RunningNorm {
			clear(totals) // those statistics do not depend on x
		}
	}
	m.parallel(step, i, m.state.N)
}

// gradSums fills partial with the sums S1 and S2 of an image.
func gradSums[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	c := s.node.C
	for image := lo; image < hi; image++ {
		partial := m.partial[image*2*c : (image+1)*2*c]
		clear(partial)
		s1, s2 := partial[:c], partial[c:2*c]
		x, gy := m.output(s.node.Inputs[0], image, image+1), m.gradients(value, i, image, image+1)
		for ; len(x) >= c; x, gy = x[c:], gy[c:] {
			for k, v := range x[:c] {
				d := float64(gy[k])
				s1[k] += d
				s2[k] += float64(d * float64((float64(v)-s.stats.mean[k])*s.stats.inverse[k]))
			}
		}
	}
}

func affineBackward[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	c := s.node.C
	x, gx, gy := m.output(s.node.Inputs[0], lo, hi), m.gradients(value, s.node.Inputs[0], lo, hi), m.gradients(value, i,
		lo, hi)
	if gx == nil {
		return
	}
	if m.state.Norm == pass.NoNorm {
		for k, v := range gy {
			gx[k] += v
		}
		return
	}
	count := m.count(i)
	for ch := range c {
		gain, _ := m.affine(value, i, ch)
		a := gain * s.stats.inverse[ch]
		mean, s1, s2 := s.stats.mean[ch], m.totals[ch]/count, s.stats.inverse[ch]*m.totals[c+ch]/count
		for k := ch; k < len(x); k += c {
			gx[k] += T(a * (float64(gy[k]) - s1 - float64((float64(x[k])-mean)*s2)))
		}
	}
}
