package reports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
)

// figures draws the fronts of all methods beside published networks, the fronts of the first method generation by
// generation, curves over the evaluations, and the cells of the knee and the ends of the best front.
func (r Search) figures(ctx context.Context) (out []Figure, err error) {
	if len(r.Found) == 0 {
		return nil, nil
	}
	var failed []error
	for _, kind := range []struct {
		name string
		draw func() ([]Figure, error)
	}{
		{"fronts", r.frontFigure}, {"generations", r.generationFigure}, {"of curves", r.curveFigures},
		{"cells", r.cellFigures},
	} {
		made, err := attempt(ctx, "figure "+kind.name, kind.draw)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out, failed = append(out, made...), append(failed, err)
	}
	return out, errors.Join(failed...)
}

// searchFigures lists the names of all figures that a report of searches may have.
func searchFigures() []string {
	names := slices.Collect(maps.Keys(searchCaptions))
	for _, what := range drawnMembers {
		names = append(names, "cells-"+what)
	}
	return names
}

// drawnMembers are the members of a front that are drawn.
var drawnMembers = []string{"most-accurate", "smallest", "knee"}

// frontPoints are error against MACs, in order of MACs, of what is not dominated there.
func frontPoints(front []analysis.Found) []plots.Point {
	sorted := slices.SortedFunc(slices.Values(front), func(a, b analysis.Found) int {
		return cmp.Or(cmp.Compare(a.MACs, b.MACs), cmp.Compare(b.Accuracy, a.Accuracy))
	})
	var out []plots.Point
	top := math.Inf(-1)
	for _, f := range sorted {
		if f.Accuracy > top {
			top = f.Accuracy
			out = append(out, knownPoint(f, f.ID))
		}
	}
	return out
}

func knownPoint(f analysis.Found, name string) plots.Point {
	e := 100 - f.Accuracy
	return plots.Point{Name: name, X: float64(f.MACs) / 1e6, Y: e, Low: e, High: e}
}

func (r Search) axes() plots.Points {
	return plots.Points{XLabel: "MACs (millions)", YLabel: "error (%) by " + short(r.From.Truth)}
}

func (r Search) frontFigure() ([]Figure, error) {
	g := r.axes()
	for _, m := range r.Setup.Methods {
		var all []analysis.Found
		for _, f := range r.Found {
			if f.Method == m.Name {
				all = append(all, f)
			}
		}
		g.Groups = append(g.Groups, plots.Group{Name: m.Name, Stairs: true, Points: frontPoints(all)})
	}
	if len(r.Known) > 0 {
		group := plots.Group{Name: "published", Labels: true}
		for _, k := range r.Known {
			group.Points = append(group.Points, knownPoint(k, k.Method))
		}
		g.Groups = append(g.Groups, group)
	}
	f, err := plots.NewPoints(g)
	if err != nil {
		return nil, err
	}
	return []Figure{{"fronts", f, plots.DoubleColumn, 3.4 * vg.Inch}}, nil
}

func (r Search) generationFigure() ([]Figure, error) {
	g := r.axes()
	method := r.Setup.Methods[0].Name
	fronts := r.AfterGenerations(method)
	for _, k := range milestones(len(fronts)) {
		g.Groups = append(g.Groups, plots.Group{Name: fmt.Sprintf("generation %d", k), Stairs: true,
			Points: frontPoints(fronts[k-1])})
	}
	return pointsFigure("generations", plots.SingleColumn, g)
}

// milestones are up to four generations, the first and the last among them.
func milestones(n int) []int {
	var out []int
	for _, share := range []float64{0, 1. / 3, 2. / 3, 1} {
		if k := 1 + int(math.Round(share*float64(n-1))); n > 0 && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

func (r Search) curveFigures() (out []Figure, _ error) {
	var failed []error
	for _, c := range []struct {
		name, label string
		value       func(analysis.SearchPoint) float64
	}{
		{"hypervolume", "hypervolume (error, params, MACs)", func(p analysis.SearchPoint) float64 { return p.Hypervolume }},
		{"best-so-far", "best accuracy of the front (%)", func(p analysis.SearchPoint) float64 { return p.Best }},
	} {
		l := plots.Lines{XLabel: "evaluations", YLabel: c.label}
		for _, m := range r.Setup.Methods {
			l.Lines = append(l.Lines, quartiles(m.Name, r.Curves[m.Name], c.value))
		}
		f, err := linesFigure(c.name, l)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", c.name, err))
		}
		out = append(out, f...)
	}
	return out, errors.Join(failed...)
}

// quartiles is the median over runs with the quartiles as a band, at the evaluations of the first run.
func quartiles(name string, runs [][]analysis.SearchPoint, value func(analysis.SearchPoint) float64) plots.Line {
	l := plots.Line{Name: name}
	if len(runs) == 0 {
		return l
	}
	for _, p := range runs[0] {
		var at []float64
		for _, run := range runs {
			if k := lastBefore(run, p.Evaluations); k >= 0 && !math.IsNaN(value(run[k])) {
				at = append(at, value(run[k]))
			}
		}
		l.X = append(l.X, float64(p.Evaluations))
		l.Y, l.Low, l.High = append(l.Y, correlation.Quantile(at, 0.5)), append(l.Low, correlation.Quantile(at, 0.25)),
			append(l.High, correlation.Quantile(at, 0.75))
	}
	return l
}

// lastBefore is the last point of a run with at most so many evaluations, -1 if there is none.
func lastBefore(run []analysis.SearchPoint, evaluations int) int {
	k := -1
	for k+1 < len(run) && run[k+1].Evaluations <= evaluations {
		k++
	}
	return k
}

// cellFigures draws three members of all fronts together: the most accurate, the smallest, and the knee, which lies
// farthest below the line between these two.
func (r Search) cellFigures() (out []Figure, err error) {
	front := r.Found
	if len(front) == 0 {
		return nil, nil
	}
	drawn := map[string]bool{}
	for _, pick := range []struct {
		what string
		f    analysis.Found
	}{{drawnMembers[0], analysis.Extreme(front, func(f analysis.Found) float64 { return -f.Accuracy })},
		{drawnMembers[1], analysis.Extreme(front, func(f analysis.Found) float64 { return float64(f.MACs) })},
		{drawnMembers[2], analysis.Knee(front)}} {
		a, _, err := r.Space.Parse(pick.f.Arch)
		if err != nil || drawn[pick.f.ID] {
			continue // nothing to draw, or the same network again
		}
		drawn[pick.f.ID] = true
		title := fmt.Sprintf("%s of %s, seed %d: %s, accuracy %.2f %%, %.1f M MACs", pick.what, pick.f.Method, pick.f.Seed,
			pick.f.ID, pick.f.Accuracy, float64(pick.f.MACs)/1e6)
		f, err := plots.NewCells(title, r.Space, a)
		if err != nil {
			return nil, err
		}
		out = append(out, Figure{"cells-" + pick.what, f, plots.CellsWidth, f.Height()})
	}
	return out, nil
}
