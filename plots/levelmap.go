package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// LevelMap is a value at every combination of the levels of two settings.
type LevelMap struct {
	Title         string
	Down, Across  string      // settings
	Rows, Columns []string    // their levels in order
	Values        [][]float64 // [row][column]; NaN where there is none: a grey cell
	Default       [2]int      // row and column that are marked; negative for none
}

// LevelMaps shows maps in one scale of colours, which is drawn above them.
type LevelMaps struct {
	Label string // of the values, such as Tau
	Maps  []LevelMap
	Names []string // one a map, for the data
}

// NewLevelMaps checks the shape of every map.
func NewLevelMaps(label string, names []string, maps []LevelMap) (LevelMaps, error) {
	if len(names) != len(maps) {
		return LevelMaps{}, fmt.Errorf("%d maps with %d names", len(maps), len(names))
	}
	for _, m := range maps {
		if m.Default[0] >= len(m.Rows) || m.Default[1] >= len(m.Columns) {
			return LevelMaps{}, fmt.Errorf("map %s: default in row %d, column %d of %d by %d", m.Title, m.Default[0],
				m.Default[1], len(m.Rows), len(m.Columns))
		}
		if len(m.Values) != len(m.Rows) {
			return LevelMaps{}, fmt.Errorf("map %s: %d rows of values for %d levels", m.Title, len(m.Values), len(m.Rows))
		}
		for i, row := range m.Values {
			if len(row) != len(m.Columns) {
				return LevelMaps{}, fmt.Errorf("map %s: row %s has %d values for %d levels", m.Title, m.Rows[i], len(row),
					len(m.Columns))
			}
			for _, v := range row {
				if math.IsInf(v, 0) {
					return LevelMaps{}, fmt.Errorf("map %s: row %s: %v: must be finite", m.Title, m.Rows[i], v)
				}
			}
		}
	}
	return LevelMaps{label, maps, names}, nil
}

// scale is the range of the colours.
type scale struct {
	low, high float64
	missing   bool // some value is NaN
}

func (l LevelMaps) scale() scale {
	s := scale{low: math.Inf(1), high: math.Inf(-1)}
	for _, m := range l.Maps {
		for _, row := range m.Values {
			for _, v := range row {
				if math.IsNaN(v) {
					s.missing = true
					continue
				}
				s.low, s.high = min(s.low, v), max(s.high, v)
			}
		}
	}
	switch {
	case s.low > s.high:
		s.low, s.high = 0, 1
	case s.low < 0 && s.high > 0: // colours on both sides of 0
		s.high = max(s.high, -s.low)
		s.low = -s.high
	case s.low == s.high:
		s.low, s.high = s.low-0.01, s.high+0.01
	}
	return s
}

// colour is that of a value: from pale to blue, or on a diverging map around 0 where there are values on both sides.
func (s scale) colour(v float64) color.Color {
	if math.IsNaN(v) {
		return color.Gray{Y: 225}
	}
	if s.low < 0 && s.high > 0 {
		m := moreland.SmoothBlueRed()
		m.SetMin(s.low)
		m.SetMax(s.high)
		return shade(m, v)
	}
	at := (v - s.low) / (s.high - s.low)
	if s.high <= 0 {
		at = 1 - at // dark is far from 0
	}
	mix := func(from, to float64) uint8 { return uint8(math.Round(from + at*(to-from))) }
	return color.RGBA{mix(240, 20), mix(245, 80), mix(252, 140), 255}
}

// barHeight is the room of the scale above the maps.
func (l LevelMaps) barHeight(s Style) vg.Length { return s.line() + 6 }

func (l LevelMaps) grid() Grid {
	g := Grid{Names: l.Names}
	for _, m := range l.Maps {
		g.Panels = append(g.Panels, levelPanel{m, l.scale()})
	}
	return g
}

// Height implements Figure.
func (l LevelMaps) Height(width vg.Length, s Style) vg.Length {
	return l.grid().Height(width, s) + l.barHeight(s)
}

// Draw implements Figure.
func (l LevelMaps) Draw(c draw.Canvas, s Style) {
	l.drawBar(draw.Crop(c, leftEdge, -rightEdge, 0, -topEdge), s)
	l.grid().Draw(draw.Crop(c, 0, 0, 0, -l.barHeight(s)), s)
}

// drawBar draws the scale along the top: its name, the ends, the colours between them, and what grey means.
func (l LevelMaps) drawBar(c draw.Canvas, s Style) {
	colours := l.scale()
	style := s.label(s.small(), black, text.XLeft, text.YCenter)
	y, x := c.Max.Y-s.line()/2, c.Min.X
	put := func(t string) {
		write(c, style, vg.Point{X: x, Y: y}, t)
		x += style.Width(t) + 4
	}
	put(l.Label)
	put(minus(fmt.Sprintf("%.2f", colours.low)))
	const steps, width = 48, 72
	half := s.small()/2 - 1
	fill := func(v float64, from, to vg.Length) {
		c.FillPolygon(colours.colour(v), []vg.Point{{X: from, Y: y - half}, {X: to, Y: y - half}, {X: to, Y: y + half},
			{X: from, Y: y + half}})
	}
	for k := range steps { // each to the end, so that no gap shows between two
		v := colours.low + (colours.high-colours.low)*(float64(k)+0.5)/steps
		fill(v, x+width*vg.Length(k)/steps, x+width)
	}
	x += width + 4
	put(minus(fmt.Sprintf("%.2f", colours.high)))
	if colours.missing {
		x += 6
		fill(math.NaN(), x, x+10)
		x += 14
		put("none")
	}
}

// Data implements Figure.
func (l LevelMaps) Data() ([]string, [][]string) { return l.grid().Data() }

// levelPanel is a map in the colours of its figure.
type levelPanel struct {
	LevelMap
	scale scale
}

func (m levelPanel) frame(s Style) frame {
	f := newFrame(s, m.Title, m.Across, m.Down)
	p := f.Plot
	f.below = nominal(&p.X, m.Columns, 0, s)
	n := len(m.Rows)
	names := shorten(m.Rows, func(t string) bool { return p.Y.Tick.Label.Width(t) <= 48 })
	var at levelTicks
	for i := range n {
		at = append(at, plot.Tick{Value: float64(i), Label: names[n-1-i]})
	}
	p.Y.Tick.Marker = at
	p.Y.Min, p.Y.Max = -0.5, float64(n)-0.5
	p.X.Padding, p.Y.Padding, p.X.Tick.Length, p.Y.Tick.Length = 0, 0, 0, 0
	p.Add(cellsOf{m, s})
	f.fixed = vg.Length(n) * 1.7 * s.small()
	f.wide = len(m.Columns) > 6
	if m.Default[0] >= 0 && m.Default[1] >= 0 {
		f.keys = []key{{"the default", markedCell{}}}
	}
	return f
}

// cellsOf draws the cells of a map, with their values where these fit.
type cellsOf struct {
	levelPanel
	style Style
}

// Plot implements plot.Plotter.
func (m cellsOf) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	n := len(m.Rows)
	box := func(i, j int) []vg.Point {
		left, right := x(float64(j)-0.5), x(float64(j)+0.5)
		low, high := y(float64(n-1-i)-0.5), y(float64(n-1-i)+0.5)
		return []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}, {X: left, Y: low}}
	}
	for i, row := range m.Values {
		for j, v := range row {
			fill := m.scale.colour(v)
			corners := box(i, j)
			c.FillPolygon(fill, corners)
			c.StrokeLines(draw.LineStyle{Color: color.White, Width: 0.5}, corners)
			label := m.style.label(m.style.small(), ink(fill), text.XCenter, text.YCenter)
			size := corners[2].Sub(corners[0])
			if t := minus(correlationText(v)); !math.IsNaN(v) && label.Width(t)+4 <= size.X && label.Height(t) <= size.Y {
				write(c, label, vg.Point{X: corners[0].X + size.X/2, Y: corners[0].Y + size.Y/2}, t)
			}
		}
	}
	if i, j := m.Default[0], m.Default[1]; i >= 0 && j >= 0 {
		corners := box(i, j)
		for k, inward := range []vg.Point{{X: 1, Y: 1}, {X: -1, Y: 1}, {X: -1, Y: -1}, {X: 1, Y: -1}, {X: 1, Y: 1}} {
			corners[k] = corners[k].Add(inward)
		}
		c.StrokeLines(draw.LineStyle{Color: black, Width: 1.2}, corners)
	}
}

// markedCell is the key of the cell that is marked.
type markedCell struct{}

// Thumbnail implements plot.Thumbnailer.
func (markedCell) Thumbnail(c *draw.Canvas) {
	c.StrokeLines(draw.LineStyle{Color: black, Width: 1.2}, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max,
		{X: c.Min.X, Y: c.Max.Y}, c.Min})
}

// Data implements Panel: a row a cell.
func (m levelPanel) Data() ([]string, [][]string) {
	var rows [][]string
	for i, row := range m.Values {
		for j, v := range row {
			chosen := "no"
			if slices.Equal(m.Default[:], []int{i, j}) {
				chosen = "yes"
			}
			rows = append(rows, []string{m.Down, m.Rows[i], m.Across, m.Columns[j], blank(v), chosen})
		}
	}
	return []string{"row setting", "row", "column setting", "column", "value", "default"}, rows
}
