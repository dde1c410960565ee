package study

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"rwe301/plots"
	"rwe301/reports"
)

// Figure is a figure of a run with the size that it is drawn for.
type Figure struct {
	Name string
	plots.Figure
	Width, Height vg.Length
}

// figures are what a run can be drawn in. Each returns nothing where the run has no data for it.
var figures = []struct {
	name string
	make func(*Findings) ([]Figure, error)
}{
	{"scatter", (*Findings).scatterFigure},
	{"bars", (*Findings).barsFigure},
	{"cost", (*Findings).costFigure},
	{"ablation", (*Findings).ablationFigures},
	{"convergence", (*Findings).convergenceFigure},
	{"seeds", (*Findings).seedsFigure},
	{"proxies", (*Findings).proxiesFigure},
	{"entropy", (*Findings).entropyFigure},
	{"strata", (*Findings).strataFigure},
	{"bias", (*Findings).biasFigure},
	{"precision", (*Findings).precisionFigure},
	{"ranks", (*Findings).ranksFigure},
	{"critical", (*Findings).criticalFigure},
	{"cells", (*Findings).cellFigures},
}

// FigureNames lists the kinds of figures of a run.
func FigureNames() []string {
	var names []string
	for _, f := range figures {
		names = append(names, f.name)
	}
	return names
}

// Figures draws the kinds of figures named, all for none. Kinds that the run has no data for are left out.
func (f *Findings) Figures(names ...string) ([]Figure, error) {
	var out []Figure
	for _, kind := range figures {
		if len(names) > 0 && !slices.Contains(names, kind.name) {
			continue
		}
		made, err := kind.make(f)
		if err != nil {
			return nil, fmt.Errorf("figure %s: %w", kind.name, err)
		}
		out = append(out, made...)
	}
	return out, nil
}

// Limits on what one figure shows, best first, so that it stays readable.
const (
	maxPanels = 12
	maxCurves = 6
	maxBars   = 60
	maxMatrix = 16

	maxEntropy = 10 // scores of the figure of entropies
)

// best lists the findings with a tau, best first, at most n. What only varies a setting of another one is left to the
// figures of ablations.
func (f *Findings) best(n int) []*Finding {
	rows := slices.DeleteFunc(f.ranked(), func(r *Finding) bool { return r.Tau == nil || r.Column.Question.varied() })
	return rows[:min(n, len(rows))]
}

// accuracyLabel is the axis of the accuracies.
func (f *Findings) accuracyLabel() string { return "accuracy (%)" }

// scatterFigure is F2: scores against accuracies, a panel an estimator.
func (f *Findings) scatterFigure() ([]Figure, error) {
	rows := f.best(maxPanels)
	if len(rows) == 0 {
		return nil, nil
	}
	panels := plots.Panels{Columns: min(3, len(rows))}
	for _, r := range rows {
		labels := make([]string, len(r.Rows))
		for k, i := range r.Rows {
			labels[k] = f.Architectures[i].ID
		}
		s, err := plots.NewScatter(f.panelTitle(r), "score", f.accuracyLabel(), labels, r.Scores, r.Truth)
		if err != nil {
			return nil, err
		}
		panels.Figures, panels.Names = append(panels.Figures, s), append(panels.Names, r.Estimator)
	}
	width := vg.Length(panels.Columns) * plots.DoubleColumn / 3
	return []Figure{{"scatter", panels, max(width, plots.SingleColumn), vg.Length(panels.Rows()) * 1.9 * vg.Inch}}, nil
}

// panelTitle names an estimator with its coefficients.
func (f *Findings) panelTitle(r *Finding) string {
	return fmt.Sprintf("%s\ntau %+.2f, rho %+.2f", abbreviate(r.Estimator, 26), r.Tau.Value, r.Rho.Value)
}

// abbreviate cuts a label in the middle.
func abbreviate(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n/2]) + "…" + string(runes[len(runes)-(n-n/2-1):])
}

// barsFigure compares tau-b with intervals.
func (f *Findings) barsFigure() ([]Figure, error) {
	var rows []reports.Association
	for _, r := range f.ranked()[:min(maxBars, len(f.Rows))] {
		a := r.Association
		a.Estimator = abbreviate(a.Estimator, 22)
		rows = append(rows, a)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	b := reports.AssociationBars("tau-b, 95% interval", rows)
	return []Figure{{"bars", b, plots.SingleColumn, max(1.5*vg.Inch, vg.Length(len(rows))*0.17*vg.Inch+0.7*vg.Inch)}}, nil
}

// cellFigures are F13: the most and the least accurate architecture.
func (f *Findings) cellFigures() ([]Figure, error) {
	best, worst := -1, -1
	for i, v := range f.Results.Truth {
		if math.IsNaN(v) {
			continue
		}
		if best < 0 || v > f.Results.Truth[best] {
			best = i
		}
		if worst < 0 || v < f.Results.Truth[worst] {
			worst = i
		}
	}
	var out []Figure
	for name, i := range map[string]int{"cells-best": best, "cells-worst": worst} {
		if i < 0 {
			continue
		}
		a, err := f.parse(f.Architectures[i])
		if err != nil {
			return nil, err
		}
		title := fmt.Sprintf("%s: accuracy %.2f%%", f.Architectures[i].ID, f.Results.Truth[i])
		cells, err := plots.NewCells(title, f.space, a)
		if err != nil {
			return nil, err
		}
		out = append(out, Figure{name, cells, plots.CellsWidth, cells.Height()})
	}
	slices.SortFunc(out, func(a, b Figure) int { return len(a.Name) - len(b.Name) })
	return out, nil
}
