package main

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/store"
)

// TestAgreements compares twelve scores with published ones in the reverse order, and with a second seed in the same;
// an empty cell and an estimator that the table lacks are left out.
func TestAgreements(t *testing.T) {
	var rows []bench301.Item
	var records []store.Record
	c, err := estimators.Parse("zen:batch=64")
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for a := range bench301.Samples(bench301.DARTS{}, 1) {
		if i++; i > 13 {
			break
		}
		cell := fmt.Sprint(-i)
		if i == 13 {
			cell = ""
		}
		rows = append(rows, bench301.Item{Architecture: a, Fields: []bench301.Field{{Name: "zen", Value: cell}}})
		for seed := range uint64(2) {
			score := float64(i) + float64(seed)
			records = append(records, store.Record{ID: a.ID(), Estimator: c.Info.Name, Settings: c.Settings, Seed: seed,
				Score: &score}, store.Record{ID: a.ID(), Estimator: "params", Seed: seed, Score: &score})
		}
	}
	got, err := agreements("t.csv", rows, records)
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	a := got[0]
	if a.Label != "zen:batch=64" || a.N != 12 || a.AgainN != 12 ||
		math.Abs(*a.Rho+1) > 1e-12 || math.Abs(*a.Again-1) > 1e-12 {
		t.Errorf("%+v: rho %v, again %v", a, *a.Rho, *a.Again)
	}
	var b strings.Builder
	Measurements{Published: got}.renderPublished(&b)
	if !strings.Contains(b.String(), "| zen:batch=64 | -1.0000 | 12 | +1.0000 | 12 |") {
		t.Error(b.String())
	}
}
