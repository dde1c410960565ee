package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

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
func (d Critical) Height(vg.Length, Style) vg.Length {
	return 54 + 11*vg.Length((len(d.Methods)+1)/2) + 6*vg.Length(len(d.cliques()))
}

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
	c = draw.Crop(c, 4, -4, 3, -3)
	style := s.label(s.small(), black, text.XCenter, text.YBottom)
	names := vg.Length(0)
	for _, m := range d.Methods {
		names = max(names, style.Width(m))
	}
	k := len(d.Methods)
	left, right := c.Min.X+names+12, c.Max.X-names-12
	x := func(rank float64) vg.Length { return left + (right-left)*vg.Length((rank-1)/float64(k-1)) }
	line := draw.LineStyle{Color: black, Width: 0.7}
	if d.Title != "" {
		style := s.label(s.Size, black, text.XLeft, text.YTop)
		c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, cut(d.Title, style, c.Max.X-c.Min.X))
	}
	axis := c.Max.Y - 34
	c.StrokeLine2(line, left, axis, right, axis)
	for r := 1; r <= k; r++ {
		c.StrokeLine2(line, x(float64(r)), axis, x(float64(r)), axis+3)
		c.FillText(style, vg.Point{X: x(float64(r)), Y: axis + 5}, strconv.Itoa(r))
	}
	ruler := axis + 18
	end := left + min(right-left, (right-left)*vg.Length(d.Difference/float64(k-1)))
	c.StrokeLine2(draw.LineStyle{Color: black, Width: 1.6}, left, ruler, end, ruler)
	c.FillText(s.label(s.small(), black, text.XLeft, text.YCenter), vg.Point{X: end + 4, Y: ruler},
		fmt.Sprintf("CD = %.2f", d.Difference))

	y := axis - 6
	order := d.order()
	for _, q := range d.cliques() {
		c.StrokeLine2(draw.LineStyle{Color: vermillion, Width: 2.4}, x(d.MeanRanks[order[q[0]]])-2, y,
			x(d.MeanRanks[order[q[1]]])+2, y)
		y -= 6
	}
	y -= 5
	half := (k + 1) / 2
	for place, i := range order {
		at, level, align, edge := x(d.MeanRanks[i]), y-11*vg.Length(place), text.XRight, left-6
		if place >= half {
			level, align, edge = y-11*vg.Length(k-1-place), text.XLeft, right+6
		}
		c.StrokeLine2(line, at, axis, at, level)
		c.StrokeLine2(line, at, level, edge, level)
		name := edge - 3
		if align == text.XLeft {
			name = edge + 3
		}
		c.FillText(s.label(s.small(), black, align, text.YCenter), vg.Point{X: name, Y: level}, d.Methods[i])
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
