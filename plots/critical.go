package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Critical is the critical-difference diagram of Demsar (2006): methods on an axis of mean ranks, 1 the best, with bars
// that join those whose ranks differ by less than the critical difference.
type Critical struct {
	Title      string
	Methods    []string
	MeanRanks  []float64
	Difference float64
}

// rounding is how far a mean of ranks may lie from what it is without rounding errors.
const rounding = 1e-9

// NewCritical checks that there are two methods or more, each with a rank from 1 to their number.
func NewCritical(title string, methods []string, ranks []float64, difference float64) (Critical, error) {
	if len(methods) != len(ranks) || len(methods) < 2 {
		return Critical{}, fmt.Errorf("critical-difference diagram: %d methods with %d ranks: must be equally many, at "+
			"least 2", len(methods), len(ranks))
	}
	last := float64(len(ranks))
	kept := make([]float64, len(ranks))
	for i, r := range ranks {
		if !(r >= 1-rounding && r <= last+rounding) {
			return Critical{}, fmt.Errorf("critical-difference diagram: %s has mean rank %v: must lie in [1, %d]", methods[i], r,
				len(ranks))
		}
		kept[i] = min(max(r, 1), last)
	}
	if !(difference >= 0) || math.IsInf(difference, 0) {
		return Critical{}, fmt.Errorf("critical-difference diagram: critical difference %v: must be a number from 0",
			difference)
	}
	return Critical{title, methods, kept, difference}, nil
}

// Height implements Figure.
func (d Critical) Height(width vg.Length, s Style) vg.Length {
	l := d.layout(width, s)
	return l.head + l.ranks + 6*vg.Length(len(d.cliques())) + 11 + max(l.depth(l.left), l.depth(l.right)) + 6
}

// criticalLayout is where the parts of a diagram go.
type criticalLayout struct {
	title       []string
	head        vg.Length  // down to the axis, its numbers and the ruler included
	ranks       vg.Length  // from the axis down to the bars
	left, right [][]string // lines of the names at the sides, the best and the worst first
	west, east  vg.Length  // the width of these
	line        vg.Length
}

// depth is the height of names.
func (l criticalLayout) depth(names [][]string) (h vg.Length) {
	for _, n := range names {
		h += l.high(n)
	}
	return h
}

// high is the height of a name with the space around it.
func (l criticalLayout) high(name []string) vg.Length { return vg.Length(len(name))*l.line + 2.5 }

// layout breaks names into lines where they would leave too little of the axis.
func (d Critical) layout(width vg.Length, s Style) criticalLayout {
	width -= 2 * criticalEdge
	l := criticalLayout{line: s.line(), ranks: 6}
	title, name := s.label(s.Size, black, text.XLeft, text.YTop), s.label(s.small(), black, text.XLeft, text.YCenter)
	if d.Title != "" {
		l.title, _ = fold(d.Title, title, width, maxLines)
	}
	l.head = vg.Length(len(l.title))*1.2*s.Size + 2*s.line() + 14
	const most = 4 // lines
	room := 0.28 * width
	short := shorten(d.Methods, func(m string) bool { _, whole := fold(m, name, room, most); return whole })
	k := len(d.Methods)
	for place, i := range d.order() {
		lines, _ := fold(short[i], name, room, most)
		side := &l.east
		if place < (k+1)/2 {
			l.left, side = append(l.left, lines), &l.west
		} else {
			l.right = append([][]string{lines}, l.right...)
		}
		for _, t := range lines {
			*side = max(*side, name.Width(t))
		}
	}
	return l
}

// criticalEdge is the space at the sides.
const criticalEdge = 4

// order lists the methods from best to worst.
func (d Critical) order() []int {
	order := make([]int, len(d.Methods))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(d.MeanRanks[i], d.MeanRanks[j]) })
	return order
}

// cliques lists the largest runs of methods, in order of rank, that the test cannot tell apart: first and last place.
func (d Critical) cliques() [][2]int {
	order := d.order()
	var out [][2]int
	for lo := range order {
		hi := lo
		for hi+1 < len(order) && d.MeanRanks[order[hi+1]]-d.MeanRanks[order[lo]] < d.Difference {
			hi++
		}
		if hi > lo && (len(out) == 0 || hi > out[len(out)-1][1]) {
			out = append(out, [2]int{lo, hi})
		}
	}
	return out
}

// Draw implements Figure.
func (d Critical) Draw(c draw.Canvas, s Style) {
	l := d.layout(c.Max.X-c.Min.X, s)
	c = draw.Crop(c, criticalEdge, -criticalEdge, 3, -3)
	k := len(d.Methods)
	left, right := c.Min.X+l.west+9, c.Max.X-l.east-9
	x := func(rank float64) vg.Length { return left + (right-left)*vg.Length((rank-1)/float64(k-1)) }
	line := draw.LineStyle{Color: black, Width: 0.7}
	if d.Title != "" {
		title := s.label(s.Size, black, text.XLeft, text.YTop)
		c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, strings.Join(l.title, "\n"))
	}
	axis := c.Max.Y - l.head
	d.axis(c, s, axis, left, right, x)
	ruler := axis + s.line() + 6
	end := left + min(right-left, (right-left)*vg.Length(d.Difference/float64(k-1)))
	c.StrokeLine2(draw.LineStyle{Color: black, Width: 1.6}, left, ruler, end, ruler)
	c.FillText(s.label(s.small(), black, text.XLeft, text.YBottom), vg.Point{X: left, Y: ruler + 2},
		fmt.Sprintf("critical difference %.2f", d.Difference))

	y := axis - l.ranks
	order := d.order()
	for _, q := range d.cliques() {
		c.StrokeLine2(draw.LineStyle{Color: s.colour(1), Width: 2.4}, x(d.MeanRanks[order[q[0]]])-2, y,
			x(d.MeanRanks[order[q[1]]])+2, y)
		y -= 6
	}
	y -= 5
	side := func(names [][]string, method func(place int) int, align text.XAlignment, edge, at vg.Length) {
		level := y
		for place, lines := range names {
			from := x(d.MeanRanks[method(place)])
			middle := level - l.high(lines)/2
			c.StrokeLine2(line, from, axis, from, middle)
			c.StrokeLine2(line, from, middle, edge, middle)
			write(c, s.label(s.small(), black, align, text.YCenter), vg.Point{X: at, Y: middle}, strings.Join(lines, "\n"))
			level -= l.high(lines)
		}
	}
	side(l.left, func(place int) int { return order[place] }, text.XRight, left-6, left-8)
	side(l.right, func(place int) int { return order[k-1-place] }, text.XLeft, right+6, right+8)
}

// axis draws the axis of ranks, with as many numbers as fit.
func (d Critical) axis(c draw.Canvas, s Style, y, left, right vg.Length, x func(float64) vg.Length) {
	line := draw.LineStyle{Color: black, Width: 0.7}
	style := s.label(s.small(), black, text.XCenter, text.YBottom)
	c.StrokeLine2(line, left, y, right, y)
	k := len(d.Methods)
	every := max(1, int(math.Ceil(float64((style.Width(strconv.Itoa(k))+3)*vg.Length(k-1)/(right-left)))))
	for r := 1; r <= k; r++ {
		c.StrokeLine2(line, x(float64(r)), y, x(float64(r)), y+3)
		if (r-1)%every == 0 {
			c.FillText(style, vg.Point{X: x(float64(r)), Y: y + 4}, strconv.Itoa(r))
		}
	}
}

// Data implements Figure.
func (d Critical) Data() ([]string, [][]string) {
	var rows [][]string
	for _, i := range d.order() {
		rows = append(rows, []string{d.Methods[i], number(d.MeanRanks[i]), number(d.Difference)})
	}
	return []string{"method", "mean_rank", "critical_difference"}, rows
}
