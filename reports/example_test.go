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
	if err := t.Write(os.Stdout, reports.CSV); err != nil {
		log.Fatal(err)
	}
	// Output:
	// estimator,n,tau-b,95% CI,rho,95% CI,s/arch,coverage
	// params,60,+0.500,"[+0.400, +0.600]",undefined,,0.010,100%
	// constant,60,undefined,,undefined,,0.010,100%
}
