package estimators

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"

	"rwe301/bench301"
)

// Extrapolation are the settings of lce-*: a parametric curve is fitted to the validation accuracies of the epochs so
// far by least squares, and read at a later epoch (Domhan, Springenberg, Hutter 2015, Speeding up automatic
// hyperparameter optimization of deep neural networks by extrapolation of learning curves).
type Extrapolation struct {
	EarlyStop
	Final int `json:"final_epoch"` // at which the fitted curve is read
}

// fewestPoints is how many epochs a fit needs: one more than a curve has parameters.
const fewestPoints = 4

// Validate says which setting is out of range.
func (s Extrapolation) Validate() error {
	if err := s.EarlyStop.Validate(); err != nil {
		return err
	}
	epochs := s.Epochs
	if s.At > 0 {
		epochs = s.At
	}
	switch {
	case epochs < fewestPoints:
		return fmt.Errorf("epochs: %d to fit to: must be at least %d, one more than a curve has parameters", epochs, fewestPoints)
	case s.Final < epochs:
		return fmt.Errorf("final_epoch: %d: must be at least %d, the last epoch of training", s.Final, epochs)
	}
	return nil
}

// curveFamily is a family of curves y(t), t = 1, 2, ..., in [0, 1], with parameters that may be any numbers.
type curveFamily struct {
	value  func(p []float64, t float64) float64
	starts func(y []float64) [][]float64 // where to begin looking
}

// powerLaw is y(t) = c - a t^-alpha, c in (0, 1), a and alpha positive; p = (logit c, ln a, ln alpha).
var powerLaw = curveFamily{
	func(p []float64, t float64) float64 {
		return sigmoid(p[0]) - math.Exp(p[1])*math.Pow(t, -math.Exp(p[2]))
	},
	func(y []float64) (starts [][]float64) {
		for _, alpha := range []float64{0.2, 0.5, 1, 2} {
			for _, rest := range []float64{0.05, 0.4} {
				c := ceiling(y, rest)
				starts = append(starts, []float64{logit(c), math.Log(max(c-y[0], 1e-3)), math.Log(alpha)})
			}
		}
		return starts
	},
}

// logPower is y(t) = a / (1 + (t / e^b)^-c), a in (0, 1), c positive; p = (logit a, b, ln c).
var logPower = curveFamily{
	func(p []float64, t float64) float64 {
		return sigmoid(p[0]) / (1 + math.Pow(t/math.Exp(p[1]), -math.Exp(p[2])))
	},
	func(y []float64) (starts [][]float64) {
		for _, c := range []float64{0.2, 0.5, 1, 2} {
			for _, rest := range []float64{0.05, 0.4} {
				a := ceiling(y, rest)
				// y(1) = a / (1 + e^(bc))
				starts = append(starts, []float64{logit(a), math.Log(max(a/max(y[0], 1e-3)-1, 1e-3)) / c, math.Log(c)})
			}
		}
		return starts
	},
}

// ceiling lies above the values y, by a part of what is left to 1.
func ceiling(y []float64, part float64) float64 {
	top := 0.0
	for _, v := range y {
		top = max(top, v)
	}
	return min(top+part*(1-top), 0.999)
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
func logit(p float64) float64   { return math.Log(p / (1 - p)) }

// fittedCurve is a member of a family.
type fittedCurve struct {
	curveFamily
	p     []float64
	error float64 // mean squared
}

func (f fittedCurve) at(t float64) float64 { return f.value(f.p, t) }

// fit finds the member of a family nearest to values y(1), y(2), ...: Nelder and Mead's search from several starts, the
// best one started again until that gains nothing.
func (f curveFamily) fit(y []float64) (fittedCurve, error) {
	loss := func(p []float64) float64 {
		total := 0.0
		for i, v := range y {
			d := f.value(p, float64(i+1)) - v
			total += float64(d * d)
		}
		if total /= float64(len(y)); !math.IsNaN(total) {
			return total
		}
		return math.Inf(1)
	}
	search := func(from []float64) (fittedCurve, error) {
		r, err := optimize.Minimize(optimize.Problem{Func: loss}, from, &optimize.Settings{
			MajorIterations: 2000, Converger: &optimize.FunctionConverge{Absolute: 1e-14, Iterations: 100},
		}, &optimize.NelderMead{})
		if err != nil {
			return fittedCurve{}, fmt.Errorf("the fit of a curve failed: %w", err)
		}
		return fittedCurve{f, r.X, r.F}, nil
	}
	best := fittedCurve{error: math.Inf(1)}
	for _, start := range f.starts(y) {
		r, err := search(start)
		if err != nil {
			return best, err
		}
		if r.error < best.error {
			best = r
		}
	}
	if best.p == nil {
		return best, fmt.Errorf("no curve fits the accuracies: %w", ErrUndefined)
	}
	for range 5 {
		r, err := search(best.p)
		if err != nil || r.error >= best.error*(1-1e-6) {
			return best, err
		}
		best = r
	}
	return best, nil
}

// resolution is the smallest difference between accuracies that means anything to a fit: fits whose errors are smaller
// are equally good.
const resolution = 1e-4

// extrapolate fits families to y(1), y(2), ... and returns the mean of their values at t. Each weighs in proportion to
// its greatest likelihood under normal errors, (mean squared error)^(-n/2).
func extrapolate(y []float64, t float64, families ...curveFamily) (float64, error) {
	var value, total, first float64
	for k, f := range families {
		r, err := f.fit(y)
		if err != nil {
			return 0, err
		}
		likelihood := -float64(len(y)) / 2 * math.Log(max(r.error, resolution*resolution))
		if k == 0 {
			first = likelihood
		}
		w := math.Exp(likelihood - first)
		value += float64(w * r.at(t))
		total += w
	}
	return value / total, nil
}

// extrapolated is an estimator of the families' mean.
type extrapolated struct {
	Extrapolation
	families []curveFamily
}

// Estimate implements Estimator.
func (e extrapolated) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	c, err := e.upTo(ctx, a, env)
	if err != nil {
		return Score{}, err
	}
	if n := len(c.ValAccuracy); n < fewestPoints {
		return Score{}, fmt.Errorf("steps: %d: training ended in epoch %d: a fit needs %d", e.Steps, n, fewestPoints)
	}
	y := make([]float64, len(c.ValAccuracy))
	for i, v := range c.ValAccuracy {
		y[i] = v / 100
	}
	value, err := extrapolate(y, float64(e.Final), e.families...)
	return Score{Value: 100 * value}, err
}

// extrapolating builds an estimator that extrapolates with families of curves.
func extrapolating(families ...curveFamily) func(Extrapolation) Estimator {
	return func(s Extrapolation) Estimator { return extrapolated{s, families} }
}
