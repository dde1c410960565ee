package estimators

import (
	"context"
	"fmt"
	"math"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// The registry's entry.
var synflowEntry = define(Info{
	Name: "synflow", Measures: "|weight x gradient| without data",
	Family: Gradients, Random: true, Needs: Needs{Gradients: true}, Direction: Higher,
	Unit: "nats", Cost: Cheap,
	Paper:   "Tanaka et al. 2020, arXiv 2006.05467; as NASLib computes it",
	Cites:   []string{"tanaka2020synflow", "krishnakumar2022suite"},
	Formula: "ln of sum over layers of sum |W * dR/dW|, R the sum of the logits",
	Mode: "absolute values of random weights, one image of ones, no normalisation, values kept in range by " +
		"exact powers of two",
	Caveats: "grows with depth and width before anything else",
}, synflowSettings{suiteInitial, precision.Float32}, func(s synflowSettings) Estimator { return synflow{s} })

// synflowSettings are the settings of synflow.
type synflowSettings struct {
	initialSettings
	Precision precision.Name `json:"precision"`
}

func (s synflowSettings) validate() error {
	if err := s.Precision.Validate(); err != nil {
		return err
	}
	return s.initialSettings.validate()
}

// synflow is ln sum |W * dR/dW| over the layers (Tanaka et al. 2020, arXiv 2006.05467, as NASLib computes it).
type synflow struct{ synflowSettings }

func (e synflow) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	perLayer, err := e.layers(ctx, a, env)
	if err != nil {
		return Score{}, err
	}
	raw := linear.Sum(perLayer)
	if !(raw > 0) {
		return Score{}, fmt.Errorf("the sum over the layers is %v and has no logarithm: %w", raw, ErrUndefined)
	}
	return Score{Value: math.Log(raw)}, nil
}

// layers are sum |W * dR/dW|, a layer each: R is the sum of the logits of one image of ones in the network with the
// absolute values of all parameters and without normalisation.
func (s synflowSettings) layers(ctx context.Context, a bench301.Architecture, env *Env) ([]float64, error) {
	return precision.Either(s.Precision, synflowOf[float32], synflowOf[float64])(ctx, s, a, env)
}

func synflowOf[T network.Real](ctx context.Context, s synflowSettings, a bench301.Architecture,
	env *Env) ([]float64, error) {
	m, err := s.model(a, env, 0)
	if err != nil {
		return nil, err
	}
	x, err := executor[T](env, m.plan, network.Options{Batch: 1, Gradients: true})
	if err != nil {
		return nil, err
	}
	theta, g := make([]T, len(m.theta)), make([]T, len(m.theta))
	for i, v := range m.theta {
		theta[i] = T(math.Abs(float64(v)))
	}
	scale := level(m.plan, theta)
	input := m.plan.Graph().Nodes[0]
	if err := x.Forward(theta, ones[T](input.H*input.W*input.C), 1, network.NoNorm); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := x.Backward(network.Cotangents[T]{Logits: ones[T](m.plan.Classes())}, g, nil); err != nil {
		return nil, err
	}
	_, perLayer := layerProducts(m.plan, theta, g)
	for i, v := range perLayer {
		perLayer[i] = math.Ldexp(v, -scale)
	}
	return perLayer, nil
}

// level multiplies the weights of convolutions and the classifier, none of them negative, by powers of two such that
// no value of the network on ones gets large: without normalisation values grow by 2^20 a cell, beyond float32. Nodes
// that no weight separates share a power, so that sums stay sums, and every W * dR/dW is multiplied by that of the
// logits, 2^scale. All of this is exact.
func level[T network.Real](p *network.Plan, theta []T) (scale int) {
	nodes := p.Graph().Nodes
	group := make([]int, len(nodes)) // the first node of those that share a power, perhaps by way of others
	find := func(i int) int {
		for group[i] != i {
			i = group[i]
		}
		return i
	}
	size := make([]float64, len(nodes)) // log2 of about the mean of a node's output
	for i, n := range nodes {
		group[i], size[i] = i, math.Inf(-1)
		if n.Kind == bench301.Input {
			size[i] = 0
		}
		total := 0.0
		for _, in := range n.Inputs {
			total += math.Exp2(size[in] - size[n.Inputs[0]])
			if !weighted(n) {
				a, b := find(in), find(i)
				group[max(a, b)] = min(a, b)
			}
		}
		switch n.Kind {
		case bench301.Input, bench301.Zero:
			continue
		case bench301.Concat:
			total /= float64(len(n.Inputs))
		case bench301.Conv, bench301.Linear:
			v := p.Views()[n.Params[0]]
			total = 0
			for _, w := range theta[v.Offset : v.Offset+v.Size] {
				total += float64(w)
			}
			total /= float64(v.Size / v.FanIn)
		}
		if total > 0 {
			size[i] = size[n.Inputs[0]] + math.Log2(total)
		}
	}
	powers := map[int]int{} // by group: what brings its largest output to about 1
	for i, s := range size {
		if k, known := powers[find(i)]; !math.IsInf(s, -1) && (!known || int(-s) < k) {
			powers[find(i)] = int(-s)
		}
	}
	for i, n := range nodes {
		if weighted(n) {
			v := p.Views()[n.Params[0]]
			factor := T(math.Ldexp(1, powers[find(i)]-powers[find(n.Inputs[0])]))
			for k := v.Offset; k < v.Offset+v.Size; k++ {
				theta[k] *= factor
			}
		}
	}
	return powers[find(p.Graph().Logits)]
}

// weighted reports whether a node multiplies its input by weights.
func weighted(n bench301.Node) bool {
	return n.Kind == bench301.Conv || n.Kind == bench301.Linear
}

func ones[T network.Real](n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = 1
	}
	return out
}
