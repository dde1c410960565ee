package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"rwe301/analysis"
)

// CohortOptions say which cohorts tables and figures show. The zero value is the survivors and the newborn of the
// searches that a run has the populations of.
type CohortOptions struct {
	analysis.CohortOptions
	Published bool // draw the curves that RWE's authors published behind those of survivors
}

// The names of the table and figure of cohorts, and of the table with a row a cohort and seed.
const (
	CohortsKind  = "cohorts"
	CohortValues = "cohorts-values"
)

// groupings are those that are shown.
func (f Study) groupings() []analysis.Grouping {
	if f.Cohorts.Of != "" {
		return []analysis.Grouping{f.Cohorts.Of}
	}
	var shown []analysis.Grouping
	for _, g := range []analysis.Grouping{analysis.Survivors, analysis.Newborn} {
		if f.Has(g) {
			shown = append(shown, g)
		}
	}
	return shown
}

// cohorts judges the estimators within the cohorts that are asked for.
func (f Study) cohorts() (all []*analysis.Cohorts, _ error) {
	for _, of := range f.groupings() {
		o := f.Cohorts.CohortOptions
		o.Of = of
		c, err := f.Findings.Cohorts(o)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// NoCohorts says why a run has no cohorts, and what can be done.
const NoCohorts = "no populations: cohorts are generations of a search, or of a study over one; --cohorts size and " +
	"--cohorts accuracy group the architectures of any run"

// meanings say what a cohort of a grouping is.
var meanings = map[analysis.Grouping]string{
	analysis.Survivors: "Survivors: the population after a generation, which the next one is bred from. What a search " +
		"selects by is tied to the accuracies among them by the selection itself, which is why the partial correlation is " +
		"shown, too.",
	analysis.Newborn: "Newborn: what a generation evaluated, before selection.",
	analysis.Births: "Births: architectures by the first generation that evaluated them, the seeds of a method pooled, " +
		"so that there is no test over seeds.",
}

// meaning says what a cohort is.
func meaning(c *analysis.Cohorts) string {
	switch c.Of {
	case analysis.BySize:
		return fmt.Sprintf("Cohorts: all architectures in %d equal parts by %s.", c.Quantiles, c.Given)
	case analysis.ByTruth:
		return fmt.Sprintf("Cohorts: all architectures in %d equal parts by accuracy.", c.Quantiles)
	}
	return meanings[c.Of]
}

// distinct says how many architectures the cohorts of methods have.
func distinct(drivers []*analysis.Driver) string {
	var n []float64
	none := 0
	for _, d := range drivers {
		for _, g := range d.Cohorts {
			if !d.Spans(g.Number) {
				continue
			}
			for _, k := range g.Distinct {
				if k > 0 {
					n = append(n, float64(k))
				} else {
					none++
				}
			}
		}
	}
	if len(n) == 0 {
		return ""
	}
	slices.Sort(n)
	middle := (n[(len(n)-1)/2] + n[len(n)/2]) / 2
	text := fmt.Sprintf("Distinct architectures in a cohort: median %s, fewest %.0f", analysis.Short(middle), n[0])
	if none > 0 {
		text += fmt.Sprintf("; %d cohorts have none", none)
	}
	return text + "."
}

// Numbers of lines in a panel of the figure of cohorts: that stand there unasked, that can be told apart, and that have
// bands.
const (
	cohortLines     = 6
	mostCohortLines = 12
	cohortBands     = 6
)

// drawnCohorts are the estimators that a figure of cohorts shows, the same for all drivers, and what is left out of it.
// Those that have no correlation anywhere are none. Where they are too many and nobody chose: the count that is held
// fixed, the estimators whose names begin with rwe, and those with the highest mean over the span.
func (f Study) drawnCohorts(c *analysis.Cohorts) (rows []*analysis.Finding, note string) {
	mean, left := map[*analysis.Finding]float64{}, omitted{}
	var all []*analysis.Finding
	held := map[*analysis.Finding]bool{}
	for i, row := range c.Rows {
		var means []float64
		defined, why := false, ""
		for _, d := range c.Drivers {
			curve := d.Curves[i]
			held[row] = curve.Given
			for _, p := range curve.Points {
				s := p.Over[analysis.Rho]
				defined, why = defined || s.Defined > 0, cmp.Or(s.Why, why)
			}
			if s := curve.Span[analysis.Rho]; s.Defined > 0 {
				means = append(means, s.Mean)
			}
		}
		if mean[row] = math.Inf(-1); means != nil {
			mean[row], _ = meanStd(means)
		}
		switch {
		case !defined:
			left.add("undefined: "+why, row.Estimator)
		case row.Column.OnlyVaried():
			left.add("varies a setting", row.Estimator)
		default:
			all = append(all, row)
		}
	}
	most := cohortLines
	if f.Look != nil && f.Look.Estimators != nil {
		most = mostCohortLines
	}
	order := slices.Clone(all)
	class := func(r *analysis.Finding) int {
		switch {
		case held[r]:
			return 0
		case strings.HasPrefix(r.Column.Question.Estimator, "rwe"):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b *analysis.Finding) int {
		return cmp.Or(class(a)-class(b), cmp.Compare(mean[b], mean[a]))
	})
	if len(order) > most {
		rule := fmt.Sprintf("shown are %s, rwe and those with the highest mean", c.Given)
		for _, r := range order[most:] {
			left.add(rule+"; -e chooses others", r.Estimator)
		}
		order = order[:most]
	}
	for _, r := range all {
		if slices.Contains(order, r) {
			rows = append(rows, r)
		}
	}
	return rows, left.String()
}

// verdict says whether an estimator is of use inside a search, by the rule that usefulRule states; nil where that is
// not asked: of the count that is held fixed, and where nothing is known.
func verdict(curve *analysis.Curve, versus *analysis.CohortContrast) *bool {
	partial := curve.Span[analysis.PartialRho]
	if curve.Given || math.IsNaN(partial.Low) && (versus == nil || versus.P == nil) {
		return nil
	}
	yes := partial.Above() || versus != nil && versus.Distinguishable() && versus.Difference.Mean > 0
	return &yes
}

// usefulRule is the rule of verdict, in words.
func usefulRule(given string) string {
	return fmt.Sprintf("useful: beats %s over the span (+), or its rho given %[1]s has an interval above 0.", given)
}

// pairedBy is the contrast of every curve of a driver with one, by the estimator; none for no such curve.
func pairedBy(c *analysis.Cohorts, d *analysis.Driver, one *analysis.Curve) (
	map[*analysis.Curve]*analysis.CohortContrast, error) {
	out := map[*analysis.Curve]*analysis.CohortContrast{}
	if one == nil {
		return out, nil
	}
	all, err := c.Against(d, one, analysis.Rho)
	for i := range all {
		out[all[i].A] = &all[i]
	}
	return out, err
}

// best is the curve with the highest mean rho over the span; nil where none has one.
func best(d *analysis.Driver) (top *analysis.Curve) {
	for _, curve := range d.Curves {
		s := curve.Span[analysis.Rho]
		if s.Defined > 0 && (top == nil || s.Mean > top.Span[analysis.Rho].Mean) {
			top = curve
		}
	}
	return top
}

// overSpan is the name of the cohorts that are summed up.
func overSpan(d *analysis.Driver) string {
	if d.First == d.Last {
		return fmt.Sprintf("generation %d", d.First)
	}
	return fmt.Sprintf("generations %d to %d", d.First, d.Last)
}

// spreadEnds are the ends of an interval, if there is one.
func spreadEnds(low, high float64) Cell {
	if math.IsNaN(low) || math.IsNaN(high) {
		return Cell{Text: "none"}
	}
	return value(low, high)
}
