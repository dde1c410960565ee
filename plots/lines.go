package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

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

// Line is a curve with an optional band around it. Points with a Y of NaN are gaps; so are ends of the band.
type Line struct {
	Name      string
	X, Y      []float64
	Low, High []float64 // the band; nil for none
	N         []int     // values behind each Y; nil where that is not told
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
	Names []string  // what X = 1, 2, ... stand for, instead of numbers
	Band  string    // what bands are, for the legend
	Faint []Line    // drawn in grey behind, to compare with; not part of the data

	Sheer  bool    // every band is filled, so that one sees through it
	Most   float64 // of |Y|: bands are drawn no farther; 0 for no such bound
	Counts string  // what N counts, the name of its column in the data; "" for no such column
	All    int     // the N of most points; those of fewer have a ring around them. 0 for no rings
	Fewer  string  // what the ring means, for the legend

	Published []Line // of elsewhere, in grey and dashed, to compare with; marked in the data
}

// maxFilled is how many bands are filled in one plot; of more, only the edges can be told apart.
const maxFilled = 3

// NewLines checks that every curve's slices have one length and, for a logarithmic axis, positive X.
func NewLines(l Lines) (Lines, error) {
	for _, s := range slices.Concat(l.Lines, l.Published) {
		if len(s.X) != len(s.Y) || s.Low != nil && (len(s.Low) != len(s.X) || len(s.High) != len(s.X)) ||
			s.N != nil && len(s.N) != len(s.X) {
			return Lines{}, fmt.Errorf("lines %s: %s: X, Y, Low, High and N must be equally long", l.Title, s.Name)
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
	if l.Sheer {
		p.Y.Tick.Marker = ticks(8)
	}
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
	if l.Names != nil {
		f.below = nominal(&p.X, l.Names, 1, s)
	}
	for i, line := range l.Lines { // all bands lie below all edges, and these below all lines
		tint, _, _ := s.look(i)
		for _, run := range line.bands(l.Most) {
			switch {
			case l.Sheer && !s.flat:
				p.Add(band{run, sheer(tint)})
			case len(l.Lines) <= maxFilled:
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
		if l.Sheer && !s.flat {
			edge = draw.LineStyle{Color: mixed(tint, 0.45), Width: 0.25}
		}
		for _, run := range line.bands(l.Most) { // edges show where bands overlap
			p.Add(&plotter.Line{XYs: xysOf(run.X, run.Low), LineStyle: edge},
				&plotter.Line{XYs: xysOf(run.X, run.High), LineStyle: edge})
		}
	}
	if l.Zero {
		p.Add(level(0))
	}
	l.published(&f)
	bands, rings := false, false
	for i, line := range l.Lines {
		tint, dash, shape := s.look(i)
		style := draw.LineStyle{Color: tint, Width: 1.2, Dashes: dash}
		glyph := draw.GlyphStyle{Color: tint, Radius: 1.8, Shape: shape}
		bands = bands || len(line.bands(0)) > 0
		for _, run := range line.runs() {
			xys := xysOf(run.X, run.Y)
			p.Add(&plotter.Line{XYs: xys, LineStyle: style})
			if l.Points || len(xys) == 1 {
				p.Add(&plotter.Scatter{XYs: xys, GlyphStyle: glyph})
			}
		}
		if few := l.fewer(line); len(few) > 0 {
			p.Add(&plotter.Scatter{XYs: few, GlyphStyle: ring})
			rings = true
		}
		if len(l.Lines)+len(l.Published) > 1 {
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
	if rings && l.Fewer != "" {
		f.keys = append(f.keys, key{l.Fewer, thumbnail{draw.LineStyle{}, &ring}})
	}
	for k, line := range l.Published {
		f.keys = append(f.keys, key{line.Name, thumbnail{publishedStyle(k), nil}})
	}
	if len(l.Faint) > 0 {
		f.keys = append(f.keys, theOthers)
	}
	pad(p)
	return f
}

// ring goes around the signs of points that fewer values are behind.
var ring = draw.GlyphStyle{Color: grim, Radius: 3.1, Shape: thinRing{}}

// thinRing is a circle in a finer line than that of signs.
type thinRing struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (thinRing) DrawGlyph(c *draw.Canvas, g draw.GlyphStyle, at vg.Point) {
	c.SetLineStyle(draw.LineStyle{Color: g.Color, Width: 0.45})
	var p vg.Path
	p.Move(vg.Point{X: at.X + g.Radius, Y: at.Y})
	p.Arc(at, g.Radius, 0, 2*math.Pi)
	p.Close()
	c.Stroke(p)
}

// fewer are the points that fewer values are behind than behind most.
func (l Lines) fewer(line Line) (few plotter.XYs) {
	for i, n := range line.N {
		if n < l.All && !math.IsNaN(line.Y[i]) {
			few = append(few, plotter.XY{X: line.X[i], Y: line.Y[i]})
		}
	}
	return few
}

// published draws the curves of elsewhere.
func (l Lines) published(f *frame) {
	for k, line := range l.Published {
		for _, run := range line.runs() {
			f.Add(&plotter.Line{XYs: xysOf(run.X, run.Y), LineStyle: publishedStyle(k)})
		}
	}
}

// publishedStyle is that of a curve of elsewhere.
func publishedStyle(k int) draw.LineStyle {
	patterns := [][]vg.Length{{5, 1.6}, {1.6, 1.6}, {5, 1.6, 1.6, 1.6}}
	return draw.LineStyle{Color: grim, Width: 0.9, Dashes: patterns[k%len(patterns)]}
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
	return s.split(func(i int) bool { return math.IsNaN(s.Y[i]) })
}

// bands are the parts of a curve that have a band, which is cut at -most and most.
func (s Line) bands(most float64) []Line {
	if s.Low == nil {
		return nil
	}
	out := s.split(func(i int) bool { return math.IsNaN(s.Y[i]) || math.IsNaN(s.Low[i]) || math.IsNaN(s.High[i]) })
	if most > 0 {
		for _, r := range out {
			for i := range r.Low {
				r.Low[i], r.High[i] = max(r.Low[i], -most), min(r.High[i], most)
			}
		}
	}
	return out
}

// split splits a curve where there is none of it.
func (s Line) split(gap func(i int) bool) []Line {
	var out []Line
	for i := range s.X {
		if gap(i) {
			continue
		}
		if i == 0 || gap(i-1) {
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
	header := []string{"name", "x", "y", "low", "high"}
	if l.Names != nil {
		header = append(header, "range")
	}
	if l.Counts != "" {
		header = append(header, l.Counts, "published")
	}
	var rows [][]string
	for k, s := range slices.Concat(l.Lines, l.Published) {
		published := "no"
		if k >= len(l.Lines) {
			published = "yes"
		}
		for i := range s.X {
			row := []string{s.Name, number(s.X[i]), blank(s.Y[i]), "", ""}
			if s.Low != nil {
				row[3], row[4] = blank(s.Low[i]), blank(s.High[i])
			}
			if l.Names != nil {
				row = append(row, l.Names[i])
			}
			if l.Counts != "" {
				n := ""
				if s.N != nil {
					n = strconv.Itoa(s.N[i])
				}
				row = append(row, n, published)
			}
			rows = append(rows, row)
		}
	}
	return header, rows
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

// sheer is a colour that one sees through.
func sheer(c color.RGBA) color.Color { return color.NRGBA{c.R, c.G, c.B, 30} }

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
