package correlation

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// permutations calls f with every order of 0..n-1.
func permutations(n int, f func([]int)) {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	var each func(k int)
	each = func(k int) {
		if k == n {
			f(p)
			return
		}
		for i := k; i < n; i++ {
			p[k], p[i] = p[i], p[k]
			each(k + 1)
			p[k], p[i] = p[i], p[k]
		}
	}
	each(0)
}

// ordersOf lists the orders of v, best first, into which its ties can be broken, each as often as the other.
func ordersOf(v []float64) (orders [][]int) {
	permutations(len(v), func(p []int) {
		o := slices.Clone(p)
		slices.SortStableFunc(o, func(a, b int) int { return cmp.Compare(v[b], v[a]) })
		orders = append(orders, o)
	})
	return orders
}

// top is what a predictor does to its top k.
type top struct{ overlap, precision, bottom, best, worst, regret, ndcg float64 }

func (a top) near(b top) bool {
	for _, pair := range [][2]float64{{a.overlap, b.overlap}, {a.precision, b.precision}, {a.bottom, b.bottom},
		{a.best, b.best}, {a.worst, b.worst}, {a.regret, b.regret}, {a.ndcg, b.ndcg}} {
		if math.Abs(pair[0]-pair[1]) > 1e-10 { // the mean of half a million orders rounds
			return false
		}
	}
	return true
}

// enumerated is the mean over all orders of the tied, of truth and prediction independently.
func enumerated(truth, predicted []float64, k int) (mean top) {
	n := len(truth)
	gains := LinearGains(truth)
	rows := 0.0
	trueOrders, predictedOrders := ordersOf(truth), ordersOf(predicted)
	for _, ideal := range trueOrders {
		rank := make([]int, n)
		for r, i := range ideal {
			rank[i] = r + 1
		}
		for _, order := range predictedOrders {
			best, worst, value := n, 1, math.Inf(-1)
			for place, i := range order {
				if place < k {
					if rank[i] <= k {
						mean.overlap++
					}
					best, worst, value = min(best, rank[i]), max(worst, rank[i]), max(value, truth[i])
					mean.ndcg += gains[i] / math.Log2(float64(place+2))
				}
				if place >= n-k && rank[i] > n-k {
					mean.bottom++
				}
			}
			mean.best += float64(best)
			mean.worst += float64(worst)
			mean.regret += slices.Max(truth) - value
			rows++
		}
	}
	ideal := 0.0
	for place, i := range trueOrders[0][:k] {
		ideal += gains[i] / math.Log2(float64(place+2))
	}
	mean.ndcg /= rows
	if ideal > 0 {
		mean.ndcg /= ideal
	}
	mean.overlap, mean.bottom = mean.overlap/rows, mean.bottom/rows/float64(k)
	mean.best, mean.worst, mean.regret = mean.best/rows, mean.worst/rows, mean.regret/rows
	mean.precision = mean.overlap / float64(k)
	return mean
}

// closed is the same in closed form.
func closed(t *testing.T, truth, predicted []float64, k int) top {
	t.Helper()
	s, err := Select(truth, predicted, k)
	if err != nil {
		t.Fatal(err)
	}
	n, err := TopOverlap(truth, predicted, k)
	if err != nil {
		t.Fatal(err)
	}
	regret, err := Regret(truth, predicted, k)
	if err != nil {
		t.Fatal(err)
	}
	ndcg, err := NDCG(LinearGains(truth), predicted, k)
	if err != nil {
		t.Fatal(err)
	}
	if s.PrecisionTop != n/float64(k) {
		t.Errorf("truth %v, predicted %v, k=%d: P@k %v, overlap %v", truth, predicted, k, s.PrecisionTop, n)
	}
	if s.BestRank == 1 && regret != 0 {
		t.Errorf("truth %v, predicted %v, k=%d: best rank 1, regret %v", truth, predicted, k, regret)
	}
	return top{n, s.PrecisionTop, s.PrecisionBottom, s.BestRank, s.WorstRank, regret, ndcg}
}

func TestTopOfTies(t *testing.T) {
	cases := []struct {
		name             string
		truth, predicted []float64
	}{
		{"ties in the scores", []float64{93, 92, 94, 91, 93.5, 90}, []float64{3, 3, 2, 2, 2, 1}},
		{"ties in the accuracies", []float64{93, 93, 94, 94, 91}, []float64{5, 4, 3, 2, 1}},
		{"ties in both", []float64{93, 93, 94, 94, 91}, []float64{2, 2, 2, 1, 1}},
		{"all scores tied", []float64{1, 2, 3, 4, 5}, []float64{0, 0, 0, 0, 0}},
		{"all accuracies tied", []float64{7, 7, 7, 7}, []float64{4, 1, 3, 2}},
		{"everything tied", []float64{7, 7, 7, 7}, []float64{1, 1, 1, 1}},
		{"reversed, with ties", []float64{1, 2, 2, 3, 3}, []float64{3, 3, 2, 2, 1}},
		{"zeros of both signs", []float64{0, math.Copysign(0, -1), 1, 2}, []float64{math.Copysign(0, -1), 0, 0, -1}},
		{"no ties", []float64{4, 1, 3, 2, 5}, []float64{1, 2, 3, 5, 4}},
		{"one", []float64{3}, []float64{2}},
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range 25 {
		n := 2 + rng.IntN(4)
		x, y := make([]float64, n), make([]float64, n)
		for k := range x {
			x[k], y[k] = float64(rng.IntN(3)), float64(rng.IntN(3))
		}
		cases = append(cases, struct {
			name             string
			truth, predicted []float64
		}{fmt.Sprint("drawn ", i), x, y})
	}
	for _, c := range cases {
		for k := 1; k <= len(c.truth); k++ {
			got, want := closed(t, c.truth, c.predicted, k), enumerated(c.truth, c.predicted, k)
			if !got.near(want) {
				t.Errorf("%s, k=%d: %+v, enumerated %+v", c.name, k, got, want)
			}
		}
	}
	// The numbers of a case that came with the rule.
	for k, want := range map[int]top{
		1: {overlap: 0, best: 3.5, regret: 1.5}, 2: {overlap: 0, best: 3, regret: 1},
		3: {overlap: 5.0 / 3, best: 2, regret: 0.5}, 4: {overlap: 10.0 / 3, best: 4.0 / 3, regret: 1.0 / 6},
	} {
		got := closed(t, cases[0].truth, cases[0].predicted, k)
		if math.Abs(got.overlap-want.overlap)+math.Abs(got.best-want.best)+math.Abs(got.regret-want.regret) > 1e-14 {
			t.Errorf("k=%d: %+v, want %+v", k, got, want)
		}
	}
}

// TestRowsInAnyOrder permutes the rows: every statistic must keep its bits.
func TestRowsInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{7, 60, 700} {
		truth, scores := make([]float64, n), make([]float64, n)
		for i := range truth {
			truth[i] = math.Round(rng.NormFloat64()*10)/10 + 0.1
			scores[i] = math.Round((truth[i]+rng.NormFloat64())*4) / 3
		}
		statistics := func(truth, scores []float64) (out []float64) {
			for _, k := range []int{1, 2, n / 3, n / 2, n} {
				got := closed(t, truth, scores, k)
				s, _ := Select(truth, scores, k)
				out = append(out, got.overlap, got.precision, got.bottom, got.best, got.worst, got.regret, got.ndcg, s.TauTop,
					s.TauBottom)
			}
			for _, o := range []WeightedOptions{{}, {Ranking: RankByX}, {Ranking: RankByY}, {Multiplicative: true}} {
				w, err := WeightedTau(scores, truth, o)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, w)
			}
			rho, err := Spearman(scores, truth)
			if err != nil {
				t.Fatal(err)
			}
			tau, err := Kendall(scores, truth)
			if err != nil {
				t.Fatal(err)
			}
			return append(out, rho, tau)
		}
		want := statistics(truth, scores)
		for range 20 {
			rng.Shuffle(n, func(i, j int) {
				truth[i], truth[j] = truth[j], truth[i]
				scores[i], scores[j] = scores[j], scores[i]
			})
			for i, v := range statistics(truth, scores) {
				if math.Float64bits(v) != math.Float64bits(want[i]) && !(math.IsNaN(v) && math.IsNaN(want[i])) {
					t.Fatalf("n=%d, statistic %d: %v, in another order %v", n, i, v, want[i])
				}
			}
		}
	}
}

// TestDrawn holds the hypergeometric distribution against the ratio of binomials, and large ones against its mean.
func TestDrawn(t *testing.T) {
	choose := func(n, k int) float64 {
		if k < 0 || k > n {
			return 0
		}
		v := 1.0
		for i := range k {
			v = v * float64(n-i) / float64(i+1)
		}
		return v
	}
	for n := 1; n <= 9; n++ {
		for s := 0; s <= n; s++ {
			for m := 0; m <= n; m++ {
				least, chances := drawn(n, s, m)
				for j := 0; j <= n; j++ {
					got := 0.0
					if i := j - least; i >= 0 && i < len(chances) {
						got = chances[i]
					}
					if want := choose(s, j) * choose(n-s, m-j) / choose(n, m); math.Abs(got-want) > 1e-14 {
						t.Errorf("%d of %d special, %d drawn, %d of them: %v, want %v", s, n, m, j, got, want)
					}
				}
			}
		}
	}
	least, chances := drawn(1_000_000, 300_000, 5_000)
	mean := 0.0
	for j, c := range chances {
		mean += c * float64(least+j)
	}
	if math.Abs(mean-1500) > 1e-8 {
		t.Errorf("mean %v, want 1500", mean)
	}
}

// TestMeanRanksAreExact puts one method first everywhere, in numbers of blocks whose reciprocals are not exact.
func TestMeanRanksAreExact(t *testing.T) {
	for _, blocks := range []int{3, 7, 10, 30, 49, 1000} {
		scores := make([][]float64, blocks)
		for b := range scores {
			scores[b] = []float64{9, float64(b % 2), 0.5, 0.5}
		}
		r, err := Friedman(scores)
		if err != nil {
			t.Fatal(err)
		}
		total := 0.0
		for _, m := range r.MeanRanks {
			total += m
		}
		if r.MeanRanks[0] != 1 || r.MeanRanks[2] != r.MeanRanks[3] || math.Abs(total-10) > 1e-12 {
			t.Errorf("%d blocks: %v", blocks, r.MeanRanks)
		}
		for b := range scores {
			scores[b] = []float64{0, 1, 2, 2}
		}
		if r, err = Friedman(scores); err != nil || !slices.Equal(r.MeanRanks, []float64{4, 3, 1.5, 1.5}) {
			t.Errorf("%d blocks: %v %v", blocks, r.MeanRanks, err)
		}
	}
}
