package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bar is one named value with its interval. An undefined bar shows its note instead of a value.
type Bar struct {
	Name          string
	Value         float64
	Low, High     float64 // equal to Value for no interval
	Undefined     bool
	Note          string // why it is undefined
	Distinguished bool   // drawn in the second colour, e.g. a trivial baseline
}

// Bars compares values as horizontal bars with intervals, the first one on top.
type Bars struct {
	Title  string
	XLabel string
	Bars   []Bar
	Legend [2]string // names of the two colours; empty for no legend
}

// Draw implements Figure.
func (b Bars) Draw(c draw.Canvas, s Style) { Of(b).Draw(c, s) }

// Height implements Figure.
func (b Bars) Height(width vg.Length, s Style) vg.Length { return Of(b).Height(width, s) }

func (b Bars) frame(s Style) frame {
	f := newFrame(s, b.Title, b.XLabel, "")
	p := f.Plot
	n := len(b.Bars)
	names := make([]string, n)
	var intervals errorBars
	for i, bar := range b.Bars {
		y := float64(n - 1 - i)
		names[n-1-i] = bar.Name
		if bar.Undefined {
			p.Add(note{0, y, bar.Note})
			continue
		}
		fill := sky
		if bar.Distinguished {
			fill = grey
		}
		p.Add(rect{min(0, bar.Value), max(0, bar.Value), y - 0.36, y + 0.36, fill})
		intervals.XYs = append(intervals.XYs, plotter.XY{X: bar.Value, Y: y})
		intervals.XErrors = append(intervals.XErrors, struct{ Low, High float64 }{bar.Low - bar.Value, bar.High - bar.Value})
	}
	if len(intervals.XYs) > 0 {
		e, err := plotter.NewXErrorBars(intervals)
		if err == nil { // the intervals are finite by construction
			e.LineStyle = draw.LineStyle{Color: black, Width: 0.8}
			e.CapWidth = 5
			p.Add(e)
		}
	}
	p.NominalY(names...)
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	p.Add(zeroLine{})
	f.fixed = max(1, vg.Length(n)) * s.line()
	if b.Legend[0] != "" {
		f.keys = []key{{b.Legend[0], rect{fill: sky}}, {b.Legend[1], rect{fill: grey}}}
	}
	return f
}

// Data implements Figure.
func (b Bars) Data() ([]string, [][]string) {
	var rows [][]string
	for _, bar := range b.Bars {
		if bar.Undefined {
			rows = append(rows, []string{bar.Name, "", "", "", bar.Note})
			continue
		}
		row := []string{bar.Name, number(bar.Value), "", "", ""}
		if bar.Low != bar.High {
			row[2], row[3] = number(bar.Low), number(bar.High)
		}
		rows = append(rows, row)
	}
	return []string{"name", "value", "low", "high", "note"}, rows
}

type errorBars struct {
	plotter.XYs
	plotter.XErrors
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

// zeroLine marks x = 0.
type zeroLine struct{}

// Plot implements plot.Plotter.
func (zeroLine) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	c.StrokeLine2(draw.LineStyle{Color: black, Width: 0.6}, x(0), c.Min.Y, x(0), c.Max.Y)
}
