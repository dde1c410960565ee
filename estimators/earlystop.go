package estimators

import (
	"context"
	"fmt"

	"rwe301/bench301"
	"rwe301/estimators/internal/linear"
	"rwe301/estimators/internal/training"
)

const (
	anyPaper  = "as every multi-fidelity method does it"
	soTLPaper = "Ru et al. 2021, Speedy Performance Estimation for NAS, arXiv 2006.04492"
	soTLKey   = "ru2021speedy"
	fewEpochs = "a handful of epochs ranks how fast architectures learn, which is not how well they end"
)

var earlyStop = earlyStopSettings{trainingSettings: defaultTraining}

// The registry's entries.
var (
	earlyStopEntry = define(trainingInfo("early-stop", "validation accuracy after T epochs", "percent", anyPaper,
		"validation accuracy after epoch T", fewEpochs),
		earlyStop, ofCurve(valAccuracy)).offering(cheapTraining, largerTraining)
	valLossEntry = define(trainingInfo("val-loss", "validation loss, negated", "nats", anyPaper,
		"minus the validation cross-entropy after epoch T", fewEpochs),
		earlyStop, ofCurve(valLoss)).offering(cheapTraining, largerTraining)
	trainLossEntry = define(trainingInfo("train-loss", "training loss, negated", "nats", anyPaper,
		"-L_T, L_t the mean over the steps of epoch t of the batch's cross-entropy before the step", fewEpochs),
		earlyStop, ofCurve(trainLoss)).offering(cheapTraining, largerTraining)
	sotlEntry = define(trainingInfo("sotl", "sum of training losses, negated", "nats", soTLPaper,
		"-sum over epochs t = 1..T of L_t (see train-loss)", "the first epochs weigh most", soTLKey),
		earlyStop, ofCurve(sotl)).offering(cheapTraining, largerTraining)
	sotlEEntry = define(trainingInfo("sotl-e", "sotl of the last epochs", "nats", soTLPaper,
		"-sum over the last E epochs of L_t (see train-loss)", "with E = 1 it is train-loss", soTLKey),
		sotlEScore{earlyStop, 1}, func(s sotlEScore) Estimator { return s }).offering(cheapTraining, largerTraining)
	tseEMAEntry = define(trainingInfo("tse-ema", "sotl, later epochs weighing more", "nats", soTLPaper,
		"-sum over epochs t = 1..T of gamma^(T-t) L_t (see train-loss)", "gamma 0 is train-loss, gamma 1 is sotl", soTLKey),
		tseEMAScore{earlyStop, 0.9}, func(s tseEMAScore) Estimator { return s }).offering(cheapTraining, largerTraining)
)

// earlyStopSettings are the settings of a score read from a curve of training.
type earlyStopSettings struct {
	trainingSettings
	At int `json:"at"` // the epoch after which it is read, counted from 1; 0: the last one
}

func (s earlyStopSettings) validate() error {
	if s.At < 0 || s.At > s.Epochs {
		return fmt.Errorf("at: %d: must lie in [1, epochs], here %d, or be 0 for the last epoch", s.At, s.Epochs)
	}
	return s.trainingSettings.validate()
}

// upTo is the curve up to the epoch after which it is read.
func (s earlyStopSettings) upTo(ctx context.Context, a bench301.Architecture, env *Env) (training.Curve, error) {
	c, err := s.curve(ctx, a, env)
	if err != nil {
		return training.Curve{}, err
	}
	n, have := s.At, len(c.TrainLoss)
	if n == 0 && c.Diverged == "" {
		n = have
	}
	switch {
	case n > 0 && n <= have:
		return training.Curve{TrainLoss: c.TrainLoss[:n], ValLoss: c.ValLoss[:n], ValAccuracy: c.ValAccuracy[:n]}, nil
	case c.Diverged != "":
		return training.Curve{}, fmt.Errorf("%s: %w", c.Diverged, ErrUndefined)
	}
	return training.Curve{}, fmt.Errorf("at: %d: training ended in epoch %d, after %d steps", n, have, s.Steps)
}

// curveScore is a score of a curve.
type curveScore struct {
	earlyStopSettings
	of func(training.Curve) float64
}

func (e curveScore) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	c, err := e.upTo(ctx, a, env)
	if err != nil {
		return Score{}, err
	}
	return Score{Value: e.of(c)}, nil
}

// ofCurve builds an estimator that scores a curve.
func ofCurve(of func(training.Curve) float64) func(earlyStopSettings) Estimator {
	return func(s earlyStopSettings) Estimator { return curveScore{s, of} }
}

// Losses are negated, so that higher is better.

func valAccuracy(c training.Curve) float64 { return last(c.ValAccuracy) }
func valLoss(c training.Curve) float64     { return -last(c.ValLoss) }
func trainLoss(c training.Curve) float64   { return -last(c.TrainLoss) }

// sotl is minus the sum over epochs t = 1..T of L_t, the mean over the epoch's steps of the batch's loss (Ru et al.
// 2020, arXiv 2006.04492v1: SoTL; v3: TSE).
func sotl(c training.Curve) float64 { return -linear.Sum(c.TrainLoss) }

func last(x []float64) float64 { return x[len(x)-1] }

// sotlEScore are the settings of sotl-e: minus the sum over the last E epochs t = T-E+1..T of L_t (Ru et al., SoTL-E,
// later TSE-E; they recommend E = 1).
type sotlEScore struct {
	earlyStopSettings
	Last int `json:"last_epochs"` // E; more than there are means all
}

func (s sotlEScore) validate() error {
	if s.Last < 1 {
		return fmt.Errorf("last_epochs: %d: must be at least 1", s.Last)
	}
	return s.earlyStopSettings.validate()
}

func (s sotlEScore) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	c, err := s.upTo(ctx, a, env)
	if err != nil {
		return Score{}, err
	}
	return Score{Value: -linear.Sum(c.TrainLoss[max(0, len(c.TrainLoss)-s.Last):])}, nil
}

// tseEMAScore are the settings of tse-ema: minus the sum over t = 1..T of gamma^(T-t) L_t (Ru et al. 2021, arXiv
// 2006.04492v3, TSE-EMA).
type tseEMAScore struct {
	earlyStopSettings
	Gamma float64 `json:"gamma"`
}

func (s tseEMAScore) validate() error {
	if !(s.Gamma >= 0 && s.Gamma <= 1) {
		return fmt.Errorf("gamma: %v: must lie in [0, 1]", s.Gamma)
	}
	return s.earlyStopSettings.validate()
}

func (s tseEMAScore) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	c, err := s.upTo(ctx, a, env)
	if err != nil {
		return Score{}, err
	}
	return Score{Value: -discounted(c.TrainLoss, s.Gamma)}, nil
}

// discounted is the sum over t = 1..T of gamma^(T-t) x_t.
func discounted(x []float64, gamma float64) float64 {
	total := 0.0
	for _, v := range x {
		total = float64(total*gamma) + v
	}
	return total
}
