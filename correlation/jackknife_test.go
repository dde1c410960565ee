package correlation

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"rwe301/internal/oracle"
)

func TestOracleJackknife(t *testing.T) {
	type want struct{ Difference, Low, High, P number }
	type wants struct{ Paired, Separate want }
	oracle.Each(t, "correlation", "jackknife*.json", func(t *testing.T, path string) int {
		var file struct {
			Cases []struct {
				A, B, Truth, Other []float64
				OtherTruth         []float64 `json:"other_truth"`
				Kendall, Spearman  wants
			}
		}
		oracle.Read(t, path, &file)
		c := &comparer{t: t}
		for i, k := range file.Cases {
			for coefficient, w := range map[Coefficient]wants{KendallTauB: k.Kendall, SpearmanRho: k.Spearman} {
				of := func(scores, truth []float64) *Jackknifed {
					j, err := JackknifeOf(coefficient, scores, truth, Options{})
					if err != nil {
						t.Fatal(err)
					}
					return j
				}
				check := func(kind string, got Comparison, err error, want want) {
					name := fmt.Sprintf("case %d %v %s", i, coefficient, kind)
					c.value(name, got.Difference, err, want.Difference)
					c.value(name+" low", got.Interval.Low, err, want.Low)
					c.value(name+" high", got.Interval.High, err, want.High)
					c.p(name+" p", got.P, err, want.P)
				}
				a, b := of(k.A, k.Truth), of(k.B, k.Truth)
				paired, err := CompareLarge(a, b, 0.95)
				check("paired", paired, err, w.Paired)
				separate, err := CompareLargeSeparate(a, of(k.Other, k.OtherTruth), 0.95)
				check("separate", separate, err, w.Separate)
			}
		}
		return c.n
	})
}

// TestLargeComparisonIsTheBootstraps: with as many rows as a bootstrap still manages, both tell the same.
func TestLargeComparisonIsTheBootstraps(t *testing.T) {
	const n = 1500
	rng := rand.New(rand.NewPCG(3, 1))
	a, b, truth := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		truth[i] = rng.NormFloat64()
		shared := rng.NormFloat64()
		a[i], b[i] = truth[i]+shared, truth[i]+shared+rng.NormFloat64()
	}
	drawn, err := Compare(KendallTauB, a, b, truth, 0.95, Options{Resamples: 1000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	x, err := JackknifeOf(KendallTauB, a, truth, Options{})
	if err != nil {
		t.Fatal(err)
	}
	y, err := JackknifeOf(KendallTauB, b, truth, Options{})
	if err != nil {
		t.Fatal(err)
	}
	large, err := CompareLarge(x, y, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if large.Difference != drawn.Difference || math.Abs(large.Interval.Width()/drawn.Interval.Width()-1) > 0.1 {
		t.Errorf("%+v, bootstrap %+v", large.Interval, drawn.Interval)
	}
	same, err := CompareLarge(x, x, 0.95)
	if err != nil || same.Difference != 0 || same.P != 1 || same.Interval.Width() != 0 {
		t.Errorf("of itself: %+v, %v", same, err)
	}
	if _, err := JackknifeOf(KendallTauB, make([]float64, n), truth, Options{}); !errors.Is(err, ErrUndefined) {
		t.Errorf("constant: %v", err)
	}
}
