package estimators

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"rwe301/bench301"
	"rwe301/network"
)

// Zen are the settings of the Zen-score: the network's size and the batch.
type Zen struct {
	Size
	Batch int `json:"batch"` // random images
}

// Validate says which setting is out of range.
func (s Zen) Validate() error {
	if s.Batch < 2 || s.Batch > 1<<16 {
		return fmt.Errorf("batch: %d: must lie in [2, %d]", s.Batch, 1<<16)
	}
	return s.Size.Validate()
}

// zenInput is what the Zen-score draws: weights, and two batches of images.
type zenInput struct {
	theta, x1, x2 []float32
}

type zenKey struct{ Zen }

// input draws weights and images from N(0, 1); biases are 0 and normalisations the identity.
func (s Zen) input(p *network.Plan, a bench301.Architecture, env *Env) (zenInput, error) {
	return share(env, zenKey{s}, func() (zenInput, error) {
		g := p.Graph().Nodes[0]
		in := zenInput{make([]float32, p.NumParams()), make([]float32, s.Batch*g.H*g.W*g.C), nil}
		in.x2 = make([]float32, len(in.x1))
		rng := env.rng("zen weights", a.ID())
		for _, v := range p.Views() {
			standard(in.theta[v.Offset:v.Offset+v.Size], v.Kind, rng)
		}
		rng = env.rng("zen images")
		for _, x := range [][]float32{in.x1, in.x2} {
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
		}
		return in, nil
	})
}

// standard fills a parameter tensor: weights from N(0, 1), biases 0, normalisations 1 and 0.
func standard(w []float32, k bench301.ParamKind, rng *rand.Rand) {
	for i := range w {
		switch k {
		case bench301.ConvWeight, bench301.LinearWeight:
			w[i] = float32(rng.NormFloat64())
		case bench301.NormWeight:
			w[i] = 1
		default:
			w[i] = 0
		}
	}
}

// zen is ln mean_n sum |f(x1) - f(x1 + 0.01 x2)| + sum over normalisations of ln sqrt(mean_c running variance), f being
// the last cell's map (Lin et al. 2021, arXiv 2102.01063, as NASLib computes it).
type zen struct{ Zen }

// Estimate implements Estimator.
func (e zen) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	p, err := e.compile(a)
	if err != nil {
		return Score{}, err
	}
	in, err := e.input(p, a, env)
	if err != nil {
		return Score{}, err
	}
	features := p.Graph().Features
	x, err := executor[float32](env, p, network.Options{Batch: e.Batch, Keep: []int{features}})
	if err != nil {
		return Score{}, err
	}
	if err := x.Forward(in.theta, in.x1, e.Batch, network.BatchNorm); err != nil {
		return Score{}, err
	}
	first, _, _, _ := x.Output(features)
	first = append([]float32(nil), first...)
	mixed := make([]float32, len(in.x1))
	for i := range mixed {
		mixed[i] = in.x1[i] + float32(0.01*in.x2[i]) // rounded twice, so that no fused operation changes it
	}
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	if err := x.Forward(in.theta, mixed, e.Batch, network.BatchNorm); err != nil {
		return Score{}, err
	}
	second, _, _, _ := x.Output(features)
	difference := 0.0
	for i, v := range first {
		difference += math.Abs(float64(v) - float64(second[i]))
	}
	score := math.Log(difference / float64(e.Batch))
	for _, node := range p.NodesOf(bench301.BatchNorm) {
		_, variance := x.Running(p.Graph().Nodes[node].Name)
		score += math.Log(math.Sqrt(mean(variance)))
	}
	return Score{Value: score}, nil
}
