// Package fused runs a plan in float32, as the fused operations of a [plan.Design] on the kernels of this CPU.
//
// An [Executor] is made of a forward pass, a backward pass, the derivatives of both for Hessian-vector products, the
// statistics of batch normalisation, and what they all work on: parameters, an arena, workers.
package fused

import (
	"errors"
	"runtime"

	"rwe301/internal/kernels"
	"rwe301/network/memory"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// Executor runs a plan in float32, as fused operations on the kernels of this CPU. It is not safe for concurrent use;
// Close it when it has several workers. Its methods are those of [pass.Runner].
type Executor struct {
	data       *data
	statistics *statistics
	forward    *forwardPass
	backward   *backwardPass   // nil without gradients
	hessian    *hessianProduct // nil without a Hessian
	in64       *products64     // does that for plans with windows that the kernels do not know
}

// New returns an executor of a plan.
func New(p *plan.Plan, o plan.Options) (*Executor, error) {
	o, err := plan.Checked(p, o)
	if err := errors.Join(err, kernels.Check()); err != nil {
		return nil, err
	}
	free := memory.Free()
	if free >= 0 {
		free += o.Memory.Bytes()
	}
	if o.Batch > memory.Max {
		return nil, memory.Check(-1, free, o.Batch)
	}
	design := plan.NewDesign(p, o)
	if err := memory.Check(design.Need(), free, o.Batch); err != nil {
		return nil, err
	}
	e := &Executor{}
	if o.Hessian && design.Unknown() {
		if e.in64, err = newProducts64(p, o); err != nil {
			return nil, err
		}
	}
	e.data = newData(design)
	e.statistics = newStatistics(e.data)
	e.forward = &forwardPass{data: e.data, statistics: e.statistics}
	if o.Gradients {
		e.backward = newBackwardPass(e.data, e.statistics)
	}
	if o.Hessian {
		e.hessian = newHessianProduct(e.backward)
	}
	e.data.workers = newWorkers(design)
	if o.Workers > 1 {
		runtime.AddCleanup(e, func(p *pass.Pool) { p.Close() }, e.data.workers.pool)
	}
	return e, nil
}

// Plan implements [pass.Runner].
func (e *Executor) Plan() *plan.Plan { return e.data.Plan }

// Close implements [pass.Runner]. It gives memory back to Options.Memory, so what the executor returned is no longer
// valid.
func (e *Executor) Close() {
	if e.in64 != nil {
		e.in64.Close()
	}
	e.data.close()
	if b := e.backward; b != nil {
		e.data.Options.Memory.Give(b.slots)
		b.slots, b.done = nil, false
	}
}

// Forward implements [pass.Runner].
func (e *Executor) Forward(theta, x []float32, n int, norm pass.Norm) error {
	if e.data.values == nil {
		return errors.New("network: the executor is closed")
	}
	if err := e.data.Begin(theta, x, n, norm); err != nil {
		return err
	}
	e.forward.run()
	e.data.Done = true
	e.show()
	return nil
}

// Backward implements [pass.Runner].
func (e *Executor) Backward(c pass.Cotangents[float32], gTheta, gInput []float32) error {
	if err := e.data.CheckBackward(c, gTheta, gInput); err != nil {
		return err
	}
	b := e.backward
	b.cotangents, b.gTheta, b.gInput = c, gTheta, gInput
	clear(gInput)
	b.run(gTheta, nil)
	e.showGradients()
	return nil
}

// HessianVector implements [pass.Runner].
func (e *Executor) HessianVector(labels []int, v, hv []float32) error {
	if err := e.data.CheckDirection(labels, v, hv); err != nil {
		return err
	}
	if e.in64 != nil {
		return e.in64.product(e, labels, v, hv)
	}
	return e.hessian.run(e.Logits(), labels, v, hv)
}

// Output implements [pass.Runner].
func (e *Executor) Output(node int) (data []float32, h, w, c int) {
	d := e.data
	n := d.Plan.Graph().Nodes[node]
	for k := range d.units {
		if u := &d.units[k]; d.Done && u.Action == plan.ActExport && u.Node == node {
			return d.exports(k)[:d.N*n.H*n.W*n.C], n.H, n.W, n.C
		}
	}
	return nil, n.H, n.W, n.C
}

// Gradient implements [pass.Runner].
func (e *Executor) Gradient(node int) (data []float32, h, w, c int) {
	n := e.data.Plan.Graph().Nodes[node]
	if b := e.backward; b != nil && b.done && b.kept[node] != nil {
		data = b.kept[node][:e.data.N*n.H*n.W*n.C]
	}
	return data, n.H, n.W, n.C
}

// Logits implements [pass.Runner].
func (e *Executor) Logits() []float32 { return e.result(e.data.Plan.Graph().Logits) }

// AuxLogits implements [pass.Runner].
func (e *Executor) AuxLogits() []float32 { return e.result(e.data.Plan.Graph().AuxLogits) }

// Features implements [pass.Runner].
func (e *Executor) Features() []float32 { return e.result(e.data.Plan.Graph().Pooled) }

func (e *Executor) result(node int) []float32 {
	if node < 0 {
		return nil
	}
	data, _, _, _ := e.Output(node)
	return data
}

// ResetRunning implements [pass.Runner].
func (e *Executor) ResetRunning() { e.statistics.reset() }

// Running implements [pass.Runner].
func (e *Executor) Running(name string) (mean, variance []float64) { return e.statistics.running(name) }

// SetMomentum implements [pass.Runner].
func (e *Executor) SetMomentum(momentum float64) { e.statistics.momentum = momentum }

// SetDropPath implements [pass.Runner].
func (e *Executor) SetDropPath(rate float64, seed uint64) error {
	return e.data.Drops.Set(rate, pass.Seeded(rate, seed))
}

// SetDropMask implements [pass.Runner].
func (e *Executor) SetDropMask(rate float64, keep func(path, image int) bool) error {
	return e.data.Drops.Set(rate, keep)
}

// Observe implements [pass.Runner].
func (e *Executor) Observe(o pass.Observer[float32]) { e.data.Observer = o }
