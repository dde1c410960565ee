package study

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot/vg"

	"rwe301/correlation"
	"rwe301/plots"
	"rwe301/reports"
)

// precisionFigure is F9: the share of the predicted top that belongs to the true top.
func (f *Findings) precisionFigure() ([]Figure, error) {
	lines := plots.Lines{XLabel: "top share of the architectures (%)", YLabel: "precision in the top", LogX: true}
	for _, r := range f.best(maxCurves) {
		line := plots.Line{Name: abbreviate(r.Estimator, 22)}
		for _, share := range []float64{1, 2, 5, 10, 20, 30, 50} {
			k := int(share / 100 * float64(r.N))
			if k < 2 {
				continue
			}
			s, err := correlation.Select(r.Truth, r.Scores, k)
			if err != nil {
				return nil, err
			}
			line.X, line.Y = append(line.X, share), append(line.Y, s.PrecisionTop)
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
	figure, err := plots.NewLines(lines)
	return []Figure{{"precision", figure, plots.SingleColumn, plots.ColumnHeight}}, err
}

// ranksFigure is F14: predicted against true rank, for the three best estimators.
func (f *Findings) ranksFigure() ([]Figure, error) {
	panels := plots.Panels{Columns: 3}
	for _, r := range f.best(3) {
		predicted, err := correlation.Ranks(negated(r.Scores), correlation.RankAverage)
		if err != nil {
			return nil, err
		}
		truth, err := correlation.Ranks(negated(r.Truth), correlation.RankAverage)
		if err != nil {
			return nil, err
		}
		labels := make([]string, len(r.Rows))
		for k, i := range r.Rows {
			labels[k] = f.Architectures[i].ID
		}
		s, err := plots.NewScatter(abbreviate(r.Estimator, 26), "predicted rank", "true rank", labels, predicted, truth)
		if err != nil {
			return nil, err
		}
		panels.Figures, panels.Names = append(panels.Figures, s), append(panels.Names, r.Estimator)
	}
	if len(panels.Figures) == 0 {
		return nil, nil
	}
	panels.Columns = len(panels.Figures)
	return []Figure{{"ranks", panels, max(plots.SingleColumn, vg.Length(panels.Columns)*plots.DoubleColumn/3), 2.1 * vg.Inch}}, nil
}

func negated(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = -x
	}
	return out
}

// Folds of the critical-difference diagram.
const (
	folds   = 10
	maxFold = 12 // methods
)

// criticalFigure is F14: estimators by mean rank over disjoint parts of the architectures (Friedman, Nemenyi).
func (f *Findings) criticalFigure() ([]Figure, error) {
	rows := f.best(maxFold)
	blocks, err := f.folds(rows)
	if err != nil || blocks == nil {
		return nil, err
	}
	r, err := correlation.Friedman(blocks)
	if errors.Is(err, correlation.ErrUndefined) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	cd, err := correlation.NemenyiDifference(len(rows), len(blocks), 1-level)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = abbreviate(row.Estimator, 16)
	}
	d, err := plots.NewCritical(fmt.Sprintf("mean rank over %d parts, Friedman %s", len(blocks), reports.PValue(r.P)), names, r.MeanRanks, cd)
	if err != nil {
		return nil, err
	}
	return []Figure{{"critical", d, plots.SingleColumn, d.Height()}}, nil
}

// complete returns the accuracies, and after them the scores of rows, of the architectures that have all of them; nil where
// there are too few.
func (f *Findings) complete(rows []*Finding) [][]float64 {
	vectors := [][]float64{f.Results.Truth}
	for _, r := range rows {
		vectors = append(vectors, r.Column.Mean())
	}
	common, kept := both(vectors...)
	if len(common) < folds*fewPairs {
		return nil
	}
	return kept
}

// folds returns the tau-b of the estimators on disjoint parts of the architectures that all of them score; nil where
// there are too few.
func (f *Findings) folds(rows []*Finding) ([][]float64, error) {
	if len(rows) < 3 {
		return nil, nil
	}
	kept := f.complete(rows)
	if kept == nil {
		return nil, nil
	}
	var blocks [][]float64
	for b := range folds {
		part := func(v []float64) []float64 { return v[b*len(v)/folds : (b+1)*len(v)/folds] }
		var taus []float64
		for k := range rows {
			tau, err := correlation.Kendall(part(kept[k+1]), part(kept[0]))
			if errors.Is(err, correlation.ErrUndefined) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			taus = append(taus, tau)
		}
		blocks = append(blocks, taus)
	}
	return blocks, nil
}
