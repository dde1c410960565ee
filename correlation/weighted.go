package correlation

import (
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
// [ErrNaN] for a NaN. Vigna (2015), A weighted correlation index for rankings with ties.
func WeightedTau(x, y []float64, o WeightedOptions) (float64, error) {
	if err := checkPair(x, y); err != nil {
		return 0, err
	}
	n := len(x)
	order, scratch := newOrdering(n), make(ordering, n)
	yDistinct := order.sortBy(y, scratch)
	ry := order.ranksByRow()
	xDistinct := order.sortBy(x, scratch) // rows in order of (x, y)
	rx := order.ranksByRow()
	if xDistinct == 1 {
		return 0, undefinedf("x is constant")
	}
	if yDistinct == 1 {
		return 0, undefinedf("y is constant")
	}
	byXY := make([]int32, n)
	for i := range order {
		byXY[i] = int32(order.row(i))
	}
	w := weighted{rx: rx, ry: ry, byXY: byXY, product: o.Multiplicative, weigher: o.Weigher}
	if w.weigher == nil {
		w.weigher = func(rank int) float64 { return 1 / float64(rank+1) }
	}
	switch o.Ranking {
	case RankByX:
		return w.tau(descending(byXY))
	case RankByY:
		return w.tau(descending(sortedByYX(rx, ry)))
	case RankByPosition:
		return w.tau(positions(n))
	}
	a, err := w.tau(descending(byXY))
	if err != nil {
		return 0, err
	}
	b, err := w.tau(descending(sortedByYX(rx, ry)))
	return (a + b) / 2, err
}

// sortedByYX returns the rows in ascending order of (y, x), from their dense ranks.
func sortedByYX(rx, ry []int32) []int32 {
	x, y := make([]float64, len(rx)), make([]float64, len(rx))
	for i := range x {
		x[i], y[i] = float64(rx[i]), float64(ry[i])
	}
	order, scratch := newOrdering(len(rx)), make(ordering, len(rx))
	order.sortBy(x, scratch)
	order.sortBy(y, scratch)
	rows := make([]int32, len(rx))
	for i := range rows {
		rows[i] = int32(order.row(i))
	}
	return rows
}

func descending(rows []int32) []int32 {
	out := slices.Clone(rows)
	slices.Reverse(out)
	return out
}

func positions(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// weighted holds what the coefficients of one pair of vectors share.
type weighted struct {
	rx, ry  []int32 // dense ranks by row
	byXY    []int32 // rows in ascending order of (x, y)
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
	g.squares += w * w
}

// pairs is the weight of all pairs within the group.
func (w *weighted) pairs(g group) float64 {
	if w.product {
		return (g.sum*g.sum - g.squares) / 2
	}
	return (g.rows - 1) * g.sum
}

// between is the weight of the pairs of one row with a group.
func (w *weighted) between(weight float64, g group) float64 {
	if w.product {
		return weight * g.sum
	}
	return weight*g.rows + g.sum
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
	for i, row := range w.byXY {
		if i > 0 {
			if last := w.byXY[i-1]; w.rx[row] != w.rx[last] || w.ry[row] != w.ry[last] {
				jointTies += w.tied(joint)
				joint = group{}
			}
		}
		joint.add(weight[row])
	}
	jointTies += w.tied(joint)
	total := w.pairs(all)
	xx, yy := total-xTies, total-yTies
	if !(xx > 0 && yy > 0) {
		return 0, undefinedf("no untied pair has weight")
	}
	exchanged := w.exchanges(slices.Clone(w.byXY), make([]int32, len(weight)), weight)
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
