package plots

import (
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"rwe301/bench301"
)

// Cells draws the cells of an architecture, one above the other.
type Cells struct {
	Title string
	Cells []bench301.Wiring
}

// NewCells returns the drawing of an architecture.
func NewCells(title string, space bench301.Space, a bench301.Architecture) (Cells, error) {
	w, err := space.Wirings(a)
	return Cells{title, w}, err
}

// CellsWidth is the width of a drawing of cells.
const CellsWidth = DoubleColumn

// Height implements Figure.
func (f Cells) Height(vg.Length, Style) vg.Length { return vg.Length(len(f.Cells)) * 2.2 * vg.Inch }

// Draw implements Figure.
func (f Cells) Draw(c draw.Canvas, s Style) {
	c = draw.Crop(c, 6, -6, 4, -4)
	head := vg.Length(0)
	if f.Title != "" {
		head = 16
		style := s.label(s.Size, black, text.XCenter, text.YTop)
		c.FillText(style, vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: c.Max.Y}, cut(f.Title, style, c.Max.X-c.Min.X))
	}
	var parts []graph
	need := 0.0
	for _, w := range f.Cells {
		parts = append(parts, newGraph(w))
		need += parts[len(parts)-1].need()
	}
	const between = 8
	// Each cell gets a share of the height in proportion to what it needs.
	top, space := c.Max.Y-head, c.Max.Y-head-c.Min.Y-between*vg.Length(len(parts)-1)
	for _, p := range parts {
		part := c
		part.Max.Y = top
		part.Min.Y = top - space*vg.Length(p.need()/need)
		p.draw(part, s)
		top = part.Min.Y - between
	}
}

// Data implements Figure.
func (f Cells) Data() ([]string, [][]string) {
	var rows [][]string
	for _, w := range f.Cells {
		for _, l := range w.Links {
			rows = append(rows, []string{w.Name, w.Nodes[l.From], w.Nodes[l.To], l.Label})
		}
	}
	return []string{"cell", "from", "to", "operation"}, rows
}

// graph is a drawing of labelled nodes and edges.
type graph struct {
	title string
	layout
	links []bench301.Link
}

func newGraph(w bench301.Wiring) graph { return graph{w.Name, layOut(w.Nodes, w.Links), w.Links} }

// titleHeight is the space for a graph's title in units of a label's height.
const titleHeight = 1.6

// need is the height that the graph asks for, in units of a label's height.
func (g graph) need() float64 {
	low, high := g.bounds()
	return high - low + titleHeight
}

// Font sizes of a graph at full size, and the length of an arrow's head.
const (
	nodeFont  = 8
	labelFont = 7
	arrow     = 4
)

// draw fills the canvas with the graph.
func (g graph) draw(c draw.Canvas, s Style) {
	low, high := g.bounds()
	unit := min((c.Max.Y-c.Min.Y)/vg.Length(g.need()), 1.7*labelFont)
	scale := min(1, unit/(1.25*labelFont))
	names, labels := s.label(nodeFont*scale, black, text.XCenter, text.YCenter),
		s.label(labelFont*scale, black, text.XCenter, text.YCenter)

	width := make([]vg.Length, len(g.layers)) // of the text in each layer
	total := vg.Length(0)
	for k, layer := range g.layers {
		for _, p := range layer {
			style, pad := labels, vg.Length(3)
			if g.places[p].edge < 0 {
				style, pad = names, 8
			}
			if g.places[p].label != "" {
				width[k] = max(width[k], style.Width(g.places[p].label)+pad*scale)
			}
		}
		total += width[k]
	}
	gap := (c.Max.X - c.Min.X - total) / vg.Length(max(1, len(g.layers)-1))
	x := make([]vg.Length, len(g.layers)) // centre of each layer
	at := c.Min.X
	for k, w := range width {
		x[k] = at + w/2
		at += w + gap
	}
	body := c.Max.Y - titleHeight*unit
	middle := (body + c.Min.Y) / 2
	y := func(p place) vg.Length { return middle + vg.Length(p.y-(low+high)/2)*unit }

	c.FillText(s.label(nodeFont, black, text.XLeft, text.YTop), vg.Point{X: c.Min.X, Y: c.Max.Y}, g.title)
	ends := g.ports()
	for i, e := range g.links {
		g.line(c, s, i, e, x, width, y, unit, scale, ends[i], labels)
	}
	for _, p := range g.places {
		if p.edge >= 0 {
			continue
		}
		w, h := names.Width(p.label)+8*scale, nodeHeight*unit*0.8
		fill := color.RGBA{R: 225, G: 236, B: 245, A: 255}
		if len(p.left) == 0 || len(p.right) == 0 {
			fill = color.RGBA{R: 238, G: 238, B: 238, A: 255}
		}
		box(c, vg.Point{X: x[p.layer], Y: y(p)}, w, h, fill, true)
		write(c, names, vg.Point{X: x[p.layer], Y: y(p)}, p.label)
	}
}

// ports returns where on the left side of its node each edge ends, in [-1, 1] from bottom to top: edges that come from
// below end below.
func (g graph) ports() []float64 {
	out := make([]float64, len(g.links))
	into := map[int][]int{}
	for i, e := range g.links {
		into[e.To] = append(into[e.To], i)
	}
	from := func(i int) float64 { return g.places[g.routes[i][len(g.routes[i])-2]].y }
	for _, edges := range into {
		slices.SortStableFunc(edges, func(a, b int) int {
			if from(a) < from(b) {
				return -1
			}
			return 1
		})
		for k, i := range edges {
			out[i] = (2*float64(k) + 1 - float64(len(edges))) / float64(len(edges))
		}
	}
	return out
}

// line draws edge i through its places, with its label.
func (g graph) line(c draw.Canvas, s Style, i int, e bench301.Link, x, width []vg.Length, y func(place) vg.Length,
	unit, scale vg.Length, port float64, labels text.Style) {
	style := edgeStyle(e.Label)
	route := g.routes[i]
	first, last := g.places[route[0]], g.places[route[len(route)-1]]
	half := func(p place) vg.Length {
		return (s.label(nodeFont*scale, black, text.XCenter, text.YCenter).Width(p.label) + 8*scale) / 2
	}
	var path vg.Path
	at := vg.Point{X: x[first.layer] + half(first), Y: y(first)}
	path.Move(at)
	to := func(p vg.Point) { // a curve that leaves and arrives horizontally
		bend := (p.X - at.X) / 2
		path.CubeTo(vg.Point{X: at.X + bend, Y: at.Y}, vg.Point{X: p.X - bend, Y: p.Y}, p)
		at = p
	}
	for _, r := range route[1 : len(route)-1] {
		p := g.places[r]
		w := width[p.layer] / 2
		to(vg.Point{X: x[p.layer] - w, Y: y(p)})
		at.X = x[p.layer] + w
		path.Line(at)
	}
	tip := vg.Point{X: x[last.layer] - half(last), Y: y(last) + vg.Length(port)*0.3*nodeHeight*unit}
	to(vg.Point{X: tip.X - arrow*scale, Y: tip.Y})
	c.SetLineStyle(style)
	c.Stroke(path)
	c.FillPolygon(style.Color, []vg.Point{
		tip, {X: tip.X - arrow*scale, Y: tip.Y + arrow*scale*0.45}, {X: tip.X - arrow*scale, Y: tip.Y - arrow*scale*0.45},
	})
	if e.Label == "" {
		return
	}
	p := g.places[route[len(route)-2]]
	centre := vg.Point{X: x[p.layer], Y: y(p)}
	box(c, centre, labels.Width(e.Label)+3*scale, labelHeight*unit*0.9, color.White, false)
	labels.Color = style.Color
	write(c, labels, centre, e.Label)
}

// edgeStyle tells the operations apart by colour and dash.
func edgeStyle(operation string) draw.LineStyle {
	s := draw.LineStyle{Color: color.RGBA{R: 110, G: 110, B: 110, A: 255}, Width: 0.8}
	switch {
	case strings.HasPrefix(operation, "sep_conv"), strings.HasPrefix(operation, "nor_conv"):
		s.Color, s.Width = blue, 1.1
	case strings.HasPrefix(operation, "dil_conv"):
		s.Color, s.Width = color.RGBA{R: 190, G: 80, B: 0, A: 255}, 1.1
	case strings.HasPrefix(operation, "skip"):
		s.Color, s.Dashes = color.RGBA{G: 125, B: 90, A: 255}, []vg.Length{3, 1.5}
	case strings.HasSuffix(operation, "pool_3x3"):
		s.Color = color.RGBA{R: 150, G: 60, B: 120, A: 255}
	}
	return s
}

// write centres text on a point. The fonts' centre counts the space for descenders, which few of our labels have.
func write(c draw.Canvas, s text.Style, centre vg.Point, t string) {
	c.FillText(s, vg.Point{X: centre.X, Y: centre.Y + s.Font.Size/10}, t)
}

// box fills a rectangle around its centre, with an outline if wanted.
func box(c draw.Canvas, centre vg.Point, w, h vg.Length, fill color.Color, outline bool) {
	corners := []vg.Point{
		{X: centre.X - w/2, Y: centre.Y - h/2}, {X: centre.X + w/2, Y: centre.Y - h/2},
		{X: centre.X + w/2, Y: centre.Y + h/2}, {X: centre.X - w/2, Y: centre.Y + h/2},
	}
	c.FillPolygon(fill, corners)
	if outline {
		c.StrokeLines(draw.LineStyle{Color: black, Width: 0.6}, append(corners, corners[0]))
	}
}
