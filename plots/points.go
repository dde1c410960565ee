package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
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
	Name     string
	Points   []Point
	Joined   bool // by a line, in the order given: a learning curve
	Stairs   bool // by the staircase of a front, both axes minimised
	Labels   bool // write the names beside the points
	Bare     bool // a line without signs, for reference
	Unsigned bool // a line without signs, in its colour and dashes
}

// Points shows groups of points: correlation against cost, or fronts of searches beside known networks.
type Points struct {
	Title  string
	XLabel string
	YLabel string
	LogX   bool
	Whole  bool // X counts something: ticks at whole numbers only
	Groups []Group

	Front string    // name of the line through the points with the highest Y for their X; empty for none
	Apart bool      // groups that share their X on a logarithmic axis stand beside each other
	At    []float64 // ticks of X; nil for round numbers
	Faint []Group   // drawn in grey behind the first group, to compare it with; not part of the data
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
	if g.At != nil {
		f.X.Tick.Marker = ticksAt(g.At)
	}
	names := &named{style: s}
	offset := g.offsets(s)
	front := g.front()
	if len(front) > 0 {
		line := &plotter.Line{XYs: front, LineStyle: draw.LineStyle{Color: grey, Width: 1}, StepStyle: plotter.PostStep}
		p.Add(line)
		f.keys = append(f.keys, key{g.Front, thumbnail{line.LineStyle, nil}})
		names.lines = append(names.lines, stairs(front))
	}
	for _, group := range g.Faint {
		xys := make(plotter.XYs, len(group.Points))
		for k, pt := range group.Points {
			xys[k] = plotter.XY{X: pt.X, Y: pt.Y}
		}
		line := &plotter.Line{XYs: xys, LineStyle: draw.LineStyle{Color: faint, Width: 0.6}}
		if group.Stairs {
			line.StepStyle = plotter.PostStep
		}
		p.Add(line)
	}
	if len(g.Faint) > 0 {
		f.keys = append(f.keys, theOthers)
	}
	for i, group := range g.Groups {
		tint := s.colour(i)
		glyph := draw.GlyphStyle{Color: tint, Radius: 2.2, Shape: shapes[i%len(shapes)]}
		xys := make(plotter.XYs, len(group.Points))
		for k, pt := range group.Points {
			pt.X *= offset(i)
			xys[k] = plotter.XY{X: pt.X, Y: pt.Y}
			if pt.Low != pt.High && !group.Bare {
				p.Add(whisker{pt, tint, g.Apart})
			}
			if group.Labels {
				names.points = append(names.points, pt)
			} else {
				names.others = append(names.others, pt)
			}
		}
		if group.Bare {
			tint = grey
		}
		line := draw.LineStyle{Color: tint, Width: 1, Dashes: dashes[i%len(dashes)]}
		switch {
		case group.Stairs:
			p.Add(&plotter.Line{XYs: xys, LineStyle: line, StepStyle: plotter.PostStep})
			names.lines = append(names.lines, stairs(xys))
		case group.Joined:
			p.Add(&plotter.Line{XYs: xys, LineStyle: line})
			names.lines = append(names.lines, xys)
		}
		mark := thumbnail{line, &glyph}
		switch {
		case group.Bare, group.Unsigned:
			mark.glyph = nil
		default:
			p.Add(&plotter.Scatter{XYs: xys, GlyphStyle: glyph})
		}
		if !group.Joined && !group.Stairs {
			mark.LineStyle = draw.LineStyle{}
		}
		if len(g.Groups) > 1 && (i > 0 || len(g.Faint) == 0) {
			f.keys = append(f.keys, key{group.Name, mark})
		}
	}
	aside(&p.X)
	if len(names.points) > 0 {
		p.Add(names)
		f.settle = func(size vg.Point) []key { return names.settle(p, size) }
	}
	pad(p)
	return f
}

// aside leaves room for signs at the ends of an axis of x.
func aside(a *plot.Axis) {
	if _, log := a.Scale.(plot.LogScale); !log {
		air(a)
	} else if a.Max > a.Min {
		factor := math.Pow(a.Max/a.Min, 0.03)
		a.Min, a.Max = a.Min/factor, a.Max*factor
	}
}

// front is the line through the points that no other one beats, in order of x.
func (g Points) front() (out plotter.XYs) {
	if g.Front == "" {
		return nil
	}
	var all []Point
	for _, group := range g.Groups {
		all = append(all, group.Points...)
	}
	slices.SortStableFunc(all, func(a, b Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(b.Y, a.Y)) })
	for _, p := range all {
		if len(out) == 0 || p.Y > out[len(out)-1].Y {
			out = append(out, plotter.XY{X: p.X, Y: p.Y})
		}
	}
	return out
}

// stairs are the corners of a staircase.
func stairs(points plotter.XYs) (out plotter.XYs) {
	for k, p := range points {
		if k > 0 {
			out = append(out, plotter.XY{X: p.X, Y: points[k-1].Y})
		}
		out = append(out, p)
	}
	return out
}

// offsets are the factors by which the x of groups are drawn apart, a few points on paper each.
func (g Points) offsets(s Style) func(group int) float64 {
	low, high, signs := math.Inf(1), 0.0, 0
	for _, group := range g.Groups {
		for _, p := range group.Points {
			low, high = min(low, p.X), max(high, p.X)
		}
		if !group.Bare {
			signs++
		}
	}
	if !g.Apart || !g.LogX || !(high > low) || signs < 2 {
		return func(int) float64 { return 1 }
	}
	step := math.Pow(high/low, 0.018)
	return func(group int) float64 {
		if g.Groups[group].Bare {
			return 1
		}
		return math.Pow(step, float64(group)-float64(len(g.Groups)-1)/2)
	}
}

// Data implements Figure.
func (g Points) Data() ([]string, [][]string) {
	header := []string{"group", "name", "x", "y", "low", "high"}
	if g.Front != "" {
		header = append(header, "front")
	}
	front := g.front()
	var rows [][]string
	for _, group := range g.Groups {
		for _, p := range group.Points {
			row := []string{group.Name, p.Name, number(p.X), number(p.Y), "", ""}
			if p.Low != p.High {
				row[4], row[5] = number(p.Low), number(p.High)
			}
			if g.Front != "" {
				row = append(row, map[bool]string{true: "yes", false: "no"}[slices.Contains(front, plotter.XY{X: p.X, Y: p.Y})])
			}
			rows = append(rows, row)
		}
	}
	return header, rows
}

// whisker is the interval of a point.
type whisker struct {
	Point
	tint color.Color
	thin bool // one of many
}

// Plot implements plot.Plotter.
func (w whisker) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: w.tint, Width: 0.7}
	if w.thin {
		style.Width = 0.4
		c.StrokeLine2(style, x(w.X), y(w.Low), x(w.X), y(w.High))
		return
	}
	c.StrokeLine2(style, x(w.X), y(w.Low), x(w.X), y(w.High))
	for _, v := range []float64{w.Low, w.High} {
		c.StrokeLine2(style, x(w.X)-2, y(v), x(w.X)+2, y(v))
	}
}

// DataRange implements plot.DataRanger.
func (w whisker) DataRange() (xmin, xmax, ymin, ymax float64) { return w.X, w.X, w.Low, w.High }
