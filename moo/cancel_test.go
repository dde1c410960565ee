package moo

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// Large generations and fronts are given up soon after the context ends.
func TestCancelled(t *testing.T) {
	const n = 60_000
	p := Problem[int]{
		Objectives: 3,
		Sample:     func(rng *rand.Rand) int { return rng.IntN(1 << 40) },
		Mutate:     func(rng *rand.Rand, _ int) int { return rng.IntN(1 << 40) },
		Crossover:  func(_ *rand.Rand, a, b int) (int, int) { return b, a },
		Neighbours: func(x int) []int { return []int{x + 1} },
		Key:        strconv.Itoa,
		Evaluate: func(_ context.Context, xs []int) ([]Outcome, error) {
			out := make([]Outcome, len(xs))
			for i, x := range xs {
				out[i].Objectives = []float64{float64(x % 9973), float64(x % 7919), float64(-x % 6007)}
			}
			return out, nil
		},
	}
	for _, a := range []Algorithm[int]{NewNSGA2[int](n), NewMOEAD[int](3, n), &Random[int]{Size: n},
		&Aging[int]{Size: n, Sample: n / 4, Batch: 4}} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		start := time.Now()
		_, err := Run(ctx, p, a, Options[int]{Generations: 100, Seed: 1})
		cancel()
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
			t.Errorf("%s: %v after %v", a.Name(), err, took)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	points := make([][]float64, 400)
	for i := range points {
		points[i] = []float64{rng.Float64(), rng.Float64(), rng.Float64(), rng.Float64(), rng.Float64(), rng.Float64()}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := HypervolumeWithin(ctx, points, []float64{1, 1, 1, 1, 1, 1}); !errors.Is(err, context.DeadlineExceeded) ||
		time.Since(start) > 5*time.Second {
		t.Errorf("hypervolume: %v after %v", err, time.Since(start))
	}
}
