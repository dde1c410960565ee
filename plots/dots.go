package plots

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Dot is a named value with its interval. An undefined one shows its note instead.
type Dot struct {
	Name      string
	Value     float64
	Low, High float64 // equal to Value for no interval
	N         int     // observations behind the value; 0 where that is not known
	Group     int     // of Dots.Groups
	Undefined bool
	Note      string // why it is undefined, or has no interval
	Parts     []Part // shown as small marks in the same row
}

// Part is one of the values that a Dot sums up, as that of a seed.
type Part struct {
	Name  string
	Value float64
}

// Dots compares values as dots with intervals, a row each, the first on top. It holds some 50 rows on a page.
type Dots struct {
	Title  string
	XLabel string
	Groups []string // what the signs mean; fewer than two need no key
	Parts  string   // what the small marks are; empty for none
	Rows   []Dot
}

// Draw implements Figure.
func (d Dots) Draw(c draw.Canvas, s Style) { Of(d).Draw(c, s) }

// Height implements Figure.
func (d Dots) Height(width vg.Length, s Style) vg.Length { return Of(d).Height(width, s) }

// manyRows is the number of rows above which they stand closely.
const manyRows = 25

func (d Dots) frame(s Style) frame {
	f := newFrame(s, d.Title, d.XLabel, "")
	rows := dotRows{Dots: d, style: s}
	f.Add(rows)
	f.Y.Min, f.Y.Max = -0.6, float64(len(d.Rows))-0.4
	f.Y.Tick.Length, f.Y.LineStyle.Width = 0, 0
	f.Y.Tick.Marker = newRowNames(d.Rows)
	row := 1.5 * s.small()
	if len(d.Rows) > manyRows {
		row = s.line()
	}
	f.fixed = (vg.Length(max(1, len(d.Rows))) + 0.2) * row
	if air := 0.05 * (f.X.Max - f.X.Min); air > 0 {
		f.X.Min, f.X.Max = f.X.Min-air, f.X.Max+air
	}
	if len(d.Groups) > 1 {
		for i, name := range d.Groups {
			f.keys = append(f.keys, key{name, thumbnail{draw.LineStyle{Color: s.colour(i), Width: 0.9}, ptr(rows.glyph(i))}})
		}
	}
	if d.Parts != "" {
		f.keys = append(f.keys, key{d.Parts, thumbnail{glyph: ptr(rows.part())}})
	}
	return f
}

func ptr[T any](v T) *T { return &v }

// Data implements Figure. Parts follow the row that sums them up, with their names.
func (d Dots) Data() ([]string, [][]string) {
	var rows [][]string
	for _, r := range d.Rows {
		group, n := "", ""
		if r.Group < len(d.Groups) {
			group = d.Groups[r.Group]
		}
		if r.N > 0 {
			n = strconv.Itoa(r.N)
		}
		row := []string{r.Name, group, "", "", "", "", n, r.Note}
		if !r.Undefined {
			row[3] = number(r.Value)
			if r.Low != r.High {
				row[4], row[5] = number(r.Low), number(r.High)
			}
		}
		rows = append(rows, row)
		for _, p := range r.Parts {
			rows = append(rows, []string{r.Name, group, p.Name, number(p.Value), "", "", "", ""})
		}
	}
	return []string{"name", "group", "part", "value", "low", "high", "n", "note"}, rows
}

// dotRows draws the rows.
type dotRows struct {
	Dots
	style Style
}

// glyph is the sign of a group: signs differ in shape and in filling, so that grey prints tell them apart.
func (d dotRows) glyph(group int) draw.GlyphStyle {
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}}
	return draw.GlyphStyle{Color: d.style.colour(group), Radius: 2.2, Shape: shapes[group%len(shapes)]}
}

// part is the sign of a part.
func (d dotRows) part() draw.GlyphStyle {
	return draw.GlyphStyle{Color: grey, Radius: 1.4, Shape: draw.RingGlyph{}}
}

// DataRange implements plot.DataRanger.
func (d dotRows) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax = math.Inf(1), math.Inf(-1)
	for _, r := range d.Rows {
		if !r.Undefined {
			xmin, xmax = min(xmin, r.Value, r.Low), max(xmax, r.Value, r.High)
		}
		for _, p := range r.Parts {
			xmin, xmax = min(xmin, p.Value), max(xmax, p.Value)
		}
	}
	if xmin > xmax { // nothing is defined
		xmin, xmax = 0, 1
	}
	return xmin, xmax, 0, float64(len(d.Rows) - 1)
}

// Plot implements plot.Plotter: a guide from the name to the dot, which reasons interrupt, and the line of 0.
func (d dotRows) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	guide, zero := draw.LineStyle{Color: light, Width: 0.3}, draw.LineStyle{Color: grey, Width: 0.6}
	reason := d.style.label(d.style.small(), grim, text.XLeft, text.YCenter)
	half := vg.Length(0.5)*(y(1)-y(0)) + 0.01
	for i, r := range d.Rows {
		at := y(float64(len(d.Rows) - 1 - i))
		if r.Undefined && len(r.Parts) == 0 {
			write(c, reason, vg.Point{X: c.Min.X + 2, Y: at}, cut(r.Note, reason, c.Max.X-c.Min.X-2))
			continue
		}
		c.StrokeLine2(guide, c.Min.X, at, c.Max.X, at)
		if p.X.Min < 0 && p.X.Max > 0 {
			c.StrokeLine2(zero, x(0), at-half, x(0), at+half)
		}
		for _, part := range r.Parts {
			c.DrawGlyph(d.part(), vg.Point{X: x(part.Value), Y: at})
		}
		if r.Undefined {
			continue
		}
		style := d.glyph(r.Group)
		if r.Low != r.High {
			c.StrokeLine2(draw.LineStyle{Color: style.Color, Width: 0.9}, x(r.Low), at, x(r.High), at)
		}
		c.DrawGlyph(style, vg.Point{X: x(r.Value), Y: at})
	}
}

// rowNames are ticks with the names of rows, the first on top, as they fit.
type rowNames struct{ full, extra, short []string }

// newRowNames adds n to the names where it is not the same in all rows.
func newRowNames(rows []Dot) rowNames {
	names := rowNames{extra: make([]string, len(rows))}
	most, differ := 0, false
	for _, r := range rows {
		if most > 0 && r.N > 0 && r.N != most {
			differ = true
		}
		most = max(most, r.N)
	}
	for i, r := range rows {
		names.full = append(names.full, r.Name)
		if differ && r.N > 0 && r.N != most {
			names.extra[i] = " (n = " + strconv.Itoa(r.N) + ")"
		}
	}
	names.short = names.full
	return names
}

// within shortens the names to some width.
func (n rowNames) within(style text.Style, width vg.Length) rowNames {
	extra := vg.Length(0)
	for _, e := range n.extra {
		extra = max(extra, style.Width(e))
	}
	n.short = shorten(n.full, func(s string) bool { return style.Width(s)+extra <= width })
	return n
}

// Ticks implements plot.Ticker.
func (n rowNames) Ticks(float64, float64) (out []plot.Tick) {
	for v := range n.short {
		i := len(n.short) - 1 - v
		out = append(out, plot.Tick{Value: float64(v), Label: n.short[i] + n.extra[i]})
	}
	return out
}
