package training

import (
	"context"
	"fmt"
	"math"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators/inputs"
	"rwe301/estimators/internal/precision"
	"rwe301/internal/process"
	"rwe301/network"
)

// Trainer is a network in training. Between two epochs, all that the rest of the training depends on is theta, the
// optimiser's velocity, the running statistics and the number of epochs of the curve.
type Trainer[T network.Real] struct {
	Settings
	plan  *network.Plan
	Exec  network.Runner[T]
	Theta []T
	sgd   sgd[T]
	Curve Curve
	Meter *process.Meter // what counts Took
	Took  process.Took   // time so far, in this process and before
	Told  bool           // the processor time of before is known

	g, logits, aux []T // gradients of theta and of the two classifiers' outputs
}

// New returns a trainer of the weights theta, which it changes, with an executor that has gradients and takes the
// settings' Batch images.
func New[T network.Real](s Settings, p *network.Plan, theta []T, e network.Runner[T]) *Trainer[T] {
	size := s.Batch * p.Classes()
	return &Trainer[T]{
		Meter: &process.Meter{}, Told: true,
		Settings: s, plan: p, Exec: e, Theta: theta, g: make([]T, len(theta)), logits: make([]T, size),
		aux: make([]T, size),
		sgd: sgd[T]{momentum: s.Momentum, decay: s.WeightDecay, clip: s.Clip, velocity: make([]T, len(theta))},
	}
}

// Train trains what is left of the epochs, and calls save after each.
func (t *Trainer[T]) Train(ctx context.Context, f Feed, save func(*Trainer[T]) error) error {
	for !t.finished(f.Steps) {
		start := t.Meter.Now()
		if err := t.epoch(ctx, f); err != nil {
			return err
		}
		t.Took = t.Took.Add(t.Meter.Now().Sub(start))
		if err := save(t); err != nil {
			return err
		}
	}
	return nil
}

// finished says whether the training is over, given the number of steps of an epoch.
func (t *Trainer[T]) finished(perEpoch int) bool {
	done := len(t.Curve.TrainLoss)
	return t.Curve.Diverged != "" || done >= t.Epochs || t.Steps > 0 && done*perEpoch >= t.Steps
}

// epoch trains the next epoch and validates.
func (t *Trainer[T]) epoch(ctx context.Context, f Feed) error {
	k := len(t.Curve.TrainLoss)
	total, steps := 0.0, 0
	for images, err := range f.Epoch(k) {
		if err != nil {
			return err
		}
		if t.Steps > 0 && k*f.Steps+steps == t.Steps {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if t.DropPath > 0 {
			if err := t.Exec.SetDropPath(t.DropPath*float64(k)/t.schedule(), f.drops(k*f.Steps+steps)); err != nil {
				return err
			}
		}
		loss, norm, err := t.Step(images, t.Rate(k))
		if err != nil {
			return err
		}
		if bad := loss + norm; math.IsNaN(bad) || math.IsInf(bad, 0) {
			t.Curve.Diverged = fmt.Sprintf("training diverged: loss %v, gradient %v at step %d of epoch %d", loss,
				norm, steps+1, k+1)
			return nil
		}
		total += loss
		steps++
	}
	loss, accuracy, err := t.validate(ctx, f.Val)
	if err != nil {
		return err
	}
	t.Curve.TrainLoss = append(t.Curve.TrainLoss, total/float64(steps))
	t.Curve.ValLoss, t.Curve.ValAccuracy = append(t.Curve.ValLoss, loss), append(t.Curve.ValAccuracy, accuracy)
	return nil
}

// Step takes one step, and returns the cross-entropy and the norm of the gradient before it.
func (t *Trainer[T]) Step(images dataset.Images, rate float64) (loss, norm float64, err error) {
	n := images.Len()
	if err := t.Exec.Forward(t.Theta, precision.Convert[T](images.Pixels), n, network.BatchNorm); err != nil {
		return 0, 0, err
	}
	c := network.Cotangents[T]{Logits: t.logits[:n*t.plan.Classes()]}
	if loss, err = network.CrossEntropy(t.Exec.Logits(), images.Labels, c.Logits); err != nil {
		return 0, 0, err
	}
	if t.Auxiliary {
		c.AuxLogits = t.aux[:n*t.plan.Classes()]
		if _, err := network.CrossEntropy(t.Exec.AuxLogits(), images.Labels, c.AuxLogits); err != nil {
			return 0, 0, err
		}
		for i := range c.AuxLogits {
			c.AuxLogits[i] *= T(t.AuxiliaryWeight)
		}
	}
	if err := t.Exec.Backward(c, t.g, nil); err != nil {
		return 0, 0, err
	}
	return loss, t.sgd.step(t.Theta, t.g, rate), nil
}

// validate returns mean cross-entropy and accuracy, in percent. No path is dropped.
func (t *Trainer[T]) validate(ctx context.Context, val dataset.Images) (loss, accuracy float64, err error) {
	norm := network.RunningNorm
	if t.ValNorm == NormBatch {
		norm = network.BatchNorm
		if err := t.Exec.SetDropPath(0, 0); err != nil {
			return 0, 0, err
		}
	}
	right, classes := 0, t.plan.Classes()
	for _, b := range inputs.Batches(val.Len(), t.Batch) {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		images := val.Slice(b.From, b.To)
		if err := t.Exec.Forward(t.Theta, precision.Convert[T](images.Pixels), images.Len(), norm); err != nil {
			return 0, 0, err
		}
		logits := t.Exec.Logits()
		l, err := network.CrossEntropy(logits, images.Labels, nil)
		if err != nil {
			return 0, 0, err
		}
		loss += float64(l * float64(images.Len()))
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

// Velocity is what the optimiser remembers of earlier steps, laid out like Theta.
func (t *Trainer[T]) Velocity() []T { return t.sgd.velocity }

// Running lists the running statistics of all normalisations: means and variances, which belong to the executor.
func (t *Trainer[T]) Running() (all [][]float64) {
	for _, node := range t.plan.NodesOf(bench301.BatchNorm) {
		mean, variance := t.Exec.Running(t.plan.Graph().Nodes[node].Name)
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
