package study_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"rwe301/analysis"
	"rwe301/scoring"
	"rwe301/study"
)

// Does the number of parameters order 30 architectures as their accuracies do?
func Example() {
	ctx := context.Background()
	text := []byte("seed: 1\narchitectures: {sample: 30}\naccuracy: mini\nestimators: [params]\n")
	dir, err := os.MkdirTemp("", "study")
	check(err)
	defer os.RemoveAll(dir)
	d, err := study.Parse("study.yaml", text)
	check(err)
	p, err := study.Prepare(ctx, d)
	check(err)
	defer p.Close()
	var m scoring.Machine // version and processor, for the records
	r, err := study.Create(filepath.Join(dir, "run"), p, text, study.Shard{}, m)
	check(err)
	defer r.Close()
	check(r.Do(ctx, p, m, study.Options{}))
	results, err := r.Load()
	check(err)
	f, err := analysis.Analyse(ctx, results, analysis.Options{})
	check(err)
	fmt.Printf("%s: tau-b %.3f over %d architectures\n", f.Rows[0].Estimator, f.Rows[0].Tau.Value, f.Rows[0].N)
	// Output:
	// params: tau-b 0.384 over 30 architectures
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
