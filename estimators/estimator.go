package estimators

import (
	"context"
	"errors"
	"fmt"
	"math"

	"rwe301/bench301"
	"rwe301/network"
)

// Estimator estimates how good an architecture is. Most users want [Configured.Score], which wraps one.
type Estimator interface {
	// Estimate fills in Value and Warnings. An error that wraps ErrUndefined says that there is no finite value here.
	Estimate(ctx context.Context, a bench301.Architecture, env *Env) (Score, error)
}

// ErrUndefined says that an estimator has no finite value for an architecture. Errors that wrap it name the reason.
var ErrUndefined = errors.New("undefined")

// Status says what became of an estimate.
type Status string

// The states of a Score.
const (
	OK        Status = "ok"        // Value is finite
	Undefined Status = "undefined" // there is no finite value here; Reason says why
	Failed    Status = "failed"    // the estimate broke off; Reason says why
)

// Score is the answer of an estimator.
type Score struct {
	Value    float64 // in the unit of the estimator's Info; 0 unless Status is OK
	Status   Status
	Reason   string   // why Status is not OK
	Warnings []string // reasons to distrust the value
	Seconds  float64  // wall time of the estimate on its own

	// CPUSeconds is the time of processors for the estimate on its own, all its goroutines together, which other work on
	// the machine moves little; 0 where it is not known.
	CPUSeconds float64

	// Shared and SharedCPU are what it took here, where estimates before it may have done part of the work.
	Shared, SharedCPU float64

	Scarce bool // it failed for want of memory: another machine may do it
}

// Score scores one architecture. The error is that of ctx; everything else that goes wrong is in the Score.
func (c *Configured) Score(ctx context.Context, a bench301.Architecture, env *Env) (Score, error) {
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	a = bench301.Canonical(a) // its weights are drawn in the order in which it is spelled
	env.work.begin(a.ID())
	defer env.work.end()
	env.ask(c.Estimator)
	defer env.meter.Start()()
	start := env.meter.Now()
	var s Score
	err := c.Complete()
	if err == nil {
		err = c.Check(env)
	}
	if err == nil {
		s, err = c.Estimate(ctx, a, env)
	}
	took := env.meter.Now().Sub(start)
	alone := took.Add(env.work.credit)
	s.Seconds, s.Shared = alone.Wall.Seconds(), took.Wall.Seconds()
	if took.CPU > 0 && !env.work.untold {
		s.CPUSeconds, s.SharedCPU = alone.CPU.Seconds(), took.CPU.Seconds()
	}
	if ctx.Err() != nil && err != nil {
		return Score{}, ctx.Err()
	}
	if err == nil && (math.IsNaN(s.Value) || math.IsInf(s.Value, 0)) {
		err = fmt.Errorf("the score is %v: %w", s.Value, ErrUndefined)
	}
	s.Status = OK
	if err != nil {
		s.Status, s.Value, s.Reason = Failed, 0, err.Error()
		if errors.Is(err, ErrUndefined) {
			s.Status = Undefined
		}
		s.Scarce = errors.Is(err, network.ErrScarce)
	}
	return s, nil
}
