package reports

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/moo"
	"rwe301/plots"
	"rwe301/plots/plotstest"
	"rwe301/search"
	"rwe301/study/studytest"
)

// TestFiguresOfRunsCanBeRead draws every figure of a study, of one with long names, settings and seeds, and of searches
// at the widths of a paper.
func TestFiguresOfRunsCanBeRead(t *testing.T) {
	_, few := studytest.MadeUp(t, t.TempDir(), 60, 1)
	dir := t.TempDir()
	_, many := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", manyEstimators(t, dir)), filepath.Join(dir, "run"))
	made := map[string][]Figure{}
	for _, f := range []*analysis.Findings{few, many} {
		for i, r := range f.Rows { // times of no machine: the same picture everywhere
			r.Seconds = math.Pow(10, float64(i%6)-5) * (1 + float64(i)/7)
		}
	}
	for name, f := range map[string]Study{"few": {Findings: few}, "many": {Findings: many}} {
		figures, err := f.Figures(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		made[name] = figures
	}
	searches := searchOf(t)
	figures, err := searches.Figures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made["searches"] = figures
	for name, figures := range made {
		for _, f := range figures {
			for _, width := range []vg.Length{plots.SingleColumn, plots.DoubleColumn} {
				t.Run(fmt.Sprintf("%s of %s at %.2f in", f.Name, name, width/vg.Inch), func(t *testing.T) {
					for i, p := range plotstest.Problems(f.Figure, width, plots.DefaultStyle()) {
						if i == 5 {
							t.Fatal("and more")
						}
						t.Error(p)
					}
					header, rows := f.Data()
					for _, row := range rows {
						if len(row) != len(header) || strings.ContainsAny(strings.Join(row, ""), "−") {
							t.Fatalf("row %v of %v", row, header)
						}
					}
				})
			}
		}
	}
}

// manyEstimators is a study of 18 estimators, most with long names.
func manyEstimators(t *testing.T, dir string) string {
	text := "architectures: {table: table.csv}\naccuracy: table\nestimators:\n"
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 80))
	for i := range 12 {
		text += fmt.Sprintf("  - {name: a-score-from-a-file-with-a-very-long-name-%d, scores: table.csv, column: proxy}\n", i)
	}
	for _, name := range []string{"params", "macs", "flops", "pool-count", "depth", "sepconv-count"} {
		text += "  - " + name + "\n"
	}
	return text
}

// searchOf are two small searches, judged.
func searchOf(t *testing.T) Search {
	t.Helper()
	d, err := search.Parse("search.yaml", []byte("accuracy: mini\npopulation: 8\ngenerations: 4\nseeds: [1, 2]\nmethods:\n"+
		"  - {name: evolution-of-many-objectives, algorithm: nsga2, objectives: [params, macs]}\n"+
		"  - {name: random, algorithm: random, objectives: [params, macs]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := search.Create(t.Context(), filepath.Join(t.TempDir(), "run"), d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Run(t.Context(), 1, func(analysis.Method, uint64, moo.Generation[string]) {}); err != nil {
		t.Fatal(err)
	}
	r, err := s.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return Search{Fronts: r}
}
