package estimators

import (
	"rwe301/bench301"
	"rwe301/network"
)

// trial is a network with random weights, a batch of images, and an executor made for one score.
type trial[T network.Real] struct {
	plan   *network.Plan
	theta  []T
	pixels []T
	labels []int
	exec   network.Runner[T]
}

// trialOf makes a trial of batch number k. Options without a Batch get the settings'.
func trialOf[T network.Real](s Proxy, k int, a bench301.Architecture, env *Env, options func(*network.Plan) network.Options) (*trial[T], error) {
	images, err := env.batch(s.Batch, k, s.Resolution, s.Augment)
	if err != nil {
		return nil, err
	}
	m, err := s.model(a, env, 0)
	if err != nil {
		return nil, err
	}
	o := options(m.plan)
	if o.Batch == 0 {
		o.Batch = s.Batch
	}
	exec, err := executor[T](env, m.plan, o)
	return &trial[T]{m.plan, convert[T](m.theta), convert[T](images.Pixels), images.Labels, exec}, err
}
