package network

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"rwe301/bench301"
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

func TestFreeMemory(t *testing.T) {
	if got := available([]byte("MemTotal:  16 kB\nMemAvailable:   1234 kB\n")); got != 1234*1024 {
		t.Errorf("available: %d", got)
	}
	if got := available([]byte("MemTotal: 16 kB\nMemAvailable:")); got != -1 {
		t.Errorf("available of a cut file: %d", got)
	}
	for _, c := range []struct {
		limit, used string
		want        int64
	}{{"max\n", "5\n", -1}, {"100\n", "40\n", 60}, {"100\n", "140\n", 0}, {"100", "", -1}} {
		if got := groupLeft([]byte(c.limit), []byte(c.used)); got != c.want {
			t.Errorf("limit %q, used %q: %d, want %d", c.limit, c.used, got, c.want)
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
