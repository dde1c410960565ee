package correlation

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"rwe301/internal/oracle"
)

func TestOracleConditionalEntropy(t *testing.T) {
	oracle.Each(t, "correlation", "entropy*.json", func(t *testing.T, path string) int {
		var file struct {
			Cases []struct {
				Name          string
				Y             []float64
				Scores        [][]float64
				Bins          int
				YBins         []int     `json:"y_bins"`
				ScoreBins     [][]int   `json:"score_bins"`
				Entropy       float64   `json:"entropy"`
				Single        []float64 `json:"single"`
				Greedy        []int     `json:"greedy"`
				GreedyEntropy []float64 `json:"greedy_entropy"`
			}
		}
		oracle.Read(t, path, &file)
		n := 0
		near := func(what string, got, want float64) {
			t.Helper()
			n++
			if !(math.Abs(got-want) <= 1e-12) {
				t.Errorf("%s = %v, want %v", what, got, want)
			}
		}
		for _, c := range file.Cases {
			if got := binCount(len(c.Y)); got != c.Bins {
				t.Errorf("%s: %d bins, want %d", c.Name, got, c.Bins)
			}
			for i, x := range append([][]float64{c.Y}, c.Scores...) {
				want := append([][]int{c.YBins}, c.ScoreBins...)[i]
				if got := discretise(x, c.Bins); !slices.Equal(got, want) {
					t.Errorf("%s: bins of vector %d: %v, want %v", c.Name, i, got, want)
				}
				n += len(x)
			}
			info, err := ConditionalEntropy(c.Y, c.Scores, len(c.Scores), 1)
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			near(c.Name+" prior", info.Prior, c.Entropy)
			if !slices.Equal(info.Order, c.Greedy) {
				t.Errorf("%s: order %v, want %v", c.Name, info.Order, c.Greedy)
			}
			for k, want := range c.GreedyEntropy {
				near(fmt.Sprintf("%s after %d", c.Name, k+1), info.Entropy[k], want)
			}
			for i, want := range c.Single {
				one, err := ConditionalEntropy(c.Y, c.Scores[i:i+1], 1, 1)
				if err != nil {
					t.Fatal(err)
				}
				near(fmt.Sprintf("%s given %d", c.Name, i), one.Entropy[0], want)
			}
		}
		return n
	})
}

// An unrelated score leaves what chance leaves, a related one less, and both fewer than no score.
func TestConditionalEntropyOfChance(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	y, related, unrelated := make([]float64, 2000), make([]float64, 2000), make([]float64, 2000)
	for i := range y {
		y[i], unrelated[i] = rng.NormFloat64(), rng.NormFloat64()
		related[i] = y[i] + 0.3*rng.NormFloat64()
	}
	info, err := ConditionalEntropy(y, [][]float64{unrelated, related}, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if info.Order[0] != 1 || info.Entropy[0] > 0.8*info.Chance[0] || info.Chance[0] >= info.Prior {
		t.Errorf("the related score comes first and tells more than chance: %+v", info)
	}
	alone, err := ConditionalEntropy(y, [][]float64{unrelated}, 5, 1)
	if err != nil || len(alone.Order) != 1 || math.Abs(alone.Entropy[0]-alone.Chance[0]) > 0.05 {
		t.Errorf("an unrelated score tells what chance does: %+v, %v", alone, err)
	}
}

func TestConditionalEntropyOfBadInput(t *testing.T) {
	good := []float64{1, 2, 3}
	for name, c := range map[string]struct {
		y      []float64
		scores [][]float64
		want   error
	}{
		"NaN":       {good, [][]float64{{1, math.NaN(), 2}}, ErrNaN},
		"NaN in y":  {[]float64{math.NaN(), 1, 2}, [][]float64{good}, ErrNaN},
		"infinite":  {good, [][]float64{{1, math.Inf(1), 2}}, ErrUndefined},
		"one value": {[]float64{1}, [][]float64{{1}}, ErrUndefined},
	} {
		if _, err := ConditionalEntropy(c.y, c.scores, 1, 1); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if info, err := ConditionalEntropy(good, nil, 3, 1); err != nil || len(info.Order) != 0 {
		t.Errorf("no scores: %+v, %v", info, err)
	}
}
