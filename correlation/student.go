package correlation

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// MeanInterval is the mean of a sample, its standard deviation (n-1), and the interval of the mean by Student's t at a
// level in (0, 1) such as 0.95. One value has no deviation (NaN) and no interval ([None]). The error wraps
// [ErrUndefined] for an empty sample.
func MeanInterval(values []float64, level float64) (mean, deviation float64, i Interval, err error) {
	if err = checkLevel(level); err == nil {
		err = noNaN("values", values)
	}
	if err == nil && len(values) == 0 {
		err = undefinedf("mean of nothing")
	}
	if err != nil {
		return math.NaN(), math.NaN(), noInterval(level, "no value"), err
	}
	mean, deviation = stat.MeanStdDev(values, nil)
	if len(values) < 2 {
		return mean, math.NaN(), noInterval(level, "one value"), nil
	}
	n := float64(len(values))
	half := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile((1+level)/2) * deviation / math.Sqrt(n)
	return mean, deviation, Interval{Low: mean - half, High: mean + half, Level: level, Method: StudentT}, nil
}

// PairedT is Student's test of a mean difference x-y of zero in paired samples. The statistic is t. The error wraps
// [ErrUndefined] below two pairs and where all differences are the same, up to rounding.
func PairedT(x, y []float64, alt Alternative) (Test, error) {
	sameLength(len(x), len(y))
	t := Test{N: len(x), Method: Exact}
	if err := checkSamples(x, y); err != nil {
		return t, err
	}
	if len(x) < 2 {
		return t, undefinedf("t of %d pairs, at least 2 needed", len(x))
	}
	mean, deviation := stat.MeanStdDev(minus(x, y), nil)
	if deviation <= 1e-12*max(floats.Norm(x, math.Inf(1)), floats.Norm(y, math.Inf(1))) {
		return t, undefinedf("all differences are the same")
	}
	n := float64(len(x))
	t.Statistic = mean / deviation * math.Sqrt(n)
	d := distuv.StudentsT{Sigma: 1, Nu: n - 1}
	switch alt {
	case Greater:
		t.P = d.Survival(t.Statistic)
	case Less:
		t.P = d.CDF(t.Statistic)
	default:
		t.P = 2 * d.Survival(math.Abs(t.Statistic))
	}
	return t, nil
}
