package correlation_test

import (
	"math"
	"testing"

	"rwe301/correlation"
)

// TestWilson compares with scipy 1.10.1: binomtest(k, n).proportion_ci(method="wilson").
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 5, 0, 0.43448246478317476}, {7, 20, 0.1811918241010821, 0.5671457233147637},
		{5, 5, 0.5655175352168251, 1}, {30, 100, 0.21894885294932764, 0.39584854633346667},
	} {
		low, high := correlation.Wilson(float64(c.k)/float64(c.n), c.n, 0.95)
		if math.Abs(low-c.low) > 1e-12 || math.Abs(high-c.high) > 1e-12 {
			t.Errorf("%d of %d: [%v, %v], want [%v, %v]", c.k, c.n, low, high, c.low, c.high)
		}
	}
}
