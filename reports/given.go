package reports

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/plots"
)

// Given shows fronts that others found.
type Given struct {
	*analysis.Given
	Look *Look        // of figures; nil for the default
	Say  func(string) // is told what figures leave out; may be nil
}

// Summary is the table of one row a file and indicator: statistics over runs.
func (g Given) Summary() Table {
	t := Table{Name: "fronts", Title: "Fronts of " + g.names() + ": indicators over runs",
		Columns: []Column{
			{Name: "file", Key: "file", Kind: Label}, {Name: "objectives", Key: "objectives", Kind: Words, Hidden: true},
			{Name: "indicator", Key: "indicator", Kind: Words}, {Name: "runs", Key: "runs", Kind: Count},
			{Name: "mean", Key: "mean", Kind: Real, Digits: 4},
			{Name: "SD (n-1)", Key: "sample_sd", Kind: Real, Digits: 4},
			{Name: "SD (n)", Key: "population_sd", Kind: Real, Digits: 4},
			{Name: "median", Key: "median", Kind: Real, Digits: 4}, {Name: "q1", Key: "q1", Kind: Real, Digits: 4},
			{Name: "q3", Key: "q3", Kind: Real, Digits: 4},
			{Name: "min", Key: "min", Kind: Real, Digits: 4, Hidden: true},
			{Name: "max", Key: "max", Kind: Real, Digits: 4, Hidden: true},
		}}
	for i, f := range g.Files {
		if i > 0 {
			t.Groups = append(t.Groups, len(t.Rows))
		}
		for _, m := range analysis.GivenMetrics() {
			v := g.Values(i, m)
			if len(v) == 0 {
				continue
			}
			mean, population := stat.PopMeanStdDev(v, nil)
			row := []Cell{text(f.Name), text(strings.Join(f.Objectives, ", ")), text(m.Name), count(len(v)), value(mean), {},
				value(population)}
			if len(v) > 1 {
				row[5] = value(stat.StdDev(v, nil))
			}
			for _, q := range []float64{0.5, 0.25, 0.75, 0, 1} {
				row = append(row, value(correlation.Quantile(v, q)))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	t.Notes = append(t.Notes, "SD (n) is the population standard deviation, which the table of the CEC 2023 competition "+
		"prints; SD (n-1) that of a sample.")
	t.Notes = append(t.Notes, g.notes()...)
	return t
}

// Names are those of the files.
func (g Given) Names() (names []string) {
	for _, f := range g.Files {
		names = append(names, f.Name)
	}
	return names
}

func (g Given) names() string {
	return short(strings.Join(g.Names(), ", "))
}

// notes say how the numbers came about, and what is wrong with the files.
func (g Given) notes() (notes []string) {
	for i, f := range g.Files {
		b := g.Boxes[i]
		if i > 0 && slices.Equal(b.Low, g.Boxes[i-1].Low) && slices.Equal(b.High, g.Boxes[i-1].High) {
			continue
		}
		at := "its upper end"
		if g.Point != nil {
			at = figures6(g.Point)
		}
		notes = append(notes, fmt.Sprintf("Hypervolume in %s of %s: from %s to %s, reference point %s.", g.BoxName,
			strings.Join(f.Objectives, ", "), figures6(b.Low), figures6(b.High), at))
	}
	for i, f := range g.Files {
		var points, dominated, duplicates, outside int
		var wrong []string
		worst := 0.0
		for _, r := range g.Rows[i] {
			points, dominated, duplicates = points+r.Points, dominated+r.Dominated, duplicates+r.Duplicates
			outside += r.Outside
			if r.Disagrees() {
				wrong = append(wrong, r.Run)
				worst = max(worst, math.Abs(r.Hypervolume-r.Recorded))
			}
		}
		notes = append(notes, fmt.Sprintf("%s: %d runs, %d points; %d duplicates and %d dominated ones change nothing, %d "+
			"not better than the reference point add no volume.",
			f.Name, len(g.Rows[i]), points, duplicates, dominated, outside))
		if f.Repeating > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d of its %d solutions read one state twice in a node: not in the DARTS "+
				"space, and without an accuracy by NAS-Bench-301; their errors are the file's own.", f.Name, f.Repeating,
				f.Solutions))
		}
		if wrong != nil {
			runs := strings.Join(wrong[:min(len(wrong), 8)], ", ")
			if len(wrong) > 8 {
				runs += ", ..."
			}
			notes = append(notes, fmt.Sprintf("%s: the HV of %d of %d runs is not that of the run's F, by up to %.4f (run %s): "+
				"the file measured something else than the points that it holds.", f.Name, len(wrong), len(g.Rows[i]), worst, runs))
		}
	}
	measured := false
	for i, n := range g.Fronts {
		if n > 0 && (i == 0 || g.Fronts[i-1] != n) {
			notes = append(notes, fmt.Sprintf("IGD+, epsilon and GD+ of %s: to a reference front of %d points, %s, in the same "+
				"box.", g.Files[i].Name, n, g.FrontName))
		}
		measured = measured || n > 0
	}
	if !measured {
		notes = append(notes, "No IGD+, epsilon and GD+: they need a reference front, from --front or from several files "+
			"with the same objectives.")
	}
	return notes
}

func figures6(v []float64) string {
	var out []string
	for _, x := range v {
		out = append(out, Column{Kind: Significant, Digits: 9}.shown(value(x)))
	}
	return "(" + strings.Join(out, ", ") + ")"
}

// Runs is the table of one row a run.
func (g Given) Runs() Table {
	t := Table{Name: "runs", Title: "Runs of " + g.names(), Columns: []Column{
		{Name: "file", Key: "file", Kind: Label}, {Name: "run", Key: "run", Kind: Label},
		{Name: "points", Key: "points", Kind: Count}, {Name: "front", Key: "front", Kind: Count},
		{Name: "dominated", Key: "dominated", Kind: Count}, {Name: "duplicates", Key: "duplicates", Kind: Count},
		{Name: "outside", Key: "outside", Kind: Count},
	}, Notes: g.notes()}
	for _, m := range analysis.GivenMetrics() {
		t.Columns = append(t.Columns, Column{Name: m.Name, Key: m.Key, Kind: Real, Digits: 4})
	}
	for i, f := range g.Files {
		if i > 0 {
			t.Groups = append(t.Groups, len(t.Rows))
		}
		for _, r := range g.Rows[i] {
			row := []Cell{text(f.Name), text(r.Run), count(r.Points), count(r.NonDominated), count(r.Dominated),
				count(r.Duplicates), count(r.Outside)}
			for _, m := range analysis.GivenMetrics() {
				cell := Cell{}
				if v := m.Value(r); !math.IsNaN(v) {
					cell = value(v)
				}
				row = append(row, cell)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// maxSkipped is how many pairs without a comparison are named.
const maxSkipped = 8

// Contrasts is the table of comparisons, without rows where nothing can be compared, and why pairs are not compared.
func (g Given) Contrasts() (t Table, skipped []string) {
	all, skipped := g.Compare()
	if more := len(skipped) - maxSkipped; more > 0 {
		skipped = append(skipped[:maxSkipped], fmt.Sprintf("Nor are %d other pairs.", more))
	}
	t = Table{Name: "comparison", Title: "Comparison over runs of " + g.names(), Columns: []Column{
		{Name: "A", Key: "a", Kind: Label}, {Name: "B", Key: "b", Kind: Label},
		{Name: "indicator", Key: "indicator", Kind: Words},
		{Name: "median A", Key: "median_a", Kind: Real, Digits: 4},
		{Name: "median B", Key: "median_b", Kind: Real, Digits: 4},
		{Name: "better", Key: "better", Kind: Words}, {Name: "A12", Key: "a12", Kind: Real, Digits: 3},
		{Name: "p", Key: "p", Kind: Chance}, {Name: "p (Holm)", Key: "p_holm", Kind: Chance},
	}, Notes: []string{"A12: the chance that a run of A has a larger value than one of B, ties half (Vargha and " +
		"Delaney 2000); p: Mann-Whitney, two-sided, for runs that are independent; Holm over the pairs of files of each " +
		"indicator; better: at 0.05 after Holm, ~ for neither."}}
	for _, c := range all {
		better := "~"
		if c.Holm < 0.05 {
			if better = c.B; (c.A12 > 0.5) != c.Metric.Lower {
				better = c.A
			}
		}
		row := []Cell{text(c.A), text(c.B), text(c.Metric.Name), value(c.Medians[0]), value(c.Medians[1]), text(better),
			text("undefined"), text("undefined"), text("undefined")}
		for k, v := range []float64{c.A12, c.P, c.Holm} {
			if !math.IsNaN(v) {
				row[6+k] = value(v)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, skipped
}

// givenKinds are what fronts of others can be drawn in.
var givenKinds = []kind[Given]{{"fronts", Given.fronts}, {"attainment", Given.attainment},
	{"hypervolume", Given.volumes}}

// GivenFigureNames lists the kinds of figures of fronts that others found.
func GivenFigureNames() []string { return namesOf(givenKinds) }

// Figures makes the kinds of figures named, all for none.
func (g Given) Figures(ctx context.Context, names ...string) ([]Figure, error) {
	return makeFigures(ctx, g, givenKinds, nil, names)
}

// SaveFigures is [Study.SaveFigures] of fronts that others found.
func (g Given) SaveFigures(ctx context.Context, dir string, width vg.Length, formats []string, kinds ...string) (
	[]string, error) {
	return saveKinds(ctx, g, dir, width, formats, kinds)
}

// DrawInto is [Study.DrawInto] of fronts that others found.
func (g Given) DrawInto(ctx context.Context, dir string, width vg.Length, formats []string, kinds ...string) (
	[]string, error) {
	return drawKinds(ctx, g, dir, width, formats, kinds)
}

func (g Given) kinds() []string { return GivenFigureNames() }
func (g Given) how() how        { return how{nil, g.Say, g.Look} }
func (g Given) reason(kind string) string {
	if kind == "attainment" {
		return "no file has several runs"
	}
	return ""
}

func (g Given) possible(kinds []string) (names []string) {
	for _, kind := range kinds {
		names = append(names, kind)
		for _, o := range []string{"params", "flops"} {
			names = append(names, kind+"-"+o)
		}
	}
	return names
}

// projections are the objectives that figures show against the first one, with the files that have them.
func (g Given) projections() (out []string) {
	for _, f := range g.Files {
		for _, o := range f.Objectives[1:] {
			if !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
	}
	return out
}

// axis is how an objective is drawn.
func axis(objective string) (label string, scale float64) {
	switch objective {
	case "error":
		return "error of the file (%), lower is better", 100
	case "params":
		return "params (millions), fewer are better", 1e-6
	case "flops":
		return "MACs (millions), fewer are better", 1e-6
	}
	return objective + ", lower is better", 1
}

// plane are the fronts of the runs of a file in two objectives, in the units of the figure.
func (g Given) plane(file int, objective string) (runs [][][2]float64) {
	f := g.Files[file]
	k := slices.Index(f.Objectives, objective)
	if k < 1 {
		return nil
	}
	_, x := axis(objective)
	_, y := axis(f.Objectives[0])
	for _, r := range g.Rows[file] {
		var points [][2]float64
		for _, p := range r.Front {
			points = append(points, [2]float64{x * p[k], y * p[0]})
		}
		runs = append(runs, points)
	}
	return runs
}

// maxSigns is how many corners of a staircase bear signs; a line of more is told by its dashes.
const maxSigns = 15

// stairs is a group of points of a staircase.
func stairs(name string, corners [][2]float64) plots.Group {
	g := plots.Group{Name: name, Stairs: true, Unsigned: len(corners) > maxSigns}
	for _, c := range corners {
		g.Points = append(g.Points, plots.Point{Name: name, X: c[0], Y: c[1], Low: c[1], High: c[1]})
	}
	return g
}

// named is the name of a figure of one of the projections.
func (g Given) named(kind, objective string) string {
	if len(g.projections()) == 1 {
		return kind
	}
	return kind + "-" + key(objective)
}

func (g Given) fronts() (out []Figure, _ error) {
	for _, o := range g.projections() {
		x, _ := axis(o)
		y, _ := axis(g.Files[0].Objectives[0])
		p := plots.Points{Title: "front of all runs together", XLabel: x, YLabel: y}
		for i, f := range g.Files {
			runs := g.plane(i, o)
			if runs == nil {
				continue
			}
			name := f.Name
			if len(runs) > 1 {
				name = fmt.Sprintf("%s (%d runs)", name, len(runs))
			}
			p.Groups = append(p.Groups, stairs(name, analysis.Attainment(runs, 1)))
		}
		if len(p.Groups) == 1 { // no legend names it
			p.Title = p.Groups[0].Name + ", " + p.Title
		}
		made, err := plots.NewPoints(p)
		if err != nil {
			return nil, err
		}
		grid := plots.Of(made)
		if len(p.Groups) > maxFronts {
			grid.Names, grid.Panels = made.OneAPanel(len(p.Groups))
			grid.SharedY = true
		}
		out = append(out, Figure{Name: g.named("fronts", o), Figure: grid, Width: plots.DoubleColumn})
	}
	return out, nil
}

func (g Given) attainment() (out []Figure, _ error) {
	for _, o := range g.projections() {
		var names []string
		var panels []plots.Panel
		for i, f := range g.Files {
			runs := g.plane(i, o)
			n := len(runs)
			if n < 2 {
				continue
			}
			x, _ := axis(o)
			y, _ := axis(f.Objectives[0])
			p := plots.Points{Title: fmt.Sprintf("%s, %d runs", f.Name, n), XLabel: x, YLabel: y}
			for _, level := range []struct {
				name string
				n    int
			}{{"best (some run)", 1}, {"median (half of the runs)", (n + 1) / 2}, {"worst (every run)", n}} {
				group := stairs(level.name, analysis.Attainment(runs, level.n))
				p.Groups = append(p.Groups, group)
			}
			made, err := plots.NewPoints(p)
			if err != nil {
				return nil, err
			}
			names, panels = append(names, f.Name), append(panels, made)
		}
		out = append(out, gridFigure(g.named("attainment", o), names, panels)...)
	}
	return out, nil
}

// volumes shows the hypervolumes of the runs of each file.
func (g Given) volumes() ([]Figure, error) {
	var labels []string
	var groups []int
	var values []float64
	for i, f := range g.Files {
		for _, r := range g.Rows[i] {
			labels, groups, values = append(labels, f.Name+" "+r.Run), append(groups, i+1), append(values, r.Hypervolume)
		}
	}
	var names []string
	for i, f := range g.Files {
		names = append(names, fmt.Sprintf("%d: %s", i+1, f.Name))
	}
	b, err := plots.NewBoxes("hypervolume of the runs", strings.Join(names, "; "), "hypervolume, higher is better", labels,
		groups, values)
	if err != nil {
		return nil, err
	}
	return []Figure{{Name: "hypervolume", Figure: b, Width: plots.SingleColumn}}, nil
}
