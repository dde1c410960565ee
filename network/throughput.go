package network

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"rwe301/internal/process"
)

// Throughput is what the passes of a network through an executor cost, each figure but the median the best of
// several passes.
type Throughput struct {
	Passes     int
	Seconds    float64 // of a pass
	Median     float64 // seconds of the median pass
	CPUSeconds float64 // of a pass, all threads together; 0 where the system does not tell
	Operations float64 // floating-point operations of a pass: two a multiply-accumulate
}

// MeasureThroughput runs train-mode passes of o.Batch images with random parameters and images for about the given
// time, and if possible two at least. With o.Gradients a pass is forward, mean cross-entropy, and the gradients of all
// parameters.
func MeasureThroughput(ctx context.Context, p *Plan, o Options, budget time.Duration) (Throughput, error) {
	m, err := NewExecutor(p, o)
	if err != nil {
		return Throughput{}, err
	}
	defer m.Close()
	theta := make([]float32, p.NumParams())
	if err := Initialise(p, theta, Scheme{}, 1); err != nil {
		return Throughput{}, err
	}
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, o.Batch*p.ImageSize())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	labels := make([]int, o.Batch)
	for i := range labels {
		labels[i] = rng.IntN(p.Classes())
	}
	c := Cotangents[float32]{Logits: make([]float32, o.Batch*p.Classes())}
	gradient := make([]float32, p.NumParams())
	pass := func() error {
		if err := m.Forward(theta, x, o.Batch, BatchNorm); err != nil || !o.Gradients {
			return err
		}
		if _, err := CrossEntropy(m.Logits(), labels, c.Logits); err != nil {
			return err
		}
		return m.Backward(c, gradient, nil)
	}
	t := Throughput{Operations: float64(o.Batch) * float64(p.Operations(o.Gradients))}
	longest := time.Duration(0)
	var all []float64
	for begin := time.Now(); ; t.Passes++ {
		again := t.Passes == 0 || t.Passes == 1 && longest < budget // the first one warms up
		if !again && time.Since(begin)+longest >= budget {
			break
		}
		if err := ctx.Err(); err != nil {
			return t, err
		}
		before, known := process.Used()
		start := time.Now()
		if err := pass(); err != nil {
			return t, fmt.Errorf("pass %d: %w", t.Passes+1, err)
		}
		took := time.Since(start)
		after, _ := process.Used()
		longest = max(longest, took)
		all = append(all, took.Seconds())
		if s := (after.CPU - before.CPU).Seconds(); known && (t.Passes == 0 || s < t.CPUSeconds) {
			t.CPUSeconds = s
		}
	}
	slices.Sort(all)
	t.Seconds, t.Median = all[0], all[len(all)/2]
	return t, nil
}
