package reports

import (
	"errors"
	"fmt"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
)

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

// ablationFigure draws numbers as lines with bands and words as dots.
func ablationFigure(knob string, ablations []analysis.Ablation) (*Figure, error) {
	lines := plots.Lines{XLabel: knob, YLabel: "tau-b", Points: true, Zero: true}
	var dots plots.Dots
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
			dots.Rows = append(dots.Rows, plots.Dot{Name: name, Value: l.Tau.Value, Low: l.Tau.Low, High: l.Tau.High})
		}
		lines.Lines = append(lines.Lines, line)
	}
	if len(dots.Rows) == 0 {
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
		return &Figure{Name: name, Figure: figure, Width: plots.SingleColumn}, err
	}
	dots.XLabel = fmt.Sprintf("tau-b by %s, 95%% interval (* default)", knob)
	if n := len(dots.Rows); n > maxBars {
		dots.Rows = dots.Rows[:maxBars]
		dots.XLabel += fmt.Sprintf("\n(the first %d of %d)", maxBars, n)
	}
	return &Figure{Name: name, Figure: dots, Width: plots.SingleColumn}, nil
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
