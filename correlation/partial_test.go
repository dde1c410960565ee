package correlation

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBootstrapPartial agrees with the bootstrap of any statistic, on the same resamples.
func TestBootstrapPartial(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for _, n := range []int{6, 25} {
		v := make([][]float64, 3)
		for range n {
			z := float64(rng.IntN(6))
			v[0], v[1], v[2] = append(v[0], z+3*rng.Float64()), append(v[1], float64(rng.IntN(5))+z), append(v[2], z)
		}
		for _, c := range []Coefficient{SpearmanRho, KendallTauB} {
			o := Options{Resamples: 200, Seed: 3}
			want, err := BootstrapFunc(v, true, func(v [][]float64) (float64, error) {
				p, err := Partial(c, v[0], v[1], v[2], TwoSided)
				return p.Statistic, err
			}, o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := BootstrapPartial(c, v[0], v[1], v[2], o)
			if err != nil {
				t.Fatal(err)
			}
			if got.Observed != want.Observed || got.Undefined != want.Undefined || len(got.Replicates) != len(want.Replicates) {
				t.Fatalf("%v of %d: observed %v, %d undefined, want %v, %d", c, n, got.Observed, got.Undefined, want.Observed,
					want.Undefined)
			}
			for b, x := range got.Replicates {
				if math.Abs(x-want.Replicates[b]) > 1e-12 {
					t.Fatalf("%v of %d: resample %d: %v, want %v", c, n, b, x, want.Replicates[b])
				}
			}
			a, _ := got.Confidence(0.95)
			w, _ := want.Confidence(0.95)
			if a.Method != w.Method || math.Abs(a.Low-w.Low) > 1e-9 || math.Abs(a.High-w.High) > 1e-9 {
				t.Errorf("%v of %d: %+v, want %+v", c, n, a, w)
			}
		}
	}
	same := []float64{1, 2, 3, 4, 5, 6}
	if _, err := BootstrapPartial(SpearmanRho, []float64{2, 1, 3, 4, 6, 5}, same, same, Options{}); !errors.Is(err,
		ErrUndefined) {
		t.Errorf("z that determines y: %v", err)
	}
}
