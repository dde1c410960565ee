package correlation_test

import (
	"errors"
	"fmt"
	"math"

	"rwe301/correlation"
)

func ExampleKendall() {
	accuracy := []float64{93.1, 94.2, 92.8, 93.9, 94.0}
	score := []float64{0.41, 0.47, 0.35, 0.46, 0.44}
	tau, err := correlation.Kendall(score, accuracy)
	fmt.Printf("%.2f %v\n", tau, err)

	_, err = correlation.Kendall([]float64{1, 1, 1, 1, 1}, accuracy)
	fmt.Println(err, errors.Is(err, correlation.ErrUndefined))
	// Output:
	// 0.80 <nil>
	// x is constant: undefined true
}

func ExampleBootstrap() {
	accuracy := []float64{93.1, 94.2, 92.8, 93.9, 94.0, 93.3, 92.1, 93.6, 94.4, 92.5}
	score := []float64{0.41, 0.47, 0.35, 0.46, 0.44, 0.37, 0.36, 0.43, 0.45, 0.30}
	d, err := correlation.Bootstrap(correlation.KendallTauB, score, accuracy, correlation.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	iv, err := d.Interval(correlation.BCa, 0.95)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("tau-b %.2f, %g %% interval %.2f to %.2f (%v)\n", d.Observed, 100*iv.Level, iv.Low, iv.High, iv.Method)
	// Output:
	// tau-b 0.73, 95 % interval 0.46 to 1.00 (BCa)
}

var nan = math.NaN()

func ExampleOmitNaN() {
	accuracy := []float64{93.1, 94.2, 92.8, 93.9}
	score := []float64{0.41, 0.47, nan, 0.46}
	kept, dropped := correlation.OmitNaN(score, accuracy)
	rho, err := correlation.Spearman(kept[0], kept[1])
	fmt.Printf("rho %.1f of %d rows, %d dropped, %v\n", rho, len(kept[0]), dropped, err)
	// Output:
	// rho 1.0 of 3 rows, 1 dropped, <nil>
}
