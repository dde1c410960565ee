package reports

import (
	"fmt"
	"slices"
	"strconv"

	"rwe301/analysis"
)

// CompareTable is the comparison of two runs in the manner of benchstat.
func CompareTable(a, b *analysis.Findings, contrasts []analysis.Contrast) Table {
	t := Table{
		Title: fmt.Sprintf("tau-b with accuracy by %s: A = %s, B = %s", a.From.Truth, a.From.Dir, b.From.Dir),
		Columns: []Column{
			{Name: "estimator", Left: true}, {Name: "A"}, {Name: "B"}, {Name: "B - A"}, {Name: "95% CI"}, {Name: "p"},
			{Name: "", Left: true}, {Name: "n"},
			{Name: "pairs", Left: true}, {Name: "s/arch A"}, {Name: "s/arch B"},
		},
		Notes: []string{"B - A: paired bootstrap where the runs have architectures in common, p adjusted by Holm; ~ not " +
			"distinguishable at 0.05."},
	}
	if slices.ContainsFunc(contrasts, func(c analysis.Contrast) bool { return c.Drawn }) {
		t.Notes = append(t.Notes, "Comparisons of more than "+analysis.DrawnNote(a.Options)+".")
	}
	tau := func(f *analysis.Finding) string {
		if f.Tau == nil {
			return "undefined"
		}
		return signed(f.Tau.Value)
	}
	for i, c := range contrasts {
		row := []string{c.Label, tau(c.A), tau(c.B), "", "", "", "", strconv.Itoa(c.N), "no", Seconds(c.A.Seconds),
			Seconds(c.B.Seconds)}
		if c.Paired {
			row[8] = "yes"
		}
		if v := c.Comparison; v != nil {
			row[3], row[4], row[5], row[6] = signed(v.Difference), differenceEnds(v),
				probability(v.PAdjusted), v.Mark()
			t.remarkDifference(i, 4, 5, c.Label, v)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
