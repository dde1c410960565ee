package estimators

import (
	"context"
	"fmt"
	"math"
	"slices"

	"rwe301/bench301"
	"rwe301/estimators/inputs"
	"rwe301/network"
)

// The registry's entry.
var epsinasEntry = define(Info{
	Name: "epsinas", Measures: "outputs under constant weights",
	Family: Features, Random: true, Needs: Needs{Data: true}, Direction: Higher, Unit: "ratio",
	Cost:  Cheap,
	Paper: "Gracheva 2023, arXiv 2302.04406", Cites: []string{"gracheva2025epsinas"},
	Formula: "mean |v1 - v2| / mean(v1, v2), v one logit an image, scaled to [0, 1]",
	Mode:    "all weights one constant, then another, biases 0, batch statistics, no gradient",
	Caveats: "the pair of constants for this space is not published; 1e-4 and 10 are those of " +
		"NAS-Bench-101, with which float32 does not underflow here",
}, epsilonSettings{suite(), 256, 1e-4, 10}, func(s epsilonSettings) Estimator { return epsinas{s} })

// epsilonSettings are the settings of epsinas: the size, the batch, and the two values that all weights take in turn.
type epsilonSettings struct {
	sizeSettings
	Batch int     `json:"batch"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func (s epsilonSettings) validate() error {
	if s.Batch < 3 || s.Batch > 1<<16 {
		return fmt.Errorf("batch: %d: must lie in [3, %d]", s.Batch, 1<<16)
	}
	if !(s.Low > 0 && s.Low < s.High && s.High < 1e6) {
		return fmt.Errorf("low, high: %v, %v: must be 0 < low < high < 1e6", s.Low, s.High)
	}
	return s.sizeSettings.validate()
}

func (s epsilonSettings) reads() []inputs.Span { return []inputs.Span{{Drawn: true, To: s.Batch}} }

func (s epsilonSettings) side() int { return s.Resolution }

// epsinas is mean |v1 - v2| / mean(v1, v2), v being one logit an image scaled to [0, 1] for a network all of whose
// weights are one constant (Gracheva 2023, arXiv 2302.04406). All logits of an image agree but for rounding, so one is
// taken; the smallest value of each vector, 0, is left out.
type epsinas struct{ epsilonSettings }

func (e epsinas) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	t, err := bareTrial(e.sizeSettings, e.Batch, a, env,
		func(*network.Plan) network.Options { return network.Options{} })
	if err != nil {
		return Score{}, err
	}
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	value, err := constantDifference(t.exec, t.pixels, e.Batch, e.Low, e.High)
	return Score{Value: value}, err
}

// constantDifference is epsinas of n images.
func constantDifference[T network.Real](x network.Runner[T], pixels []T, n int, low, high float64) (float64, error) {
	var v [2][]float64
	for i, w := range []float64{low, high} {
		if err := x.Forward(constantWeights(x.Plan(), T(w)), pixels, n, network.BatchNorm); err != nil {
			return 0, err
		}
		for k := 0; k < len(x.Logits()); k += x.Plan().Classes() {
			v[i] = append(v[i], float64(x.Logits()[k]))
		}
		bottom, top := slices.Min(v[i]), slices.Max(v[i])
		if !(top > bottom) {
			return 0, fmt.Errorf("with all weights %v every image has the same logit: %w", w, ErrUndefined)
		}
		for k := range v[i] {
			v[i][k] = (v[i][k] - bottom) / (top - bottom)
		}
	}
	var difference, both, total, count float64
	for k := range v[0] {
		a, b := v[0][k], v[1][k]
		if a != 0 && b != 0 {
			difference, both = difference+math.Abs(a-b), both+1
		}
		for _, c := range []float64{a, b} {
			if c != 0 {
				total, count = total+c, count+1
			}
		}
	}
	if both == 0 {
		return 0, fmt.Errorf("no image has a logit above the smallest in both networks: %w", ErrUndefined)
	}
	return difference / both / (total / count), nil
}

// constantWeights gives all weights one value and all biases zero.
func constantWeights[T network.Real](p *network.Plan, w T) []T {
	theta := make([]T, p.NumParams())
	for _, v := range p.Views() {
		if v.Kind == bench301.LinearBias || v.Kind == bench301.NormBias {
			continue
		}
		for i := v.Offset; i < v.Offset+v.Size; i++ {
			theta[i] = w
		}
	}
	return theta
}
