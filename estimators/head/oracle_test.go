package head

import (
	"cmp"
	"context"
	"math"
	"testing"

	"rwe301/internal/oracle"
)

// Heads trained by PyTorch's SGD and Adam on given features (tools/oracles/rwe.py), in float64.
func TestOracleDescent(t *testing.T) {
	type fit struct {
		Accuracy     float64
		CrossEntropy float64 `json:"cross_entropy"`
		SquaredError float64 `json:"squared_error"`
	}
	oracle.Each(t, "network", "rwe_*.json*", func(t *testing.T, path string) (compared int) {
		var f struct {
			Classes  int
			Features [][]float64 `json:"features_train"`
			Descent  []struct {
				Solver        Solver
				Epochs, Batch int
				LR, Momentum  float64
				Schedule      Schedule
				Seed          uint64
				Losses        []float64
				Sum           float64 `json:"weights_sum"`
				L2            float64 `json:"weights_l2"`
				Bias          []float64
				Train         fit
			}
		}
		oracle.Read(t, path, &f)
		near := func(what string, got, want float64) {
			t.Helper()
			compared++
			if !(math.Abs(got-want) <= 1e-10*max(1, math.Abs(want))) {
				t.Errorf("%s: %.14g, want %.14g", what, got, want)
			}
		}
		x, labels := standardised(f.Features), make([]int, len(f.Features))
		for i := range labels {
			labels[i] = i % f.Classes
		}
		n, d := len(labels), len(f.Features[0])
		for _, c := range f.Descent {
			s := oracle.NewStream(c.Seed)
			start := &Linear{In: d, Out: f.Classes, W: make([]float64, d*f.Classes), B: make([]float64, f.Classes)}
			for _, part := range [][]float64{start.W, start.B} {
				for i := range part {
					part[i] = float64(s.Symmetric()) / math.Sqrt(float64(d))
				}
			}
			l, losses, err := Train(context.Background(), x, labels, start,
				Descent{c.Solver, c.Epochs, c.Batch, c.LR, c.Momentum, cmp.Or(c.Schedule, Constant), nil}, func(epoch int) []int {
					order := make([]int, n)
					for i := range order {
						order[i] = (7*i + 3*epoch) % n
					}
					return order
				})
			if err != nil {
				t.Fatal(err)
			}
			for e, want := range c.Losses {
				near(string(c.Solver)+" loss", losses[e], want)
			}
			sum, square := 0.0, 0.0
			for _, w := range l.W {
				sum, square = sum+w, square+w*w
			}
			near("sum of weights", sum, c.Sum)
			near("norm of weights", math.Sqrt(square), c.L2)
			for k, b := range c.Bias {
				near("bias", l.B[k], b)
			}
			got, err := l.Fit(x, labels)
			if err != nil {
				t.Fatal(err)
			}
			near("accuracy", got.Accuracy, c.Train.Accuracy)
			near("cross-entropy", got.CrossEntropy, c.Train.CrossEntropy)
			near("squared error", got.SquaredError, c.Train.SquaredError)
		}
		return compared
	})
}

// standardised gives the columns mean 0 and population deviation 1.
func standardised(rows [][]float64) []float64 {
	n, d := len(rows), len(rows[0])
	out := make([]float64, n*d)
	for k := range d {
		mean, square := 0.0, 0.0
		for _, row := range rows {
			mean += row[k] / float64(n)
		}
		for _, row := range rows {
			square += (row[k] - mean) * (row[k] - mean) / float64(n)
		}
		for i, row := range rows {
			out[i*d+k] = (row[k] - mean) / math.Sqrt(square)
		}
	}
	return out
}
