package head

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"rwe301/internal/process"
)

// Solver names a way of stepping down a gradient.
type Solver string

// The solvers.
const (
	SGD  Solver = "sgd"  // v = momentum v + g; w = w - rate v
	Adam Solver = "adam" // Kingma and Ba 2015: beta 0.9 and 0.999, epsilon 1e-8
)

// Schedule names how the learning rate changes over the epochs.
type Schedule string

// The schedules.
const (
	Constant Schedule = "constant"
	Cosine   Schedule = "cosine" // epoch e = 0, 1, ... of E has (1 + cos(pi e / E)) / 2 times the rate
)

// Descent are the settings of training by gradient descent.
type Descent struct {
	Solver       Solver
	Epochs       int
	Batch        int // images a step; the last step of an epoch takes what is left
	LearningRate float64
	Momentum     float64 // of SGD
	Schedule     Schedule

	Meter *process.Meter // counts what Gorgonia's goroutine does for the caller; may be nil
}

// Validate says which setting is out of range.
func (o Descent) Validate() error {
	switch {
	case o.Solver != SGD && o.Solver != Adam:
		return fmt.Errorf("solver %q: must be %q or %q", o.Solver, SGD, Adam)
	case o.Epochs < 1 || o.Epochs > 1e6:
		return fmt.Errorf("epochs: %d: must lie in [1, 1000000]", o.Epochs)
	case o.Batch < 1:
		return fmt.Errorf("batch: %d: must be at least 1", o.Batch)
	case !(o.LearningRate > 0 && o.LearningRate < 1e6):
		return fmt.Errorf("learning rate: %v: must be positive", o.LearningRate)
	case !(o.Momentum >= 0 && o.Momentum < 1):
		return fmt.Errorf("momentum: %v: must lie in [0, 1)", o.Momentum)
	case o.Schedule != Constant && o.Schedule != Cosine:
		return fmt.Errorf("schedule: %q: must be %q or %q", o.Schedule, Constant, Cosine)
	}
	return nil
}

// rate is the learning rate of an epoch.
func (o Descent) rate(epoch int) float64 {
	if o.Schedule == Cosine {
		return o.LearningRate * (1 + math.Cos(math.Pi*float64(epoch)/float64(o.Epochs))) / 2
	}
	return o.LearningRate
}

// Train minimises the mean cross-entropy of n x d features from the given start, which it leaves alone. order gives
// the order of the images in an epoch. It returns the head and the mean loss over the steps of every epoch, each
// before its step, weighted by images.
func Train(ctx context.Context, x []float64, labels []int, start *Linear, o Descent,
	order func(epoch int) []int) (*Linear, []float64, error) {
	if err := check(x, labels, start.Out); err != nil {
		return nil, nil, err
	}
	if err := o.Validate(); err != nil {
		return nil, nil, fmt.Errorf("head: %w", err)
	}
	if d := len(x) / len(labels); d != start.In {
		return nil, nil, fmt.Errorf("head: %d features an image for a head of %d", d, start.In)
	}
	t, err := newTrainer(start, min(o.Batch, len(labels)), o)
	if err != nil {
		return nil, nil, fmt.Errorf("head: %w", err)
	}
	defer func() {
		t.machine.Close()
		// Machine and graph refer to each other, and what is in a cycle with a finalizer is never collected.
		runtime.SetFinalizer(t.machine, nil)
	}()
	losses := make([]float64, o.Epochs)
	for epoch := range o.Epochs {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		images := order(epoch)
		for lo := 0; lo < len(images); lo += t.batch {
			t.schedule(o, epoch, lo == 0)
			batch := images[lo:min(lo+t.batch, len(images))]
			loss, err := t.step(x, labels, batch)
			if err != nil {
				return nil, nil, fmt.Errorf("head: epoch %d: %w", epoch, err)
			}
			losses[epoch] += loss * float64(len(batch)) / float64(len(images))
		}
	}
	return t.head(), losses, nil
}

// trainer is the graph of one head, made once and run once a step. The bias is the last row of the weights: the images
// get a feature that is always 1.
type trainer struct {
	in, out, batch int
	x, targets     []float64 // what the graph reads: batch x (in+1) features, batch x out targets
	weights        []float64 // (in+1) x out
	loss           gorgonia.Value
	learn          []gorgonia.ValueGrad
	machine        gorgonia.VM
	solver         gorgonia.Solver
}

func newTrainer(start *Linear, batch int, o Descent) (*trainer, error) {
	t := &trainer{in: start.In, out: start.Out, batch: batch}
	t.x = make([]float64, batch*(t.in+1))
	t.targets = make([]float64, batch*t.out)
	t.weights = append(append(make([]float64, 0, (t.in+1)*t.out), start.W...), start.B...)
	g := gorgonia.NewGraph()
	matrix := func(name string, rows, cols int, data []float64) *gorgonia.Node {
		value := tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(data))
		return gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithName(name), gorgonia.WithShape(rows, cols),
			gorgonia.WithValue(value))
	}
	x, targets := matrix("x", batch, t.in+1, t.x), matrix("targets", batch, t.out, t.targets)
	w := matrix("w", t.in+1, t.out, t.weights)
	timed := &clock{meter: o.Meter}
	x, err := timed.begin(x)
	if err != nil {
		return nil, err
	}
	cost, err := crossEntropy(x, w, targets)
	if err != nil {
		return nil, err
	}
	gorgonia.Read(cost, &t.loss)
	gradients, err := gorgonia.Grad(cost, w)
	if err != nil {
		return nil, err
	}
	if _, err := timed.end(gradients[0]); err != nil {
		return nil, err
	}
	t.machine = gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(w))
	t.learn = []gorgonia.ValueGrad{w}
	if o.Solver == Adam {
		t.solver = gorgonia.NewAdamSolver(gorgonia.WithLearnRate(o.LearningRate))
	} else {
		t.solver = gorgonia.NewMomentum(gorgonia.WithLearnRate(o.LearningRate), gorgonia.WithMomentum(o.Momentum))
	}
	return t, nil
}

// crossEntropy is -sum(targets * ln softmax(x w)).
func crossEntropy(x, w, targets *gorgonia.Node) (*gorgonia.Node, error) {
	logits, err := gorgonia.Mul(x, w)
	if err != nil {
		return nil, err
	}
	logs, err := gorgonia.LogSoftMax(logits, 1)
	if err != nil {
		return nil, err
	}
	chosen, err := gorgonia.HadamardProd(targets, logs)
	if err != nil {
		return nil, err
	}
	sum, err := gorgonia.Sum(chosen)
	if err != nil {
		return nil, err
	}
	return gorgonia.Neg(sum)
}

// step takes one step on a batch of image indices and returns the mean loss before it. Targets are one-hot rows over
// the number of images, zero where the batch is short, so that the graph's sum is the mean.
func (t *trainer) step(x []float64, labels []int, images []int) (float64, error) {
	clear(t.x)
	clear(t.targets)
	for r, i := range images {
		row := t.x[r*(t.in+1):]
		copy(row, x[i*t.in:(i+1)*t.in])
		row[t.in] = 1
		t.targets[r*t.out+labels[i]] = 1 / float64(len(images))
	}
	if err := t.machine.RunAll(); err != nil {
		return 0, err
	}
	loss, ok := t.loss.Data().(float64)
	if !ok {
		return 0, fmt.Errorf("loss of type %T", t.loss.Data())
	}
	if loss != loss || loss-loss != 0 {
		return 0, fmt.Errorf("the loss is %v: lower the learning rate", loss)
	}
	// The solver steps and sets the gradient to zero, which the machine would otherwise add to.
	if err := t.solver.Step(t.learn); err != nil {
		return 0, err
	}
	t.machine.Reset()
	return loss, nil
}

// schedule sets the learning rate of a step. Gorgonia's velocity has the rates of earlier steps in it, which the usual
// one has not: c = m c - rate g against v = m v + g; w = w - rate v. So where the rate changes, the step keeps m times
// new rate over old of the velocity.
func (t *trainer) schedule(o Descent, epoch int, first bool) {
	if o.Schedule == Constant {
		return
	}
	gorgonia.WithLearnRate(o.rate(epoch))(t.solver)
	if o.Solver != SGD {
		return
	}
	momentum := o.Momentum
	if first && epoch > 0 {
		momentum *= o.rate(epoch) / o.rate(epoch-1)
	}
	gorgonia.WithMomentum(momentum)(t.solver)
}

// head is the current state.
func (t *trainer) head() *Linear {
	w := t.learn[0].Value().Data().([]float64)
	n := t.in * t.out
	return &Linear{In: t.in, Out: t.out, W: append([]float64(nil), w[:n]...), B: append([]float64(nil), w[n:]...)}
}
