package correlation

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Zeros says what the Wilcoxon test does with differences of zero.
type Zeros int

const (
	// ZerosDropped leaves them out (Wilcoxon 1945).
	ZerosDropped Zeros = iota
	// ZerosRanked ranks them, then leaves their ranks out (Pratt 1959).
	ZerosRanked
	// ZerosSplit gives half of their ranks to each sign.
	ZerosSplit
)

// WilcoxonOptions of a signed-rank test. The zero value is two-sided, drops zeros, and is exact up to n = 50.
type WilcoxonOptions struct {
	Alternative Alternative
	Zeros       Zeros
	Method      Method
	Continuity  bool // of the asymptotic form
}

// Wilcoxon is the signed-rank test on the differences x-y of paired samples. The statistic is the smaller of the two
// signed rank sums when two-sided, else the sum of the positive ones. Auto is exact for n <= 50. A zero difference
// makes every exact test asymptotic; with ties among the differences the exact distribution is that without (the rule
// of scipy 1.10). The error wraps [ErrUndefined] when all differences are zero and not split.
func Wilcoxon(x, y []float64, o WilcoxonOptions) (Test, error) {
	if err := checkSamples(x, y); err != nil {
		return Test{}, err
	}
	sameLength(len(x), len(y))
	s, err := newSignedRanks(x, y, o.Zeros)
	if err != nil {
		return Test{N: len(x)}, err
	}
	t := Test{N: len(x), Statistic: s.plus, Method: o.Method}
	if o.Alternative == TwoSided {
		t.Statistic = min(s.plus, s.minus)
	}
	if t.Method == Auto {
		t.Method = Asymptotic
		if len(x) <= 50 {
			t.Method = Exact
		}
	}
	if s.zeros > 0 {
		t.Method = Asymptotic
	}
	if t.Method == Exact {
		t.P = signedRankP(s.count, int(s.plus), o.Alternative)
		return t, nil
	}
	return t, s.asymptotic(&t, o)
}

// signedRanks are the parts of Wilcoxon's statistic.
type signedRanks struct {
	count       int // differences that count
	zeros       int
	plus, minus float64
	nonzero     []float64 // ranks that enter the tie correction
	zerosRule   Zeros
}

func newSignedRanks(x, y []float64, rule Zeros) (signedRanks, error) {
	s := signedRanks{zerosRule: rule}
	var d, magnitude []float64
	for i := range x {
		v := x[i] - y[i]
		if v == 0 {
			s.zeros++
			if rule == ZerosDropped {
				continue
			}
		}
		d, magnitude = append(d, v), append(magnitude, math.Abs(v))
	}
	if s.zeros == len(x) && rule != ZerosSplit {
		return s, undefinedf("all differences are zero")
	}
	s.count = len(d)
	ranks, err := Ranks(magnitude, RankAverage)
	if err != nil {
		return s, err
	}
	for i, r := range ranks {
		switch {
		case d[i] > 0:
			s.plus += r
		case d[i] < 0:
			s.minus += r
		case rule == ZerosSplit:
			s.plus, s.minus = s.plus+float64(r/2), s.minus+float64(r/2)
		}
		if d[i] != 0 || rule == ZerosSplit {
			s.nonzero = append(s.nonzero, r)
		}
	}
	return s, nil
}

// asymptotic sets the p-value of the normal form, its variance corrected for ties.
func (s signedRanks) asymptotic(t *Test, o WilcoxonOptions) error {
	n, z := float64(s.count), float64(s.zeros)
	mean, variance := float64(n*(n+1)/4), float64(n*(n+1)*(float64(2*n)+1))
	if s.zerosRule == ZerosRanked {
		mean -= float64(z * (z + 1) / 4)
		variance -= float64(z * (z + 1) * (float64(2*z) + 1))
	}
	variance -= float64(tieSum(s.nonzero) / 2)
	if variance <= 0 {
		return undefinedf("p-value: the ranks have no variance")
	}
	shift := 0.0
	if o.Continuity {
		switch {
		case o.Alternative == Less:
			shift = -0.5
		case o.Alternative == Greater:
			shift = 0.5
		case t.Statistic != mean:
			shift = math.Copysign(0.5, t.Statistic-mean)
		}
	}
	t.P = normalP((t.Statistic-mean-shift)/math.Sqrt(variance/24), o.Alternative)
	return nil
}

// tieSum is the sum of t^3-t over groups of equal values.
func tieSum(ranks []float64) float64 {
	sorted := slices.Sorted(slices.Values(ranks))
	total := 0.0
	for lo := 0; lo < len(sorted); {
		hi := lo
		for hi < len(sorted) && sorted[hi] == sorted[lo] {
			hi++
		}
		t := float64(hi - lo)
		total += float64(t*t*t) - t
		lo = hi
	}
	return total
}

// signedRankP is the p-value of a sum of positive ranks under the distribution of sums of random subsets of 1..n.
func signedRankP(n, plus int, alt Alternative) float64 {
	probability := make([]float64, n*(n+1)/2+1)
	probability[0] = 1
	top := 0
	for r := 1; r <= n; r++ {
		top += r
		for k := top; k >= 0; k-- {
			p := probability[k]
			if k >= r {
				p += probability[k-r]
			}
			probability[k] = p / 2
		}
	}
	less, greater := floats.Sum(probability[:plus+1]), floats.Sum(probability[plus:])
	switch {
	case alt == Less:
		return min(1, less)
	case alt == Greater:
		return min(1, greater)
	case 2*plus == top:
		return 1
	}
	return min(1, 2*min(less, greater))
}

func checkSamples(x, y []float64) error {
	if err := noNaN("x", x); err != nil {
		return err
	}
	if err := noNaN("y", y); err != nil {
		return err
	}
	if len(x) == 0 || len(y) == 0 {
		return undefinedf("an empty sample")
	}
	return nil
}

// maxExactPairs bounds the exact Mann-Whitney distribution, which takes time and memory in proportion.
const maxExactPairs = 1 << 20

// MannWhitney is the rank-sum test of two independent samples. The statistic is U of x, the number of pairs that x
// wins, ties counting half. Auto is exact without ties when the smaller sample has at most 8 values; the asymptotic
// form is corrected for ties and, with continuity, by one half. The exact distribution is that without ties. The error
// wraps [ErrUndefined] when the p-value has no variance to stand on.
func MannWhitney(x, y []float64, method Method, continuity bool, alt Alternative) (Test, error) {
	if err := checkSamples(x, y); err != nil {
		return Test{}, err
	}
	ranks, err := Ranks(slices.Concat(x, y), RankAverage)
	if err != nil {
		return Test{}, err
	}
	n, m := len(x), len(y)
	ties := tieSum(ranks)
	u := floats.Sum(ranks[:n]) - float64(float64(n)*float64(n+1)/2)
	t := Test{N: n + m, Statistic: u, Method: method}
	if method == Auto {
		t.Method = Asymptotic
		if ties == 0 && min(n, m) <= 8 && n*m <= maxExactPairs {
			t.Method = Exact
		}
	}
	pairs := float64(n * m)
	side, sides := u, 1.0
	switch alt {
	case Less:
		side = pairs - u
	case TwoSided:
		side, sides = max(u, pairs-u), 2
	}
	if t.Method == Exact {
		if n*m > maxExactPairs {
			return t, undefinedf("exact p-value of samples of %d and %d: use the asymptotic one", n, m)
		}
		t.P = min(1, sides*rankSumTail(n, m, int(side)))
		return t, nil
	}
	total := float64(n + m)
	variance := pairs / 12 * (total + 1 - ties/(total*(total-1)))
	z := side - float64(pairs/2)
	if continuity {
		z -= 0.5
	}
	if z == 0 && variance == 0 {
		return t, undefinedf("p-value: all values are equal")
	}
	t.P = min(1, sides*normalP(z/math.Sqrt(variance), Greater))
	return t, nil
}

// rankSumTail is P(U >= u) without ties, by the recursion over the larger sample's and the smaller one's last value
// (Mann and Whitney 1947).
func rankSumTail(n, m, u int) float64 {
	if n > m {
		n, m = m, n // U is symmetric in the samples
	}
	p := make([][]float64, n+1) // of a values of the smaller sample and, in turn, 0..m of the larger
	for a := range p {
		p[a] = make([]float64, n*m+1)
		p[a][0] = 1
	}
	for b := 1; b <= m; b++ {
		for a := 1; a <= n; a++ {
			last := float64(a) / float64(a+b) // the largest of all belongs to the smaller sample
			for k := a * b; k >= 0; k-- {
				v := float64((1 - last) * p[a][k])
				if k >= b {
					v += float64(last * p[a-1][k-b])
				}
				p[a][k] = v
			}
		}
	}
	return floats.Sum(p[n][min(u, n*m+1):])
}

// VarghaDelaney is A12, the chance that a value of x exceeds one of y, ties counting half (Vargha and Delaney 2000).
// Cliff's delta is 2 A12 - 1.
func VarghaDelaney(x, y []float64) (float64, error) {
	t, err := MannWhitney(x, y, Asymptotic, true, TwoSided)
	if t.N == 0 {
		return 0, err
	}
	return t.Statistic / (float64(len(x)) * float64(len(y))), nil
}

// FriedmanResult is the comparison of k methods over N blocks.
type FriedmanResult struct {
	Blocks, Methods int
	MeanRanks       []float64 // 1 is best, ties averaged
	ChiSquare, P    float64   // corrected for ties
	F, PF           float64   // Iman and Davenport (1980), of the corrected chi-square
}

// Friedman compares methods (columns, higher is better) over blocks (rows, such as seeds or data sets) by their ranks
// within blocks (Friedman 1937; Demsar 2006). The error wraps [ErrUndefined] for fewer than two blocks or three
// methods, or when all ranks agree.
func Friedman(scores [][]float64) (FriedmanResult, error) {
	r := FriedmanResult{Blocks: len(scores)}
	if r.Blocks < 2 || len(scores[0]) < 2 {
		return r, undefinedf("the Friedman test of %d blocks", r.Blocks)
	}
	k := len(scores[0])
	r.Methods, r.MeanRanks = k, make([]float64, k)
	doubled := make([]int, k) // sums of twice the ranks: whole numbers, so that one division rounds
	ties := 0.0
	for _, row := range scores {
		sameLength(len(row), k)
		ranks, err := Ranks(negated(row), RankAverage)
		if err != nil {
			return r, err
		}
		ties += tieSum(ranks)
		for j, rank := range ranks {
			doubled[j] += int(2 * rank)
		}
	}
	for j, sum := range doubled {
		r.MeanRanks[j] = float64(sum) / float64(2*r.Blocks)
	}
	n, kf := float64(r.Blocks), float64(k)
	squares := 0.0
	for _, m := range r.MeanRanks {
		squares += float64(m * m)
	}
	correction := 1 - ties/(n*kf*(float64(kf*kf)-1))
	if correction == 0 {
		return r, undefinedf("all ranks are tied")
	}
	r.ChiSquare = 12 * n / (kf * (kf + 1)) * (squares - float64(kf*(kf+1)*(kf+1)/4)) / correction
	r.P = distuv.ChiSquared{K: kf - 1}.Survival(r.ChiSquare)
	if r.F = math.Inf(1); n*(kf-1) > r.ChiSquare {
		r.F = (n - 1) * r.ChiSquare / (float64(n*(kf-1)) - r.ChiSquare)
		r.PF = distuv.F{D1: kf - 1, D2: (kf - 1) * (n - 1)}.Survival(r.F)
	}
	return r, nil
}
