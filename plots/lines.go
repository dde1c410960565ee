package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// series are the colours of lines and groups of points, in order; dashes and shapes tell them apart in grey, and where
// colours repeat.
var (
	series = []color.RGBA{blue, vermillion, green, purple, orange, black, sky, grey}
	dashes = [][]vg.Length{nil, {4, 2}, {1.5, 1.5}, {6, 2, 1.5, 2}, {3, 1}, {8, 2}, {1, 3}, {2, 4}}
	shapes = []draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.TriangleGlyph{}, draw.BoxGlyph{}, draw.RingGlyph{}, draw.PyramidGlyph{}, draw.SquareGlyph{},
		draw.PlusGlyph{}, draw.CrossGlyph{},
	}
)

// look is how series i is drawn: no two of the first 64 alike.
func (s Style) look(i int) (color.RGBA, []vg.Length, draw.GlyphDrawer) {
	turn := i + i/len(s.Colours)
	return s.colour(i), dashes[turn%len(dashes)], shapes[turn%len(shapes)]
}

// Line is a curve with an optional band around it. Points with a Y of NaN are gaps.
type Line struct {
	Name      string
	X, Y      []float64
	Low, High []float64 // the band; nil for none
}

// Lines compares curves: an ablation, a convergence, a search over time. A single curve gets no legend.
type Lines struct {
	Title  string
	XLabel string
	YLabel string
	LogX   bool // all X must be positive
	Whole  bool // X counts something: ticks at whole numbers only
	Zero   bool // mark y = 0
	Points bool // mark the points of each curve
	Lines  []Line

	At    []float64 // ticks of X, if not at round numbers
	Band  string    // what bands are, for the legend
	Faint []Line    // drawn in grey behind, to compare with; not part of the data
}

// maxFilled is how many bands are filled in one plot; of more, only the edges can be told apart.
const maxFilled = 3

// NewLines checks that every curve's slices have one length and, for a logarithmic axis, positive X.
func NewLines(l Lines) (Lines, error) {
	for _, s := range l.Lines {
		if len(s.X) != len(s.Y) || s.Low != nil && (len(s.Low) != len(s.X) || len(s.High) != len(s.X)) {
			return Lines{}, fmt.Errorf("lines %s: %s: X, Y, Low and High must be equally long", l.Title, s.Name)
		}
		for i, x := range s.X {
			if math.IsNaN(x) || math.IsInf(x, 0) || math.IsInf(s.Y[i], 0) || l.LogX && x <= 0 {
				return Lines{}, fmt.Errorf("lines %s: %s: point (%v, %v): must be finite, and positive on a logarithmic axis",
					l.Title, s.Name, x, s.Y[i])
			}
		}
	}
	return l, nil
}

// faint is the colour of what stands behind.
var (
	faint     = color.RGBA{R: 190, G: 190, B: 190, A: 255}
	theOthers = key{"the others", thumbnail{draw.LineStyle{Color: faint, Width: 0.6}, nil}}
)

// Apart is one panel a curve, each with the others in grey behind it, in one range of y.
func (l Lines) Apart() Grid {
	g := Grid{SharedY: true}
	for i, line := range l.Lines {
		one := l
		one.Title, one.Lines, one.Faint = line.Name, []Line{line}, nil
		for k, other := range l.Lines {
			if k != i {
				one.Faint = append(one.Faint, other)
			}
		}
		g.Panels, g.Names = append(g.Panels, one), append(g.Names, line.Name)
	}
	return g
}

// Draw implements Figure.
func (l Lines) Draw(c draw.Canvas, s Style) { Of(l).Draw(c, s) }

// Height implements Figure.
func (l Lines) Height(width vg.Length, s Style) vg.Length { return Of(l).Height(width, s) }

func (l Lines) frame(s Style) frame {
	f := newFrame(s, l.Title, l.XLabel, l.YLabel)
	p := f.Plot
	p.X.Tick.Marker = ticks(5)
	switch {
	case l.LogX:
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{}
	case l.Whole:
		p.X.Tick.Marker = wholeTicks(8)
	}
	if l.At != nil {
		var at levelTicks
		for _, v := range l.At {
			at = append(at, plot.Tick{Value: v, Label: minus(number(v))})
		}
		p.X.Tick.Marker = at
	}
	for i, line := range l.Lines { // all bands lie below all edges, and these below all lines
		tint, _, _ := s.look(i)
		for _, run := range line.runs() {
			if line.Low != nil && len(l.Lines) <= maxFilled {
				p.Add(band{run, lighter(tint)})
			}
		}
	}
	for _, line := range l.Faint {
		for _, run := range line.runs() {
			p.Add(&plotter.Line{XYs: xysOf(run.X, run.Y), LineStyle: draw.LineStyle{Color: faint, Width: 0.6}})
		}
	}
	for i, line := range l.Lines {
		tint, dash, _ := s.look(i)
		edge := draw.LineStyle{Color: tint, Width: 0.4}
		if len(l.Lines) > maxFilled {
			edge.Dashes = dash
		}
		for _, run := range line.runs() {
			if line.Low != nil { // edges show where bands overlap
				p.Add(&plotter.Line{XYs: xysOf(run.X, run.Low), LineStyle: edge},
					&plotter.Line{XYs: xysOf(run.X, run.High), LineStyle: edge})
			}
		}
	}
	if l.Zero {
		p.Add(level(0))
	}
	bands := false
	for i, line := range l.Lines {
		tint, dash, shape := s.look(i)
		style := draw.LineStyle{Color: tint, Width: 1.2, Dashes: dash}
		glyph := draw.GlyphStyle{Color: tint, Radius: 1.8, Shape: shape}
		bands = bands || line.Low != nil
		for _, run := range line.runs() {
			xys := xysOf(run.X, run.Y)
			p.Add(&plotter.Line{XYs: xys, LineStyle: style})
			if l.Points || len(xys) == 1 {
				p.Add(&plotter.Scatter{XYs: xys, GlyphStyle: glyph})
			}
		}
		if len(l.Lines) > 1 {
			mark := thumbnail{style, nil}
			if l.Points {
				mark.glyph = &glyph
			}
			f.keys = append(f.keys, key{line.Name, mark})
		}
	}
	if bands && l.Band != "" {
		f.keys = append(f.keys, key{l.Band, rect{fill: lighter(grey)}})
	}
	if len(l.Faint) > 0 {
		f.keys = append(f.keys, theOthers)
	}
	pad(p)
	return f
}

func xysOf(x, y []float64) plotter.XYs {
	xys := make(plotter.XYs, len(x))
	for i := range xys {
		xys[i] = plotter.XY{X: x[i], Y: y[i]}
	}
	return xys
}

// runs splits a curve at its gaps.
func (s Line) runs() []Line {
	var out []Line
	for i := range s.X {
		if math.IsNaN(s.Y[i]) {
			continue
		}
		if i == 0 || math.IsNaN(s.Y[i-1]) {
			out = append(out, Line{Name: s.Name})
		}
		r := &out[len(out)-1]
		r.X, r.Y = append(r.X, s.X[i]), append(r.Y, s.Y[i])
		if s.Low != nil {
			r.Low, r.High = append(r.Low, s.Low[i]), append(r.High, s.High[i])
		}
	}
	return out
}

// Data implements Figure.
func (l Lines) Data() ([]string, [][]string) {
	var rows [][]string
	for _, s := range l.Lines {
		for i := range s.X {
			low, high := "", ""
			if s.Low != nil {
				low, high = blank(s.Low[i]), blank(s.High[i])
			}
			rows = append(rows, []string{s.Name, number(s.X[i]), blank(s.Y[i]), low, high})
		}
	}
	return []string{"name", "x", "y", "low", "high"}, rows
}

// blank writes a number, and nothing for NaN.
func blank(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return number(x)
}

// pad leaves air between data and frame, and width to a logarithmic axis with one value.
func pad(p *plot.Plot) {
	if _, log := p.X.Scale.(plot.LogScale); log && p.X.Min == p.X.Max {
		p.X.Min, p.X.Max = p.X.Min/2, p.X.Max*2
	}
	air := 0.04 * (p.Y.Max - p.Y.Min)
	p.Y.Min, p.Y.Max = p.Y.Min-air, p.Y.Max+air
}

// lighter is a colour mixed with white.
func lighter(c color.RGBA) color.RGBA { return mixed(c, 0.22) }

// band fills the space between Low and High.
type band struct {
	Line
	fill color.Color
}

// Plot implements plot.Plotter.
func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var outline []vg.Point
	for i := range b.X {
		outline = append(outline, vg.Point{X: x(b.X[i]), Y: y(b.High[i])})
	}
	for i := len(b.X) - 1; i >= 0; i-- {
		outline = append(outline, vg.Point{X: x(b.X[i]), Y: y(b.Low[i])})
	}
	c.FillPolygon(b.fill, c.ClipPolygonXY(outline))
}

// DataRange implements plot.DataRanger.
func (b band) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for i := range b.X {
		xmin, xmax = min(xmin, b.X[i]), max(xmax, b.X[i])
		ymin, ymax = min(ymin, b.Low[i]), max(ymax, b.High[i])
	}
	return xmin, xmax, ymin, ymax
}

// level marks a value of y.
type level float64

// Plot implements plot.Plotter.
func (l level) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	if at := y(float64(l)); at >= c.Min.Y && at <= c.Max.Y {
		c.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.6}, c.Min.X, at, c.Max.X, at)
	}
}

// thumbnail is the legend entry of a line.
type thumbnail struct {
	draw.LineStyle
	glyph *draw.GlyphStyle // in its middle; nil for none
}

// Thumbnail implements plot.Thumbnailer.
func (t thumbnail) Thumbnail(c *draw.Canvas) {
	y := (c.Min.Y + c.Max.Y) / 2
	if t.Width > 0 {
		c.StrokeLine2(t.LineStyle, c.Min.X, y, c.Max.X, y)
	}
	if t.glyph != nil {
		c.DrawGlyph(*t.glyph, vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: y})
	}
}
