// Package training trains whole networks by gradient descent, and keeps them between two epochs.
//
// [New] makes a [Trainer] of [Settings]; its Train takes images from a [Feed], and a [Checkpoint] keeps it.
package training

import (
	"fmt"
	"iter"
	"math"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// Settings are the settings with which a whole network is trained for a while: stochastic gradient descent
// with momentum, a cosine schedule, weight decay and bounded gradients, batch statistics, and images cropped, flipped
// and cut out at random, as DARTS trains (arXiv 1806.09055).
type Settings struct {
	Channels        int                  `json:"channels"`
	Layers          int                  `json:"layers"`
	Variant         bench301.Variant     `json:"variant"`
	Resolution      int                  `json:"resolution"` // images are mean-pooled 2x2 until they have this side
	Init            network.Distribution `json:"init"`
	TrainImages     int                  `json:"train_images"` // 0: 5000, or three quarters of the split if less
	ValImages       int                  `json:"val_images"`   // those behind; 0: 1000, or a quarter of the split
	ValNorm         Norm                 `json:"val_norm"`     // "running" statistics or those of each "batch"
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

// Norm is how validation normalises.
type Norm string

// The ways of normalising.
const (
	NormRunning Norm = "running" // by statistics that trail those of the training batches (momentum 0.1)
	NormBatch   Norm = "batch"   // by the statistics of each batch
)

// The images that are taken where the settings do not say how many.
const (
	MostTrainImages = 5000 // that train_images 0 means
	MostValImages   = 1000 // that val_images 0 means
)

// Validate says which setting is out of range.
func (s Settings) Validate() error {
	if err := (network.Scheme{Distribution: s.Init}).Validate(); err != nil {
		return err
	}
	if err := s.Config(2).Validate(); err != nil {
		return err
	}
	rate := func(v float64) bool { return v >= 0 && v < 1 }
	size := func(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }
	switch {
	case s.TrainImages < 0:
		return fmt.Errorf("train_images: %d: must be at least 1, or 0 for what the data set has", s.TrainImages)
	case s.ValImages < 0:
		return fmt.Errorf("val_images: %d: must be at least 1, or 0 for what the data set has", s.ValImages)
	case s.ValNorm != NormRunning && s.ValNorm != NormBatch:
		return fmt.Errorf("val_norm: %q: must be %q or %q", s.ValNorm, NormRunning, NormBatch)
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

// Config is the network of a data set with so many classes.
func (s Settings) Config(classes int) bench301.Config {
	return bench301.Config{
		Channels: s.Channels, Layers: s.Layers, Classes: classes, Height: s.Resolution, Width: s.Resolution,
		Variant:   s.Variant,
		Auxiliary: s.Auxiliary, DropPath: s.DropPath > 0,
	}
}

// Compile builds the network of an architecture.
func (s Settings) Compile(a bench301.Architecture, classes int) (*network.Plan, error) {
	graph, err := a.Graph(s.Config(classes))
	if err != nil {
		return nil, err
	}
	return network.Compile(graph)
}

// Spans are the images for training and validation. A split that is too small is left to Configured.Check to refuse.
func (s Settings) Spans(set *dataset.Set) (train, val inputs.Span) {
	n, v := s.TrainImages, s.ValImages
	if n == 0 {
		n = min(MostTrainImages, set.Train.Len()*3/4)
	}
	if v == 0 {
		v = max(1, min(MostValImages, set.Train.Len()/4))
	}
	return inputs.Span{To: n}, inputs.Span{From: n, To: n + v}
}

// schedule is the number of epochs over which the learning rate falls.
func (s Settings) schedule() float64 {
	if s.ScheduleEpochs > 0 {
		return float64(s.ScheduleEpochs)
	}
	return float64(s.Epochs)
}

// Rate is the learning rate of an epoch, counted from 0: rate/2 * (1 + cos(pi epoch/schedule)).
func (s Settings) Rate(epoch int) float64 {
	return s.LearningRate / 2 * (1 + math.Cos(math.Pi*float64(epoch)/s.schedule()))
}

// Curve is what a training yields, a value an epoch. An epoch that steps cuts short is one too.
type Curve struct {
	TrainLoss   []float64 // mean over steps of the batch's cross-entropy before the step, not the auxiliary head's
	ValLoss     []float64 // cross-entropy after the epoch
	ValAccuracy []float64 // percent, after the epoch
	Diverged    string    // why training broke off, if it did
}

// Feed hands images to a [Trainer].
type Feed struct {
	Val   dataset.Images
	Steps int                                          // of an epoch
	Epoch func(k int) iter.Seq2[dataset.Images, error] // batches, each valid until the next; epochs count from 0
	drops func(step int) uint64                        // seed of the paths that a step drops
}

// Feed prepares the images of a set.
func (s Settings) Feed(set *dataset.Set, source inputs.Source) (Feed, error) {
	train, val := s.Spans(set)
	images, err := source.Images(val, s.Resolution, false)
	if err != nil {
		return Feed{}, err
	}
	v := dataset.Augmentation{Cutout: s.Cutout}
	if s.Augment {
		v.Pad, v.Flip = 4, true
	}
	epoch, err := source.Epochs(train, s.Resolution, s.Batch, v)
	drops := func(step int) uint64 { return source.Seed("drop path", step) }
	return Feed{images, train.Len() / s.Batch, epoch, drops}, err
}
