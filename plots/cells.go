package plots

import (
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"rwe301/bench301"
	"rwe301/internal/atomicfile"
)

// Cells draws the normal and the reduction cell of an architecture, one above the other. States carry the numbers that
// the notations use: 0 and 1 are the cell's inputs, 2 to 5 its nodes.
type Cells struct {
	Title    string
	Genotype bench301.Genotype
}

// NewPicture returns the drawing of an architecture.
func NewPicture(title string, a bench301.Architecture) (Figure, error) {
	if g, ok := a.(bench301.Genotype); ok {
		return Cells{title, g}, nil
	}
	return nil, fmt.Errorf("no drawing of a %T", a)
}

// Size of a drawing of two cells.
const (
	CellsWidth  = DoubleColumn
	CellsHeight = 4.4 * vg.Inch
)

// Draw implements Figure.
func (f Cells) Draw(c draw.Canvas) {
	c = draw.Crop(c, 6, -6, 4, -4)
	head := vg.Length(0)
	if f.Title != "" {
		head = 16
		c.FillText(label(9, black, text.XCenter, text.YTop), vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: c.Max.Y}, f.Title)
	}
	parts := []graph{cellGraph("normal cell", f.Genotype.Normal), cellGraph("reduction cell", f.Genotype.Reduce)}
	const between = 8
	// Each cell gets a share of the height in proportion to what it needs.
	need := parts[0].need() + parts[1].need()
	top, room := c.Max.Y-head, c.Max.Y-head-c.Min.Y-between
	for _, p := range parts {
		part := c
		part.Max.Y = top
		part.Min.Y = top - room*vg.Length(p.need()/need)
		p.draw(part)
		top = part.Min.Y - between
	}
}

// Data implements Figure.
func (f Cells) Data() ([]string, [][]string) {
	var rows [][]string
	for _, c := range []struct {
		name string
		cell bench301.Cell
	}{{"normal", f.Genotype.Normal}, {"reduce", f.Genotype.Reduce}} {
		for k, e := range c.cell {
			rows = append(rows, []string{c.name, strconv.Itoa(int(e.Source)), strconv.Itoa(2 + k/2), e.Op.String()})
		}
	}
	return []string{"cell", "from", "to", "operation"}, rows
}

// SaveAs writes a figure to one file in the format that its name ends in.
func SaveAs(path string, f Figure, width, height vg.Length) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	if !slices.Contains(Formats(), format) {
		return fmt.Errorf("picture %s: the name must end in .%s", path, strings.Join(Formats(), ", ."))
	}
	c, err := canvas(width, height, format)
	if err != nil {
		return err
	}
	f.Draw(draw.New(c))
	return atomicfile.Write(path, func(w io.Writer) error { return encode(c, w, format) })
}

// graph is a drawing of labelled nodes and edges.
type graph struct {
	title string
	layout
	links []link
}

// cellGraph is the graph of a cell with its two inputs and its output.
func cellGraph(title string, cell bench301.Cell) graph {
	nodes := []string{"0: c(k-2)", "1: c(k-1)"}
	var links []link
	for n := range bench301.Nodes {
		nodes = append(nodes, strconv.Itoa(2+n))
		for _, e := range cell[2*n : 2*n+2] {
			links = append(links, link{int(e.Source), 2 + n, e.Op.String()})
		}
	}
	nodes = append(nodes, "c(k)")
	for n := range bench301.Nodes {
		links = append(links, link{2 + n, 2 + bench301.Nodes, ""})
	}
	return graph{title, layOut(nodes, links), links}
}

// titleHeight is the room for a graph's title in units of a label's height.
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
func (g graph) draw(c draw.Canvas) {
	low, high := g.bounds()
	unit := min((c.Max.Y-c.Min.Y)/vg.Length(g.need()), 1.7*labelFont)
	scale := min(1, unit/(1.25*labelFont))
	names, labels := label(nodeFont*scale, black, text.XCenter, text.YCenter), label(labelFont*scale, black, text.XCenter, text.YCenter)

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

	c.FillText(label(nodeFont, black, text.XLeft, text.YTop), vg.Point{X: c.Min.X, Y: c.Max.Y}, g.title)
	ends := g.ports()
	for i, e := range g.links {
		g.line(c, i, e, x, width, y, unit, scale, ends[i], labels)
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
		into[e.to] = append(into[e.to], i)
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
func (g graph) line(c draw.Canvas, i int, e link, x, width []vg.Length, y func(place) vg.Length, unit, scale vg.Length, port float64, labels text.Style) {
	style := edgeStyle(e.label)
	route := g.routes[i]
	first, last := g.places[route[0]], g.places[route[len(route)-1]]
	half := func(p place) vg.Length {
		return (label(nodeFont*scale, black, text.XCenter, text.YCenter).Width(p.label) + 8*scale) / 2
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
	if e.label == "" {
		return
	}
	p := g.places[route[len(route)-2]]
	centre := vg.Point{X: x[p.layer], Y: y(p)}
	box(c, centre, labels.Width(e.label)+3*scale, labelHeight*unit*0.9, color.White, false)
	labels.Color = style.Color
	write(c, labels, centre, e.label)
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

// label is a text style.
func label(size vg.Length, colour color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{Color: colour, Font: font.From(plot.DefaultFont, size), XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

// write centres text on a point. The fonts' centre counts the room for descenders, which few of our labels have.
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
