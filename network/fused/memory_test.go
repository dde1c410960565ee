package fused

import (
	"testing"

	"rwe301/bench301"
	"rwe301/network/plan"
)

// Plan.Memory must be what the executor's slices hold, to the byte.
func TestExecutorMemoryIsExact(t *testing.T) {
	p := small(t, bench301.Config{Channels: 2, Layers: 3, Classes: 3, Height: 32, Width: 32,
		Variant: bench301.VariantDARTS, Auxiliary: true, DropPath: true})
	for _, o := range []plan.Options{
		{Batch: 3},
		{Batch: 40, Gradients: true, Workers: 3},
		{Batch: 5, Gradients: true, Keep: p.Graph().Cells, KeepGradients: p.Graph().Cells},
		{Batch: 2, Probes: []plan.Probe{{Node: p.NodesOf(bench301.ReLU)[0], See: plan.SeeSigns | plan.SeeOutput}}},
		{Batch: 2, Hessian: true, Workers: 2},
		{Batch: 2, Hessian: true},
	} {
		p := p
		if o.Hessian && o.Workers > 0 { // without windows that the kernels do not know
			p = small(t, bench301.Config{Channels: 2, Layers: 3, Classes: 3, Height: 8, Width: 8,
				Variant: bench301.VariantDARTS, Auxiliary: false, DropPath: true})
		}
		e, err := New(p, o)
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
	d, st := e.data, e.statistics
	values := len(d.values) + len(d.tangents) + len(d.ones) + len(d.zeros) + len(st.pivots)
	doubles := len(st.partial) + len(st.totals) + len(st.means) + len(st.variances)
	bytes := len(d.Drops.Keep)
	for _, u := range d.units {
		for _, p := range []parameters{u.parameters, u.direction} {
			values += len(p.weights) + len(p.back) + len(p.bias) + len(p.depth) + len(p.flipped)
		}
		values += len(u.share)
		doubles += len(u.signs)
	}
	for _, s := range d.norms {
		values += len(s.scale) + len(s.shift) + len(s.a) + len(s.b) + len(s.c)
		values += len(s.tangentScale) + len(s.tangentShift) + len(s.tangentA) + len(s.tangentB) + len(s.tangentC)
		doubles += len(s.mean) + len(s.inverse) + len(s.running.mean) + len(s.running.variance)
		doubles += len(s.tangentMean) + len(s.tangentInverse) + len(s.first) + len(s.second)
	}
	for _, h := range d.workers.each {
		values += len(h.scratch) + len(h.tile) + len(h.second) + len(h.gradient)
		for _, v := range h.vectors {
			values += len(v)
		}
		doubles += len(h.sums)
		bytes += len(h.argmax) + 2*len(h.bits)
		if h.tangent != nil {
			values += len(h.tangent.scratch) + len(h.tangent.tile) + len(h.tangent.second) + len(h.tangent.gradient)
		}
	}
	if b := e.backward; b != nil {
		values += len(b.slots)
		doubles += len(b.sums)
		for _, k := range b.kept {
			values += len(k)
		}
	}
	if p := e.hessian; p != nil {
		values += len(p.loss) + len(p.lossTangent)
		doubles += len(p.tangentSums)
	}
	if w := e.in64; w != nil {
		doubles += len(w.images64) + len(w.theta64) + len(w.v) + len(w.hv)
		bytes += int(d.Plan.Memory64(plan.Options64(d.Options)))
	}
	return 4*int64(values) + 8*int64(doubles) + int64(bytes)
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
