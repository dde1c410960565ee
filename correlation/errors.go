package correlation

import (
	"errors"
	"fmt"
	"math"
)

// ErrUndefined says that a statistic has no value for this input: a constant vector, too few values, a denominator of
// zero. Errors that wrap it name the reason. It is never replaced by 0 or NaN.
var ErrUndefined = errors.New("undefined")

// ErrNaN says that an input holds a NaN. Nothing here drops values silently: the caller decides, with [OmitNaN]
// (pairwise deletion) or [NaNSmallest] (a missing score counts as the worst).
var ErrNaN = errors.New("NaN in the input")

func undefinedf(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrUndefined)
}

// sameLength panics when two vectors that belong together differ in length: a mistake of the program, not of the data.
func sameLength(a, b int) {
	if a != b {
		panic("correlation: slice length mismatch")
	}
}

// noNaN returns an error that wraps ErrNaN and names the first position of a NaN in v.
func noNaN(name string, v []float64) error {
	for i, x := range v {
		if math.IsNaN(x) {
			return fmt.Errorf("%s[%d]: %w", name, i, ErrNaN)
		}
	}
	return nil
}

// checkPair refuses what no coefficient accepts: NaN, and fewer than two pairs.
func checkPair(x, y []float64) error {
	sameLength(len(x), len(y))
	if err := noNaN("x", x); err != nil {
		return err
	}
	if err := noNaN("y", y); err != nil {
		return err
	}
	if len(x) < 2 {
		return undefinedf("%d values, at least 2 needed", len(x))
	}
	return nil
}

// OmitNaN returns copies of equally long columns without the rows in which any column holds a NaN (pairwise deletion
// for two columns), and the number of rows dropped.
func OmitNaN(columns ...[]float64) (kept [][]float64, dropped int) {
	kept = make([][]float64, len(columns))
	if len(columns) == 0 {
		return kept, 0
	}
	for _, c := range columns {
		sameLength(len(c), len(columns[0]))
	}
	for j := range columns {
		kept[j] = make([]float64, 0, len(columns[0]))
	}
	for i := range columns[0] {
		if rowHasNaN(columns, i) {
			dropped++
			continue
		}
		for j, c := range columns {
			kept[j] = append(kept[j], c[i])
		}
	}
	return kept, dropped
}

func rowHasNaN(columns [][]float64, i int) bool {
	for _, c := range columns {
		if math.IsNaN(c[i]) {
			return true
		}
	}
	return false
}

// NaNSmallest returns a copy of x with every NaN replaced by -Inf, so that in an order "no score" is the worst score
// (and ties with other missing scores).
func NaNSmallest(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		if math.IsNaN(v) {
			v = math.Inf(-1)
		}
		out[i] = v
	}
	return out
}
