package reports_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"rwe301/analysis"
	"rwe301/internal/oracle"
	"rwe301/reports"
	"rwe301/search"
	"rwe301/study/studytest"
)

// allTables are the tables of a study with baselines, an ablation and a grid, of made-up columns, of two runs and of
// searches.
func allTables(t *testing.T) []reports.Table {
	t.Helper()
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 24))
	_, varied := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", `architectures: {table: table.csv}
accuracy: table
seeds: [0, 1]
estimators:
  - params
  - {name: proxy, scores: table.csv, column: proxy}
  - name: featstd
    settings: {train_images: 20, batch: 20, channels: [2, 3, 4], layers: [3, 4], resolution: 8, norm: [batch, none]}
  - name: effdim
    settings: {train_images: 40, batch: 20, channels: 2, layers: 3, resolution: 8}
    vary: {channels: [2, 3], init: [default, orthogonal]}
`), filepath.Join(dir, "run"))
	_, columns := studytest.MadeUp(t, t.TempDir(), 60, 1)
	var all []reports.Table
	for _, f := range []*analysis.Findings{varied, columns} {
		made, err := reports.Study{Findings: f}.Made(t.Context(), reports.AllTables)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, append(made, reports.Study{Findings: f}.Checklist())...)
	}
	methods := []string{"rwe + macs", "aging evolution on the accuracy alone"}
	for _, f := range []reports.Study{
		{Findings: studytest.Searched(t, methods, 6, func(i int) string {
			return fmt.Sprintf("rwe-ridge:channels=%d,resolution=16,train_images=400,val_images=400", i)
		})},
		{Findings: studytest.Searched(t, methods[:1], 3, func(i int) string { return fmt.Sprint("estimator-", i) })},
		{Findings: columns, Cohorts: reports.CohortOptions{CohortOptions: analysis.CohortOptions{Of: analysis.BySize}}},
	} {
		made, err := f.Made(t.Context(), reports.CohortsKind)
		if err != nil {
			t.Fatal(err)
		}
		values, err := f.Made(t.Context(), reports.CohortValues)
		if err != nil {
			t.Fatal(err)
		}
		values[0].Rows = values[0].Rows[:25] // a page of it
		all = append(append(all, made...), values[0])
	}
	contrasts, err := analysis.Compare(t.Context(), columns, columns)
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, reports.CompareTable(columns, columns, contrasts))
	s, err := search.Open(t.Context(), filepath.Join(oracle.Root(), "testdata", "runs", "search"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fronts, err := s.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, reports.Search{Fronts: fronts}.Table(), reports.Search{Fronts: fronts}.Checklist())
	names := map[string]int{}
	for _, table := range all {
		names[table.Name]++
	}
	for _, name := range append(reports.TableNames(), "compare", "search", "checklist") {
		if names[name] == 0 {
			t.Errorf("no table %s is tried", name)
		}
	}
	return all
}

// TestTablesFitThePage has LaTeX set every table in the columns of papers, and checks that nothing is too wide or too
// tall, shrunk, or unknown to it.
func TestTablesFitThePage(t *testing.T) {
	pdflatex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("pdflatex is not installed")
	}
	tables := allTables(t)
	for _, c := range []struct {
		name, class, page string
		options           reports.TableOptions
	}{
		{"column", "", `\setlength{\textwidth}{3.25in}`, reports.TableOptions{Width: 3.25 * 72.27}},
		{"page", "", `\setlength{\textwidth}{6.75in}`, reports.TableOptions{Width: 6.75 * 72.27}},
		{"default", ",twocolumn", "", reports.TableOptions{}},
		{"siunitx", "", `\usepackage{siunitx}\setlength{\textwidth}{6.75in}`,
			reports.TableOptions{Width: 6.75 * 72.27, SIunitx: true, Label: "tab:x", Caption: "50% of #1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.options.SIunitx {
				if out, err := exec.Command("kpsewhich", "siunitx.sty").Output(); err != nil || len(out) == 0 {
					t.Skip("siunitx is not installed")
				}
			}
			var b strings.Builder
			fmt.Fprintf(&b, "\\documentclass[10pt%s]{article}\n\\usepackage{booktabs}%s\n\\begin{document}\n", c.class, c.page)
			for _, table := range tables {
				if err := table.Print(&b, reports.LaTeX, c.options); err != nil {
					t.Fatal(err)
				}
				b.WriteString("\\clearpage\n")
			}
			b.WriteString("\\end{document}\n")
			if strings.Contains(b.String(), "resizebox") {
				t.Error("a table is shrunk")
			}
			dir := t.TempDir()
			studytest.Write(t, dir, "tables.tex", b.String())
			cmd := exec.Command(pdflatex, "-interaction=nonstopmode", "tables.tex")
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			log, err := os.ReadFile(filepath.Join(dir, "tables.log"))
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"Overfull", "Missing character", "Float too large"} {
				if i := strings.Index(string(log), bad); i >= 0 {
					t.Errorf("%s", log[i:min(len(log), i+200)])
				}
			}
		})
	}
}

// TestTablesFitTheTerminal: 80 columns, and names that stay apart.
func TestTablesFitTheTerminal(t *testing.T) {
	for _, table := range allTables(t) {
		for _, width := range []int{80, 60} {
			var b strings.Builder
			if err := table.Print(&b, reports.Terminal, reports.TableOptions{Terminal: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%s in %d columns has %d:\n%s", table.Name, width, n, line)
				}
			}
			text := strings.Join(strings.Fields(b.String()), "")
			for _, row := range table.Rows {
				for k, c := range table.Columns {
					if c.Kind == reports.Label && !c.Hidden && row[k].Text != "" && width == 80 &&
						!strings.Contains(text, strings.ReplaceAll(strings.Split(row[k].Text, ",")[0], " ", "")) {
						t.Errorf("%s lacks %q:\n%s", table.Name, row[k].Text, b.String())
					}
				}
			}
		}
	}
}

// TestTablesForPrograms: one value a cell, numbers that are numbers, and JSON with the same values.
func TestTablesForPrograms(t *testing.T) {
	words := map[reports.Kind]bool{reports.Words: true, reports.Label: true, reports.Versus: true, reports.Flag: true,
		reports.Spread: true}
	for _, table := range allTables(t) {
		var b strings.Builder
		if err := table.Write(&b, reports.CSV); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, name := range rows[0] {
			if name == "" || seen[name] {
				t.Errorf("%s: the header %q is empty or repeats", table.Name, rows[0])
			}
			seen[name] = true
		}
		if table.Programs != nil {
			table = *table.Programs
		}
		numbers := map[string]bool{}
		for _, c := range table.Columns {
			if !words[c.Kind] {
				for _, key := range append([]string{c.Key}, strings.TrimSuffix(c.Key, "_ci")+"_low",
					strings.TrimSuffix(c.Key, "_ci")+"_high") {
					numbers[key] = true
				}
			}
		}
		for _, row := range rows[1:] {
			for i, cell := range row {
				if _, err := strconv.ParseFloat(cell, 64); numbers[rows[0][i]] && cell != "" && err != nil {
					t.Errorf("%s: %s is %q", table.Name, rows[0][i], cell)
				}
			}
		}
		b.Reset()
		if err := table.Write(&b, reports.JSON); err != nil {
			t.Fatal(err)
		}
		var document struct {
			Table   string
			Columns []string
			Rows    []map[string]any
		}
		if err := json.Unmarshal([]byte(b.String()), &document); err != nil {
			t.Fatal(err)
		}
		if strings.Join(document.Columns, " ") != strings.Join(rows[0], " ") || len(document.Rows) != len(rows)-1 ||
			document.Table != table.Name {
			t.Errorf("%s as JSON: columns %q, %d rows", document.Table, document.Columns, len(document.Rows))
		}
		for i, row := range document.Rows {
			for k, name := range rows[0] {
				v := row[name]
				if f, ok := v.(float64); ok {
					v = strconv.FormatFloat(f, 'g', -1, 64)
				}
				if want := rows[i+1][k]; v == nil && want != "" || v != nil && !same(fmt.Sprint(v), want) {
					t.Errorf("%s: %s is %v as JSON, %q as CSV", table.Name, name, v, want)
				}
			}
		}
	}
}

// same compares two numbers or texts.
func same(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return a == b || err == nil && err2 == nil && x == y
}
