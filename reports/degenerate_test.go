package reports_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/plots"
	"rwe301/reports"
	"rwe301/store"
	"rwe301/study/studytest"
)

// findings analyses columns of made-up scores of n architectures.
func findings(t *testing.T, truth []float64, labels []string, score func(column, i int) float64) *analysis.Findings {
	t.Helper()
	space, err := bench301.LookupSpace("darts")
	if err != nil {
		t.Fatal(err)
	}
	r := &analysis.Results{Space: space, Truth: truth,
		From: analysis.Provenance{Name: "made up", Space: "darts", Truth: "column val_accuracy of a_table_with_a_long_name.csv"}}
	for _, a := range studytest.Architectures(t, len(truth)) {
		r.Architectures = append(r.Architectures, store.Named{Arch: a.String(), ID: a.ID()})
	}
	for k, label := range labels {
		c := analysis.NewColumn(&store.Question{Label: label, Full: label, Estimator: label, Seeds: []uint64{0}}, len(truth))
		for i := range truth {
			status, v := store.OK, score(k, i)
			if math.IsNaN(v) {
				status = store.Undefined
			}
			if err := c.Answer(i, 0, status, v, 0.1, 0); err != nil {
				t.Fatal(err)
			}
		}
		c.Finish()
		r.Columns = append(r.Columns, c)
	}
	o := analysis.Options{Options: correlation.Options{Resamples: 40}, Compare: true}
	f, err := analysis.Analyse(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestDegenerateStudies makes everything of studies that are as they should not be: nothing fails, nothing is drawn at
// places that are no numbers, and no name acts on a terminal or a page.
func TestDegenerateStudies(t *testing.T) {
	abc := []string{"a", "b", "c", "d"}
	noisy := func(k, i int) float64 {
		return float64(i) + float64(k)*rand.New(rand.NewPCG(uint64(k), uint64(i))).NormFloat64()
	}
	for _, c := range []struct {
		name   string
		n      int
		labels []string
		score  func(k, i int) float64
	}{
		{"one estimator", 40, abc[:1], noisy},
		{"one architecture", 1, abc, noisy},
		{"two architectures", 2, abc, noisy},
		{"equal", 30, abc, func(k, i int) float64 { return float64(k) }},
		{"undefined", 30, abc, func(int, int) float64 { return math.NaN() }},
		{"clear winner", 110, abc, func(k, i int) float64 { return math.Pow(-1, float64(k*i)) * float64(i*(7*k+1)%97) }},
		{"huge", 110, abc, func(k, i int) float64 { return (float64(i*(k+1)%110) - 55) / 55 * math.MaxFloat64 }},
		{"tiny", 110, abc, func(k, i int) float64 { return float64(i*(k+1)%110) * 5e-324 }},
		{"alike", 110, abc, func(k, i int) float64 { return 1e17 + 16*float64(i%(k+2)) }},
		{"outlier", 110, abc, func(k, i int) float64 { return math.Pow(10, float64(300*(1-min(i, 1)))) * float64(i+k) }},
		{"negative", 30, abc, func(k, i int) float64 { return -1e-9 * noisy(k, i) }},
		{"names", 30, []string{`a_$b$&%#{}\textbf~^`, `<script>alert(1)</script>&"'`, "|md|*b*`c`", "\x1b[31mred\a", "new\nline\t\r",
			"\u202ertl", "(paren)\\(", strings.Repeat("long ", 60), strings.Repeat("ユニ", 40), "\xff\u2028", "😀", ""}, noisy},
	} {
		t.Run(c.name, func(t *testing.T) {
			truth := make([]float64, c.n)
			for i := range truth {
				truth[i] = 90 + float64(i)/16
			}
			report := reports.Study{Findings: findings(t, truth, c.labels, c.score)}
			made, err := report.Figures(t.Context())
			if err != nil {
				t.Error(err)
			}
			for _, m := range made {
				formats := []string{"svg", "pdf"}
				if c.name == "names" {
					formats = plots.Formats()
				}
				for _, format := range formats {
					var b bytes.Buffer
					if err := plots.Write(&b, m.Figure, m.Width, plots.DefaultStyle(), format); err != nil {
						t.Errorf("%s as %s: %v", m.Name, format, err)
					}
					if text := b.String(); format == "svg" && (strings.Contains(text, "NaN") || strings.Contains(text, "Inf")) {
						t.Errorf("%s is drawn at places that are no numbers", m.Name)
					}
				}
			}
			page := filepath.Join(t.TempDir(), "report.html")
			d, err := report.Page(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Save(t.Context(), page); err != nil {
				t.Error(err)
			}
			html, err := os.ReadFile(page)
			if err != nil || bytes.Contains(html, []byte("<script>alert(1)")) || bytes.Contains(html, []byte(`="NaN"`)) {
				t.Errorf("a page of %d bytes (%v)", len(html), err)
			}
			for _, format := range reports.Formats() {
				var b strings.Builder
				made, err := report.Made(t.Context(), reports.AllTables)
				if err != nil {
					t.Error(err)
				}
				for _, table := range made {
					if err := table.Write(&b, format); err != nil {
						t.Errorf("table %s as %s: %v", table.Name, format, err)
					}
				}
				for _, r := range b.String() {
					if unicode.IsControl(r) && r != '\n' && r != '\t' {
						t.Fatalf("tables as %s have %q", format, r)
					}
				}
			}
		})
	}
}

// TestManyEstimators draws figures of bounded size, which say what they leave out.
func TestManyEstimators(t *testing.T) {
	labels := make([]string, 300)
	for k := range labels {
		labels[k] = fmt.Sprintf("estimator%d", k)
	}
	truth := make([]float64, 12)
	for i := range truth {
		truth[i] = 90 + float64(i*5%12)
	}
	score := func(k, i int) float64 { return float64(i * (k + 1) % 13) }
	report := reports.Study{Findings: findings(t, truth, labels, score)}
	made, err := report.Figures(t.Context())
	if err != nil {
		t.Error(err)
	}
	for _, m := range made {
		if bars, ok := m.Figure.(plots.Dots); ok && (len(bars.Rows) != 60 || !strings.Contains(bars.XLabel, "best 60 of 300")) {
			t.Errorf("%d rows: %s", len(bars.Rows), bars.XLabel)
		}
		if high := m.Height(m.Width, plots.DefaultStyle()); high > 12*72 || m.Width > 12*72 {
			t.Errorf("%s is %v by %v points", m.Name, m.Width, high)
		}
	}
	page, err := report.Page(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var html strings.Builder
	if err := page.Write(&html); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"The best 60 of ", "The best 12 of ", "The best 4 of "} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
