package network

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rwe301/bench301"
	"rwe301/internal/kernels"
)

// The same network and images, run in many ways, must give the same bits: any SIMD level, any number of workers, a
// larger executor than needed, an executor that ran something else before, and with running statistics the images in
// one pass or in several.
func TestSameBitsHoweverItRuns(t *testing.T) {
	t.Run("float32", testSameBits[float32])
	t.Run("float64", testSameBits[float64])
}

func testSameBits[T Real](t *testing.T) {
	defer func(l kernels.Level) { _, _ = kernels.Use(l) }(kernels.Active())
	const n = 13
	cfg := tiny(bench301.VariantDARTS)
	cfg.Channels = 7 // fills no vector
	p := compiled(t, cfg)
	theta64, x64, labels, _ := drawn(p, n, 21)
	theta, x := narrow[T](theta64), narrow[T](x64)
	rng := rand.New(rand.NewPCG(4, 4))
	var train, eval []T
	for _, level := range kernels.Levels() {
		if _, err := kernels.Use(level); err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{1, 2, 3} {
			for _, batch := range []int{n, n + 9} {
				o := Options{Batch: batch, Gradients: true, Workers: workers}
				what := fmt.Sprintf("%s, %d workers, batch %d", level, workers, o.Batch)
				e := newEngine[T](t, p, o)
				run(t, e, theta, x[:4*p.ImageSize()], 4, NoNorm) // something else first
				e.ResetRunning()
				if err := e.SetDropPath(0.3, 6); err != nil {
					t.Fatal(err)
				}
				gTheta, gInput := make([]T, len(theta)), make([]T, len(x))
				run(t, e, theta, x, n, BatchNorm)
				lossGradient(t, e, labels, gTheta, gInput)
				got := slices.Concat(e.Logits(), e.Features(), gTheta, gInput)
				for _, i := range p.NodesOf(bench301.BatchNorm) {
					mean, variance := e.Running(p.Graph().Nodes[i].Name)
					got = append(got, narrow[T](append(slices.Clone(mean), variance...))...)
				}
				train = unchanged(t, what+", train mode", train, got)

				whole := inParts(t, e, theta, x, labels, n, rng)
				eval = unchanged(t, what+", eval mode", eval, whole)
			}
		}
	}
}

// inParts runs n images with running statistics in passes of random sizes, and returns logits, features and the
// gradients of each image's loss with respect to it.
func inParts[T Real](t *testing.T, e engine[T], theta, x []T, labels []int, n int, rng *rand.Rand) []T {
	t.Helper()
	var logits, features, gradients []T
	size := e.Plan().ImageSize()
	for lo := 0; lo < n; {
		hi := min(n, lo+1+rng.IntN(n))
		part := x[lo*size : hi*size]
		run(t, e, theta, part, hi-lo, RunningNorm)
		cotangent := make([]T, len(e.Logits()))
		if _, err := CrossEntropy(e.Logits(), labels[lo:hi], cotangent); err != nil {
			t.Fatal(err)
		}
		for i := range cotangent { // signs instead of the mean's gradient, which depends on the number of images
			if cotangent[i] > 0 {
				cotangent[i] = 1
			} else {
				cotangent[i] = -1
			}
		}
		g := make([]T, len(part))
		if err := e.Backward(Cotangents[T]{Logits: cotangent}, nil, g); err != nil {
			t.Fatal(err)
		}
		logits, features, gradients = append(logits, e.Logits()...), append(features, e.Features()...), append(gradients,
			g...)
		lo = hi
	}
	return slices.Concat(logits, features, gradients)
}

// unchanged compares with the first result.
func unchanged[T Real](t *testing.T, what string, want, got []T) []T {
	t.Helper()
	if want == nil {
		return got
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: other bits than the first run", what)
	}
	return want
}
