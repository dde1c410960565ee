package estimators

import (
	"context"
	"fmt"
	"runtime"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/precision"
	"rwe301/estimators/internal/training"
	"rwe301/network"
)

const trainingMode = "the whole network is trained by gradient descent (momentum, cosine schedule, " +
	"weight decay, bounded gradients; images cropped, flipped and cut out)"

var defaultTraining = trainingSettings{training.Settings{
	Channels: 16, Layers: 8, Variant: bench301.VariantDARTS, Resolution: 32, Init: network.Default,
	ValNorm: training.NormRunning,
	Epochs:  5, Batch: 100, LearningRate: 0.025, Momentum: 0.9, WeightDecay: 3e-4, Clip: 5, Augment: true, Cutout: 16,
	AuxiliaryWeight: 0.4, Precision: precision.Float32,
}}

// The presets. Batch statistics validate: after so few steps running ones still trail behind the weights.
var (
	cheapTraining = preset("cheap", "one epoch of a small network on few small images, two seconds of processor an "+
		"architecture: for a thousand architectures on two cores. It is far from full training: networks reach about "+
		"20 % on CIFAR-10",
		"channels=8,resolution=16,train_images=1000,val_images=500,epochs=1,batch=50,cutout=0,val_norm=batch")
	largerTraining = preset("larger", "the network and images of cheap, four epochs on half as many images again: about "+
		"five times its time",
		"channels=8,resolution=16,train_images=1500,val_images=500,epochs=4,batch=50,cutout=0,val_norm=batch")
	cheapExtrapolation = preset("cheap", "the steps of early-stop's cheap in four epochs, the fewest that a curve can be "+
		"fitted to",
		"channels=8,resolution=16,train_images=250,val_images=500,epochs=4,batch=50,cutout=0,val_norm=batch")
)

// trainingInfo describes a score of a network in training.
func trainingInfo(name, measures, unit, paper, formula, caveats string, cites ...string) Info {
	return Info{
		Name: name, Measures: measures,
		Family: TrainingFamily, Random: true, Needs: Needs{Data: true, Labels: true, Gradients: true},
		Direction: Higher, Unit: unit, Cost: Minutes,
		Paper: paper, Cites: cites, Formula: formula, Mode: trainingMode, Caveats: caveats,
	}
}

// trainingSettings are the settings of scores of a network in training.
type trainingSettings struct{ training.Settings }

func (s trainingSettings) validate() error { return s.Validate() }

func (s trainingSettings) readsOf(set *dataset.Set) []inputs.Span {
	train, val := s.Spans(set)
	return []inputs.Span{train, val}
}

func (s trainingSettings) side() int { return s.Resolution }

// curve trains the network of an architecture. Estimators with the same settings of training share it.
func (s trainingSettings) curve(ctx context.Context, a bench301.Architecture, env *Env) (*training.Curve, error) {
	return precision.Either(s.Precision, curveOf[float32], curveOf[float64])(ctx, s, a, env)
}

func curveOf[T network.Real](ctx context.Context, s trainingSettings, a bench301.Architecture,
	env *Env) (*training.Curve, error) {
	return share(env, s, func() (*training.Curve, error) {
		plan, err := s.Compile(a, len(env.Data.Classes))
		if err != nil {
			return nil, err
		}
		theta, err := env.Inputs.Weights(plan, a.ID(), network.Scheme{Distribution: s.Init}, 0)
		if err != nil {
			return nil, err
		}
		feed, err := s.Feed(env.Data, env.Inputs)
		if err != nil {
			return nil, err
		}
		t, err := newTrainer(s, plan, precision.Convert[T](theta), env)
		if err != nil {
			return nil, err
		}
		defer t.Exec.Close()
		saved := training.Checkpoint[T]{Dir: env.Checkpoints, Key: s.key(a, env), PerEpoch: feed.Steps}
		if err := saved.Load(t); err != nil {
			return nil, err
		}
		env.work.resumed(t.Took, t.Told)
		return &t.Curve, t.Train(ctx, feed, saved.Save)
	})
}

func newTrainer[T network.Real](s trainingSettings, p *network.Plan, theta []T, env *Env) (*training.Trainer[T],
	error) {
	x, err := executor[T](env, p, network.Options{Batch: s.Batch, Gradients: true})
	t := training.New(s.Settings, p, theta, x)
	t.Meter = &env.meter
	return t, err
}

// key says what determines a training.
func (s trainingSettings) key(a bench301.Architecture, env *Env) string {
	train, val := s.Spans(env.Data)
	return fmt.Sprintf("%s %s %s %s %v %v seed %d %s", canonicalSettings(s), a, env.Data.Name, env.Data.Hash, train,
		val, env.Seed, runtime.GOARCH)
}
