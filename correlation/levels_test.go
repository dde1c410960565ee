package correlation

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// noisy draws truth and seeds of scores that share part of it.
func noisy(n, seeds int, noise float64) (scores [][]float64, truth []float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	truth = make([]float64, n)
	for i := range truth {
		truth[i] = rng.NormFloat64()
	}
	for range seeds {
		s := make([]float64, n)
		for i := range s {
			s[i] = truth[i] + noise*rng.NormFloat64()
		}
		scores = append(scores, s)
	}
	return scores, truth
}

func width(t *testing.T, d *Distribution, err error) float64 {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	iv, err := d.Interval(Percentile, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	return iv.Width()
}

func TestSeedsWidenTheInterval(t *testing.T) {
	scores, truth := noisy(120, 3, 1.5)
	o := Options{Resamples: 1000, Seed: 3}
	mean := make([]float64, len(truth))
	for _, s := range scores {
		for i, v := range s {
			mean[i] += v / float64(len(scores))
		}
	}
	both, err := BootstrapSeeds(KendallTauB, scores, truth, o)
	two := width(t, both, err)
	rows, err := Bootstrap(KendallTauB, mean, truth, o)
	if one := width(t, rows, err); two <= one {
		t.Errorf("width %.3f with seeds, %.3f without", two, one)
	}
	if both.Observed != rows.Observed {
		t.Errorf("observed %v and %v", both.Observed, rows.Observed)
	}
	o.Workers = 7
	again, err := BootstrapSeeds(KendallTauB, scores, truth, o)
	if err != nil || !slices.Equal(again.Replicates, both.Replicates) {
		t.Error("the number of workers changed the replicates")
	}
	single, err := BootstrapSeeds(KendallTauB, scores[:1], truth, Options{Resamples: 50})
	if plain, err2 := Bootstrap(KendallTauB, scores[0], truth, Options{Resamples: 50}); err != nil || err2 != nil ||
		!slices.Equal(single.Replicates, plain.Replicates) {
		t.Error("one seed is not the plain bootstrap")
	}
}

// TestPrecisionFollowsTheRootOfN compares with the large-sample rule of Fieller, Hartley and Pearson (1957): the width
// of tau's interval falls as 1/sqrt(n-4).
func TestPrecisionFollowsTheRootOfN(t *testing.T) {
	scores, truth := noisy(2000, 1, 1)
	got, err := PrecisionAt(KendallTauB, scores[0], truth, []int{50, 200, 800}, 0.95, Options{Resamples: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		ratio := got[i].Interval.Width() / got[i+1].Interval.Width()
		want := math.Sqrt(float64(got[i+1].N-4) / float64(got[i].N-4))
		if math.Abs(ratio/want-1) > 0.12 {
			t.Errorf("from %d to %d rows the width falls by %.2f, want about %.2f", got[i].N, got[i+1].N, ratio, want)
		}
	}
}

func TestWithin(t *testing.T) {
	x := []float64{1, 2, 3, 10, 11, 12, 5}
	y := []float64{3, 2, 1, 30, 40, 50, 0}
	s, err := Within(KendallTauB, x, y, []int{0, 0, 0, 4, 4, 4, 9})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Strata) != 3 || s.Strata[0].Value != -1 || s.Strata[1].Value != 1 ||
		!errors.Is(s.Strata[2].Err, ErrUndefined) || s.Mean != 0 || s.Pairs != 6 {
		t.Errorf("%+v", s)
	}
	if _, err := Within(KendallTauB, x, y, []int{1, 2, 3, 4, 5, 6, 7}); !errors.Is(err, ErrUndefined) {
		t.Errorf("strata of one: %v", err)
	}
}

func TestFrontier(t *testing.T) {
	costs := []float64{5, 1, 1, 3, 0.1, 9, 0}
	values := []float64{0.5, 0.2, 0.4, 0.3, -0.1, 0.5, math.NaN()}
	if got := Frontier(costs, values); !slices.Equal(got, []int{4, 2, 0}) {
		t.Errorf("%v", got)
	}
}

func TestSelectionRefuses(t *testing.T) {
	v := []float64{1, 2}
	for _, k := range []int{0, 3, -1} {
		if _, err := Select(v, v, k); !errors.Is(err, ErrUndefined) {
			t.Errorf("k = %d: %v", k, err)
		}
	}
	if _, err := Regret(v, []float64{1, math.NaN()}, 1); !errors.Is(err, ErrNaN) {
		t.Errorf("NaN: %v", err)
	}
	if _, err := NDCG([]float64{-1, 2}, v, 1); !errors.Is(err, ErrUndefined) {
		t.Errorf("negative gain: %v", err)
	}
}
