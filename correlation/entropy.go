package correlation

import (
	"math"
	"math/rand/v2"
	"sort"
)

// binCount is the number of bins into which n values are put: round(1 + 3.322 ln n), the rule of NAS-Bench-Suite-Zero
// (Sturges' with the natural logarithm, that is more bins than his).
func binCount(n int) int { return int(math.RoundToEven(1 + float64(3.322*math.Log(float64(n))))) }

// discretise numbers the bins of equal width between the least and the largest value that the values lie in, from 0; a
// value on an edge belongs to the bin above. Equal values lie in one bin.
func discretise(x []float64, bins int) []int {
	low, high := x[0], x[0]
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	if low == high {
		low, high = low-0.5, high+0.5
	}
	step := (high - low) / float64(bins)
	edges := make([]float64, bins) // lower ones
	for i := range edges {
		edges[i] = float64(float64(i)*step) + low // rounded twice, so that no fused operation changes it
	}
	out := make([]int, len(x))
	for i, v := range x {
		out[i] = sort.Search(bins, func(k int) bool { return edges[k] > v }) - 1
	}
	return out
}

// partition says which of several groups each item belongs to.
type partition struct {
	of     []int
	groups int
}

// refine splits the groups by bins.
func (p partition) refine(bin []int, bins int) partition {
	number := make([]int, p.groups*bins) // plus 1
	out := partition{of: make([]int, len(p.of))}
	for i, g := range p.of {
		cell := &number[g*bins+bin[i]]
		if *cell == 0 {
			out.groups++
			*cell = out.groups
		}
		out.of[i] = *cell - 1
	}
	return out
}

// entropy is that of the group of a random item, in bits.
func (p partition) entropy() float64 {
	counts := make([]int, p.groups)
	for _, g := range p.of {
		counts[g]++
	}
	h, n := 0.0, float64(len(p.of))
	for _, c := range counts {
		h -= float64(float64(c) / n * math.Log2(float64(c)/n))
	}
	return max(0, h)
}

// Information says how much scores tell about accuracies together, as entropies in bits of values put into
// round(1 + 3.322 ln n) bins of equal width.
type Information struct {
	Prior   float64   // H(y)
	Order   []int     // of the scores: each is the one that leaves least entropy, given those before it
	Entropy []float64 // H(y | the first k+1 scores of Order)
	Chance  []float64 // the same for accuracies in random order: what is left only because the items are few
}

// chanceOrders is how many random orders of the accuracies Chance is the mean of.
const chanceOrders = 20

// ConditionalEntropy chooses scores greedily, at most as many as most, and returns what is left of the entropy of y.
// The items being few, entropy falls with every score, related or not, until each item is alone in its bins: compare
// with Chance. The definition is NAS-Bench-Suite-Zero's (Krishnakumar et al. 2022, arXiv 2210.03230, figure 4), whose
// published notebook has no Chance. y and all scores must be of one length, at least 2, and without NaN or infinite
// values.
func ConditionalEntropy(y []float64, scores [][]float64, most int, seed uint64) (Information, error) {
	for i, s := range append([][]float64{y}, scores...) {
		sameLength(len(s), len(y))
		name := "y"
		if i > 0 {
			name = "scores"
		}
		if err := noNaN(name, s); err != nil {
			return Information{}, err
		}
		for k, v := range s {
			if math.IsInf(v, 0) {
				return Information{}, undefinedf("%s[%d] is infinite: bins of equal width", name, k)
			}
		}
	}
	if len(y) < 2 {
		return Information{}, undefinedf("%d values, at least 2 needed", len(y))
	}
	bins := binCount(len(y))
	binned := make([][]int, len(scores))
	for i, s := range scores {
		binned[i] = discretise(s, bins)
	}
	given := partition{make([]int, len(y)), 1}
	target := discretise(y, bins)
	info := Information{Prior: given.refine(target, bins).entropy()}
	shuffled := make([][]int, chanceOrders)
	rng := rand.New(rand.NewPCG(seed, seed))
	for i := range shuffled {
		shuffled[i] = append([]int(nil), target...)
		rng.Shuffle(len(y), func(a, b int) { shuffled[i][a], shuffled[i][b] = shuffled[i][b], shuffled[i][a] })
	}
	left := func(p partition, y []int) float64 { return max(0, p.refine(y, bins).entropy()-p.entropy()) }
	chosen := make([]bool, len(scores))
	for range min(most, len(scores)) {
		best, least := -1, math.Inf(1)
		for i := range scores {
			if chosen[i] {
				continue
			}
			if h := left(given.refine(binned[i], bins), target); h < least-1e-12 { // below is rounding: the first of equals
				best, least = i, h
			}
		}
		chosen[best] = true
		given = given.refine(binned[best], bins)
		chance := 0.0
		for _, y := range shuffled {
			chance += left(given, y)
		}
		info.Order, info.Entropy, info.Chance = append(info.Order, best), append(info.Entropy, least),
			append(info.Chance, chance/chanceOrders)
	}
	return info, nil
}
