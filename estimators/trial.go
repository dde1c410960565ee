package estimators

import (
	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// trial is a network, a batch of images, and an executor made for one score.
type trial[T network.Real] struct {
	plan   *network.Plan
	theta  []T // nil where a score draws weights of its own
	pixels []T
	labels []int
	exec   network.Runner[T]
}

// trialOf makes a trial with random weights. Options without a Batch get the settings'.
func trialOf[T network.Real](s proxySettings, a bench301.Architecture, env *Env,
	options func(*network.Plan) network.Options) (*trial[T], error) {
	m, err := s.model(a, env, 0)
	if err != nil {
		return nil, err
	}
	t, err := newTrial[T](m.plan, s.Batch, s.Augment, env, options)
	if err != nil {
		return nil, err
	}
	t.theta = precision.Convert[T](m.theta)
	return t, nil
}

// bareTrial makes a trial without weights, of images as they are.
func bareTrial(s sizeSettings, batch int, a bench301.Architecture, env *Env,
	options func(*network.Plan) network.Options) (*trial[float32], error) {
	p, err := s.compile(a)
	if err != nil {
		return nil, err
	}
	return newTrial[float32](p, batch, false, env, options)
}

func newTrial[T network.Real](p *network.Plan, batch int, augment bool, env *Env,
	options func(*network.Plan) network.Options) (*trial[T], error) {
	images, err := env.batch(batch, 0, p.Graph().Nodes[0].H, augment)
	if err != nil {
		return nil, err
	}
	o := options(p)
	if o.Batch == 0 {
		o.Batch = batch
	}
	exec, err := executor[T](env, p, o)
	return &trial[T]{plan: p, pixels: precision.Convert[T](images.Pixels), labels: images.Labels, exec: exec}, err
}

// standard fills parameters: weights from N(0, 1), biases 0, normalisations 1 and 0.
func standard(theta []float32, p *network.Plan, rng inputs.Rand) {
	for _, v := range p.Views() {
		w := theta[v.Offset : v.Offset+v.Size]
		switch v.Kind {
		case bench301.ConvWeight, bench301.LinearWeight:
			normals(w, rng)
		case bench301.NormWeight:
			copy(w, ones[float32](len(w)))
		default:
			clear(w)
		}
	}
}

// normals draws from N(0, 1).
func normals(x []float32, rng inputs.Rand) {
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
}
