package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
)

// cohortTables sum up every estimator over the span, a table a grouping and method; of quantiles, which have no span,
// they have a row a quantile.
func (f Study) cohortTables() (out []Table, _ error) {
	all, err := f.cohorts()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if !c.Of.OfSearches() {
			out = append(out, f.quantileTable(c))
			continue
		}
		for _, d := range c.Drivers {
			t, err := f.spanTable(c, d)
			if err != nil {
				return nil, err
			}
			out = append(out, t)
		}
	}
	return out, nil
}

// measureKeys are the names of the measures for programs.
var measureKeys = [analysis.Measures]string{"rho", "tau_b", "partial_rho", "partial_tau_b"}

// measureNames are those for people.
func measureNames(c *analysis.Cohorts) [analysis.Measures]string {
	return [analysis.Measures]string{"rho", "tau-b", "rho given " + c.Given, "tau-b given " + c.Given}
}

// spreadColumns are those of a measure: people see the mean, and of rho the interval, programs all.
func spreadColumns(c *analysis.Cohorts, m analysis.Measure, intervals bool) []Column {
	ofTau := m == analysis.Tau || m == analysis.PartialTau
	name, key := measureNames(c)[m], measureKeys[m]
	out := coefficientColumns(name, key)
	out[0].Hidden = m == analysis.PartialTau
	out[1].Hidden = ofTau || !intervals
	if c.Of.Pooled() {
		return out
	}
	return append(out, Column{Name: name + " SD", Key: key + "_sd", Kind: Real, Digits: 3, Hidden: true},
		Column{Name: name + " bootstrap", Key: key + "_bootstrap_ci", Kind: Ends, Digits: 3, Hidden: true},
		Column{Name: name + " seeds", Key: key + "_seeds", Kind: Count, Hidden: true})
}

// spreadCells are the cells of spreadColumns.
func spreadCells(c *analysis.Cohorts, s analysis.Spread, isGiven bool) []Cell {
	mean, sd := text("undefined"), Cell{}
	interval, bootstrap := spreadEnds(s.Low, s.High), spreadEnds(s.BootLow, s.BootHigh)
	switch {
	case isGiven:
		mean, interval, bootstrap = text("held"), Cell{}, Cell{}
	case s.Defined > 0:
		mean = value(s.Mean)
	default:
		interval, bootstrap = Cell{}, Cell{}
	}
	if !math.IsNaN(s.SD) {
		sd = value(s.SD)
	}
	if c.Of.Pooled() {
		return []Cell{mean, interval}
	}
	return []Cell{mean, interval, sd, bootstrap, count(s.Defined)}
}

// spanTable has a row an estimator: means over the span of a method.
func (f Study) spanTable(c *analysis.Cohorts, d *analysis.Driver) (Table, error) {
	tested, counted := !c.Of.Pooled(), d.Count() != nil
	t := Table{Name: CohortsKind, subjects: []string{d.Name}, Title: f.title(fmt.Sprintf(
		"Rank correlation within the %s of %s, %s", c.Of, d.Name, overSpan(d)))}
	t.Columns = []Column{{Name: "cohorts", Key: "cohorts", Kind: Words, Hidden: true},
		{Name: "method", Key: "method", Kind: Label, Hidden: true}, {Name: "estimator", Key: "estimator", Kind: Label}}
	for m := range analysis.Measures {
		t.Columns = append(t.Columns, spreadColumns(c, m, tested)...)
	}
	t.Columns = append(t.Columns,
		Column{Name: "vs " + c.Given, Key: "versus_given", Kind: Versus, Hidden: !tested || !counted},
		Column{Name: "difference", Key: "difference", Kind: Signed, Digits: 3, Hidden: true},
		Column{Name: "95% CI", Key: "difference_ci", Kind: Ends, Digits: 3, Hidden: true},
		Column{Name: "p, not adjusted", Key: "p_unadjusted", Kind: Chance, Hidden: true},
		Column{Name: "p, Wilcoxon", Key: "p_wilcoxon", Kind: Chance, Hidden: true},
		Column{Name: "useful", Key: "useful", Kind: Flag, Hidden: !tested},
		Column{Name: "seeds", Key: "seeds", Kind: Count, Hidden: !tested},
		Column{Name: "undefined", Key: "undefined", Kind: Count},
		Column{Name: "undefined given " + c.Given, Key: "partial_undefined", Kind: Count},
		Column{Name: "first", Key: "first", Kind: Count, Hidden: true},
		Column{Name: "last", Key: "last", Kind: Count, Hidden: true},
		Column{Name: "given", Key: "given", Kind: Label, Hidden: true})
	rho := column(t.Columns, measureKeys[analysis.Rho])
	versus, err := pairedBy(c, d, d.Count())
	if err != nil {
		return t, err
	}
	top := best(d)
	beside, err := pairedBy(c, d, top)
	if err != nil {
		return t, err
	}
	for _, curve := range d.Curves {
		row := []Cell{text(string(c.Of)), text(d.Name), text(curve.Estimator)}
		for m := range analysis.Measures {
			row = append(row, spreadCells(c, curve.Span[m], curve.Given && m.Partial())...)
		}
		if x := beside[curve]; tested && (curve == top || x != nil && x.P != nil && !x.Distinguishable()) {
			row[rho].Style = Strong
		}
		row = append(row, contrastCells(versus[curve])...)
		useful := Cell{}
		if v := verdict(curve, versus[curve]); v != nil {
			useful = flag(*v)
		}
		undefined, why := undefinedIn(d, curve, analysis.Rho)
		partly, whyPartly := undefinedIn(d, curve, analysis.PartialRho)
		heldFixed := count(partly)
		if curve.Given {
			heldFixed, whyPartly = Cell{}, ""
		}
		row = append(row, useful, count(curve.Span[analysis.Rho].Defined), count(undefined), heldFixed, count(d.First),
			count(d.Last), text(c.Given))
		t.Rows = append(t.Rows, row)
		t.remark(len(t.Rows)-1, column(t.Columns, "undefined"), why, "")
		t.remark(len(t.Rows)-1, column(t.Columns, "partial_undefined"), whyPartly, "")
	}
	t.Notes = f.cohortNotes(c, []*analysis.Driver{d}, counted)
	if tested {
		t.Legend = []string{"Bold: the highest rho, and what is not distinguishable from it (paired t over " +
			"seeds, Holm, 0.05)."}
	}
	return t, nil
}

// contrastCells are those of a difference to the count that is held fixed.
func contrastCells(x *analysis.CohortContrast) []Cell {
	out := make([]Cell, 5)
	if x == nil {
		return out
	}
	if x.Difference.Defined > 0 {
		out[1], out[2] = value(x.Difference.Mean), spreadEnds(x.Difference.Low, x.Difference.High)
	}
	out[3], out[4] = chance(x.P), chance(x.Wilcoxon)
	if x.PAdjusted != nil {
		out[0] = Cell{Text: x.Mark(), V: []float64{*x.PAdjusted}}
	}
	return out
}

// undefinedIn counts the generations and seeds of a span in which a measure of a curve is undefined, with the commonest
// reason.
func undefinedIn(d *analysis.Driver, curve *analysis.Curve, m analysis.Measure) (n int, why string) {
	reasons := map[string]int{}
	for _, p := range curve.Points {
		for _, v := range p.Values {
			if d.Spans(p.Number) && math.IsNaN(v.Of[m]) {
				n++
				reasons[v.Why[m]]++
			}
		}
	}
	return n, analysis.CommonestOf(reasons)
}

// cohortNotes say how the numbers of a table of cohorts were made.
func (f Study) cohortNotes(c *analysis.Cohorts, drivers []*analysis.Driver, counted bool) []string {
	notes := []string{meaning(c)}
	if c.Of.Pooled() {
		if c.Of == analysis.Births {
			notes = append(notes, "Means over the generations.")
		} else {
			notes = append(notes, c.How)
		}
	} else {
		notes = append(notes, "Means of each seed over the generations, then over seeds. "+c.How+" CSV and JSON also have "+
			"the bootstrap over seeds.")
		if slices.ContainsFunc(drivers, beyondOne) {
			notes = append(notes, "Student's t knows no bounds: ends beyond -1 and +1 say that the seeds are few.")
		}
	}
	notes = append(notes, fmt.Sprintf("Given %s: partial correlation, %[1]s held fixed.", c.Given), distinct(drivers))
	if !c.Of.Pooled() {
		if counted {
			notes = append(notes, fmt.Sprintf("vs %s: of the difference in rho over the cohorts where both are "+
				"defined, paired t over seeds, Holm over the estimators; + higher, - lower, ~ not distinguishable at 0.05.",
				c.Given), usefulRule(c.Given))
		} else {
			notes = append(notes, fmt.Sprintf("useful: its rho given %s has an interval above 0; %[1]s was not scored, so that "+
				"nothing is compared with it.", c.Given))
		}
	}
	notes = append(notes, fmt.Sprintf("undefined: cohorts in which the correlation, or that given %s, is, of all seeds; "+
		"means are over the others.", c.Given))
	return slices.DeleteFunc(append(notes, f.From.Notes...), func(n string) bool { return n == "" })
}

// beyondOne says whether an interval of a driver has an end that no correlation has.
func beyondOne(d *analysis.Driver) bool {
	return slices.ContainsFunc(d.Curves, func(curve *analysis.Curve) bool {
		return slices.ContainsFunc(curve.Span[:], func(s analysis.Spread) bool { return s.Low < -1 || s.High > 1 })
	})
}

// quantileTable has a row an estimator and quantile.
func (f Study) quantileTable(c *analysis.Cohorts) Table {
	of := map[analysis.Grouping]string{analysis.BySize: c.Given, analysis.ByTruth: "accuracy"}[c.Of]
	t := Table{Name: CohortsKind, Title: f.title(fmt.Sprintf("Rank correlation within %d parts by %s", c.Quantiles, of)),
		Columns: []Column{{Name: "cohorts", Key: "cohorts", Kind: Words, Hidden: true},
			{Name: "estimator", Key: "estimator", Kind: Label},
			{Name: "quantile", Key: "quantile", Kind: Count, Hidden: true}, {Name: of, Key: "range", Kind: Words},
			{Name: "from", Key: "from", Kind: Significant, Digits: 6, Hidden: true},
			{Name: "to", Key: "to", Kind: Significant, Digits: 6, Hidden: true}, {Name: "n", Key: "n", Kind: Count}}}
	for m := range analysis.Measures {
		t.Columns = append(t.Columns, spreadColumns(c, m, true)...)
	}
	t.Columns = append(t.Columns, Column{Name: "given", Key: "given", Kind: Label, Hidden: true})
	for _, d := range c.Drivers {
		for _, curve := range d.Curves {
			if len(t.Rows) > 0 {
				t.Groups = append(t.Groups, len(t.Rows))
			}
			for k, p := range curve.Points {
				g := d.Cohorts[k]
				row := []Cell{text(string(c.Of)), text(curve.Estimator), count(p.Number), text(g.Label), end(g.Low), end(g.High),
					count(p.Values[0].N)}
				for m := range analysis.Measures {
					row = append(row, spreadCells(c, p.Over[m], curve.Given && m.Partial())...)
				}
				t.Rows = append(t.Rows, append(row, text(c.Given)))
				for _, m := range []analysis.Measure{analysis.Rho, analysis.PartialRho} {
					if why := p.Over[m].Why; why != "" && !(curve.Given && m.Partial()) {
						t.remark(len(t.Rows)-1, column(t.Columns, measureKeys[m]), why, "")
					}
				}
			}
		}
	}
	t.Notes = slices.DeleteFunc(f.cohortNotes(c, c.Drivers, false), func(n string) bool {
		return strings.HasPrefix(n, "undefined: ")
	})
	return t
}

// end is an end of a quantile, if there is one.
func end(v float64) Cell {
	if math.IsNaN(v) {
		return Cell{}
	}
	return value(v)
}

// cohortValueTables have a row a method, estimator and cohort for each seed and for the mean over them.
func (f Study) cohortValueTables() (out []Table, _ error) {
	all, err := f.cohorts()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		out = append(out, f.cohortValueTable(c))
	}
	return out, nil
}

func (f Study) cohortValueTable(c *analysis.Cohorts) Table {
	cohort := "generation"
	if !c.Of.OfSearches() {
		cohort = "quantile"
	}
	t := Table{Name: CohortValues, Title: f.title("Rank correlation within cohorts: " + string(c.Of)),
		Columns: []Column{{Name: "cohorts", Key: "cohorts", Kind: Words, Hidden: true},
			{Name: "method", Key: "method", Kind: Label, Hidden: !c.Of.OfSearches()},
			{Name: "estimator", Key: "estimator", Kind: Label}, {Name: cohort, Key: cohort, Kind: Count},
			{Name: "seed", Key: "seed", Kind: Words, Right: true, Hidden: c.Of.Pooled()},
			{Name: "distinct", Key: "distinct", Kind: Count}, {Name: "n", Key: "n", Kind: Count}}}
	for m := range analysis.Measures {
		t.Columns = append(t.Columns, spreadColumns(c, m, false)...)
	}
	t.Columns = append(t.Columns, Column{Name: "undefined", Key: "undefined", Kind: Count, Hidden: true},
		Column{Name: "why", Key: "why", Kind: Words}, Column{Name: "given", Key: "given", Kind: Label, Hidden: true})
	for _, d := range c.Drivers {
		for _, curve := range d.Curves {
			for k, p := range curve.Points {
				row := func(seed string, distinct, n Cell, of func(analysis.Measure) analysis.Spread, why string) {
					undefined := of(analysis.Rho).Undefined
					cells := []Cell{text(string(c.Of)), text(d.Name), text(curve.Estimator), count(p.Number), text(seed), distinct, n}
					for m := range analysis.Measures {
						cells = append(cells, spreadCells(c, of(m), curve.Given && m.Partial())...)
					}
					t.Rows = append(t.Rows, append(cells, count(undefined), text(why), text(c.Given)))
				}
				if !c.Of.Pooled() {
					for s, v := range p.Values {
						row(strconv.FormatUint(d.Seeds[s], 10), count(d.Cohorts[k].Distinct[s]), count(v.N),
							func(m analysis.Measure) analysis.Spread { return analysis.OneSpread(v.Of[m]) }, whyOf(v.Why, curve.Given))
					}
				}
				var why [analysis.Measures]string
				for m := range analysis.Measures {
					why[m] = p.Over[m].Why
				}
				seed, distinct, n := "mean", Cell{}, Cell{}
				if c.Of.Pooled() {
					seed, distinct, n = "", count(d.Cohorts[k].Distinct[0]), count(p.Values[0].N)
				}
				row(seed, distinct, n, func(m analysis.Measure) analysis.Spread { return p.Over[m] }, whyOf(why, curve.Given))
			}
		}
	}
	t.Notes = f.cohortNotes(c, c.Drivers, false)
	t.Notes = slices.DeleteFunc(t.Notes, func(n string) bool {
		return strings.HasPrefix(n, "undefined: ") || strings.HasPrefix(n, "useful: ") || strings.HasPrefix(n, "Means ")
	})
	if !c.Of.Pooled() {
		t.Notes = append(t.Notes, c.How+" Of the rows with the seed mean.")
	}
	return t
}

// whyOf joins the reasons why measures are undefined, each once. That the count itself has no partial correlation needs
// no reason.
func whyOf(why [analysis.Measures]string, isGiven bool) string {
	var out []string
	for m := range analysis.Measures {
		if w := why[m]; w != "" && !slices.Contains(out, w) && !(isGiven && m.Partial()) {
			out = append(out, w)
		}
	}
	return strings.Join(out, "; ")
}
