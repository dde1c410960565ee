package estimators

import (
	"rwe301/bench301"
	"rwe301/estimators/internal/curve"
	"rwe301/network"
)

// Defaults of the scores of networks in training.
var (
	training = Training{
		Channels: 16, Layers: 8, Variant: bench301.VariantDARTS, Resolution: 32, Init: network.Default, ValNorm: NormRunning,
		Epochs: 5, Batch: 100, LearningRate: 0.025, Momentum: 0.9, WeightDecay: 3e-4, Clip: 5, Augment: true, Cutout: 16,
		AuxiliaryWeight: 0.4, Precision: Single,
	}
	earlyStop     = EarlyStop{Training: training}
	extrapolation = Extrapolation{EarlyStop: earlyStop, Final: 100}
)

const (
	trainingMode = "the whole network is trained by gradient descent (momentum, cosine schedule, weight decay, bounded gradients; images cropped, flipped and cut out)"
	soTLPaper    = "Ru et al. 2021, Speedy Performance Estimation for NAS, arXiv 2006.04492"
	lcePaper     = "Domhan, Springenberg, Hutter 2015, Speeding up Automatic Hyperparameter Optimization of Deep Neural Networks by Extrapolation of Learning Curves, IJCAI"
	fewEpochs    = "a handful of epochs ranks how fast architectures learn, which is not how well they end"
	rateFalls    = "the learning rate falls to zero within epochs unless schedule_epochs is set: the curve bends at its end"
)

// trained are the scores of networks in training. Those with the same settings share one training.
var trained = []definition{
	define(trainingInfo("early-stop", "percent", "as every multi-fidelity method does it", "validation accuracy after epoch T", fewEpochs), earlyStop, ofCurve(valAccuracy)),
	define(trainingInfo("val-loss", "nats", "as every multi-fidelity method does it", "minus the validation cross-entropy after epoch T", fewEpochs), earlyStop, ofCurve(valLoss)),
	define(trainingInfo("train-loss", "nats", "as every multi-fidelity method does it", "-L_T, L_t the mean over the steps of epoch t of the batch's cross-entropy before the step", fewEpochs), earlyStop, ofCurve(trainLoss)),
	define(trainingInfo("sotl", "nats", soTLPaper, "-sum over epochs t = 1..T of L_t (see train-loss)", "the first epochs weigh most"), earlyStop, ofCurve(sotl)),
	define(trainingInfo("sotl-e", "nats", soTLPaper, "-sum over the last E epochs of L_t (see train-loss)", "with E = 1 it is train-loss"),
		SoTLE{earlyStop, 1}, func(s SoTLE) Estimator { return s }),
	define(trainingInfo("tse-ema", "nats", soTLPaper, "-sum over epochs t = 1..T of gamma^(T-t) L_t (see train-loss)", "gamma 0 is train-loss, gamma 1 is sotl"),
		TSEEMA{earlyStop, 0.9}, func(s TSEEMA) Estimator { return s }),
	define(trainingInfo("lce-power", "percent", lcePaper, "c - a t^-alpha at the final epoch, fitted to the validation accuracies by least squares, 0 < c < 1, a, alpha > 0", rateFalls), extrapolation, extrapolating(curve.PowerLaw)),
	define(trainingInfo("lce-logpower", "percent", lcePaper, "a / (1 + (t/e^b)^-c) at the final epoch, fitted to the validation accuracies by least squares, 0 < a < 1, c > 0", rateFalls), extrapolation, extrapolating(curve.LogPower)),
	define(trainingInfo("lce-ensemble", "percent", lcePaper, "mean of lce-power and lce-logpower, weighted by (mean squared error)^(-epochs/2)", rateFalls), extrapolation, extrapolating(curve.PowerLaw, curve.LogPower)),
}

// trainingInfo describes a score of a network in training.
func trainingInfo(name, unit, paper, formula, caveats string) Info {
	return Info{
		Name: name, Family: TrainingFamily, Needs: Needs{Data: true, Labels: true, Gradients: true}, Direction: Higher, Unit: unit, Cost: Minutes,
		Paper: paper, Formula: formula, Mode: trainingMode, Caveats: caveats,
	}
}
