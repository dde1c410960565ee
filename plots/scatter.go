package plots

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scatter shows one estimator's scores against accuracies, an architecture a point. Of more than 2000 it draws so many,
// and says so; its data are all.
type Scatter struct {
	Title    string // of the estimator
	Stats    string // below it: tau, rho, n
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
	xs, by := scaled(s.Scores)
	f.x += by
	ys, by := scaled(s.Accuracy)
	f.y += by
	drawn := Subset(s.Labels, maxPoints)
	if len(drawn) < len(s.Scores) {
		f.stats += fmt.Sprintf(" (%d of %d drawn)", len(drawn), len(s.Scores))
	}
	xys := make(plotter.XYs, len(drawn))
	for k, i := range drawn {
		xys[k] = plotter.XY{X: xs[i], Y: ys[i]}
	}
	points := &plotter.Scatter{XYs: xys, GlyphStyle: draw.GlyphStyle{Color: style.colour(0), Radius: s.radius(),
		Shape: draw.CircleGlyph{}}}
	p.Add(points)
	return f
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
