package pipe

import (
	"os"
	"path/filepath"
	"testing"

	"rwe301/bench301/dataset"
	"rwe301/bench301/trained"
	"rwe301/scoring"
)

// TestQueryTrained: accuracies of trained networks, null where an architecture is not covered.
func TestQueryTrained(t *testing.T) {
	t.Setenv(dataset.EnvCache, t.TempDir())
	table := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(table, []byte("net,acc\n\"(4, 0, 3, 1, 4, 3)\",84.99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := scoring.ReadTrained(t.Context(), trained.NASBench201, scoring.TrainedFile{Path: table}, nil)
	if err == nil {
		_, err = scoring.Import(t.Context(), trained.NASBench201, r, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := begin(t)
	got := answered[measured](c, "query", `{"surrogate": "nasbench201", "archs": ["(4, 0, 3, 1, 4, 3)", "[0,0,0,0,0,0]"]}`)
	if got.Surrogate != "NAS-Bench-201 cifar10 (1 of 15625 architectures)" || got.Kind != kindTrained ||
		got.Value[0] == nil || *got.Value[0] != 84.99 || !got.InRange[0] || got.Value[1] != nil || got.InRange[1] {
		t.Errorf("%+v", got)
	}
	info := answered[struct{ Kind, Unit string }](c, "surrogate", `{"name": "nasbench201:cifar10"}`)
	if info.Kind != kindTrained || info.Unit != "percent" {
		t.Errorf("%+v", info)
	}
}
