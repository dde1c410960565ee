package fused

import (
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// hessianProduct computes products of the Hessian of the mean cross-entropy and a vector: it differentiates the forward
// and the backward pass along that vector.
type hessianProduct struct {
	tangentPass
	dualPass
	loss, lossTangent []float32 // the gradient with respect to the logits, and its derivative
}

func newHessianProduct(b *backwardPass) *hessianProduct {
	logits := b.Options.Batch * b.Plan.Classes()
	p := &hessianProduct{loss: make([]float32, logits), lossTangent: make([]float32, logits)}
	p.tangentPass = tangentPass{data: b.data, statistics: b.statistics}
	p.dualPass = dualPass{backwardPass: b, tangentSums: make([]float64, 2*len(b.sums)), logits: p.lossTangent}
	return p
}

// run is HessianVector after a forward pass that yielded logits.
func (p *hessianProduct) run(logits []float32, labels []int, v, hv []float32) error {
	b := p.backwardPass
	gradient, derivative := p.loss[:len(logits)], p.lossTangent[:len(logits)]
	if _, err := pass.CrossEntropy(logits, labels, gradient); err != nil {
		return err
	}
	b.direction = v
	p.tangentPass.run()
	p.logitTangents(derivative)
	pass.SoftmaxTangent(derivative, logits, derivative, b.N)
	b.cotangents, b.gTheta, b.gInput = pass.Cotangents[float32]{Logits: gradient}, nil, nil
	b.run(hv, &p.dualPass)
	return nil
}

// logitTangents copies the tangents of the logits.
func (tp *tangentPass) logitTangents(out []float32) {
	k := tp.design.Values[tp.Plan.Graph().Logits].Tensor
	classes := tp.Plan.Classes()
	for image := range tp.N {
		copy(out[image*classes:][:classes], tp.tangentView(k, image).Data)
	}
}

// setTangents finds what s does to tangents, given those of mean and inverse: z' = scale*x' + (scale'*x + shift'). The
// parameters' are v.
func (s *normalisation) setTangents(theta, v []float32) {
	for c := range s.mean {
		s.tangentMean[c], s.tangentInverse[c] = 0, 0
		s.setTangent(theta, v, c)
	}
}

func (s *normalisation) setTangent(theta, v []float32, c int) {
	gain, _ := s.parameters(theta, c)
	tGain, tBias := 0.0, 0.0
	if s.gain >= 0 {
		tGain, tBias = s.parameters(v, c)
	}
	scale := gain * s.inverse[c]
	tScale := float64(tGain*s.inverse[c]) + float64(gain*s.tangentInverse[c])
	at := s.on.Place(c)
	s.tangentScale[at] = float32(tScale)
	s.tangentShift[at] = float32(tBias - float64(float64(s.tangentScale[at])*s.mean[c]) - float64(scale*s.tangentMean[c]))
}

// normaliseTangent finds the derivatives of the statistics of unit u's output from its sums of x' and x'*x: of the
// mean, sum(x')/n; of the variance, 2*(sum(x'*x)/n - mean*mean'); of r = (variance + epsilon)^(-1/2), -r^3/2 times the
// latter.
func (st *statistics) normaliseTangent(u *unit) {
	norm, first, _ := st.design.Summed(u.Out)
	s := &st.norms[norm]
	width := u.Out.Width
	totals := st.add64(st.partial[u.Sums:], st.design.Sums, 2*width)
	count := float64(st.N * u.Out.H * u.Out.W)
	for k := range u.Out.C {
		at, c := u.Out.Place(k), first+k
		r := s.inverse[c]
		s.tangentMean[c] = totals[at] / count
		s.tangentInverse[c] = -r * r * r * (totals[width+at]/count - float64(s.mean[c]*s.tangentMean[c]))
		s.setTangent(st.Theta, st.direction, c)
	}
}

// normaliseDual differentiates normaliseBackward, and sets the tangents of the gradients of gain and bias.
func (dp *dualPass) normaliseDual(sum *plan.BackSum, gradient []float32) {
	s := &dp.norms[sum.Norm]
	if dp.Norm == pass.NoNorm {
		return
	}
	width := s.on.Width
	totals := dp.add64(dp.tangentSums[2*sum.Partial:], 2*dp.stride, 4*width)
	count := float64(dp.N * s.on.H * s.on.W)
	for c := range s.mean {
		at := s.on.Place(c)
		gain, _ := s.parameters(dp.Theta, c)
		tGain := 0.0
		if s.gain >= 0 {
			tGain, _ = s.parameters(dp.direction, c)
		}
		r, tr, mean, tMean := s.inverse[c], s.tangentInverse[c], s.mean[c], s.tangentMean[c]
		first, second := s.first[c], s.second[c] // of dz and dz*(y-mean)
		tFirst := totals[at]
		tSecond := totals[width+at] + totals[3*width+at] - float64(tMean*first) - float64(mean*tFirst)
		s.tangentA[at], s.tangentB[at], s.tangentC[at] = float32(float64(tGain*r)+float64(gain*tr)), 0, 0
		if dp.Norm == pass.BatchNorm {
			slope := -gain * r * r * r * second / count
			tSlope := -(float64(tGain*r*r*r*second) + float64(3*gain*r*r*tr*second) + float64(gain*r*r*r*tSecond)) / count
			s.tangentB[at] = float32(tSlope)
			s.tangentC[at] = float32(-(float64(tGain*r*first)+float64(gain*tr*first)+float64(gain*r*tFirst))/count -
				float64(float64(s.tangentB[at])*mean) - float64(slope*tMean))
		}
		if s.gain >= 0 {
			gradient[s.gain+c] = float32(float64(tr*second) + float64(r*tSecond))
			gradient[s.bias+c] = float32(tFirst)
		}
	}
}
