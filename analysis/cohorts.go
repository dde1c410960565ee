package analysis

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"rwe301/correlation"
)

// Grouping says how architectures are put into cohorts, within which estimators are judged.
type Grouping string

// The groupings. Survivors and Newborn are sets of a search's generation under one seed, and are averaged over seeds;
// the others pool seeds.
const (
	Survivors Grouping = "survivors" // the population after a generation
	Newborn   Grouping = "newborn"   // what a generation evaluated, before selection
	Births    Grouping = "births"    // by the first generation that evaluated an architecture, seeds of a method pooled
	BySize    Grouping = "size"      // by quantile of the count that is held fixed
	ByTruth   Grouping = "accuracy"  // by quantile of accuracy
)

// Groupings lists them all.
func Groupings() []Grouping { return []Grouping{Survivors, Newborn, Births, BySize, ByTruth} }

// OfSearches says whether the grouping needs the populations of a search.
func (g Grouping) OfSearches() bool { return g == Survivors || g == Newborn || g == Births }

// Has says whether the populations of a run have members for a grouping of searches.
func (r *Results) Has(g Grouping) bool {
	return slices.ContainsFunc(r.Populations, func(p Population) bool { return len(g.members(p)) > 0 })
}

// members are those that the grouping takes of a population.
func (g Grouping) members(p Population) []int {
	if g == Survivors {
		return p.Survived
	}
	return p.Born
}

// Pooled says whether a cohort pools seeds, so that nothing is averaged over them.
func (g Grouping) Pooled() bool { return !g.OfSearches() || g == Births }

// FewestInCohort is the number of distinct architectures below which a cohort has no correlation.
const FewestInCohort = 5

// Measure is one of the correlations within a cohort.
type Measure int

// The measures: Spearman's rho and Kendall's tau-b of scores and accuracies, and the first-order partial correlations
// given a count.
const (
	Rho Measure = iota
	Tau
	PartialRho
	PartialTau
	Measures // how many there are
)

// Coefficient is the one that the measure takes.
func (m Measure) Coefficient() correlation.Coefficient {
	if m == Tau || m == PartialTau {
		return correlation.KendallTauB
	}
	return correlation.SpearmanRho
}

// Partial says whether the count is held fixed.
func (m Measure) Partial() bool { return m == PartialRho || m == PartialTau }

// CohortOptions say which cohorts are made. The zero value is that of survivors given macs over generations 5 to the
// last.
type CohortOptions struct {
	Of          Grouping
	Given       string   // the estimator whose scores are held fixed; "" is macs
	First, Last int      // the span of generations that is summed up; 0 is the fifth, and the last
	Quantiles   int      // of BySize and ByTruth; 0 is DefaultQuantiles
	Methods     []string // of the searches; nil are all
}

// Defaults of CohortOptions.
const (
	DefaultGiven     = "macs"
	DefaultFrom      = 5
	DefaultQuantiles = 5
	maxQuantiles     = 1000
)

// Cohorts say how well estimators order the architectures of each cohort by accuracy.
type Cohorts struct {
	*Findings
	CohortOptions // what was asked for, with the defaults filled in
	Drivers       []*Driver
	How           string // the intervals were made, a sentence for notes

	drawn map[int]correlation.Options // with the resamples of so many seeds
}

// Driver is a method of search whose populations are the cohorts; without a name it is all architectures of the run.
type Driver struct {
	Name        string
	Seeds       []uint64 // of its searches; nil where they are pooled
	Cohorts     []Cohort
	First, Last int // the span: numbers of cohorts
	Curves      []*Curve
}

// Spans says whether the span has the cohort of a number.
func (d *Driver) Spans(number int) bool { return d.First <= number && number <= d.Last }

// Cohort is a generation, or a quantile.
type Cohort struct {
	Number    int     // of the generation or quantile, from 1
	Label     string  // "" of a generation; the range of a quantile
	Distinct  []int   // architectures, one count a seed
	Low, High float64 // of the quantile; NaN of a generation
}

// Curve is one estimator over the cohorts of a driver.
type Curve struct {
	*Finding
	Given  bool // the estimator is what is held fixed: it has no partial correlation
	Points []*CohortPoint
	Span   [Measures]Spread    // of the means over the span
	bySeed [Measures][]float64 // the mean over the span of each seed; NaN where it is undefined throughout
}

// CohortPoint is one estimator in one cohort.
type CohortPoint struct {
	Number int
	Values []CohortValue // one a seed
	Over   [Measures]Spread
}

// CohortValue is one estimator in one cohort of one seed.
type CohortValue struct {
	N   int               // distinct architectures with a score and an accuracy
	Of  [Measures]float64 // NaN where it is undefined
	Why [Measures]string  // it is undefined
}

// Spread sums up values over seeds. Pooled cohorts have one value, and the interval is over architectures.
type Spread struct {
	Mean, SD          float64 // NaN where there is no value, and no second one
	Low, High         float64 // 95 %: by Student's t over seeds, of pooled cohorts as Cohorts.How says; NaN for none
	BootLow, BootHigh float64 // 95 %: percentiles of the mean under resampling of seeds; NaN for none
	Defined           int     // seeds with a value
	Undefined         int     // seeds without
	Why               string  // the commonest reason of these
}

// Above says whether the interval lies above 0.
func (s Spread) Above() bool { return s.Low > 0 }

// noSpread has no value.
func noSpread() Spread {
	nan := math.NaN()
	return Spread{Mean: nan, SD: nan, Low: nan, High: nan, BootLow: nan, BootHigh: nan}
}

// OneSpread is that of one value, NaN for an undefined one: without intervals.
func OneSpread(v float64) Spread {
	s := noSpread()
	if s.Mean = v; math.IsNaN(v) {
		s.Undefined = 1
	} else {
		s.Defined = 1
	}
	return s
}

// Cohorts judges the estimators of a run within cohorts. A grouping that the run has not, or a span without a
// generation, is an error.
func (f *Findings) Cohorts(o CohortOptions) (*Cohorts, error) {
	c := &Cohorts{Findings: f, CohortOptions: o, drawn: map[int]correlation.Options{}}
	c.Of, c.Given = cmp.Or(o.Of, Survivors), cmp.Or(o.Given, DefaultGiven)
	c.Quantiles = cmp.Or(o.Quantiles, DefaultQuantiles)
	switch {
	case !slices.Contains(Groupings(), c.Of):
		return nil, fmt.Errorf("cohorts of %q: must be one of %v", c.Of, Groupings())
	case c.Of.OfSearches() && len(f.Populations) == 0:
		return nil, fmt.Errorf("%s: no populations: cohorts of %s are those of a search, or of a study over one", f.From.Dir,
			c.Of)
	case c.Of.OfSearches() && !f.Has(c.Of):
		return nil, fmt.Errorf("%s: no cohorts of %s: a study takes survivors unless its definition says of: newborn or "+
			"of: both", f.From.Dir, c.Of)
	case c.Quantiles < 1 || c.Quantiles > maxQuantiles:
		return nil, fmt.Errorf("%d quantiles: must be 1 to %d", c.Quantiles, maxQuantiles)
	case o.First < 0 || o.Last < 0 || o.Last > 0 && o.First > o.Last:
		return nil, fmt.Errorf("generations %d to %d: must be numbers from 1, the smaller one first", o.First, o.Last)
	}
	given, held, err := c.held()
	if err != nil {
		return nil, err
	}
	groups, err := c.groups(given)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		d, err := c.driver(g, given, held)
		if err != nil {
			return nil, err
		}
		c.Drivers = append(c.Drivers, d)
	}
	c.How = "Intervals: 95%, Student's t over seeds."
	if c.Of.Pooled() {
		c.How = fmt.Sprintf("Intervals: 95%%, %s.", f.over(false))
		if len(f.Architectures) > ClosedForm {
			c.How = fmt.Sprintf("Intervals: 95%%, %s; of more than %d architectures closed forms (Fieller et al. 1957).",
				f.over(false), ClosedForm)
		}
	}
	return c, nil
}

// held finds the scores that are held fixed: those of an estimator of the run, or the count of macs, at the size of
// NAS-Bench-Suite-Zero's scores. column is nil where no estimator has them.
func (c *Cohorts) held() (scores []float64, column *Column, err error) {
	found := columnsNamed(c.Columns, c.Given) // also where what is shown leaves it out
	switch {
	case len(found) > 0:
		return found[0].Mean(), found[0], nil // counts of several sizes: the first
	case c.Given == DefaultGiven:
		scores, err = c.MACs()
		return scores, nil, err
	}
	_, err = c.Select(c.Given)
	return nil, nil, err
}

// driver judges all estimators within the cohorts of a group.
func (c *Cohorts) driver(g *cohortGroup, given []float64, held *Column) (*Driver, error) {
	d := &Driver{Name: g.name, Seeds: g.seeds, Cohorts: g.cohorts, First: 1, Last: g.cohorts[len(g.cohorts)-1].Number}
	for k := range d.Cohorts {
		for _, members := range g.members[k] {
			d.Cohorts[k].Distinct = append(d.Cohorts[k].Distinct, len(members))
		}
	}
	if c.Of.OfSearches() {
		d.First = cmp.Or(c.First, min(DefaultFrom, d.Last))
		d.Last = min(d.Last, cmp.Or(c.Last, d.Last))
		if d.First > d.Last {
			return nil, fmt.Errorf("generations %d to %d: %s has %d", d.First, cmp.Or(c.Last, d.Last), g.name, d.Last)
		}
		if !slices.ContainsFunc(g.cohorts, func(k Cohort) bool { return d.Spans(k.Number) }) {
			return nil, fmt.Errorf("generations %d to %d: of %s the run has none of them", d.First, d.Last, g.name)
		}
	}
	for _, row := range c.Rows {
		if err := c.ended(); err != nil {
			return nil, err
		}
		curve := &Curve{Finding: row, Given: row.Column == held}
		for k := range g.cohorts {
			p := &CohortPoint{Number: g.cohorts[k].Number}
			for _, members := range g.members[k] {
				p.Values = append(p.Values, c.value(row, given, members, curve.Given))
			}
			for m := range Measures {
				var err error
				if p.Over[m], err = c.spread(p, m, g, row, given, k); err != nil {
					return nil, err
				}
			}
			curve.Points = append(curve.Points, p)
		}
		if err := c.span(d, curve); err != nil {
			return nil, err
		}
		d.Curves = append(d.Curves, curve)
	}
	return d, nil
}

// vectors are the scores, accuracies and counts of the members that have all that a measure takes.
func (c *Cohorts) vectors(row *Finding, given []float64, members []int, m Measure) [][]float64 {
	v := [][]float64{pick(row.Column.Mean(), members), pick(c.Truth, members)}
	if m.Partial() {
		v = append(v, pick(given, members))
	}
	_, kept := Common(v...)
	return kept
}

// value judges an estimator among the members of a cohort.
func (c *Cohorts) value(row *Finding, given []float64, members []int, isGiven bool) (out CohortValue) {
	for m := range Measures {
		v := c.vectors(row, given, members, m)
		out.Of[m] = math.NaN()
		if m == Rho {
			out.N = len(v[0])
		}
		switch {
		case m.Partial() && isGiven:
			out.Why[m] = "it is what is held fixed"
			continue
		case len(members) == 0:
			out.Why[m] = "no architectures: the search has not come so far, or the cohort is empty"
			continue
		case len(v[0]) < FewestInCohort:
			out.Why[m] = fmt.Sprintf("fewer than %d distinct architectures", FewestInCohort)
			if len(members) >= FewestInCohort {
				out.Why[m] += " with scores"
			}
			continue
		}
		x, err := within(m, v)
		if err != nil {
			out.Why[m] = because(err)
			continue
		}
		out.Of[m] = x
	}
	return out
}

// because is why a measure is undefined, in the words of scores and accuracies.
func because(err error) string {
	return strings.TrimSuffix(undefined.Replace(err.Error()), ": "+correlation.ErrUndefined.Error())
}

// within is a measure of scores, accuracies and, for partial ones, counts.
func within(m Measure, v [][]float64) (float64, error) {
	if !m.Partial() {
		return m.Coefficient().Of(v[0], v[1])
	}
	t, err := correlation.Partial(m.Coefficient(), v[0], v[1], v[2], correlation.TwoSided)
	return t.Statistic, err
}

// spread sums up a measure in a cohort over seeds, or, of pooled cohorts, adds the interval over architectures.
func (c *Cohorts) spread(p *CohortPoint, m Measure, g *cohortGroup, row *Finding, given []float64, k int) (Spread,
	error) {
	var values []float64
	reasons := map[string]int{}
	for _, v := range p.Values {
		if values = append(values, v.Of[m]); v.Why[m] != "" {
			reasons[v.Why[m]]++
		}
	}
	s, err := c.overSeeds(values)
	if s.Why = CommonestOf(reasons); err != nil || g.seeds != nil || s.Defined == 0 {
		return s, err
	}
	v := c.vectors(row, given, g.members[k][0], m)
	if n := len(v[0]); n > ClosedForm {
		if m.Partial() {
			n-- // a variable held fixed costs a row (Fisher 1924)
		}
		i, err := correlation.QuickInterval(m.Coefficient(), s.Mean, n, Confidence)
		if err == nil {
			s.Low, s.High = i.Low, i.High
		}
		return s, nil
	}
	d, err := resampled(m, v, c.Options)
	if errors.Is(err, correlation.ErrUndefined) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	i, err := d.Confidence(Confidence)
	s.Low, s.High = i.Low, i.High
	return s, err
}

// resampled is the bootstrap distribution of a measure.
func resampled(m Measure, v [][]float64, o correlation.Options) (*correlation.Distribution, error) {
	if m.Partial() {
		return correlation.BootstrapPartial(m.Coefficient(), v[0], v[1], v[2], o)
	}
	return correlation.Bootstrap(m.Coefficient(), v[0], v[1], o)
}

// overSeeds sums up values, NaN the undefined ones.
func (c *Cohorts) overSeeds(values []float64) (Spread, error) {
	s := noSpread()
	defined := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	s.Defined, s.Undefined = len(defined), len(values)-len(defined)
	if s.Defined == 0 {
		return s, nil
	}
	mean, sd, t, err := correlation.MeanInterval(defined, Confidence)
	if err != nil {
		return s, err
	}
	s.Mean, s.SD, s.Low, s.High = mean, sd, t.Low, t.High
	if s.Defined < 2 {
		return s, nil
	}
	drawn, known := c.drawn[s.Defined]
	if !known {
		if drawn, err = c.Options.Drawn(s.Defined); err != nil {
			return s, err
		}
		c.drawn[s.Defined] = drawn
	}
	d, err := correlation.BootstrapFunc([][]float64{defined}, true, func(v [][]float64) (float64, error) {
		return floats.Sum(v[0]) / float64(len(v[0])), nil
	}, drawn)
	if err != nil {
		return s, err
	}
	i, err := d.Interval(correlation.Percentile, Confidence)
	s.BootLow, s.BootHigh = i.Low, i.High
	return s, err
}

// span sums up a curve over the span of its driver: the mean of each seed over its defined generations, then over
// seeds.
func (c *Cohorts) span(d *Driver, curve *Curve) error {
	seeds := max(1, len(d.Seeds))
	for m := range Measures {
		reasons := map[string]int{}
		for s := range seeds {
			sum, n := 0.0, 0
			for _, p := range curve.Points {
				if !d.Spans(p.Number) {
					continue
				}
				if v := p.Values[s].Of[m]; !math.IsNaN(v) {
					sum, n = sum+v, n+1
				} else {
					reasons[p.Values[s].Why[m]]++
				}
			}
			curve.bySeed[m] = append(curve.bySeed[m], sum/float64(n)) // NaN where n = 0
		}
		spread, err := c.overSeeds(curve.bySeed[m])
		if err != nil {
			return err
		}
		spread.Why = CommonestOf(reasons)
		curve.Span[m] = spread
	}
	return nil
}

// Count is the curve of the count that is held fixed, or nil where no estimator of the run has it.
func (d *Driver) Count() *Curve {
	i := slices.IndexFunc(d.Curves, func(c *Curve) bool { return c.Given })
	if i < 0 {
		return nil
	}
	return d.Curves[i]
}
