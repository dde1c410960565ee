package plots_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"rwe301/bench301"
	"rwe301/plots"
	"rwe301/plots/plotstest"
)

// kinds make every kind of figure with a number of series, and say how many marks of points the legend has.
var kinds = []struct {
	name   string
	make   func(n int) plots.Figure
	legend func(n int) int // -1 where points are not marks
}{
	{"scatter", func(n int) plots.Figure {
		g := plots.Grid{SharedY: true}
		for i := range n {
			g.Panels, g.Names = append(g.Panels, scatterOf(i, 40)), append(g.Names, longName(i))
		}
		return g
	}, none},
	{"ranks", func(n int) plots.Figure {
		g := plots.Grid{SharedY: true}
		for i := range n {
			s := scatterOf(i, 40)
			s.XLabel, s.YLabel, s.Ranks = "predicted rank (1 the best)", "true rank", true
			for k := range s.Scores {
				s.Scores[k], s.Accuracy[k] = float64(1+k), float64(1+(7*k)%40)
			}
			g.Panels, g.Names = append(g.Panels, s), append(g.Names, longName(i))
		}
		return g
	}, none},
	{"boxes", func(n int) plots.Figure {
		g := plots.Grid{}
		for i := range n {
			s := scatterOf(i, 200)
			b := plots.Boxes{Title: s.Title, Stats: s.Stats, Labels: s.Labels, Values: s.Scores,
				XLabel: "skip connections, and how many architectures have so many"}
			for k := range s.Labels {
				b.Groups = append(b.Groups, k*k%9)
			}
			g.Panels, g.Names = append(g.Panels, b), append(g.Names, longName(i))
		}
		return g
	}, func(int) int { return -1 }},
	{"lines", func(n int) plots.Figure {
		l := plots.Lines{XLabel: "architectures", YLabel: plots.Tau, LogX: true, Zero: true, Points: true}
		for i := range n {
			line := plots.Line{Name: longName(i)}
			for k := range 6 {
				y := 0.5 + 0.3*math.Sin(float64(i+k))
				line.X, line.Y = append(line.X, math.Pow(2, float64(k+3))), append(line.Y, y)
				line.Low, line.High = append(line.Low, y-0.1), append(line.High, y+0.1)
			}
			l.Lines = append(l.Lines, line)
		}
		return l
	}, severalOnly},
	{"cohorts", func(n int) plots.Figure {
		l := plots.Lines{XLabel: "generation (survivors)", YLabel: plots.Rho, Title: longName(n), Whole: true, Zero: true, Points: true,
			Sheer: true, Counts: "seeds", All: 10, Fewer: "mean of fewer seeds", Band: "95% t interval over seeds"}
		for i := range n {
			line := plots.Line{Name: longName(i)}
			for k := range 20 {
				y := 0.5 + 0.3*math.Sin(float64(3*i+k))
				line.X, line.Y = append(line.X, float64(k+1)), append(line.Y, y)
				line.Low, line.High = append(line.Low, y-0.1), append(line.High, y+0.1)
				line.N = append(line.N, 10-k%2)
			}
			l.Lines = append(l.Lines, line)
		}
		one := plots.Grid{Panels: []plots.Panel{l}, Names: []string{"a"}, SharedX: true, SharedY: true}
		two := plots.Grid{Panels: []plots.Panel{l, l}, Names: []string{"a", "b"}, SharedX: true, SharedY: true, Columns: 2}
		return plots.Roomy{From: 5 * vg.Inch, Narrow: one, Wide: two}
	}, func(int) int { return -1 }},
	{"points", func(n int) plots.Figure {
		p := plots.Points{XLabel: "seconds an architecture, one core", YLabel: plots.Tau, LogX: true}
		for k, name := range []string{"estimators", "trivial baselines"} {
			g := plots.Group{Name: name, Labels: true}
			for i := range n {
				if i%2 == k {
					y := 0.5 + 0.3*math.Sin(float64(3*i))
					g.Points = append(g.Points, plots.Point{Name: longName(i), X: math.Exp(math.Cos(float64(i))), Y: y,
						Low: y - 0.05, High: y + 0.05})
				}
			}
			if len(g.Points) > 0 {
				p.Groups = append(p.Groups, g)
			}
		}
		return p
	}, func(n int) int { return min(n, 2) - 1 + min(1, n-1) }},
	{"bars", func(n int) plots.Figure {
		b := plots.Dots{XLabel: plots.Tau + " with its 95 % interval, accuracy by NAS-Bench-301 (xgb-v1.0)",
			Groups: []string{"estimator", "trivial baseline"}}
		for i := range n {
			v := 0.8 * math.Sin(float64(i))
			b.Rows = append(b.Rows, plots.Dot{Name: longName(i), Value: v, Low: v - 0.1, High: v + 0.1, Group: i % 3 / 2})
		}
		b.Rows[0].Undefined, b.Rows[0].Note = true, "undefined"
		return b
	}, func(int) int { return -1 }},
	{"heat map", func(n int) plots.Figure {
		var names []string
		values := make([][]float64, n)
		for i := range n {
			names = append(names, longName(i))
			for j := range n {
				values[i] = append(values[i], math.Cos(float64(i-j)))
			}
		}
		return plots.HeatMap{Rows: names, Columns: names, Values: values, Title: "Spearman correlation between scores"}
	}, func(int) int { return -1 }},
	{"critical", func(n int) plots.Figure {
		c := plots.Critical{Title: "mean rank over 12 parts, Friedman p<0.001", Difference: 1.3}
		for i := range max(2, n) {
			c.Methods = append(c.Methods, longName(i))
			c.MeanRanks = append(c.MeanRanks, 1+float64(max(2, n)-1)*(0.2+0.6*float64(i)/float64(max(2, n))))
		}
		return c
	}, func(int) int { return -1 }},
	{"cells", func(n int) plots.Figure {
		w := bench301.Wiring{Name: "normal", Nodes: []string{"c_{k-2}", "c_{k-1}", "0", "1", "2", "3", "c_{k}"}}
		operations := []string{"sep_conv_3x3", "skip_connect", "dil_conv_5x5", "max_pool_3x3", "sep_conv_5x5", "avg_pool_3x3"}
		for i := range 8 {
			to := 2 + i/2
			w.Links = append(w.Links, bench301.Link{From: (i*7 + n) % to, To: to, Label: operations[(i+n)%len(operations)]})
		}
		for i := range 4 {
			w.Links = append(w.Links, bench301.Link{From: 2 + i, To: 6})
		}
		reduce := w
		reduce.Name = "reduction"
		return plots.Cells{Title: "0123456789abcdef: accuracy 94.21%, most accurate of random search, seed 3",
			Cells: []bench301.Wiring{w, reduce}}
	}, func(int) int { return -1 }},
}

func none(int) int { return 0 }

func severalOnly(n int) int {
	if n < 2 {
		return 0
	}
	return n
}

// longName is the name of estimator i, as long as settings make it.
func longName(i int) string {
	return []string{
		fmt.Sprintf("rwe:channels=16,epochs=%d,head=ridge,init=orthogonal", 10*i), fmt.Sprintf("zen-score:repeats=%d,batch=64", i),
		"params", fmt.Sprintf("early-stop:epochs=%d", i),
	}[i%4] + strings.Repeat(" ", min(1, i/4)) + strings.Repeat("i", i/4)
}

func scatterOf(i, n int) plots.Scatter {
	s := plots.Scatter{Title: longName(i), Stats: plots.Tau + " = −0.31 [−0.45, −0.17], " + plots.Rho + " = −0.45, n = 1000",
		XLabel: "score", YLabel: "accuracy (%) by NAS-Bench-301 surrogate xgb-v1.0"}
	for k := range n {
		x := math.Sin(float64(k*(i+3))) * math.Pow(100, float64(i%5))
		s.Labels, s.Scores = append(s.Labels, fmt.Sprint(k)), append(s.Scores, x)
		s.Accuracy = append(s.Accuracy, 93+math.Cos(float64(k)))
	}
	return s
}

// TestFiguresCanBeRead draws every kind at the widths of a paper: letters of six points or more, none cut, over another
// or over a mark, and as many points as the table beside the figure has rows.
func TestFiguresCanBeRead(t *testing.T) {
	for _, k := range kinds {
		for _, n := range []int{1, 3, 8, 24} {
			for _, width := range []vg.Length{plots.SingleColumn, plots.DoubleColumn} {
				t.Run(fmt.Sprintf("%s/%d at %.2f in", k.name, n, width/vg.Inch), func(t *testing.T) {
					f, s := k.make(n), plots.DefaultStyle()
					if high := f.Height(width, s); n < 24 && high > 9*vg.Inch {
						t.Errorf("%.1f inches high: more than a page holds", high/vg.Inch)
					}
					for i, p := range plotstest.Problems(f, width, s) {
						if i == 8 {
							t.Fatal("and more")
						}
						t.Error(p)
					}
					legend := k.legend(n)
					if legend < 0 {
						return
					}
					_, rows := f.Data()
					if got := plotstest.Marks(f, width, s) - legend; got != len(rows) {
						t.Errorf("%d points drawn, %d in the table", got, len(rows))
					}
				})
			}
		}
	}
}
