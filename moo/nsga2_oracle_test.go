package moo

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"rwe301/internal/oracle"
)

// TestOracleNSGA2 compares hypervolumes of eleven seeds with pymoo's: a two-sided rank-sum test where the distributions
// are regular, medians where runs that lose a part of the front give a long tail.
func TestOracleNSGA2(t *testing.T) {
	const alpha = 0.001
	problems := map[string]func(n int) Problem[[]float64]{"zdt1": zdt1, "zdt2": zdt2, "zdt3": zdt3, "dtlz2": dtlz2}
	oracle.Each(t, "moo", "nsga2_reference*.json", func(t *testing.T, path string) (n int) {
		var file struct {
			Results map[string]map[string]struct {
				Variables int       `json:"n_var"`
				Ref       []float64 `json:"hv_ref"`
				Runs      []struct {
					HV100 float64 `json:"hv_100"`
					HV250 float64 `json:"hv_250"`
				}
			}
		}
		oracle.Read(t, path, &file)
		for name, c := range file.Results["pymoo_default"] {
			want := map[int][]float64{}
			for _, r := range c.Runs {
				want[100] = append(want[100], r.HV100)
				want[250] = append(want[250], r.HV250)
			}
			got := map[int][]float64{}
			for seed := range uint64(11) {
				_, err := Run(t.Context(), problems[name](c.Variables), NewNSGA2[[]float64](100), Options[[]float64]{
					Generations: 250, Seed: seed,
					Epsilon: []float64{0.05, 0.05, 0.05}[:len(c.Ref)], // keeps the archive, which is not looked at, small
					Progress: func(g Generation[[]float64]) {
						if g.Number == 100 || g.Number == 250 {
							hv, err := Hypervolume(firstFront(g.Population), c.Ref)
							if err != nil {
								t.Fatal(err)
							}
							got[g.Number] = append(got[g.Number], hv)
						}
					},
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			for generation, hv := range got {
				what := fmt.Sprintf("%s after %d generations", name, generation)
				if name == "zdt3" || name == "zdt2" && generation == 100 {
					spread := quantile(want[generation], 0.75) - quantile(want[generation], 0.25)
					if d := quantile(hv, 0.5) - quantile(want[generation], 0.5); math.Abs(d) > 2*spread {
						t.Errorf("%s: median %.5f, pymoo's %.5f", what, quantile(hv, 0.5), quantile(want[generation], 0.5))
					}
				} else if p := rankSum(hv, want[generation]); p < alpha {
					t.Errorf("%s: p = %.2g that %.5f has pymoo's distribution %.5f", what, p, hv, want[generation])
				}
				n += len(hv)
			}
		}
		return n
	})
}

func firstFront(population []Individual[[]float64]) (front [][]float64) {
	for _, m := range population {
		if m.Rank == 0 {
			front = append(front, m.Objectives)
		}
	}
	return front
}

func quantile(x []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return s[int(math.Round(q*float64(len(s)-1)))]
}

// rankSum is the two-sided p-value of the Mann-Whitney test without ties, in the normal approximation.
func rankSum(a, b []float64) float64 {
	u := 0.0
	for _, x := range a {
		for _, y := range b {
			if x > y {
				u++
			}
		}
	}
	n, m := float64(len(a)), float64(len(b))
	return math.Erfc(math.Abs(u-n*m/2) / math.Sqrt(n*m*(n+m+1)/12) / math.Sqrt2)
}

// toy is an integer problem on the layout of EvoXBench's DARTS vectors whose exact front is known.
type toy struct {
	UB    []int
	A, B  [][]float64
	Front [][]float64 `json:"pareto_front"`
	Check []struct {
		X []int
		F []float64
	} `json:"evaluations"`
	Ideal, Nadir []float64
	Volume       float64 `json:"pf_hv_norm_ref1"`
}

func (d toy) value(x []int) []float64 {
	f := []float64{0, 0}
	for i, v := range x {
		f[0] += d.A[i][v]
		f[1] += d.B[i][v]
	}
	return f
}

func TestOracleDARTSLayout(t *testing.T) {
	oracle.Each(t, "moo", "darts_layout_toy*.json", func(t *testing.T, path string) int {
		var d toy
		oracle.Read(t, path, &d)
		for _, c := range d.Check {
			if got := d.value(c.X); !slices.Equal(got, c.F) {
				t.Errorf("f(%v) = %v, want %v", c.X, got, c.F)
			}
		}
		a := NewNSGA2[[]int](max(400, len(d.Front)+11)) // every point must find room
		a.CrossoverRate, a.MutationRate = 0.5, 0.5
		p := integers(d.UB, d.value)
		p.Key = func(x []int) string {
			return string(fmt.Append(nil,
				d.value(x)))
		} // one solution a point of the front is enough
		r, err := Run(t.Context(), p, a, Options[[]int]{Generations: 1400, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		var got [][]float64
		for _, m := range r.Front {
			got = append(got, m.Objectives)
		}
		slices.SortFunc(got, slices.Compare)
		if fmt.Sprint(got) != fmt.Sprint(d.Front) {
			missing := 0
			for _, f := range d.Front {
				if !slices.ContainsFunc(got, func(g []float64) bool { return slices.Equal(g, f) }) {
					missing++
				}
			}
			t.Errorf("found %d points, %d of the %d true ones are missing", len(got), missing, len(d.Front))
		}
		hv, err := Hypervolume(Box{Low: d.Ideal, High: d.Nadir}.Scale(got), []float64{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "hypervolume", hv, d.Volume, 1e-12)
		return len(d.Front) + len(d.Check) + 1
	})
}

// integers is a problem over integer vectors from 0 to upper: uniform crossover, one variable mutated.
func integers(upper []int, f func([]int) []float64) Problem[[]int] {
	return Problem[[]int]{
		Objectives: 2,
		Sample: func(rng rng) []int {
			x := make([]int, len(upper))
			for i := range x {
				x[i] = rng.IntN(upper[i] + 1)
			}
			return x
		},
		Mutate: func(rng rng, x []int) []int {
			y := slices.Clone(x)
			i := rng.IntN(len(y))
			y[i] = (y[i] + 1 + rng.IntN(upper[i])) % (upper[i] + 1)
			return y
		},
		Crossover: func(rng rng, a, b []int) (c, d []int) {
			c, d = slices.Clone(a), slices.Clone(b)
			for i := range c {
				if rng.IntN(2) == 0 {
					c[i], d[i] = d[i], c[i]
				}
			}
			return c, d
		},
		Neighbours: func(x []int) (out [][]int) {
			for i := range x {
				for v := range upper[i] + 1 {
					if v != x[i] {
						y := slices.Clone(x)
						y[i] = v
						out = append(out, y)
					}
				}
			}
			return out
		},
		Key: func(x []int) string {
			b := make([]byte, 0, 2*len(x))
			for _, v := range x {
				b = strconv.AppendInt(append(b, ' '), int64(v), 10)
			}
			return string(b)
		},
		Evaluate: func(_ context.Context, xs [][]int) ([]Outcome, error) {
			out := make([]Outcome, len(xs))
			for i, x := range xs {
				out[i].Objectives = f(x)
			}
			return out, nil
		},
	}
}
