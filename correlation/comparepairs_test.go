package correlation_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"rwe301/correlation"
)

// TestComparePairs: many pairs at once are those one by one, to the bit; what is undefined is nil.
func TestComparePairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 40
	truth, scores := make([]float64, n), make([][]float64, 5)
	for i := range truth {
		truth[i] = rng.NormFloat64()
	}
	for k := range scores {
		scores[k] = make([]float64, n)
		for i := range truth {
			scores[k][i] = float64(int(truth[i]*float64(k) + 2*rng.NormFloat64())) // with ties
		}
	}
	clear(scores[3]) // constant
	var pairs [][2]int
	for a := range scores {
		for b := range a {
			pairs = append(pairs, [2]int{a, b})
		}
	}
	o := correlation.Options{Resamples: 300, Seed: 7}
	for _, c := range []correlation.Coefficient{correlation.KendallTauB, correlation.SpearmanRho, correlation.PearsonR} {
		got, err := correlation.ComparePairs(c, scores, truth, pairs, 0.95, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range pairs {
			want, err := correlation.Compare(c, scores[p[0]], scores[p[1]], truth, 0.95, o)
			switch {
			case err != nil && got[i] != nil || err == nil && got[i] == nil:
				t.Errorf("%v of %v: %v, want %v, %v", c, p, got[i], want, err)
			case err == nil && fmt.Sprint(*got[i]) != fmt.Sprint(want):
				t.Errorf("%v of %v: %+v, want %+v", c, p, *got[i], want)
			}
		}
	}
	scores[0] = scores[0][1:]
	defer func() {
		if recover() == nil {
			t.Error("vectors of two lengths")
		}
	}()
	_, _ = correlation.ComparePairs(correlation.KendallTauB, scores, truth, pairs, 0.95, o)
}
