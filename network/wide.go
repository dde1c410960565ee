package network

// wide computes Hessian-vector products in float64 for a float32 executor whose kernels do not know some window of the
// plan.
type wide struct {
	*Machine[float64]
	images64, theta64, v, hv []float64
}

// wideOptions are what of an executor's options its products need.
func wideOptions(o Options) Options {
	return Options{Batch: o.Batch, Workers: o.Workers, Hessian: true, Gradients: true}
}

func newWide(p *Plan, o Options) (*wide, error) {
	m, err := NewExecutor64(p, wideOptions(o))
	if err != nil {
		return nil, err
	}
	fresh := func() []float64 { return make([]float64, p.size) }
	return &wide{Machine: m, images64: make([]float64, o.Batch*p.imageSize()), theta64: fresh(), v: fresh(), hv: fresh()}, nil
}

// wideMemory is what newWide allocates, in bytes; negative if that overflows.
func (p *Plan) wideMemory(o Options) int64 {
	need := p.Memory64(wideOptions(o))
	if need < 0 || need > maxMemory {
		return -1
	}
	return need + 8*(int64(o.Batch)*int64(p.imageSize())+3*int64(p.size))
}

// product is e.HessianVector: a forward pass that begins where e's did, and the product.
func (w *wide) product(e *Executor, labels []int, v, hv []float32) error {
	w.drops.rate = e.drops.rate
	copy(w.drops.keep, e.drops.keep)
	for name, s := range w.norms {
		mean, variance := e.Running(name)
		copy(s.running.mean, mean)
		copy(s.running.variance, variance)
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
