package reports

import (
	"fmt"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/correlation"
)

// TestIntervalsSayHowTheyWereMade: marks where a person reads, words where a program does, and nothing without need.
func TestIntervalsSayHowTheyWereMade(t *testing.T) {
	p := 0.125
	table := AssociationTable("title", []string{"Intervals: usual."}, []analysis.Association{
		{Estimator: "usual", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.5, Low: 0.4, High: 0.6}, Mark: analysis.Best},
		{Estimator: "small", N: 3, Asked: 9, Tau: &analysis.Interval{Value: 0.3, Low: 0.3, High: 0.3, Unusual: true,
			Method: correlation.None, Why: "fewer than 5 architectures"}, Mark: "~", P: &p, Smallest: true},
		{Estimator: "rare", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.2, Low: 0.1, High: 0.3, Unusual: true,
			Method: correlation.Percentile, Why: "BCa has no acceleration", Undefined: 12}},
		{Estimator: "sparse", N: 9, Asked: 9, Tau: &analysis.Interval{Value: 0.2, Low: 0.1, High: 0.3, Undefined: 7}},
	})
	for format, want := range map[Format][]string{
		Terminal: {"[+0.400, +0.600]   ", "noneᵃ  ~ (p=0.125)ᵇ", "[+0.100, +0.300]ᶜᵈ", "[+0.100, +0.300]ᵈ  ",
			"\nᵃ no interval: fewer than 5 architectures.\n", "\nᵇ the smallest p that these architectures support",
			"\nᶜ percentile interval of the bootstrap: BCa has no acceleration.\n",
			"\nᵈ resamples without a value, left out: rare 12, sparse 7.\n"},
		LaTeX: {`none\textsuperscript{a} &`, `\textsuperscript{d} resamples without a value`},
		CSV: {"coverage,asked,notes\n", "usual,9,0.5,0.4,0.6,best,,,false,false,,,,,,0,1,9,rho undefined\n",
			"small,3,0.3,,,~,0.125,,false,false,,,,,,0,0.3333333333333333,9,\"rho undefined; no interval: " +
				"fewer than 5 architectures; the smallest p",
			",9,\"rho undefined; resamples without a value, left out: sparse 7\""},
		JSON: {`"notes"],"rows":[{"estimator":"usual","n":9,"tau_b":0.5,"tau_b_low":0.4,`, `"notes":["Intervals: usual."]`,
			`; no interval: fewer than 5 architectures; the smallest p`},
	} {
		var b strings.Builder
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s lacks %q:\n%s", format, w, b.String())
			}
		}
		if format == CSV && strings.ContainsAny(b.String(), string(letters)) {
			t.Errorf("a raised letter in CSV:\n%s", b.String())
		}
	}
}

// TestManyRemarks names a few rows below a table of many, and all in the columns of a program.
func TestManyRemarks(t *testing.T) {
	table := Table{Columns: []Column{{Name: "x", Key: "x"}}}
	for i := range 40 {
		table.Rows = append(table.Rows, Texts("1"))
		table.remark(i, 0, "odd", fmt.Sprint("row", i))
	}
	table.remark(0, 0, "", "nothing")
	var b, c strings.Builder
	if err := table.Write(&b, Terminal); err != nil {
		t.Fatal(err)
	}
	if err := table.Write(&c, CSV); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(b.String(), "ᵃ odd: row0, row1, row2, row3, row4, row5, row6, row7, and 32 more rows.\n") ||
		!strings.Contains(c.String(), "1,odd: row39\n") || table.Rows[3][0].Text != "1" {
		t.Errorf("%s\n%s", b.String(), c.String())
	}
}
