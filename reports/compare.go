package reports

import (
	"fmt"
	"slices"

	"rwe301/analysis"
)

// CompareTable is the comparison of two runs in the manner of benchstat.
func CompareTable(a, b *analysis.Findings, contrasts []analysis.Contrast) Table {
	t := Table{
		Name:  "compare",
		Title: fmt.Sprintf("tau-b with accuracy by %s: A = %s, B = %s", a.From.Truth, a.From.Dir, b.From.Dir),
		Columns: slices.Concat([]Column{
			{Name: "estimator", Key: "estimator", Kind: Label},
			{Name: "A", Key: "tau_b_a", Kind: Signed, Digits: 3}, {Name: "B", Key: "tau_b_b", Kind: Signed, Digits: 3},
		}, differenceColumns("B - A"), []Column{
			{Name: "n", Key: "n", Kind: Count}, {Name: "pairs", Key: "paired", Kind: Flag},
		}, timeColumns("A"), timeColumns("B")),
		Notes: []string{"B - A: paired bootstrap where the runs have architectures in common, p adjusted by Holm; ~ not " +
			"distinguishable at 0.05."},
	}
	if slices.ContainsFunc(contrasts, func(c analysis.Contrast) bool { return c.Drawn }) {
		t.Notes = append(t.Notes, "Comparisons of more than "+analysis.DrawnNote(a.Options)+".")
	}
	at := column(t.Columns, "difference")
	for i, c := range contrasts {
		t.Rows = append(t.Rows, slices.Concat([]Cell{text(c.Label), tau(c.A), tau(c.B)}, difference(c.Comparison),
			[]Cell{count(c.N), flag(c.Paired)}, times(c.A.Association), times(c.B.Association)))
		t.remarkDifference(i, at+1, at+2, c.Label, c.Comparison)
	}
	return t
}

// tau is the tau-b of a finding.
func tau(f *analysis.Finding) Cell { return coefficient(f.Tau)[0] }

// PairTable lists the differences of all pairs of some estimators of a run.
func PairTable(f *analysis.Findings, title string, pairs []analysis.Pair) Table {
	t := Table{
		Name:  "pairwise",
		Title: title,
		Columns: slices.Concat([]Column{
			{Name: "A", Key: "a", Kind: Label}, {Name: "B", Key: "b", Kind: Label},
			{Name: "tau-b A", Key: "tau_b_a", Kind: Signed, Digits: 3, Hidden: true},
			{Name: "tau-b B", Key: "tau_b_b", Kind: Signed, Digits: 3, Hidden: true},
		}, differenceColumns("A - B"), []Column{{Name: "n", Key: "n", Kind: Count}}),
		Notes: []string{"A - B: difference in tau-b, paired bootstrap, p adjusted by Holm over all pairs; ~ not " +
			"distinguishable at 0.05."},
	}
	if slices.ContainsFunc(pairs, func(p analysis.Pair) bool { return p.Drawn }) {
		t.Notes = append(t.Notes, "Comparisons of more than "+analysis.DrawnNote(f.Options)+".")
	}
	at := column(t.Columns, "difference")
	for i, p := range pairs {
		if i > 0 && p.A != pairs[i-1].A {
			t.Groups = append(t.Groups, i)
		}
		t.Rows = append(t.Rows, slices.Concat([]Cell{text(p.A.Estimator), text(p.B.Estimator), tau(p.A), tau(p.B)},
			difference(p.Comparison), []Cell{count(p.N)}))
		t.remarkDifference(i, at+1, at+2, p.A.Estimator+" - "+p.B.Estimator, p.Comparison)
	}
	return t
}
