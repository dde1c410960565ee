package reports_test

import (
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/reports"
	"rwe301/store"
)

// TestClocks: of scores of which some are of an earlier version, it is said whose seconds are of the wall.
func TestClocks(t *testing.T) {
	for want, cpus := range map[string][2][]float64{
		" s of processors":                    {{1, 1}, {1, 1}},
		" s of wall time on one core":         {{0, 0}, {0, 0}},
		" s of processors (some: wall time)":  {{0, 1}, {0, 1}},
		" s of processors (some: wall time) ": {{0, 0}, {1, 1}},
	} {
		f := &analysis.Findings{Results: &analysis.Results{}}
		for k, label := range []string{"a", "b"} {
			c := analysis.NewColumn(&store.Question{Label: label, Estimator: label, Seeds: []uint64{1}}, 2)
			for i, cpu := range cpus[k] {
				if err := c.Answer(i, 1, store.OK, 1, 2, cpu); err != nil {
					t.Fatal(err)
				}
			}
			c.Seconds = 1
			f.Columns = append(f.Columns, c)
		}
		table, err := reports.Study{Findings: f}.Table("protocol")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, row := range table.Rows {
			if row[0].Text == "time of all estimates" {
				got = row[1].Text
			}
		}
		if !strings.HasSuffix(got, strings.TrimSuffix(want, " ")) {
			t.Errorf("%v: %q, want %q", cpus, got, want)
		}
	}
}
