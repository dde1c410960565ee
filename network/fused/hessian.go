package fused

import (
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// HessianVector sets hv to the exact product of v, a direction in the space of theta, and the Hessian of the mean
// cross-entropy of the last Forward's logits. It differentiates the forward and the backward pass along v (Pearlmutter 1994, "Fast
// exact multiplication by the Hessian"), through BatchNorm's statistics too. ReLU and max pooling count as linear
// where they are, as they do in every backward pass. It needs Options.Hessian.
func (e *Executor) HessianVector(labels []int, v, hv []float32) error {
	if err := pass.CheckDirection(e.design.Plan, e.design.Options, e.done, e.n, labels, len(v), len(hv)); err != nil {
		return err
	}
	if e.wide != nil {
		return e.wide.product(e, labels, v, hv)
	}
	b := e.back
	size := e.n * e.design.Plan.Classes()
	gradient, derivative := b.loss[:size], b.lossTangent[:size]
	if _, err := pass.CrossEntropy(e.Logits(), labels, gradient); err != nil {
		return err
	}
	e.direction = v
	for k := range e.ready {
		e.ready[k].pack(&e.ready[k].direction, e.design.Plan, v)
	}
	for k := range e.norms {
		e.norms[k].tangents(e.theta, v, 0)
	}
	for k := range e.design.Stages {
		s := &e.design.Stages[k]
		e.current = s
		e.share(tangentTask, e.n)
		for _, u := range s.Units {
			u := e.of(u)
			if u.Sums >= 0 && e.norm == pass.BatchNorm {
				e.normaliseTangent(u)
			}
		}
	}
	e.logitTangents(derivative)
	pass.SoftmaxTangent(derivative, e.Logits(), derivative, e.n)
	b.cotangents, b.theta, b.input = pass.Cotangents[float32]{Logits: gradient}, nil, nil
	e.backpropagate(hv, true)
	return nil
}

// logitTangents copies the tangents of the logits.
func (e *Executor) logitTangents(out []float32) {
	k := e.design.Values[e.design.Plan.Graph().Logits].Tensor
	classes := e.design.Plan.Classes()
	for image := range e.n {
		copy(out[image*classes:][:classes], e.tangentView(k, image).Data)
	}
}

// tangents finds what s does to tangents, given those of mean and inverse: z' = scale*x' + (scale'*x + shift'). The
// parameters' are v. Channels are counted from first on.
func (s *normalisation) tangents(theta, v []float32, first int) {
	for c := first; c < len(s.mean); c++ {
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
	tScale := tGain*s.inverse[c] + gain*s.tangentInverse[c]
	at := s.on.Place(c)
	s.tangentScale[at] = float32(tScale)
	s.tangentShift[at] = float32(tBias - float64(s.tangentScale[at])*s.mean[c] - scale*s.tangentMean[c])
}

// normaliseTangent finds the derivatives of the statistics of unit u's output from its sums of x' and x'*x: of the mean,
// sum(x')/n; of the variance, 2*(sum(x'*x)/n - mean*mean'); of r = (variance + epsilon)^(-1/2), -r^3/2 times the latter.
func (e *Executor) normaliseTangent(u *unit) {
	norm, first, _ := e.design.Summed(u.Out)
	s := &e.norms[norm]
	width := u.Out.Width
	totals := e.add64(e.partial[u.Sums:], e.design.Sums, 2*width)
	count := float64(e.n * u.Out.H * u.Out.W)
	for k := range u.Out.C {
		at, c := u.Out.Place(k), first+k
		r := s.inverse[c]
		s.tangentMean[c] = totals[at] / count
		s.tangentInverse[c] = -r * r * r * (totals[width+at]/count - s.mean[c]*s.tangentMean[c])
		s.setTangent(e.theta, e.direction, c)
	}
}

// normaliseDual differentiates normaliseBackward, and sets the tangents of the gradients of gain and bias.
func (e *Executor) normaliseDual(sum *plan.BackSum, gradient []float32) {
	b, s := e.back, &e.norms[sum.Norm]
	if e.norm == pass.NoNorm {
		return
	}
	width := s.on.Width
	totals := e.add64(b.dual[2*sum.Partial:], 2*b.sums, 4*width)
	count := float64(e.n * s.on.H * s.on.W)
	for c := range s.mean {
		at := s.on.Place(c)
		gain, _ := s.parameters(e.theta, c)
		tGain := 0.0
		if s.gain >= 0 {
			tGain, _ = s.parameters(e.direction, c)
		}
		r, tr, mean, tMean := s.inverse[c], s.tangentInverse[c], s.mean[c], s.tangentMean[c]
		first, second := s.first[c], s.second[c] // of dz and dz*(y-mean)
		tFirst := totals[at]
		tSecond := totals[width+at] + totals[3*width+at] - tMean*first - mean*tFirst
		s.tangentA[at], s.tangentB[at], s.tangentC[at] = float32(tGain*r+gain*tr), 0, 0
		if e.norm == pass.BatchNorm {
			slope := -gain * r * r * r * second / count
			tSlope := -(tGain*r*r*r*second + 3*gain*r*r*tr*second + gain*r*r*r*tSecond) / count
			s.tangentB[at] = float32(tSlope)
			s.tangentC[at] = float32(-(tGain*r*first+gain*tr*first+gain*r*tFirst)/count - float64(s.tangentB[at])*mean - slope*tMean)
		}
		if s.gain >= 0 {
			gradient[s.gain+c] = float32(tr*second + r*tSecond)
			gradient[s.bias+c] = float32(tFirst)
		}
	}
}
