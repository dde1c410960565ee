package reports

import (
	"fmt"
	"math"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/plots"
)

// secondsAxis is the axis of what an estimate costs.
func (f Study) secondsAxis() string {
	switch wall, on := f.onWall(); {
	case !on:
		return "processor seconds per architecture"
	case wall == nil:
		return "seconds per architecture (wall time on one core)"
	}
	return "processor seconds per architecture (of some wall time, on one core)"
}

// costFigure is F4: tau against the seconds of an estimate, with the line of what nothing beats in less time.
func (f Study) costFigure() ([]Figure, error) {
	others, trivial := plots.Group{Name: "estimator", Labels: true}, plots.Group{Name: "trivial baseline", Labels: true}
	curves, drawn, err := f.trainingCurves()
	if err != nil {
		return nil, err
	}
	var left, varied omitted
	shown := 0
	for _, r := range f.Ranked() {
		switch {
		case drawn[r]:
			continue
		case r.Tau == nil:
			left.add("undefined", r.Estimator)
			continue
		case r.Column.OnlyVaried():
			varied.add("see the ablation", r.Estimator)
			continue
		case r.Seconds <= 0:
			left.add("no time known", r.Estimator)
			continue
		case shown == maxCost:
			left.add(fmt.Sprintf("not among the best %d", maxCost), r.Estimator)
			continue
		}
		shown++
		p := costPoint(r, printable.Line(r.Estimator))
		if r.Baseline {
			trivial.Points = append(trivial.Points, p)
		} else {
			others.Points = append(others.Points, p)
		}
	}
	points := plots.Points{XLabel: f.secondsAxis(), YLabel: plots.Tau + ", 95% interval", LogX: true,
		Front: "nothing better in less time"}
	for _, g := range append([]plots.Group{others, trivial}, curves...) {
		if len(g.Points) > 0 {
			points.Groups = append(points.Groups, g)
		}
	}
	if len(points.Groups) == 0 {
		return nil, nil
	}
	if brief := left.brief(); brief != "" {
		points.XLabel += "\n(not drawn: " + brief + ")"
	}
	width := plots.SingleColumn
	if len(trivial.Points)+len(others.Points) > 12 {
		width = plots.DoubleColumn // so many names need room
	}
	made, err := pointsFigure("cost", width, points)
	for i := range made {
		made[i].Note = left.and(varied).String()
	}
	return made, err
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
		g := plots.Group{Name: printable.Line(a.Base.Estimator) + ", epochs", Joined: true, Labels: true}
		for _, l := range a.Levels {
			if l.Tau != nil && l.Seconds > 0 {
				g.Points = append(g.Points, costPoint(l.Finding, l.Value))
			}
		}
		if len(g.Points) > 1 && len(curves) < maxCurves-2 {
			curves = append(curves, g)
			for _, l := range a.Levels {
				drawn[l.Finding] = l.Tau != nil && l.Seconds > 0
			}
		}
	}
	return curves, drawn, nil
}

// seedsFigure is F6: the tau of every weight seed beside that of the mean score, where there are two seeds or more.
func (f Study) seedsFigure() ([]Figure, error) {
	var rows []analysis.Association
	var parts [][]plots.Part
	var left omitted
	for _, r := range f.Ranked() {
		var of []plots.Part
		for k, tau := range f.TauBySeed(r) {
			if !math.IsNaN(tau) {
				of = append(of, plots.Part{Name: fmt.Sprintf("seed %d", r.Column.Seeds[k]), Value: tau})
			}
		}
		switch {
		case len(r.Column.Seeds) < 2:
			left.add("one seed", r.Estimator)
		case len(of) == 0:
			left.add("undefined", r.Estimator)
		case len(rows) == maxBars:
			left.add(fmt.Sprintf("not among the best %d", maxBars), r.Estimator)
		default:
			rows, parts = append(rows, r.Association), append(parts, of)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	d := associationDots(f.tauAxis(), rows)
	d.Groups[0] = "mean score of all seeds"
	d.Parts = "one weight seed"
	for k := range d.Rows {
		d.Rows[k].Parts = parts[k]
	}
	return []Figure{{Name: "seeds", Figure: d, Width: plots.SingleColumn, Note: left.String()}}, nil
}
