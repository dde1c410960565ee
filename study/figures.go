package study

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"rwe301/correlation"
	"rwe301/estimators"
	"rwe301/plots"
	"rwe301/reports"
)

// Figure is a figure of a run with the size that it is drawn for.
type Figure struct {
	Name string
	plots.Figure
	Width, Height vg.Length
}

// figures are what a run can be drawn in. Each returns nothing where the run has no data for it.
var figures = []struct {
	name string
	make func(*Findings) ([]Figure, error)
}{
	{"scatter", (*Findings).scatterFigure},
	{"bars", (*Findings).barsFigure},
	{"cost", (*Findings).costFigure},
	{"ablation", (*Findings).ablationFigures},
	{"convergence", (*Findings).convergenceFigure},
	{"seeds", (*Findings).seedsFigure},
	{"proxies", (*Findings).proxiesFigure},
	{"entropy", (*Findings).entropyFigure},
	{"strata", (*Findings).strataFigure},
	{"precision", (*Findings).precisionFigure},
	{"ranks", (*Findings).ranksFigure},
	{"critical", (*Findings).criticalFigure},
	{"cells", (*Findings).cellFigures},
}

// FigureNames lists the kinds of figures of a run.
func FigureNames() []string {
	var names []string
	for _, f := range figures {
		names = append(names, f.name)
	}
	return names
}

// Figures draws the kinds of figures named, all for none. Kinds that the run has no data for are left out.
func (f *Findings) Figures(names ...string) ([]Figure, error) {
	var out []Figure
	for _, kind := range figures {
		if len(names) > 0 && !slices.Contains(names, kind.name) {
			continue
		}
		made, err := kind.make(f)
		if err != nil {
			return nil, fmt.Errorf("figure %s: %w", kind.name, err)
		}
		out = append(out, made...)
	}
	return out, nil
}

// Limits on what one figure shows, best first, so that it stays readable.
const (
	maxPanels = 12
	maxCurves = 6
	maxBars   = 60
	maxMatrix = 16

	maxEntropy = 10 // scores of the figure of entropies
)

// best lists the findings with a tau, best first, at most n. What only varies a setting of another one is left to the
// figures of ablations.
func (f *Findings) best(n int) []*Finding {
	rows := slices.DeleteFunc(f.ranked(), func(r *Finding) bool { return r.Tau == nil || r.Column.Question.varied() })
	return rows[:min(n, len(rows))]
}

// accuracyLabel is the axis of the accuracies.
func (f *Findings) accuracyLabel() string { return "accuracy (%)" }

// scatterFigure is F2: scores against accuracies, a panel an estimator.
func (f *Findings) scatterFigure() ([]Figure, error) {
	rows := f.best(maxPanels)
	if len(rows) == 0 {
		return nil, nil
	}
	panels := plots.Panels{Columns: min(3, len(rows))}
	for _, r := range rows {
		labels := make([]string, len(r.Rows))
		for k, i := range r.Rows {
			labels[k] = f.Architectures[i].ID
		}
		s, err := plots.NewScatter(f.panelTitle(r), "score", f.accuracyLabel(), labels, r.Scores, r.Truth)
		if err != nil {
			return nil, err
		}
		panels.Figures, panels.Names = append(panels.Figures, s), append(panels.Names, r.Estimator)
	}
	width := vg.Length(panels.Columns) * plots.DoubleColumn / 3
	return []Figure{{"scatter", panels, max(width, plots.SingleColumn), vg.Length(panels.Rows()) * 1.9 * vg.Inch}}, nil
}

// panelTitle names an estimator with its coefficients.
func (f *Findings) panelTitle(r *Finding) string {
	return fmt.Sprintf("%s\ntau %+.2f, rho %+.2f", abbreviate(r.Estimator, 26), r.Tau.Value, r.Rho.Value)
}

// abbreviate cuts a label in the middle.
func abbreviate(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n/2]) + "…" + string(runes[len(runes)-(n-n/2-1):])
}

// barsFigure compares tau-b with intervals.
func (f *Findings) barsFigure() ([]Figure, error) {
	var rows []reports.Association
	for _, r := range f.ranked()[:min(maxBars, len(f.Rows))] {
		a := r.Association
		a.Estimator = abbreviate(a.Estimator, 22)
		rows = append(rows, a)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	b := reports.AssociationBars("tau-b, 95% interval", rows)
	return []Figure{{"bars", b, plots.SingleColumn, max(1.5*vg.Inch, vg.Length(len(rows))*0.17*vg.Inch+0.7*vg.Inch)}}, nil
}

// costFigure is F4: tau against the seconds of an estimate.
func (f *Findings) costFigure() ([]Figure, error) {
	trivial, others := plots.Group{Name: "trivial baselines", Labels: true}, plots.Group{Name: "estimators", Labels: true}
	curves, drawn, err := f.trainingCurves()
	if err != nil {
		return nil, err
	}
	for _, r := range f.best(maxPanels) {
		if r.Seconds <= 0 || drawn[r] {
			continue
		}
		p := plots.Point{Name: abbreviate(r.Estimator, 20), X: r.Seconds * float64(len(r.Column.Seeds)), Y: r.Tau.Value, Low: r.Tau.Low, High: r.Tau.High}
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
	figure, err := plots.NewPoints(points)
	return []Figure{{"cost", figure, width, plots.ColumnHeight}}, err
}

// trainingCurves are tau against the seconds of training, a curve an estimator whose epochs are varied, and what is drawn there.
func (f *Findings) trainingCurves() (curves []plots.Group, drawn map[*Finding]bool, err error) {
	ablations, err := f.Ablations()
	if err != nil {
		return nil, nil, err
	}
	drawn = map[*Finding]bool{}
	for _, a := range ablations {
		info, err := estimators.Lookup(a.Base.Column.Question.Estimator)
		if err != nil || info.Family != estimators.TrainingFamily || a.Knob != "epochs" || !a.Numeric() {
			continue // the user's own estimators are not in the registry
		}
		g := plots.Group{Name: abbreviate(a.Base.Estimator, 16) + ", epochs", Joined: true, Labels: true}
		for _, l := range a.Levels {
			if l.Tau != nil && l.Seconds > 0 {
				g.Points = append(g.Points, plots.Point{Name: l.Value, X: l.Seconds * float64(len(l.Column.Seeds)), Y: l.Tau.Value, Low: l.Tau.Low, High: l.Tau.High})
			}
		}
		if len(g.Points) > 1 && len(curves) < maxCurves-2 {
			curves, drawn[a.Base] = append(curves, g), true
		}
	}
	return curves, drawn, nil
}

// ablationFigures are F5: tau against each setting that is varied, a figure a setting.
func (f *Findings) ablationFigures() ([]Figure, error) {
	ablations, err := f.Ablations()
	if err != nil {
		return nil, err
	}
	var knobs []string
	byKnob := map[string][]Ablation{}
	for _, a := range ablations {
		if byKnob[a.Knob] == nil {
			knobs = append(knobs, a.Knob)
		}
		byKnob[a.Knob] = append(byKnob[a.Knob], a)
	}
	var out []Figure
	for _, knob := range knobs {
		figure, err := ablationFigure(knob, byKnob[knob])
		if err != nil {
			return nil, err
		}
		if figure != nil {
			out = append(out, *figure)
		}
	}
	return out, nil
}

// ablationFigure draws numbers as lines with bands and words as bars.
func ablationFigure(knob string, ablations []Ablation) (*Figure, error) {
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
	return &Figure{name, bars, plots.SingleColumn, max(1.3*vg.Inch, vg.Length(len(bars.Bars))*0.18*vg.Inch+0.7*vg.Inch)}, nil
}

// convergenceFigure is F6: how wide the interval of tau is with fewer architectures.
func (f *Findings) convergenceFigure() ([]Figure, error) {
	lines := plots.Lines{XLabel: "architectures", YLabel: "tau-b", LogX: true, Zero: true}
	for _, r := range f.best(3) {
		var sizes []int
		for _, n := range []int{10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000} {
			if n < r.N {
				sizes = append(sizes, n)
			}
		}
		if r.N > closedForm || len(sizes) == 0 {
			continue
		}
		widths, err := correlation.PrecisionAt(correlation.KendallTauB, r.Scores, r.Truth, append(sizes, r.N), level, f.Options)
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
	if len(lines.Lines) == 0 {
		return nil, nil
	}
	figure, err := plots.NewLines(lines)
	return []Figure{{"convergence", figure, plots.SingleColumn, plots.ColumnHeight}}, err
}

// seedsFigure is F6: the tau of every weight seed, where there are three or more.
func (f *Findings) seedsFigure() ([]Figure, error) {
	lines := plots.Lines{XLabel: "weight seeds, sorted by tau-b", YLabel: "tau-b of one seed", Points: true, Whole: true}
	for _, r := range f.best(len(f.Rows)) {
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
	if len(lines.Lines) == 0 {
		return nil, nil
	}
	figure, err := plots.NewLines(lines)
	return []Figure{{"seeds", figure, plots.SingleColumn, plots.ColumnHeight}}, err
}

// proxiesFigure is F3: how the estimators' scores correlate with each other.
func (f *Findings) proxiesFigure() ([]Figure, error) {
	rows := f.best(maxMatrix)
	if len(rows) < 2 {
		return nil, nil
	}
	names, values := make([]string, len(rows)), make([][]float64, len(rows))
	for i, a := range rows {
		names[i], values[i] = abbreviate(a.Estimator, 20), make([]float64, len(rows))
		for k, b := range rows {
			_, kept := both(a.Column.Mean(), b.Column.Mean())
			v, err := correlation.Spearman(kept[0], kept[1])
			if err != nil {
				v = math.NaN()
			}
			values[i][k] = v
		}
	}
	h, err := plots.NewHeatMap("Spearman correlation between scores", names, names, values)
	if err != nil {
		return nil, err
	}
	width, height := h.Size()
	return []Figure{{"proxies", h, width, height}}, nil
}

// entropyFigure is F8: what is left of the entropy of the accuracies when more and more scores are known.
func (f *Findings) entropyFigure() ([]Figure, error) {
	rows := f.best(maxMatrix)
	if len(rows) < 2 {
		return nil, nil
	}
	vectors := [][]float64{f.Results.Truth}
	for _, r := range rows {
		vectors = append(vectors, r.Column.Mean())
	}
	common, kept := both(vectors...)
	if len(common) < folds*fewPairs {
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
	figure, err := plots.NewPoints(plots.Points{
		XLabel: "scores known", YLabel: "entropy left of accuracy (bits)", Whole: true, Groups: []plots.Group{left, chance},
	})
	return []Figure{{"entropy", figure, plots.SingleColumn, plots.ColumnHeight}}, err
}

// strataFigure is F7: the correlation among architectures with equally many convolutions.
func (f *Findings) strataFigure() ([]Figure, error) {
	convs, darts, err := f.Convolutions()
	rows := f.best(maxMatrix)
	if err != nil || !darts || len(rows) == 0 {
		return nil, err
	}
	sizes := map[int]int{}
	for _, k := range convs {
		sizes[k]++
	}
	var keys []int
	for k, n := range sizes {
		if n >= fewPairs {
			keys = append(keys, k)
		}
	}
	if len(keys) < 2 {
		return nil, nil
	}
	slices.Sort(keys)
	columns := []string{"all"}
	for _, k := range keys {
		columns = append(columns, fmt.Sprintf("%d (%d)", k, sizes[k]))
	}
	names, values := make([]string, len(rows)), make([][]float64, len(rows))
	for i, r := range rows {
		names[i] = abbreviate(r.Estimator, 20)
		values[i] = append(values[i], r.Rho.Value)
		for _, k := range keys {
			var x, y []float64
			for m, at := range r.Rows {
				if convs[at] == k {
					x, y = append(x, r.Scores[m]), append(y, r.Truth[m])
				}
			}
			v, err := correlation.Spearman(x, y)
			if err != nil {
				v = math.NaN()
			}
			values[i] = append(values[i], v)
		}
	}
	h, err := plots.NewHeatMap("Spearman by number of convolutions (n)", names, columns, values)
	if err != nil {
		return nil, err
	}
	width, height := h.Size()
	return []Figure{{"strata", h, max(width, plots.SingleColumn), height}}, nil
}

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

// folds returns the tau-b of the estimators on disjoint parts of the architectures that all of them score; nil where
// there are too few.
func (f *Findings) folds(rows []*Finding) ([][]float64, error) {
	if len(rows) < 3 {
		return nil, nil
	}
	vectors := [][]float64{f.Results.Truth}
	for _, r := range rows {
		vectors = append(vectors, r.Column.Mean())
	}
	common, kept := both(vectors...)
	if len(common) < folds*fewPairs {
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

// cellFigures are F13: the most and the least accurate architecture.
func (f *Findings) cellFigures() ([]Figure, error) {
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
		a, err := f.parse(f.Architectures[i])
		if err != nil {
			return nil, err
		}
		title := fmt.Sprintf("%s: accuracy %.2f%%", f.Architectures[i].ID, f.Results.Truth[i])
		cells, err := plots.NewCells(title, f.space, a)
		if err != nil {
			return nil, err
		}
		out = append(out, Figure{name, cells, plots.CellsWidth, cells.Height()})
	}
	slices.SortFunc(out, func(a, b Figure) int { return len(a.Name) - len(b.Name) })
	return out, nil
}
