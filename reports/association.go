package reports

import (
	"fmt"
	"math"
	"strconv"

	"rwe301/plots"
)

// Interval is a value with its confidence interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Association says how well an estimator's scores order architectures by accuracy. Tau and Rho are nil when they are
// undefined, and Reason says why.
type Association struct {
	Estimator string    `json:"estimator"`
	Baseline  bool      `json:"baseline"` // a trivial count rather than an estimate
	N         int       `json:"n"`        // architectures with a score and an accuracy
	Asked     int       `json:"asked"`    // architectures that were to be scored
	Tau       *Interval `json:"tau_b"`
	Rho       *Interval `json:"rho"`
	Reason    string    `json:"reason,omitempty"`
	Seconds   float64   `json:"seconds_per_architecture"` // median wall time of one estimate
}

// Coverage is the share of architectures that have a score.
func (a Association) Coverage() float64 {
	if a.Asked == 0 {
		return 0
	}
	return float64(a.N) / float64(a.Asked)
}

// AssociationTable is the table of estimators in the order given. The title says what the accuracies are; notes say
// how the intervals were made.
func AssociationTable(title string, notes []string, rows []Association) Table {
	t := Table{Title: title, Notes: notes, Columns: []Column{
		{Name: "estimator", Left: true}, {Name: "n"}, {Name: "tau-b"}, {Name: "95% CI"}, {Name: "rho"}, {Name: "95% CI"},
		{Name: "s/arch"}, {Name: "coverage"},
	}}
	for _, a := range rows {
		cells := []string{a.Estimator, strconv.Itoa(a.N)}
		cells = append(cells, statistic(a.Tau)...)
		cells = append(cells, statistic(a.Rho)...)
		cells = append(cells, seconds(a.Seconds), strconv.FormatFloat(100*a.Coverage(), 'f', 0, 64)+"%")
		t.Rows = append(t.Rows, cells)
		if a.Reason != "" {
			t.Notes = append(t.Notes, fmt.Sprintf("%s: %s", a.Estimator, a.Reason))
		}
	}
	return t
}

func statistic(i *Interval) []string {
	if i == nil {
		return []string{"undefined", ""}
	}
	return []string{signed(i.Value), fmt.Sprintf("[%s, %s]", signed(i.Low), signed(i.High))}
}

// signed writes a correlation with its sign.
func signed(x float64) string { return fmt.Sprintf("%+.3f", x) }

// seconds writes a duration with two significant digits.
func seconds(s float64) string {
	if s < 0.0005 {
		return "<0.001"
	}
	return strconv.FormatFloat(s, 'f', max(0, 1-int(math.Floor(math.Log10(s)))), 64)
}

// AssociationBars is the bar chart of the tau-b of the same rows.
func AssociationBars(xLabel string, rows []Association) plots.Bars {
	b := plots.Bars{XLabel: xLabel, Legend: [2]string{"estimator", "trivial baseline"}}
	for _, a := range rows {
		bar := plots.Bar{Name: a.Estimator, Distinguished: a.Baseline}
		if a.Tau == nil {
			bar.Undefined, bar.Note = true, "undefined"
		} else {
			bar.Value, bar.Low, bar.High = a.Tau.Value, a.Tau.Low, a.Tau.High
		}
		b.Bars = append(b.Bars, bar)
	}
	return b
}
