package estimators

import (
	"context"
	"errors"
	"math"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/network"
)

// The registry's entries.
var (
	paramsEntry = define(Info{
		Name: "params", Measures: "trainable parameters",
		Family: Baseline, Trivial: true, Direction: Higher, Unit: "parameters", Cost: Instant,
		Paper: suitePaper, Cites: []string{"krishnakumar2022suite"},
		Formula: "number of trainable parameters, in closed form (NASLib's column is this / 1e6)",
		Caveats: "ignores everything about the wiring that costs no parameter",
	}, suite(), func(s sizeSettings) Estimator {
		return count{s, func(c bench301.Complexity) int64 { return c.Params }}
	})
	macsEntry = define(Info{
		Name: "macs", Measures: "multiply-accumulates of an image",
		Family: Baseline, Trivial: true, Direction: Higher, Unit: "multiply-accumulates",
		Cost:    Instant,
		Paper:   "the usual definition",
		Formula: "multiply-accumulates of convolutions and the classifier for one image, in closed form",
	}, suite(), func(s sizeSettings) Estimator { return count{s, func(c bench301.Complexity) int64 { return c.MACs }} })
	flopsEntry = define(Info{
		Name: "flops", Measures: "MACs and element-wise operations",
		Family: Baseline, Trivial: true, Direction: Higher, Unit: "operations", Cost: Instant,
		Paper: suitePaper, Cites: []string{"krishnakumar2022suite"},
		Formula: "macs plus element-wise operations of normalisation, ReLU and pooling as tensorwatch 0.9.1 " +
			"counts them (NASLib's column is this / 1e6)",
		Caveats: "multiply-accumulates are not doubled; the global average is counted as (H+1)(W+1) a channel",
	}, suite(), func(s sizeSettings) Estimator {
		return count{s, func(c bench301.Complexity) int64 { return c.FLOPs }}
	})
	poolCountEntry = define(Info{
		Name: "pool-count", Measures: "pools of the normal cell, negated",
		Aliases: []string{"pool_count"}, Family: Baseline, Trivial: true, Direction: Higher,
		Unit: "operations", Cost: Instant,
		Paper:   ours,
		Formula: "minus the number of pooling operations in the normal cell",
		Caveats: "takes nine values at most, so most pairs are ties; defined for DARTS cells only",
	}, none{}, func(none) Estimator { return poolCount{} })
	sepConvCountEntry = define(Info{
		Name: "sepconv-count", Measures: "separable convolutions",
		Aliases: []string{"sepconv_count"}, Family: Baseline, Trivial: true,
		Direction: Higher, Unit: "operations", Cost: Instant,
		Paper:   "a plain count that studies of NAS-Bench-301 report",
		Formula: "number of separable convolutions in both cells",
		Caveats: "takes seventeen values at most; defined for DARTS cells only",
	}, none{}, func(none) Estimator {
		return operations{count: func(n bench301.OperationCounts) int { return n.Separable }}
	})
	depthEntry = define(Info{
		Name: "depth", Measures: "longest path of the normal cell",
		Family: Baseline, Trivial: true, Direction: Higher, Unit: "edges", Cost: Instant,
		Paper:   "a plain count that studies of NAS-Bench-301 report",
		Formula: "edges on the longest path through the normal cell",
		Caveats: "takes four values; defined for DARTS cells only",
	}, none{}, func(none) Estimator {
		return operations{count: func(n bench301.OperationCounts) int { return n.Depth }}
	})
	l2NormEntry = define(Info{
		Name: "l2_norm", Measures: "norms of the random weights",
		Aliases: []string{"l2-norm"}, Family: Baseline, Trivial: true, Random: true,
		Direction: Higher, Unit: "norm", Cost: Instant,
		Paper: suitePaper, Cites: []string{"krishnakumar2022suite"},
		Formula: "sum over the weights W of convolutions and classifier of ||W||_2, at initialisation",
		Mode:    "random weights; no image",
		Caveats: "at the default initialisation it is sum sqrt(outputs/3) up to noise: a count of layers " +
			"weighted by width",
	}, suiteInitial, func(s initialSettings) Estimator { return l2Norm{s} })
)

// count is a number of bench301.Complexity.
type count struct {
	sizeSettings
	of func(bench301.Complexity) int64
}

func (c count) Estimate(_ context.Context, a bench301.Architecture, _ *Env) (Score, error) {
	n, err := a.Complexity(c.config())
	return Score{Value: float64(c.of(n))}, err
}

// poolCount is minus the number of pooling operations in the normal cell, or in the only one.
type poolCount struct{ none }

func (e poolCount) Estimate(_ context.Context, a bench301.Architecture, _ *Env) (Score, error) {
	if err := e.fits(a); err != nil {
		return Score{}, err
	}
	return Score{Value: float64(-a.(bench301.PoolCounter).Pools())}, nil
}

func (poolCount) fits(a bench301.Architecture) error {
	if _, ok := a.(bench301.PoolCounter); !ok {
		return errors.New("not defined for this search space: its architectures have no pooling operations to count")
	}
	return nil
}

// operations counts operations of the cells.
type operations struct {
	none
	count func(bench301.OperationCounts) int
}

func (e operations) Estimate(_ context.Context, a bench301.Architecture, _ *Env) (Score, error) {
	n, err := countOperations(a)
	if err != nil {
		return Score{}, err
	}
	return Score{Value: float64(e.count(n))}, nil
}

func (operations) fits(a bench301.Architecture) error {
	_, err := countOperations(a)
	return err
}

// countOperations counts the operations of an architecture whose space can.
func countOperations(a bench301.Architecture) (bench301.OperationCounts, error) {
	c, ok := a.(bench301.OperationCounter)
	if !ok {
		return bench301.OperationCounts{},
			errors.New("not defined for this search space: it counts the operations of DARTS cells")
	}
	return c.CountOperations(), nil
}

// l2Norm adds up the Euclidean norms of the weights of the layers.
type l2Norm struct{ initialSettings }

func (e l2Norm) Estimate(_ context.Context, a bench301.Architecture, env *Env) (Score, error) {
	m, err := e.model(a, env, 0)
	if err != nil {
		return Score{}, err
	}
	return Score{Value: linear.Sum(layerNorms(m.plan, m.theta))}, nil
}

// layerNorms is the Euclidean norm of v, a vector laid out like theta, in each layer of weights: those of convolutions
// and of the classifier, without biases and normalisations.
func layerNorms[T network.Real](p *network.Plan, v []T) []float64 {
	norms, _ := layerProducts(p, v, v)
	for i, square := range norms {
		norms[i] = math.Sqrt(square)
	}
	return norms
}
