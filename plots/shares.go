package plots

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Share is a named share of a whole.
type Share struct {
	Name  string
	Value float64 // in [0, 1]
	Kind  int     // of Shares.Kinds
}

// Shares shows what parts make of a whole as bars with percentages, the first on top.
type Shares struct {
	Title  string
	Stats  string
	XLabel string
	Kinds  []string // names of the kinds of parts, for the legend
	Parts  []Share
	Room   int // for so many parts, so that bars beside those of another panel are as thick
}

// NewShares checks that all shares lie in [0, 1] and have a kind.
func NewShares(s Shares) (Shares, error) {
	for _, p := range s.Parts {
		if !(p.Value >= 0 && p.Value <= 1+1e-9) || p.Kind < 0 || p.Kind >= len(s.Kinds) {
			return Shares{}, fmt.Errorf("shares %s: %s: %v of kind %d: must lie in [0, 1], of a kind below %d", s.Title, p.Name,
				p.Value, p.Kind, len(s.Kinds))
		}
	}
	return s, nil
}

// Draw implements Figure.
func (b Shares) Draw(c draw.Canvas, s Style) { Of(b).Draw(c, s) }

// Height implements Figure.
func (b Shares) Height(width vg.Length, s Style) vg.Length { return Of(b).Height(width, s) }

func (b Shares) frame(s Style) frame {
	f := newFrame(s, b.Title, b.XLabel, "")
	f.stats = b.Stats
	p := f.Plot
	n := len(b.Parts)
	const widest = 92
	names := make([]string, n)
	for i, part := range b.Parts {
		names[i] = part.Name
	}
	names = shorten(names, func(t string) bool { return p.Y.Tick.Label.Width(t) <= widest })
	var at levelTicks
	fills := []plot.Thumbnailer{rect{fill: s.colour(0)}, rect{fill: lighter(s.colour(0))}, rect{fill: grey}}
	for i, part := range b.Parts {
		y := float64(n - 1 - i)
		at = slices.Insert(at, 0, plot.Tick{Value: y, Label: names[i]})
		fill := fills[part.Kind%len(fills)].(rect).fill
		p.Add(rect{0, 100 * part.Value, y - 0.34, y + 0.34, fill},
			note{100 * part.Value, y, fmt.Sprintf("%.1f%%", 100*part.Value)})
		f.wide = f.wide || p.Y.Tick.Label.Width(names[i]) > 40
	}
	p.Y.Tick.Marker, p.Y.Tick.Length = at, 0
	room := max(1, n, b.Room)
	p.Y.Min, p.Y.Max = float64(n-room)-0.6, float64(n)-0.4
	var percent levelTicks
	for _, v := range []float64{0, 25, 50, 75, 100} {
		percent = append(percent, plot.Tick{Value: v, Label: number(v)})
	}
	p.X.Tick.Marker = percent
	p.X.Min, p.X.Max = 0, 128 // room for the number behind a bar of 100
	p.X.Padding = 0
	f.fixed = vg.Length(room) * 1.35 * s.small()
	for k, name := range b.Kinds {
		f.keys = append(f.keys, key{name, fills[k%len(fills)]})
	}
	return f
}

// Data implements Figure.
func (b Shares) Data() ([]string, [][]string) {
	var rows [][]string
	for _, p := range b.Parts {
		rows = append(rows, []string{p.Name, b.Kinds[p.Kind], number(p.Value)})
	}
	return []string{"name", "kind", "share"}, rows
}

// rect is a filled rectangle in data coordinates.
type rect struct {
	x0, x1, y0, y1 float64
	fill           interface{ RGBA() (r, g, b, a uint32) }
}

// Plot implements plot.Plotter.
func (r rect) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	c.FillPolygon(r.fill, []vg.Point{
		{X: x(r.x0), Y: y(r.y0)}, {X: x(r.x1), Y: y(r.y0)}, {X: x(r.x1), Y: y(r.y1)}, {X: x(r.x0), Y: y(r.y1)},
	})
}

// DataRange implements plot.DataRanger.
func (r rect) DataRange() (xmin, xmax, ymin, ymax float64) { return r.x0, r.x1, r.y0, r.y1 }

// Thumbnail implements plot.Thumbnailer.
func (r rect) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(r.fill, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
}

// note is small text beside a point in data coordinates.
type note struct {
	x, y float64
	text string
}

// Plot implements plot.Plotter.
func (n note) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := p.Y.Tick.Label
	style.XAlign, style.YAlign = text.XLeft, text.YCenter
	c.FillText(style, vg.Point{X: x(n.x) + 3, Y: y(n.y)}, n.text)
}
