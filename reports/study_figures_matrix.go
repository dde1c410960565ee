package reports

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/internal/printable"
	"rwe301/plots"
)

// proxiesFigure is F3: how the estimators' scores correlate with each other.
func (f Study) proxiesFigure() ([]Figure, error) {
	rows := f.Top(maxMatrix)
	if len(rows) < 2 {
		return nil, nil
	}
	h, err := plots.NewHeatMap("", labels(rows), labels(rows), analysis.Among(rows))
	if err != nil {
		return nil, err
	}
	h.Bar = "Spearman " + plots.Rho + " between scores"
	h.Blank = blankCells(h, "undefined")
	return f.heatFigure("proxies", h), nil
}

// heatFigure is a matrix whose rows are the best estimators.
func (f Study) heatFigure(name string, h plots.HeatMap) []Figure {
	width := plots.SingleColumn
	if len(h.Columns) > 8 {
		width = plots.DoubleColumn
	}
	return []Figure{{Name: name, Figure: h, Width: width, Note: f.bestOf(len(h.Rows))}}
}

// bestOf says how many estimators a figure shows, the best, where these are not all with a tau-b.
func (f Study) bestOf(shown int) string {
	if all := len(f.Top(len(f.Rows))); shown < all {
		return fmt.Sprintf("the best %d of %d estimators", shown, all)
	}
	return ""
}

// labels are the estimators' names in full.
func labels(rows []*analysis.Finding) (out []string) {
	for _, r := range rows {
		out = append(out, printable.Line(r.Estimator))
	}
	return out
}

// blankCells is what blank cells of a matrix mean; nothing where there are none.
func blankCells(h plots.HeatMap, meaning string) string {
	for _, row := range h.Values {
		if slices.ContainsFunc(row, math.IsNaN) {
			return "blank: " + meaning
		}
	}
	return ""
}

// pairsFigure shows every difference in tau-b, that of the row minus that of the column.
func (f Study) pairsFigure() ([]Figure, error) {
	rows := f.Top(maxMatrix)
	pairs, err := f.Pairs(rows)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	matrix := func() [][]float64 {
		m := make([][]float64, len(rows))
		for i := range m {
			m[i] = slices.Repeat([]float64{math.NaN()}, len(rows))
		}
		return m
	}
	values, low, high, p, n := matrix(), matrix(), matrix(), matrix(), matrix()
	marked := make([][]bool, len(rows))
	for i := range marked {
		marked[i] = make([]bool, len(rows))
	}
	largest := 0.0
	for _, c := range pairs {
		a, b := slices.Index(rows, c.A), slices.Index(rows, c.B)
		n[a][b], n[b][a] = float64(c.N), float64(c.N)
		if c.Comparison == nil {
			continue
		}
		d := c.Comparison
		values[a][b], values[b][a] = d.Difference, 0-d.Difference // no negative zero
		low[a][b], high[a][b] = d.Interval.Low, d.Interval.High
		low[b][a], high[b][a] = 0-d.Interval.High, 0-d.Interval.Low
		p[a][b], p[b][a] = d.PAdjusted, d.PAdjusted
		marked[a][b], marked[b][a] = d.Distinguishable(), d.Distinguishable()
		largest = max(largest, math.Abs(d.Difference))
	}
	h := plots.HeatMap{Rows: labels(rows), Columns: labels(rows), Values: values}
	h.Bar = plots.Tau + " of the row minus that of the column"
	h.Limit = max(0.1, math.Ceil(largest*10)/10)
	h.Marked, h.Mark = marked, fmt.Sprintf("p < %.2g (paired bootstrap, Holm over all pairs)", 1-analysis.Confidence)
	h.Layers = []plots.Layer{{Name: "low", Values: low}, {Name: "high", Values: high}, {Name: "p_holm", Values: p},
		{Name: "n", Values: n}}
	return f.heatFigure("pairs", h), nil
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
	left := plots.Group{Name: "best next score", Joined: true, Labels: true}
	chance := plots.Group{Name: "chance (accuracies in random order)", Joined: true, Bare: true}
	add := func(g *plots.Group, name string, k int, h float64) {
		g.Points = append(g.Points, plots.Point{Name: name, X: float64(k), Y: h, Low: h, High: h})
	}
	add(&left, "none", 0, info.Prior)
	add(&chance, "none", 0, info.Prior)
	for k, i := range info.Order {
		name := printable.Line(rows[i].Estimator)
		add(&left, name, k+1, info.Entropy[k])
		add(&chance, name, k+1, info.Chance[k])
		if info.Chance[k] < info.Prior/50 {
			break // the architectures are alone in their bins: nothing more can be seen
		}
	}
	made, err := pointsFigure("entropy", plots.SingleColumn, plots.Points{
		XLabel: "scores known (number)", YLabel: "entropy left of accuracy (bits)", Whole: true,
		Groups: []plots.Group{left, chance},
	})
	for i := range made {
		made[i].Note = f.bestOf(len(rows))
	}
	return made, err
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
	values, counts := make([][]float64, len(rows)), make([][]float64, len(rows))
	for i, r := range rows {
		all := math.NaN()
		if r.N >= analysis.FewPairs && r.Rho != nil {
			all = r.Rho.Value
		}
		values[i] = append([]float64{all}, strata.Rho[i]...)
		counts[i] = []float64{float64(r.N)}
		for _, n := range strata.N[i] {
			counts[i] = append(counts[i], float64(n))
		}
	}
	h, err := plots.NewHeatMap("", labels(rows), columns, values)
	if err != nil {
		return nil, err
	}
	h.ColumnsAre = "convolutions (architectures)"
	h.Bar = "Spearman " + plots.Rho + " of scores with accuracy"
	h.Blank = blankCells(h, fmt.Sprintf("fewer than %d of these architectures scored, or undefined", analysis.FewPairs))
	h.Layers = []plots.Layer{{Name: "n", Values: counts}}
	return f.heatFigure("strata", h), nil
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
	return []Figure{{Name: "bias", Figure: panels, Width: plots.DoubleColumn, Note: f.bestOf(len(rows))}}, nil
}
