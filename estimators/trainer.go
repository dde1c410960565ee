package estimators

import (
	"context"
	"fmt"
	"math"
	"time"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/internal/precision"
	"rwe301/network"
)

// trainer is a network in training. Between two epochs, all that the rest of the training depends on is theta, the
// optimiser's velocity, the running statistics and the number of epochs of the curve.
type trainer[T network.Real] struct {
	trainingSettings
	plan    *network.Plan
	exec    network.Runner[T]
	theta   []T
	sgd     sgd[T]
	curve   trainingCurve
	seconds float64 // wall time so far, in this process and before

	g, logits, aux []T // gradients of theta and of the two classifiers' outputs
}

func newTrainer[T network.Real](s trainingSettings, p *network.Plan, theta []T, env *Env) (*trainer[T], error) {
	e, err := executor[T](env, p, network.Options{Batch: s.Batch, Gradients: true})
	if err != nil {
		return nil, err
	}
	size := s.Batch * p.Classes()
	return &trainer[T]{
		trainingSettings: s, plan: p, exec: e, theta: theta, g: make([]T, len(theta)), logits: make([]T, size),
		aux: make([]T, size),
		sgd: sgd[T]{momentum: s.Momentum, decay: s.WeightDecay, clip: s.Clip, velocity: make([]T, len(theta))},
	}, nil
}

// train trains what is left of the epochs, and calls save after each.
func (t *trainer[T]) train(ctx context.Context, f feed, save func(*trainer[T]) error) error {
	for !t.finished(f.steps) {
		start := time.Now()
		if err := t.epoch(ctx, f); err != nil {
			return err
		}
		t.seconds += time.Since(start).Seconds()
		if err := save(t); err != nil {
			return err
		}
	}
	return nil
}

// finished says whether the training is over, given the number of steps of an epoch.
func (t *trainer[T]) finished(perEpoch int) bool {
	done := len(t.curve.TrainLoss)
	return t.curve.Diverged != "" || done >= t.Epochs || t.Steps > 0 && done*perEpoch >= t.Steps
}

// epoch trains the next epoch and validates.
func (t *trainer[T]) epoch(ctx context.Context, f feed) error {
	k := len(t.curve.TrainLoss)
	total, steps := 0.0, 0
	for images, err := range f.epoch(k) {
		if err != nil {
			return err
		}
		if t.Steps > 0 && k*f.steps+steps == t.Steps {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if t.DropPath > 0 {
			if err := t.exec.SetDropPath(t.DropPath*float64(k)/t.schedule(), f.drops(k*f.steps+steps)); err != nil {
				return err
			}
		}
		loss, norm, err := t.step(images, t.rate(k))
		if err != nil {
			return err
		}
		if bad := loss + norm; math.IsNaN(bad) || math.IsInf(bad, 0) {
			t.curve.Diverged = fmt.Sprintf("training diverged: loss %v, gradient %v at step %d of epoch %d", loss,
				norm, steps+1, k+1)
			return nil
		}
		total += loss
		steps++
	}
	loss, accuracy, err := t.validate(ctx, f.val)
	if err != nil {
		return err
	}
	t.curve.TrainLoss = append(t.curve.TrainLoss, total/float64(steps))
	t.curve.ValLoss, t.curve.ValAccuracy = append(t.curve.ValLoss, loss), append(t.curve.ValAccuracy, accuracy)
	return nil
}

// step takes one step, and returns the cross-entropy and the norm of the gradient before it.
func (t *trainer[T]) step(images dataset.Images, rate float64) (loss, norm float64, err error) {
	n := images.Len()
	if err := t.exec.Forward(t.theta, precision.Convert[T](images.Pixels), n, network.BatchNorm); err != nil {
		return 0, 0, err
	}
	c := network.Cotangents[T]{Logits: t.logits[:n*t.plan.Classes()]}
	if loss, err = network.CrossEntropy(t.exec.Logits(), images.Labels, c.Logits); err != nil {
		return 0, 0, err
	}
	if t.Auxiliary {
		c.AuxLogits = t.aux[:n*t.plan.Classes()]
		if _, err := network.CrossEntropy(t.exec.AuxLogits(), images.Labels, c.AuxLogits); err != nil {
			return 0, 0, err
		}
		for i := range c.AuxLogits {
			c.AuxLogits[i] *= T(t.AuxiliaryWeight)
		}
	}
	if err := t.exec.Backward(c, t.g, nil); err != nil {
		return 0, 0, err
	}
	return loss, t.sgd.step(t.theta, t.g, rate), nil
}

// validate returns mean cross-entropy and accuracy, in percent. No path is dropped.
func (t *trainer[T]) validate(ctx context.Context, val dataset.Images) (loss, accuracy float64, err error) {
	norm := network.RunningNorm
	if t.ValNorm == normBatch {
		norm = network.BatchNorm
		if err := t.exec.SetDropPath(0, 0); err != nil {
			return 0, 0, err
		}
	}
	right, classes := 0, t.plan.Classes()
	for _, b := range batches(val.Len(), t.Batch) {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		images := val.Slice(b.From, b.To)
		if err := t.exec.Forward(t.theta, precision.Convert[T](images.Pixels), images.Len(), norm); err != nil {
			return 0, 0, err
		}
		logits := t.exec.Logits()
		l, err := network.CrossEntropy(logits, images.Labels, nil)
		if err != nil {
			return 0, 0, err
		}
		loss += l * float64(images.Len())
		for i, y := range images.Labels {
			if row := logits[i*classes : (i+1)*classes]; best(row) == y {
				right++
			}
		}
	}
	n := float64(val.Len())
	return loss / n, 100 * float64(right) / n, nil
}

// best is the index of the largest value, the first of equals.
func best[T network.Real](row []T) int {
	k := 0
	for i, v := range row {
		if v > row[k] {
			k = i
		}
	}
	return k
}

// running lists the running statistics of all normalisations: means and variances, which belong to the executor.
func (t *trainer[T]) running() (all [][]float64) {
	for _, node := range t.plan.NodesOf(bench301.BatchNorm) {
		mean, variance := t.exec.Running(t.plan.Graph().Nodes[node].Name)
		all = append(all, mean, variance)
	}
	return all
}

// sgd is stochastic gradient descent with momentum and weight decay on a gradient whose norm is bounded, as PyTorch's
// clip_grad_norm_ and SGD do it: with norm ||g|| of the whole gradient,
//
//	g <- g * min(1, clip / (||g|| + 1e-6)) + decay * theta
//	v <- momentum * v + g
//	theta <- theta - rate * v
type sgd[T network.Real] struct {
	momentum, decay, clip float64 // clip 0 bounds nothing
	velocity              []T     // v, zero at first
}

// clipEpsilon is what clip_grad_norm_ adds to the norm.
const clipEpsilon = 1e-6

// step moves theta and returns the norm of the gradient as it came.
func (s *sgd[T]) step(theta, g []T, rate float64) (norm float64) {
	squares := 0.0
	for _, v := range g {
		f := float64(v)
		squares += float64(f * f)
	}
	norm = math.Sqrt(squares)
	factor := 1.0
	if s.clip > 0 {
		factor = min(1, s.clip/(norm+clipEpsilon))
	}
	for i, v := range g {
		d := float64(float64(v)*factor) + float64(s.decay*float64(theta[i]))
		s.velocity[i] = T(float64(s.momentum*float64(s.velocity[i])) + d)
		theta[i] -= T(rate * float64(s.velocity[i]))
	}
	return norm
}
