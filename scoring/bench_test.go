package scoring_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"rwe301/scoring"
	"rwe301/store"
	"rwe301/study/studytest"
)

// BenchmarkRun scores architectures with three counts, which cost next to nothing: what is left is the way of a score
// into a store.
func BenchmarkRun(b *testing.B) {
	const n = 10_000
	archs := studytest.Architectures(b, n)
	for name, open := range map[string]func(path string) (store.Store, error){
		"jsonl":  func(path string) (store.Store, error) { return store.OpenJSONL(path) },
		"sqlite": func(path string) (store.Store, error) { return store.OpenSQLite(path) },
	} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			questions := []*scoring.Question{question(b, "params"), question(b, "pool-count"), question(b, "flops")}
			for i := range b.N {
				s, err := open(filepath.Join(dir, fmt.Sprint(i)))
				if err != nil {
					b.Fatal(err)
				}
				if err := scoring.NewRunner(questions, scoring.Options{Store: s}).Run(b.Context(), archs, nil); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/(3*n), "us/score")
		})
	}
}
