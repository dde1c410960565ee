package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Point is a named point with an optional interval in y.
type Point struct {
	Name      string
	X, Y      float64
	Low, High float64 // equal to Y for no interval
}

// Group are points of one kind.
type Group struct {
	Name   string
	Points []Point
	Joined bool // by a line, in the order given: a learning curve
	Stairs bool // by the staircase of a front, both axes minimised
	Labels bool // write the names beside the points
}

// Points shows groups of points: correlation against cost, or fronts of searches beside known networks.
type Points struct {
	Title  string
	XLabel string
	YLabel string
	LogX   bool
	Whole  bool // X counts something: ticks at whole numbers only
	Groups []Group

	Faint []Group // drawn in grey behind the first group, to compare it with; not part of the data
}

// OneAPanel is a panel for each of the first n groups, each with the others of these in grey behind it and with the
// rest beside it.
func (g Points) OneAPanel(n int) (names []string, panels []Panel) {
	for i, group := range g.Groups[:n] {
		one := g
		one.Title = group.Name
		one.Groups = append([]Group{group}, g.Groups[n:]...)
		one.Faint = slices.Delete(slices.Clone(g.Groups[:n]), i, i+1)
		names, panels = append(names, group.Name), append(panels, one)
	}
	return names, panels
}

// NewPoints checks that all coordinates are finite and, for a logarithmic axis, positive in x.
func NewPoints(g Points) (Points, error) {
	for _, group := range g.Groups {
		for _, p := range group.Points {
			if bad := p.X - p.X + p.Y - p.Y + p.Low - p.Low + p.High - p.High; bad != 0 || g.LogX && p.X <= 0 {
				return Points{}, fmt.Errorf("points %s: %s %s at (%v, %v): must be finite, and positive on a logarithmic axis",
					g.Title, group.Name, p.Name, p.X, p.Y)
			}
		}
	}
	return g, nil
}

// Draw implements Figure.
func (g Points) Draw(c draw.Canvas, s Style) { Of(g).Draw(c, s) }

// Height implements Figure.
func (g Points) Height(width vg.Length, s Style) vg.Length { return Of(g).Height(width, s) }

func (g Points) frame(s Style) frame {
	f := newFrame(s, g.Title, g.XLabel, g.YLabel)
	p := f.Plot
	if g.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	if g.Whole && !g.LogX {
		p.X.Tick.Marker = wholeTicks(8)
	}
	names := named{style: s}
	for _, group := range g.Faint {
		xys := make(plotter.XYs, len(group.Points))
		for k, pt := range group.Points {
			xys[k] = plotter.XY{X: pt.X, Y: pt.Y}
		}
		p.Add(&plotter.Line{XYs: xys, LineStyle: draw.LineStyle{Color: faint, Width: 0.6}, StepStyle: plotter.PostStep})
	}
	if len(g.Faint) > 0 {
		f.keys = append(f.keys, theOthers)
	}
	for i, group := range g.Groups {
		tint := s.colour(i)
		glyph := draw.GlyphStyle{Color: tint, Radius: 2.2, Shape: shapes[i%len(shapes)]}
		xys := make(plotter.XYs, len(group.Points))
		for k, pt := range group.Points {
			xys[k] = plotter.XY{X: pt.X, Y: pt.Y}
			if pt.Low != pt.High {
				p.Add(whisker{pt, tint})
			}
			if group.Labels {
				names.points = append(names.points, pt)
			} else {
				names.others = append(names.others, pt)
			}
		}
		line := draw.LineStyle{Color: tint, Width: 1, Dashes: dashes[i%len(dashes)]}
		switch {
		case group.Stairs:
			p.Add(&plotter.Line{XYs: xys, LineStyle: line, StepStyle: plotter.PostStep})
		case group.Joined:
			p.Add(&plotter.Line{XYs: xys, LineStyle: line})
			names.lines = append(names.lines, xys)
		}
		scatter := &plotter.Scatter{XYs: xys, GlyphStyle: glyph}
		p.Add(scatter)
		if len(g.Groups) > 1 && (i > 0 || len(g.Faint) == 0) {
			f.keys = append(f.keys, key{group.Name, scatter})
		}
	}
	if len(names.points) > 0 {
		p.Add(names)
	}
	pad(p)
	return f
}

// Data implements Figure.
func (g Points) Data() ([]string, [][]string) {
	var rows [][]string
	for _, group := range g.Groups {
		for _, p := range group.Points {
			rows = append(rows, []string{group.Name, p.Name, number(p.X), number(p.Y), number(p.Low), number(p.High)})
		}
	}
	return []string{"group", "name", "x", "y", "low", "high"}, rows
}

// whisker is the interval of a point.
type whisker struct {
	Point
	tint color.Color
}

// Plot implements plot.Plotter.
func (w whisker) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: w.tint, Width: 0.7}
	c.StrokeLine2(style, x(w.X), y(w.Low), x(w.X), y(w.High))
	for _, v := range []float64{w.Low, w.High} {
		c.StrokeLine2(style, x(w.X)-2, y(v), x(w.X)+2, y(v))
	}
}

// DataRange implements plot.DataRanger.
func (w whisker) DataRange() (xmin, xmax, ymin, ymax float64) { return w.X, w.X, w.Low, w.High }

// named writes the names of points where they cover least of what is there, of other points and lines too.
type named struct {
	style          Style
	points, others []Point
	lines          []plotter.XYs
}

// Plot implements plot.Plotter.
func (n named) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := n.style.label(n.style.small(), black, text.XLeft, text.YBottom)
	var taken []vg.Rectangle
	for _, pt := range slices.Concat(n.points, n.others) {
		at := vg.Point{X: x(pt.X), Y: y(pt.Y)}
		taken = append(taken, vg.Rectangle{Min: vg.Point{X: at.X - 2, Y: at.Y - 2}, Max: vg.Point{X: at.X + 2, Y: at.Y + 2}})
		if pt.Low != pt.High {
			taken = append(taken, vg.Rectangle{Min: vg.Point{X: at.X - 2, Y: y(pt.Low)},
				Max: vg.Point{X: at.X + 2, Y: y(pt.High)}})
		}
	}
	for _, line := range n.lines {
		for k := 1; k < len(line); k++ {
			a, b := vg.Point{X: x(line[k-1].X), Y: y(line[k-1].Y)}, vg.Point{X: x(line[k].X), Y: y(line[k].Y)}
			steps := max(1, math.Ceil(math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y))/2))
			for s := range int(steps) { // a row of small squares along the line
				at := a.Add(b.Sub(a).Scale(vg.Length(float64(s) / steps)))
				taken = append(taken, vg.Rectangle{Min: vg.Point{X: at.X - 1, Y: at.Y - 1},
					Max: vg.Point{X: at.X + 1, Y: at.Y + 1}})
			}
		}
	}
	frame := vg.Rectangle{Min: c.Min, Max: c.Max}
	for _, pt := range n.points {
		best, least := vg.Rectangle{}, math.Inf(1)
		for _, r := range around(vg.Point{X: x(pt.X), Y: y(pt.Y)}, style.Width(pt.Name), style.Height(pt.Name)) {
			cost := outside(r, frame) * 10
			for _, o := range taken {
				cost += overlap(r, o)
			}
			if cost < least {
				best, least = r, cost
			}
		}
		taken = append(taken, best)
		c.FillText(style, best.Min, pt.Name)
	}
}

// around lists places for a label of some size beside a point, the preferred first.
func around(p vg.Point, w, h vg.Length) []vg.Rectangle {
	const gap = 3.5
	var out []vg.Rectangle
	for _, far := range []vg.Length{1, 2.4, 4, 6} {
		g := gap * far
		for _, at := range []vg.Point{
			{X: p.X + gap, Y: p.Y - h/2 + (far-1)*gap}, {X: p.X - gap - w, Y: p.Y - h/2 + (far-1)*gap},
			{X: p.X - w/2, Y: p.Y + g}, {X: p.X - w/2, Y: p.Y - g - h},
			{X: p.X + gap, Y: p.Y + g}, {X: p.X + gap, Y: p.Y - g - h},
			{X: p.X - gap - w, Y: p.Y + g}, {X: p.X - gap - w, Y: p.Y - g - h},
		} {
			out = append(out, vg.Rectangle{Min: at, Max: vg.Point{X: at.X + w, Y: at.Y + h}})
		}
	}
	return out
}

// overlap is the area that two rectangles share.
func overlap(a, b vg.Rectangle) float64 {
	w, h := min(a.Max.X, b.Max.X)-max(a.Min.X, b.Min.X), min(a.Max.Y, b.Max.Y)-max(a.Min.Y, b.Min.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return float64(w * h)
}

// outside is the area of r beyond the frame.
func outside(r, frame vg.Rectangle) float64 {
	size := r.Size()
	return float64(size.X*size.Y) - overlap(r, frame)
}
