package reports

import (
	"cmp"
	"fmt"
	"slices"

	"rwe301/correlation"
	"rwe301/internal/printable"
	"rwe301/plots"
)

// precisionFigure is F9: the share of the predicted top that belongs to the true top.
func (f Study) precisionFigure() ([]Figure, error) {
	points := plots.Points{XLabel: "top share of the architectures (%)", YLabel: "precision in the top, 95% interval",
		LogX: true, Apart: true}
	chance := plots.Group{Name: "chance", Joined: true, Bare: true}
	for _, r := range f.Top(maxCurves) {
		group := plots.Group{Name: printable.Line(r.Estimator), Joined: true}
		tops, err := r.Precision([]float64{.01, .02, .05, .1, .2, .3, .5})
		if err != nil {
			return nil, err
		}
		for _, t := range tops {
			x := 100 * t.Share
			group.Points = append(group.Points, plots.Point{Name: fmt.Sprintf("%d of %d", t.K, t.N), X: x, Y: t.Value,
				Low: t.Low, High: t.High})
			if !slices.Contains(points.At, x) {
				share := float64(t.K) / float64(t.N)
				points.At = append(points.At, x)
				chance.Points = append(chance.Points, plots.Point{X: x, Y: share, Low: share, High: share})
			}
		}
		if len(tops) > 1 {
			points.Groups = append(points.Groups, group)
		}
	}
	if len(points.Groups) == 0 {
		return nil, nil
	}
	slices.Sort(points.At)
	slices.SortFunc(chance.Points, func(a, b plots.Point) int { return cmp.Compare(a.X, b.X) })
	note := f.bestOf(len(points.Groups))
	estimators := len(points.Groups)
	points.Groups = append(points.Groups, chance)
	points, err := plots.NewPoints(points)
	if err != nil {
		return nil, err
	}
	grid := plots.Of(points)
	if estimators > maxTogether {
		grid.Names, grid.Panels = points.OneAPanel(estimators)
		grid.SharedY = true
	}
	return []Figure{{Name: "precision", Figure: grid, Width: plots.SingleColumn, Note: note}}, nil
}

// ranksFigure is F14: predicted against true rank, for the best estimators.
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
	note := f.bestOf(len(panels.Panels))
	return []Figure{{Name: "ranks", Figure: panels, Width: plots.DoubleColumn, Note: note}}, nil
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
	return []Figure{{Name: "critical", Figure: d, Width: plots.SingleColumn, Note: f.bestOf(len(rows))}}, nil
}
