package search_test

import (
	"math"
	"path/filepath"
	"testing"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/search"
	"rwe301/study/studytest"
)

// TestTraining: the hours of training are those of every distinct architecture, one after the other, and the best is
// that of those that keep to the limits. They are known of the DARTS space, with accuracies.
func TestTraining(t *testing.T) {
	for _, c := range []struct {
		name, text string
		known      bool
	}{
		{"darts", "space: darts\n", true},
		{"limited", "space: darts\nlimits: {macs: 1}\n", true}, // which no architecture keeps to
		{"no accuracies", "space: darts\naccuracy: none\n", false},
		{"nasbench201", "space: nasbench201\naccuracy: none\n", false},
	} {
		d, err := search.Parse("search.yaml", []byte(c.text+"population: 6\ngenerations: 4\nseeds: [1, 2]\nmethods:\n"+
			"  - {name: a, algorithm: nsga2, objectives: [params, macs]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := search.Create(t.Context(), filepath.Join(t.TempDir(), "run"), d, studytest.Machine)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Run(t.Context(), 1, nil); err != nil {
			t.Fatal(err)
		}
		r, err := s.Report(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if runs := r.Training["a"]; !c.known && runs != nil || c.known && len(runs) != 2 {
			t.Fatalf("%s: %d runs", c.name, len(runs))
		}
		if !c.known {
			continue
		}
		results, err := s.Results(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		total := 0.0
		for i := range results.Architectures {
			a, err := results.Architecture(i)
			if err != nil {
				t.Fatal(err)
			}
			total += surrogate.NewMiniRuntime().Predict(a.(bench301.Genotype)).Mean / 3600
		}
		asked := 0
		for i, run := range r.Training["a"] {
			asked += len(run)
			if len(run) != r.Rows[i].Distinct {
				t.Errorf("%s: %d architectures, not %d", c.name, len(run), r.Rows[i].Distinct)
			}
			hours, best := 0.0, math.Inf(-1)
			for _, p := range run {
				if p.Hours < hours+0.4 || p.Hours > hours+2.5 || p.Best < best || math.IsNaN(p.Best) != (c.name == "limited") {
					t.Errorf("%s: %+v after %v hours and %v %%", c.name, p, hours, best)
				}
				hours = p.Hours
				if !math.IsNaN(p.Best) {
					best = p.Best
				}
			}
			if hours > total+1e-9 {
				t.Errorf("%s: %v hours, but all architectures together take %v", c.name, hours, total)
			}
		}
		if r.Trainer.Asked != asked || r.Trainer.Name != surrogate.MiniRuntimeName {
			t.Errorf("%s: %+v", c.name, r.Trainer)
		}
	}
}
