package reports

import (
	"errors"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
)

// convergenceFigure is F6: how wide the interval of tau is with fewer architectures, a panel an estimator.
func (f Study) convergenceFigure() ([]Figure, error) {
	lines := plots.Lines{XLabel: "architectures", YLabel: plots.Tau, LogX: true,
		Band: "95% interval with so many architectures"}
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
	note := f.bestOf(len(grid.Panels))
	return []Figure{{Name: "convergence", Figure: grid, Width: plots.SingleColumn, Note: note}}, nil
}
