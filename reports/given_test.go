package reports

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/plots"
	"rwe301/plots/plotstest"
)

// givenFile are runs of n points each, every run a little worse than the one before.
func givenFile(name string, runs, n int, objectives ...string) analysis.GivenFile {
	f := analysis.GivenFile{Name: name, Objectives: objectives}
	for r := range runs {
		run := analysis.GivenRun{Run: fmt.Sprint(r + 1), Recorded: 0.5}
		for i := range n {
			at := float64(i) / float64(n)
			point := []float64{0.06 + 0.1*(1-at) + 0.01*float64(r), 5e5 + 1e6*at, 9e7 + 1e8*at}
			run.Points = append(run.Points, point[:len(objectives)])
		}
		f.Runs = append(f.Runs, run)
	}
	return f
}

func judged(t *testing.T, files ...analysis.GivenFile) Given {
	t.Helper()
	g, err := analysis.JudgeFronts(context.Background(), files, analysis.GivenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return Given{Given: g}
}

func TestGivenTables(t *testing.T) {
	a, b := givenFile("a", 2, 1, "error", "params"), givenFile("b", 2, 3, "error", "params")
	three := givenFile("three", 2, 2, "error", "params", "flops")
	a.Solutions, a.Repeating = 2, 1
	alone := judged(t, a)
	s := alone.Summary()
	if len(s.Rows) != 2 { // no distances without a reference front, no spacing of single points
		t.Errorf("%d rows", len(s.Rows))
	}
	volumes := alone.Values(0, analysis.GivenMetrics()[0])
	half := math.Abs(volumes[0]-volumes[1]) / 2 // of two values: the deviation with n, and with n-1 half times sqrt(2)
	sample, population := s.Rows[0][5].V[0], s.Rows[0][6].V[0]
	if half == 0 || math.Abs(population-half) > 1e-12 || math.Abs(sample-half*math.Sqrt2) > 1e-12 {
		t.Errorf("deviations %v and %v of %v", sample, population, volumes)
	}
	notes := strings.Join(s.Notes, "\n")
	for _, want := range []string{"EvoXBench's box", "a: 2 runs, 2 points", "a: 1 of its 2 solutions read one state twice",
		"a: the HV of 2 of 2 runs is not that of the run's F", "(run 1, 2)", "No IGD+, epsilon and GD+"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in\n%s", want, notes)
		}
	}
	if r := alone.Runs(); len(r.Rows) != 2 || len(r.Rows[0]) != len(r.Columns) || len(s.Rows[0]) != len(s.Columns) {
		t.Errorf("rows of %d cells for %d columns", len(r.Rows[0]), len(r.Columns))
	}
	for _, c := range []struct {
		name    string
		given   Given
		rows    int
		skipped string
	}{
		{"one file", alone, 0, ""},
		{"two files", judged(t, a, b), 4, ""},
		{"other objectives", judged(t, a, three), 0, "a (error, params) and three (error, params, flops) are not compared"},
		{"a single run", judged(t, a, givenFile("one", 1, 3, "error", "params")), 0, "a test needs two runs of each"},
	} {
		table, skipped := c.given.Contrasts()
		if len(table.Rows) != c.rows || (len(skipped) > 0) != (c.skipped != "") ||
			!strings.Contains(strings.Join(skipped, "\n"), c.skipped) {
			t.Errorf("%s: %d rows, skipped %q", c.name, len(table.Rows), skipped)
		}
	}
	var many []analysis.GivenFile
	for i := range 6 {
		many = append(many, givenFile(fmt.Sprint(i), 1, 2, "error", "params"))
	}
	if _, skipped := judged(t, many...).Contrasts(); len(skipped) != maxSkipped+1 || skipped[8] != "Nor are 7 other pairs." {
		t.Errorf("%q", skipped)
	}
}

// TestGivenFiguresCanBeRead draws one and several files, of few and many points, at the widths of a paper.
func TestGivenFiguresCanBeRead(t *testing.T) {
	two, more := []string{"error", "params"}, []string{"error", "params", "flops"}
	for _, c := range []struct {
		name  string
		files []analysis.GivenFile
		want  []string
	}{
		{"one", []analysis.GivenFile{givenFile("c10mop8_nsga2", 3, 40, two...)},
			[]string{"fronts", "attainment", "hypervolume"}},
		{"two", []analysis.GivenFile{givenFile("c10mop8_nsga2", 3, 5, two...), givenFile("points:random-search", 2, 40, two...)},
			[]string{"fronts", "attainment", "hypervolume"}},
		{"flops", []analysis.GivenFile{givenFile("c10mop9_moead", 2, 20, more...), givenFile("c10mop8_nsga2", 2, 5, two...)},
			[]string{"fronts-params", "fronts-flops", "attainment-params", "attainment-flops", "hypervolume"}},
	} {
		made, err := judged(t, c.files...).Figures(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if names := namesOfFigures(made); !slices.Equal(names, c.want) {
			t.Fatalf("%s: figures %v", c.name, names)
		}
		for _, width := range []vg.Length{plots.SingleColumn, plots.DoubleColumn} {
			for _, m := range made {
				for _, p := range plotstest.Problems(m.Figure, width, plots.DefaultStyle()) {
					t.Errorf("%s: %s at %.2f in: %s", c.name, m.Name, width/vg.Inch, p)
				}
			}
		}
	}
}

// TestGivenLines: a single file is named in its figure, and staircases of many corners have no signs.
func TestGivenLines(t *testing.T) {
	made, err := judged(t, givenFile("mine", 3, 40, "error", "params")).Figures(t.Context(), "fronts")
	if err != nil {
		t.Fatal(err)
	}
	p := made[0].Figure.(plots.Grid).Panels[0].(plots.Points)
	if p.Title != "mine (3 runs), front of all runs together" || !p.Groups[0].Unsigned {
		t.Errorf("%q, %+v", p.Title, p.Groups[0].Unsigned)
	}
	if stairs("few", make([][2]float64, maxSigns)).Unsigned {
		t.Error("few corners without signs")
	}
}
