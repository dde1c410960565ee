package reference

import (
	"testing"
	"unsafe"

	"rwe301/bench301"
	"rwe301/network/pass"
	"rwe301/network/plan"
)

// Plan.Memory must be what the executor's slices hold, to the byte.
func TestMemoryIsExact(t *testing.T) {
	p := small(t, bench301.Config{Channels: 2, Layers: 3, Classes: 3, Height: 32, Width: 32,
		Variant: bench301.VariantDARTS, Auxiliary: true, DropPath: true})
	for _, o := range []plan.Options{
		{Batch: 3},
		{Batch: 40, Gradients: true},
		{Batch: 5, Hessian: true, Keep: p.Graph().Cells, KeepGradients: p.Graph().Cells},
		{Batch: 2, Probes: []plan.Probe{{Node: p.NodesOf(bench301.ReLU)[0], See: plan.SeeSigns}}},
		{Batch: 20, Gradients: true, PerImage: true},
	} {
		e64, err := New[float64](p, o)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Memory64(o), allocated(e64); got != want {
			t.Errorf("%+v: Memory64 says %d bytes, the executor has %d", o, got, want)
		}
		m, err := New[float32](p, o)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := plan.MemoryOf(p, o, 4), allocated(m); got != want {
			t.Errorf("%+v: memory says %d bytes, the executor has %d", o, got, want)
		}
	}
}

// allocated adds up the slices of a machine.
func allocated[T pass.Real](m *Executor[T]) int64 {
	values, floats, bytes := 0, len(m.partial)+len(m.totals)+len(m.signs), len(m.state.Drops.Keep)
	for l := range lanes {
		values += len(m.arena[l]) + len(m.weights[l])
		if m.back != nil {
			values += len(m.back.slots[l]) + len(m.back.loss[l])
		}
	}
	for _, s := range m.steps {
		bytes += len(s.argmax)
		if s.stats != nil {
			for _, v := range [][]float64{s.stats.mean, s.stats.inverse, s.stats.tangentMean, s.stats.tangentInverse,
				s.stats.running.mean, s.stats.running.variance} {
				floats += len(v)
			}
		}
	}
	var one T
	return int64(values)*int64(unsafe.Sizeof(one)) + 8*int64(floats) + int64(bytes)
}

// small is a small network with every operation in both cells.
func small(t testing.TB, cfg bench301.Config) *plan.Plan {
	t.Helper()
	edge := func(source, op uint8) bench301.Edge { return bench301.Edge{Source: source, Op: bench301.Operation(op)} }
	g := bench301.Genotype{
		Normal: bench301.Cell{edge(0, 3), edge(1, 5), edge(0, 1), edge(2, 4), edge(1, 0), edge(3, 6), edge(0, 2), edge(2, 3)},
		Reduce: bench301.Cell{edge(1, 6), edge(0, 0), edge(1, 1), edge(0, 2), edge(1, 4), edge(2, 0), edge(0, 5), edge(4, 3)},
	}
	graph, err := g.Graph(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Compile(graph)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
