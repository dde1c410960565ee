package correlation

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestConfidence takes what no BCa interval exists for, and what no interval can be trusted for.
func TestConfidence(t *testing.T) {
	up := func(n int) []float64 { return numbers(n) }
	only := func(n, at int) []float64 {
		v := make([]float64, n)
		v[at] = 1
		return v
	}
	x, y := correlated(30, true)
	for _, c := range []struct {
		name string
		x, y []float64
		want IntervalMethod
		why  string
	}{
		{"as usual", x, y, BCa, ""},
		{"two rows", up(2), up(2), None, "fewer than 5"},
		{"four rows", []float64{1, 3, 2, 4}, up(4), None, "fewer than 5"},
		{"a perfect order", up(6), up(6), None, "all resamples give the same value"},
		{"a reversed order", up(40), negated(up(40)), None, "all resamples give the same value"},
		{"one of six", only(6, 5), up(6), None, "the percentile interval excludes the value, and BCa has no"},
		{"one of five in the middle", only(5, 2), up(5), Percentile, "BCa has no"},
		{"the last of thirty", only(30, 29), up(30), None, "the percentile interval excludes the value"},
	} {
		for _, coefficient := range []Coefficient{KendallTauB, SpearmanRho} {
			d, err := Bootstrap(coefficient, c.x, c.y, Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			iv, err := d.Confidence(0.95)
			if err != nil {
				t.Fatal(err)
			}
			if iv.Method != c.want || !strings.Contains(iv.Fallback, c.why) || (iv.Fallback == "") != (c.why == "") {
				t.Errorf("%s, %v: %+v, want %v because of %q", c.name, coefficient, iv, c.want, c.why)
			}
			if iv.Method == None != math.IsNaN(iv.Low) || iv.Method != None && !iv.Contains(d.Observed) {
				t.Errorf("%s, %v: %+v around %v", c.name, coefficient, iv, d.Observed)
			}
		}
	}
	// Most resamples are constant.
	mostly := Options{Indices: [][][]int{{{0, 1, 2, 3, 4}, {0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}}}}
	d, err := Bootstrap(KendallTauB, []float64{1, 2, 3, 5, 4}, up(5), mostly)
	if err != nil {
		t.Fatal(err)
	}
	if iv, err := d.Confidence(0.9); err != nil || iv.Method != None || d.Undefined != 2 ||
		iv.Fallback != "most resamples are undefined" {
		t.Errorf("%+v %v", iv, err)
	}
	if _, err := Compare(KendallTauB, []float64{1, 2, 3, 5, 4}, negated(up(5)), up(5), 0.95, mostly); !errors.Is(err,
		ErrUndefined) {
		t.Errorf("a comparison on most resamples: %v", err)
	}
	if _, err := d.Confidence(95); err == nil {
		t.Error("a level of 95 was accepted")
	}
}

// TestIntervalsContainTheirValue draws small samples full of ties.
func TestIntervalsContainTheirValue(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 150 {
		n := 2 + rng.IntN(10)
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i] = float64(rng.IntN(3)), float64(rng.IntN(4))
		}
		d, err := Bootstrap(KendallTauB, x, y, Options{Resamples: 200, Seed: rng.Uint64()})
		if errors.Is(err, ErrUndefined) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		iv, err := d.Confidence(0.95)
		if err != nil || iv.Method != None && !(iv.Contains(d.Observed) && iv.Width() > 0) || n < 5 && iv.Method != None {
			t.Errorf("%v against %v: %+v around %v, %v", x, y, iv, d.Observed, err)
		}
	}
}

// TestSmallestP compares what could not be more different: p is the smallest that an exact test of so few rows gives.
func TestSmallestP(t *testing.T) {
	for n := 2; n <= 12; n++ {
		x := numbers(n)
		c, err := Compare(KendallTauB, x, negated(x), x, 0.95, Options{Resamples: 500})
		if err != nil {
			t.Fatal(err)
		}
		want := max(math.Ldexp(2, -(n-n%2)), 2.0/501) // the middle one of an odd number keeps its rank
		if c.P != want || c.Difference != 2 || c.Smallest != (want > 2.0/501) {
			t.Errorf("%d rows: %+v, want p %v", n, c, want)
		}
	}
	x := numbers(300)
	y := numbers(300)
	y[0], y[1] = y[1], y[0]
	c, err := Compare(KendallTauB, x, y, x, 0.95, Options{Resamples: 200})
	if err != nil || c.P < 0.5 {
		t.Errorf("two of 300 rows differ: %+v %v, want p of at least 2/2^2", c, err)
	}
	if c, err = Compare(KendallTauB, x, x, y, 0.95, Options{Resamples: 50}); err != nil || c.P != 1 || c.Difference != 0 {
		t.Errorf("the same twice: %+v %v", c, err)
	}
	two, err := CompareSeparate(KendallTauB, numbers(3), numbers(3), numbers(4), negated(numbers(4)), 0.95,
		Options{Resamples: 100})
	if err != nil || math.Abs(two.P-2.0/35) > 1e-12 || two.A != 1 || two.B != -1 || two.Difference != 2 ||
		two.Interval.Method != None {
		t.Errorf("three rows and four others: %+v %v, want p 2/35", two, err)
	}
	same := Options{Resamples: 1000, Seed: 5}
	a, b := correlated(60, false)
	apart, err := CompareSeparate(KendallTauB, a[:30], b[:30], a[30:], b[30:], 0.95, same)
	if err != nil || !apart.Interval.Contains(apart.Difference) || apart.Distinguishable() ||
		apart.Difference != apart.A-apart.B {
		t.Errorf("%+v %v", apart, err)
	}
}

// TestBootstrapsEndEarly ends bootstraps of a size that takes minutes.
func TestBootstrapsEndEarly(t *testing.T) {
	x, y := correlated(20_000, false)
	for name, run := range map[string]func(o Options) error{
		"tau":         func(o Options) error { _, err := Bootstrap(KendallTauB, x, y, o); return err },
		"rho":         func(o Options) error { _, err := Bootstrap(SpearmanRho, x, y, o); return err },
		"difference":  func(o Options) error { _, err := Compare(KendallTauB, x, y, x, 0.95, o); return err },
		"two samples": func(o Options) error { _, err := CompareSeparate(SpearmanRho, x, y, y, x, 0.95, o); return err },
		"seeds": func(o Options) error {
			_, err := BootstrapSeeds(KendallTauB, [][]float64{x, y}, x, o)
			return err
		},
		"sizes": func(o Options) error {
			_, err := PrecisionAt(KendallTauB, x, y, []int{100, 20_000}, 0.95, o)
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		start := time.Now()
		err := run(Options{Resamples: 1_000_000, Context: ctx})
		cancel()
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
			t.Errorf("%s: %v after %v", name, err, took)
		}
	}
}

// TestSpearmanWithoutEachRow compares the closed form with ranking anew, to the bit, where sums no longer fit 32 bits.
func TestSpearmanWithoutEachRow(t *testing.T) {
	const n = 3000
	for _, ties := range []bool{false, true} {
		x, y := correlated(n, ties)
		k := newKernel(SpearmanRho, x, y)
		fast, err := leaveOneOut(k, n, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < n; i += 97 {
			want, err := Spearman(without(x, i), without(y, i))
			if err != nil || fast[i] != want {
				t.Fatalf("without row %d: %v, want %v %v", i, fast[i], want, err)
			}
		}
	}
	// One of two groups of equal values vanishes.
	k := newKernel(SpearmanRho, []float64{0, 0, 0, 1}, []float64{1, 2, 3, 4})
	if left, err := leaveOneOut(k, 4, Options{}); err != nil || !math.IsNaN(left[3]) || math.IsNaN(left[0]) {
		t.Errorf("%v %v", left, err)
	}
}

func TestWholeSum(t *testing.T) {
	var s wholeSum
	for _, v := range []int64{math.MaxInt64, math.MaxInt64, -5, 12, math.MinInt64 + 7, -1 << 40} {
		s.add(v)
	}
	want := float64(math.MaxInt64) // 2^63-1 + 2^63-1 - 5 + 12 - 2^63 + 7 - 2^40
	if got := s.value(); math.Abs(got-(want-(1<<40))) > 2048 {
		t.Errorf("%v, want %v", got, want-(1<<40))
	}
}
