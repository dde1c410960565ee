package correlation

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// IntervalMethod says how an interval was made.
type IntervalMethod int

const (
	// BCa is the bias-corrected and accelerated bootstrap interval (Efron 1987).
	BCa IntervalMethod = iota
	// Percentile takes the quantiles of the bootstrap distribution.
	Percentile
	// Basic reflects the percentile interval at the observed value.
	Basic
	// FisherZ is a closed form by Fisher's transformation.
	FisherZ
	// StudentT is a closed form for a mean, by Student's t.
	StudentT
	// Jackknife is normal, with the standard error of the delete-one jackknife.
	Jackknife
	// None says that there is no interval; its ends are NaN.
	None
)

// String returns "BCa", "percentile", "basic", "Fisher z", "jackknife" or "none"; of a mean "Student t".
func (m IntervalMethod) String() string {
	switch m {
	case Percentile:
		return "percentile"
	case Basic:
		return "basic"
	case FisherZ:
		return "Fisher z"
	case StudentT:
		return "Student t"
	case Jackknife:
		return "jackknife"
	case None:
		return "none"
	default:
		return "BCa"
	}
}

// MarshalText writes the name.
func (m IntervalMethod) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Interval is a confidence interval. Method is what was used in the end; when that is not what was asked for, Fallback
// says why.
type Interval struct {
	Low, High float64
	Level     float64
	Method    IntervalMethod
	Fallback  string
}

// Width is High - Low.
func (i Interval) Width() float64 { return i.High - i.Low }

// Contains says whether v lies within the closed interval.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

// Distribution is the bootstrap distribution of a statistic.
type Distribution struct {
	Observed   float64
	Replicates []float64 // in order of resampling, without the undefined ones
	Undefined  int       // resamples on which the statistic has no value, dropped
	StdErr     float64   // standard deviation of the replicates (B-1); 0 for a single one

	sorted    []float64
	jackknife [][]float64 // one value a row left out, for every sample
	rows      int         // of the smallest sample
	z0, accel float64
	noBCa     string // why there is no BCa interval, if so
}

// newDistribution drops undefined replicates (NaN) and prepares the intervals.
func newDistribution(observed float64, replicates []float64, jackknife [][]float64) (*Distribution, error) {
	d := &Distribution{Observed: observed, jackknife: jackknife, rows: len(jackknife[0])}
	d.Replicates = slices.DeleteFunc(replicates, math.IsNaN)
	d.Undefined = len(replicates) - len(d.Replicates)
	n := len(d.Replicates)
	if n == 0 {
		return nil, undefinedf("every resample")
	}
	d.sorted = slices.Sorted(slices.Values(d.Replicates))
	if n > 1 {
		mean := floats.Sum(d.Replicates) / float64(n)
		for _, r := range d.Replicates {
			d.StdErr += float64((r - mean) * (r - mean))
		}
		d.StdErr = math.Sqrt(d.StdErr / float64(n-1))
	}
	d.z0 = distuv.UnitNormal.Quantile(d.shareBelow(observed))
	d.accel = acceleration(jackknife)
	switch {
	case math.IsInf(d.z0, 0):
		d.noBCa = "BCa has no bias correction: all resamples lie on one side of the value"
	case math.IsNaN(d.accel):
		d.noBCa = "BCa has no acceleration"
	}
	return d, nil
}

// shareBelow is the share of replicates below v, those equal to v (to the bit) counting half.
func (d *Distribution) shareBelow(v float64) float64 {
	below, _ := slices.BinarySearch(d.sorted, v)
	upTo := below
	for upTo < len(d.sorted) && d.sorted[upTo] == v {
		upTo++
	}
	return float64(below+upTo) / float64(2*len(d.sorted))
}

// acceleration is the third-moment constant of BCa from delete-one values of every sample (Efron and Tibshirani 1993,
// eq. 14.15, for several samples as in Davison and Hinkley 1997, section 5.3). NaN when a value is missing or all
// agree.
func acceleration(jackknife [][]float64) float64 {
	var cubes, squares float64
	for _, values := range jackknife {
		n := float64(len(values))
		mean := floats.Sum(values) / n
		for _, v := range values {
			u := (n - 1) * (mean - v)
			cubes += u * u * u / (n * n * n)
			squares += u * u / (n * n)
		}
	}
	return cubes / math.Pow(squares, 1.5) / 6
}

// Interval returns a confidence interval at a level in (0, 1) such as 0.95. BCa falls back to the percentile interval,
// and says so, when the bias correction or the acceleration is not finite.
func (d *Distribution) Interval(method IntervalMethod, level float64) (Interval, error) {
	if err := checkLevel(level); err != nil {
		return Interval{}, err
	}
	iv := Interval{Level: level, Method: method}
	if method == BCa && d.noBCa != "" {
		iv.Method, iv.Fallback = Percentile, d.noBCa
	}
	switch iv.Method {
	case BCa:
		low, high := d.bcaLevels(level)
		iv.Low, iv.High = d.quantile(low), d.quantile(high)
	case Percentile:
		iv.Low, iv.High = d.quantile((1-level)/2), d.quantile((1+level)/2)
	case Basic:
		iv.Low, iv.High = 2*d.Observed-d.quantile((1+level)/2), 2*d.Observed-d.quantile((1-level)/2)
	default:
		return Interval{}, fmt.Errorf("interval method %v: not a bootstrap method", method)
	}
	return iv, nil
}

// MinRows is the number of rows from which there is an interval: with four, not even a perfect order can be told from
// chance at 95%, as the smallest two-sided p-value of tau is 2/4!.
const MinRows = 5

// Confidence returns the best interval at a level in (0, 1) that can be trusted, and says which: BCa; the percentile
// interval where BCa does not exist or excludes the observed value; and none below [MinRows] rows, where all resamples
// agree, where most of them are undefined, or where the percentile interval excludes the observed value too.
func (d *Distribution) Confidence(level float64) (Interval, error) {
	if err := checkLevel(level); err != nil {
		return Interval{}, err
	}
	switch {
	case d.rows < MinRows:
		return noInterval(level, fmt.Sprintf("fewer than %d values", MinRows)), nil
	case d.mostlyUndefined():
		return noInterval(level, "most resamples are undefined"), nil
	case d.sorted[0] == d.sorted[len(d.sorted)-1]:
		return noInterval(level, "all resamples give the same value"), nil
	}
	iv, err := d.Interval(BCa, level)
	if err != nil || iv.Contains(d.Observed) {
		return iv, err
	}
	why := iv.Fallback
	if why == "" {
		why = "the BCa interval excludes the value"
	}
	iv, err = d.Interval(Percentile, level)
	if iv.Fallback = why; err == nil && !iv.Contains(d.Observed) {
		return noInterval(level, "the percentile interval excludes the value, and "+why), nil
	}
	return iv, err
}

// mostlyUndefined says whether more resamples were dropped than kept.
func (d *Distribution) mostlyUndefined() bool { return d.Undefined > len(d.Replicates) }

func noInterval(level float64, why string) Interval {
	return Interval{Low: math.NaN(), High: math.NaN(), Level: level, Method: None, Fallback: why}
}

func checkLevel(level float64) error {
	if !(level > 0 && level < 1) {
		return fmt.Errorf("confidence level %v: want a number between 0 and 1, such as 0.95", level)
	}
	return nil
}

// bcaLevels are the quantile levels of the BCa interval: Phi(z0 + (z0+z)/(1 - a(z0+z))).
func (d *Distribution) bcaLevels(level float64) (low, high float64) {
	at := func(p float64) float64 {
		w := d.z0 + distuv.UnitNormal.Quantile(p)
		return distuv.UnitNormal.CDF(d.z0 + w/(1-float64(d.accel*w)))
	}
	return at((1 - level) / 2), at((1 + level) / 2)
}

func (d *Distribution) quantile(p float64) float64 { return sortedQuantile(d.sorted, p) }

// Quantile is the sample quantile of x at p in [0, 1] by linear interpolation (Hyndman and Fan's type 7); NaN for an
// empty sample.
func Quantile(x []float64, p float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	return sortedQuantile(slices.Sorted(slices.Values(x)), p)
}

func sortedQuantile(sorted []float64, p float64) float64 {
	at := float64(p * float64(len(sorted)-1))
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}

// PValue is the two-sided p-value of the hypothesis that the statistic is null: the largest p such that the interval of
// this method at level 1-p has null on its edge. It is at least 2/(B+1) for B replicates.
func (d *Distribution) PValue(null float64, method IntervalMethod) float64 {
	if method == BCa && d.noBCa != "" {
		method = Percentile
	}
	b := float64(len(d.sorted))
	clip := func(p float64) float64 { return max(1/(b+1), min(b/(b+1), p)) }
	var p float64
	switch method {
	case Basic:
		p = clip(d.shareBelow(2*d.Observed - null))
	case BCa:
		w := distuv.UnitNormal.Quantile(clip(d.shareBelow(null))) - d.z0
		z := math.Copysign(math.Inf(1), w) // beyond the reach of every level
		if s := 1 + float64(d.accel*w); s > 0 {
			z = w/s - d.z0
		}
		p = clip(distuv.UnitNormal.CDF(z))
	default:
		p = clip(d.shareBelow(null))
	}
	return 2 * min(p, 1-p)
}
