package estimators

import (
	"context"
	"fmt"
	"math/bits"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// The ways of running a batch, for Info.Mode.
const (
	trainMode = "random weights, one batch of training images, batch statistics"
	gradMode  = trainMode + ", gradient of the mean cross-entropy"
	evalMode  = "random weights, one batch of training images, normalisations with mean 0 and variance 1"
	evalForm  = "with normalisations that do not look at the batch, because in train mode the score is rounding noise " +
		"on these networks"
)

// proxy are the defaults of NAS-Bench-Suite-Zero.
var proxy = proxySettings{initialSettings: suiteInitial, Batch: 32, Augment: true, Precision: precision.Float32}

// plainProxy is a proxy of images as they are.
func plainProxy(batch int) proxySettings {
	p := proxy
	p.Batch, p.Augment = batch, false
	return p
}

// proxySettings are the settings of scores of one batch of training images and a network with random weights.
type proxySettings struct {
	initialSettings
	Batch     int            `json:"batch"`   // images
	Augment   bool           `json:"augment"` // crop and flip them at random
	Precision precision.Name `json:"precision"`
}

func (s proxySettings) validate() error {
	if s.Batch < 2 || s.Batch > 1<<16 {
		return fmt.Errorf("batch: %d: must lie in [2, %d]: batch statistics need two images", s.Batch, 1<<16)
	}
	if err := s.Precision.Validate(); err != nil {
		return err
	}
	return s.initialSettings.validate()
}

func (s proxySettings) reads() []inputs.Span { return []inputs.Span{{Drawn: true, To: s.Batch}} }

func (s proxySettings) side() int { return s.Resolution }

// passes runs one batch through one network. Its executor is shared, so whoever runs it says in state what it did.
type passes[T network.Real] struct {
	model
	theta   []T
	images  dataset.Images
	pixels  []T
	exec    network.Runner[T]
	weights []network.Layer
	agree   []int // how many ReLU inputs of images i and j agree in sign, n x n; nil until a train pass looked at them
	state   string
}

// States of passes.
const (
	stateTrain = "train" // batch statistics
	stateEval  = "eval"  // running statistics of a fresh network: mean 0, variance 1
)

// passesOf returns network, batch and executor of settings whose precision is T, an executor that multiplies by the
// Hessian if this or another estimator wants it.
func passesOf[T network.Real](s proxySettings, a bench301.Architecture, env *Env, hessian bool) (*passes[T], error) {
	images, err := env.batch(s.Batch, 0, s.Resolution, s.Augment)
	if err != nil {
		return nil, err
	}
	m, err := s.model(a, env, 0)
	if err != nil {
		return nil, err
	}
	type key struct {
		proxySettings
		hessian bool
	}
	hessian = hessian || env.asked[wantsHessian{s}]
	return share(env, key{s, hessian}, func() (*passes[T], error) {
		p := &passes[T]{model: m, theta: precision.Convert[T](m.theta), images: images,
			pixels: precision.Convert[T](images.Pixels), weights: m.plan.Layers()}
		var err error
		p.exec, err = executor[T](env, m.plan, network.Options{Batch: s.Batch, Gradients: true, Hessian: hessian,
			Probes: signProbes(m.plan), PerImage: true})
		return p, err
	})
}

// executor returns an executor that env closes: when the estimate is done, or the architecture if it is part of shared
// work.
func executor[T network.Real](env *Env, p *network.Plan, o network.Options) (network.Runner[T], error) {
	o.Workers, o.Memory, o.Meter = min(env.Workers, o.Batch), &env.memory, &env.meter
	x, err := precision.NewRunner[T](p, o)
	if err == nil {
		env.work.closeLater(x.Close)
	}
	return x, err
}

// room says whether the memory of an executor and so many bytes more are free, for a batch of images.
func room(p *network.Plan, o network.Options, more int64, batch int) error {
	need := p.Memory(o)
	if need >= 0 {
		need += more
	}
	return network.CheckMemory(need, batch)
}

// forward runs the batch in a state, unless that is what the executor did last. With signs, a train pass counts
// agreement.
func (p *passes[T]) forward(ctx context.Context, state string, signs bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	signs = signs && p.agree == nil
	if p.state == state && !signs {
		return nil
	}
	p.state = ""
	norm := network.BatchNorm
	var observer network.Observer[T]
	if state == stateEval {
		norm = network.RunningNorm
		p.exec.ResetRunning()
	}
	if signs {
		n := p.images.Len()
		p.agree = make([]int, n*n)
		observer.Signs = func(node int, signs []uint64) {
			g := p.plan.Graph().Nodes[node]
			countAgreement(p.agree, signs, n, g.H*g.W*g.C)
		}
	}
	p.exec.Observe(observer)
	defer p.exec.Observe(network.Observer[T]{})
	if err := p.exec.Forward(p.theta, p.pixels, p.images.Len(), norm); err != nil {
		if signs {
			p.agree = nil
		}
		return err
	}
	p.state = state
	return nil
}

// train makes sure that the train-mode forward pass has been run once, with signs if this or another estimator wants
// them; its time belongs to all who need it.
func (p *passes[T]) train(ctx context.Context, s proxySettings, env *Env, signs bool) error {
	type key struct {
		proxySettings
		signs bool
	}
	signs = signs || env.asked[wantsSigns{s}]
	_, err := share(env, key{s, signs}, func() (struct{}, error) {
		return struct{}{}, p.forward(ctx, stateTrain,
			signs)
	})
	return err
}

// What some estimators want of shared passes that others do not: the signs of ReLU inputs, each image's part of the
// weight gradients, and the Hessian.
type (
	wantsSigns   struct{ proxySettings }
	wantsParts   struct{ proxySettings }
	wantsHessian struct{ proxySettings }
)

// asking is an estimator that has such a wish.
type asking interface{ asks() any }

// countAgreement adds to agree[i*n+j] how many of the values, whose signs are given image by image, are positive in
// both images i and j or in neither.
func countAgreement(agree []int, signs []uint64, n, values int) {
	words := len(signs) / n
	for i := range n {
		a := signs[i*words : (i+1)*words]
		agree[i*n+i] += values
		for j := range i {
			differ := 0
			for k, w := range signs[j*words : (j+1)*words] {
				differ += bits.OnesCount64(w ^ a[k])
			}
			agree[i*n+j] += values - differ
			agree[j*n+i] += values - differ
		}
	}
}

// gradient is what one backward pass of the mean cross-entropy yields, in train mode.
type gradient[T network.Real] struct {
	plan     *network.Plan
	theta, g []T       // weights and derivatives
	fisher   []float64 // a layer, if it was asked for; see fisherLayers
}

// gradientOf runs the batch forward and backward, with what parts are needed for if this or another estimator wants it.
func gradientOf[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture, env *Env,
	parts bool) (*gradient[T], error) {
	p, err := passesOf[T](s, a, env, false)
	if err != nil {
		return nil, err
	}
	if err := p.train(ctx, s, env, false); err != nil {
		return nil, err
	}
	type key struct {
		proxySettings
		parts bool
	}
	parts = parts || env.asked[wantsParts{s}]
	return share(env, key{s, parts}, func() (*gradient[T], error) {
		if err := p.forward(ctx, stateTrain, false); err != nil {
			return nil, err
		}
		logits := p.exec.Logits()
		cotangent := make([]T, len(logits))
		if _, err := network.CrossEntropy(logits, p.images.Labels, cotangent); err != nil {
			return nil, fmt.Errorf("%w: %s has %d classes, which the setting classes must cover", err, env.Data.Name,
				len(env.Data.Classes))
		}
		f := newFisher(p)
		if parts {
			p.exec.Observe(network.Observer[T]{WeightProducts: f.part})
			defer p.exec.Observe(network.Observer[T]{})
		}
		g := make([]T, p.plan.NumParams())
		err := p.exec.Backward(network.Cotangents[T]{Logits: cotangent}, g, nil)
		out := &gradient[T]{plan: p.plan, theta: p.theta, g: g}
		if parts {
			out.fisher = f.layers(logits, cotangent)
		}
		return out, err
	})
}

// layerFunc computes a score a layer of weights, in the order of the parameters.
type layerFunc func(ctx context.Context, s proxySettings, a bench301.Architecture, env *Env) ([]float64, error)

// layerScores are scores that add up over the layers of weights.
type layerScores struct {
	proxySettings
	single, double layerFunc               // one function for either precision
	wants          func(proxySettings) any // see asking; nil asks for nothing
}

func (e layerScores) asks() any {
	if e.wants == nil {
		return nil
	}
	return e.wants(e.proxySettings)
}

func (e layerScores) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	perLayer, err := precision.Either(e.Precision, e.single, e.double)(ctx, e.proxySettings, a, env)
	return Score{Value: linear.Sum(perLayer)}, err
}

// layered builds an estimator that adds up a score a layer.
func layered(single, double layerFunc, wants func(proxySettings) any) func(proxySettings) Estimator {
	return func(s proxySettings) Estimator { return layerScores{s, single, double, wants} }
}
