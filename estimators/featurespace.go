package estimators

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/mat"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
)

// The registry's entries.
var (
	featStdEntry = define(Info{
		Name: "featstd", Measures: "spread of the features, negated",
		Family: Features, Random: true, Needs: Needs{Data: true}, Direction: Higher,
		Unit: "deviation", Cost: Cheap,
		Paper:   ours,
		Formula: "minus the mean over features of their standard deviation over images",
		Mode:    frozenMode,
	}, frozen, func(s frozenSettings) Estimator { return featStd{s} }).offering(cheapFeatures)
	effDimEntry = define(Info{
		Name: "effdim", Measures: "dimensions of the features",
		Family: Features, Random: true, Needs: Needs{Data: true}, Direction: Higher,
		Unit: "dimensions", Cost: Cheap,
		Paper:   ours,
		Formula: "sum of w/(w + lambda) over the eigenvalues w of the correlation matrix of the features",
		Mode:    frozenMode,
	}, effDimSettings{frozenSettings: frozen, Lambda: 0.3}, func(s effDimSettings) Estimator { return effDim{s} }).
		offering(cheapFeatures)
	mapEffDimEntry = define(Info{
		Name: "map-effdim", Measures: "dimensions of the last map",
		Aliases: []string{"grid_ed"}, Family: Features, Random: true, Needs: Needs{Data: true},
		Direction: Higher, Unit: "dimensions", Cost: Cheap,
		Paper: ours,
		Formula: "sum of w/(w + lambda mean(w)) over the eigenvalues w of K = ZZ'/d, Z the standardised values " +
			"(n images x d) of the last cell's map",
		Mode: frozenMode,
	}, effDimSettings{frozenSettings: mapFeatures(), Lambda: 0.1},
		func(s effDimSettings) Estimator { return mapEffDim{s} }).offering(cheapFeatures)
)

// featStd is minus the mean over features of their standard deviation over the training images.
type featStd struct{ frozenSettings }

func (f featStd) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	return f.average(func(draw int) (float64, error) {
		m, err := f.features(ctx, a, env, draw, f.train())
		if err != nil {
			return 0, err
		}
		_, deviation := linear.Moments(m)
		return -linear.Mean(deviation), nil
	})
}

// effDimSettings are the settings of an effective dimension.
type effDimSettings struct {
	frozenSettings
	Lambda float64 `json:"lambda"`
}

func (s effDimSettings) validate() error {
	if !(s.Lambda > 0) || math.IsInf(s.Lambda, 0) {
		return fmt.Errorf("lambda: %v: must be positive", s.Lambda)
	}
	return s.frozenSettings.validate()
}

// effDim is sum w/(w + lambda) over the eigenvalues w of the correlation matrix of the features.
type effDim struct{ effDimSettings }

func (e effDim) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	return e.average(func(draw int) (float64, error) {
		m, err := e.features(ctx, a, env, draw, e.train())
		if err != nil {
			return 0, err
		}
		z := linear.Standardiser(m).Apply(m)
		return effectiveDimension(linear.Gram(blas.Trans, z, 1/float64(z.N)), e.Lambda)
	})
}

// mapEffDim is the same of the images' Gram matrix K = ZZ'/d, with a penalty of lambda times the mean eigenvalue.
type mapEffDim struct{ effDimSettings }

func (e mapEffDim) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	type key struct {
		effDimSettings
		draw int
	}
	return e.average(func(draw int) (float64, error) {
		return share(env, key{e.effDimSettings, draw}, func() (float64, error) {
			m, err := e.features(ctx, a, env, draw, e.train())
			if err != nil {
				return 0, err
			}
			z := linear.Standardiser(m).Apply(m)
			k := linear.Gram(blas.NoTrans, z, 1/float64(z.D))
			return effectiveDimension(k, e.Lambda*mat.Trace(k)/float64(z.N))
		})
	})
}

// effectiveDimension is sum w/(w + lambda) over the eigenvalues w of s, as n - lambda tr (s + lambda I)^-1. It changes
// s.
func effectiveDimension(s *mat.SymDense, lambda float64) (float64, error) {
	n := s.SymmetricDim()
	if mat.Trace(s) == 0 {
		return 0, fmt.Errorf("all features are constant: %w", ErrUndefined)
	}
	for i := range n {
		s.SetSym(i, i, s.At(i, i)+lambda)
	}
	var c mat.Cholesky
	var inverse mat.SymDense
	if !c.Factorize(s) {
		return 0, errors.New("the features' Gram matrix is not positive definite: raise lambda")
	}
	// A bad condition number costs digits of the small eigenvalues only, which do not count.
	if err := c.InverseTo(&inverse); err != nil && !errors.As(err, new(mat.Condition)) {
		return 0, err
	}
	return float64(n) - float64(lambda*mat.Trace(&inverse)), nil
}

// mapFeatures are the settings with which map-effdim was found.
func mapFeatures() frozenSettings {
	f := frozen
	f.Variant, f.Resolution, f.TrainImages, f.Pooling = bench301.VariantDARTS, 16, 400, poolNone
	return f
}
