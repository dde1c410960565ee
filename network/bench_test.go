package network

import (
	"fmt"
	"testing"

	"rwe301/bench301"
)

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

// prepared is an executor with parameters and images of arbitrary values.
func prepared(b testing.TB, channels, side int, o Options) (m *Executor, theta, images []float32) {
	b.Helper()
	cfg := bench301.DefaultConfig()
	cfg.Channels, cfg.Height, cfg.Width = channels, side, side
	g, err := dartsV2.Graph(cfg)
	if err != nil {
		b.Fatal(err)
	}
	p, err := Compile(g)
	if err != nil {
		b.Fatal(err)
	}
	if m, err = NewExecutor(p, o); err != nil {
		b.Fatal(err)
	}
	theta = make([]float32, p.NumParams())
	if err := Initialise(p, theta, Scheme{}, 1); err != nil {
		b.Fatal(err)
	}
	images = make([]float32, o.Batch*side*side*3)
	for i := range images {
		images[i] = float32(i%17)/8 - 1
	}
	return m, theta, images
}

func BenchmarkForward(b *testing.B) {
	for _, size := range []struct{ channels, side, batch, workers int }{
		{8, 16, 100, 1}, {8, 32, 100, 1}, {16, 32, 128, 1}, {16, 32, 128, 2}, {32, 32, 128, 1}, {32, 32, 128, 2},
	} {
		b.Run(fmt.Sprintf("C%d/%dx%d/batch%d/workers%d", size.channels, size.side, size.side, size.batch, size.workers),
			func(b *testing.B) {
				m, theta, x := prepared(b, size.channels, size.side, Options{Batch: size.batch, Workers: size.workers})
				defer m.Close()
				b.ResetTimer()
				for b.Loop() {
					if err := m.Forward(theta, x, size.batch, BatchNorm); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(size.batch)*float64(b.N)/b.Elapsed().Seconds(), "images/s")
			})
	}
}

// BenchmarkSynflow is one image forward and backward in float64 without normalisation, as synflow runs it.
func BenchmarkSynflow(b *testing.B) {
	m, theta32, x32 := prepared(b, 32, 32, Options{Batch: 1})
	p := m.Plan()
	e, err := NewExecutor64(p, Options{Batch: 1, Gradients: true})
	if err != nil {
		b.Fatal(err)
	}
	theta, x := convert[float64](theta32), convert[float64](x32)
	cotangent, g := []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, make([]float64, len(theta))
	for b.Loop() {
		if err := e.Forward(theta, x, 1, NoNorm); err != nil {
			b.Fatal(err)
		}
		if err := e.Backward(Cotangents[float64]{Logits: cotangent}, g, nil); err != nil {
			b.Fatal(err)
		}
	}
}
