package search_test

import (
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/moo"
	"rwe301/reports"
	"rwe301/search"
	"rwe301/study/studytest"
)

// Searches without accuracies can be run, and their report says that there is nothing to measure.
func TestSearchWithoutAccuracies(t *testing.T) {
	for _, space := range []string{"darts", "nasbench201"} {
		text := "space: " + space + "\naccuracy: none\npopulation: 4\ngenerations: 2\nmethods:\n  - {name: a, algorithm: " +
			"nsga2, objectives: [params, l2_norm]}\n"
		d, err := search.Parse("search.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s, err := search.Create(t.Context(), filepath.Join(t.TempDir(), "run"), d, studytest.Machine)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		generations := 0
		if err := s.Run(t.Context(), 1, func(analysis.Method, uint64, moo.Generation[string]) { generations++ }); err != nil {
			t.Fatal(err)
		}
		r, err := s.Report(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if generations != 2 || len(r.Rows) != 1 || r.Rows[0].Evaluations != 8 || len(r.Found) != 0 || r.Rows[0].All != 0 {
			t.Errorf("%s: %d generations, %+v, %d found", space, generations, r.Rows, len(r.Found))
		}
		report := reports.Search{Fronts: r}
		if _, err := report.Save(t.Context(), t.TempDir()); err != nil {
			t.Errorf("%s: %v", space, err)
		}
		if page, err := report.Page(t.Context()); err != nil {
			t.Errorf("%s: %v", space, err)
		} else if err := page.Write(&strings.Builder{}); err != nil {
			t.Errorf("%s: %v", space, err)
		}
		var b strings.Builder
		if err := report.Table().Write(&b, reports.Terminal); err != nil ||
			!strings.Contains(b.String(), "no front to measure") {
			t.Errorf("%s: %v, the table says\n%s", space, err, b.String())
		}
	}
}
