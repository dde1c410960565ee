package plots

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// named writes the names of points where they cover nothing: each at one of many places around its point, joined with
// it by a line where it stands apart. Where there is no room for the names, numbers stand there, and the names above
// the data.
type named struct {
	style          Style
	points, others []Point
	lines          []plotter.XYs
	texts          []string // beside the points; empty where that of another one stands for it
}

// settle chooses between names and numbers for data of some size, and returns the keys of the numbers: names for all
// where they have room, else for the short ones, else numbers for all. Points at one place share a number.
func (n *named) settle(p *plot.Plot, size vg.Point) []key {
	style := n.style.label(n.style.small(), black, text.XLeft, text.YBottom)
	canvas := draw.Canvas{Rectangle: vg.Rectangle{Max: size}}
	x, y := p.Transforms(&canvas)
	for _, widest := range []vg.Length{size.X / 2, size.X / 4, 0} {
		var keys []key
		var at []vg.Point // of the numbers
		n.texts = nil
		for _, pt := range n.points {
			if style.Width(pt.Name) <= widest {
				n.texts = append(n.texts, pt.Name)
				continue
			}
			here := vg.Point{X: x(pt.X), Y: y(pt.Y)}
			number := slices.IndexFunc(at, func(o vg.Point) bool { return distance(o, here) < 1 })
			text := ""
			if number < 0 {
				number, at = len(at), append(at, here)
				text = strconv.Itoa(number + 1)
			}
			n.texts = append(n.texts, text)
			keys = append(keys, key{pt.Name, numeral{strconv.Itoa(number + 1), style}})
		}
		_, free := n.place(p, vg.Rectangle{Max: size}, style)
		if free || widest == 0 {
			return keys
		}
	}
	return nil
}

// numeral is the key of a numbered point.
type numeral struct {
	text  string
	style text.Style
}

// Thumbnail implements plot.Thumbnailer.
func (n numeral) Thumbnail(c *draw.Canvas) {
	n.style.XAlign, n.style.YAlign = text.XRight, text.YCenter
	write(*c, n.style, vg.Point{X: c.Max.X, Y: (c.Min.Y + c.Max.Y) / 2}, n.text)
}

// Plot implements plot.Plotter.
func (n *named) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := n.style.label(n.style.small(), black, text.XLeft, text.YBottom)
	places, _ := n.place(p, c.Rectangle, style)
	leader := draw.LineStyle{Color: grey, Width: 0.4}
	for i, r := range places {
		if n.texts[i] == "" {
			continue
		}
		at := vg.Point{X: x(n.points[i].X), Y: y(n.points[i].Y)}
		if end := nearest(r, at); distance(at, end) > 10 {
			toward := end.Sub(at).Scale(1 / distance(at, end))
			at, end = at.Add(toward.Scale(2.5)), end.Sub(toward.Scale(1.5))
			c.StrokeLine2(leader, at.X, at.Y, end.X, end.Y)
		}
		c.FillText(style, r.Min, n.texts[i])
	}
}

// Weights of what a place for a text is chosen by.
const (
	covers  = 1000 // anything, by a point of area
	crosses = 60   // its line another text's or line
	far     = 1    // by a point of length
)

// place chooses a place for every text: greedily, and then again and again as the others stand, until nothing moves
// (the greedy descent of Christensen, Marks and Shieber 1995). It says whether nothing is covered.
func (n *named) place(p *plot.Plot, data vg.Rectangle, style text.Style) (places []vg.Rectangle, free bool) {
	canvas := draw.Canvas{Rectangle: data}
	x, y := p.Transforms(&canvas)
	taken := n.obstacles(x, y)
	var at []vg.Point
	var choices [][]vg.Rectangle
	var fixed [][]float64 // cost of each choice against what does not move
	for i, pt := range n.points {
		at = append(at, vg.Point{X: x(pt.X), Y: y(pt.Y)})
		size := vg.Point{X: style.Width(n.texts[i]), Y: style.Height(n.texts[i])}
		if n.texts[i] == "" {
			choices = append(choices, []vg.Rectangle{{Min: at[i], Max: at[i]}})
		} else {
			choices = append(choices, around(at[i], size))
		}
		var costs []float64
		for _, r := range choices[i] {
			costs = append(costs, n.cost(r, at[i], taken, data))
		}
		fixed = append(fixed, costs)
	}
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	for _, by := range []func(i, j int) int{ // where one order gets stuck, another may not
		func(i, j int) int { return i - j }, func(i, j int) int { return j - i },
		func(i, j int) int { return cmp.Compare(at[i].X, at[j].X) },
		func(i, j int) int { return cmp.Compare(at[i].Y, at[j].Y) },
	} {
		slices.SortStableFunc(order, by)
		if places, free = descend(at, choices, fixed, order); free {
			break
		}
	}
	return places, free
}

// descend moves texts, one after the other in some order, to the best of their choices until nothing moves. fixed are
// the costs of the choices against what does not move.
func descend(at []vg.Point, choices [][]vg.Rectangle, fixed [][]float64, order []int) (
	places []vg.Rectangle, free bool) {
	places = make([]vg.Rectangle, len(at))
	chosen := make([]float64, len(at))
	placed := make([]bool, len(at))
	for range 30 {
		moved := false
		for _, i := range order {
			best, least := places[i], math.Inf(1)
			for k, r := range choices[i] {
				cost := fixed[i][k]
				for o := range places {
					if o == i || !placed[o] || cost >= least {
						continue
					}
					cost += covers * overlap(grown(r, 1), places[o])
					a, b := nearest(r, at[i]), nearest(places[o], at[o])
					if cuts(at[i], a, places[o]) || cuts(at[o], b, r) {
						cost += covers
					}
					if meet(at[i], a, at[o], b) {
						cost += crosses
					}
				}
				if cost < least {
					best, least = r, cost
				}
			}
			moved = moved || best != places[i]
			places[i], chosen[i], placed[i] = best, least, true
		}
		if !moved {
			break
		}
	}
	free = true
	for _, cost := range chosen {
		free = free && cost < covers
	}
	return places, free
}

// cost is what a place costs by itself.
func (n *named) cost(r vg.Rectangle, at vg.Point, taken []vg.Rectangle, data vg.Rectangle) float64 {
	cost := far * float64(distance(at, nearest(r, at)))
	if outside(r, data) > 0.01 {
		cost += covers * (1 + outside(r, data))
	}
	for _, o := range taken {
		cost += covers * overlap(r, o)
	}
	return cost
}

// obstacles are the signs of all points, their intervals, and what lines pass through.
func (n *named) obstacles(x, y func(float64) vg.Length) (taken []vg.Rectangle) {
	for _, points := range [][]Point{n.points, n.others} {
		for _, pt := range points {
			at := vg.Point{X: x(pt.X), Y: y(pt.Y)}
			taken = append(taken, grown(vg.Rectangle{Min: at, Max: at}, 2.8))
			if pt.Low != pt.High {
				taken = append(taken, grown(vg.Rectangle{Min: vg.Point{X: at.X - 1.5, Y: y(pt.Low)},
					Max: vg.Point{X: at.X + 1.5, Y: y(pt.High)}}, 1)) // with its ends
			}
		}
	}
	for _, line := range n.lines {
		for k := 1; k < len(line); k++ {
			a, b := vg.Point{X: x(line[k-1].X), Y: y(line[k-1].Y)}, vg.Point{X: x(line[k].X), Y: y(line[k].Y)}
			steps := max(1, math.Ceil(float64(distance(a, b))/2))
			for s := range int(steps) + 1 { // a row of small squares along the line
				at := a.Add(b.Sub(a).Scale(vg.Length(float64(s) / steps)))
				taken = append(taken, grown(vg.Rectangle{Min: at, Max: at}, 1))
			}
		}
	}
	return taken
}

// around lists places for a text of some size beside a point, the preferred first.
func around(p vg.Point, size vg.Point) (out []vg.Rectangle) {
	for _, away := range []vg.Length{3.5, 5, 7, 10, 13, 17, 22, 28, 36, 45, 56, 70, 90, 115} {
		for _, angle := range []float64{0, 180, 90, 270, 45, 315, 135, 225, 15, 345, 165, 195, 75, 285, 105,
			255, 30, 330, 150, 210, 60, 300, 120, 240} {
			sin, cos := math.Sincos(angle * math.Pi / 180)
			min := vg.Point{ // the text touches the circle with its nearest side
				X: p.X + away*vg.Length(cos) + size.X*vg.Length((cos-1)/2),
				Y: p.Y + away*vg.Length(sin) + size.Y*vg.Length((sin-1)/2),
			}
			out = append(out, vg.Rectangle{Min: min, Max: min.Add(size)})
		}
	}
	return out
}

// grown is a rectangle with a margin.
func grown(r vg.Rectangle, by vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: r.Min.X - by, Y: r.Min.Y - by}, Max: vg.Point{X: r.Max.X + by, Y: r.Max.Y + by}}
}

// nearest is the point of a rectangle that is nearest to p.
func nearest(r vg.Rectangle, p vg.Point) vg.Point {
	return vg.Point{X: min(max(p.X, r.Min.X), r.Max.X), Y: min(max(p.Y, r.Min.Y), r.Max.Y)}
}

func distance(a, b vg.Point) vg.Length {
	return vg.Length(math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y)))
}

// meet says whether the lines from a to b and from c to d cross.
func meet(a, b, c, d vg.Point) bool {
	side := func(p, q, r vg.Point) vg.Length { return (q.X-p.X)*(r.Y-p.Y) - (q.Y-p.Y)*(r.X-p.X) }
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}

// cuts says whether the line from a to b passes through a rectangle.
func cuts(a, b vg.Point, r vg.Rectangle) bool {
	return meet(a, b, r.Min, r.Max) || meet(a, b, vg.Point{X: r.Min.X, Y: r.Max.Y}, vg.Point{X: r.Max.X, Y: r.Min.Y})
}

// overlap is the area that two rectangles share.
func overlap(a, b vg.Rectangle) float64 {
	w, h := min(a.Max.X, b.Max.X)-max(a.Min.X, b.Min.X), min(a.Max.Y, b.Max.Y)-max(a.Min.Y, b.Min.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return float64(w * h)
}

// outside is the area of r beyond the frame.
func outside(r, frame vg.Rectangle) float64 {
	size := r.Size()
	return float64(size.X*size.Y) - overlap(r, frame)
}
