package correlation

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// pairsByDefinition looks at every pair of rows.
func pairsByDefinition(x, y []float64) (con, dis, xt, yt, joint int64) {
	for i := range x {
		for j := range i {
			switch {
			case x[i] == x[j] && y[i] == y[j]:
				xt, yt, joint = xt+1, yt+1, joint+1
			case x[i] == x[j]:
				xt++
			case y[i] == y[j]:
				yt++
			case (x[i] < x[j]) == (y[i] < y[j]):
				con++
			default:
				dis++
			}
		}
	}
	return con, dis, xt, yt, joint
}

func comparePairs(t *testing.T, x, y []float64) {
	t.Helper()
	p, err := CountPairs(x, y)
	if err != nil {
		t.Fatal(err)
	}
	con, dis, xt, yt, joint := pairsByDefinition(x, y)
	if p.Concordant != con || p.Discordant != dis || p.XTies != xt || p.YTies != yt || p.JointTies != joint {
		t.Errorf("n=%d: got %d %d %d %d %d, want %d %d %d %d %d", len(x),
			p.Concordant, p.Discordant, p.XTies, p.YTies, p.JointTies, con, dis, xt, yt, joint)
	}
}

// TestCountPairsByDefinition covers every sorting path: short and long, heavy and no ties, and values that agree in the
// leading bits the counting passes look at.
func TestCountPairsByDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := map[string]func() float64{
		"continuous":    rng.NormFloat64,
		"binary":        func() float64 { return float64(rng.IntN(2)) },
		"ties":          func() float64 { return float64(rng.IntN(20)) / 10 },
		"one ulp apart": func() float64 { return 1 + float64(rng.IntN(300))*0x1p-52 },
		"outlier": func() float64 {
			if rng.IntN(100) == 0 {
				return math.Inf(1 - 2*rng.IntN(2))
			}
			return float64(rng.IntN(1 << 30))
		},
		"signed zeros": func() float64 { return math.Copysign(float64(rng.IntN(2)), float64(rng.IntN(2))-0.5) },
		"subnormal":    func() float64 { return float64(rng.IntN(9)-4) * math.SmallestNonzeroFloat64 },
	}
	for xKind, nextX := range kinds {
		for yKind, nextY := range kinds {
			t.Run(xKind+"/"+yKind, func(t *testing.T) {
				for _, n := range []int{2, 3, 9, 16, 17, 100, 511, 512, 900, 2500} {
					x, y := make([]float64, n), make([]float64, n)
					for i := range x {
						x[i], y[i] = nextX(), nextY()
					}
					comparePairs(t, x, y)
				}
			})
		}
	}
}

func FuzzCountPairs(f *testing.F) {
	f.Add([]byte{1, 2, 2, 1}, byte(3))
	f.Add([]byte{0, 0, 0, 0, 9, 9}, byte(1))
	f.Add([]byte("a long text has many equal letters and so many ties"), byte(7))
	f.Fuzz(func(t *testing.T, data []byte, divisor byte) {
		n := min(len(data)/2, 300)
		if n < 2 {
			return
		}
		x, y := make([]float64, n), make([]float64, n)
		for i := range n {
			x[i], y[i] = float64(data[2*i]/(divisor/16+1)), -float64(data[2*i+1]/(divisor%16+1))/3
		}
		comparePairs(t, x, y)
		tau, err := Kendall(x, y)
		if err != nil {
			if !errors.Is(err, ErrUndefined) {
				t.Fatal(err)
			}
			return
		}
		swapped, _ := Kendall(y, x)
		if math.Abs(tau-swapped) > 1e-15 || math.Abs(tau) > 1 {
			t.Errorf("tau(x,y) = %v, tau(y,x) = %v", tau, swapped)
		}
		unweighted, err := WeightedTau(x, y, WeightedOptions{Weigher: func(int) float64 { return 2 }})
		if err != nil || math.Abs(unweighted-tau) > 1e-12 {
			t.Errorf("constant weights: %v, %v: want tau-b %v", unweighted, err, tau)
		}
	})
}

// TestInversionsAtMost compares with exact integers.
func TestInversionsAtMost(t *testing.T) {
	for _, n := range []int{2, 3, 7, 20, 60} {
		total := int(choose2(int64(n)))
		counts := []*big.Int{big.NewInt(1)}
		for j := 2; j <= n; j++ {
			next := make([]*big.Int, len(counts)+j-1)
			for k := range next {
				next[k] = new(big.Int)
				for i := max(0, k-len(counts)+1); i < min(j, k+1); i++ {
					next[k].Add(next[k], counts[k-i])
				}
			}
			counts = next
		}
		all := new(big.Float).SetInt(new(big.Int).MulRange(1, int64(n)))
		sum := new(big.Int)
		for c := range total {
			sum.Add(sum, counts[c])
			want, _ := new(big.Float).Quo(new(big.Float).SetInt(sum), all).Float64()
			if got := inversionsAtMost(n, int64(c)); math.Abs(got-want) > 1e-12*want {
				t.Fatalf("n=%d c=%d: %g, want %g", n, c, got, want)
			}
		}
	}
}

func TestUndefined(t *testing.T) {
	constant, rising := []float64{3, 3, 3, 3}, []float64{1, 2, 3, 4}
	inf := []float64{1, 2, 3, math.Inf(1)}
	nan := []float64{1, math.NaN(), 3, 4}
	statistics := map[string]func(x, y []float64) (float64, error){
		"kendall": Kendall, "spearman": Spearman, "pearson": Pearson,
		"weighted": func(x, y []float64) (float64, error) { return WeightedTau(x, y, WeightedOptions{}) },
		"bootstrap": func(x, y []float64) (float64, error) {
			d, err := Bootstrap(KendallTauB, x, y, Options{Resamples: 10})
			if err != nil {
				return 0, err
			}
			return d.Observed, nil
		},
	}
	for name, f := range statistics {
		for _, c := range []struct {
			what string
			x, y []float64
			want error
		}{
			{"constant x", constant, rising, ErrUndefined},
			{"constant y", rising, constant, ErrUndefined},
			{"empty", nil, nil, ErrUndefined},
			{"single", []float64{1}, []float64{2}, ErrUndefined},
			{"NaN in x", nan, rising, ErrNaN},
			{"NaN in y", rising, nan, ErrNaN},
		} {
			if v, err := f(c.x, c.y); !errors.Is(err, c.want) || v != 0 {
				t.Errorf("%s of %s = %v, %v: want %v", name, c.what, v, err, c.want)
			}
		}
		v, err := f(inf, rising)
		if name == "pearson" {
			if !errors.Is(err, ErrUndefined) {
				t.Errorf("pearson of an infinity = %v, %v", v, err)
			}
		} else if err != nil || math.Abs(v-1) > 1e-15 {
			t.Errorf("%s of an infinity = %v, %v: want 1", name, v, err)
		}
	}
}

func TestLengthMismatchPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	_, _ = Kendall([]float64{1, 2}, []float64{1})
}
