package moo_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"rwe301/moo"
)

// ZDT1 of Zitzler, Deb and Thiele (2000) in five variables; its front has the hypervolume 2/3 below (1, 1).
func Example() {
	upper := []float64{1, 1, 1, 1, 1}
	p := moo.Real(2, make([]float64, 5), upper, func(x []float64) []float64 {
		g := 1 + 9*(x[1]+x[2]+x[3]+x[4])/4
		return []float64{x[0], g * (1 - math.Sqrt(x[0]/g))}
	})
	r, err := moo.Run(context.Background(), p, moo.NewNSGA2[[]float64](40),
		moo.Options[[]float64]{Evaluations: 4000, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	var front [][]float64
	for _, s := range r.Front {
		front = append(front, s.Objectives)
	}
	hv, err := moo.Hypervolume(front, []float64{1, 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("hypervolume %.2f\n", hv)
	// Output:
	// hypervolume 0.67
}
