package reports

import (
	"fmt"
	"math"
	"strconv"

	"rwe301/plots"
)

// Cloud is a scatter plot of a Document.
type Cloud struct {
	Title          string
	XLabel, YLabel string
	Groups         []Dots
}

// Dots are the points of one kind, each with the Item of the document that it stands for.
type Dots struct {
	Name string
	Item []int
	X, Y []float64
}

// maxDots bounds the points of one cloud: a browser draws so many at once.
const maxDots = 2000

// The size of a cloud, in units of its own, and the margins around its frame.
const (
	cloudWidth, cloudHeight = 320, 240
	cloudLeft, cloudBottom  = 46, 36
	cloudRight, cloudTop    = 10, 8
)

// cloudView is a Cloud in its own units.
type cloudView struct {
	Cloud
	Width, Height            int
	Left, Right, Top, Bottom int // the frame
	Middle, Centre           int // of the frame
	XTicks, YTicks           []tickView
	Dots                     []dotView
	Legend                   []string
	Omitted                  int // points that are not drawn
}

type tickView struct {
	At    string
	Label string
}

// dotView is a point: its place, and the text of its coordinates.
type dotView struct {
	X, Y     string
	Group    int
	Item     int
	XIs, YIs string
}

// extent is the range of values with air around it.
func extent(groups []Dots, of func(Dots) []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, g := range groups {
		for _, v := range of(g) {
			low, high = min(low, v), max(high, v)
		}
	}
	air := float64(0.04*high) - float64(0.04*low)
	if low == high {
		air = max(1e-9, 0.04*math.Abs(low))
	}
	return max(low-air, -math.MaxFloat64), min(high+air, math.MaxFloat64)
}

// share is where x lies between low and high, from 0 to 1. The difference of the largest numbers has no value.
func share(x, low, high float64) float64 {
	if math.IsInf(high-low, 0) {
		x, low, high = x/4, low/4, high/4
	}
	return (x - low) / (high - low)
}

// view places the points. Of too many it takes some architectures, the same in every cloud of a document.
func (c Cloud) view(items []Item) cloudView {
	v := cloudView{
		Cloud: c, Width: cloudWidth, Height: cloudHeight, Left: cloudLeft, Right: cloudWidth - cloudRight, Top: cloudTop,
		Bottom: cloudHeight - cloudBottom,
	}
	v.Middle, v.Centre = (v.Left+v.Right)/2, (v.Top+v.Bottom)/2
	total := 0
	for _, g := range c.Groups {
		total += len(g.Item)
		v.Legend = append(v.Legend, g.Name)
	}
	if total == 0 {
		return v
	}
	x0, x1 := extent(c.Groups, func(g Dots) []float64 { return g.X })
	y0, y1 := extent(c.Groups, func(g Dots) []float64 { return g.Y })
	px := func(x float64) string {
		return unit(float64(v.Left) + float64(share(x, x0, x1)*float64(v.Right-v.Left)))
	}
	py := func(y float64) string {
		return unit(float64(v.Bottom) - float64(share(y, y0, y1)*float64(v.Bottom-v.Top)))
	}
	for _, t := range plots.Ticks(5, x0, x1) {
		v.XTicks = append(v.XTicks, tickView{px(t.Value), t.Label})
	}
	for _, t := range plots.Ticks(5, y0, y1) {
		v.YTicks = append(v.YTicks, tickView{py(t.Value), t.Label})
	}
	names := make([]string, 0, total)
	for _, g := range c.Groups {
		for _, item := range g.Item {
			names = append(names, items[item].Name)
		}
	}
	drawn := plots.Subset(names, maxDots)
	v.Omitted = total - len(drawn)
	n := -1
	for k, g := range c.Groups {
		for i, item := range g.Item {
			if n++; len(drawn) == 0 || drawn[0] != n {
				continue
			}
			drawn = drawn[1:]
			v.Dots = append(v.Dots, dotView{
				X: px(g.X[i]), Y: py(g.Y[i]), Group: k, Item: item, XIs: significant(g.X[i]), YIs: significant(g.Y[i]),
			})
		}
	}
	return v
}

// unit writes a coordinate.
func unit(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// significant writes a number for reading.
func significant(x float64) string { return fmt.Sprintf("%.5g", x) }
