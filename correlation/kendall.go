package correlation

import "math"

// Pairs classifies the n(n-1)/2 pairs of rows of two vectors. XTies and YTies count the pairs tied in x and in y, both
// including the JointTies, so that Concordant+Discordant+XTies+YTies-JointTies = n(n-1)/2.
type Pairs struct {
	N                                               int
	Concordant, Discordant, XTies, YTies, JointTies int64

	xDistinct, yDistinct int
	xTied, yTied         tieSums
}

// CountPairs classifies all pairs of rows of x and y (equal length, n >= 2) in O(n log n) (Knight 1966): sort by x,
// ties by y, then count the exchanges of a merge sort by y. Infinities are ordered as numbers. The error wraps [ErrNaN]
// or [ErrUndefined] (n < 2).
func CountPairs(x, y []float64) (Pairs, error) {
	if err := checkPair(x, y); err != nil {
		return Pairs{}, err
	}
	n := len(x)
	p := Pairs{N: n}
	order, scratch := newOrdering(n), make(ordering, n)
	p.yDistinct = order.sortBy(y, scratch)
	p.yTied = order.tieSums()
	rank := order.ranksByRow()
	p.xDistinct = order.sortBy(x, scratch) // stable: rows are now in order of (x, y)
	p.xTied = order.tieSums()

	sequence := make([]int32, n)
	joint := int64(1) // rows so far in the run of equal (x, y)
	for i := range order {
		sequence[i] = rank[order.row(i)]
		if i > 0 && order.tied(i) && sequence[i] == sequence[i-1] {
			p.JointTies += joint
			joint++
		} else {
			joint = 1
		}
	}
	p.XTies, p.YTies = p.xTied.pairs, p.yTied.pairs
	p.Discordant = countInversions(sequence, p.yDistinct)
	p.Concordant = p.total() - p.XTies - p.YTies + p.JointTies - p.Discordant
	return p, nil
}

// tieSums are sums over groups of t tied values: t(t-1)/2, t(t-1)(t-2) and t(t-1)(2t+5). The variance of the score
// needs the last two.
type tieSums struct {
	pairs           int64
	cubic, variance float64
}

func (s *tieSums) add(group int64) {
	t := float64(group)
	s.pairs += choose2(group)
	s.cubic += float64(t * (t - 1) * (t - 2))
	s.variance += float64(t * (t - 1) * (float64(2*t) + 5))
}

// tieSums sums over the groups of rows with equal keys.
func (o ordering) tieSums() (s tieSums) {
	group := int64(1)
	for i := 1; i < len(o); i++ {
		if o.tied(i) {
			group++
		} else if group > 1 {
			s.add(group)
			group = 1
		}
	}
	s.add(group)
	return s
}

func choose2(n int64) int64 { return n * (n - 1) / 2 }

func (p Pairs) total() int64 { return choose2(int64(p.N)) }

func (p Pairs) score() int64 { return p.Concordant - p.Discordant }

// constant returns an error that wraps ErrUndefined when every pair is tied in x or in y.
func (p Pairs) constant() error {
	switch {
	case p.XTies == p.total():
		return undefinedf("x is constant")
	case p.YTies == p.total():
		return undefinedf("y is constant")
	}
	return nil
}

// TauA is (C-D) / (n(n-1)/2), Kendall's first coefficient, without a correction for ties: 0 for a constant vector.
func (p Pairs) TauA() float64 { return float64(p.score()) / float64(p.total()) }

// TauB is Kendall's tau-b, (C-D) / sqrt((N-XTies)(N-YTies)) with N = n(n-1)/2. Undefined when x or y is constant.
func (p Pairs) TauB() (float64, error) {
	if err := p.constant(); err != nil {
		return 0, err
	}
	return tauB(p.score(), p.total(), p.XTies, p.YTies), nil
}

// tauB divides by the two roots one after the other: a bootstrap counts replicates that equal the observed value to
// the bit, and must find them whichever way the counts were obtained.
func tauB(score, total, xTies, yTies int64) float64 {
	if xTies == yTies && max(score, -score) == total-xTies {
		return float64(score) / float64(total-xTies) // a perfect order is 1, not 0.9999999999999999
	}
	return clamp1(float64(score) / math.Sqrt(float64(total-xTies)) / math.Sqrt(float64(total-yTies)))
}

func clamp1(r float64) float64 { return max(-1, min(1, r)) }

// TauC is Stuart's tau-c, 2(C-D) / (n^2 (m-1)/m), m the smaller number of distinct values. Undefined when x or y is
// constant.
func (p Pairs) TauC() (float64, error) {
	if err := p.constant(); err != nil {
		return 0, err
	}
	n, m := float64(p.N), float64(min(p.xDistinct, p.yDistinct))
	return clamp1(2 * float64(p.score()) / (n * n * (m - 1) / m)), nil
}

// Gamma is Goodman and Kruskal's gamma, (C-D)/(C+D). Undefined when every pair is tied in x or y.
func (p Pairs) Gamma() (float64, error) {
	if p.Concordant+p.Discordant == 0 {
		return 0, undefinedf("every pair is tied")
	}
	return float64(p.score()) / float64(p.Concordant+p.Discordant), nil
}

// SomersD is Somers' D of y given x, (C-D)/(N-XTies). Undefined when x is constant.
func (p Pairs) SomersD() (float64, error) {
	if p.XTies == p.total() {
		return 0, undefinedf("x is constant")
	}
	return float64(p.score()) / float64(p.total()-p.XTies), nil
}

// Kendall returns tau-b of x and y (equal length, n >= 2) in O(n log n). The error wraps [ErrUndefined] when either is
// constant and [ErrNaN] when either holds a NaN. Kendall (1945), Knight (1966).
func Kendall(x, y []float64) (float64, error) {
	p, err := CountPairs(x, y)
	if err != nil {
		return 0, err
	}
	return p.TauB()
}
