package plots

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scatter shows one estimator's scores against accuracies, an architecture a point. Of more than 2000 it draws so many,
// and says so; its data are all.
type Scatter struct {
	Title    string // e.g. name, tau and rho
	XLabel   string
	YLabel   string
	Labels   []string // one a point: the architecture's id
	Scores   []float64
	Accuracy []float64
}

// NewScatter checks that the three slices have one length and hold finite numbers.
func NewScatter(title, x, y string, labels []string, scores, accuracy []float64) (Scatter, error) {
	if len(labels) != len(scores) || len(scores) != len(accuracy) {
		return Scatter{}, fmt.Errorf("scatter %s: %d labels, %d scores, %d accuracies: must be equally many", title,
			len(labels), len(scores), len(accuracy))
	}
	for i := range scores {
		if bad := scores[i] - scores[i] + accuracy[i] - accuracy[i]; bad != 0 {
			return Scatter{}, fmt.Errorf("scatter %s: point %s at (%v, %v): must be finite", title, labels[i], scores[i],
				accuracy[i])
		}
	}
	return Scatter{title, x, y, labels, scores, accuracy}, nil
}

// Draw implements Figure.
func (s Scatter) Draw(c draw.Canvas) { drawPlot(s.plot(), c) }

func (s Scatter) plot() *plot.Plot {
	p := newPlot(s.Title, s.XLabel, s.YLabel)
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks(4), ticks(5)
	if len(s.Scores) == 0 {
		return p
	}
	xs, by := scaled(s.Scores)
	p.X.Label.Text += by
	ys, by := scaled(s.Accuracy)
	p.Y.Label.Text += by
	drawn := Subset(s.Labels, maxPoints)
	if len(drawn) < len(s.Scores) {
		p.X.Label.Text += fmt.Sprintf("\n(%d of %d drawn)", len(drawn), len(s.Scores))
	}
	xys := make(plotter.XYs, len(drawn))
	for k, i := range drawn {
		xys[k] = plotter.XY{X: xs[i], Y: ys[i]}
	}
	points := &plotter.Scatter{XYs: xys, GlyphStyle: draw.GlyphStyle{Color: blue, Radius: s.radius(),
		Shape: draw.CircleGlyph{}}}
	p.Add(points)
	return p
}

// radius shrinks points that are so many that they would hide each other.
func (s Scatter) radius() vg.Length {
	const radius, few = 1.6, 200
	return vg.Length(max(0.6, radius*math.Sqrt(min(1, few/float64(len(s.Scores))))))
}

// Data implements Figure.
func (s Scatter) Data() ([]string, [][]string) {
	rows := make([][]string, len(s.Scores))
	for i := range rows {
		rows[i] = []string{s.Labels[i], number(s.Scores[i]), number(s.Accuracy[i])}
	}
	return []string{"id", "score", "accuracy"}, rows
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// ticks places about n labelled ticks at round numbers, written without needless digits.
type ticks int

// Ticks implements plot.Ticker.
func (n ticks) Ticks(low, high float64) []plot.Tick {
	if !(high > low) {
		return []plot.Tick{{Value: low, Label: strconv.FormatFloat(low, 'g', 4, 64)}}
	}
	step := roundStep(high/float64(n) - low/float64(n))
	first := math.Ceil(low / step)
	if !(step > 0) || math.IsInf(step, 0) || math.Abs(first) > 1e12 { // no round numbers can be told apart here
		return []plot.Tick{{Value: low, Label: number(low)}, {Value: high, Label: number(high)}}
	}
	var out []plot.Tick
	for k := first; k*step-high <= step*1e-9; k++ {
		v := k*step + 0 // no negative zero
		out = append(out, plot.Tick{Value: v, Label: tickLabel(v, step)})
	}
	return out
}

// roundStep is the smallest of 1, 2, 5 times a power of ten that is not below x.
func roundStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= x*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// tickLabel writes v with the digits that steps of that size need, large numbers with k or M.
func tickLabel(v, step float64) string {
	for _, u := range []struct {
		size   float64
		suffix string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= u.size && step >= u.size/100 && step < 1e12 {
			return strconv.FormatFloat(v/u.size, 'f', digits(step/u.size), 64) + u.suffix
		}
	}
	if step < 1e-3 || step >= 1e12 {
		return strconv.FormatFloat(v, 'e', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', digits(step), 64)
}

// digits is the number of decimals that tell multiples of step apart.
func digits(step float64) int {
	return max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
}

// Panels arranges figures in a grid, row by row.
type Panels struct {
	Columns int
	Figures []Figure
	Names   []string // one a figure, for the data table
}

// Rows is the number of rows of the grid.
func (g Panels) Rows() int { return (len(g.Figures) + g.Columns - 1) / g.Columns }

// Draw implements Figure.
func (g Panels) Draw(c draw.Canvas) {
	if len(g.Figures) == 0 {
		return
	}
	tiles := draw.Tiles{Cols: g.Columns, Rows: g.Rows(), PadX: 4, PadY: 6}
	for i, f := range g.Figures {
		f.Draw(tiles.At(c, i%g.Columns, i/g.Columns))
	}
}

// Data implements Figure: the rows of all panels with their names in front.
func (g Panels) Data() ([]string, [][]string) {
	var header []string
	var rows [][]string
	for i, f := range g.Figures {
		h, body := f.Data()
		header = append([]string{"panel"}, h...)
		for _, row := range body {
			rows = append(rows, append([]string{g.Names[i]}, row...))
		}
	}
	return header, rows
}

// Ticks places about n labelled ticks at round numbers in [low, high].
func Ticks(n int, low, high float64) []plot.Tick { return ticks(n).Ticks(low, high) }
