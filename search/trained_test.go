package search_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rwe301/analysis"
	"rwe301/bench301/dataset"
	"rwe301/bench301/trained"
	"rwe301/scoring"
	"rwe301/search"
	"rwe301/study/studytest"
)

// TestTrainedAccuracies: a search on accuracies that do not cover the space says so before it begins, counts what is
// not covered as failed, and keeps it out of the fronts.
func TestTrainedAccuracies(t *testing.T) {
	t.Setenv(dataset.EnvCache, t.TempDir())
	b := trained.NASBench201
	text := "arch,acc\n" // every third architecture
	for i := 0; i < b.Size; i += 3 {
		text += b.At(i).String() + ",90.5\n"
	}
	table := filepath.Join(t.TempDir(), "accuracies.csv")
	if err := os.WriteFile(table, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := scoring.ReadTrained(t.Context(), b, scoring.TrainedFile{Path: table}, nil)
	if err == nil {
		_, err = scoring.Import(t.Context(), b, r, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := search.Default()
	d.Space, d.Population, d.Generations, d.Budgets = b.Space.Name(), 12, 3, nil
	d.Accuracy = scoring.Accuracy{Source: scoring.AccuracySource(b.Name)}
	d.Methods = []analysis.Method{{Name: "accuracy", Algorithm: "nsga2", Objectives: []string{"accuracy", "macs"}}}
	s, err := search.Create(t.Context(), filepath.Join(t.TempDir(), "run"), d, studytest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	notes := strings.Join(s.Notes(), "\n")
	if !strings.Contains(notes, "the other 10416 architectures have no accuracy") ||
		!strings.Contains(notes, "count as failed") {
		t.Errorf("notes: %s", notes)
	}
	if err := s.Run(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	found, err := s.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	failed, all := found.Failures()
	if failed == 0 || failed == all || found.From.Predicted {
		t.Errorf("%d of %d failed, predicted %t", failed, all, found.From.Predicted)
	}
	for why := range found.Failed {
		if !strings.Contains(why, "not covered by NAS-Bench-201 cifar10 (5209 of 15625 architectures)") {
			t.Errorf("reason: %s", why)
		}
	}
	for _, f := range found.Found {
		if math.IsNaN(f.Accuracy) {
			t.Errorf("%s has no accuracy, and is in a front", f.ID)
		}
	}
}
