package reports

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
	"rwe301/plots/plotstest"
	"rwe301/study/studytest"
)

var drivers = []string{"rwe + macs", "accuracy + macs", "aging evolution on the accuracy alone", "map-effdim + macs"}

func plainName(i int) string { return fmt.Sprintf("estimator-%d", i) }

func longLabel(i int) string {
	return fmt.Sprintf("rwe-ridge:channels=%d,resolution=16,train_images=400,val_images=400", i)
}

// TestCohortFiguresCanBeRead draws them of few and many estimators and methods at the widths of a paper, with the
// published curves and without.
func TestCohortFiguresCanBeRead(t *testing.T) {
	for _, c := range []struct {
		estimators, methods int
		name                func(int) string
	}{{1, 1, plainName}, {3, 2, longLabel}, {12, 1, longLabel}, {12, 4, longLabel}, {3, 3, plainName}} {
		found := studytest.Searched(t, drivers[:c.methods], c.estimators, c.name)
		for _, chosen := range []bool{false, true} {
			if chosen && c.estimators < 12 {
				continue
			}
			f := Study{Findings: found, Look: DefaultLook()}
			f.Cohorts.Published = chosen
			if chosen {
				f.Look.Estimators = labels(found.Rows)
			}
			made, err := f.Figures(t.Context(), CohortsKind)
			if err != nil {
				t.Fatal(err)
			}
			if names := namesOfFigures(made); !slices.Equal(names, []string{"cohorts", "cohorts-newborn"}) {
				t.Fatalf("figures %v", names)
			}
			for _, width := range []vg.Length{plots.SingleColumn, plots.DoubleColumn} {
				for _, m := range made {
					t.Run(fmt.Sprintf("%s of %d estimators, %d methods, chosen %v, at %.2f in", m.Name, c.estimators, c.methods, chosen,
						width/vg.Inch), func(t *testing.T) {
						for _, p := range plotstest.Problems(m.Figure, width, plots.DefaultStyle()) {
							t.Error(p)
						}
						if high := m.Height(width, plots.DefaultStyle()); high > 8.7*vg.Inch {
							t.Errorf("%.1f inches high", high/vg.Inch)
						}
						if out := os.Getenv("COHORT_PICTURES"); out != "" {
							name := fmt.Sprintf("%s-%d-%d-%v-%.2f", m.Name, c.estimators, c.methods, chosen, width/vg.Inch)
							if _, err := plots.Save(out, name, m.Figure, width, plots.DefaultStyle(), "png"); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
		}
	}
}

func namesOfFigures(made []Figure) (names []string) {
	for _, m := range made {
		names = append(names, m.Name)
	}
	return names
}

// TestCohortFigureData writes what is drawn beside it: gaps, the seeds behind a mean, the published curves marked.
func TestCohortFigureData(t *testing.T) {
	f := Study{Findings: studytest.Searched(t, drivers[:2], 6, plainName)}
	f.Cohorts.Published = true
	var notes []string
	f.Say = func(note string) { notes = append(notes, note) }
	dir := t.TempDir()
	if _, err := f.DrawInto(t.Context(), dir, plots.SingleColumn, []string{"svg", plots.Script}, CohortsKind); err != nil {
		t.Fatal(err)
	}
	said := strings.Join(notes, "\n")
	for _, want := range []string{"estimator-5 (undefined: the score is constant)", "read off a picture without caption",
		"is an inference; ±0.02"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in %s", want, said)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "cohorts.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != "panel,name,x,y,low,high,seeds,published" {
		t.Errorf("header %s", got)
	}
	count := map[string]int{}
	for _, row := range rows[1:] {
		count[row[0]+"/"+row[1]]++
		switch {
		case row[1] == "macs" && strings.HasSuffix(row[0], "given macs"):
			t.Errorf("the count given itself: %v", row)
		case row[0] == drivers[0] && row[2] == "12" && row[7] == "no" && row[6] != "4":
			t.Errorf("the seed that ended is counted: %v", row)
		}
	}
	for what, n := range map[string]int{drivers[0] + "/estimator-1": 12, drivers[0] + ", given macs/estimator-1": 12,
		drivers[0] + "/RWE, read off a picture": 19, drivers[0] + ", given macs/RWE, read off a picture": 0,
		drivers[1] + "/RWE, read off a picture": 0} {
		if count[what] != n {
			t.Errorf("%s: %d rows, want %d", what, count[what], n)
		}
	}
	if newborn, err := os.ReadFile(filepath.Join(dir, "cohorts-newborn.csv")); err != nil ||
		strings.Contains(string(newborn), ",yes") {
		t.Errorf("the published curves are of populations, not of newborn (%v)", err)
	}
}

// TestCohortsOfAnyRun groups a run without populations by size and by accuracy, and says what it lacks otherwise.
func TestCohortsOfAnyRun(t *testing.T) {
	_, found := studytest.MadeUp(t, t.TempDir(), 60, 1)
	f := Study{Findings: found}
	for _, kind := range []string{CohortsKind, CohortValues} {
		if _, err := f.Made(t.Context(), kind); err == nil || !strings.Contains(err.Error(), "--cohorts size and") {
			t.Errorf("%s without populations: %v", kind, err)
		}
	}
	if _, err := f.DrawInto(t.Context(), t.TempDir(), 0, []string{"svg"}, CohortsKind); err == nil ||
		!strings.Contains(err.Error(), "no populations") {
		t.Errorf("a figure without populations: %v", err)
	}
	for _, of := range []analysis.Grouping{analysis.BySize, analysis.ByTruth} {
		f.Cohorts.Of = of
		tables, err := f.Made(t.Context(), CohortsKind)
		if err != nil || len(tables) != 1 || len(tables[0].Rows) != 5*len(found.Rows) {
			t.Fatalf("%s: %d tables, %v", of, len(tables), err)
		}
		made, err := f.Figures(t.Context(), CohortsKind)
		if err != nil || len(made) != 1 || made[0].Name != "cohorts-"+string(of) {
			t.Fatalf("%s: %v, %v", of, namesOfFigures(made), err)
		}
		for _, width := range []vg.Length{plots.SingleColumn, plots.DoubleColumn} {
			for _, p := range plotstest.Problems(made[0].Figure, width, plots.DefaultStyle()) {
				t.Errorf("%s at %v: %s", of, width, p)
			}
		}
		if header, _ := made[0].Data(); !slices.Contains(header, "range") || !slices.Contains(header, "architectures") {
			t.Errorf("%s: %v", of, header)
		}
	}
}

// TestCohortsCountWhatIsUndefined: where the count that is held fixed orders the accuracies by itself, nothing is left
// to correlate; the table counts such cohorts apart from those without a correlation at all, and says why.
func TestCohortsCountWhatIsUndefined(t *testing.T) {
	r := studytest.Searched(t, drivers[:1], 6, plainName).Results
	macs := r.Columns[0].Mean()
	for i := range macs[:60] { // early generations take their members from these
		r.Truth[i] = macs[i]
	}
	found, err := analysis.Analyse(t.Context(), r, analysis.Options{Options: correlation.Options{Resamples: 20}})
	if err != nil {
		t.Fatal(err)
	}
	f := Study{Findings: found}
	f.Cohorts.First = 1
	sums, err := f.Made(t.Context(), CohortsKind)
	if err != nil {
		t.Fatal(err)
	}
	values, err := f.Made(t.Context(), CohortValues)
	if err != nil {
		t.Fatal(err)
	}
	seedsOnly := func(row []Cell, v Table) bool { return row[column(v.Columns, "seed")].Text != "mean" }
	for k, sum := range sums[:1] {
		v := values[k]
		for _, row := range sum.Rows {
			name := row[column(sum.Columns, "estimator")].Text
			for key, measure := range map[string]string{"undefined": "rho", "partial_undefined": "partial_rho"} {
				want := 0
				for _, of := range v.Rows {
					if of[column(v.Columns, "estimator")].Text == name && seedsOnly(of, v) &&
						of[column(v.Columns, measure)].Text == "undefined" {
						want++
					}
				}
				cell := row[column(sum.Columns, key)]
				switch {
				case name == "macs" && key == "partial_undefined":
					if cell.V != nil {
						t.Errorf("%s of the count itself: %v", key, cell.V)
					}
				case len(cell.V) != 1 || cell.V[0] != float64(want):
					t.Errorf("%s, %s: %v, want %d", name, key, cell.V, want)
				case name == "estimator-1" && key == "undefined" && want != 2: // of the seed that ended
					t.Errorf("%s, %s: %d cohorts", name, key, want)
				case name == "estimator-1" && key == "partial_undefined" && want <= 2:
					t.Errorf("%s, %s: %d cohorts", name, key, want)
				}
			}
		}
		var b strings.Builder
		if err := sum.Write(&b, Terminal); err != nil {
			t.Fatal(err)
		}
		if want := "what is held fixed orders the scores or the accuracies already"; !strings.Contains(
			strings.Join(strings.Fields(b.String()), " "), want) {
			t.Errorf("no %q in %s", want, b.String())
		}
	}
}

// TestCohortVerdict follows the rule that the table states.
func TestCohortVerdict(t *testing.T) {
	nan := math.NaN()
	p := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name       string
		low        float64 // of the partial correlation
		difference float64
		p          *float64
		given      bool
		want       string
	}{
		{"beats the count", -1, .1, p(.01), false, "yes"}, {"is beaten", -1, -.1, p(.01), false, "no"},
		{"alike", -1, .1, p(.3), false, "no"}, {"above 0 given the count", .01, -.1, p(.01), false, "yes"},
		{"the count", -1, 0, nil, true, ""}, {"nothing known", nan, 0, nil, false, ""}, {"count not scored", .1, 0, nil, false, "yes"},
	} {
		curve := &analysis.Curve{Given: c.given}
		curve.Span[analysis.PartialRho].Low = c.low
		var versus *analysis.CohortContrast
		if c.p != nil {
			versus = &analysis.CohortContrast{P: c.p, PAdjusted: c.p, Difference: analysis.Spread{Mean: c.difference}}
		}
		got := ""
		if v := verdict(curve, versus); v != nil {
			got = map[bool]string{true: "yes", false: "no"}[*v]
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
