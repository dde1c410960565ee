package plots

import (
	"fmt"
	"hash/fnv"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scatter shows one estimator's scores against accuracies, an architecture a point. Scores that many architectures
// share are spread a little. Of more than maxPoints it shows how many lie where.
type Scatter struct {
	Title    string // of the estimator
	Stats    string // below it: tau, rho, n
	XLabel   string
	YLabel   string
	Labels   []string // one a point: the architecture's id
	Scores   []float64
	Accuracy []float64
	Ranks    bool // both axes are ranks: a square with its diagonal
}

// maxPoints is how many points of one scatter plot are drawn: more hide each other, and make files of many megabytes.
const maxPoints = 2000

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
	return Scatter{Title: title, XLabel: x, YLabel: y, Labels: labels, Scores: scores, Accuracy: accuracy}, nil
}

// Draw implements Figure.
func (s Scatter) Draw(c draw.Canvas, style Style) { Of(s).Draw(c, style) }

// Height implements Figure.
func (s Scatter) Height(width vg.Length, style Style) vg.Length { return Of(s).Height(width, style) }

func (s Scatter) frame(style Style) frame {
	f := newFrame(style, s.Title, s.XLabel, s.YLabel)
	f.stats = s.Stats
	p := f.Plot
	if len(s.Scores) == 0 {
		return f
	}
	xs, by := scaled(s.spread())
	f.x += by
	ys, by := scaled(s.Accuracy)
	f.y += by
	points := xysOf(xs, ys)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = plotter.XYRange(points)
	if s.Ranks {
		end := max(p.X.Max, p.Y.Max, 1)
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 1, end, 1, end
		f.square = true
		p.Add(diagonal{})
	}
	air(&p.X)
	air(&p.Y)
	f.crowd = len(points)
	f.fill = func(most int) {
		if most > maxPoints {
			p.Add(density{points, style.colour(0)})
			return
		}
		tint := color.NRGBA{style.colour(0).R, style.colour(0).G, style.colour(0).B, opacity(most)}
		dot := draw.GlyphStyle{Color: tint, Radius: radius(most), Shape: draw.CircleGlyph{}}
		p.Add(&plotter.Scatter{XYs: points, GlyphStyle: dot})
	}
	if len(points) > maxPoints {
		f.keys = densityKeys(style)
	}
	return f
}

// few is how many points are drawn in full.
const few = 200.

// radius is that of points, where the panel with the most has so many.
func radius(most int) vg.Length {
	return vg.Length(max(0.8, 1.6*math.Sqrt(min(1, few/float64(most)))))
}

// opacity makes points shine through that are so many that they would hide each other.
func opacity(most int) uint8 { return uint8(255 * max(0.4, math.Pow(min(1, few/float64(most)), 0.4))) }

// spread is where the points stand in x: where architectures share few values, as those of counts, each stands a little
// beside its value, by the hash of its name.
func (s Scatter) spread() []float64 {
	values := slices.Clone(s.Scores)
	slices.Sort(values)
	values = slices.Compact(values)
	if s.Ranks || len(values) < 2 || len(values) > 40 || len(values) > len(s.Scores)/2 {
		return s.Scores
	}
	least := math.Inf(1)
	for i := 1; i < len(values); i++ {
		least = min(least, values[i]-values[i-1])
	}
	if least < (values[len(values)-1]-values[0])/100 { // not the even steps of a count
		return s.Scores
	}
	out := slices.Clone(s.Scores)
	for i, label := range s.Labels {
		h := fnv.New32a()
		h.Write([]byte(label))
		out[i] += 0.6 * least * (float64(h.Sum32()%1024)/1023 - 0.5)
	}
	return out
}

// Data implements Figure. Scores are as they are; drawn_at is where the points are that stand beside them.
func (s Scatter) Data() ([]string, [][]string) {
	header := []string{"id", "score", "accuracy"}
	if s.Ranks {
		header = []string{"id", "predicted_rank", "true_rank"}
	}
	rows := make([][]string, len(s.Scores))
	at := s.spread()
	for i := range rows {
		rows[i] = []string{s.Labels[i], number(s.Scores[i]), number(s.Accuracy[i])}
		if !s.Ranks {
			rows[i] = append(rows[i], number(at[i]))
		}
	}
	if !s.Ranks {
		header = append(header, "drawn_at")
	}
	return header, rows
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// air leaves space between the data and the ends of an axis.
func air(a *plot.Axis) {
	by := 0.04*a.Max - 0.04*a.Min
	a.Min, a.Max = a.Min-by, a.Max+by
}

// diagonal is where both coordinates are equal.
type diagonal struct{}

// Plot implements plot.Plotter.
func (diagonal) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	low, high := max(p.X.Min, p.Y.Min), min(p.X.Max, p.Y.Max)
	c.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.6, Dashes: []vg.Length{2, 2}}, x(low), y(low), x(high), y(high))
}

// density shows how many points lie in hexagons, darker where more.
type density struct {
	plotter.XYs
	tint color.RGBA
}

// hexagon is the width of one, in points.
const hexagon = 4.2

// Plot implements plot.Plotter. The hexagons are those of Carr et al. (1987): each point counts at the nearest centre
// of two grids.
func (d density) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	const w, h = hexagon, hexagon * 1.7320508
	type cell struct{ i, j int } // in half steps: both even, or both odd
	counts := map[cell]int{}
	for _, q := range d.XYs {
		at := vg.Point{X: x(q.X) - c.Min.X, Y: y(q.Y) - c.Min.Y}
		nearest := func(odd int) (cell, float64) {
			half := float64(odd) / 2
			k := cell{2*int(math.Round(float64(at.X)/w-half)) + odd, 2*int(math.Round(float64(at.Y)/h-half)) + odd}
			dx, dy := float64(at.X)-float64(k.i)*w/2, float64(at.Y)-float64(k.j)*h/2
			return k, dx*dx + dy*dy
		}
		a, near := nearest(0)
		if b, distance := nearest(1); distance < near {
			a = b
		}
		counts[a]++
	}
	most := 1
	var cells []cell
	for k, n := range counts {
		most, cells = max(most, n), append(cells, k)
	}
	slices.SortFunc(cells, func(a, b cell) int { return (a.i-b.i)*1000 + a.j - b.j })
	for _, k := range cells {
		shade := 0.25 + 0.75*math.Log1p(float64(counts[k]))/math.Log1p(float64(most))
		centre := vg.Point{X: c.Min.X + vg.Length(k.i)*w/2, Y: c.Min.Y + vg.Length(k.j)*h/2}
		c.FillPolygon(mixed(d.tint, shade), sixCorners(centre, w/1.7320508))
	}
}

func sixCorners(centre vg.Point, radius vg.Length) []vg.Point {
	out := make([]vg.Point, 6)
	for k := range out {
		sin, cos := math.Sincos(math.Pi/6 + float64(k)*math.Pi/3)
		out[k] = centre.Add(vg.Point{X: radius * vg.Length(cos), Y: radius * vg.Length(sin)})
	}
	return out
}

// densityKeys explain the colours of a density.
func densityKeys(s Style) []key {
	return []key{{"one architecture", hex{mixed(s.colour(0), 0.3)}},
		{"many (each panel to its own most)", hex{s.colour(0)}}}
}

// hex is the legend entry of a hexagon.
type hex struct{ fill color.Color }

// Thumbnail implements plot.Thumbnailer.
func (h hex) Thumbnail(c *draw.Canvas) { c.FillPolygon(h.fill, sixCorners(c.Center(), 3)) }

// mixed is a share of a colour with white, opaque so that every format draws it.
func mixed(c color.RGBA, share float64) color.RGBA {
	mix := func(v uint8) uint8 { return uint8(math.Round(255 - share*(255-float64(v)))) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}
