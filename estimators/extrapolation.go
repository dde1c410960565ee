package estimators

import (
	"context"
	"errors"
	"fmt"

	"rwe301/bench301"
	"rwe301/estimators/internal/curve"
)

const (
	lcePaper = "Domhan, Springenberg, Hutter 2015, Speeding up Automatic Hyperparameter Optimization of Deep Neural " +
		"Networks " +
		"by Extrapolation of Learning Curves, IJCAI"
	rateFalls = "the learning rate falls to zero within epochs unless schedule_epochs is set: the curve bends at its end"
)

var extrapolation = extrapolationSettings{earlyStopSettings: earlyStop, Final: 100}

// The registry's entries.
var (
	lcePowerEntry = define(lceInfo("lce-power", "accuracy extrapolated, power law",
		"c - a t^-alpha at the final epoch, fitted to the validation accuracies by "+
			"least squares, 0 < c < 1, a, alpha > 0"), extrapolation, extrapolating(curve.PowerLaw)).
		offering(cheapExtrapolation, largerTraining)
	lceLogPowerEntry = define(lceInfo("lce-logpower", "accuracy extrapolated, log power",
		"a / (1 + (t/e^b)^-c) at the final epoch, fitted to the validation "+
			"accuracies by least squares, 0 < a < 1, c > 0"), extrapolation, extrapolating(curve.LogPower)).
		offering(cheapExtrapolation, largerTraining)
	lceEnsembleEntry = define(lceInfo("lce-ensemble", "mean of both extrapolations",
		"mean of lce-power and lce-logpower, weighted by (mean squared error)^(-epochs/2)"),
		extrapolation, extrapolating(curve.PowerLaw, curve.LogPower)).offering(cheapExtrapolation, largerTraining)
)

func lceInfo(name, measures, formula string) Info {
	return trainingInfo(name, measures, "percent", lcePaper, formula, rateFalls, "domhan2015speeding")
}

// extrapolationSettings are the settings of lce-*: a parametric curve is fitted to the validation accuracies of the
// epochs so far by least squares, and read at a later epoch (Domhan, Springenberg, Hutter 2015, Speeding up automatic
// hyperparameter optimization of deep neural networks by extrapolation of learning curves).
type extrapolationSettings struct {
	earlyStopSettings
	Final int `json:"final_epoch"` // at which the fitted curve is read
}

// fewestPoints is how many epochs a fit needs: one more than a curve has parameters.
const fewestPoints = 4

func (s extrapolationSettings) validate() error {
	if err := s.earlyStopSettings.validate(); err != nil {
		return err
	}
	epochs := s.Epochs
	if s.At > 0 {
		epochs = s.At
	}
	switch {
	case epochs < fewestPoints:
		return fmt.Errorf("epochs: %d to fit to: must be at least %d, one more than a curve has parameters", epochs,
			fewestPoints)
	case s.Final < epochs:
		return fmt.Errorf("final_epoch: %d: must be at least %d, the last epoch of training", s.Final, epochs)
	}
	return nil
}

// extrapolated is an estimator of the families' mean.
type extrapolated struct {
	extrapolationSettings
	families []curve.Family
}

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
	value, err := curve.Extrapolate(y, float64(e.Final), e.families...)
	if errors.Is(err, curve.ErrNone) {
		err = fmt.Errorf("%w: %w", err, ErrUndefined)
	}
	return Score{Value: 100 * value}, err
}

// extrapolating builds an estimator that extrapolates with families of curves.
func extrapolating(families ...curve.Family) func(extrapolationSettings) Estimator {
	return func(s extrapolationSettings) Estimator { return extrapolated{s, families} }
}
