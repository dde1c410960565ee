package correlation

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// number is a reference number: non-finite ones are the strings "NaN", "Inf" and "-Inf", and {"error": ...} records
// that the reference implementation refused.
type number struct {
	v       float64
	refused bool
}

func (n *number) UnmarshalJSON(b []byte) error {
	switch s := strings.Trim(string(b), `"`); {
	case strings.HasPrefix(s, "{"):
		n.refused, n.v = true, math.NaN()
		return nil
	case s == "NaN":
		n.v = math.NaN()
		return nil
	case s == "Inf", s == "-Inf":
		n.v = math.Inf(1)
		if s[0] == '-' {
			n.v = math.Inf(-1)
		}
		return nil
	}
	return json.Unmarshal(b, &n.v)
}

func (n number) undefined() bool { return math.IsNaN(n.v) }

func floatsOf(ns []number) []float64 {
	out := make([]float64, len(ns))
	for i, n := range ns {
		out[i] = n.v
	}
	return out
}

// comparer counts comparisons with reference numbers and reports those that fail.
type comparer struct {
	t *testing.T
	n int
}

func (c *comparer) count(what string, got, want int64) {
	c.t.Helper()
	c.n++
	if got != want {
		c.t.Errorf("%s = %d, want %d", what, got, want)
	}
}

// value compares a statistic: 1e-12 absolute; a NaN or a refusal of the reference must be an error here.
func (c *comparer) value(what string, got float64, err error, want number) {
	c.t.Helper()
	c.within(what, got, err, want, 1e-12)
}

func (c *comparer) within(what string, got float64, err error, want number, tol float64) {
	c.t.Helper()
	c.n++
	switch {
	case want.undefined() && !errors.Is(err, ErrUndefined) && !errors.Is(err, ErrNaN):
		c.t.Errorf("%s = %v, %v: want undefined", what, got, err)
	case want.undefined():
	case err != nil:
		c.t.Errorf("%s: %v, want %v", what, err, want.v)
	case !(math.Abs(got-want.v) <= tol):
		c.t.Errorf("%s = %v, want %v (off by %g)", what, got, want.v, got-want.v)
	}
}

// p compares a p-value: 1e-9 relative down to 1e-300.
func (c *comparer) p(what string, got float64, err error, want number) {
	c.t.Helper()
	c.pBetween(what, got, err, want, want.v, want.v)
}

// pBetween compares a p-value that depends on a statistic which is itself known to a tolerance only: low and high are
// the p-values at the ends of that tolerance. It accepts 1e-9 relative beyond them.
func (c *comparer) pBetween(what string, got float64, err error, want number, low, high float64) {
	c.t.Helper()
	if want.undefined() {
		c.within(what, got, err, want, 0)
		return
	}
	c.n++
	low, high = min(low, high, want.v), max(low, high, want.v)
	const relative, smallest = 1e-9, 1e-300
	if err != nil || !(got >= low*(1-relative)-smallest && got <= high*(1+relative)+smallest) {
		c.t.Errorf("%s = %v, %v: want %v", what, got, err, want.v)
	}
}

func (c *comparer) values(what string, got []float64, want []number, tol float64) {
	c.t.Helper()
	if len(got) != len(want) {
		c.t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		c.within(fmt.Sprintf("%s[%d]", what, i), got[i], nil, want[i], tol)
	}
}
