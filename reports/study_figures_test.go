package reports_test

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rwe301/plots"
	"rwe301/reports"
	"rwe301/study/studytest"
)

// TestFigures draws every kind of figure and checks that its numbers are the run's.
func TestFigures(t *testing.T) {
	_, f := studytest.MadeUp(t, t.TempDir(), 140, 1)
	made, err := reports.Study{Findings: f}.Figures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range made {
		names = append(names, m.Name)
		if _, err := plots.Save(t.TempDir(), m.Name, m.Figure, m.Width, plots.DefaultStyle(), "svg"); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		if high := m.Height(m.Width, plots.DefaultStyle()); m.Width < 140 || high < 60 || high > 9*72 {
			t.Errorf("%s is %v by %v points", m.Name, m.Width, high)
		}
		if header, rows := m.Data(); len(header) == 0 || len(rows) == 0 {
			t.Errorf("%s has no data", m.Name)
		}
	}
	if got, want := strings.Join(names, " "),
		"scatter bars convergence proxies entropy strata bias precision ranks pairs critical cells-best cells-worst"; got != want {
		t.Errorf("figures %s, want %s", got, want)
	}
	only, err := reports.Study{Findings: f}.Figures(t.Context(), "scatter")
	if err != nil || len(only) != 1 {
		t.Fatalf("%d figures, %v", len(only), err)
	}
	_, rows := only[0].Data()
	n := 0
	for _, r := range f.Rows {
		if r.Tau != nil {
			n += r.N
		}
	}
	if len(rows) != n {
		t.Errorf("the scatter panels show %d points, want %d", len(rows), n)
	}
}

func TestAblationFigures(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 12))
	_, f := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", `architectures: {table: table.csv}
accuracy: table
seeds: 0..2
estimators:
  - name: featstd
    settings: {train_images: 20, batch: 20, channels: 2, layers: 3, resolution: 16}
    vary: {channels: [4, 16], norm: [batch, none]}
`), filepath.Join(dir, "run"))
	made, err := reports.Study{Findings: f}.Figures(t.Context(), "ablation", "seeds", "cost")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range made {
		names = append(names, m.Name)
		if err := plots.SaveAs(filepath.Join(dir, m.Name+".png"), m.Figure, m.Width, plots.DefaultStyle()); err != nil {
			t.Error(err)
		}
		if g, ok := m.Figure.(plots.Grid); ok && m.Name == "ablation-featstd" {
			var text []string
			_, rows := g.Data()
			for _, row := range rows {
				text = append(text, row[0]+"="+row[1]+" "+row[5])
			}
			if got, want := strings.Join(text, ", "), "channels=2 yes, channels=4 no, channels=16 no, norm=batch yes, "+
				"norm=none no"; got != want || !g.SharedY {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
	if got, want := strings.Join(names, " "), "cost ablation-featstd seeds"; got != want {
		t.Errorf("figures %s, want %s", got, want)
	}
}

// TestTrainingCurve varies the epochs of early stopping, which the figure of costs joins to a curve.
func TestTrainingCurve(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 12))
	_, f := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", `architectures: {table: table.csv}
accuracy: table
estimators:
  - params
  - name: early-stop
    settings: {channels: 2, layers: 3, resolution: 8, train_images: 20, val_images: 40, batch: 10, epochs: 2, augment: false}
    vary: {epochs: [1, 2, 3]}
`), filepath.Join(dir, "run"))
	budget, err := reports.Study{Findings: f}.Table("budget")
	if err != nil || len(budget.Rows) == 0 {
		t.Errorf("table of budgets: %v, %v", budget.Rows, err)
	}
	made, err := reports.Study{Findings: f}.Figures(t.Context(), "cost")
	if err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	points := made[0].Figure.(plots.Points)
	curve := points.Groups[len(points.Groups)-1]
	var names []string
	for k, p := range curve.Points {
		names = append(names, p.Name)
		if k > 0 && p.X <= 0 {
			t.Errorf("%v seconds", p.X)
		}
	}
	if !curve.Joined || strings.Join(names, " ") != "1 2 3" {
		t.Errorf("curve %+v", curve)
	}
	for _, g := range points.Groups[:len(points.Groups)-1] {
		for _, p := range g.Points {
			if strings.HasPrefix(p.Name, "early-stop") {
				t.Errorf("%s stands alone, too", p.Name)
			}
		}
	}
}

// TestSettingsFigures draws ablations, grids and importance of two estimators, and removes what earlier reports called
// otherwise.
func TestSettingsFigures(t *testing.T) {
	dir := t.TempDir()
	studytest.Write(t, dir, "table.csv", studytest.Table(t, 12))
	_, f := studytest.Analyse(t, studytest.Write(t, dir, "study.yaml", `architectures: {table: table.csv}
accuracy: table
seeds: [0]
estimators:
  - name: featstd
    settings: {train_images: 20, batch: 20, channels: [2, 4], layers: [3, 4, 5], resolution: 8}
  - name: l2_norm
    label: size-of-weights
    settings: {channels: 2, layers: 3, resolution: 8}
    vary: {channels: [2, 4], layers: [3, 4]}
`), filepath.Join(dir, "run"))
	figures := filepath.Join(dir, "figures")
	if err := os.MkdirAll(figures, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, stale := range []string{"ablation-channels.pdf", "ablation-featstd.png", "grid-channels-layers.csv", "mine.png"} {
		studytest.Write(t, figures, stale, "x")
	}
	report := reports.Study{Findings: f}
	if _, err := report.SaveFigures(t.Context(), figures, 0, []string{"svg"}, "ablation", "grid", "importance"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(figures)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), "ablation-size-of-weights.csv ablation-size-of-weights.svg "+
		"grid-layers-channels.csv grid-layers-channels.svg importance.csv importance.svg mine.png"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	made, err := report.Figures(t.Context(), "grid", "importance")
	if err != nil || len(made) != 2 {
		t.Fatal(len(made), err)
	}
	if _, rows := made[0].Data(); len(rows) != 6 || strings.Join(rows[0][:5], ",") != "featstd,layers,3,channels,2" {
		t.Errorf("grid: %v", rows)
	}
	_, rows := made[1].Data()
	sum := 0.0
	for _, row := range rows {
		v, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	if len(rows) != 3 || math.Abs(sum-1) > 1e-9 {
		t.Errorf("importance: %v", rows)
	}
	table, err := report.Table("importance")
	if err != nil || len(table.Rows) != 3 || !strings.Contains(strings.Join(table.Notes, " "), "Hooker 2007") ||
		!strings.Contains(strings.Join(table.Notes, " "), "varied one at a time") {
		t.Errorf("%+v, %v", table, err)
	}
}
