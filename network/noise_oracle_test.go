package network

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"rwe301/bench301"
	"rwe301/internal/oracle"
)

// noiseCase is how far PyTorch's float32 is from its float64: see tools/oracles/gradient_noise.py.
type noiseCase struct {
	Seeds    map[string]uint64
	Labels   []int
	Signs    int
	Features float64
	Median   float64
}

// The rounding of float32 must not be worse than PyTorch's, forward (features) and backward (the gradient of a case
// where no sign is wrong). A wrong sign of a ReLU's input makes the gradient jump by more than all rounding of the
// backward pass does, so the error of a gradient follows from that of the forward pass. What matters there are the
// statistics of batch normalisation: summed in float32 image by image, they move whole channels, and the error of the
// features grows by a third.
func TestOracleRounding(t *testing.T) {
	oracle.Each(t, "network", "gradient_noise*.json*", func(t *testing.T, path string) int {
		var f struct {
			Arch             [2][][2]int
			C, Layers, Batch int
			Cases            []noiseCase
		}
		oracle.Read(t, path, &f)
		graph, err := genotype(f.Arch).Graph(bench301.Config{
			Channels: f.C, Layers: f.Layers, Classes: 10, Height: 32, Width: 32, Variant: bench301.VariantDARTS, Auxiliary: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(graph)
		if err != nil {
			t.Fatal(err)
		}
		var ours, theirs noiseCase
		smooth, theirSmooth := 1.0, 1.0
		for _, c := range f.Cases {
			got := noise(t, p, c, f.Batch)
			t.Logf("features off by %.3g (PyTorch %.3g), %d wrong signs (%d), median gradient error %.3g (%.3g)", got.Features,
				c.Features, got.Signs, c.Signs, got.Median, c.Median)
			ours.Features, theirs.Features = ours.Features+got.Features, theirs.Features+c.Features
			ours.Signs, theirs.Signs = ours.Signs+got.Signs, theirs.Signs+c.Signs
			smooth, theirSmooth = min(smooth, got.Median), min(theirSmooth, c.Median)
		}
		n := float64(len(f.Cases))
		if ours.Features > 1.2*theirs.Features { // the noise of a few cases; float32 sums come to 1.45
			t.Errorf("features: mean error %.3g, PyTorch's %.3g", ours.Features/n, theirs.Features/n)
		}
		if smooth > theirSmooth {
			t.Errorf("gradients: least median error %.3g, PyTorch's %.3g", smooth, theirSmooth)
		}
		if slack := 2 * math.Sqrt(float64(theirs.Signs)+1); float64(ours.Signs) > float64(theirs.Signs)+slack {
			t.Errorf("%d wrong signs, PyTorch has %d", ours.Signs, theirs.Signs)
		}
		return 3 * len(f.Cases)
	})
}

// noise is the case's numbers for our executors.
func noise(t *testing.T, p *Plan, c noiseCase, batch int) (got noiseCase) {
	theta := make([]float32, p.NumParams())
	s := oracle.NewStream(c.Seeds["params"])
	for _, v := range p.Views() {
		s.Fill(theta[v.Offset:v.Offset+v.Size], v.FanIn, v.Kind == bench301.NormWeight)
	}
	x := oracle.Images(c.Seeds["input"], batch)
	f32, g32, s32 := sensed[float32](t, p, theta, x, c.Labels)
	f64, g64, s64 := sensed[float64](t, p, theta, x, c.Labels)
	for i := range s32 {
		got.Signs += bits.OnesCount64(s32[i] ^ s64[i])
	}
	got.Features = distance(f32, f64)
	var errors []float64
	total := l2(g64)
	for _, v := range p.Views() {
		if want := g64[v.Offset:][:v.Size]; l2(want) > 1e-6*total {
			errors = append(errors, distance(g32[v.Offset:][:v.Size], want))
		}
	}
	slices.Sort(errors)
	got.Median = (errors[(len(errors)-1)/2] + errors[len(errors)/2]) / 2
	return got
}

// distance is |x - y| / |y|.
func distance(x, y []float64) float64 {
	d := make([]float64, len(x))
	for i := range d {
		d[i] = x[i] - y[i]
	}
	return l2(d) / l2(y)
}

// sensed is the pooled features, gradients and signs of a pass.
func sensed[T Real](t *testing.T, p *Plan, theta, x []float32, labels []int) (features, gradient []float64,
	signs []uint64) {
	t.Helper()
	o := Options{Batch: len(labels), Gradients: true}
	for _, i := range p.NodesOf(bench301.ReLU) {
		o.Probes = append(o.Probes, Probe{Node: i, See: SeeSigns})
	}
	e := newEngine[T](t, p, o)
	e.Observe(Observer[T]{Signs: func(_ int, s []uint64) { signs = append(signs, s...) }})
	run(t, e, convert[T](theta), convert[T](x), len(labels), BatchNorm)
	g := make([]T, len(theta))
	lossGradient(t, e, labels, g, nil)
	return widen(e.Features()), widen(g), signs
}
