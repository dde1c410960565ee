package analysis

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"rwe301/correlation"
)

// Metric is an indicator of the summary table.
type Metric struct {
	Name   string
	Lower  bool // smaller is better
	Digits int
	Value  func(SearchRow) float64
}

// Metrics lists the indicators. One of a front of which no accuracy is known is NaN.
func (r *Fronts) Metrics() []Metric {
	judged := func(value func(SearchRow) float64) func(SearchRow) float64 {
		return func(r SearchRow) float64 {
			if r.Front == 0 && r.Unjudged > 0 {
				return math.NaN()
			}
			return value(r)
		}
	}
	m := []Metric{
		{"HV error, params", false, 4, judged(func(r SearchRow) float64 { return r.ErrorParams })},
		{"HV error, MACs", false, 4, judged(func(r SearchRow) float64 { return r.ErrorMACs })},
		{"HV all three", false, 4, judged(func(r SearchRow) float64 { return r.All })},
		{"IGD+", true, 4, func(r SearchRow) float64 { return r.IGDPlus }},
		{"best accuracy", false, 2, func(r SearchRow) float64 { return r.Best }},
	}
	for i, b := range r.Setup.Budgets {
		m = append(m, Metric{"best, " + b.String(), false, 2,
			func(r SearchRow) float64 { return r.BestUnder[i] }})
	}
	return m
}

// Values are one metric of the runs of a method, in the order of the seeds.
func (r *Fronts) Values(method string, m Metric) (out []float64) {
	for _, row := range r.Rows {
		if row.Method == method {
			out = append(out, m.Value(row))
		}
	}
	return out
}

// Marks compares every method with the first, where both have a value under every seed.
func (r *Fronts) Marks(m Metric) []string {
	methods := r.Setup.Methods
	out := make([]string, len(methods))
	first := r.Values(methods[0].Name, m)
	var p []float64
	var of []int
	for i, method := range methods[1:] {
		v := r.Values(method.Name, m)
		if len(v) != len(first) || len(v) < 2 || slices.ContainsFunc(slices.Concat(v, first), math.IsNaN) {
			continue
		}
		test, err := correlation.Wilcoxon(v, first, correlation.WilcoxonOptions{})
		if out[i+1] = " ~"; err == nil {
			p, of = append(p, test.P), append(of, i+1)
		}
	}
	for k, adjusted := range correlation.Holm(p) {
		if adjusted >= 0.05 {
			continue
		}
		i := of[k]
		better := correlation.Quantile(r.Values(methods[i].Name, m), 0.5) > correlation.Quantile(first, 0.5)
		if out[i] = " -"; better != m.Lower {
			out[i] = " +"
		}
	}
	return out
}

// Short writes a large number with k, M or G.
func Short(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= u.size {
			return number(v/u.size) + u.name
		}
	}
	return number(v)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// Extreme is the member of a front with the smallest value; one without a value, NaN, stands behind all others.
func Extreme(front []Found, value func(Found) float64) Found {
	of := func(f Found) float64 {
		if v := value(f); !math.IsNaN(v) {
			return v
		}
		return math.Inf(1)
	}
	return slices.MinFunc(front, func(a, b Found) int { return cmp.Compare(of(a), of(b)) })
}

// Knee is the member farthest below the line between the ends of a front, in error and MACs scaled to its own extent.
func Knee(front []Found) Found {
	var costs [][2]float64
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, f := range front {
		c := [2]float64{100 - f.Accuracy, float64(f.MACs)}
		costs = append(costs, c)
		for k := range c {
			low[k], high[k] = min(low[k], c[k]), max(high[k], c[k])
		}
	}
	at, least := 0, math.Inf(1)
	for i, c := range costs {
		sum := 0.0
		for k := range c {
			if high[k] > low[k] {
				sum += (c[k] - low[k]) / (high[k] - low[k])
			}
		}
		if sum < least {
			at, least = i, sum
		}
	}
	return front[at]
}
