package correlation

import (
	"errors"
	"math"
)

// Partial is the first-order partial correlation of x and y given z: (xy - xz yz)/sqrt((1-xz^2)(1-yz^2)) of the three
// coefficients, with the p-value of no association given z. Kendall's is normal (Gibbons and Chakraborti; as R's ppcor
// computes it), the others have Student's t with n-3 degrees of freedom. Kendall's partial tau is not the tau of
// residuals. The error wraps [ErrUndefined] when a coefficient is, or z determines x or y.
func Partial(c Coefficient, x, y, z []float64, alt Alternative) (Test, error) {
	t := Test{N: len(x), Method: Asymptotic}
	xy, xz, yz, err := triangle(c, x, y, z)
	if err != nil {
		return t, err
	}
	if t.Statistic = partial(xy, xz, yz); math.IsNaN(t.Statistic) {
		return t, undefinedf("z determines x or y")
	}
	n := float64(len(x))
	if len(x) < 4 {
		return t, undefinedf("p-value of a partial correlation of %d values, at least 4 needed", len(x))
	}
	if c == KendallTauB {
		t.P = normalP(t.Statistic/math.Sqrt(2*(2*(n-1)+5)/(9*(n-1)*(n-2))), alt)
		return t, nil
	}
	t.P = correlationP(t.Statistic, n-3, alt)
	return t, nil
}

// partial is the partial correlation of three coefficients; NaN where z determines x or y, or one of them is NaN.
func partial(xy, xz, yz float64) float64 {
	if xz*xz >= 1 || yz*yz >= 1 {
		return math.NaN()
	}
	return (xy - float64(xz*yz)) / math.Sqrt((1-float64(xz*xz))*(1-float64(yz*yz)))
}

// BootstrapPartial returns the bootstrap distribution of the partial correlation of x and y given z, as [Bootstrap]
// does of a coefficient.
func BootstrapPartial(c Coefficient, x, y, z []float64, o Options) (*Distribution, error) {
	observed, err := Partial(c, x, y, z, TwoSided)
	if err != nil {
		return nil, err
	}
	n := len(x)
	b, err := o.resamplesOf(n)
	if err != nil {
		return nil, err
	}
	ks := []kernel{newKernel(c, x, y), newKernel(c, x, z), newKernel(c, y, z)}
	of, err := replicate(ks, n, n, b, o)
	if err != nil {
		return nil, err
	}
	without := make([][]float64, len(ks))
	for i, k := range ks {
		if without[i], err = leaveOneOut(k, n, o); err != nil {
			return nil, err
		}
	}
	join := func(of [][]float64) []float64 {
		out := make([]float64, len(of[0]))
		for i := range out {
			out[i] = partial(of[0][i], of[1][i], of[2][i])
		}
		return out
	}
	return newDistribution(observed.Statistic, join(of), [][]float64{join(without)})
}

// Semipartial is the correlation of x with y from which z has been removed: (xy - xz yz)/sqrt(1-yz^2). The error wraps
// [ErrUndefined] when a coefficient is, or z determines y.
func Semipartial(c Coefficient, x, y, z []float64) (float64, error) {
	xy, xz, yz, err := triangle(c, x, y, z)
	if err != nil {
		return 0, err
	}
	if yz*yz >= 1 {
		return 0, undefinedf("z determines y")
	}
	return (xy - float64(xz*yz)) / math.Sqrt(1-float64(yz*yz)), nil
}

// triangle returns the coefficients of the three pairs.
func triangle(c Coefficient, x, y, z []float64) (xy, xz, yz float64, err error) {
	if xy, err = c.Of(x, y); err != nil {
		return
	}
	if xz, err = c.Of(x, z); errors.Is(err, ErrUndefined) { // x has passed
		return 0, 0, 0, undefinedf("z is constant")
	} else if err != nil {
		return
	}
	yz, err = c.Of(y, z)
	return
}

// Stratum is a group of rows and the coefficient within it.
type Stratum struct {
	Key   int
	N     int
	Value float64
	Err   error // wraps ErrUndefined where the coefficient has no value in this stratum
}

// Stratified is a coefficient within groups of rows.
type Stratified struct {
	Strata []Stratum // by ascending key
	Mean   float64   // of the strata where it is defined, weighted by their number of pairs
	Pairs  int64     // pairs of rows behind the mean
}

// Within returns the coefficient of x and y within each group of equal keys, and the mean weighted by pairs: what is
// left of an association once the grouping variable (say, the number of pooling operations) is held fixed. The error
// wraps [ErrUndefined] when no stratum has a value.
func Within(c Coefficient, x, y []float64, keys []int) (Stratified, error) {
	sameLength(len(x), len(y))
	sameLength(len(x), len(keys))
	if err := noNaN("x", x); err != nil {
		return Stratified{}, err
	}
	if err := noNaN("y", y); err != nil {
		return Stratified{}, err
	}
	xs, ys := map[int][]float64{}, map[int][]float64{}
	for i, k := range keys {
		xs[k], ys[k] = append(xs[k], x[i]), append(ys[k], y[i])
	}
	var s Stratified
	for _, k := range sortedKeys(xs) {
		st := Stratum{Key: k, N: len(xs[k])}
		st.Value, st.Err = c.Of(xs[k], ys[k])
		if st.Err == nil {
			pairs := choose2(int64(st.N))
			s.Mean += float64(float64(pairs) * st.Value)
			s.Pairs += pairs
		}
		s.Strata = append(s.Strata, st)
	}
	if s.Pairs == 0 {
		return s, undefinedf("every stratum")
	}
	s.Mean /= float64(s.Pairs)
	return s, nil
}
