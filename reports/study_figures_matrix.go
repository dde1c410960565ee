package reports

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
)

// proxiesFigure is F3: how the estimators' scores correlate with each other.
func (f Study) proxiesFigure() ([]Figure, error) {
	rows := f.Top(maxMatrix)
	if len(rows) < 2 {
		return nil, nil
	}
	return heatFigure("proxies", "Spearman correlation between scores", rows, names(rows, 20), analysis.Among(rows))
}

// heatFigure is a matrix with a row an estimator.
func heatFigure(name, title string, rows []*analysis.Finding, columns []string,
	values [][]float64) ([]Figure, error) {
	h, err := plots.NewHeatMap(title, names(rows, 20), columns, values)
	if err != nil {
		return nil, err
	}
	width := plots.SingleColumn
	if len(columns) > 8 {
		width = plots.DoubleColumn
	}
	return []Figure{{name, h, width}}, nil
}

// entropyFigure is F8: what is left of the entropy of the accuracies when more and more scores are known.
func (f Study) entropyFigure() ([]Figure, error) {
	rows := f.Top(maxMatrix)
	if len(rows) < 2 {
		return nil, nil
	}
	kept := f.Complete(rows, analysis.MinComplete)
	if kept == nil {
		return nil, nil
	}
	info, err := correlation.ConditionalEntropy(kept[0], kept[1:], maxEntropy, f.Options.Seed)
	if err != nil {
		return nil, err
	}
	left := plots.Group{Name: "greedy choice", Joined: true, Labels: true}
	chance := plots.Group{Name: "chance", Joined: true}
	add := func(g *plots.Group, name string, k int, h float64) {
		g.Points = append(g.Points, plots.Point{Name: name, X: float64(k), Y: h, Low: h, High: h})
	}
	add(&left, "none", 0, info.Prior)
	add(&chance, "none", 0, info.Prior)
	for k, i := range info.Order {
		name := abbreviate(rows[i].Estimator, 20)
		add(&left, name, k+1, info.Entropy[k])
		add(&chance, name, k+1, info.Chance[k])
		if info.Chance[k] < info.Prior/50 {
			break // the architectures are alone in their bins: nothing more can be seen
		}
	}
	return pointsFigure("entropy", plots.SingleColumn, plots.Points{
		XLabel: "scores known", YLabel: "entropy left of accuracy (bits)", Whole: true, Groups: []plots.Group{left, chance},
	})
}

// strataFigure is F7: the correlation among architectures with equally many convolutions.
func (f Study) strataFigure() ([]Figure, error) {
	rows := f.Top(maxMatrix)
	strata, err := f.Stratify(rows)
	if err != nil || strata == nil || len(rows) == 0 {
		return nil, err
	}
	columns := []string{"all"}
	for k, n := range strata.Convolutions {
		columns = append(columns, fmt.Sprintf("%d (%d)", n, strata.Sizes[k]))
	}
	values := make([][]float64, len(rows))
	for i, r := range rows {
		values[i] = append([]float64{r.Rho.Value}, strata.Rho[i]...)
	}
	return heatFigure("strata", "Spearman by number of convolutions (n)", rows, columns, values)
}

// biasPanels is how many estimators the figure of biases shows beside the accuracies.
const biasPanels = 5

// biasFigure is F7: accuracies, and scores, against the number of skip connections. An estimator is biased where its
// correlation with that number is far from the accuracies'.
func (f Study) biasFigure() ([]Figure, error) {
	skips, counted, err := f.Skips()
	rows := f.Top(biasPanels)
	if err != nil || !counted || len(rows) == 0 {
		return nil, err
	}
	panels := plots.Grid{}
	add := func(name, title string, y []float64) error {
		var x, kept []float64
		var counts []int
		var labels []string
		for i, v := range y {
			if !math.IsNaN(v) {
				x, kept, counts = append(x, float64(skips[i])), append(kept, v), append(counts, skips[i])
				labels = append(labels, f.Architectures[i].ID)
			}
		}
		rho, err := correlation.Spearman(x, kept)
		if errors.Is(err, correlation.ErrUndefined) {
			return nil
		}
		if err != nil {
			return err
		}
		b, err := plots.NewBoxes(title, "skip connections, and how many architectures have so many", "", labels, counts, kept)
		b.Stats = fmt.Sprintf("%s\u00a0=\u00a0%+.2f, n\u00a0=\u00a0%d", plots.Rho, rho, len(kept))
		b.Stats = strings.ReplaceAll(b.Stats, "-", "−")
		panels.Panels, panels.Names = append(panels.Panels, b), append(panels.Names, name)
		return err
	}
	if err := add("accuracy", f.accuracyLabel(), f.Results.Truth); err != nil {
		return nil, err
	}
	for _, r := range rows {
		if err := add(r.Estimator, withUnit(r.Estimator, r.Column), r.Column.Mean()); err != nil {
			return nil, err
		}
	}
	if len(panels.Panels) < 2 {
		return nil, nil
	}
	return []Figure{{"bias", panels, plots.DoubleColumn}}, nil
}
