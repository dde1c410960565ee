package network

import (
	"rwe301/bench301"
	"testing"
	"unsafe"
)

// Plan.Memory must be what the executor's slices hold, to the byte.
func TestMemoryIsExact(t *testing.T) {
	p := every(t)
	for _, o := range []Options{
		{Batch: 3},
		{Batch: 40, Gradients: true},
		{Batch: 5, Hessian: true, Keep: p.Graph().Cells, KeepGradients: p.Graph().Cells},
		{Batch: 2, Probes: []Probe{{p.NodesOf(bench301.ReLU)[0], SeeSigns}}},
		{Batch: 20, Gradients: true, PerImage: true},
	} {
		e64, err := NewExecutor64(p, o)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Memory64(o), allocated(e64); got != want {
			t.Errorf("%+v: Memory64 says %d bytes, the executor has %d", o, got, want)
		}
		m, err := newMachine[float32](p, o)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := MemoryOf(p, o, 4), allocated(m); got != want {
			t.Errorf("%+v: memory says %d bytes, the executor has %d", o, got, want)
		}
	}
}

// allocated adds up the slices of a machine.
func allocated[T Real](m *Machine[T]) int64 {
	values, floats, bytes := 0, len(m.partial)+len(m.totals)+len(m.signs), len(m.drops.keep)
	for l := range lanes {
		values += len(m.arena[l]) + len(m.weights[l])
		if m.back != nil {
			values += len(m.back.slots[l]) + len(m.back.loss[l])
		}
	}
	for _, s := range m.steps {
		bytes += len(s.argmax)
		if s.stats != nil {
			for _, v := range [][]float64{s.stats.mean, s.stats.inverse, s.stats.tangentMean, s.stats.tangentInverse, s.stats.running.mean, s.stats.running.variance} {
				floats += len(v)
			}
		}
	}
	var one T
	return int64(values)*int64(unsafe.Sizeof(one)) + 8*int64(floats) + int64(bytes)
}
