package estimators

import (
	"context"
	"fmt"
	"math"

	"rwe301/bench301"
	"rwe301/estimators/head"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/linear"
)

const (
	headMode = frozenMode + "; then a linear layer is trained on the features"
	rwePaper = "Hu et al., Random-Weight Evaluation, Complex & Intelligent Systems 2023, arXiv 2110.05242"
)

var rwe = rweScore{
	frozenSettings: frozen, ValImages: 1000, ValSplit: "train", Standardise: true,
	Head: headSGD, Epochs: 30, HeadBatch: 100, LearningRate: 0.025, Momentum: 0.9, Schedule: head.Constant,
	Lambda:  0.1,
	Measure: measureValAccuracy,
}

// with are rwe's settings changed by f.
func (s rweScore) with(f func(*rweScore)) rweScore {
	f(&s)
	return s
}

// The presets.
var (
	cheapRWE = preset("cheap", "a small network on few small images, a third of a second of processor an architecture: "+
		"for a thousand architectures on two cores",
		"variant=darts,channels=8,resolution=16,train_images=400,val_images=400,head=ridge")
	cheapFeatures = Preset{cheapRWE.Name, "the network and training images of rwe's cheap, with which it shares the pass",
		cheapRWE.Settings}.without("val_images", "head")
	nearPaper = preset("near-paper", "as near to the paper as we know it: the authors' settings could not be retrieved "+
		"in detail. The number of images is what two cores can do; the paper's may be the whole training set, which "+
		"train_images=40000,val_images=10000 beside the preset reads",
		"channels=16,layers=8,variant=darts,resolution=32,init=normal,train_images=1000,val_images=500,"+
			"head=sgd,learning_rate=0.025,momentum=0.9,schedule=cosine,epochs=30,head_batch=128,standardise=false")
	nearPaperRidge = Preset{nearPaper.Name, "network and images of rwe's near-paper, with the layer in closed form",
		nearPaper.Settings}.without("head", "learning_rate", "momentum", "schedule", "epochs", "head_batch", "standardise")
)

// The registry's entries.
var (
	rweEntry = define(Info{
		Name: "rwe", Measures: "accuracy of a trained last layer",
		Family: RWEFamily, Random: true, Needs: Needs{Data: true, Labels: true}, Direction: Higher,
		Unit: "percent", Cost: Seconds,
		Paper: rwePaper, Cites: []string{"hu2023rwe"},
		Formula: "validation accuracy of a linear layer trained by gradient descent on the features of the " +
			"frozen random network",
		Mode: headMode,
		Caveats: "on randomly sampled architectures its correlation with accuracy is negative: convolutions " +
			"with random weights scramble features that pools pass on",
	}, rwe, func(s rweScore) Estimator { return s }).offering(cheapRWE, nearPaper)
	rweRidgeEntry = define(Info{
		Name: "rwe-ridge", Measures: "accuracy of a ridge last layer",
		Family: RWEFamily, Random: true, Needs: Needs{Data: true, Labels: true},
		Direction: Higher, Unit: "percent", Cost: Seconds,
		Paper: rwePaper, Cites: []string{"hu2023rwe"},
		Formula: "rwe with the layer fitted in closed form: W = (Z'Z/n + lambda I)^-1 Z'Y/n",
		Mode:    headMode,
		Caveats: "as rwe",
	}, rwe.with(func(s *rweScore) { s.Head = headRidge }), func(s rweScore) Estimator { return s }).
		offering(cheapRWE.without("head"), nearPaperRidge)
	rweTrainEntry = define(Info{
		Name: "rwe-train", Measures: "training accuracy of rwe's layer",
		Family: RWEFamily, Random: true, Needs: Needs{Data: true, Labels: true},
		Direction: Higher, Unit: "percent", Cost: Seconds,
		Paper: rwePaper, Cites: []string{"hu2023rwe"},
		Formula: "training accuracy of rwe's layer",
		Mode:    headMode,
		Caveats: "with few images and many features it is 100 for every architecture",
	}, rwe.with(func(s *rweScore) { s.Measure = measureTrainAccuracy }), func(s rweScore) Estimator { return s }).
		offering(cheapRWE, nearPaper)
	randomLabelEntry = define(Info{
		Name: "random-label", Measures: "how well rwe's layer fits noise",
		Family: RWEFamily, Random: true, Needs: Needs{Data: true}, Direction: Higher,
		Unit: "percent", Cost: Seconds,
		Paper:   ours,
		Formula: "training accuracy of rwe's layer on labels drawn at random",
		Mode:    headMode,
		Caveats: "measures how much the features can fit, not what they mean",
	}, rwe.with(func(s *rweScore) { s.Measure = measureRandomLabels }), func(s rweScore) Estimator { return s }).
		offering(cheapRWE, nearPaper)
)

// rweScore are the settings of Random-Weight Evaluation (arXiv 2110.05242): the network is drawn at random and frozen,
// a linear layer is trained on its features, and the architecture is scored by how well that layer does.
type rweScore struct {
	frozenSettings
	ValImages    int           `json:"val_images"`
	ValSplit     string        `json:"val_split"`     // "train": behind the training images; "test": the first test images
	Standardise  bool          `json:"standardise"`   // features get mean 0 and deviation 1 over the training images
	Head         headKind      `json:"head"`          //
	Epochs       int           `json:"epochs"`        // of gradient descent
	HeadBatch    int           `json:"head_batch"`    // images of a step
	LearningRate float64       `json:"learning_rate"` //
	Momentum     float64       `json:"momentum"`      // of "sgd"
	Schedule     head.Schedule `json:"schedule"`
	Lambda       float64       `json:"lambda"` // penalty of "ridge" on centred features: X'X/n + lambda I
	Measure      measure       `json:"score"`
}

// headKind is how the last layer is trained.
type headKind string

// The heads.
const (
	headSGD   headKind = "sgd"
	headAdam  headKind = "adam"
	headRidge headKind = "ridge" // least squares on one-hot labels in closed form
)

// measure is what the trained layer is scored by. Losses are negated, so that higher is better.
type measure string

// The measures.
const (
	measureValAccuracy     measure = "val-accuracy" // percent
	measureValCrossEntropy measure = "val-cross-entropy"
	measureValMSE          measure = "val-mse"
	measureTrainAccuracy   measure = "train-accuracy"        // percent
	measureTrainLoss       measure = "train-loss"            // squared error of "ridge", else cross-entropy
	measureRandomLabels    measure = "random-label-accuracy" // percent, of training on labels drawn at random
)

func (s rweScore) validate() error {
	if err := s.frozenSettings.validate(); err != nil {
		return err
	}
	switch s.Measure {
	case measureValAccuracy, measureValCrossEntropy, measureValMSE, measureTrainAccuracy, measureTrainLoss,
		measureRandomLabels:
	default:
		return fmt.Errorf("score: %q: must be one of %v", s.Measure, []measure{measureValAccuracy,
			measureValCrossEntropy, measureValMSE, measureTrainAccuracy, measureTrainLoss, measureRandomLabels})
	}
	switch {
	case s.ValSplit != "train" && s.ValSplit != "test":
		return fmt.Errorf("val_split: %q: must be \"train\" or \"test\"", s.ValSplit)
	case s.ValImages < 2:
		return fmt.Errorf("val_images: %d: must be at least 2", s.ValImages)
	case s.Schedule != head.Constant && s.Schedule != head.Cosine:
		return fmt.Errorf("schedule: %q: must be %q or %q", s.Schedule, head.Constant, head.Cosine)
	case s.Head == headRidge:
		if !(s.Lambda > 0) || math.IsInf(s.Lambda, 0) {
			return fmt.Errorf("lambda: %v: must be positive", s.Lambda)
		}
		return nil
	case s.Head != headSGD && s.Head != headAdam:
		return fmt.Errorf("head: %q: must be %q, %q or %q", s.Head, headSGD, headAdam, headRidge)
	}
	return s.descent().Validate()
}

func (s rweScore) descent() head.Descent {
	return head.Descent{Solver: head.Solver(s.Head), Epochs: s.Epochs, Batch: s.HeadBatch,
		LearningRate: s.LearningRate, Momentum: s.Momentum, Schedule: s.Schedule}
}

// val are the validation images.
func (s rweScore) val() inputs.Span {
	if s.ValSplit == "test" {
		return inputs.Span{Test: true, To: s.ValImages}
	}
	return inputs.Span{From: s.TrainImages, To: s.TrainImages + s.ValImages}
}

// validates reports whether the score needs validation images.
func (s rweScore) validates() bool {
	return s.Measure == measureValAccuracy || s.Measure == measureValCrossEntropy || s.Measure == measureValMSE
}

func (s rweScore) reads() []inputs.Span {
	if s.validates() {
		return []inputs.Span{s.train(), s.val()}
	}
	return []inputs.Span{s.train()}
}

func (s rweScore) Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	score, err := s.average(func(draw int) (float64, error) {
		f, err := s.fit(ctx, a, env, draw)
		if err != nil {
			return 0, err
		}
		switch s.Measure {
		case measureValCrossEntropy:
			return -f.CrossEntropy, nil
		case measureValMSE:
			return -f.SquaredError, nil
		case measureTrainLoss:
			if s.Head == headRidge {
				return -f.SquaredError, nil
			}
			return -f.CrossEntropy, nil
		}
		return f.Accuracy, nil
	})
	if err == nil && score.Value == 100 {
		score.Warnings = append(score.Warnings,
			"saturated: the layer classifies every image; ask for more images, or for fewer features")
	}
	return score, err
}

// fit trains the head of one draw and evaluates it where the score wants it.
func (s rweScore) fit(ctx context.Context, a bench301.Architecture, env *Env, draw int) (head.Fit, error) {
	train, err := s.features(ctx, a, env, draw, s.train())
	if err != nil {
		return head.Fit{}, err
	}
	images, err := env.Inputs.Images(s.train(), s.Resolution, false)
	if err != nil {
		return head.Fit{}, err
	}
	labels := images.Labels
	if s.Measure == measureRandomLabels {
		rng := env.Inputs.Rand("random labels", draw)
		labels = make([]int, len(labels))
		for i := range labels {
			labels[i] = rng.IntN(len(env.Data.Classes))
		}
	}
	scale := linear.Identity(train.D)
	if s.Standardise {
		scale = linear.Standardiser(train)
	}
	x := scale.Apply(train)
	l, err := s.trained(ctx, env, draw, x, labels)
	if err != nil {
		return head.Fit{}, err
	}
	if s.validates() {
		val, err := s.features(ctx, a, env, draw, s.val())
		if err != nil {
			return head.Fit{}, err
		}
		if images, err = env.Inputs.Images(s.val(), s.Resolution, false); err != nil {
			return head.Fit{}, err
		}
		x, labels = scale.Apply(val), images.Labels
	}
	return l.Fit(x.Values, labels)
}

// trained is the head of one draw.
func (s rweScore) trained(ctx context.Context, env *Env, draw int, x linear.Matrix,
	labels []int) (*head.Linear, error) {
	type key struct {
		rweScore
		draw       int
		randomised bool
	}
	k := key{s, draw, s.Measure == measureRandomLabels}
	k.Measure, k.ValImages, k.ValSplit, k.Seeds = "", 0, "", 0
	return share(env, k, func() (*head.Linear, error) {
		classes := len(env.Data.Classes)
		if s.Head == headRidge {
			return head.Ridge(x.Values, labels, classes, s.Lambda)
		}
		rng := env.Inputs.Rand("head", draw) // the same for all architectures, so that it adds no noise to a comparison
		start := &head.Linear{In: x.D, Out: classes, W: make([]float64, x.D*classes), B: make([]float64, classes)}
		for _, part := range [][]float64{start.W, start.B} {
			for i := range part {
				// PyTorch's initialisation of a linear layer
				part[i] = (2*rng.Float64() - 1) * (1 / math.Sqrt(float64(x.D)))
			}
		}
		descent := s.descent()
		descent.Meter = &env.meter
		order := func(epoch int) []int { return env.Inputs.Rand("order of the head's images", draw, epoch).Perm(x.N) }
		l, _, err := head.Train(ctx, x.Values, labels, start, descent, order)
		return l, err
	})
}
