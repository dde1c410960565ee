package reports

import (
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"

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
	points := plots.Points{XLabel: "seconds" + f.clock() + " an architecture", YLabel: "tau-b", LogX: true}
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
	return plots.Point{Name: name, X: r.Seconds, Y: r.Tau.Value, Low: r.Tau.Low, High: r.Tau.High}
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

// ablationFigures are F5: tau against each setting that is varied, a figure a setting.
func (f Study) ablationFigures() ([]Figure, error) {
	ablations, err := f.Ablations()
	if err != nil {
		return nil, err
	}
	var knobs []string
	byKnob := map[string][]analysis.Ablation{}
	for _, a := range ablations {
		if byKnob[a.Setting] == nil {
			knobs = append(knobs, a.Setting)
		}
		byKnob[a.Setting] = append(byKnob[a.Setting], a)
	}
	var out []Figure
	var failed []error
	for _, knob := range knobs {
		figure, err := ablationFigure(knob, byKnob[knob])
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", knob, err))
		} else if figure != nil {
			out = append(out, *figure)
		}
	}
	return out, errors.Join(failed...)
}

// ablationFigure draws numbers as lines with bands and words as bars.
func ablationFigure(knob string, ablations []analysis.Ablation) (*Figure, error) {
	lines := plots.Lines{XLabel: knob, YLabel: "tau-b", Points: true, Zero: true}
	var bars plots.Bars
	for _, a := range ablations[:min(maxCurves, len(ablations))] {
		line := plots.Line{Name: abbreviate(a.Base.Estimator, 22)}
		for _, l := range a.Levels {
			if l.Tau == nil {
				continue
			}
			line.X, line.Y = append(line.X, l.Number), append(line.Y, l.Tau.Value)
			line.Low, line.High = append(line.Low, l.Tau.Low), append(line.High, l.Tau.High)
			name := l.Value
			if len(ablations) > 1 {
				name = abbreviate(a.Base.Estimator, 16) + ": " + name
			}
			if l.Finding == a.Base {
				name += " *"
			}
			bars.Bars = append(bars.Bars, plots.Bar{Name: name, Value: l.Tau.Value, Low: l.Tau.Low, High: l.Tau.High})
		}
		lines.Lines = append(lines.Lines, line)
	}
	if len(bars.Bars) == 0 {
		return nil, nil
	}
	name := "ablation-" + knob
	if ablations[0].Numeric() {
		x := lines.Lines[0].X
		if len(lines.Lines) == 1 {
			lines.Title = lines.Lines[0].Name
		}
		lines.LogX = x[0] > 0 && x[len(x)-1] >= 8*x[0]
		figure, err := plots.NewLines(lines)
		return &Figure{name, figure, plots.SingleColumn, plots.ColumnHeight}, err
	}
	bars.XLabel = fmt.Sprintf("tau-b by %s, 95%% interval (* default)", knob)
	if n := len(bars.Bars); n > maxBars {
		bars.Bars = bars.Bars[:maxBars]
		bars.XLabel += fmt.Sprintf("\n(the first %d of %d)", maxBars, n)
	}
	return &Figure{name, bars, plots.SingleColumn, max(1.3*vg.Inch, vg.Length(len(bars.Bars))*0.18*vg.Inch+0.7*vg.Inch)},
		nil
}

// convergenceFigure is F6: how wide the interval of tau is with fewer architectures.
func (f Study) convergenceFigure() ([]Figure, error) {
	lines := plots.Lines{XLabel: "architectures", YLabel: "tau-b", LogX: true, Zero: true}
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
		line := plots.Line{Name: abbreviate(r.Estimator, 22)}
		for _, w := range widths {
			line.X, line.Y = append(line.X, float64(w.N)), append(line.Y, r.Tau.Value)
			line.Low, line.High = append(line.Low, w.Interval.Low), append(line.High, w.Interval.High)
		}
		lines.Lines = append(lines.Lines, line)
	}
	return linesFigure("convergence", lines)
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
