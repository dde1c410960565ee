package reports_test

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
	"rwe301/plots/plotstest"
	"rwe301/reports"
	"rwe301/study/studytest"
)

// figureOf makes one kind of figure of findings.
func figureOf(t *testing.T, f *analysis.Findings, kind string) reports.Figure {
	t.Helper()
	made, err := reports.Study{Findings: f}.Figures(t.Context(), kind)
	if err != nil || len(made) != 1 {
		t.Fatalf("%s: %d figures, %v", kind, len(made), err)
	}
	return made[0]
}

// rowsOf are the rows of a figure's table, by the names of its columns.
func rowsOf(f reports.Figure) (out []map[string]string) {
	header, rows := f.Data()
	for _, row := range rows {
		m := map[string]string{}
		for k, name := range header {
			m[name] = row[k]
		}
		out = append(out, m)
	}
	return out
}

// TestFiguresOfAStudyCanBeRead draws what one study gives at both widths.
func TestFiguresOfAStudyCanBeRead(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 140, 1)
	made, err := reports.Study{Findings: f}.Figures(t.Context(), "bars", "proxies", "entropy", "strata", "precision", "pairs")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range made {
		for _, width := range []vg.Length{plots.SingleColumn, plots.DoubleColumn} {
			for _, p := range plotstest.Problems(m.Figure, width, plots.DefaultStyle()) {
				t.Errorf("%s at %v: %s", m.Name, width, p)
			}
		}
	}
}

// TestDotsSayWhatIsMissing names what is undefined, with the reason, and how many architectures are behind each row.
func TestDotsSayWhatIsMissing(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 140, 1)
	n, notes := map[string]string{}, map[string]string{}
	for _, row := range rowsOf(figureOf(t, f, "bars")) {
		n[row["name"]], notes[row["name"]] = row["n"], row["note"]
	}
	if want := map[string]string{"good": "140", "close": "140", "reverse": "140", "noise": "140", "constant": "140",
		"poor": "112"}; !maps.Equal(n, want) {
		t.Errorf("n %v, want %v", n, want)
	}
	if !strings.HasPrefix(notes["constant"], "undefined: ") || notes["good"] != "" {
		t.Errorf("notes %q", notes)
	}
}

// TestPairsAreThoseOfTheAnalysis compares every cell with Pairs, in both directions.
func TestPairsAreThoseOfTheAnalysis(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 140, 1)
	cells := map[string]map[string]string{}
	m := figureOf(t, f, "pairs")
	for _, row := range rowsOf(m) {
		cells[row["row"]+" - "+row["column"]] = row
	}
	pairs, err := f.Pairs(f.Top(5))
	if err != nil || len(pairs) != 10 {
		t.Fatal(len(pairs), err)
	}
	for _, p := range pairs {
		a, b := p.A.Estimator, p.B.Estimator
		for sign, key := range map[float64]string{1: a + " - " + b, -1: b + " - " + a} {
			cell := cells[key]
			if got, _ := strconv.ParseFloat(cell["value"], 64); got != sign*p.Difference {
				t.Errorf("%s: %v, want %v", key, got, sign*p.Difference)
			}
			interval := p.Interval.Method != correlation.None
			if cell["n"] != fmt.Sprint(p.N) || cell["p_holm"] == "" || (cell["low"] != "") != interval ||
				(cell["high"] != "") != interval {
				t.Errorf("%s: %v", key, cell)
			}
		}
	}
	if len(cells) != 25 || m.Note != "" {
		t.Errorf("%d cells, %q", len(cells), m.Note)
	}
}

// TestStrataAreBlankBelowTen counts the architectures of each stratum that an estimator scores.
func TestStrataAreBlankBelowTen(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 140, 1)
	strata, err := f.Stratify(f.Top(5))
	if err != nil {
		t.Fatal(err)
	}
	few, blank := 0, 0
	for _, row := range rowsOf(figureOf(t, f, "strata")) {
		n, err := strconv.Atoi(row["n"])
		if err != nil {
			t.Fatal(row)
		}
		if n < analysis.FewPairs {
			few++
		}
		if row["value"] == "" {
			blank++
		}
		if (row["value"] == "") != (n < analysis.FewPairs) {
			t.Errorf("%v", row)
		}
	}
	if few == 0 || few != blank {
		t.Errorf("%d cells with few architectures, %d blank; strata of %d", few, blank, strata.Sizes)
	}
}

// TestCostSaysWhatIsLeftOut has estimators without a time.
func TestCostSaysWhatIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 30))
	_, f := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", `architectures: {table: table.csv}
accuracy: table
estimators:
  - params
  - macs
  - {name: untimed, scores: table.csv, column: proxy}
  - {name: l2_norm, settings: {channels: 2, layers: 3, resolution: 8}, vary: {channels: [4]}}
`), filepath.Join(dir, "run"))
	for _, r := range f.Rows {
		if r.Estimator == "untimed" {
			r.Seconds = 0
		}
	}
	m := figureOf(t, f, "cost")
	if !strings.HasPrefix(m.Note, "left out: untimed (no time known)") || !strings.Contains(m.Note, "(see the ablation)") {
		t.Errorf("note %q", m.Note)
	}
	front := map[string]string{}
	for _, row := range rowsOf(m) {
		front[row["name"]] = row["front"]
	}
	if names := slices.Sorted(maps.Keys(front)); !slices.Equal(names, []string{"l2_norm", "macs", "params"}) {
		t.Errorf("points %q", names)
	}
	if !slices.Contains(slices.Collect(maps.Values(front)), "yes") {
		t.Errorf("nothing on the front: %v", front)
	}
	if p := m.Figure.(plots.Points); !strings.Contains(p.XLabel, "(not drawn: untimed: no time known)") {
		t.Errorf("axis %q", p.XLabel)
	}
}

// TestSeedsAreShown has the tau-b of every seed beside that of the mean score.
func TestSeedsAreShown(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 30))
	_, f := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", `architectures: {table: table.csv}
accuracy: table
seeds: [3, 5]
estimators:
  - params
  - {name: l2_norm, settings: {channels: 2, layers: 3, resolution: 8}}
`), filepath.Join(dir, "run"))
	m := figureOf(t, f, "seeds")
	var parts []string
	for _, row := range rowsOf(m) {
		parts = append(parts, row["name"]+" "+row["part"])
	}
	if want := []string{"l2_norm ", "l2_norm seed 3", "l2_norm seed 5"}; !slices.Equal(parts, want) {
		t.Errorf("rows %q, want %q", parts, want)
	}
	if m.Note != "left out: params (one seed)" {
		t.Errorf("note %q", m.Note)
	}
}

// TestPrecisionHasIntervals shows Wilson's interval around every share, and chance.
func TestPrecisionHasIntervals(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 140, 1)
	chance := 0
	for _, row := range rowsOf(figureOf(t, f, "precision")) {
		y, _ := strconv.ParseFloat(row["y"], 64)
		x, _ := strconv.ParseFloat(row["x"], 64)
		if row["group"] == "chance" {
			if chance++; math.Abs(y-x/100) > 0.01 {
				t.Errorf("chance %v at %v%%", y, x)
			}
			continue
		}
		low, errLow := strconv.ParseFloat(row["low"], 64)
		high, errHigh := strconv.ParseFloat(row["high"], 64)
		if errLow != nil || errHigh != nil || !(low <= y && y <= high && low < high) {
			t.Errorf("%v", row)
		}
	}
	if chance == 0 {
		t.Error("no chance")
	}
}
