package fused

import (
	"rwe301/network/plan"
	"rwe301/network/reference"
)

// products64 computes Hessian-vector products in float64 for a float32 executor whose kernels do not know some window
// of the plan.
type products64 struct {
	*reference.Executor[float64]
	images64, theta64, v, hv []float64
}

func newProducts64(p *plan.Plan, o plan.Options) (*products64, error) {
	m, err := reference.New[float64](p, plan.Options64(o))
	if err != nil {
		return nil, err
	}
	fresh := func() []float64 { return make([]float64, p.NumParams()) }
	return &products64{Executor: m, images64: make([]float64, o.Batch*p.ImageSize()), theta64: fresh(), v: fresh(),
		hv: fresh()}, nil
}

// product is e.HessianVector: a forward pass that begins where e's did, and the product.
func (w *products64) product(e *Executor, labels []int, v, hv []float32) error {
	d := e.data
	if err := w.SetDropMask(d.Drops.Rate, d.Drops.Kept); err != nil {
		return err
	}
	for name := range e.statistics.byName {
		mean, variance := w.Running(name)
		ours, oursToo := e.Running(name)
		copy(mean, ours)
		copy(variance, oursToo)
	}
	images := w.images64[:len(d.Images)]
	convert(images, d.Images)
	convert(w.theta64, d.Theta)
	convert(w.v, v)
	if err := w.Forward(w.theta64, images, d.N, d.Norm); err != nil {
		return err
	}
	if err := w.HessianVector(labels, w.v, w.hv); err != nil {
		return err
	}
	for i, x := range w.hv {
		hv[i] = float32(x)
	}
	return nil
}

func convert(dst []float64, src []float32) {
	for i, x := range src {
		dst[i] = float64(x)
	}
}
