package estimators

import (
	"context"
	"fmt"
	"iter"
	"math"
	"runtime"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

const trainingMode = "the whole network is trained by gradient descent (momentum, cosine schedule, " +
	"weight decay, bounded gradients; images cropped, flipped and cut out)"

var training = trainingSettings{
	Channels: 16, Layers: 8, Variant: bench301.VariantDARTS, Resolution: 32, Init: network.Default,
	ValNorm: normRunning,
	Epochs:  5, Batch: 100, LearningRate: 0.025, Momentum: 0.9, WeightDecay: 3e-4, Clip: 5, Augment: true, Cutout: 16,
	AuxiliaryWeight: 0.4, Precision: precision.Float32,
}

// trainingInfo describes a score of a network in training.
func trainingInfo(name, unit, paper, formula, caveats string, cites ...string) Info {
	return Info{
		Name: name, Family: TrainingFamily, Random: true, Needs: Needs{Data: true, Labels: true, Gradients: true},
		Direction: Higher, Unit: unit, Cost: Minutes,
		Paper: paper, Cites: cites, Formula: formula, Mode: trainingMode, Caveats: caveats,
	}
}

// trainingSettings are the settings with which a whole network is trained for a while: stochastic gradient descent
// with momentum, a cosine schedule, weight decay and bounded gradients, batch statistics, and images cropped, flipped
// and cut out at random, as DARTS trains (arXiv 1806.09055).
type trainingSettings struct {
	Channels        int                  `json:"channels"`
	Layers          int                  `json:"layers"`
	Variant         bench301.Variant     `json:"variant"`
	Resolution      int                  `json:"resolution"` // images are mean-pooled 2x2 until they have this side
	Init            network.Distribution `json:"init"`
	TrainImages     int                  `json:"train_images"` // 0: 5000, or three quarters of the split if less
	ValImages       int                  `json:"val_images"`   // those behind; 0: 1000, or a quarter of the split
	ValNorm         normName             `json:"val_norm"`     // "running" statistics or those of each "batch"
	Epochs          int                  `json:"epochs"`
	Steps           int                  `json:"steps"`           // after which training ends; 0: whole epochs
	ScheduleEpochs  int                  `json:"schedule_epochs"` // until the learning rate is zero; 0: epochs
	Batch           int                  `json:"batch"`           // an epoch leaves out what fills no batch
	LearningRate    float64              `json:"learning_rate"`   // of the first epoch
	Momentum        float64              `json:"momentum"`
	WeightDecay     float64              `json:"weight_decay"` // of all parameters
	Clip            float64              `json:"clip"`         // of the gradient's norm; 0: none
	Augment         bool                 `json:"augment"`      // pad 4, crop and flip
	Cutout          int                  `json:"cutout"`       // side of the square, in pixels before mean-pooling
	Auxiliary       bool                 `json:"auxiliary"`    // train the auxiliary head too
	AuxiliaryWeight float64              `json:"auxiliary_weight"`
	DropPath        float64              `json:"drop_path"` // at the schedule's end, to which it rises evenly
	Precision       precision.Name       `json:"precision"`
}

// normRunning normalises by statistics that trail those of the training batches (momentum 0.1).
const normRunning normName = "running"

const (
	mostTrainImages = 5000 // that train_images 0 means
	mostValImages   = 1000 // that val_images 0 means
)

func (s trainingSettings) validate() error {
	if err := (network.Scheme{Distribution: s.Init}).Validate(); err != nil {
		return err
	}
	if err := s.config(2).Validate(); err != nil {
		return err
	}
	rate := func(v float64) bool { return v >= 0 && v < 1 }
	size := func(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }
	switch {
	case s.TrainImages < 0:
		return fmt.Errorf("train_images: %d: must be at least 1, or 0 for what the data set has", s.TrainImages)
	case s.ValImages < 0:
		return fmt.Errorf("val_images: %d: must be at least 1, or 0 for what the data set has", s.ValImages)
	case s.ValNorm != normRunning && s.ValNorm != normBatch:
		return fmt.Errorf("val_norm: %q: must be %q or %q", s.ValNorm, normRunning, normBatch)
	case s.Epochs < 1 || s.Epochs > 10000:
		return fmt.Errorf("epochs: %d: must lie in [1, 10000]", s.Epochs)
	case s.Steps < 0:
		return fmt.Errorf("steps: %d: must be at least 1, or 0 for whole epochs", s.Steps)
	case s.ScheduleEpochs != 0 && s.ScheduleEpochs < s.Epochs:
		return fmt.Errorf("schedule_epochs: %d: must be at least epochs, %d, or 0 for that", s.ScheduleEpochs, s.Epochs)
	case s.Batch < 2 || s.Batch > 1<<16:
		return fmt.Errorf("batch: %d: must lie in [2, %d]: batch statistics need two images", s.Batch, 1<<16)
	case s.TrainImages > 0 && s.TrainImages < s.Batch:
		return fmt.Errorf("train_images: %d: must fill a batch, %d", s.TrainImages, s.Batch)
	case !size(s.LearningRate) || s.LearningRate == 0:
		return fmt.Errorf("learning_rate: %v: must be positive", s.LearningRate)
	case !rate(s.Momentum):
		return fmt.Errorf("momentum: %v: must lie in [0, 1)", s.Momentum)
	case !size(s.WeightDecay):
		return fmt.Errorf("weight_decay: %v: must not be negative", s.WeightDecay)
	case !size(s.Clip):
		return fmt.Errorf("clip: %v: must be positive, or 0 for none", s.Clip)
	case s.Cutout < 0 || s.Cutout%2 != 0:
		return fmt.Errorf("cutout: %d: must be an even number, 0 for none", s.Cutout)
	case !size(s.AuxiliaryWeight):
		return fmt.Errorf("auxiliary_weight: %v: must not be negative", s.AuxiliaryWeight)
	case !rate(s.DropPath):
		return fmt.Errorf("drop_path: %v: must lie in [0, 1)", s.DropPath)
	}
	return s.Precision.Validate()
}

func (s trainingSettings) config(classes int) bench301.Config {
	return bench301.Config{
		Channels: s.Channels, Layers: s.Layers, Classes: classes, Height: s.Resolution, Width: s.Resolution,
		Variant:   s.Variant,
		Auxiliary: s.Auxiliary, DropPath: s.DropPath > 0,
	}
}

func (s trainingSettings) compile(a bench301.Architecture, classes int) (*network.Plan, error) {
	graph, err := a.Graph(s.config(classes))
	if err != nil {
		return nil, err
	}
	return network.Compile(graph)
}

// spans are the images for training and validation. A split that is too small is left to Configured.Check to refuse.
func (s trainingSettings) spans(set *dataset.Set) (train, val inputs.Span) {
	n, v := s.TrainImages, s.ValImages
	if n == 0 {
		n = min(mostTrainImages, set.Train.Len()*3/4)
	}
	if v == 0 {
		v = max(1, min(mostValImages, set.Train.Len()/4))
	}
	return inputs.Span{To: n}, inputs.Span{From: n, To: n + v}
}

func (s trainingSettings) readsOf(set *dataset.Set) []inputs.Span {
	train, val := s.spans(set)
	return []inputs.Span{train, val}
}

func (s trainingSettings) side() int { return s.Resolution }

// schedule is the number of epochs over which the learning rate falls.
func (s trainingSettings) schedule() float64 {
	if s.ScheduleEpochs > 0 {
		return float64(s.ScheduleEpochs)
	}
	return float64(s.Epochs)
}

// rate is the learning rate of an epoch, counted from 0: rate/2 * (1 + cos(pi epoch/schedule)).
func (s trainingSettings) rate(epoch int) float64 {
	return s.LearningRate / 2 * (1 + math.Cos(math.Pi*float64(epoch)/s.schedule()))
}

// trainingCurve is what a training yields, a value an epoch. An epoch that steps cuts short is one too.
type trainingCurve struct {
	TrainLoss   []float64 // mean over steps of the batch's cross-entropy before the step, not the auxiliary head's
	ValLoss     []float64 // cross-entropy after the epoch
	ValAccuracy []float64 // percent, after the epoch
	Diverged    string    // why training broke off, if it did
}

// curve trains the network of an architecture. Estimators with the same settings of training share it.
func (s trainingSettings) curve(ctx context.Context, a bench301.Architecture, env *Env) (*trainingCurve, error) {
	return precision.Either(s.Precision, curveOf[float32], curveOf[float64])(ctx, s, a, env)
}

func curveOf[T network.Real](ctx context.Context, s trainingSettings, a bench301.Architecture,
	env *Env) (*trainingCurve, error) {
	return share(env, s, func() (*trainingCurve, error) {
		plan, err := s.compile(a, len(env.Data.Classes))
		if err != nil {
			return nil, err
		}
		theta, err := env.Inputs.Weights(plan, a.ID(), network.Scheme{Distribution: s.Init}, 0)
		if err != nil {
			return nil, err
		}
		feed, err := s.feed(env)
		if err != nil {
			return nil, err
		}
		t, err := newTrainer(s, plan, precision.Convert[T](theta), env)
		if err != nil {
			return nil, err
		}
		defer t.exec.Close()
		saved := checkpoint[T]{dir: env.Checkpoints, key: s.key(a, env), perEpoch: feed.steps}
		if err := saved.load(t); err != nil {
			return nil, err
		}
		env.work.resumed(t.seconds)
		return &t.curve, t.train(ctx, feed, saved.save)
	})
}

// key says what determines a training.
func (s trainingSettings) key(a bench301.Architecture, env *Env) string {
	train, val := s.spans(env.Data)
	return fmt.Sprintf("%s %s %s %s %v %v seed %d %s", canonicalSettings(s), a, env.Data.Name, env.Data.Hash, train,
		val, env.Seed, runtime.GOARCH)
}

// feed hands images to a trainer.
type feed struct {
	val   dataset.Images
	steps int                                          // of an epoch
	epoch func(k int) iter.Seq2[dataset.Images, error] // batches, each valid until the next; epochs count from 0
	drops func(step int) uint64                        // seed of the paths that a step drops
}

// feed prepares the images.
func (s trainingSettings) feed(env *Env) (feed, error) {
	train, val := s.spans(env.Data)
	images, err := env.Inputs.Images(val, s.Resolution, false)
	if err != nil {
		return feed{}, err
	}
	v := dataset.Augmentation{Cutout: s.Cutout}
	if s.Augment {
		v.Pad, v.Flip = 4, true
	}
	epoch, err := env.Inputs.Epochs(train, s.Resolution, s.Batch, v)
	drops := func(step int) uint64 { return env.Inputs.Seed("drop path", step) }
	return feed{images, train.Len() / s.Batch, epoch, drops}, err
}
