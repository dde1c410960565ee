package estimators

import (
	"context"
	"fmt"
	"math"

	"rwe301/bench301"
	"rwe301/network"
)

// synflow is ln sum |W * dR/dW| over the layers (Tanaka et al. 2020, arXiv 2006.05467, as NASLib computes it).
type synflow struct{ Initial }

// Estimate implements Estimator.
func (e synflow) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	perLayer, err := e.layers(ctx, a, env)
	if err != nil {
		return Score{}, err
	}
	raw := sum(perLayer)
	if !(raw > 0) {
		return Score{}, fmt.Errorf("the sum over the layers is %v and has no logarithm: %w", raw, ErrUndefined)
	}
	return Score{Value: math.Log(raw)}, nil
}

// layers are sum |W * dR/dW|, a layer each: R is the sum of the logits of one image of ones in the network with the
// absolute values of all parameters and without normalisation, in float64.
func (e synflow) layers(ctx context.Context, a bench301.Architecture, env *Env) ([]float64, error) {
	m, err := e.model(a, env, 0)
	if err != nil {
		return nil, err
	}
	x, err := network.NewExecutor64(m.plan, network.Options{Batch: 1, Gradients: true})
	if err != nil {
		return nil, err
	}
	theta, g := make([]float64, len(m.theta)), make([]float64, len(m.theta))
	for i, v := range m.theta {
		theta[i] = math.Abs(float64(v))
	}
	input := m.plan.Graph().Nodes[0]
	if err := x.Forward(theta, ones[float64](input.H*input.W*input.C), 1, network.NoNorm); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := x.Backward(network.Cotangents[float64]{Logits: ones[float64](m.plan.Classes())}, g, nil); err != nil {
		return nil, err
	}
	return layerProducts(m.plan, theta, g, math.Abs), nil
}

func ones[T network.Real](n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = 1
	}
	return out
}
