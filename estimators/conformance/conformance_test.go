package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"rwe301/estimators"
	"rwe301/internal/oracle"
)

func TestCheck(t *testing.T) {
	checks, err := Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i, c := range checks {
		if c.Estimator != estimators.All()[i].Name {
			t.Errorf("row %d is %s, not %s", i, c.Estimator, estimators.All()[i].Name)
		}
		if c.Verdict == Differs || c.Verdict == Agrees && (c.Compared == 0 || c.Reference == "" || c.Deviation > c.Allowed) {
			t.Errorf("%+v", c)
		}
		compared += c.Compared
	}
	if compared < 40 {
		t.Errorf("%d numbers compared", compared)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The cases in the binary say what the full cases say.
func TestReferencesAreThoseOfTheCases(t *testing.T) {
	cases, _, err := references()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range cases[:4] {
		path := filepath.Join(oracle.Root(), "testdata", "oracles", "network", r.Name+".json.gz")
		var full struct {
			Arch  [2][8][2]uint8
			Seeds map[string]uint64
			F64   struct{ Proxies map[string]float64 } `json:"f64"`
			Ridge struct {
				Val struct{ Accuracy float64 }
			}
		}
		if err := json.Unmarshal(oracle.Bytes(t, path), &full); err != nil {
			t.Fatal(err)
		}
		if full.Arch != r.Arch || full.Seeds["params"] != r.Seeds["params"] {
			t.Errorf("%s: another network", r.Name)
		}
		for _, s := range r.Scores {
			want, ok := full.F64.Proxies[s.Estimator]
			if s.Estimator == "rwe-ridge" {
				want, ok = full.Ridge.Val.Accuracy, true
			}
			if ok && s.Want != want {
				t.Errorf("%s: %s: %v, want %v", r.Name, s.Estimator, s.Want, want)
			}
		}
	}
}
