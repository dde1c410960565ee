package reports

import (
	"errors"
	"slices"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
)

// costFigure is F4: tau against the seconds of an estimate.
func (f Study) costFigure() ([]Figure, error) {
	trivial, others := plots.Group{Name: "trivial baselines", Labels: true}, plots.Group{Name: "estimators", Labels: true}
	curves, drawn, err := f.trainingCurves()
	if err != nil {
		return nil, err
	}
	for _, r := range f.Top(maxPanels) {
		if r.Seconds <= 0 || drawn[r] {
			continue
		}
		p := costPoint(r, abbreviate(r.Estimator, 20))
		if r.Baseline {
			trivial.Points = append(trivial.Points, p)
		} else {
			others.Points = append(others.Points, p)
		}
	}
	points := plots.Points{XLabel: "seconds an architecture, one core", YLabel: "tau-b", LogX: true}
	for _, g := range append([]plots.Group{others, trivial}, curves...) {
		if len(g.Points) > 0 {
			points.Groups = append(points.Groups, g)
		}
	}
	if len(points.Groups) == 0 {
		return nil, nil
	}
	width := plots.SingleColumn
	if len(trivial.Points)+len(others.Points) > 6 {
		width = plots.DoubleColumn // so many names need room
	}
	return pointsFigure("cost", width, points)
}

func costPoint(r *analysis.Finding, name string) plots.Point {
	return plots.Point{Name: name, X: r.Seconds * float64(len(r.Column.Seeds)), Y: r.Tau.Value, Low: r.Tau.Low,
		High: r.Tau.High}
}

// trainingCurves are tau against the seconds of training, a curve an estimator whose epochs are varied, and what is
// drawn there.
func (f Study) trainingCurves() (curves []plots.Group, drawn map[*analysis.Finding]bool, err error) {
	ablations, err := f.Ablations()
	if err != nil {
		return nil, nil, err
	}
	drawn = map[*analysis.Finding]bool{}
	for _, a := range ablations {
		if !a.Base.Column.Training || a.Setting != "epochs" || !a.Numeric() {
			continue
		}
		g := plots.Group{Name: abbreviate(a.Base.Estimator, 16) + ", epochs", Joined: true, Labels: true}
		for _, l := range a.Levels {
			if l.Tau != nil && l.Seconds > 0 {
				g.Points = append(g.Points, costPoint(l.Finding, l.Value))
			}
		}
		if len(g.Points) > 1 && len(curves) < maxCurves-2 {
			curves, drawn[a.Base] = append(curves, g), true
		}
	}
	return curves, drawn, nil
}

// convergenceFigure is F6: how wide the interval of tau is with fewer architectures, a panel an estimator.
func (f Study) convergenceFigure() ([]Figure, error) {
	lines := plots.Lines{XLabel: "architectures", YLabel: plots.Tau, LogX: true, Band: "95% interval with so many"}
	grid := plots.Grid{SharedY: true}
	for _, r := range f.Top(maxConverging) {
		var sizes []int
		for _, n := range []int{10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000} {
			if n < r.N {
				sizes = append(sizes, n)
			}
		}
		if r.N > analysis.ClosedForm || len(sizes) == 0 {
			continue
		}
		widths, err := correlation.PrecisionAt(correlation.KendallTauB, r.Scores, r.Truth, append(sizes, r.N),
			analysis.Confidence, f.Options)
		if errors.Is(err, correlation.ErrUndefined) {
			continue
		}
		if err != nil {
			return nil, err
		}
		line := plots.Line{Name: r.Estimator}
		for _, w := range widths {
			line.X, line.Y = append(line.X, float64(w.N)), append(line.Y, r.Tau.Value)
			line.Low, line.High = append(line.Low, w.Interval.Low), append(line.High, w.Interval.High)
		}
		one := lines
		one.Title, one.At, one.Lines = r.Estimator, line.X, []plots.Line{line}
		panel, err := plots.NewLines(one)
		if err != nil {
			return nil, err
		}
		grid.Panels, grid.Names = append(grid.Panels, panel), append(grid.Names, r.Estimator)
	}
	if len(grid.Panels) == 0 {
		return nil, nil
	}
	return []Figure{{"convergence", grid, plots.SingleColumn}}, nil
}

// seedsFigure is F6: the tau of every weight seed, where there are three or more.
func (f Study) seedsFigure() ([]Figure, error) {
	lines := plots.Lines{XLabel: "weight seeds, sorted by tau-b", YLabel: "tau-b of one seed", Points: true, Whole: true}
	for _, r := range f.Top(len(f.Rows)) {
		if len(r.Column.Seeds) < 3 || len(lines.Lines) == maxCurves {
			continue
		}
		taus := f.TausBySeed(r)
		slices.Sort(taus)
		line := plots.Line{Name: abbreviate(r.Estimator, 22), Y: taus}
		for i := range taus {
			line.X = append(line.X, float64(i+1))
		}
		lines.Lines = append(lines.Lines, line)
	}
	return linesFigure("seeds", lines)
}
