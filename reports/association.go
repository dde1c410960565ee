package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/internal/printable"
	"rwe301/plots"
)

// AssociationTable is the table of estimators in the order given. The title says what the accuracies are; notes say
// how the intervals were made.
func AssociationTable(title string, notes []string, rows []analysis.Association) Table {
	marked := slices.ContainsFunc(rows, func(a analysis.Association) bool { return a.Mark != "" })
	t := Table{Name: estimatorsTable, Title: title, Notes: notes, Columns: slices.Concat(
		[]Column{{Name: "estimator", Key: "estimator", Kind: Label}, {Name: "n", Key: "n", Kind: Count}},
		coefficientColumns("tau-b", "tau_b"),
		[]Column{{Name: "vs best", Key: "versus_best", Kind: Versus, Hidden: !marked, Bound: true},
			{Name: "p vs baseline", Key: "p_above_baselines", Kind: Chance, Hidden: true},
			{Name: "above baselines", Key: "above_baselines", Kind: Flag, Hidden: true},
			{Name: "baseline", Key: "baseline", Kind: Flag, Hidden: true}},
		coefficientColumns("rho", "rho"), timeColumns(""),
		[]Column{{Name: "coverage", Key: "coverage", Kind: Share, Better: 1},
			{Name: "asked", Key: "asked", Kind: Count, Hidden: true}},
	)}
	tau, versus, rho := column(t.Columns, "tau_b"), column(t.Columns, "versus_best"), column(t.Columns, "rho")
	second := runnerUp(rows)
	for i, a := range rows {
		above := Cell{}
		if marked && !a.Baseline {
			above = flag(a.Above)
		}
		cells := slices.Concat([]Cell{text(a.Estimator), count(a.N)}, coefficient(a.Tau),
			[]Cell{against(a), chance(a.PAbove), above, flag(a.Baseline)}, coefficient(a.Rho), times(a),
			[]Cell{value(a.Coverage()), count(a.Asked)})
		switch {
		case bold(a):
			cells[tau].Style = Strong
		case i == second:
			cells[tau].Style = Underlined
		}
		t.Rows = append(t.Rows, cells)
		t.remarkInterval(i, tau+1, a.Estimator, a.Tau)
		t.remarkSmallest(i, versus, a.Smallest)
		t.remarkInterval(i, rho+1, a.Estimator, a.Rho)
		if a.Reason != "" {
			t.Notes = append(t.Notes, fmt.Sprintf("%s: %s", a.Estimator, a.Reason))
		}
	}
	return t
}

// coefficientColumns are those of a coefficient and its interval.
func coefficientColumns(name, key string) []Column {
	return []Column{{Name: name, Key: key, Kind: Signed, Digits: 3, Better: 1},
		{Name: "95% CI", Key: key + "_ci", Kind: Ends, Digits: 3, Bound: true}}
}

// differenceColumns are those of a difference: value, interval, p-value and mark.
func differenceColumns(name string) []Column {
	return []Column{{Name: name, Key: "difference", Kind: Signed, Digits: 3},
		{Name: "95% CI", Key: "difference_ci", Kind: Ends, Digits: 3, Bound: true},
		{Name: "p", Key: "p", Kind: Chance, Bound: true}, {Key: "mark", Kind: Words, Bound: true}}
}

// difference are the cells of differenceColumns; none where the difference is undefined.
func difference(c *correlation.Comparison) []Cell {
	if c == nil {
		return make([]Cell, 4)
	}
	return []Cell{value(c.Difference), ends(c.Interval.Low, c.Interval.High, c.Interval.Method), value(c.PAdjusted),
		text(c.Mark())}
}

// timeColumns are those of the time of an estimate; of says whose it is where there are several.
func timeColumns(of string) []Column {
	name, key := "s/arch", "seconds"
	if of != "" {
		name, key = name+" "+of, key+"_"+strings.ToLower(of)
	}
	return []Column{{Name: name, Key: key, Kind: Time, Better: -1},
		{Name: "wall", Key: "wall_" + key, Kind: Time, Hidden: true},
		{Name: "on wall", Key: key + "_on_wall", Kind: Count, Hidden: true}}
}

// times are the cells of timeColumns.
func times(a analysis.Association) []Cell {
	return []Cell{seconds(a.Seconds), seconds(a.Wall), count(a.OnWall)}
}

// bold says whether an estimator is the best, or not distinguishable from it, and above the trivial baselines.
func bold(a analysis.Association) bool { return a.Above && (a.Mark == analysis.Best || a.Mark == "~") }

// judgement says which estimators are above the trivial baselines, and what bold and underlined mean, of findings that
// were compared with the best.
func judgement(f *analysis.Findings) (note, legend string) {
	if !f.Compared {
		return "", ""
	}
	var above []string
	for _, r := range f.Ranked() {
		if r.Above {
			above = append(above, r.Estimator)
		}
	}
	legend = "Bold: the best, and what is not distinguishable from it, where above the trivial baselines."
	note = "No trivial baseline (such as params, flops or depth) was scored: above them counts a tau-b whose interval " +
		"is above 0."
	if f.Baseline != nil {
		who := "none"
		if n := len(above); n > maxDetails {
			who = strings.Join(above[:maxDetails], ", ") + fmt.Sprintf(", and %d more", n-maxDetails)
		} else if n > 0 {
			who = strings.Join(above, ", ")
		}
		note = fmt.Sprintf("Above the trivial baselines, of which %s is the best (paired bootstrap, Holm, 0.05): %s.",
			f.Baseline.Estimator, who)
	}
	return note, legend
}

// legendUnderlined says what is underlined.
const legendUnderlined = " Underlined: the highest of those that the best is distinguished from."

// runnerUp is the row with the highest tau among those that the best is distinguished from, where this is bold; or -1.
func runnerUp(rows []analysis.Association) int {
	second := -1
	if !slices.ContainsFunc(rows, func(a analysis.Association) bool { return a.Mark == analysis.Best && bold(a) }) {
		return second
	}
	for i, a := range rows {
		if (a.Mark == "-" || a.Mark == "+") && (second < 0 || a.Tau.Value > rows[second].Tau.Value) {
			second = i
		}
	}
	return second
}

// against is the comparison with the best.
func against(a analysis.Association) Cell {
	c := text(a.Mark)
	if a.P != nil {
		c.V = []float64{*a.P}
	}
	return c
}

// probability writes a p-value.
func probability(p float64) string {
	if p < 0.001 {
		return "<0.001"
	}
	return strconv.FormatFloat(p, 'f', 3, 64)
}

// PValue writes "p=0.021" or "p<0.001".
func PValue(p float64) string {
	if text := probability(p); text[0] != '<' {
		return "p=" + text
	}
	return "p" + probability(p)
}

// signed writes a correlation with its sign.
func signed(x float64) string { return fmt.Sprintf("%+.3f", x) }

// Seconds writes a duration with two significant digits, and nothing for 0: a time that is not known.
func Seconds(s float64) string {
	switch {
	case s == 0:
		return ""
	case s < 0.0005:
		return "<0.001"
	}
	return strconv.FormatFloat(s, 'f', max(0, 1-int(math.Floor(math.Log10(s)))), 64)
}

// associationDots compares the tau-b of the same rows, with trivial baselines told apart.
func associationDots(xLabel string, rows []analysis.Association) plots.Dots {
	d := plots.Dots{XLabel: xLabel, Groups: []string{"estimator"}}
	if slices.ContainsFunc(rows, func(a analysis.Association) bool { return a.Baseline }) {
		d.Groups = append(d.Groups, "trivial baseline")
	}
	for _, a := range rows {
		dot := plots.Dot{Name: printable.Line(a.Estimator), N: a.N}
		if a.Baseline {
			dot.Group = 1
		}
		switch {
		case a.Tau == nil:
			dot.Undefined, dot.Note = true, "undefined"
			if reason := strings.TrimSuffix(printable.Line(a.Reason), ": undefined"); reason != "" {
				dot.Note += ": " + reason
			}
		default:
			dot.Value, dot.Low, dot.High, dot.Note = a.Tau.Value, a.Tau.Low, a.Tau.High, a.Tau.Why
		}
		d.Rows = append(d.Rows, dot)
	}
	return d
}
