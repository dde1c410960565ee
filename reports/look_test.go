package reports_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/plots"
	"rwe301/reports"
	"rwe301/study/studytest"
)

func TestReadLook(t *testing.T) {
	l, err := reports.ReadLook("style.yaml", []byte(`font: sans
size: 9pt
colours: ["#0072b2", vermillion]
estimators: [good, poor]
order: [poor]
names: {good: "Good (ours)"}
panels: 2
dpi: 300
width: 8cm
`))
	if err != nil {
		t.Fatal(err)
	}
	if l.Font != "sans" || l.Size != 9 || len(l.Colours) != 2 || l.Colours[0] != plots.Palette["blue"] || l.Columns != 2 ||
		l.DPI != 300 || l.Width != 8*vg.Centimeter || l.Names["good"] != "Good (ours)" {
		t.Errorf("%+v", l)
	}
	if l, err := reports.ReadLook("style.yaml", []byte("colors: [black]\n")); err != nil || len(l.Colours) != 1 || l.DPI != 220 {
		t.Errorf("%+v, %v", l, err)
	}
	for text, want := range map[string]string{
		"fonts: sans\n":             "style.yaml:1: fonts: unknown key (did you mean font?)",
		"\nfont: comic\n":           "style.yaml:2: font: \"comic\": unknown (legal: mono, sans, serif)",
		"size: 3\n":                 "style.yaml:1: size: 3: must be a number of points in [7, 24]",
		"dpi: 10\n":                 "must be a whole number in [50, 1200]",
		"width: 3.25\n":             "width: ",
		"width: 1mm\n":              "must be a length such as 3.25in or 8cm",
		"colours: [blau]\n":         "\"blau\": must be a colour as \"#0072b2\", or one of black, blue",
		"colours: []\n":             "must be at least one colour",
		"panels: 0\n":               "must be a whole number in [1, 24]",
		"names: [a]\n":              "must be keys with values",
		"names: {a: }\n":            "names.a",
		"dpi: 99\ndpi: 100\n":       "already defined",
		"estimators: rwe\n":         "must be a list",
		"estimators: []\n":          "estimators: empty: must be names of estimators",
		"size: !!binary aGVsbG8=\n": "not supported",
	} {
		if _, err := reports.ReadLook("style.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestLookShows chooses, orders and renames estimators; the findings of the run stay as they are.
func TestLookShows(t *testing.T) {
	_, found := studytest.MadeUp(t, t.TempDir(), 60, 1)
	l := reports.DefaultLook()
	l.Estimators, l.Order, l.Names = []string{"good", "poor", "noise"}, []string{"noise"}, map[string]string{"good": "Ours", "absent": "x"}
	l.Width, l.Columns = 3*vg.Inch, 1
	shown, err := l.Show(found)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := (reports.Study{Findings: shown, Look: l}).DrawInto(t.Context(), dir, 0, []string{"svg", plots.Script}, "scatter",
		"bars", "cells"); err != nil {
		t.Fatal(err)
	}
	scatter, err := os.ReadFile(filepath.Join(dir, "scatter.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var panels []string
	for line := range strings.Lines(string(scatter)) {
		name, _, _ := strings.Cut(line, ",")
		panels = append(panels, name)
	}
	if got := strings.Join(slices.Compact(panels), " "); got != "panel noise Ours poor" {
		t.Errorf("panels %s", got)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "scatter.svg"))
	if err != nil || !strings.Contains(string(svg), `width="216pt"`) {
		t.Errorf("not 3 inches wide (%v)", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "scatter.py")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "cells-best.py")); err == nil {
		t.Error("a script of cells")
	}
	if len(found.Rows) != 6 || slices.ContainsFunc(found.Columns, func(c *analysis.Column) bool { return c.Label == "Ours" }) {
		t.Error("the findings of the run changed")
	}
	l.Estimators = []string{"god"}
	if _, err := l.Show(found); err == nil || !strings.Contains(err.Error(), `no estimator "god" (did you mean good?)`) {
		t.Error(err)
	}
}
