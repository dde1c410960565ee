package estimators

import (
	"math"

	"rwe301/network"
)

// sgd is stochastic gradient descent with momentum and weight decay on a gradient whose norm is bounded, as PyTorch's
// clip_grad_norm_ and SGD do it: with norm ||g|| of the whole gradient,
//
//	g <- g * min(1, clip / (||g|| + 1e-6)) + decay * theta
//	v <- momentum * v + g
//	theta <- theta - rate * v
type sgd[T network.Real] struct {
	momentum, decay, clip float64 // clip 0 bounds nothing
	velocity              []T     // v, zero at first
}

// clipEpsilon is what clip_grad_norm_ adds to the norm.
const clipEpsilon = 1e-6

// step moves theta and returns the norm of the gradient as it came.
func (s *sgd[T]) step(theta, g []T, rate float64) (norm float64) {
	squares := 0.0
	for _, v := range g {
		f := float64(v)
		squares += float64(f * f)
	}
	norm = math.Sqrt(squares)
	factor := 1.0
	if s.clip > 0 {
		factor = min(1, s.clip/(norm+clipEpsilon))
	}
	for i, v := range g {
		d := float64(float64(v)*factor) + float64(s.decay*float64(theta[i]))
		s.velocity[i] = T(float64(s.momentum*float64(s.velocity[i])) + d)
		theta[i] -= T(rate * float64(s.velocity[i]))
	}
	return norm
}
