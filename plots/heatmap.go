package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// HeatMap is a matrix of correlations, or of their differences, on a diverging map around 0 (Moreland 2009) with a bar
// that explains its colours. Values stand in the cells where these are wide enough. NaN is a blank cell.
type HeatMap struct {
	Title   string
	Rows    []string
	Columns []string
	Values  [][]float64 // [row][column], within [-1, 1] or NaN

	ColumnsAre string   // what the columns are, with units; empty where their names say it
	Bar        string   // what the colours are
	Limit      float64  // of the colours, which reach from -Limit to Limit; 0 for 1
	Marked     [][]bool // cells with a dot, or a star behind their value; nil for none
	Mark       string   // what that means
	Blank      string   // what blank cells mean; empty where there are none
	Layers     []Layer  // more numbers of every cell, for the data table
}

// Layer is a number of every cell of a heat map; NaN for none.
type Layer struct {
	Name   string
	Values [][]float64
}

// NewHeatMap checks the shape of the matrix and the range of its values.
func NewHeatMap(title string, rows, columns []string, values [][]float64) (HeatMap, error) {
	if len(values) != len(rows) {
		return HeatMap{}, fmt.Errorf("heat map %s: %d rows of values for %d names", title, len(values), len(rows))
	}
	for i, row := range values {
		if len(row) != len(columns) {
			return HeatMap{}, fmt.Errorf("heat map %s: row %s has %d values, there are %d columns", title, rows[i], len(row),
				len(columns))
		}
		for _, v := range row {
			if v < -1 || v > 1 {
				return HeatMap{}, fmt.Errorf("heat map %s: row %s: %v: must lie in [-1, 1]", title, rows[i], v)
			}
		}
	}
	return HeatMap{Title: title, Rows: rows, Columns: columns, Values: values}, nil
}

// Sizes of a heat map.
const (
	barHeight = 6   // of the colour bar
	barWidth  = 110 // at most
	widest    = 60  // cell
	nameGap   = 4   // between names and cells
)

// heatLayout is where the parts of a heat map stand, at some width.
type heatLayout struct {
	title         string
	rows, columns []string // as they fit
	upwards       bool     // the names of the columns
	size          vg.Length
	side, top     vg.Length // room for the names
	w, t          vg.Length // of a cell
	textSize      vg.Length // of the values; 0 where they do not fit
	below         []string  // lines below the cells
	height        vg.Length
}

// arranged lays the heat map out.
func (h HeatMap) arranged(width vg.Length, s Style) (l heatLayout) {
	width -= leftEdge + rightEdge
	columns := vg.Length(max(1, len(h.Columns)))
	l.size = s.small()
	tight := vg.Length(smallest * 1.15) // cells that are as narrow as a line of the smallest letters
	style := func() text.Style { return s.label(l.size, black, text.XRight, text.YCenter) }
	if columns*s.small()*1.15 > 0.72*width {
		l.size = smallest
	}
	want := h.valueWidth(s.label(smallest, black, text.XCenter, text.YCenter)) + 2
	if 0.75*width < columns*want { // no room for values
		want = max(tight, 2*l.size)
	}
	room := max(0.25*width, min(0.45*width, width-columns*want))
	if width-room < columns*tight {
		room = max(0.2*width, width-columns*tight)
	}
	l.rows = shorten(h.Rows, func(t string) bool { return style().Width(t)+nameGap <= room })
	for _, r := range l.rows {
		l.side = max(l.side, style().Width(r)+nameGap)
	}
	l.w = min(widest, (width-l.side)/columns)
	l.columns = shorten(h.Columns, func(t string) bool { return style().Width(t) <= 1.1*vg.Inch })
	wide := vg.Length(0)
	for _, c := range l.columns {
		wide = max(wide, style().Width(c))
	}
	l.upwards = wide+3 > l.w
	l.top = l.size * 1.2
	if l.upwards {
		l.top = wide
	}
	l.top += nameGap
	heading := s.label(s.Size, black, text.XCenter, text.YTop)
	if h.Title != "" {
		l.title = fit(h.Title, heading, width)
		l.top += heading.Height(l.title) + 5
	}
	if h.ColumnsAre != "" {
		l.top += s.Size * 1.3
	}
	l.t = max(1.15*l.size, min(l.w, 2*l.size))
	h.fitValues(&l, s)
	small := s.label(s.small(), black, text.XLeft, text.YTop)
	for _, t := range []string{h.Mark, h.Blank} {
		if t != "" {
			l.below = append(l.below, strings.Split(fit(t, small, width-keyMark), "\n")...)
		}
	}
	l.height = topEdge + l.top + l.t*vg.Length(len(h.Rows)) + 5 + bottomEdge
	l.height += barHeight + 2 + s.line() + vg.Length(len(l.below))*s.line()
	if h.Bar != "" {
		l.height += s.line()
	}
	return l
}

// fitValues chooses the size of the values.
func (h HeatMap) fitValues(l *heatLayout, s Style) {
	for size := l.size; size >= smallest; size -= 0.5 {
		style := s.label(size, black, text.XCenter, text.YCenter)
		if size*1.15 <= l.t && h.valueWidth(style)+2 <= l.w+0.01 {
			l.textSize = size
			return
		}
	}
}

// valueWidth is the width of the widest value.
func (h HeatMap) valueWidth(style text.Style) (w vg.Length) {
	for i, row := range h.Values {
		for j := range row {
			w = max(w, style.Width(h.valueText(i, j)))
		}
	}
	return w
}

// valueText is what stands in a cell.
func (h HeatMap) valueText(i, j int) string {
	switch v := h.Values[i][j]; {
	case math.IsNaN(v):
		return ""
	case h.marked(i, j):
		return correlationText(v) + "*"
	default:
		return correlationText(v)
	}
}

func (h HeatMap) marked(i, j int) bool { return h.Marked != nil && h.Marked[i][j] }

// Height implements Figure.
func (h HeatMap) Height(width vg.Length, s Style) vg.Length { return h.arranged(width, s).height }

// Draw implements Figure.
func (h HeatMap) Draw(c draw.Canvas, s Style) {
	l := h.arranged(c.Max.X-c.Min.X, s)
	c = draw.Crop(c, leftEdge, -rightEdge, bottomEdge, -topEdge)
	top := c.Max.Y
	if l.title != "" {
		style := s.label(s.Size, black, text.XCenter, text.YTop)
		c.FillText(style, vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: top}, l.title)
	}
	c.Min.X += (c.Max.X - c.Min.X - l.side - l.w*vg.Length(len(h.Columns))) / 2 // in the middle where it is narrow
	x0, y0 := c.Min.X+l.side, top-l.top
	end := x0 + l.w*vg.Length(len(h.Columns))
	h.drawNames(c, l, s, x0, y0)
	colours := h.colours()
	for i := range h.Rows {
		y := y0 - vg.Length(i+1)*l.t
		for j, v := range h.Values[i] {
			x := x0 + vg.Length(j)*l.w
			fill := shade(colours, v)
			c.FillPolygon(fill, []vg.Point{{X: x, Y: y}, {X: x + l.w, Y: y}, {X: x + l.w, Y: y + l.t}, {X: x, Y: y + l.t}})
			middle := vg.Point{X: x + l.w/2, Y: y + l.t/2}
			switch {
			case l.textSize > 0 && !math.IsNaN(v):
				write(c, s.label(l.textSize, ink(fill), text.XCenter, text.YCenter), middle, h.valueText(i, j))
			case l.textSize == 0 && h.marked(i, j):
				c.DrawGlyph(draw.GlyphStyle{Color: ink(fill), Radius: 1.2, Shape: draw.CircleGlyph{}}, middle)
			}
		}
	}
	h.drawBar(c, l, s, colours, x0, end, y0-l.t*vg.Length(len(h.Rows))-5)
}

// drawNames writes the names around the cells, those of columns that are too narrow for all only here and there.
func (h HeatMap) drawNames(c draw.Canvas, l heatLayout, s Style, x0, y0 vg.Length) {
	side := s.label(l.size, black, text.XRight, text.YCenter)
	for i, name := range l.rows {
		write(c, side, vg.Point{X: x0 - nameGap, Y: y0 - (vg.Length(i)+0.5)*l.t}, name)
	}
	every := max(1, int(math.Ceil(float64(1.1*l.size/l.w))))
	for j, name := range l.columns {
		at := vg.Point{X: x0 + (vg.Length(j)+0.5)*l.w, Y: y0 + nameGap}
		switch {
		case !l.upwards:
			c.FillText(s.label(l.size, black, text.XCenter, text.YBottom), at, name)
		case j%every == 0:
			up := s.label(l.size, black, text.XLeft, text.YCenter)
			up.Rotation = math.Pi / 2
			at.X -= l.size / 10
			c.FillText(up, at, name)
		}
	}
	if h.ColumnsAre == "" {
		return
	}
	style := s.label(s.Size, black, text.XCenter, text.YTop)
	at := vg.Point{X: x0 + l.w*vg.Length(len(h.Columns))/2, Y: c.Max.Y}
	if l.title != "" {
		at.Y -= style.Height(l.title) + 5
	}
	name := cut(h.ColumnsAre, style, c.Max.X-c.Min.X)
	half := style.Width(name) / 2
	at.X = min(max(at.X, c.Min.X+half), c.Max.X-half)
	c.FillText(style, at, name)
}

// drawBar draws the colour bar below the cells, and what signs mean.
func (h HeatMap) drawBar(c draw.Canvas, l heatLayout, s Style, colours palette.ColorMap, x0, end, y vg.Length) {
	width := min(barWidth, c.Max.X-c.Min.X-20)
	left := min(max((x0+end-width)/2, c.Min.X+10), c.Max.X-10-width)
	if steps := 100; width > 0 {
		step := width / vg.Length(steps)
		for k := range steps {
			v := colours.Min() + (colours.Max()-colours.Min())*(float64(k)+0.5)/float64(steps)
			x := left + vg.Length(k)*step
			c.FillPolygon(shade(colours, v), []vg.Point{{X: x, Y: y - barHeight}, {X: left + width, Y: y - barHeight},
				{X: left + width, Y: y}, {X: x, Y: y}}) // up to the end, so that no seams are seen
		}
	}
	y -= barHeight
	small := s.label(s.small(), black, text.XCenter, text.YTop)
	for k, v := range []float64{colours.Min(), 0, colours.Max()} {
		x := left + width*vg.Length(k)/2
		c.StrokeLine2(draw.LineStyle{Color: black, Width: 0.5}, x, y, x, y-2)
		c.FillText(small, vg.Point{X: x, Y: y - 2}, minus(fmt.Sprintf("%.4g", v)))
	}
	y -= 2 + s.line()
	if h.Bar != "" {
		name := cut(h.Bar, small, c.Max.X-c.Min.X)
		half := small.Width(name) / 2
		c.FillText(small, vg.Point{X: min(max(left+width/2, c.Min.X+half), c.Max.X-half), Y: y}, name)
		y -= s.line()
	}
	small.XAlign = text.XLeft
	for k, line := range l.below {
		if k == 0 && h.Mark != "" && l.textSize == 0 {
			c.DrawGlyph(draw.GlyphStyle{Color: black, Radius: 1.2, Shape: draw.CircleGlyph{}},
				vg.Point{X: c.Min.X + keyMark/2, Y: y - s.line()/2})
		} else if k == 0 && h.Mark != "" {
			c.FillText(s.label(s.small(), black, text.XCenter, text.YTop), vg.Point{X: c.Min.X + keyMark/2, Y: y}, "*")
		}
		c.FillText(small, vg.Point{X: c.Min.X + keyMark, Y: y}, line)
		y -= s.line()
	}
}

// colours are the map of the values.
func (h HeatMap) colours() palette.ColorMap {
	limit := h.Limit
	if limit == 0 {
		limit = 1
	}
	m := moreland.SmoothBlueRed()
	m.SetMin(-limit)
	m.SetMax(limit)
	return m
}

// shade is the colour of a value.
func shade(m palette.ColorMap, v float64) color.Color {
	if math.IsNaN(v) {
		return color.Gray{Y: 235}
	}
	c, err := m.At(min(max(v, m.Min()), m.Max()))
	if err != nil {
		return color.White // v is just outside by rounding
	}
	return c
}

// ink is black or white, whichever is easier to read on a colour.
func ink(c color.Color) color.RGBA {
	r, g, b, _ := c.RGBA()
	if 0.299*float64(r)+0.587*float64(g)+0.114*float64(b) < 0.55*0xffff {
		return color.RGBA{255, 255, 255, 255}
	}
	return black
}

// correlationText writes a correlation in as few characters as tell it: .45, −.07, 1.
func correlationText(v float64) string {
	s := fmt.Sprintf("%.2f", math.Abs(v))
	switch {
	case s == "0.00":
		return "0"
	case strings.HasSuffix(s, ".00"):
		s = strings.TrimSuffix(s, ".00")
	default:
		s = strings.TrimPrefix(s, "0")
	}
	if v < 0 {
		return "−" + s
	}
	return s
}

// Data implements Figure: a row a cell.
func (h HeatMap) Data() ([]string, [][]string) {
	header := []string{"row", "column", "value"}
	for _, layer := range h.Layers {
		header = append(header, layer.Name)
	}
	var rows [][]string
	for i, name := range h.Rows {
		for j, v := range h.Values[i] {
			row := []string{name, h.Columns[j], blank(v)}
			for _, layer := range h.Layers {
				row = append(row, blank(layer.Values[i][j]))
			}
			rows = append(rows, row)
		}
	}
	return header, slices.Clip(rows)
}
