package network

import (
	"math"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/network/memory"
)

func TestMemoryThatIsNotThere(t *testing.T) {
	p := every(t)
	for _, batch := range []int{1 << 62, 1 << 41, 1 << 33} { // the last one is some 100 TB
		if _, err := NewExecutor(p, Options{Batch: batch}); err == nil || !strings.Contains(err.Error(), "smaller batch") {
			t.Errorf("batch %d: %v", batch, err)
		}
	}
}

func TestProbesAreValidated(t *testing.T) {
	p := every(t)
	for name, o := range map[string]Options{
		"input":               {Batch: 1, Probes: []Probe{{Node: 0, See: SeeOutput}}},
		"no node":             {Batch: 1, Probes: []Probe{{Node: 1 << 20, See: SeeOutput}}},
		"nothing":             {Batch: 1, Probes: []Probe{{Node: 1, See: 0}}},
		"unknown":             {Batch: 1, Probes: []Probe{{Node: 1, See: 8}}},
		"signs of a stem":     {Batch: 1, Probes: []Probe{{Node: 1, See: SeeSigns}}},
		"gradients not there": {Batch: 1, Probes: []Probe{{Node: 1, See: SeeGradient}}},
	} {
		if _, err := NewExecutor(p, o); err == nil {
			t.Errorf("%s: was accepted", name)
		}
	}
	if slices.Contains(p.NodesOf(bench301.ReLU), 1) {
		t.Error("the stem is no ReLU")
	}
}

// TestMemoryOfAnotherNetwork runs a network in memory that a closed executor left full of NaNs.
func TestMemoryOfAnotherNetwork(t *testing.T) {
	const n = 40
	cfg := tiny(bench301.VariantDARTS)
	cfg.Channels = 7 // fills no vector
	p := compiled(t, cfg)
	theta64, x64, labels, normal := drawn(p, n, 22)
	theta, x, v := narrow[float32](theta64), narrow[float32](x64), narrow[float32](normal(len(theta64)))
	pass := func(m *memory.Cache) []float32 {
		e, err := NewExecutor(p, Options{Batch: n, Hessian: true, PerImage: true, Memory: m, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		gTheta, gInput, hv := make([]float32, len(theta)), make([]float32, len(x)), make([]float32, len(theta))
		run(t, e, theta, x, n, BatchNorm)
		lossGradient(t, e, labels, gTheta, gInput)
		run(t, e, theta, x, n, BatchNorm)
		if err := e.HessianVector(labels, v, hv); err != nil {
			t.Fatal(err)
		}
		out := slices.Concat(e.Logits(), gTheta, gInput, hv)
		e.Close()
		e.Close()
		if err := e.Forward(theta, x, n, BatchNorm); err == nil {
			t.Error("a closed executor runs")
		}
		return out
	}
	want := pass(nil)
	m := &memory.Cache{}
	for range 3 {
		unchanged(t, "in used memory", want, pass(m))
		var pieces [][]float32
		for m.Bytes() > 0 {
			data := m.Take(1 << 18)
			for i := range data {
				data[i] = float32(math.NaN())
			}
			pieces = append(pieces, data)
		}
		if len(pieces) < 2 || len(pieces) > 3 {
			t.Fatalf("%d pieces of memory are kept, want 2 or 3: is the network too small for this test?", len(pieces))
		}
		for _, data := range pieces {
			m.Give(data)
		}
	}
}
