package study

import (
	"slices"
	"testing"

	"rwe301/estimators"
)

// The fields of an estimator say what was inferred from its source and its settings.
func TestFieldsSayWhatWasInferred(t *testing.T) {
	for _, info := range estimators.All() {
		got, want := slices.Sorted(slices.Values(info.Cites)), slices.Sorted(slices.Values(citedBy(info.Paper)))
		if !slices.Equal(got, slices.Compact(want)) {
			t.Errorf("%s cites %q, its source says %q", info.Name, got, want)
		}
		c, err := estimators.New(info.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if random := info.Family != estimators.Baseline || draws(c); info.Random != random {
			t.Errorf("%s: random is %v, its settings say %v", info.Name, info.Random, random)
		}
	}
}
