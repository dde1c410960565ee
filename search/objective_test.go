package search

import (
	"math"
	"testing"
)

// TestCostOfZero has no minus before a zero, which tables and CSV would show.
func TestCostOfZero(t *testing.T) {
	for name, cost := range map[string]func(float64) float64{"same": same, "negated": negated} {
		if v := cost(0); v != 0 || math.Signbit(v) {
			t.Errorf("%s: %v", name, v)
		}
	}
	if negated(2.5) != -2.5 || negated(-3) != 3 {
		t.Error("negated is not the negative")
	}
}
