package plots

import (
	"fmt"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Boxes shows how values are spread in groups that a whole number names: the box of Tukey (1977) with its median,
// whiskers to the last value within 1.5 times the box, all others as points, and below how many there are. Groups of
// fewer than 5 are points only.
type Boxes struct {
	Title  string
	Stats  string // below it
	XLabel string
	YLabel string
	Labels []string // one a value
	Groups []int
	Values []float64
}

// fewest is how many values a box takes.
const fewest = 5

// NewBoxes checks that the three slices have one length and that values are finite.
func NewBoxes(title, x, y string, labels []string, groups []int, values []float64) (Boxes, error) {
	if len(labels) != len(groups) || len(groups) != len(values) {
		return Boxes{}, fmt.Errorf("boxes %s: %d labels, %d groups, %d values: must be equally many", title, len(labels),
			len(groups), len(values))
	}
	for i, v := range values {
		if v-v != 0 {
			return Boxes{}, fmt.Errorf("boxes %s: value %v of %s: must be finite", title, v, labels[i])
		}
	}
	return Boxes{Title: title, XLabel: x, YLabel: y, Labels: labels, Groups: groups, Values: values}, nil
}

// Draw implements Figure.
func (b Boxes) Draw(c draw.Canvas, s Style) { Of(b).Draw(c, s) }

// Height implements Figure.
func (b Boxes) Height(width vg.Length, s Style) vg.Length { return Of(b).Height(width, s) }

func (b Boxes) frame(s Style) frame {
	f := newFrame(s, b.Title, b.XLabel, b.YLabel)
	f.stats = b.Stats
	p := f.Plot
	if len(b.Values) == 0 {
		return f
	}
	values, by := scaled(b.Values)
	f.y += by
	members := map[int][]float64{}
	for i, g := range b.Groups {
		members[g] = append(members[g], values[i])
	}
	tint := s.colour(0)
	line := draw.LineStyle{Color: tint, Width: 0.7}
	var levels levelTicks
	for g := slices.Min(b.Groups); g <= slices.Max(b.Groups); g++ {
		n := len(members[g])
		if n > 0 || len(members) < 12 {
			levels = append(levels, plot.Tick{Value: float64(g), Label: minus(strconv.Itoa(g)) + "\n" + strconv.Itoa(n)})
		}
		switch {
		case n >= fewest:
			box, err := plotter.NewBoxPlot(5, float64(g), plotter.Values(members[g]))
			if err != nil {
				continue // there are values, all finite
			}
			box.FillColor, box.BoxStyle, box.WhiskerStyle, box.CapWidth = mixed(tint, 0.22), line, line, 3
			box.MedianStyle = draw.LineStyle{Color: tint, Width: 1.6}
			box.GlyphStyle = draw.GlyphStyle{Color: tint, Radius: 1, Shape: draw.CircleGlyph{}}
			p.Add(box)
		case n > 0:
			xys := make(plotter.XYs, n)
			for k, v := range members[g] {
				xys[k] = plotter.XY{X: float64(g), Y: v}
			}
			p.Add(&plotter.Scatter{XYs: xys, GlyphStyle: draw.GlyphStyle{Color: tint, Radius: 1, Shape: draw.CircleGlyph{}}})
		}
	}
	p.X.Tick.Marker, f.lines = levels, 2
	p.X.Min, p.X.Max = float64(slices.Min(b.Groups))-0.6, float64(slices.Max(b.Groups))+0.6
	air(&p.Y)
	return f
}

// Data implements Figure.
func (b Boxes) Data() ([]string, [][]string) {
	rows := make([][]string, len(b.Values))
	for i := range rows {
		rows[i] = []string{b.Labels[i], strconv.Itoa(b.Groups[i]), number(b.Values[i])}
	}
	return []string{"id", "group", "value"}, rows
}
