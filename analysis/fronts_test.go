package analysis

import (
	"math"
	"strings"
	"testing"

	"rwe301/bench301"
)

// found makes members of a front of (accuracy, params, MACs).
func found(method string, seed uint64, values ...[3]float64) (out []Found) {
	for _, v := range values {
		out = append(out, Found{Method: method, Seed: seed, Accuracy: v[0], Params: int64(v[1]), MACs: int64(v[2]),
			Estimates: []float64{100 - v[0], v[2]}})
	}
	return out
}

// TestBoxOfOtherSpaces measures fronts of a space without a box of its own in the one around them.
func TestBoxOfOtherSpaces(t *testing.T) {
	d := Setup{Space: "nasbench201", Methods: []Method{{Name: "a"}, {Name: "b"}}, Seeds: []uint64{1}}
	a := found("a", 1, [3]float64{90, 200, 2000}, [3]float64{80, 100, 1000})
	b := found("b", 1, [3]float64{70, 100, 1000})
	r := &Fronts{
		Setup: d, Found: append(a, b...), Curves: map[string][][]SearchPoint{},
		Rows: []SearchRow{{Method: "a", Seed: 1, Generations: 2, Evaluations: 10},
			{Method: "b", Seed: 1, Generations: 1, Evaluations: 5}},
		generations: map[string][][][]Found{"a": {{a[1:], a}}, "b": {{b}}},
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(r.measure(t.Context()))
	check(r.indicate(t.Context()))
	// Errors 0.1, 0.2 and 0.3, params 100 and 200, a tenth wider: the box is 0.22 by 110. By hand: the first front covers
	// 0.22*10 + 0.12*100 of it, the second one 0.02*110.
	for i, want := range []float64{(0.22*10 + 0.12*100) / (0.22 * 110), 0.02 * 110 / (0.22 * 110)} {
		if got := r.Rows[i].ErrorParams; math.Abs(got-want) > 1e-9 {
			t.Errorf("hypervolume of %s %v, want %v", r.Rows[i].Method, got, want)
		}
	}
	if c := r.Curves["a"][0]; len(c) != 2 || c[0].Evaluations != 5 || c[1].Evaluations != 10 ||
		!(c[0].Hypervolume < c[1].Hypervolume) {
		t.Errorf("curve %+v", c)
	}
	if n := r.BoxNote(); !strings.Contains(n, "around all fronts") || strings.Contains(n, "EvoXBench") {
		t.Errorf("note: %s", n)
	}
	r.Space = bench301.DARTS{}
	check(r.measure(t.Context()))
	if n := r.BoxNote(); !strings.Contains(n, "EvoXBench") || r.Box.Low[1] != 392426 {
		t.Errorf("DARTS: box %v, note: %s", r.Box, n)
	}
	none := &Fronts{Setup: d, Curves: map[string][][]SearchPoint{}}
	check(none.measure(t.Context()))
	if v, err := none.volume(t.Context(), a, 0, 1); v != 0 || err != nil {
		t.Errorf("a front in no box has volume %v, %v", v, err)
	}
}
