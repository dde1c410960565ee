package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// HeatMap is a matrix of correlations with the value in every cell, on a diverging map around 0 (Moreland 2009). NaN is
// undefined: a grey cell without a value.
type HeatMap struct {
	Title   string
	Rows    []string
	Columns []string
	Values  [][]float64 // [row][column], within [-1, 1] or NaN
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
	return HeatMap{title, rows, columns, values}, nil
}

// Height implements Figure.
func (h HeatMap) Height(_ vg.Length, s Style) vg.Length {
	_, top := h.margins(s)
	return top + vg.Length(max(2, len(h.Rows)))*1.9*s.small() + 10
}

// margins are the space for the names of rows and, written upwards, of columns.
func (h HeatMap) margins(s Style) (side, top vg.Length) {
	style := s.label(s.small(), black, text.XRight, text.YCenter)
	for _, r := range h.Rows {
		side = max(side, style.Width(r))
	}
	for _, c := range h.Columns {
		top = max(top, style.Width(c))
	}
	if h.Title != "" {
		top += 16
	}
	return side + 8, top + 8
}

// Draw implements Figure.
func (h HeatMap) Draw(c draw.Canvas, s Style) {
	c = draw.Crop(c, 2, -4, 2, -2)
	side, top := h.margins(s)
	if h.Title != "" {
		style := s.label(s.Size, black, text.XCenter, text.YTop)
		c.FillText(style, vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: c.Max.Y}, cut(h.Title, style, c.Max.X-c.Min.X))
	}
	x0, y0 := c.Min.X+side, c.Max.Y-top
	w, t := (c.Max.X-x0)/vg.Length(max(1, len(h.Columns))), (y0-c.Min.Y)/vg.Length(max(1, len(h.Rows)))
	colours := moreland.SmoothBlueRed()
	colours.SetMin(-1)
	colours.SetMax(1)
	upwards := s.label(s.small(), black, text.XLeft, text.YCenter)
	upwards.Rotation = math.Pi / 2
	for j, name := range h.Columns {
		c.FillText(upwards, vg.Point{X: x0 + (vg.Length(j)+0.5)*w, Y: y0 + 4}, name)
	}
	size := min(8, w/3.2, t/1.3)
	for i, name := range h.Rows {
		y := y0 - vg.Length(i+1)*t
		c.FillText(s.label(s.small(), black, text.XRight, text.YCenter), vg.Point{X: x0 - 4, Y: y + t/2}, name)
		for j, v := range h.Values[i] {
			x := x0 + vg.Length(j)*w
			fill := shade(colours, v)
			c.FillPolygon(fill, []vg.Point{{X: x, Y: y}, {X: x + w, Y: y}, {X: x + w, Y: y + t}, {X: x, Y: y + t}})
			if !math.IsNaN(v) {
				c.FillText(s.label(size, ink(fill), text.XCenter, text.YCenter), vg.Point{X: x + w/2, Y: y + t/2}, correlationText(v))
			}
		}
	}
}

// shade is the colour of a value.
func shade(m palette.ColorMap, v float64) color.Color {
	if math.IsNaN(v) {
		return color.Gray{Y: 225}
	}
	c, err := m.At(v)
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

// correlationText writes a correlation in as few characters as tell it: .45, -.07, 1.
func correlationText(v float64) string {
	s := fmt.Sprintf("%.2f", v)
	switch {
	case s == "1.00":
		return "1"
	case s == "-1.00":
		return "-1"
	case s == "-0.00", s == "0.00":
		return "0"
	case v < 0:
		return "-" + s[2:]
	}
	return s[1:]
}

// Data implements Figure.
func (h HeatMap) Data() ([]string, [][]string) {
	var rows [][]string
	for i, name := range h.Rows {
		row := []string{name}
		for _, v := range h.Values[i] {
			row = append(row, blank(v))
		}
		rows = append(rows, row)
	}
	return append([]string{"name"}, h.Columns...), rows
}
