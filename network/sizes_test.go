package network

import (
	"math"
	"slices"
	"strings"
	"testing"

	"rwe301/bench301"
)

func TestMemoryThatIsNotThere(t *testing.T) {
	for name, c := range map[string]struct {
		need, free int64
		want       string
	}{
		"fits":         {2e9, 3e9, ""},
		"unknown":      {2e9, -1, ""},
		"too large":    {3e9, 2e9, "needs 3.00 GB and 2.00 GB are free"},
		"absurd":       {1 << 41, -1, "more than 1100 GB"},
		"overflow":     {-1, 3e9, "more than 1100 GB"},
		"nothing free": {1, 0, "are free"},
	} {
		err := fits(c.need, c.free, 7)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
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
		"input":               {Batch: 1, Probes: []Probe{{0, SeeOutput}}},
		"no node":             {Batch: 1, Probes: []Probe{{1 << 20, SeeOutput}}},
		"nothing":             {Batch: 1, Probes: []Probe{{1, 0}}},
		"unknown":             {Batch: 1, Probes: []Probe{{1, 8}}},
		"signs of a stem":     {Batch: 1, Probes: []Probe{{1, SeeSigns}}},
		"gradients not there": {Batch: 1, Probes: []Probe{{1, SeeGradient}}},
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
	pass := func(m *Memory) []float32 {
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
	m := &Memory{}
	for range 3 {
		unchanged(t, "in used memory", want, pass(m))
		if len(m.free) < 2 {
			t.Fatalf("%d pieces of memory are kept: the network is too small for this test", len(m.free))
		}
		for _, data := range m.free {
			for i := range data {
				data[i] = float32(math.NaN())
			}
		}
	}
	if len(m.free) > 3 {
		t.Errorf("%d pieces of memory are kept", len(m.free))
	}
}
