package reports

import (
	"fmt"

	"rwe301/correlation"
	"rwe301/plots"
)

// precisionFigure is F9: the share of the predicted top that belongs to the true top.
func (f Study) precisionFigure() ([]Figure, error) {
	lines := plots.Lines{XLabel: "top share of the architectures (%)", YLabel: "precision in the top", LogX: true}
	for _, r := range f.Top(maxCurves) {
		line := plots.Line{Name: abbreviate(r.Estimator, 22)}
		shares, precision, err := r.Precision([]float64{.01, .02, .05, .1, .2, .3, .5})
		if err != nil {
			return nil, err
		}
		for k, share := range shares {
			line.X, line.Y = append(line.X, 100*share), append(line.Y, precision[k])
		}
		if len(line.X) > 1 {
			lines.Lines = append(lines.Lines, line)
		}
	}
	if len(lines.Lines) == 0 {
		return nil, nil
	}
	chance := plots.Line{Name: "chance"}
	for _, x := range lines.Lines[0].X {
		chance.X, chance.Y = append(chance.X, x), append(chance.Y, x/100)
	}
	lines.Lines = append(lines.Lines, chance)
	return linesFigure("precision", lines)
}

// ranksFigure is F14: predicted against true rank, for the three best estimators.
func (f Study) ranksFigure() ([]Figure, error) {
	panels := plots.Grid{SharedY: true}
	for _, r := range f.Top(maxRanks) {
		predicted, err := correlation.Ranks(negated(r.Scores), correlation.RankAverage)
		if err != nil {
			return nil, err
		}
		truth, err := correlation.Ranks(negated(r.Truth), correlation.RankAverage)
		if err != nil {
			return nil, err
		}
		s, err := plots.NewScatter(r.Estimator, "predicted rank (1 the best)", "true rank", f.ids(r), predicted, truth)
		if err != nil {
			return nil, err
		}
		s.Ranks, s.Stats = true, stats(r)
		panels.Panels, panels.Names = append(panels.Panels, s), append(panels.Names, r.Estimator)
	}
	if len(panels.Panels) == 0 {
		return nil, nil
	}
	return []Figure{{"ranks", panels, plots.DoubleColumn}}, nil
}

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = -x
	}
	return out
}

// maxRanked is how many estimators a critical-difference diagram holds.
const maxRanked = 12

// criticalFigure is F14: estimators by mean rank over disjoint parts of the architectures (Friedman, Nemenyi).
func (f Study) criticalFigure() ([]Figure, error) {
	rows := f.Top(maxRanked)
	r, err := f.RankOverParts(rows)
	if err != nil || r == nil {
		return nil, err
	}
	d, err := plots.NewCritical(fmt.Sprintf("mean rank over %d parts, Friedman %s", r.Parts, PValue(r.P)),
		fullNames(rows), r.Ranks, r.CriticalDifference)
	if err != nil {
		return nil, err
	}
	return []Figure{{"critical", d, plots.SingleColumn}}, nil
}
