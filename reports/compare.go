package reports

import (
	"fmt"
	"slices"

	"rwe301/analysis"
	"rwe301/correlation"
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
	if slices.ContainsFunc(contrasts, func(c analysis.Contrast) bool { return large(c.Comparison) }) {
		t.Notes = append(t.Notes, largeNote())
	}
	at := column(t.Columns, "difference")
	for i, c := range contrasts {
		t.Rows = append(t.Rows, slices.Concat([]Cell{text(c.Label), tau(c.A), tau(c.B)}, difference(c.Comparison),
			[]Cell{count(c.N), flag(c.Paired)}, times(c.A.Association), times(c.B.Association)))
		t.remarkDifference(i, at+1, at+2, c.Label, c.Comparison)
	}
	return t
}

// large says whether a comparison is one of so many architectures that none were drawn.
func large(c *correlation.Comparison) bool {
	return c != nil && c.Interval.Method == correlation.Jackknife
}

func largeNote() string { return "Comparisons " + analysis.LargeNote() + "." }

// tau is the tau-b of a finding.
func tau(f *analysis.Finding) Cell { return coefficient(f.Tau)[0] }

// manyPaired is the number of estimators above which people see their pairs as a matrix.
const manyPaired = 8

// PairTable has the differences of all pairs of some estimators of a run: a list, which of many estimators only
// programs see, and people a matrix.
func PairTable(f *analysis.Findings, title string, pairs []analysis.Pair) Table {
	t := Table{
		Name:  "pairwise",
		Title: title,
		Columns: slices.Concat([]Column{
			{Name: "A", Key: "a", Kind: Label}, {Name: "B", Key: "b", Kind: Label},
			{Name: "tau-b A", Key: "tau_b_a", Kind: Signed, Digits: 3, Hidden: true},
			{Name: "tau-b B", Key: "tau_b_b", Kind: Signed, Digits: 3, Hidden: true},
		}, differenceColumns("A - B"), []Column{{Name: "n", Key: "n", Kind: Count}}),
		Notes: []string{"A - B: " + pairsNote(f, pairs)},
	}
	if slices.ContainsFunc(pairs, func(p analysis.Pair) bool { return large(p.Comparison) }) {
		t.Notes = append(t.Notes, largeNote())
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
	if rows := paired(pairs); len(rows) > manyPaired {
		return pairMatrix(f, t, rows, pairs)
	}
	return t
}

// pairsNote says what a difference is.
func pairsNote(f *analysis.Findings, pairs []analysis.Pair) string {
	return "difference in tau-b, paired bootstrap" + moreResamples(f, len(pairs)) + ", p adjusted by Holm over all " +
		"pairs; ~ not distinguishable at 0.05."
}

// moreResamples says how many resamples n comparisons take, where they are more than those of the intervals.
func moreResamples(f *analysis.Findings, n int) string {
	if resamples := f.Resamples(n); resamples > f.Resamples(0) {
		return fmt.Sprintf(", %d resamples so that p can be small enough", resamples)
	}
	return ""
}

// paired are the estimators of pairs, in their order.
func paired(pairs []analysis.Pair) (rows []*analysis.Finding) {
	for _, p := range pairs {
		for _, r := range []*analysis.Finding{p.A, p.B} {
			if !slices.Contains(rows, r) {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// pairMatrix shows a list of pairs as a matrix: the difference of the row minus the column, where it can be told from
// 0.
func pairMatrix(f *analysis.Findings, list Table, rows []*analysis.Finding, pairs []analysis.Pair) Table {
	t := Table{Name: list.Name, Title: list.Title, Programs: &list,
		Columns: []Column{{Name: "estimator", Key: "estimator", Kind: Label}}}
	for k := range rows[1:] {
		number := fmt.Sprint(k + 2)
		t.Columns = append(t.Columns, Column{Name: "(" + number + ")", Key: number, Kind: Signed, Digits: 2})
	}
	for k, r := range rows {
		cells := make([]Cell, len(rows))
		cells[0] = Cell{Text: r.Estimator, After: fmt.Sprintf(" (%d)", k+1)}
		t.Rows = append(t.Rows, cells)
	}
	undefined := ""
	for _, p := range pairs {
		cell := text("?")
		if c := p.Comparison; c == nil {
			undefined = " ? undefined."
		} else if cell = value(c.Difference); !c.Distinguishable() {
			cell = text(c.Mark())
		}
		t.Rows[slices.Index(rows, p.A)][slices.Index(rows, p.B)] = cell
	}
	t.Notes = slices.Concat([]string{"Row minus column: " + pairsNote(f, pairs) + undefined}, list.Notes[1:],
		[]string{"Intervals and p: --csv, --json, or as a list by --columns a,b,difference,difference_ci,p,mark."})
	return t
}
