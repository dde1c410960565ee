package reports_test

import (
	"log"
	"os"

	"rwe301/analysis"
	"rwe301/reports"
)

// A table of two estimators.
func ExampleAssociationTable() {
	t := reports.AssociationTable("Rank correlation", []string{"Made up."}, []analysis.Association{
		{Estimator: "params", N: 60, Asked: 60, Tau: &analysis.Interval{Value: 0.5, Low: 0.4, High: 0.6}, Seconds: 0.01},
		{Estimator: "constant", N: 60, Asked: 60, Reason: "constant score", Seconds: 0.01},
	})
	if err := t.Print(os.Stdout, reports.CSV, reports.TableOptions{
		Columns: []string{"estimator", "n", "tau_b", "tau_b_ci", "seconds"},
	}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// estimator,n,tau_b,tau_b_low,tau_b_high,seconds
	// params,60,0.5,0.4,0.6,0.01
	// constant,60,,,,0.01
}
