package estimators

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"rwe301/bench301"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// The registry's entry.
var nwotEntry = define(Info{
	Name: "nwot", Measures: "how ReLU patterns of images differ",
	Aliases: []string{"naswot"}, Family: Codes, Random: true, Needs: Needs{Data: true},
	Direction: Higher, Unit: "nats", Cost: Cheap,
	Paper: "Mellor et al. 2021, arXiv 2006.04647; as NASLib computes it",
	Cites: []string{"mellor2021naswot", "krishnakumar2022suite"},
	Formula: "ln |det K|, K_ij the number of ReLU inputs that are positive in both images i and j or in " +
		"neither",
	Mode:    trainMode,
	Caveats: "grows with the number of ReLUs",
}, proxy, func(s proxySettings) Estimator { return nwot{s} })

// nwot is ln |det K|, K counting for each pair of images the ReLU inputs that are positive in both or in neither
// (Mellor et al. 2021, arXiv 2006.04647).
type nwot struct{ proxySettings }

func (e nwot) asks() any { return wantsSigns(e) }

func (e nwot) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	agree, err := e.agreement(ctx, a, env)
	if err != nil {
		return Score{}, err
	}
	k := make([]float64, len(agree))
	for i, n := range agree {
		k[i] = float64(n)
	}
	value, err := logAbsDet(k, e.Batch)
	return Score{Value: value}, err
}

// agreement counts, for each pair of images, the ReLU inputs that are positive in both or in neither, n x n.
func (s proxySettings) agreement(ctx context.Context, a bench301.Architecture, env *Env) ([]int, error) {
	return precision.Either(s.Precision, agreementOf[float32], agreementOf[float64])(ctx, s, a, env)
}

func agreementOf[T network.Real](ctx context.Context, s proxySettings, a bench301.Architecture,
	env *Env) ([]int, error) {
	p, err := passesOf[T](s, a, env, false)
	if err != nil {
		return nil, err
	}
	if err := p.train(ctx, s, env, true); err != nil {
		return nil, err
	}
	return p.agree, nil
}

// logAbsDet is ln |det m| of an n x n matrix.
func logAbsDet(m []float64, n int) (float64, error) {
	value, sign := mat.LogDet(mat.NewDense(n, n, m))
	if sign == 0 || math.IsInf(value, 0) {
		return 0, fmt.Errorf("the matrix of the images is singular: at least two images are alike: %w", ErrUndefined)
	}
	return value, nil
}
