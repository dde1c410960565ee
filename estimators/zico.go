package estimators

import (
	"context"
	"fmt"
	"math"

	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// The registry's entry.
var zicoEntry = define(Info{
	Name: "zico", Measures: "mean over deviation of gradients",
	Family: Gradients, Random: true, Needs: Needs{Data: true, Labels: true, Gradients: true},
	Direction: Higher, Unit: "nats", Cost: Seconds,
	Paper: "Li, Yang, Bhardwaj, Marculescu 2023, ZiCo, arXiv 2301.11300", Cites: []string{"li2023zico"},
	Formula: "sum over layers of ln sum over weights of mean_b |g_b| / std_b(g_b), g_b the gradient of " +
		"batch b",
	Mode: gradMode + ", several batches",
	Caveats: "heavy-tailed: a weight whose gradients nearly agree moves its whole layer; float32 and " +
		"float64 differ by up to 1e-3",
}, zicoSettings{plainProxy(128), 2}, func(s zicoSettings) Estimator { return zico{s} })

// zicoSettings are the settings of ZiCo: a proxy's, of which several batches are taken.
type zicoSettings struct {
	proxySettings
	Batches int `json:"batches"`
}

func (s zicoSettings) validate() error {
	if s.Batches < 2 || s.Batches > 1000 {
		return fmt.Errorf("batches: %d: must lie in [2, 1000]: deviations need two", s.Batches)
	}
	return s.proxySettings.validate()
}

func (s zicoSettings) reads() []inputs.Span {
	return []inputs.Span{{Drawn: true, To: s.Batch * s.Batches}}
}

// zico is sum over layers of ln sum_i mean_b |g_bi| / std_b(g_bi), g_b being the gradient of the mean cross-entropy of
// batch b (Li, Yang, Bhardwaj and Marculescu 2023, arXiv 2301.11300).
type zico struct{ zicoSettings }

func (e zico) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	return precision.Either(e.Precision, zicoOf[float32], zicoOf[float64])(ctx, e.zicoSettings, a, env)
}

func zicoOf[T network.Real](ctx context.Context, s zicoSettings, a bench301.Architecture, env *Env) (Score, error) {
	t, err := trialOf[T](s.proxySettings, a, env,
		func(*network.Plan) network.Options { return network.Options{Gradients: true} })
	if err != nil {
		return Score{}, err
	}
	var gradients [][]T
	for b := range s.Batches {
		if err := ctx.Err(); err != nil {
			return Score{}, err
		}
		images, err := env.batch(s.Batch, b, s.Resolution, s.Augment)
		if err != nil {
			return Score{}, err
		}
		g := make([]T, len(t.theta))
		if err := lossGradient(t.exec, t.theta, precision.Convert[T](images.Pixels), images.Labels, g); err != nil {
			return Score{}, err
		}
		gradients = append(gradients, g)
	}
	perLayer := zicoLayers(t.plan, gradients)
	if len(perLayer) == 0 {
		return Score{}, fmt.Errorf("the gradients of all batches are equal: %w", ErrUndefined)
	}
	return Score{Value: linear.Sum(perLayer)}, nil
}

// lossGradient sets g to the gradient of the mean cross-entropy of a batch, in train mode.
func lossGradient[T network.Real](x network.Runner[T], theta, pixels []T, labels []int, g []T) error {
	if err := x.Forward(theta, pixels, len(labels), network.BatchNorm); err != nil {
		return err
	}
	cotangent := make([]T, len(x.Logits()))
	if _, err := network.CrossEntropy(x.Logits(), labels, cotangent); err != nil {
		return err
	}
	return x.Backward(network.Cotangents[T]{Logits: cotangent}, g, nil)
}

// zicoLayers are the logarithms of the layers. Weights whose gradients agree are left out, and so are layers in which
// all do.
func zicoLayers[T network.Real](p *network.Plan, gradients [][]T) []float64 {
	var out []float64
	n := float64(len(gradients))
	for _, l := range p.Layers() {
		total := 0.0
		for i := l.Weight.Offset; i < l.Weight.Offset+l.Weight.Size; i++ {
			var mean, size, square float64
			for _, g := range gradients {
				mean += float64(g[i]) / n
				size += math.Abs(float64(g[i])) / n
			}
			for _, g := range gradients {
				d := float64(g[i]) - mean
				square += d * d / n
			}
			if square > 0 {
				total += size / math.Sqrt(square)
			}
		}
		if total > 0 {
			out = append(out, math.Log(total))
		}
	}
	return out
}
