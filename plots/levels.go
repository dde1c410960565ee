package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Level is a value at one level of a setting.
type Level struct {
	Name      string
	X         float64 // of a number; unused of a word
	Y         float64 // NaN where it is undefined
	Low, High float64 // equal to Y for no interval
	Default   bool
}

// Levels shows a value at each level of one setting: numbers as a line with a band, words as dots with intervals.
type Levels struct {
	Setting string
	YLabel  string
	Words   bool
	Levels  []Level // numbers ascending
}

// NewLevels checks that numbers ascend and that nothing is infinite.
func NewLevels(l Levels) (Levels, error) {
	for i, v := range l.Levels {
		if math.IsInf(v.Y-v.Low+v.High, 0) || math.IsNaN(v.X) || math.IsInf(v.X, 0) ||
			!math.IsNaN(v.Y) && (math.IsNaN(v.Low) || math.IsNaN(v.High)) {
			return Levels{}, fmt.Errorf("levels of %s: %s at (%v, %v): must be finite", l.Setting, v.Name, v.X, v.Y)
		}
		if !l.Words && i > 0 && v.X <= l.Levels[i-1].X {
			return Levels{}, fmt.Errorf("levels of %s: %v after %v: must ascend", l.Setting, v.X, l.Levels[i-1].X)
		}
	}
	return l, nil
}

// Draw implements Figure.
func (l Levels) Draw(c draw.Canvas, s Style) { Of(l).Draw(c, s) }

// Height implements Figure.
func (l Levels) Height(width vg.Length, s Style) vg.Length { return Of(l).Height(width, s) }

func (l Levels) frame(s Style) frame {
	f := newFrame(s, "", l.Setting, l.YLabel)
	p := f.Plot
	line := Line{Name: l.Setting}
	var names []string
	for i, v := range l.Levels {
		x := v.X
		if l.Words {
			x = float64(i)
		}
		names = append(names, v.Name)
		line.X, line.Y = append(line.X, x), append(line.Y, v.Y)
		line.Low, line.High = append(line.Low, v.Low), append(line.High, v.High)
	}
	if l.Words {
		f.below = nominal(&p.X, names, 0, s)
	} else {
		l.numbers(p, line)
	}
	tint := s.colour(0)
	circle := draw.GlyphStyle{Color: tint, Radius: 1.8, Shape: draw.CircleGlyph{}}
	chosen := draw.GlyphStyle{Color: s.colour(1), Radius: 2.6, Shape: draw.BoxGlyph{}}
	interval := plot.Thumbnailer(rect{fill: lighter(tint)})
	stroke := draw.LineStyle{Color: tint, Width: 1}
	for _, run := range line.runs() {
		xys := xysOf(run.X, run.Y)
		if l.Words {
			interval = bracket{stroke}
			for k, x := range run.X {
				p.Add(whisker{Point{X: x, Y: run.Y[k], Low: run.Low[k], High: run.High[k]}, tint, false})
			}
		} else {
			p.Add(band{run, lighter(tint)}, &plotter.Line{XYs: xys, LineStyle: stroke})
		}
		p.Add(&plotter.Scatter{XYs: xys, GlyphStyle: circle})
	}
	for i, v := range l.Levels {
		if v.Default && !math.IsNaN(v.Y) {
			p.Add(across(v.Y), &plotter.Scatter{XYs: plotter.XYs{{X: line.X[i], Y: v.Y}}, GlyphStyle: chosen})
		}
	}
	pad(p)
	f.keys = []key{{"the default, dashed its value", thumbnail{acrossStyle, &chosen}}}
	if l.Words {
		f.keys = append(f.keys, key{"95% interval", interval})
	} else {
		f.keys = append(f.keys, key{"95% interval (band)", interval})
	}
	return f
}

// numbers gives an axis of numbers a tick at each level, spread by powers where the levels span so much.
func (l Levels) numbers(p *plot.Plot, line Line) {
	if len(line.X) == 0 {
		return
	}
	first, last := line.X[0], line.X[len(line.X)-1]
	air := 0.06 * (last - first)
	p.X.Min, p.X.Max = first-air, last+air
	if first > 0 && last >= 8*first {
		p.X.Scale = plot.LogScale{}
		factor := math.Pow(last/first, 0.06)
		p.X.Min, p.X.Max = first/factor, last*factor
	}
	var at levelTicks
	for _, v := range l.Levels {
		label := minus(v.Name)
		if math.Abs(v.X) >= 1e4 {
			label = tickLabel(v.X, math.Abs(v.X)/1000)
		}
		at = append(at, plot.Tick{Value: v.X, Label: label})
	}
	p.X.Tick.Marker = at
}

// gap keeps names that are written upwards off the ticks.
const gap = "\u00a0\u00a0"

// nominal names first, first+1, ... on an axis of x, upwards where the names are long, and returns the room that this
// takes more than a line.
func nominal(axis *plot.Axis, names []string, first float64, s Style) (more vg.Length) {
	style := axis.Tick.Label
	const upright, longest = 62, 64
	total := vg.Length(0)
	for _, n := range names {
		total = max(total, style.Width(n)+4)
	}
	names = shorten(names, func(n string) bool { return style.Width(n) <= longest })
	if total*vg.Length(len(names)) > upright {
		axis.Tick.Label.Rotation = math.Pi / 2
		axis.Tick.Label.XAlign, axis.Tick.Label.YAlign = text.XRight, text.YCenter
		for i := range names {
			names[i] += gap
			more = max(more, style.Width(names[i])-s.small())
		}
	}
	var at levelTicks
	for i, n := range names {
		at = append(at, plot.Tick{Value: first + float64(i), Label: n})
	}
	axis.Tick.Marker = at
	axis.Min, axis.Max = first-0.5, first+float64(len(names))-0.5
	return more
}

// across is a fine line through a value of y, to compare others with.
type across float64

var acrossStyle = draw.LineStyle{Color: grey, Width: 0.5, Dashes: []vg.Length{2, 2}}

// Plot implements plot.Plotter.
func (a across) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	c.StrokeLine2(acrossStyle, c.Min.X, y(float64(a)), c.Max.X, y(float64(a)))
}

// bracket is the key of an interval.
type bracket struct{ draw.LineStyle }

// Thumbnail implements plot.Thumbnailer.
func (u bracket) Thumbnail(c *draw.Canvas) {
	x := (c.Min.X + c.Max.X) / 2
	c.StrokeLine2(u.LineStyle, x, c.Min.Y, x, c.Max.Y)
	for _, y := range []vg.Length{c.Min.Y, c.Max.Y} {
		c.StrokeLine2(u.LineStyle, x-2, y, x+2, y)
	}
}

// Data implements Figure.
func (l Levels) Data() ([]string, [][]string) {
	var rows [][]string
	for _, v := range l.Levels {
		row := []string{v.Name, blank(v.Y), "", "", "no"}
		if v.Low != v.High && !math.IsNaN(v.Y) {
			row[2], row[3] = number(v.Low), number(v.High)
		}
		if v.Default {
			row[4] = "yes"
		}
		rows = append(rows, row)
	}
	return []string{"level", "value", "low", "high", "default"}, rows
}
