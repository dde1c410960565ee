package correlation

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Criteria of how well predictions find the best of a set; in all of them higher values are better. They follow the
// tie rules of the programs that the field uses, which differ, so each states its own.

func sortedKeys[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }

// descendingLast orders indices by descending value, of equal ones the last first.
func descendingLast(v []float64) []int {
	order := ascending(v)
	slices.Reverse(order)
	return order
}

// descendingFirst orders indices by descending value, of equal ones the first first.
func descendingFirst(v []float64) []int {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(v[j], v[i]) })
	return order
}

// Selection says what a predictor does to the k items that it ranks highest and lowest (aw_nas's evaluation and
// NASLib's zero-cost scores): of equal values the last item comes first.
type Selection struct {
	K                 int
	PrecisionTop      float64 // share of the predicted top k that belong to the true top k
	PrecisionBottom   float64 // share of the predicted last k that belong to the true last k
	BestRank          int     // true rank, from 1, of the best of the predicted top k
	WorstRank         int     // true rank of the worst of the predicted top k
	TauTop, TauBottom float64 // tau-b within the predicted top and last k; NaN where undefined
	N                 int
}

// BestShare is BestRank/n; 1/n is perfect.
func (s Selection) BestShare() float64 { return float64(s.BestRank) / float64(s.N) }

// Select returns the Selection of k of n >= k >= 1 items. The error wraps [ErrNaN] or [ErrUndefined].
func Select(truth, predicted []float64, k int) (Selection, error) {
	if err := checkSelection(truth, predicted, k); err != nil {
		return Selection{}, err
	}
	n := len(truth)
	rank := make([]int, n) // true ranks, 0 the best
	for r, i := range descendingLast(truth) {
		rank[i] = r
	}
	order := descendingLast(predicted)
	top, bottom := order[:k], order[n-k:]
	s := Selection{K: k, N: n, BestRank: n, WorstRank: 1}
	for _, i := range top {
		if rank[i] < k {
			s.PrecisionTop += 1 / float64(k)
		}
		s.BestRank, s.WorstRank = min(s.BestRank, rank[i]+1), max(s.WorstRank, rank[i]+1)
	}
	for _, i := range bottom {
		if rank[i] >= n-k {
			s.PrecisionBottom += 1 / float64(k)
		}
	}
	s.TauTop, s.TauBottom = tauOf(truth, predicted, top), tauOf(truth, predicted, bottom)
	return s, nil
}

// tauOf is tau-b of some rows, NaN where undefined.
func tauOf(x, y []float64, rows []int) float64 {
	var a, b []float64
	for _, i := range rows {
		a, b = append(a, x[i]), append(b, y[i])
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

// TopOverlap is the number of items in both the true and the predicted top k; of equal values the first item comes
// first.
func TopOverlap(truth, predicted []float64, k int) (int, error) {
	if err := checkSelection(truth, predicted, k); err != nil {
		return 0, err
	}
	top := descendingFirst(truth)[:k]
	n := 0
	for _, i := range descendingFirst(predicted)[:k] {
		if slices.Contains(top, i) {
			n++
		}
	}
	return n, nil
}

// Regret is the best true value less the best among the predicted top k; of equal predictions the first item comes
// first.
func Regret(truth, predicted []float64, k int) (float64, error) {
	if err := checkSelection(truth, predicted, k); err != nil {
		return 0, err
	}
	best := math.Inf(-1)
	for _, i := range descendingFirst(predicted)[:k] {
		best = max(best, truth[i])
	}
	return slices.Max(truth) - best, nil
}

// NDCG is the normalised discounted cumulative gain at k (Jarvelin and Kekalainen 2002), with discount
// 1/log2(position+1). gains are the true worths, at least 0; items of equal prediction share the mean of their gains.
// It is 0 when no item has a gain.
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

// cumulative is the discounted gain of the first k places in the order of scores, ties averaged.
func cumulative(gains, scores []float64, k int) float64 {
	order := descendingFirst(scores)
	total := 0.0
	for lo := 0; lo < min(k, len(order)); {
		hi, gain, discount := lo, 0.0, 0.0
		for ; hi < len(order) && scores[order[hi]] == scores[order[lo]]; hi++ {
			gain += gains[order[hi]]
			if hi < k {
				discount += 1 / math.Log2(float64(hi+2))
			}
		}
		total += gain / float64(hi-lo) * discount
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
