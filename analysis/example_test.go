package analysis_test

import (
	"context"
	"fmt"
	"log"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/store"
)

// Scores of one estimator against accuracies.
func ExampleFromRecords() {
	var records []store.Record
	for i, score := range []float64{1, 2, 4, 3, 6, 5, 7, 8, 9, 10} {
		records = append(records, store.Record{ID: fmt.Sprint(i), Estimator: "mine", Score: &score, Status: store.OK})
	}
	r, err := analysis.FromRecords(store.Each(records), func(r store.Record) store.Question {
		return store.Question{Label: r.Estimator, Estimator: r.Estimator, Seeds: []uint64{r.Seed}}
	}, bench301.DARTS{})
	if err != nil {
		log.Fatal(err)
	}
	r.Truth = []float64{90, 91, 92, 93, 94, 95, 96, 97, 98, 99} // of the architectures as they first stand
	f, err := analysis.Analyse(context.Background(), r, analysis.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: tau-b %.3f over %d architectures\n", f.Rows[0].Estimator, f.Rows[0].Tau.Value, f.Rows[0].N)
	// Output:
	// mine: tau-b 0.911 over 10 architectures
}
