package analysis_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/scoring"
	"rwe301/store"
)

// manyRecords are three scores of each of n architectures.
func manyRecords(n int) []store.Record {
	rng := rand.New(rand.NewPCG(1, 1))
	records := make([]store.Record, 0, 3*n)
	for i := range n {
		id := fmt.Sprintf("%016x", rng.Uint64())
		for _, name := range []string{"params", "pool-count", "flops"} {
			score := float64(i%1000) + rng.NormFloat64()
			records = append(records, store.Record{ID: id, Arch: id, Estimator: name, Score: &score, Status: store.OK,
				Seconds: rng.Float64()})
		}
	}
	return records
}

func BenchmarkFromRecords(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		records := manyRecords(n)
		b.Run(fmt.Sprintf("architectures=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := analysis.FromRecords(store.Each(records), scoring.Describe, bench301.DARTS{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAnalyse(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		r, err := analysis.FromRecords(store.Each(manyRecords(n)), scoring.Describe, bench301.DARTS{})
		if err != nil {
			b.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(2, 2))
		for range n {
			r.Truth = append(r.Truth, rng.NormFloat64())
		}
		b.Run(fmt.Sprintf("architectures=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := analysis.Analyse(b.Context(), r, analysis.Options{Compare: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
