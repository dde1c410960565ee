package plan

import (
	"testing"

	"rwe301/bench301"
)

// designed is the design of the benchmarks' network, 128 images of 32 x 32.
func designed(t *testing.T, a bench301.Genotype, channels int, o Options) *Design {
	t.Helper()
	cfg := bench301.DefaultConfig()
	cfg.Channels = channels
	g, err := a.Graph(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	o.Batch = 128
	return NewDesign(p, o.complete())
}

// In a network of the DARTS space nothing is copied and no depthwise output is stored, for any width.
func TestNetworksFuse(t *testing.T) {
	for _, channels := range []int{7, 16, 36} {
		d := designed(t, dartsV2, channels, Options{Gradients: true})
		count := map[Action]int{}
		for _, o := range d.ops {
			count[o.Action]++
		}
		depthwise, slices := 0, 0
		for _, n := range d.Plan.Graph().Nodes {
			if n.Kind == bench301.Conv && n.Groups > 1 {
				depthwise++
			}
		}
		for _, q := range d.Tensors {
			if q.Parent >= 0 {
				slices++
			}
		}
		if count[ActSeparable] != depthwise || count[ActDepthwise] != 0 || count[ActCopy] != 0 {
			t.Errorf("%d channels: %d of %d depthwise convolutions are fused, %d stored; %d copies", channels,
				count[ActSeparable], depthwise, count[ActDepthwise], count[ActCopy])
		}
		if channels%16 == 0 && count[ActConcat] != 0 {
			t.Errorf("%d channels: %d concatenations are copied", channels, count[ActConcat])
		}
		if cells := len(d.Plan.Graph().Cells); slices < 4*cells {
			t.Errorf("%d channels: %d slices in %d cells", channels, slices, cells)
		}
	}
}

func TestEqualPoolsAreOne(t *testing.T) {
	pools := cell(0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0)
	d := designed(t, bench301.Genotype{Normal: pools, Reduce: pools}, 16, Options{})
	got := 0
	for _, o := range d.ops {
		if o.Action == ActPool {
			got++
		}
	}
	if want := 4 * len(d.Plan.Graph().Cells); got != want { // largest and mean of either state
		t.Errorf("%d pools, want %d", got, want)
	}
	for i, n := range d.Plan.Graph().Nodes {
		if n.Kind == bench301.BatchNorm && d.NormOf[i] < 0 {
			t.Errorf("%s has no statistics", n.Name)
		}
	}
}

// The memory of the benchmarks' networks stays within what the project promises.
func TestMemoryOfTheBenchmarks(t *testing.T) {
	for _, c := range []struct {
		channels  int
		gradients bool
		limit     int64
	}{{16, false, 120e6}, {32, false, 240e6}, {16, true, 930e6}, {32, true, 1850e6}} {
		d := designed(t, dartsV2, c.channels, Options{Gradients: c.gradients})
		if got := d.memory(); got > c.limit || got < c.limit/4 {
			t.Errorf("%d channels, gradients %v: %d MB, limit %d MB", c.channels, c.gradients, got/1e6, c.limit/1e6)
		}
	}
}

// dartsV2 is the architecture of the benchmarks.
var dartsV2 = bench301.Genotype{
	Normal: cell(0, 3, 1, 3, 0, 3, 1, 3, 0, 2, 1, 3, 0, 2, 2, 5),
	Reduce: cell(0, 0, 1, 0, 1, 0, 2, 2, 0, 0, 2, 2, 1, 0, 2, 2),
}

// cell reads sources and operations in turn.
func cell(numbers ...uint8) (c bench301.Cell) {
	for k := range c {
		c[k] = bench301.Edge{Source: numbers[2*k], Op: bench301.Operation(numbers[2*k+1])}
	}
	return c
}
