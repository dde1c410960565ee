package search_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"rwe301/scoring"
	"rwe301/search"
)

// A tiny search for architectures that trade accuracy against operations.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "search")
	check(err)
	defer os.RemoveAll(dir)
	d, err := search.Parse("search.yaml", []byte("population: 6\ngenerations: 2\nmethods:\n  - {name: nsga2, algorithm: "+
		"nsga2, objectives: [accuracy, macs]}\n"))
	check(err)
	s, err := search.Create(ctx, filepath.Join(dir, "run"), d, scoring.Machine{})
	check(err)
	defer s.Close()
	check(s.Run(ctx, 1, nil))
	fronts, err := s.Report(ctx)
	check(err)
	for _, f := range fronts.Found {
		fmt.Printf("%.2f%%, %.1f million multiplications\n", f.Accuracy, float64(f.MACs)/1e6)
	}
	// Output:
	// 92.42%, 133.7 million multiplications
	// 93.50%, 143.0 million multiplications
	// 93.51%, 148.1 million multiplications
	// 93.92%, 166.4 million multiplications
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
