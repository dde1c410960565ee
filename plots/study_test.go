package plots_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"rwe301/plots"
	"rwe301/plots/plotstest"
)

// manyNames are n names as settings make them, short and long.
func manyNames(n int) (names []string) {
	for i := range n {
		names = append(names, []string{
			fmt.Sprintf("rwe:channels=16,epochs=%d,head=ridge,train_images=400", 10*i), fmt.Sprintf("zen:repeats=%d", i),
			fmt.Sprintf("nwot%d", i), fmt.Sprintf("rwe-ridge:lambda=0.%d,head=ridge,init=orthogonal", i+1),
		}[i%4])
	}
	return names
}

func dotsOf(n int) plots.Dots {
	d := plots.Dots{XLabel: plots.Tau + " with accuracy by NAS-Bench-301, 95% interval", Parts: "one weight seed",
		Groups: []string{"estimator", "trivial baseline"}}
	for i, name := range manyNames(n) {
		v := 0.8 * math.Cos(float64(i)/8)
		d.Rows = append(d.Rows, plots.Dot{Name: name, Value: v, Low: v - 0.1, High: v + 0.1, Group: i % 3 / 2, N: 100 - i%5/4,
			Parts: []plots.Part{{Name: "seed 0", Value: v - 0.03}, {Name: "seed 1", Value: v + 0.04}}})
	}
	if n > 1 {
		d.Rows[n-1] = plots.Dot{Name: d.Rows[n-1].Name, Undefined: true, N: 80,
			Note: "undefined: 20 of 100 scores missing (0 undefined, 20 failed, 0 not yet made): out of memory"}
	}
	return d
}

func costOf(n int) plots.Points {
	p := plots.Points{XLabel: "seconds per architecture", YLabel: plots.Tau + ", 95% interval", LogX: true,
		Front: "nothing better in less time"}
	for k, name := range []string{"estimator", "trivial baseline"} {
		g := plots.Group{Name: name, Labels: true}
		for i, name := range manyNames(n) {
			if i%3/2 == k {
				y := 0.5 + 0.3*math.Sin(float64(3*i))
				g.Points = append(g.Points, plots.Point{Name: name, X: math.Pow(10, 3*math.Cos(float64(5*i))), Y: y, Low: y - 0.08,
					High: y + 0.08})
			}
		}
		if len(g.Points) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	return p
}

func matrixOf(n int) plots.HeatMap {
	h := plots.HeatMap{Rows: manyNames(n), Columns: manyNames(n), Bar: plots.Tau + " of the row minus that of the column",
		Limit: 1.2, Mark: "p < 0.05 (paired bootstrap, Holm over all pairs)", Blank: "blank: undefined"}
	for i := range n {
		h.Values, h.Marked = append(h.Values, make([]float64, n)), append(h.Marked, make([]bool, n))
		for j := range n {
			h.Values[i][j], h.Marked[i][j] = 1.2*math.Sin(float64(i-j)), math.Abs(math.Sin(float64(i-j))) > 0.5
			if i == j {
				h.Values[i][j] = math.NaN()
			}
		}
	}
	return h
}

func precisionOf(n int) plots.Points {
	p := plots.Points{XLabel: "top share of the architectures (%)", YLabel: "precision in the top, 95% interval", LogX: true,
		Apart: true, At: []float64{1, 2, 5, 10, 20, 30, 50}}
	for i, name := range append(manyNames(n), "chance") {
		g := plots.Group{Name: name, Joined: true, Bare: i == n}
		for k, x := range p.At {
			y := 0.5 + 0.3*math.Sin(float64(i+k))
			g.Points = append(g.Points, plots.Point{X: x, Y: y, Low: y - 0.1, High: y + 0.1})
		}
		p.Groups = append(p.Groups, g)
	}
	return p
}

// TestStudyFiguresCanBeRead draws the kinds of a study at the widths of a paper, with few and many long names.
func TestStudyFiguresCanBeRead(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 24} {
		for name, f := range map[string]plots.Figure{"dots": dotsOf(n), "cost": costOf(n), "matrix": matrixOf(n),
			"precision": precisionOf(min(n, 6))} {
			for _, width := range []vg.Length{plots.SingleColumn, plots.DoubleColumn} {
				t.Run(fmt.Sprintf("%s of %d at %.2f in", name, n, width/vg.Inch), func(t *testing.T) {
					if dir := os.Getenv("FIGURES"); dir != "" { // to be looked at
						file := fmt.Sprintf("%s-%d-%.2f.png", name, n, width/vg.Inch)
						if err := plots.SaveAs(filepath.Join(dir, file), f, width, plots.DefaultStyle()); err != nil {
							t.Fatal(err)
						}
					}
					if high := f.Height(width, plots.DefaultStyle()); high > 8.6*vg.Inch {
						t.Errorf("%.1f inches high", high/vg.Inch)
					}
					for _, p := range plotstest.Problems(f, width, plots.DefaultStyle()) {
						t.Error(p)
					}
				})
			}
		}
	}
}

// TestManyRows holds 50 rows in a page's height, and says in each what is known.
func TestManyRows(t *testing.T) {
	d := dotsOf(50)
	if high := d.Height(plots.SingleColumn, plots.DefaultStyle()); high > 9*vg.Inch {
		t.Errorf("%.1f inches high", high/vg.Inch)
	}
	for _, p := range plotstest.Problems(d, plots.SingleColumn, plots.DefaultStyle()) {
		t.Error(p)
	}
	header, rows := d.Data()
	if want := []string{"name", "group", "part", "value", "low", "high", "n", "note"}; !slices.Equal(header, want) {
		t.Errorf("header %q, want %q", header, want)
	}
	if len(rows) != 49*3+1 {
		t.Errorf("%d rows", len(rows))
	}
	if last := rows[len(rows)-1]; last[0] != d.Rows[49].Name || last[3] != "" || !strings.HasSuffix(last[7], "out of memory") {
		t.Errorf("last row %q", last)
	}
}

// TestFrontOfPoints marks what nothing beats.
func TestFrontOfPoints(t *testing.T) {
	at := func(name string, x, y float64) plots.Point {
		return plots.Point{Name: name, X: x, Y: y, Low: y, High: y}
	}
	p := plots.Points{Front: "front", Groups: []plots.Group{
		{Name: "a", Points: []plots.Point{at("slow and better", 9, 0.8), at("beaten", 5, 0.2), at("as good, slower", 8, 0.5)}},
		{Name: "b", Points: []plots.Point{at("fast", 1, 0.5), at("fast and worse", 1, 0.4)}},
	}}
	header, rows := p.Data()
	k := slices.Index(header, "front")
	var front []string
	for _, row := range rows {
		if row[k] == "yes" {
			front = append(front, row[1])
		}
	}
	if want := []string{"slow and better", "fast"}; !slices.Equal(front, want) {
		t.Errorf("front %q, want %q", front, want)
	}
}

// TestHeatMapData writes a value a cell, with its further numbers.
func TestHeatMapData(t *testing.T) {
	h := plots.HeatMap{Rows: []string{"a"}, Columns: []string{"x", "y"}, Values: [][]float64{{-0.25, math.NaN()}},
		Layers: []plots.Layer{{Name: "n", Values: [][]float64{{12, 3}}}}}
	header, rows := h.Data()
	if got, want := fmt.Sprint(header, rows), "[row column value n] [[a x -0.25 12] [a y  3]]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
