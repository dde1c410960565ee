package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/plots"
)

// AssociationTable is the table of estimators in the order given. The title says what the accuracies are; notes say
// how the intervals were made.
func AssociationTable(title string, notes []string, rows []analysis.Association) Table {
	t := Table{Title: title, Notes: notes, Columns: []Column{
		{Name: "estimator", Left: true}, {Name: "n"}, {Name: "tau-b"}, {Name: "95% CI"}, {Name: "rho"}, {Name: "95% CI"},
		{Name: "s/arch"}, {Name: "coverage"},
	}}
	marked := slices.ContainsFunc(rows, func(a analysis.Association) bool { return a.Mark != "" })
	if marked {
		t.Columns = slices.Insert(t.Columns, 4, Column{Name: "vs best"})
	}
	second := runnerUp(rows)
	for i, a := range rows {
		cells := []string{a.Estimator, strconv.Itoa(a.N)}
		cells = append(cells, coefficient(a.Tau)...)
		if marked {
			cells = append(cells, versus(a))
		}
		cells = append(cells, coefficient(a.Rho)...)
		cells = append(cells, Seconds(a.Seconds), strconv.FormatFloat(100*a.Coverage(), 'f', 0, 64)+"%")
		t.Rows = append(t.Rows, cells)
		t.remarkInterval(i, 3, a.Estimator, a.Tau)
		if marked {
			t.remarkSmallest(i, 4, a.Smallest)
		}
		t.remarkInterval(i, len(cells)-3, a.Estimator, a.Rho)
		switch {
		case a.Mark == analysis.Best || a.Mark == "~":
			t.style(i, 2, Strong)
		case i == second:
			t.style(i, 2, Underlined)
		}
		if a.Reason != "" {
			t.Notes = append(t.Notes, fmt.Sprintf("%s: %s", a.Estimator, a.Reason))
		}
	}
	return t
}

// runnerUp is the row with the highest tau among those that the best is distinguished from, or -1.
func runnerUp(rows []analysis.Association) int {
	second := -1
	for i, a := range rows {
		if (a.Mark == "-" || a.Mark == "+") && (second < 0 || a.Tau.Value > rows[second].Tau.Value) {
			second = i
		}
	}
	return second
}

// versus writes the comparison with the best.
func versus(a analysis.Association) string {
	if a.P == nil {
		return a.Mark
	}
	return fmt.Sprintf("%s (%s)", a.Mark, PValue(*a.P))
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

func coefficient(i *analysis.Interval) []string {
	if i == nil {
		return []string{"undefined", ""}
	}
	return []string{signed(i.Value), ends(i)}
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

// AssociationDots compares the tau-b of the same rows, with trivial baselines told apart.
func AssociationDots(xLabel string, rows []analysis.Association) plots.Dots {
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
