package reports

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/plots"
)

// roomyFrom is the width from which the partial correlations have panels, too.
const roomyFrom = 5 * vg.Inch

// cohortFigures show correlation against generation, a line an estimator, a panel a method of search, and where the
// figure is wide enough a second one with the partial correlation.
func (f Study) cohortFigures() (out []Figure, _ error) {
	all, err := f.cohorts()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		figure, err := f.cohortFigure(c)
		if err != nil {
			return nil, err
		}
		out = append(out, figure...)
	}
	return out, nil
}

// cohortFile is the name of the figure of a grouping.
func cohortFile(of analysis.Grouping) string {
	if of == analysis.Survivors {
		return CohortsKind
	}
	return CohortsKind + "-" + string(of)
}

func (f Study) cohortFigure(c *analysis.Cohorts) ([]Figure, error) {
	rows, note := f.drawnCohorts(c)
	if len(rows) == 0 {
		return nil, nil
	}
	figure := plots.Roomy{From: roomyFrom}
	for _, g := range []*plots.Grid{&figure.Narrow, &figure.Wide} {
		g.SharedX, g.SharedY = true, true
	}
	var adjusted plots.Grid
	for _, d := range c.Drivers {
		for m, grid := range map[analysis.Measure]*plots.Grid{analysis.Rho: &figure.Narrow, analysis.PartialRho: &adjusted} {
			panel, err := f.cohortPanel(c, d, rows, m)
			if err != nil {
				return nil, err
			}
			grid.Panels, grid.Names = append(grid.Panels, panel), append(grid.Names, panel.Title)
		}
	}
	n := len(c.Drivers)
	if figure.Narrow.Columns = 1; n > 2 {
		figure.Narrow.Columns = 2
	}
	if n == 1 || n > maxDriversAcross { // the two of a method beside each other
		figure.Wide.Columns = min(4, 2*n)
		for i := range n {
			figure.Wide.Panels = append(figure.Wide.Panels, figure.Narrow.Panels[i], adjusted.Panels[i])
			figure.Wide.Names = append(figure.Wide.Names, figure.Narrow.Names[i], adjusted.Names[i])
		}
	} else { // below each other
		figure.Wide.Columns = n
		figure.Wide.Panels = slices.Concat(figure.Narrow.Panels, adjusted.Panels)
		figure.Wide.Names = slices.Concat(figure.Narrow.Names, adjusted.Names)
	}
	if f.drawsPublished(c) {
		note = strings.TrimPrefix(note+"; "+publishedNote, "; ")
	}
	if len(rows) > cohortBands {
		note = strings.TrimPrefix(note+"; intervals are in the table and the CSV", "; ")
	}
	return []Figure{{Name: cohortFile(c.Of), Figure: figure, Width: plots.DoubleColumn, Note: note}}, nil
}

// maxDriversAcross is how many methods stand beside each other.
const maxDriversAcross = 4

// drawsPublished says whether the published curves are drawn: they are of populations.
func (f Study) drawsPublished(c *analysis.Cohorts) bool {
	return f.Cohorts.Published && c.Of == analysis.Survivors
}

// likePublished says whether a driver is one that the published curves may be compared with: RWE, where a driver is
// called so.
func likePublished(c *analysis.Cohorts, d *analysis.Driver) bool {
	isRWE := func(d *analysis.Driver) bool { return strings.HasPrefix(d.Name, "rwe") }
	return isRWE(d) || !slices.ContainsFunc(c.Drivers, isRWE)
}

// cohortPanel is a measure within the cohorts of a driver.
func (f Study) cohortPanel(c *analysis.Cohorts, d *analysis.Driver, rows []*analysis.Finding, m analysis.Measure) (
	plots.Lines, error) {
	l := plots.Lines{XLabel: f.cohortAxis(c, len(rows)), YLabel: plots.Rho + " with accuracy by " + f.truthInFull(),
		Title: printable.Line(d.Name), Whole: true, Zero: true, Points: true, Sheer: true, Most: 1, Counts: "seeds",
		Fewer: "mean of fewer seeds"}
	if m.Partial() {
		l.Title = strings.TrimPrefix(l.Title+", given "+printable.Line(c.Given), ", ")
	} else if l.Title == "" {
		l.Title = "rank correlation"
	}
	switch l.All = len(d.Seeds); {
	case c.Of.Pooled():
		l.Counts, l.Band, l.All = "architectures", "95% interval over architectures", 0
	case l.All > 1:
		l.Band = "95% t interval over seeds"
	}
	if !c.Of.OfSearches() {
		for _, g := range d.Cohorts {
			label := g.Label
			if label == "" {
				label = "none"
			}
			l.Names = append(l.Names, label)
		}
	}
	for _, row := range rows {
		curve := d.Curves[slices.Index(c.Rows, row)]
		if m.Partial() && curve.Given {
			// its place is kept, so that the others have the colours and signs of the panel beside
			l.Lines = append(l.Lines, plots.Line{Name: printable.Line(row.Estimator)})
			continue
		}
		l.Lines = append(l.Lines, cohortLine(c, curve, m))
	}
	if len(rows) > cohortBands {
		for i := range l.Lines {
			l.Lines[i].Low, l.Lines[i].High = nil, nil
		}
	}
	if f.drawsPublished(c) && !m.Partial() && likePublished(c, d) {
		l.Published = publishedLines()
	}
	return plots.NewLines(l)
}

// truthInFull is what the accuracies are, with what stands in brackets where there is room for it.
func (f Study) truthInFull() string {
	if full := printable.Line(f.From.Truth); len(full) <= 48 {
		return full
	}
	return short(f.From.Truth)
}

// cohortLine is a measure of an estimator over the cohorts.
func cohortLine(c *analysis.Cohorts, curve *analysis.Curve, m analysis.Measure) plots.Line {
	line := plots.Line{Name: printable.Line(curve.Estimator)}
	for _, p := range curve.Points {
		s := p.Over[m]
		line.X, line.Y = append(line.X, float64(p.Number)), append(line.Y, s.Mean)
		line.Low, line.High = append(line.Low, s.Low), append(line.High, s.High)
		n := s.Defined
		if c.Of.Pooled() {
			n = p.Values[0].N
		}
		line.N = append(line.N, n)
	}
	return line
}

// cohortAxis names the cohorts, and says how many estimators are shown where it is not all.
func (f Study) cohortAxis(c *analysis.Cohorts, shown int) string {
	axis := ""
	switch c.Of {
	case analysis.Births:
		axis = "generation of birth, seeds pooled"
	case analysis.BySize:
		axis = "architectures by " + printable.Line(c.Given)
	case analysis.ByTruth:
		axis = "architectures by accuracy (%)"
	default:
		axis = fmt.Sprintf("generation (%s)", c.Of)
	}
	if shown < len(c.Rows) {
		axis += fmt.Sprintf("\n(%d of %d estimators)", shown, len(c.Rows))
	}
	return axis
}
