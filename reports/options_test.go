package reports_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/reports"
	"rwe301/study/studytest"
)

// sample is a table of two estimators with long names.
func sample() reports.Table {
	p := 0.0004
	return reports.AssociationTable("Ranks", []string{"n_x: constant"}, []analysis.Association{
		{Estimator: "rwe:epochs=3,init=normal", N: 9, Asked: 10, Tau: &analysis.Interval{Value: 0.51234, Low: 0.4, High: 0.6},
			Mark: analysis.Best, Above: true, PAbove: &p, Seconds: 0.5},
		{Estimator: "n_x", N: 9, Asked: 9, Tau: &analysis.Interval{Value: -0.1, Low: -0.2, High: 0.2}, Mark: "-", P: &p,
			Baseline: true},
	})
}

func TestTableOptions(t *testing.T) {
	two, five := 2, 5
	for _, c := range []struct {
		name    string
		as      reports.Format
		options reports.TableOptions
		want    []string
	}{
		{"columns", reports.CSV, reports.TableOptions{Columns: []string{"tau_b_ci", "estimator", "tau_b_ci"}},
			[]string{"tau_b_low,tau_b_high,estimator\n0.4,0.6,\"rwe:"}},
		{"one end", reports.CSV, reports.TableOptions{Columns: []string{"tau_b_high"}}, []string{"tau_b_high\n0.6\n0.2\n"}},
		{"a hidden column", reports.Markdown, reports.TableOptions{Columns: []string{"tau_b", "p_above_baselines"}},
			[]string{" tau-b ↑ | p vs baseline |", "**+0.512** |        <0.001 |"}},
		{"JSON", reports.JSON, reports.TableOptions{Columns: []string{"n", "tau_b"}},
			[]string{`"columns":["n","tau_b"],"rows":[{"n":9,"tau_b":0.51234},{"n":9,"tau_b":-0.1}]`}},
		{"digits", reports.Terminal, reports.TableOptions{Digits: &two}, []string{"+0.51 ", "[+0.40, +0.60]", "-0.10"}},
		{"more digits", reports.HTML, reports.TableOptions{Digits: &five}, []string{"+0.51234", "−0.10000"}},
		{"caption", reports.LaTeX, reports.TableOptions{Caption: "5% of rho", Label: "tab:x"},
			[]string{"\\caption{5\\% of $\\rho$.}\n\\label{tab:x}\n"}},
		{"names", reports.Markdown, reports.TableOptions{Rename: map[string]string{"rwe": "RWE (ours)", "n_x": "N",
			"init": "initialisation", "tau-b": "Kendall", "coverage": "scored"}},
			[]string{"| RWE (ours):epochs=3,initialisation=normal |", "\nN: constant\n", " Kendall ↑ |", "| scored ↑ |"}},
		{"a whole label", reports.CSV, reports.TableOptions{Rename: map[string]string{"rwe:epochs=3,init=normal": "Ours"}},
			[]string{"\nOurs,9,"}},
		{"siunitx", reports.LaTeX, reports.TableOptions{SIunitx: true}, []string{"S[table-format=+1.3,", `{\underline{$-$0.100}}`,
			`\bfseries +0.512 &`, "{$\\tau_b$\\,$\\uparrow$}"}},
		{"wide", reports.LaTeX, reports.TableOptions{Width: 6.75 * 72.27}, []string{"\\begin{table*}", "\\end{table*}"}},
		{"narrow", reports.LaTeX, reports.TableOptions{Width: 3.25 * 72.27}, []string{"\\begin{table}\n", "\\medskip"}},
	} {
		var b strings.Builder
		if err := sample().Print(&b, c.as, c.options); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, b.String())
			}
		}
	}
	if err := reports.CheckColumns([]string{"n", "tau_c"}, sample()); err == nil ||
		!strings.Contains(err.Error(), `column "tau_c": unknown (did you mean tau_b?)`) {
		t.Errorf("%v", err)
	}
}

// TestBoldIsAboveTheBaselines: in a run with a baseline that is as good as the best, nothing is bold, and it is said.
func TestBoldIsAboveTheBaselines(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 60, 1)
	for _, c := range []struct {
		baseline   string
		bold       []string
		said, none string
	}{
		{"", []string{"close", "good", "reverse"}, "No trivial baseline (such as params, flops or depth) was scored", ""},
		{"noise", []string{"close", "good", "reverse"}, "of which noise is the best (paired bootstrap, Holm, 0.05): " +
			"close, good, reverse.", ""},
		{"good", nil, "of which good is the best (paired bootstrap, Holm, 0.05): none.", "Underlined"},
	} {
		for _, column := range f.Columns {
			column.Trivial = column.Label == c.baseline
		}
		found, err := analysis.Analyse(t.Context(), f.Results, analysis.Options{Options: f.Options, Compare: true})
		if err != nil {
			t.Fatal(err)
		}
		table, err := reports.Study{Findings: found}.Table("estimators")
		if err != nil {
			t.Fatal(err)
		}
		var bold []string
		for _, row := range table.Rows {
			for _, cell := range row {
				if cell.Style == reports.Strong {
					bold = append(bold, row[0].Text)
				}
			}
		}
		if strings.Join(bold, " ") != strings.Join(c.bold, " ") {
			t.Errorf("baseline %q: bold are %q, want %q", c.baseline, bold, c.bold)
		}
		var b strings.Builder
		if err := table.Write(&b, reports.Markdown); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), c.said) || !strings.Contains(b.String(), "Bold: the best, and what is not") ||
			c.none != "" && strings.Contains(b.String(), c.none) {
			t.Errorf("baseline %q:\n%s", c.baseline, b.String())
		}
	}
}

// TestManyPairs: more than eight estimators are a matrix for people, of numbered names, and a list for programs, or by
// columns of the list.
func TestManyPairs(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 60, 1)
	some := *f.Results
	some.Columns = nil
	for i := range 9 {
		column := *f.Columns[i%2*3] // good or noise
		q := *column.Question
		q.Label = fmt.Sprintf("%s-number-%d-with-a-name-that-is-long", q.Label, i+1)
		column.Question = &q
		some.Columns = append(some.Columns, &column)
	}
	found, err := analysis.Analyse(t.Context(), &some, analysis.Options{Options: f.Options})
	if err != nil {
		t.Fatal(err)
	}
	table, err := reports.Study{Findings: found}.Table("pairwise")
	if err != nil {
		t.Fatal(err)
	}
	list := []string{"a", "b", "difference", "p", "mark"}
	for _, c := range []struct {
		as      reports.Format
		options reports.TableOptions
		want    []string
	}{
		{reports.Terminal, reports.TableOptions{Terminal: 44}, []string{"\n good-number-1-", "(5)", " +0.78 ", "\n (1) ",
			"Row minus column: difference in tau-b"}},
		{reports.HTML, reports.TableOptions{}, []string{"bootstrap, 3000 resamples so that p can be small enough"}},
		{reports.LaTeX, reports.TableOptions{Width: 3.25 * 72.27}, []string{"\n(1) & ", "$\\sim$ & +0."}},
		{reports.CSV, reports.TableOptions{}, []string{"a,b,tau_b_a,tau_b_b,difference,difference_low,", ",~,60,no interval"}},
		{reports.JSON, reports.TableOptions{}, []string{`"table":"pairwise"`, `"rows":[{"a":"good-number-1-`}},
		{reports.Markdown, reports.TableOptions{Columns: list}, []string{"| A  ", "| B  ", "| 1.000 | ~ "}},
	} {
		var b strings.Builder
		if err := table.Print(&b, c.as, c.options); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", c.as, want, b.String())
			}
		}
	}
	if err := reports.CheckColumns(list, table); err != nil {
		t.Error(err)
	}
}

// TestOneTableIsOneCSV: tables of one name have one header, others are refused, and JSON has a line each.
func TestOneTableIsOneCSV(t *testing.T) {
	var grids, others []reports.Table
	for _, table := range allTables(t) {
		if table.Name == "grid" {
			grids = append(grids, table)
		} else {
			others = append(others, table)
		}
	}
	grids = append(grids, grids...)
	var b strings.Builder
	if err := reports.WriteTables(&b, grids, reports.CSV, reports.TableOptions{}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if want := 1 + len(grids)*len(grids[0].Programs.Rows); err != nil || len(rows) != want {
		t.Errorf("%d rows, want %d: %v", len(rows), want, err)
	}
	err = reports.WriteTables(&b, others, reports.CSV, reports.TableOptions{})
	if err == nil || !strings.Contains(err.Error(), "CSV holds one table, not estimators and top: name one, or take JSON") {
		t.Error(err)
	}
	b.Reset()
	if err := reports.WriteTables(&b, others, reports.JSON, reports.TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(b.String(), "\n"); lines != len(others) {
		t.Errorf("%d lines of %d tables", lines, len(others))
	}
}

// TestLaTeXCharacters: quotation marks and signs that the oldest fonts have, and what these lack is said.
func TestLaTeXCharacters(t *testing.T) {
	table := reports.Table{Title: "A", Columns: []reports.Column{{Name: "x", Kind: reports.Words}}}
	for text, want := range map[string]string{
		`a "b c" ["d"]`: "a ``b c'' [``d'']", "ℓ₂ 90°": `$\ell$$_2$ 90\textdegree{}`, "Größe – Ł": "Größe – Ł",
		"估": "10pt; pdflatex lacks 估, xelatex and",
	} {
		table.Rows = [][]reports.Cell{reports.Texts(text)}
		var b strings.Builder
		if err := table.Write(&b, reports.LaTeX); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) || text != "估" && strings.Contains(b.String(), "lacks") {
			t.Errorf("%s: no %q in\n%s", text, want, b.String())
		}
	}
}

// TestNamesOfTables: an ablation names its estimator, a grid its settings, and both can be renamed.
func TestNamesOfTables(t *testing.T) {
	rename := map[string]string{"effdim": "ED", "featstd": "FS", "channels": "C", "norm": "Norm", "none": "off"}
	var b strings.Builder
	for _, table := range allTables(t) {
		if table.Name == "ablation" || table.Name == "grid" {
			if err := table.Print(&b, reports.Markdown, reports.TableOptions{Rename: rename}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range []string{"Ablation of ED, ", "| C       | 2 *        |", "tau-b of FS by C and layers", "| layers=3 ",
		"| Norm=off   |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestNotesOfColumns leaves out what explains a column that is not shown.
func TestNotesOfColumns(t *testing.T) {
	table := reports.Table{Columns: []reports.Column{{Name: "s/arch", Key: "seconds", Kind: reports.Time},
		{Name: "tau-b", Key: "tau_b", Kind: reports.Signed}}, Rows: [][]reports.Cell{{{V: []float64{1}}, {V: []float64{0.5}}}},
		Notes: []string{"s/arch: processor seconds.", "tau-b: higher is better."}}
	for columns, want := range map[string]string{"tau_b": "tau-b: higher is better.", "seconds": "s/arch: processor seconds."} {
		var b strings.Builder
		if err := table.Print(&b, reports.Terminal, reports.TableOptions{Columns: []string{columns}}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, want) || strings.Count(got, ": ") != 1 {
			t.Errorf("%s:\n%s", columns, got)
		}
	}
}
