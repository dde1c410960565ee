package reports

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
)

// searchKinds are what searches can be drawn in.
var searchKinds = []kind[Search]{
	{"fronts", Search.frontFigures},
	{"generations", Search.generationFigures},
	{"hypervolume", Search.hypervolumeFigures},
	{"best-so-far", Search.bestFigure},
	{"cells", Search.cellFigures},
}

// SearchFigureNames lists the kinds of figures of searches.
func SearchFigureNames() []string { return namesOf(searchKinds) }

// Figures makes the kinds of figures named, all for none, as [Study.Figures] does.
func (r Search) Figures(ctx context.Context, names ...string) ([]Figure, error) {
	if len(r.Found) == 0 {
		return nil, nil
	}
	return makeFigures(ctx, r, searchKinds, r.Progress, names)
}

// SaveFigures is [Study.SaveFigures] of searches.
func (r Search) SaveFigures(ctx context.Context, dir string, width vg.Length, formats []string, kinds ...string) (
	[]string, error) {
	return saveKinds(ctx, r, dir, width, formats, kinds)
}

// DrawInto is [Study.DrawInto] of searches.
func (r Search) DrawInto(ctx context.Context, dir string, width vg.Length, formats []string, kinds ...string) (
	[]string, error) {
	return drawKinds(ctx, r, dir, width, formats, kinds)
}

func (r Search) kinds() []string { return SearchFigureNames() }
func (r Search) how() how        { return how{r.Progress, r.Say, r.Look} }

// possible lists the names of all figures of some kinds.
func (r Search) possible(kinds []string) (names []string) {
	for _, kind := range kinds {
		switch kind {
		case "cells":
			for _, what := range drawnMembers {
				names = append(names, "cells-"+what)
			}
		case "hypervolume":
			for _, axes := range [][]int{{analysis.ErrorAxis, analysis.ParamsAxis}, {analysis.ErrorAxis, analysis.MACsAxis},
				{analysis.ParamsAxis, analysis.MACsAxis}, {analysis.ErrorAxis, analysis.ParamsAxis, analysis.MACsAxis}} {
				names = append(names, "hypervolume-"+measured(axes, "-"))
			}
			names = append(names, kind)
		case "fronts", "generations":
			for _, c := range counts {
				names = append(names, kind+"-"+analysis.AxisNames[c.axis])
			}
			names = append(names, kind)
		default:
			names = append(names, kind)
		}
	}
	return names
}

// reason says why there is no figure of a kind.
func (r Search) reason(kind string) string {
	switch {
	case len(r.Found) == 0:
		return "the fronts have no architecture with an accuracy"
	case kind == "hypervolume":
		return "no method minimises two of error, params and MACs, in which fronts are measured"
	}
	return ""
}

// drawnMembers are the members of a front that are drawn.
var drawnMembers = []string{"most-accurate", "smallest", "knee"}

// sizeAxis is a size of networks that fronts are drawn against, in millions.
type sizeAxis struct {
	axis  int // analysis.ParamsAxis or MACsAxis
	label string
	of    func(analysis.Found) int64
}

var counts = []sizeAxis{
	{analysis.MACsAxis, "MACs (millions), fewer are better", func(f analysis.Found) int64 { return f.MACs }},
	{analysis.ParamsAxis, "params (millions), fewer are better", func(f analysis.Found) int64 { return f.Params }},
}

// countsOf are the counts that methods minimise, or MACs.
func (r Search) countsOf(methods ...analysis.Method) (out []sizeAxis) {
	for _, c := range counts {
		if slices.ContainsFunc(methods, func(m analysis.Method) bool { return slices.Contains(r.Axes[m.Name], c.axis) }) {
			out = append(out, c)
		}
	}
	if out == nil {
		return counts[:1]
	}
	return out
}

// point is a member of a front in a figure.
func (c sizeAxis) point(f analysis.Found, name string) plots.Point {
	e := 100 - f.Accuracy
	return plots.Point{Name: name, X: float64(c.of(f)) / 1e6, Y: e, Low: e, High: e}
}

// front are those members that no other has both a lower error and a smaller count than, the smallest first.
func (c sizeAxis) front(members []analysis.Found) (out []plots.Point) {
	sorted := slices.SortedFunc(slices.Values(members), func(a, b analysis.Found) int {
		return cmp.Or(cmp.Compare(c.of(a), c.of(b)), cmp.Compare(b.Accuracy, a.Accuracy))
	})
	top := math.Inf(-1)
	for _, f := range sorted {
		if f.Accuracy > top {
			top = f.Accuracy
			out = append(out, c.point(f, f.ID))
		}
	}
	return out
}

// lone explains a front of one point among several architectures.
func (c sizeAxis) lone(method string, members []analysis.Found, points []plots.Point) string {
	if len(points) != 1 {
		return ""
	}
	if distinct := distinctIDs(members); distinct > 1 {
		name, _, _ := strings.Cut(c.label, " ")
		return fmt.Sprintf("%s, one point: it has both the lowest error and the fewest %s of %d architectures", method, name,
			distinct)
	}
	return method + ", one point: its fronts have one architecture"
}

func distinctIDs(members []analysis.Found) int {
	ids := map[string]bool{}
	for _, f := range members {
		ids[f.ID] = true
	}
	return len(ids)
}

func (r Search) errorLabel() string {
	return "error (%) by " + short(r.From.Truth) + ", lower is better"
}

// called is a method with its algorithm.
func called(m analysis.Method) string {
	if strings.Contains(strings.ToLower(m.Name), m.Algorithm) {
		return m.Name
	}
	return m.Name + " (" + m.Algorithm + ")"
}

// seedsText names seeds: seed 1, seeds 1–5, or how many they are.
func seedsText(seeds []uint64) string {
	n := len(seeds)
	switch {
	case n == 1:
		return "seed " + numbers(seeds)
	case n > 2 && slices.IsSorted(seeds) && seeds[n-1]-seeds[0] == uint64(n-1):
		return fmt.Sprintf("seeds %d–%d", seeds[0], seeds[n-1])
	case n > 6:
		return fmt.Sprintf("%d seeds", n)
	}
	return "seeds " + numbers(seeds)
}

// frontFigures show the fronts of the seeds of each method together, and published networks, against each count.
func (r Search) frontFigures() (out []Figure, _ error) {
	methods := r.Setup.Methods
	all := r.countsOf(methods...)
	for _, c := range all {
		g := plots.Points{XLabel: c.label, YLabel: r.errorLabel(),
			Title: "fronts of " + seedsText(r.Setup.Seeds) + " together"}
		if len(r.Setup.Seeds) == 1 {
			g.Title = seedsText(r.Setup.Seeds)
		}
		for _, m := range methods {
			var members []analysis.Found
			for _, f := range r.Found {
				if f.Method == m.Name {
					members = append(members, f)
				}
			}
			group := plots.Group{Name: called(m), Stairs: true, Points: c.front(members)}
			g.Groups = append(g.Groups, group)
			if why := c.lone(m.Name, members, group.Points); why != "" {
				g.Title += "\n" + why
			}
		}
		if len(r.Known) > 0 {
			group := plots.Group{Name: "published networks", Labels: len(methods) <= maxFronts}
			for _, k := range r.Known {
				group.Points = append(group.Points, c.point(k, k.Method))
			}
			g.Groups = append(g.Groups, group)
		}
		g, err := plots.NewPoints(g)
		if err != nil {
			return nil, err
		}
		grid := plots.Of(g)
		if len(methods) > maxFronts {
			grid.Names, grid.Panels = g.OneAPanel(len(methods))
			grid.SharedY = true
		}
		out = append(out, Figure{Name: fileOf("fronts", c, len(all)), Figure: grid, Width: plots.DoubleColumn})
	}
	return out, nil
}

// fileOf names a figure of one of so many counts.
func fileOf(kind string, c sizeAxis, of int) string {
	if of == 1 {
		return kind
	}
	return kind + "-" + analysis.AxisNames[c.axis]
}

// generationFigures show how the front of the first seed moves, a panel a method, a figure a count that is minimised.
func (r Search) generationFigures() (out []Figure, _ error) {
	most := 0
	for _, m := range r.Setup.Methods {
		most = max(most, r.generationsOf(m.Name))
	}
	all := r.countsOf(r.Setup.Methods...)
	for _, c := range all {
		var names []string
		var panels []plots.Panel
		for _, m := range r.Setup.Methods {
			fronts := r.AfterGenerations(m.Name)
			if len(fronts) == 0 || r.countsOf(m)[0].axis != c.axis {
				continue
			}
			g := plots.Points{XLabel: c.label, YLabel: r.errorLabel(),
				Title: called(m) + ", seed " + strconv.FormatUint(r.firstSeed(m.Name), 10)}
			for _, k := range milestones(most) {
				group := plots.Group{Name: fmt.Sprintf("after generation %d", k), Stairs: true}
				if at := r.after(m.Name, k); at >= 0 {
					group.Points = c.front(fronts[at])
				}
				g.Groups = append(g.Groups, group)
			}
			last := fronts[len(fronts)-1]
			if why := c.lone("in the end", last, c.front(last)); why != "" {
				g.Title += "\n" + why
			}
			p, err := plots.NewPoints(g)
			if err != nil {
				return nil, err
			}
			names, panels = append(names, m.Name), append(panels, p)
		}
		out = append(out, gridFigure(fileOf("generations", c, len(all)), names, panels)...)
	}
	return out, nil
}

// generationsOf is how many generations the first seed of a method has made or begun: as many evaluations each as the
// population has members.
func (r Search) generationsOf(method string) int {
	if len(r.Curves[method]) == 0 || len(r.Curves[method][0]) == 0 {
		return 0
	}
	points := r.Curves[method][0]
	return (points[len(points)-1].Evaluations + r.Setup.Population - 1) / r.Setup.Population
}

// after is the step of the first seed of a method with which generation g ends, the last where it has only begun, -1
// where the search has not come so far.
func (r Search) after(method string, g int) int {
	if g > r.generationsOf(method) {
		return -1
	}
	points := r.Curves[method][0]
	if k := slices.IndexFunc(points, func(p analysis.SearchPoint) bool {
		return p.Evaluations >= g*r.Setup.Population
	}); k >= 0 {
		return k
	}
	return len(points) - 1
}

// gridFigure is a grid of panels with one axis of y.
func gridFigure(name string, names []string, panels []plots.Panel) []Figure {
	width := plots.SingleColumn
	switch {
	case len(panels) == 0:
		return nil
	case len(panels) == 1:
		names = nil
	case len(panels) > 2:
		width = plots.DoubleColumn
	}
	return []Figure{{Name: name, Figure: plots.Grid{Panels: panels, Names: names, SharedY: true}, Width: width}}
}

// firstSeed is the seed of AfterGenerations.
func (r Search) firstSeed(method string) uint64 {
	for _, row := range r.Rows {
		if row.Method == method {
			return row.Seed
		}
	}
	return r.Setup.Seeds[0]
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

// maxFronts is how many fronts stand in one panel; more get one each, with the others in grey.
const maxFronts = 4

// maxTogether is how many curves stand in one panel; more get one each, with the others in grey.
const maxTogether = 3

// curves are the panels of one value over the evaluations.
func (r Search) curves(methods []analysis.Method, label string, value func(analysis.SearchPoint) float64) (
	[]string, []plots.Panel, error) {
	l := plots.Lines{XLabel: "architectures evaluated", YLabel: label + ", higher is better"}
	if len(r.Setup.Seeds) > 1 {
		l.Band = "median (line) and quartiles (band) over " + seedsText(r.Setup.Seeds)
	} else {
		l.Title = seedsText(r.Setup.Seeds)
	}
	var names []string
	for _, m := range methods {
		line := quartiles(called(m), r.Curves[m.Name], value)
		if len(line.X) > 0 {
			names, l.Lines = append(names, called(m)), append(l.Lines, line)
		}
	}
	l, err := plots.NewLines(l)
	if err != nil || len(names) == 0 {
		return nil, nil, err
	}
	if len(names) <= maxTogether {
		if len(names) == 1 {
			l.Title = strings.TrimSuffix(names[0]+", "+l.Title, ", ")
		}
		return []string{strings.Join(names, ", ")}, []plots.Panel{l}, nil
	}
	return names, l.Apart().Panels, nil
}

func (r Search) bestFigure() ([]Figure, error) {
	names, panels, err := r.curves(r.Setup.Methods, "best accuracy of the front (%) by "+short(r.From.Truth),
		func(p analysis.SearchPoint) float64 { return p.Best })
	return gridFigure("best-so-far", names, panels), err
}

// measured names the axes of a hypervolume.
func measured(axes []int, between string) string {
	var what []string
	for _, k := range axes {
		what = append(what, analysis.AxisNames[k])
	}
	return strings.Join(what, between)
}

// hypervolumeFigures measure each method in what it minimises, a figure for all that minimise the same.
func (r Search) hypervolumeFigures() (out []Figure, _ error) {
	var order [][]int
	groups := map[string][]analysis.Method{}
	for _, m := range r.Setup.Methods {
		axes := r.Axes[m.Name]
		if len(axes) < 2 {
			continue
		}
		name := measured(axes, "-")
		if groups[name] == nil {
			order = append(order, axes)
		}
		groups[name] = append(groups[name], m)
	}
	for _, axes := range order {
		names, panels, err := r.curves(groups[measured(axes, "-")], "hypervolume of "+measured(axes, ", "),
			func(p analysis.SearchPoint) float64 { return p.Optimised })
		if err != nil {
			return nil, err
		}
		file := "hypervolume"
		if len(order) > 1 {
			file += "-" + measured(axes, "-")
		}
		out = append(out, gridFigure(file, names, panels)...)
	}
	return out, nil
}

// quartiles is the median over runs, with the quartiles as a band where there are several, at the evaluations of the
// first run.
func quartiles(name string, runs [][]analysis.SearchPoint, value func(analysis.SearchPoint) float64) plots.Line {
	l := plots.Line{Name: name}
	if len(runs) == 0 {
		return l
	}
	band := len(runs) > 1
	for _, p := range runs[0] {
		var at []float64
		for _, run := range runs {
			if k := lastBefore(run, p.Evaluations); k >= 0 && !math.IsNaN(value(run[k])) {
				at = append(at, value(run[k]))
			}
		}
		l.X = append(l.X, float64(p.Evaluations))
		l.Y = append(l.Y, correlation.Quantile(at, 0.5))
		if band {
			l.Low, l.High = append(l.Low, correlation.Quantile(at, 0.25)), append(l.High, correlation.Quantile(at, 0.75))
		}
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
		title := fmt.Sprintf("%s of %s, seed %d: %s, accuracy\u00a0%.2f%%, %.1f\u00a0M\u00a0MACs", pick.what,
			pick.f.Method, pick.f.Seed, pick.f.ID, pick.f.Accuracy, float64(pick.f.MACs)/1e6)
		f, err := plots.NewCells(title, r.Space, a)
		if err != nil {
			return nil, err
		}
		out = append(out, Figure{Name: "cells-" + pick.what, Figure: f, Width: plots.CellsWidth})
	}
	return out, nil
}
