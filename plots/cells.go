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
func (f Cells) Height(width vg.Length, s Style) vg.Length {
	d := f.arrange(width, s)
	h := 2*cellsEdge + vg.Length(len(d.title))*1.2*s.Size + betweenCells*vg.Length(max(0, len(d.graphs)-1))
	for _, g := range d.graphs {
		h += g.depth()
	}
	return h
}

// Space around cells and between them, in points.
const (
	cellsEdge    = 5
	betweenCells = 9
)

// drawnCells are cells laid out for some width.
type drawnCells struct {
	title  []string
	graphs []graph
}

// arrange lays cells out from left to right where they have the width, from top to bottom where they have not, and with
// short names of operations where these are too wide even so.
func (f Cells) arrange(width vg.Length, s Style) (d drawnCells) {
	width -= 2 * cellsEdge
	if f.Title != "" {
		d.title, _ = fold(f.Title, s.label(s.Size, black, text.XCenter, text.YTop), width, maxLines)
	}
	for _, way := range []struct{ down, short bool }{{false, false}, {true, false}, {true, true}} {
		d.graphs = nil
		fits := true
		for _, w := range f.Cells {
			g := newGraph(w, s, way.down, way.short)
			fits = fits && g.breadth() <= width
			d.graphs = append(d.graphs, g)
		}
		if fits {
			break
		}
	}
	return d
}

// Draw implements Figure.
func (f Cells) Draw(c draw.Canvas, s Style) {
	d := f.arrange(c.Max.X-c.Min.X, s)
	c = draw.Crop(c, cellsEdge, -cellsEdge, cellsEdge, -cellsEdge)
	c.FillText(s.label(s.Size, black, text.XCenter, text.YTop), vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: c.Max.Y},
		strings.Join(d.title, "\n"))
	top := c.Max.Y - vg.Length(len(d.title))*1.2*s.Size
	for _, g := range d.graphs {
		part := c
		part.Max.Y, part.Min.Y = top, top-g.depth()
		g.draw(part)
		top = part.Min.Y - betweenCells
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
	style Style
	down  bool      // layers lie below each other
	unit  vg.Length // of the layout
	along []vg.Length
}

// newGraph lays a graph out.
func newGraph(w bench301.Wiring, s Style, down, short bool) graph {
	g := graph{title: w.Name, links: slices.Clone(w.Links), style: s, down: down, unit: 1.5 * s.small()}
	if short {
		for i := range g.links {
			g.links[i].Label = shortOperation(g.links[i].Label)
		}
	}
	size := extents(upright)
	if down {
		size = func(label string, node bool) float64 { return float64(g.textWidth(label, node) / g.unit) }
	}
	g.layout = layOut(w.Nodes, g.links, size)
	g.along = make([]vg.Length, len(g.layers))
	for k, layer := range g.layers {
		for _, p := range layer {
			label, node := g.places[p].label, g.places[p].edge < 0
			switch {
			case label == "":
			case !down:
				g.along[k] = max(g.along[k], g.textWidth(label, node))
			case node:
				g.along[k] = g.unit * nodeHeight * 0.8
			default:
				g.along[k] = max(g.along[k], g.unit*labelHeight*0.9)
			}
		}
	}
	return g
}

// shortOperation is the name of an operation where there is little room: of sep_conv_3x3, sep 3.
func shortOperation(name string) string {
	head, rest, _ := strings.Cut(name, "_")
	if _, size, found := strings.Cut(rest, "x"); found {
		return head + " " + size
	}
	return head
}

// text is the style of nodes or of labels of edges.
func (g graph) text(node bool) text.Style {
	size := g.style.small()
	if node {
		size = g.style.Size
	}
	return g.style.label(size, black, text.XCenter, text.YCenter)
}

// textWidth is the width of a label with the space around it.
func (g graph) textWidth(label string, node bool) vg.Length {
	if node {
		return g.text(true).Width(label) + 8
	}
	return g.text(false).Width(label) + 4
}

// Least spaces between layers, and the height of the name of a cell.
const (
	leastGap = 11
	downGap  = 13
	arrow    = 4
)

// layersLong is what the layers need, one after the other.
func (g graph) layersLong(gap vg.Length) (sum vg.Length) {
	for _, a := range g.along {
		sum += a
	}
	return sum + gap*vg.Length(max(0, len(g.along)-1))
}

// across is what the places of a layer need beside each other.
func (g graph) across() vg.Length {
	low, high := g.bounds()
	return vg.Length(high-low) * g.unit
}

// breadth and depth are the width that a graph needs and the height that it takes, its name included.
func (g graph) breadth() vg.Length {
	if g.down {
		return g.across()
	}
	return g.layersLong(leastGap)
}

func (g graph) depth() vg.Length {
	name := 1.4 * g.style.Size
	if g.down {
		return name + g.layersLong(downGap)
	}
	return name + g.across()
}

// graphOn is a graph on a canvas.
type graphOn struct {
	graph
	draw.Canvas
	centres []vg.Length // of the layers, from the first on
	start   vg.Point    // the middle of the first edge of all layers
	middle  float64     // of the places, in units
}

// at is the place that lies so far along the layers and so far across.
func (g graphOn) at(along vg.Length, y float64) vg.Point {
	across := vg.Length(y-g.middle) * g.unit
	if g.down {
		return vg.Point{X: g.start.X + across, Y: g.start.Y - along}
	}
	return vg.Point{X: g.start.X + along, Y: g.start.Y + across}
}

// draw fills the canvas with the graph.
func (g graph) draw(c draw.Canvas) {
	name := 1.4 * g.style.Size
	c.FillText(g.style.label(g.style.Size, black, text.XLeft, text.YTop), vg.Point{X: c.Min.X, Y: c.Max.Y}, g.title)
	c.Max.Y -= name
	low, high := g.bounds()
	on := graphOn{graph: g, Canvas: c, middle: (low + high) / 2}
	long := c.Max.X - c.Min.X
	on.start = vg.Point{X: c.Min.X, Y: (c.Min.Y + c.Max.Y) / 2}
	if g.down {
		long = c.Max.Y - c.Min.Y
		on.start = vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: c.Max.Y}
	}
	gap := (long - g.layersLong(0)) / vg.Length(max(1, len(g.along)-1))
	at := vg.Length(0)
	for _, a := range g.along {
		on.centres = append(on.centres, at+a/2)
		at += a + gap
	}
	ends := g.ports()
	for i, e := range g.links {
		on.line(i, e, ends[i])
	}
	for i, e := range g.links {
		on.label(i, e)
	}
	for _, p := range g.places {
		if p.edge >= 0 {
			continue
		}
		fill := color.RGBA{R: 225, G: 236, B: 245, A: 255}
		if len(p.left) == 0 || len(p.right) == 0 {
			fill = color.RGBA{R: 238, G: 238, B: 238, A: 255}
		}
		centre := on.at(on.centres[p.layer], p.y)
		box(c, centre, g.textWidth(p.label, true), nodeHeight*g.unit*0.8, fill, true)
		write(c, g.text(true), centre, p.label)
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

// half is half the length of a node along the layers.
func (g graph) half(p place) vg.Length {
	if g.down {
		return nodeHeight * g.unit * 0.4
	}
	return g.textWidth(p.label, true) / 2
}

// line draws edge i through its places.
func (g graphOn) line(i int, e bench301.Link, port float64) {
	style := edgeStyle(e.Label)
	route := g.routes[i]
	first, last := g.places[route[0]], g.places[route[len(route)-1]]
	var path vg.Path
	along, y := g.centres[first.layer]+g.half(first), first.y
	path.Move(g.at(along, y))
	to := func(next vg.Length, nextY float64) { // a curve that leaves and arrives along the layers
		bend := (next - along) / 2
		path.CubeTo(g.at(along+bend, y), g.at(next-bend, nextY), g.at(next, nextY))
		along, y = next, nextY
	}
	for _, r := range route[1 : len(route)-1] {
		p := g.places[r]
		w := g.along[p.layer] / 2
		to(g.centres[p.layer]-w, p.y)
		along = g.centres[p.layer] + w
		path.Line(g.at(along, y))
	}
	tip, tipY := g.centres[last.layer]-g.half(last), last.y+port*0.3*last.height
	to(tip-arrow, tipY)
	g.SetLineStyle(style)
	g.Stroke(path)
	side := float64(arrow * 0.45 / g.unit)
	g.FillPolygon(style.Color, []vg.Point{g.at(tip, tipY), g.at(tip-arrow, tipY+side), g.at(tip-arrow, tipY-side)})
}

// label writes the label of edge i on its line.
func (g graphOn) label(i int, e bench301.Link) {
	if e.Label == "" {
		return
	}
	p := g.places[g.routes[i][len(g.routes[i])-2]]
	centre := g.at(g.centres[p.layer], p.y)
	style := g.text(false)
	box(g.Canvas, centre, g.textWidth(e.Label, false), labelHeight*g.unit*0.9, color.White, false)
	style.Color = edgeStyle(e.Label).Color
	write(g.Canvas, style, centre, e.Label)
}

// edgeStyle tells the operations apart by colour and dash.
func edgeStyle(operation string) draw.LineStyle {
	s := draw.LineStyle{Color: color.RGBA{R: 110, G: 110, B: 110, A: 255}, Width: 0.8}
	switch {
	case strings.HasPrefix(operation, "sep"), strings.HasPrefix(operation, "nor"), strings.HasPrefix(operation, "conv"):
		s.Color, s.Width = blue, 1.1
	case strings.HasPrefix(operation, "dil"):
		s.Color, s.Width = color.RGBA{R: 190, G: 80, B: 0, A: 255}, 1.1
	case strings.HasPrefix(operation, "skip"):
		s.Color, s.Dashes = color.RGBA{G: 125, B: 90, A: 255}, []vg.Length{3, 1.5}
	case strings.HasPrefix(operation, "max"), strings.HasPrefix(operation, "avg"):
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
