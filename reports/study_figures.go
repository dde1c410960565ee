package reports

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/internal/printable"
	"rwe301/plots"
)

// Figure is a figure of a run with the width that suits it where none is asked for.
type Figure struct {
	Name string
	plots.Figure
	Width vg.Length
	Note  string // what is left out of it, and why; empty for nothing
}

// figures are what a run can be drawn in. Each returns nothing where the run has no data for it, and what can be drawn
// beside an error.
var figures = []kind[Study]{
	{"scatter", Study.scatterFigure},
	{"bars", Study.barsFigure},
	{"cost", Study.costFigure},
	{"ablation", Study.ablationFigures},
	{"grid", Study.gridFigures},
	{"importance", Study.importanceFigure},
	{"convergence", Study.convergenceFigure},
	{"seeds", Study.seedsFigure},
	{"proxies", Study.proxiesFigure},
	{"entropy", Study.entropyFigure},
	{"strata", Study.strataFigure},
	{"bias", Study.biasFigure},
	{"precision", Study.precisionFigure},
	{"ranks", Study.ranksFigure},
	{"pairs", Study.pairsFigure},
	{"critical", Study.criticalFigure},
	{CohortsKind, Study.cohortFigures},
	{"cells", Study.cellFigures},
}

// kind is a kind of figures of a run.
type kind[R any] struct {
	name string
	make func(R) ([]Figure, error)
}

func namesOf[R any](kinds []kind[R]) (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// FigureNames lists the kinds of figures of a run.
func FigureNames() []string { return namesOf(figures) }

// Figures makes the kinds of figures named, all for none. Kinds that the run has no data for are left out. Those that
// cannot be made are the error, an Undrawn each; the others are returned all the same.
func (f Study) Figures(ctx context.Context, names ...string) ([]Figure, error) {
	return makeFigures(ctx, f, figures, f.Progress, names)
}

func makeFigures[R any](ctx context.Context, run R, kinds []kind[R], tell Progress, names []string) (out []Figure,
	err error) {
	if len(names) == 0 {
		names = namesOf(kinds)
	}
	var failed []error
	done := 0
	for _, k := range kinds {
		if !slices.Contains(names, k.name) {
			continue
		}
		tell.tell(done, len(names), "figure "+k.name)
		done++
		made, err := attempt(ctx, "figure "+k.name, func() ([]Figure, error) { return k.make(run) })
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out, failed = append(out, made...), append(failed, err)
	}
	return out, errors.Join(failed...)
}

// Limits on what one figure shows, best first, so that it stays readable.
const (
	maxPanels = 12
	maxCurves = 6
	maxBars   = 60
	maxMatrix = 24
	maxCost   = 24

	maxEntropy = 10 // scores of the figure of entropies

	maxRanks, maxConverging = 4, 6
)

// accuracyLabel is the axis of the accuracies, which says where they come from.
func (f Study) accuracyLabel() string { return "accuracy (%) by " + short(f.From.Truth) }

// short is what a source of accuracies is called where what stands in brackets would be too long. Labels are broken
// where their axis ends.
func short(truth string) string {
	name, _, _ := strings.Cut(truth, " (")
	return abbreviate(name, 48)
}

func pointsFigure(name string, width vg.Length, points plots.Points) ([]Figure, error) {
	f, err := plots.NewPoints(points)
	if err != nil {
		return nil, err
	}
	return []Figure{{Name: name, Figure: f, Width: width}}, nil
}

// fullNames are the estimators' labels.
func fullNames(rows []*analysis.Finding) (out []string) {
	for _, r := range rows {
		out = append(out, printable.Line(r.Estimator))
	}
	return out
}

// ids name the architectures behind the scores of a finding.
func (f Study) ids(r *analysis.Finding) []string {
	out := make([]string, len(r.Rows))
	for k, i := range r.Rows {
		out[k] = f.Architectures[i].ID
	}
	return out
}

// scatterFigure is F2: scores against accuracies, a panel an estimator.
func (f Study) scatterFigure() ([]Figure, error) {
	rows := f.Top(maxPanels)
	if len(rows) == 0 {
		return nil, nil
	}
	grid := plots.Grid{SharedY: true}
	for _, r := range rows {
		p, err := plots.NewScatter(withUnit(r.Estimator, r.Column), "score", f.accuracyLabel(), f.ids(r), r.Scores, r.Truth)
		if err != nil {
			return nil, err
		}
		p.Stats = stats(r)
		grid.Panels, grid.Names = append(grid.Panels, p), append(grid.Names, r.Estimator)
	}
	width := plots.DoubleColumn
	if len(rows) < 3 {
		width = plots.SingleColumn
	}
	return []Figure{{Name: "scatter", Figure: grid, Width: width, Note: f.bestOf(len(rows))}}, nil
}

// withUnit is a name with the unit of its scores.
func withUnit(name string, c *analysis.Column) string {
	if c.Unit == "" || c.Unit == "score" {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, strings.Replace(c.Unit, "percent", "%", 1))
}

// stats are the numbers below the name of an estimator.
func stats(r *analysis.Finding) string {
	text := fmt.Sprintf("%s\u00a0=\u00a0%+.2f", plots.Tau, r.Tau.Value)
	if r.Tau.Method != correlation.None {
		text += fmt.Sprintf(" [%+.2f,\u00a0%+.2f]", r.Tau.Low, r.Tau.High)
	}
	text += fmt.Sprintf(", %s\u00a0=\u00a0%+.2f, n\u00a0=\u00a0%d", plots.Rho, r.Rho.Value, r.N)
	return strings.ReplaceAll(text, "-", "−")
}

// abbreviate cuts a label in the middle, and shows control characters.
func abbreviate(s string, n int) string {
	runes := []rune(printable.Line(s))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n/2]) + "…" + string(runes[len(runes)-(n-n/2-1):])
}

// tauAxis is the axis of tau-b.
func (f Study) tauAxis() string {
	return plots.Tau + " with accuracy by " + short(f.From.Truth) + ", 95% interval"
}

// barsFigure compares tau-b with intervals. It has kept the name that it had when it was made of bars.
func (f Study) barsFigure() ([]Figure, error) {
	var rows []analysis.Association
	for _, r := range f.Ranked()[:min(maxBars, len(f.Rows))] {
		rows = append(rows, r.Association)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	axis, note := f.tauAxis(), ""
	if len(rows) < len(f.Rows) {
		note = fmt.Sprintf("the best %d of %d", len(rows), len(f.Rows))
		axis += "\n(" + note + ")"
	}
	return []Figure{{Name: "bars", Figure: associationDots(axis, rows), Width: plots.SingleColumn, Note: note}}, nil
}

// cellFigures are F13: the most and the least accurate architecture.
func (f Study) cellFigures() ([]Figure, error) {
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
		a, err := f.Architecture(i)
		if err != nil {
			return nil, err
		}
		title := fmt.Sprintf("%s: accuracy\u00a0%.2f%%", f.Architectures[i].ID, f.Results.Truth[i])
		cells, err := plots.NewCells(title, f.Space, a)
		if err != nil {
			return nil, err
		}
		out = append(out, Figure{Name: name, Figure: cells, Width: plots.CellsWidth})
	}
	slices.SortFunc(out, func(a, b Figure) int { return len(a.Name) - len(b.Name) })
	return out, nil
}
