package plots

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

func mustLines(t *testing.T, l Lines) Lines {
	t.Helper()
	l, err := NewLines(l)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// curve is a saturating curve with a band.
func curve(name string, top float64, xs ...float64) Line {
	l := Line{Name: name}
	for _, x := range xs {
		y := top * (1 - 1/math.Sqrt(x))
		l.X, l.Y = append(l.X, x), append(l.Y, y)
		l.Low, l.High = append(l.Low, y-0.3/math.Sqrt(x)), append(l.High, y+0.3/math.Sqrt(x))
	}
	return l
}

func TestLines(t *testing.T) {
	gap := curve("early stopping", 0.62, 2, 4, 8, 16, 32, 64)
	gap.Y[2] = math.NaN()
	golden(t, "lines", mustLines(t, Lines{
		XLabel: "training images", YLabel: "Kendall τ", LogX: true, Zero: true, Points: true,
		Lines: []Line{curve("map-effdim", 0.55, 2, 4, 8, 16, 32, 64), gap, curve("rwe", -0.2, 2, 4, 8, 16, 32, 64)},
	}), SingleColumn)
}

func TestHeatMap(t *testing.T) {
	names := []string{"params", "flops", "nwot", "rwe-ridge", "map-effdim", "synflow", "jacov (eval mode)"}
	values := make([][]float64, len(names))
	for i := range names {
		for j := range names {
			v := 1 - 0.29*math.Abs(float64(i-j))
			if i == 3 && j == 5 {
				v = math.NaN()
			}
			values[i] = append(values[i], max(-1, v))
		}
	}
	h, err := NewHeatMap("Spearman ρ between estimators", names, names, values)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "heatmap", h, SingleColumn)
}

func TestTradeoff(t *testing.T) {
	p := func(name string, x, y float64) Point { return Point{name, x, y, y - 0.06, y + 0.05} }
	g, err := NewPoints(Points{
		XLabel: "seconds per architecture", YLabel: "Kendall τ", LogX: true,
		Groups: []Group{
			{Name: "estimators", Labels: true, Points: []Point{
				p("nwot", 0.21, 0.39), p("zen", 0.2, 0.37), p("map-effdim", 0.15, 0.51), p("rwe", 1.2, -0.17),
				p("synflow", 0.3, 0.21), p("snip", 0.4, -0.02), p("grad_norm", 0.4, -0.01), p("fisher", 0.41, -0.29),
				p("grasp", 0.9, 0.29), p("effdim", 0.3, 0.38),
			}},
			{Name: "early stopping", Joined: true, Points: []Point{
				p("1", 15, 0.1), p("2", 30, 0.25), p("4", 60, 0.4), p("8", 120, 0.5)}},
			{Name: "trivial baselines", Labels: true, Points: []Point{p("params", 0.001, 0.36), p("pool-count", 0.001, 0.42),
				p("flops", 0.001, 0.33)}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "tradeoff", g, DoubleColumn)
}

func TestEntropy(t *testing.T) {
	curve := func(name string, labels bool, y ...float64) Group {
		g := Group{Name: name, Joined: true, Labels: labels}
		for k, v := range y {
			name := []string{"none", "nwot", "grasp", "synflow", "jacov-eval"}[k]
			g.Points = append(g.Points, Point{name, float64(k), v, v, v})
		}
		return g
	}
	g, err := NewPoints(Points{
		XLabel: "scores known", YLabel: "entropy left of accuracy (bits)", Whole: true,
		Groups: []Group{curve("greedy choice", true, 3.9, 3.2, 1.5, 0.24, 0.02),
			curve("chance", false, 3.9, 3.4, 1.7, 0.3, 0.02)},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "entropy", g, SingleColumn)
}

func TestFronts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	front := func(shift float64) (out []Point) {
		for x := 80.0; x < 270; x += 15 + 10*rng.Float64() {
			out = append(out, Point{X: x, Y: 5.2 + shift + 300/x})
		}
		return out
	}
	g, err := NewPoints(Points{
		XLabel: "MACs (millions)", YLabel: "NB301 test error (%)",
		Groups: []Group{
			{Name: "NSGA-II on RWE", Stairs: true, Points: front(0.8)},
			{Name: "NSGA-II on map-effdim", Stairs: true, Points: front(0.3)},
			{Name: "random search", Stairs: true, Points: front(1)},
			{Name: "published", Labels: true, Points: []Point{{"DARTS_V2", 145, 5.83, 5.83, 5.83},
				{"PC-DARTS", 158, 5.6, 5.6, 5.6}, {"GDAS", 141, 5.9, 5.9, 5.9}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "fronts", g, SingleColumn)
}

func TestCriticalDifference(t *testing.T) {
	d, err := NewCritical("", []string{"rwe", "params", "nwot", "map-effdim", "synflow", "zen", "pool-count"},
		[]float64{6.2, 3.1, 2.4, 1.6, 5.1, 3.6, 6.0}, 1.7)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "critical", d, SingleColumn)
}

func TestFiguresRefuse(t *testing.T) {
	for name, err := range map[string]error{
		"uneven lines":   second(NewLines(Lines{Lines: []Line{{X: []float64{1}, Y: []float64{1, 2}}}})),
		"log of zero":    second(NewLines(Lines{LogX: true, Lines: []Line{{X: []float64{0}, Y: []float64{1}}}})),
		"infinite point": second(NewPoints(Points{Groups: []Group{{Points: []Point{{X: math.Inf(1)}}}}})),
		"ragged matrix":  second(NewHeatMap("", []string{"a"}, []string{"b", "c"}, [][]float64{{1}})),
		"correlation 2":  second(NewHeatMap("", []string{"a"}, []string{"b"}, [][]float64{{2}})),
		"one method":     second(NewCritical("", []string{"a"}, []float64{1}, 1)),
		"rank 0":         second(NewCritical("", []string{"a", "b"}, []float64{0, 1}, 1)),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestManyFormats(t *testing.T) {
	dir := t.TempDir()
	for i, f := range []Figure{
		mustLines(t, Lines{Lines: []Line{curve("a", 1, 1, 2, 3)}}),
		Critical{Methods: []string{"a", "b"}, MeanRanks: []float64{1, 2}, Difference: 3},
		HeatMap{Rows: []string{"a"}, Columns: []string{"b"}, Values: [][]float64{{math.NaN()}}}, Points{}, Lines{},
	} {
		if _, err := Save(dir, fmt.Sprint(i), f, SingleColumn, DefaultStyle(), Formats()...); err != nil {
			t.Errorf("figure %d: %v", i, err)
		}
	}
}

// TestOneValueOnALogarithmicAxis draws what has no width of its own.
func TestOneValueOnALogarithmicAxis(t *testing.T) {
	points, err := NewPoints(Points{LogX: true, Groups: []Group{{Points: []Point{{X: 0.5, Y: 0.25, Low: 0.25,
		High: 0.25}}}}})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := NewLines(Lines{LogX: true, Lines: []Line{{X: []float64{3}, Y: []float64{1}}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]Figure{"points": points, "lines": lines} {
		if err := SaveAs(filepath.Join(t.TempDir(), name+".png"), f, SingleColumn, DefaultStyle()); err != nil {
			t.Error(err)
		}
	}
}
