package correlation

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Alternative is the direction of the alternative hypothesis of a test.
type Alternative int

const (
	// TwoSided tests against a difference or an association of either sign.
	TwoSided Alternative = iota
	// Less tests against a negative association (or x smaller than y).
	Less
	// Greater tests against a positive association (or x greater than y).
	Greater
)

// Method is the null distribution a p-value comes from.
type Method int

const (
	// Auto lets the sample decide; each test documents its rule.
	Auto Method = iota
	// Exact is the permutation distribution without ties.
	Exact
	// Asymptotic is the large-sample distribution, corrected for ties.
	Asymptotic
)

// String returns "auto", "exact" or "asymptotic".
func (m Method) String() string {
	switch m {
	case Exact:
		return "exact"
	case Asymptotic:
		return "asymptotic"
	default:
		return "auto"
	}
}

// Test is the result of a significance test: the statistic, its p-value and the distribution that p came from.
type Test struct {
	N         int
	Statistic float64
	P         float64
	Method    Method
}

// KendallTest returns tau-b with the p-value of [Pairs.PValue]. When only the p-value is undefined the statistic is set
// and the error wraps [ErrUndefined].
func KendallTest(x, y []float64, method Method, alt Alternative) (Test, error) {
	pairs, err := CountPairs(x, y)
	if err != nil {
		return Test{N: len(x)}, err
	}
	tau, err := pairs.TauB()
	if err != nil {
		return Test{N: len(x)}, err
	}
	p, used, err := pairs.PValue(method, alt)
	return Test{N: pairs.N, Statistic: tau, P: p, Method: used}, err
}

// PValue returns the p-value of no association, a function of C-D only and so the same for tau-a, tau-b and tau-c, and
// the method used. Auto is exact without ties when n <= 33 or at most one pair is out of order (in either direction),
// else asymptotic. Exact (time O(n C') with C' = min(C, D)) is undefined with ties, Asymptotic with n = 2; both are
// undefined when a vector is constant.
func (p Pairs) PValue(method Method, alt Alternative) (float64, Method, error) {
	if err := p.constant(); err != nil {
		return 0, method, err
	}
	ties := p.XTies > 0 || p.YTies > 0
	if method == Auto {
		method = Asymptotic
		if !ties && (p.N <= 33 || min(p.Discordant, p.Concordant) <= 1) {
			method = Exact
		}
	}
	if method == Exact {
		if ties {
			return 0, Exact, undefinedf("exact p-value with ties")
		}
		return exactKendallP(p.N, p.Discordant, alt), Exact, nil
	}
	if p.N == 2 {
		return 0, Asymptotic, undefinedf("asymptotic p-value of 2 values")
	}
	return normalP(float64(p.score())/math.Sqrt(p.varianceOfScore()), alt), Asymptotic, nil
}

// varianceOfScore is the variance of C-D under independence given the ties (Kendall 1970, Rank Correlation Methods,
// 4.9).
func (p Pairs) varianceOfScore() float64 {
	n := float64(p.N)
	m := n * (n - 1)
	return (float64(m*(float64(2*n)+5))-p.xTied.variance-p.yTied.variance)/18 +
		2*float64(p.XTies)*float64(p.YTies)/m +
		p.xTied.cubic*p.yTied.cubic/(9*m*(n-2))
}

// exactKendallP is the tail of the distribution of the number of inversions of a random permutation of n.
func exactKendallP(n int, discordant int64, alt Alternative) float64 {
	total := choose2(int64(n))
	switch alt {
	case Greater:
		return inversionsAtMost(n, discordant)
	case Less:
		return inversionsAtMost(n, total-discordant) // the distribution is symmetric
	}
	c := min(discordant, total-discordant)
	if 2*c == total {
		return 1
	}
	return min(1, 2*inversionsAtMost(n, c))
}

// inversionsAtMost is P(inversions <= c) of a uniformly random permutation of n: the Mahonian recursion, scaled by 1/j
// at step j so that n! never appears.
func inversionsAtMost(n int, c int64) float64 {
	total := choose2(int64(n))
	if c >= total {
		return 1
	}
	if 2*c > total {
		return 1 - inversionsAtMost(n, total-c-1)
	}
	prob, next := make([]float64, c+1), make([]float64, c+1)
	prob[0] = 1
	for j := 2; j <= n; j++ {
		top := min(c, choose2(int64(j)))
		window := 0.0
		for k := int64(0); k <= top; k++ {
			window += prob[k]
			if k >= int64(j) {
				window -= prob[k-int64(j)]
			}
			next[k] = window / float64(j)
		}
		prob, next = next, prob
	}
	sum := 0.0
	for _, p := range prob {
		sum += p
	}
	return sum
}

// normalP is the p-value of a standard normal statistic.
func normalP(z float64, alt Alternative) float64 {
	switch alt {
	case Less:
		return math.Erfc(-z/math.Sqrt2) / 2
	case Greater:
		return math.Erfc(z/math.Sqrt2) / 2
	}
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

// correlationP is the p-value of a product-moment coefficient r by Student's t with df degrees of freedom, evaluated as
// an incomplete beta function of 1-r^2 so that small tails keep their relative precision.
func correlationP(r, df float64, alt Alternative) float64 {
	two := 0.0
	if s := (1 - r) * (1 + r); s > 0 {
		two = mathext.RegIncBeta(df/2, 0.5, s)
	}
	if alt == TwoSided {
		return two
	}
	if (r > 0) == (alt == Greater) {
		return two / 2
	}
	return 1 - float64(two/2)
}
