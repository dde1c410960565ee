package analysis

import (
	"math"
	"rwe301/correlation"
)

// CohortContrast is the difference in a measure over the span between two curves of a driver, A minus B, over seeds.
type CohortContrast struct {
	A, B       *Curve
	Measure    Measure
	Difference Spread   // paired by cohort and seed
	P          *float64 // of no difference: paired t-test; nil where it is undefined
	PAdjusted  *float64 // by Holm, over the family
	Wilcoxon   *float64 // of the signed-rank test, not adjusted
	Why        string   // there is no p
}

// Distinguishable says whether the difference is significant.
func (c CohortContrast) Distinguishable() bool {
	return c.PAdjusted != nil && *c.PAdjusted < 1-Confidence
}

// Mark is "+" where A is significantly better, "-" where it is worse, and "~" where they cannot be told apart.
func (c CohortContrast) Mark() string {
	switch {
	case !c.Distinguishable():
		return "~"
	case c.Difference.Mean > 0:
		return "+"
	}
	return "-"
}

// Against compares every other curve of a driver with one; one family for Holm.
func (c *Cohorts) Against(d *Driver, one *Curve, m Measure) ([]CohortContrast, error) {
	var pairs [][2]*Curve
	for _, other := range d.Curves {
		if other != one && !(m.Partial() && (other.Given || one.Given)) {
			pairs = append(pairs, [2]*Curve{other, one})
		}
	}
	return c.contrasts(d, pairs, m)
}

// EveryPair compares all curves of a driver with each other; one family for Holm.
func (c *Cohorts) EveryPair(d *Driver, m Measure) ([]CohortContrast, error) {
	var pairs [][2]*Curve
	for i, a := range d.Curves {
		for _, b := range d.Curves[i+1:] {
			if !(m.Partial() && (a.Given || b.Given)) {
				pairs = append(pairs, [2]*Curve{a, b})
			}
		}
	}
	return c.contrasts(d, pairs, m)
}

// paired are the means over the span of each seed for two curves, over the cohorts in which both are defined. Seeds
// without one are left out. Rounding is no difference.
func (d *Driver) paired(a, b *Curve, m Measure) (x, y []float64) {
	const rounding = 1e-12
	for s := range max(1, len(d.Seeds)) {
		sumX, sumY, n := 0.0, 0.0, 0.0
		for k, p := range a.Points {
			v, w := p.Values[s].Of[m], b.Points[k].Values[s].Of[m]
			if d.Spans(p.Number) && !math.IsNaN(v) && !math.IsNaN(w) {
				sumX, sumY, n = sumX+v, sumY+w, n+1
			}
		}
		if n == 0 {
			continue
		}
		if math.Abs(sumX-sumY)/n < rounding {
			sumY = sumX
		}
		x, y = append(x, sumX/n), append(y, sumY/n)
	}
	return x, y
}

// contrasts compares pairs of curves of a driver, paired by seed.
func (c *Cohorts) contrasts(d *Driver, pairs [][2]*Curve, m Measure) ([]CohortContrast, error) {
	var out []CohortContrast
	var ps []float64
	var of []int
	for _, p := range pairs {
		a, b := d.paired(p[0], p[1], m)
		differences := make([]float64, len(a))
		for i := range a {
			differences[i] = a[i] - b[i]
		}
		x := CohortContrast{A: p[0], B: p[1], Measure: m}
		var err error
		if x.Difference, err = c.overSeeds(differences); err != nil {
			return nil, err
		}
		x.Difference.Undefined = max(1, len(d.Seeds)) - x.Difference.Defined
		if t, err := correlation.PairedT(a, b, correlation.TwoSided); err != nil {
			x.Why = because(err)
		} else {
			x.P = &t.P
			ps, of = append(ps, t.P), append(of, len(out))
		}
		if w, err := correlation.Wilcoxon(a, b, correlation.WilcoxonOptions{}); err == nil && len(a) > 1 {
			x.Wilcoxon = &w.P
		}
		out = append(out, x)
	}
	for i, p := range correlation.Holm(ps) {
		out[of[i]].PAdjusted = &p
	}
	return out, nil
}
