package correlation

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func TestBootstrapSameForAnyWorkers(t *testing.T) {
	x, y := correlated(80, true)
	for _, c := range []Coefficient{KendallTauB, SpearmanRho, PearsonR} {
		one, err := Bootstrap(c, x, y, Options{Resamples: 333, Seed: 5, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		eight, _ := Bootstrap(c, x, y, Options{Resamples: 333, Seed: 5, Workers: 8})
		if !slices.Equal(one.Replicates, eight.Replicates) || one.accel != eight.accel {
			t.Errorf("%v: 1 and 8 workers differ", c)
		}
		other, _ := Bootstrap(c, x, y, Options{Resamples: 333, Seed: 6})
		if slices.Equal(one.Replicates, other.Replicates) {
			t.Errorf("%v: seeds 5 and 6 draw the same rows", c)
		}
	}
}

// TestKernelsAgreeWithSorting compares the counting kernels with the coefficient of the rows written out.
func TestKernelsAgreeWithSorting(t *testing.T) {
	for _, n := range []int{2, 3, 5, 30, 200} {
		for _, ties := range []bool{false, true} {
			x, y := correlated(n, ties)
			for _, c := range []Coefficient{KendallTauB, SpearmanRho, PearsonR} {
				compareKernel(t, c, x, y)
			}
		}
	}
}

func compareKernel(t *testing.T, c Coefficient, x, y []float64) {
	t.Helper()
	n := len(x)
	k := newKernel(c, x, y)
	for b := range 40 {
		size := n + b%3
		rng, counts := stream(9, streamRows, uint64(b)), make([]int32, n)
		for range size {
			counts[rng.IntN(n)]++
		}
		got, defined := k.value(counts, size)
		var xs, ys []float64
		for i, m := range counts {
			for range m {
				xs, ys = append(xs, x[i]), append(ys, y[i])
			}
		}
		want, err := c.Of(xs, ys)
		if defined != (err == nil) || defined && got != want {
			t.Fatalf("%v n=%d: kernel %v %v, sorted %v %v", c, n, got, defined, want, err)
		}
	}
	left, err := leaveOneOut(k, n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range left {
		want, err := c.Of(without(x, i), without(y, i))
		if math.IsNaN(got) != (err != nil) || err == nil && got != want {
			t.Fatalf("%v n=%d without row %d: %v, want %v %v", c, n, i, got, want, err)
		}
	}
}

func TestUndefinedReplicatesAreDropped(t *testing.T) {
	x, y := []float64{1, 2, 3}, []float64{2, 1, 3}
	d, err := Bootstrap(KendallTauB, x, y, Options{Indices: [][][]int{{{0, 0, 0}, {0, 1, 2}, {1, 1, 2}, {2, 2, 2}}}})
	if err != nil {
		t.Fatal(err)
	}
	if d.Undefined != 2 || len(d.Replicates) != 2 || slices.ContainsFunc(d.Replicates, math.IsNaN) {
		t.Errorf("%d undefined, replicates %v: want 2 and 2 numbers", d.Undefined, d.Replicates)
	}
	if _, err := Bootstrap(KendallTauB, x, y, Options{Indices: [][][]int{{{0, 0, 0}}}}); !errors.Is(err, ErrUndefined) {
		t.Errorf("every replicate undefined: %v", err)
	}
}

func TestBCaFallsBackToPercentile(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	d, err := Bootstrap(KendallTauB, x, x, Options{Resamples: 50})
	if err != nil {
		t.Fatal(err)
	}
	iv, err := d.Interval(BCa, 0.95)
	if err != nil || iv.Method != Percentile || iv.Fallback == "" || math.Abs(iv.Low-1) > 1e-15 ||
		math.Abs(iv.High-1) > 1e-15 {
		t.Errorf("interval of a perfect order: %+v, %v", iv, err)
	}
}

// TestPValueIsOnTheEdge inverts the intervals: at level 1-p an end of the interval is the null value.
func TestPValueIsOnTheEdge(t *testing.T) {
	x, y := correlated(25, false)
	d, err := Bootstrap(PearsonR, x, y, Options{Resamples: 4000, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []IntervalMethod{BCa, Percentile, Basic} {
		for _, null := range []float64{d.Observed - 1.5*d.StdErr, d.Observed + 1.2*d.StdErr} {
			p := d.PValue(null, m)
			iv, err := d.Interval(m, 1-p)
			if err != nil {
				t.Fatal(err)
			}
			if gap := min(math.Abs(iv.Low-null), math.Abs(iv.High-null)); gap > 0.02*d.StdErr {
				t.Errorf("%v: null %v, p %v, interval %v", m, null, p, iv)
			}
		}
	}
}

func TestBootstrapRefuses(t *testing.T) {
	x, y := []float64{1, 2, 3}, []float64{2, 1, 3}
	for what, o := range map[string]Options{
		"negative resamples": {Resamples: -1},
		"row out of range":   {Indices: [][][]int{{{0, 1, 3}}}},
		"negative row":       {Indices: [][][]int{{{0, 1, -1}}}},
		"too few rows":       {Indices: [][][]int{{{0, 1}}}},
		"no resample":        {Indices: [][][]int{{}}},
		"two samples":        {Indices: [][][]int{{{0, 1, 2}}, {{0, 1, 2}}}},
		"no sample":          {Indices: [][][]int{}},
	} {
		if _, err := Bootstrap(KendallTauB, x, y, o); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	d, err := Bootstrap(KendallTauB, x, y, Options{Resamples: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []float64{0, 1, 95, math.NaN()} {
		if _, err := d.Interval(Percentile, level); err == nil {
			t.Errorf("level %v: accepted", level)
		}
	}
	failure := errors.New("broken")
	broken := func([][]float64) (float64, error) { return 0, failure }
	if _, err := BootstrapFunc([][]float64{x}, false, broken, Options{}); !errors.Is(err, failure) {
		t.Errorf("failing statistic: %v", err)
	}
}
