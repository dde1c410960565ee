package network

import (
	"rwe301/bench301"
	"testing"
)

// Plan.Memory must be what the executor's slices hold, to the byte.
func TestExecutorMemoryIsExact(t *testing.T) {
	p := every(t)
	for _, o := range []Options{
		{Batch: 3},
		{Batch: 40, Gradients: true, Workers: 3},
		{Batch: 5, Gradients: true, Keep: p.Graph().Cells, KeepGradients: p.Graph().Cells},
		{Batch: 2, Probes: []Probe{{p.NodesOf(bench301.ReLU)[0], SeeSigns | SeeOutput}}},
		{Batch: 2, Hessian: true, Workers: 2},
		{Batch: 2, Hessian: true},
	} {
		p := p
		if o.Hessian && o.Workers > 0 { // without windows that the kernels do not know
			p = compiled(t, tiny(bench301.VariantDARTS))
		}
		e, err := NewExecutor(p, o)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Memory(o), e.allocated(); got != want {
			t.Errorf("%+v: Memory says %d bytes, the executor has %d", o, got, want)
		}
		e.Close()
	}
}

// allocated adds up the slices of an executor.
func (e *Executor) allocated() int64 {
	values := len(e.arena) + len(e.tangents) + len(e.ones) + len(e.zeros) + len(e.pivots)
	doubles := len(e.partial) + len(e.totals) + len(e.means) + len(e.variances)
	bytes := len(e.drops.keep)
	for _, u := range e.ready {
		for _, p := range []parcel{u.parcel, u.direction} {
			values += len(p.weights) + len(p.back) + len(p.bias) + len(p.depth) + len(p.flipped)
		}
		values += len(u.share)
		doubles += len(u.signs)
	}
	for _, s := range e.norms {
		values += len(s.scale) + len(s.shift) + len(s.a) + len(s.b) + len(s.c)
		values += len(s.tangentScale) + len(s.tangentShift) + len(s.tangentA) + len(s.tangentB) + len(s.tangentC)
		doubles += len(s.mean) + len(s.inverse) + len(s.running.mean) + len(s.running.variance)
		doubles += len(s.tangentMean) + len(s.tangentInverse) + len(s.first) + len(s.second)
	}
	for _, h := range e.hands {
		values += len(h.scratch) + len(h.tile) + len(h.second) + len(h.gradient)
		for _, v := range h.vectors {
			values += len(v)
		}
		doubles += len(h.sums)
		bytes += len(h.argmax) + 2*len(h.bits)
		if h.twin != nil {
			values += len(h.twin.scratch) + len(h.twin.tile) + len(h.twin.second) + len(h.twin.gradient)
		}
	}
	if b := e.back; b != nil {
		values += len(b.slots)
		doubles += len(b.partial) + len(b.dual)
		values += len(b.loss) + len(b.lossTangent)
		for _, k := range b.kept {
			values += len(k)
		}
	}
	if w := e.wide; w != nil {
		doubles += len(w.images64) + len(w.theta64) + len(w.v) + len(w.hv)
		bytes += int(allocated(w.Machine))
	}
	return 4*int64(values) + 8*int64(doubles) + int64(bytes)
}
