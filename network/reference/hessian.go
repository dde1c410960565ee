package reference

import "rwe301/network/pass"

// HessianVector implements [pass.Runner].
func (m *Executor[T]) HessianVector(labels []int, v, hv []T) error {
	if err := m.state.CheckDirection(labels, v, hv); err != nil {
		return err
	}
	size := m.state.N * m.state.Plan.Classes()
	gradient, derivative := m.back.loss[value][:size], m.back.loss[tangent][:size]
	if _, err := pass.CrossEntropy(m.Logits(), labels, gradient); err != nil {
		return err
	}
	m.theta[tangent] = v
	m.pack(tangent)
	for i := 1; i < len(m.steps); i++ {
		if m.steps[i].stats != nil {
			m.normaliseTangent(i)
		}
		m.parallel(m.steps[i].tangent, i, m.state.N)
	}
	pass.SoftmaxTangent(derivative, m.Logits(), m.outputs(tangent, m.state.Plan.Graph().Logits, 0, m.state.N), m.state.N)
	m.back.inject = [lanes]pass.Cotangents[T]{{Logits: gradient}, {Logits: derivative}}
	m.back.theta, m.back.input = hv, nil
	m.backpropagate(true)
	return nil
}

// normaliseTangent finds the derivatives of the statistics of normalisation i: of the mean, the sum of x' / count; of
// the variance, 2 * sum((x - mean)*x') / count; of r = (variance + epsilon)^(-1/2), -r^3 / 2 times the latter.
func (m *Executor[T]) normaliseTangent(i int) {
	s := m.steps[i].stats
	if m.state.Norm != pass.BatchNorm {
		clear(s.tangentMean)
		clear(s.tangentInverse)
		return
	}
	totals := m.total(m.steps[i].tangentSums, i, 2)
	count := m.count(i)
	c := len(s.mean)
	for k := range c {
		r := s.inverse[k]
		s.tangentMean[k] = totals[k] / count
		s.tangentInverse[k] = -r * r * r * totals[c+k] / count
	}
}

// tangentSums fills partial with the sums of x' and of (x - mean)*x'.
func tangentSums[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	c := s.node.C
	for image := lo; image < hi; image++ {
		partial := m.partial[image*2*c : (image+1)*2*c]
		clear(partial)
		in := s.node.Inputs[0]
		x, t := m.output(in, image, image+1), m.outputs(tangent, in, image, image+1)
		for k, v := range t {
			partial[k%c] += float64(v)
			partial[c+k%c] += float64((float64(x[k]) - s.stats.mean[k%c]) * float64(v))
		}
	}
}

// affineTangent is y' = gain'*h + gain*h' + bias' with h' = (x' - mean')*r + (x - mean)*r'.
func affineTangent[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	in, c := s.node.Inputs[0], s.node.C
	x, tx, ty := m.output(in, lo, hi), m.outputs(tangent, in, lo, hi), m.outputs(tangent, i, lo, hi)
	if m.state.Norm == pass.NoNorm {
		clear(ty)
		copy(ty, tx)
		return
	}
	for ch := range c {
		gain, _ := m.affine(value, i, ch)
		tGain, tBias := m.affine(tangent, i, ch)
		for k := ch; k < len(x); k += c {
			h, th := dual(s.stats, x, tx, k, ch)
			ty[k] = T(float64(tGain*h) + float64(gain*th) + tBias)
		}
	}
}

// dual is the normalised value h of x[k], which lies in channel c, and its derivative. The derivatives of x are t, nil
// for zero.
func dual[T pass.Real](s *statistics, x, t []T, k, c int) (h, th float64) {
	d := float64(x[k]) - s.mean[c]
	th = -s.tangentMean[c]
	if t != nil {
		th += float64(t[k])
	}
	return d * s.inverse[c], float64(th*s.inverse[c]) + float64(d*s.tangentInverse[c])
}

// dualSums fills partial with the sums S1 and S2 of normaliseBackward and their derivatives.
func dualSums[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	in, c := s.node.Inputs[0], s.node.C
	for image := lo; image < hi; image++ {
		partial := m.partial[image*4*c : (image+1)*4*c]
		clear(partial)
		x, tx := m.output(in, image, image+1), m.outputs(tangent, in, image, image+1)
		gy, ty := m.gradients(value, i, image, image+1), m.gradients(tangent, i, image, image+1)
		for k := range x {
			ch := k % c
			h, th := dual(s.stats, x, tx, k, ch)
			g, t := float64(gy[k]), float64(ty[k])
			partial[ch] += g
			partial[c+ch] += float64(g * h)
			partial[2*c+ch] += t
			partial[3*c+ch] += float64(t*h) + float64(g*th)
		}
	}
}

// affineDual runs affineBackward and differentiates it.
func affineDual[T pass.Real](m *Executor[T], i, lo, hi int) {
	s := &m.steps[i]
	in, c := s.node.Inputs[0], s.node.C
	affineBackward(m, i, lo, hi)
	tgx, gy, ty := m.gradients(tangent, in, lo, hi), m.gradients(value, i, lo, hi), m.gradients(tangent, i, lo, hi)
	if tgx == nil {
		return
	}
	if m.state.Norm == pass.NoNorm {
		for k, v := range ty {
			tgx[k] += v
		}
		return
	}
	x, tx := m.output(in, lo, hi), m.outputs(tangent, in, lo, hi)
	count := m.count(i)
	for ch := range c {
		gain, _ := m.affine(value, i, ch)
		tGain, _ := m.affine(tangent, i, ch)
		a := gain * s.stats.inverse[ch]
		ta := float64(tGain*s.stats.inverse[ch]) + float64(gain*s.stats.tangentInverse[ch])
		s1, s2, t1, t2 := m.totals[ch]/count, m.totals[c+ch]/count, m.totals[2*c+ch]/count, m.totals[3*c+ch]/count
		for k := ch; k < len(x); k += c {
			h, th := dual(s.stats, x, tx, k, ch)
			g := float64(gy[k]) - s1 - float64(h*s2)
			tg := float64(ty[k]) - t1 - float64(th*s2) - float64(h*t2)
			tgx[k] += T(float64(ta*g) + float64(a*tg))
		}
	}
}
