package fused

import (
	"rwe301/network/plan"
	"rwe301/network/reference"
)

// products computes Hessian-vector products in float64 for a float32 executor whose kernels do not know some window of the
// plan.
type products struct {
	*reference.Executor[float64]
	images64, theta64, v, hv []float64
}

func newProducts(p *plan.Plan, o plan.Options) (*products, error) {
	m, err := reference.New[float64](p, plan.Options64(o))
	if err != nil {
		return nil, err
	}
	fresh := func() []float64 { return make([]float64, p.NumParams()) }
	return &products{Executor: m, images64: make([]float64, o.Batch*p.ImageSize()), theta64: fresh(), v: fresh(), hv: fresh()}, nil
}

// product is e.HessianVector: a forward pass that begins where e's did, and the product.
func (w *products) product(e *Executor, labels []int, v, hv []float32) error {
	if err := w.SetDropMask(e.drops.Rate, e.drops.Kept); err != nil {
		return err
	}
	for name := range e.byName {
		mean, variance := w.Running(name)
		ours, oursToo := e.Running(name)
		copy(mean, ours)
		copy(variance, oursToo)
	}
	images := w.images64[:len(e.images)]
	widenInto(images, e.images)
	widenInto(w.theta64, e.theta)
	widenInto(w.v, v)
	if err := w.Forward(w.theta64, images, e.n, e.norm); err != nil {
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

func widenInto(dst []float64, src []float32) {
	for i, x := range src {
		dst[i] = float64(x)
	}
}
