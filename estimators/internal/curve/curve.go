// Package curve extrapolates learning curves: a parametric curve is fitted to the accuracies of the epochs so far by
// least squares, and read at a later epoch (Domhan, Springenberg, Hutter 2015, Speeding up automatic hyperparameter
// optimization of deep neural networks by extrapolation of learning curves).
package curve

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// Family is a family of curves y(t), t = 1, 2, ..., in [0, 1], with parameters that may be any numbers.
type Family struct {
	value  func(p []float64, t float64) float64
	starts func(y []float64) [][]float64 // where to begin looking
}

// PowerLaw is y(t) = c - a t^-alpha, c in (0, 1), a and alpha positive; p = (logit c, ln a, ln alpha).
var PowerLaw = Family{
	func(p []float64, t float64) float64 {
		return sigmoid(p[0]) - float64(math.Exp(p[1])*math.Pow(t, -math.Exp(p[2])))
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

// LogPower is y(t) = a / (1 + (t / e^b)^-c), a in (0, 1), c positive; p = (logit a, b, ln c).
var LogPower = Family{
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
	return min(top+float64(part*(1-top)), 0.999)
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
func logit(p float64) float64   { return math.Log(p / (1 - p)) }

// ErrNone says that no member of a family has an error to speak of.
var ErrNone = errors.New("no curve fits the accuracies")

// Fitted is a member of a family.
type Fitted struct {
	Family
	p     []float64
	Error float64 // mean squared
}

// At is the value at t.
func (f Fitted) At(t float64) float64 { return f.value(f.p, t) }

// Fit finds the member of a family nearest to values y(1), y(2), ...: Nelder and Mead's search from several starts, the
// best one started again until that gains nothing.
func (f Family) Fit(y []float64) (Fitted, error) {
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
	search := func(from []float64) (Fitted, error) {
		r, err := optimize.Minimize(optimize.Problem{Func: loss}, from, &optimize.Settings{
			MajorIterations: 2000, Converger: &optimize.FunctionConverge{Absolute: 1e-14, Iterations: 100},
		}, &optimize.NelderMead{})
		if err != nil {
			return Fitted{}, fmt.Errorf("the fit of a curve failed: %w", err)
		}
		return Fitted{f, r.X, r.F}, nil
	}
	best := Fitted{Error: math.Inf(1)}
	for _, start := range f.starts(y) {
		r, err := search(start)
		if err != nil {
			return best, err
		}
		if r.Error < best.Error {
			best = r
		}
	}
	if best.p == nil {
		return best, ErrNone
	}
	for range 5 {
		r, err := search(best.p)
		if err != nil || r.Error >= best.Error*(1-1e-6) {
			return best, err
		}
		best = r
	}
	return best, nil
}

// resolution is the smallest difference between accuracies that means anything to a fit: fits whose errors are smaller
// are equally good.
const resolution = 1e-4

// Extrapolate fits families to y(1), y(2), ... and returns the mean of their values at t. Each weighs in proportion to
// its greatest likelihood under normal errors, (mean squared error)^(-n/2).
func Extrapolate(y []float64, t float64, families ...Family) (float64, error) {
	var value, total, first float64
	for k, f := range families {
		r, err := f.Fit(y)
		if err != nil {
			return 0, err
		}
		likelihood := float64(-float64(len(y)) / 2 * math.Log(max(r.Error, resolution*resolution)))
		if k == 0 {
			first = likelihood
		}
		w := math.Exp(likelihood - first)
		value += float64(w * r.At(t))
		total += w
	}
	return value / total, nil
}
