package correlation

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Criteria of how well predictions find the best of a set; in all of them higher values are better. Equal values stand
// in a uniformly random order, those of truth and prediction independently of each other, and every criterion is the
// expectation over these orders, in closed form. So no criterion depends on the order in which the items are given, not
// even in the last bit: sums run over counts, or over sorted values.

func sortedKeys[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }

// edge is where the k largest of a vector end: values above it are among them, of the tied ones that equal it taken.
type edge struct {
	value       float64
	taken, tied int // 1 <= taken <= tied
}

func edgeOf(v []float64, k int) edge {
	e := edge{value: slices.Sorted(slices.Values(v))[len(v)-k], taken: k}
	for _, x := range v {
		switch {
		case x > e.value:
			e.taken--
		case x == e.value:
			e.tied++
		}
	}
	return e
}

// Selection says what a predictor does to the k items that it ranks highest and lowest (aw_nas's evaluation and
// NASLib's zero-cost scores), in expectation over the orders of equal values.
type Selection struct {
	K                 int
	PrecisionTop      float64 // share of the predicted top k that belong to the true top k: TopOverlap/k
	PrecisionBottom   float64 // share of the predicted last k that belong to the true last k
	BestRank          float64 // true rank, from 1, of the best of the predicted top k
	WorstRank         float64 // true rank of the worst of the predicted top k
	TauTop, TauBottom float64 // tau-b within the predicted top and last k with all that tie with them; NaN if undefined
	N                 int
	Tied              bool // some truths, or some predictions, are equal
}

// BestShare is BestRank/n; 1/n is perfect.
func (s Selection) BestShare() float64 { return s.BestRank / float64(s.N) }

// Select returns the Selection of k of n >= k >= 1 items. The error wraps [ErrNaN] or [ErrUndefined].
func Select(truth, predicted []float64, k int) (Selection, error) {
	if err := checkSelection(truth, predicted, k); err != nil {
		return Selection{}, err
	}
	s := Selection{K: k, N: len(truth), Tied: tied(truth) || tied(predicted)}
	s.PrecisionTop = overlap(truth, predicted, k) / float64(k)
	s.BestRank, _ = bestOf(truth, predicted, k)
	s.TauTop = tauFrom(truth, predicted, k)
	falling, low := negated(truth), negated(predicted)
	worst, _ := bestOf(falling, predicted, k)
	s.WorstRank = float64(s.N+1) - worst
	s.PrecisionBottom = overlap(falling, low, k) / float64(k)
	s.TauBottom = tauFrom(falling, low, k)
	return s, nil
}

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = -x
	}
	return out
}

func tied(v []float64) bool {
	_, distinct := denseRanks(v)
	return distinct < len(v)
}

// tauFrom is tau-b of the items that are predicted to be no worse than the k-th, NaN where undefined.
func tauFrom(truth, predicted []float64, k int) float64 {
	var a, b []float64
	from := edgeOf(predicted, k).value
	for i, p := range predicted {
		if p >= from {
			a, b = append(a, truth[i]), append(b, p)
		}
	}
	tau, err := Kendall(a, b)
	return orNaN(tau, err == nil)
}

func checkSelection(truth, predicted []float64, k int) error {
	sameLength(len(truth), len(predicted))
	if err := noNaN("truth", truth); err != nil {
		return err
	}
	if err := noNaN("predicted", predicted); err != nil {
		return err
	}
	if k < 1 || k > len(truth) {
		return undefinedf("the top %d of %d items", k, len(truth))
	}
	return nil
}

// PrecisionAbove is NASLib's precision at k: the share of k of the items that lie strictly above the (k+1)-th largest
// value in truth and prediction alike. With k >= n the threshold is the minimum, so the smallest never count.
func PrecisionAbove(truth, predicted []float64, k int) (float64, error) {
	if err := checkSelection(truth, predicted, min(k, len(truth))); err != nil {
		return 0, err
	}
	threshold := func(v []float64) float64 {
		s := slices.Sorted(slices.Values(v))
		return s[max(0, len(s)-1-k)]
	}
	t, p := threshold(truth), threshold(predicted)
	shared := 0
	for i := range truth {
		if truth[i] > t && predicted[i] > p {
			shared++
		}
	}
	return float64(shared) / float64(k), nil
}

// TopOverlap is the expected number of items in both the true and the predicted top k: the sum over items of the
// product of their chances to be in the one and in the other.
func TopOverlap(truth, predicted []float64, k int) (float64, error) {
	if err := checkSelection(truth, predicted, k); err != nil {
		return 0, err
	}
	return overlap(truth, predicted, k), nil
}

// overlap counts items by where they stand, so that a single division rounds.
func overlap(truth, predicted []float64, k int) float64 {
	t, p := edgeOf(truth, k), edgeOf(predicted, k)
	var count [2][2]float64 // [tied at the edge of truth][of prediction]
	for i, v := range truth {
		if v < t.value || predicted[i] < p.value {
			continue
		}
		count[indicator(v == t.value)][indicator(predicted[i] == p.value)]++
	}
	trueTaken, trueTied := float64(t.taken), float64(t.tied)
	taken, tied := float64(p.taken), float64(p.tied)
	return (float64(count[0][0]*trueTied*tied) + float64(count[1][0]*trueTaken*tied) +
		float64(count[0][1]*trueTied*taken) + float64(count[1][1]*trueTaken*taken)) / (trueTied * tied)
}

func indicator(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Regret is the expectation of the best true value less the best among the predicted top k.
func Regret(truth, predicted []float64, k int) (float64, error) {
	if err := checkSelection(truth, predicted, k); err != nil {
		return 0, err
	}
	_, regret := bestOf(truth, predicted, k)
	return regret, nil
}

// bestOf returns the expected true rank, from 1, of the best of the predicted top k, and the expected regret. It goes
// down the groups of equal truth: of the h items of a group, t are in the predicted top k, and the first of those in a
// random order of the group stands at (h+1)/(t+1) on average.
func bestOf(truth, predicted []float64, k int) (rank, regret float64) {
	e := edgeOf(predicted, k)
	order := ascending(truth)
	slices.Reverse(order)
	best := truth[order[0]]
	none, left := 1.0, e.tied // chance that no item so far is in the predicted top k; tied items from here on
	for lo := 0; lo < len(order) && none > 0; {
		certain, tied, hi := 0, 0, lo
		for ; hi < len(order) && truth[order[hi]] == truth[order[lo]]; hi++ {
			certain += indicator(predicted[order[hi]] > e.value)
			tied += indicator(predicted[order[hi]] == e.value)
		}
		least, chances := drawn(left, tied, e.taken)
		found := 0.0
		for j, chance := range chances {
			if t := certain + least + j; t > 0 {
				found += chance
				rank += float64(none * chance * (float64(lo) + float64(hi-lo+1)/float64(t+1)))
			}
		}
		if v := truth[order[lo]]; found > 0 && v != best {
			regret += float64(none * found * (best - v))
		}
		switch {
		case certain > 0 || least > 0:
			none = 0
		default:
			none *= chances[0]
		}
		left -= tied
		lo = hi
	}
	return rank, regret
}

// drawn is the hypergeometric distribution: of n items, m are drawn, and j of the s special ones are among them with
// chances[j-least]. The chances are built from the most likely one outwards, which neither overflows nor cancels.
func drawn(n, s, m int) (least int, chances []float64) {
	least, most := max(0, m-(n-s)), min(s, m)
	chances = make([]float64, most-least+1)
	mode := min(most, max(least, int(float64(m+1)*float64(s+1)/float64(n+2))))
	ratio := func(j int) float64 { // of the chance of j+1 to that of j
		return float64(s-j) * float64(m-j) / (float64(j+1) * float64(n-s-m+j+1))
	}
	chances[mode-least] = 1
	for j := mode; j < most; j++ {
		chances[j+1-least] = chances[j-least] * ratio(j)
	}
	for j := mode - 1; j >= least; j-- {
		chances[j-least] = chances[j+1-least] / ratio(j)
	}
	total := 0.0
	for _, c := range chances {
		total += c
	}
	for j := range chances {
		chances[j] /= total
	}
	return least, chances
}

// NDCG is the normalised discounted cumulative gain at k (Jarvelin and Kekalainen 2002), with discount
// 1/log2(position+1). gains are the true worths, at least 0; items of equal prediction share the mean of their gains,
// which makes it the expectation over their orders. It is 0 when no item has a gain.
func NDCG(gains, predicted []float64, k int) (float64, error) {
	if err := checkSelection(gains, predicted, k); err != nil {
		return 0, err
	}
	if slices.Min(gains) < 0 {
		return 0, undefinedf("a negative gain")
	}
	ideal := cumulative(gains, gains, k)
	if ideal == 0 {
		return 0, nil
	}
	return cumulative(gains, predicted, k) / ideal, nil
}

// cumulative is the discounted gain of the first k places in the order of scores, ties averaged. Equal scores are
// summed in order of gain.
func cumulative(gains, scores []float64, k int) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(scores[j], scores[i]), cmp.Compare(gains[j], gains[i]))
	})
	total := 0.0
	for lo := 0; lo < min(k, len(order)); {
		hi, gain, discount := lo, 0.0, 0.0
		for ; hi < len(order) && scores[order[hi]] == scores[order[lo]]; hi++ {
			gain += gains[order[hi]]
			if hi < k {
				discount += 1 / math.Log2(float64(hi+2))
			}
		}
		total += float64(gain / float64(hi-lo) * discount)
		lo = hi
	}
	return total
}

// LinearGains are the gains truth - min(truth).
func LinearGains(truth []float64) []float64 {
	low := slices.Min(truth)
	out := make([]float64, len(truth))
	for i, v := range truth {
		out[i] = v - low
	}
	return out
}

// Round rounds to decimals, halves to even after scaling, as numpy does: the rounding of sparse correlations.
func Round(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.RoundToEven(v*scale) / scale
}

// SparseKendall is tau-b after rounding the predictions, which makes differences too small to matter ties
// (NAS-Bench-301 and NASLib report it with one and two decimals).
func SparseKendall(truth, predicted []float64, decimals int) (float64, error) {
	rounded := make([]float64, len(predicted))
	for i, v := range predicted {
		rounded[i] = Round(v, decimals)
	}
	return Kendall(truth, rounded)
}

// Frontier lists the estimators worth their cost, from cheap to expensive: those that no other beats in value at the
// same or a lower cost. Read backwards it is the best value within a budget. NaN values never belong to it.
func Frontier(costs, values []float64) []int {
	sameLength(len(costs), len(values))
	order := make([]int, 0, len(costs))
	for i := range costs {
		if !math.IsNaN(values[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(costs[i], costs[j]), cmp.Compare(values[j], values[i]))
	})
	var best []int
	for _, i := range order {
		if len(best) == 0 || values[i] > values[best[len(best)-1]] {
			best = append(best, i)
		}
	}
	return best
}
