package correlation

import (
	"cmp"
	"math"
	"slices"
)

// WeightRanking says which rank of a row decides its weight in [WeightedTau].
type WeightRanking int

const (
	// RankByBoth takes the mean of the coefficients under RankByX and RankByY (Vigna's additive hyperbolic tau by
	// default).
	RankByBoth WeightRanking = iota
	// RankByX ranks rows by decreasing x, ties by decreasing y.
	RankByX
	// RankByY ranks rows by decreasing y, ties by decreasing x.
	RankByY
	// RankByPosition takes the order of the vectors as the ranking.
	RankByPosition
)

// WeightedOptions of [WeightedTau]. The zero value is Vigna's additive hyperbolic tau.
type WeightedOptions struct {
	Ranking        WeightRanking
	Multiplicative bool                   // a pair weighs the product of its rows' weights, not the sum
	Weigher        func(rank int) float64 // weight (>= 0) of the row of 0-based rank; nil: 1/(rank+1)
}

// WeightedTau returns a tau in which exchanges near the top count more: sum of the signs' product times the pair's
// weight, normalised as a correlation, in O(n log n). Large values matter most: pass accuracies, not errors. With a
// constant weigher it is tau-b. The error wraps [ErrUndefined] when x or y is constant (in all pairs that have weight),
// [ErrNaN] for a NaN. Rows that are equal in x and in y count the same whichever of them comes first, so that the order
// in which rows are given does not matter (but to RankByPosition). Vigna (2015), A weighted correlation index
// for rankings with ties.
func WeightedTau(x, y []float64, o WeightedOptions) (float64, error) {
	if err := checkPair(x, y); err != nil {
		return 0, err
	}
	n := len(x)
	order, scratch := newOrdering(n), make(ordering, n)
	yDistinct := order.sortBy(y, scratch)
	rank := order.ranksByRow()
	xDistinct := order.sortBy(x, scratch)
	if xDistinct == 1 {
		return 0, undefinedf("x is constant")
	}
	if yDistinct == 1 {
		return 0, undefinedf("y is constant")
	}
	// From here on rows are known by their place in the order of (x, y), so that the order in which they were given
	// decides nothing, not even which rounding a sum sees.
	w := weighted{rx: make([]int32, n), ry: make([]int32, n), product: o.Multiplicative, weigher: o.Weigher}
	place := make([]int32, n) // of each row as given
	for i := range order {
		w.rx[i], w.ry[i] = order.rank(i), rank[order.row(i)]
		place[order.row(i)] = int32(i)
	}
	if w.weigher == nil {
		w.weigher = func(rank int) float64 { return 1 / float64(rank+1) }
	}
	switch o.Ranking {
	case RankByX:
		return w.tau(descending(positions(n)))
	case RankByY:
		return w.tau(descending(w.sortedByYX()))
	case RankByPosition:
		return w.tau(place)
	}
	a, err := w.tau(descending(positions(n)))
	if err != nil {
		return 0, err
	}
	b, err := w.tau(descending(w.sortedByYX()))
	return (a + b) / 2, err
}

// sortedByYX returns the rows in ascending order of (y, x).
func (w *weighted) sortedByYX() []int32 {
	rows := positions(len(w.ry)) // in order of (x, y)
	slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(w.ry[a], w.ry[b]) })
	return rows
}

func descending(rows []int32) []int32 {
	slices.Reverse(rows)
	return rows
}

func positions(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// weighted holds what the coefficients of one pair of vectors share. Rows are in ascending order of (x, y).
type weighted struct {
	rx, ry  []int32 // dense ranks
	product bool
	weigher func(int) float64
}

// group sums the weights of rows, and from them those of pairs of rows.
type group struct {
	rows, sum, squares float64
}

func (g *group) add(w float64) {
	g.rows++
	g.sum += w
	g.squares += float64(w * w)
}

// pairs is the weight of all pairs within the group.
func (w *weighted) pairs(g group) float64 {
	if w.product {
		return (float64(g.sum*g.sum) - g.squares) / 2
	}
	return (g.rows - 1) * g.sum
}

// between is the weight of the pairs of one row with a group.
func (w *weighted) between(weight float64, g group) float64 {
	if w.product {
		return weight * g.sum
	}
	return float64(weight*g.rows) + g.sum
}

// tau returns the coefficient when rows of the given order have ranks 0, 1, ...
func (w *weighted) tau(ranking []int32) (float64, error) {
	weight := make([]float64, len(ranking)) // by row
	for rank, row := range ranking {
		weight[row] = w.weigher(rank)
	}
	var all group
	xGroups, yGroups := make([]group, len(ranking)), make([]group, len(ranking))
	for row, v := range weight {
		all.add(v)
		xGroups[w.rx[row]].add(v)
		yGroups[w.ry[row]].add(v)
	}
	var xTies, yTies, jointTies float64
	for i := range xGroups {
		xTies += w.tied(xGroups[i])
		yTies += w.tied(yGroups[i])
	}
	var joint group
	for i, v := range weight {
		if i > 0 && (w.rx[i] != w.rx[i-1] || w.ry[i] != w.ry[i-1]) {
			jointTies += w.tied(joint)
			joint = group{}
		}
		joint.add(v)
	}
	jointTies += w.tied(joint)
	total := w.pairs(all)
	xx, yy := total-xTies, total-yTies
	if !(xx > 0 && yy > 0) {
		return 0, undefinedf("no untied pair has weight")
	}
	exchanged := w.exchanges(positions(len(weight)), make([]int32, len(weight)), weight)
	return clamp1((total - xTies - yTies + jointTies - 2*exchanged) / math.Sqrt(xx) / math.Sqrt(yy)), nil
}

// tied is the weight of the pairs within a group of tied rows; exactly none for fewer than two rows.
func (w *weighted) tied(g group) float64 {
	if g.rows < 2 {
		return 0
	}
	return w.pairs(g)
}

// exchanges merge-sorts rows by y and returns the weight of the pairs that change places.
func (w *weighted) exchanges(rows, scratch []int32, weight []float64) (sum float64) {
	if len(rows) < 2 {
		return 0
	}
	mid := len(rows) / 2
	left, right := rows[:mid], rows[mid:]
	sum = w.exchanges(left, scratch[:mid], weight) + w.exchanges(right, scratch[mid:], weight)
	var rest group // what is left of the left half
	for _, row := range left {
		rest.add(weight[row])
	}
	i, j := 0, 0
	for k := range scratch {
		if j == len(right) || i < len(left) && w.ry[left[i]] <= w.ry[right[j]] {
			scratch[k] = left[i]
			rest.rows--
			rest.sum -= weight[left[i]]
			i++
		} else {
			scratch[k] = right[j]
			sum += w.between(weight[right[j]], rest)
			j++
		}
	}
	copy(rows, scratch)
	return sum
}
