package plots

import (
	"bytes"
	"fmt"
	"hash"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	fonts "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pdf is a canvas that writes PDF with the letters it uses of each font. That of gonum/plot 0.17 writes every font into
// a temporary folder first, panics where there is none, and has no letters beyond Windows-1252.
type pdf struct {
	doc    *fpdf.Fpdf
	w, h   vg.Length
	drawn  []color.Color // of each context, the current one last
	widths []vg.Length
	fonts  map[string]bool
	text   hash.Hash32 // of what is written, which the fonts' subsets follow from
	images int
}

func newPDF(w, h vg.Length) *pdf {
	c := &pdf{doc: fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: w.Points(), Ht: h.Points()}}),
		w: w, h: h, fonts: map[string]bool{}, text: fnv.New32a(), drawn: []color.Color{color.Black}, widths: []vg.Length{0}}
	c.doc.SetMargins(0, 0, 0)
	c.doc.SetAutoPageBreak(false, 0)
	c.doc.SetCatalogSort(true)
	c.doc.SetCreationDate(time.Unix(0, 0).UTC()) // the same figure is the same file
	c.doc.SetModificationDate(time.Unix(0, 0).UTC())
	c.doc.AddPage()
	vg.Initialize(c)
	return c
}

// Size implements vg.CanvasSizer.
func (c *pdf) Size() (w, h vg.Length) { return c.w, c.h }

// point is a point as fpdf counts, from the upper left corner.
func (c *pdf) point(p vg.Point) (x, y float64) { return p.X.Points(), (c.h - p.Y).Points() }

// SetLineWidth implements vg.Canvas.
func (c *pdf) SetLineWidth(w vg.Length) {
	c.widths[len(c.widths)-1] = w
	c.doc.SetLineWidth(w.Points())
}

// SetLineDash implements vg.Canvas.
func (c *pdf) SetLineDash(pattern []vg.Length, offset vg.Length) {
	lengths := make([]float64, len(pattern))
	for i, l := range pattern {
		lengths[i] = l.Points()
	}
	c.doc.SetDashPattern(lengths, offset.Points())
}

// SetColor implements vg.Canvas.
func (c *pdf) SetColor(k color.Color) {
	if k == nil {
		k = color.Black
	}
	c.drawn[len(c.drawn)-1] = k
	n := color.NRGBAModel.Convert(k).(color.NRGBA)
	r, g, b := int(n.R), int(n.G), int(n.B)
	c.doc.SetFillColor(r, g, b)
	c.doc.SetDrawColor(r, g, b)
	c.doc.SetTextColor(r, g, b)
	c.doc.SetAlpha(float64(n.A)/255, "Normal")
}

// Rotate implements vg.Canvas.
func (c *pdf) Rotate(angle float64) {
	sin, cos := math.Sincos(angle)
	c.doc.Transform(fpdf.TransformMatrix{A: cos, B: sin, C: -sin, D: cos})
}

// Translate implements vg.Canvas.
func (c *pdf) Translate(p vg.Point) {
	c.doc.Transform(fpdf.TransformMatrix{A: 1, D: 1, E: p.X.Points(), F: p.Y.Points()})
}

// Scale implements vg.Canvas.
func (c *pdf) Scale(x, y float64) { c.doc.Transform(fpdf.TransformMatrix{A: x, D: y}) }

// Push implements vg.Canvas.
func (c *pdf) Push() {
	c.drawn, c.widths = append(c.drawn, c.drawn[len(c.drawn)-1]), append(c.widths, c.widths[len(c.widths)-1])
	c.doc.TransformBegin()
}

// Pop implements vg.Canvas.
func (c *pdf) Pop() {
	c.doc.TransformEnd()
	c.drawn, c.widths = c.drawn[:len(c.drawn)-1], c.widths[:len(c.widths)-1]
	c.SetColor(c.drawn[len(c.drawn)-1]) // fpdf does not know that the colour is again what it was
}

// Stroke implements vg.Canvas.
func (c *pdf) Stroke(p vg.Path) {
	if c.widths[len(c.widths)-1] > 0 {
		c.path(p, "D")
	}
}

// Fill implements vg.Canvas.
func (c *pdf) Fill(p vg.Path) { c.path(p, "F") }

func (c *pdf) path(p vg.Path, style string) {
	for i, part := range p {
		x, y := c.point(part.Pos)
		switch part.Type {
		case vg.MoveComp:
			c.doc.MoveTo(x, y)
		case vg.LineComp:
			c.doc.LineTo(x, y)
		case vg.ArcComp:
			c.arc(part, i == 0)
		case vg.CurveComp:
			x1, y1 := c.point(part.Control[0])
			if len(part.Control) == 1 {
				c.doc.CurveTo(x1, y1, x, y)
				continue
			}
			x2, y2 := c.point(part.Control[1])
			c.doc.CurveBezierCubicTo(x1, y1, x2, y2, x, y)
		case vg.CloseComp:
			c.doc.ClosePath()
		}
	}
	c.doc.DrawPath(style)
}

// arc draws an arc of a circle as cubic curves, each of a quarter or less, after a line to its begin.
func (c *pdf) arc(a vg.PathComp, first bool) {
	at := func(angle, along float64) (x, y float64) { // along: of the tangent, in radii
		sin, cos := math.Sincos(angle)
		return c.point(vg.Point{X: a.Pos.X + a.Radius*vg.Length(cos-along*sin),
			Y: a.Pos.Y + a.Radius*vg.Length(sin+along*cos)})
	}
	x, y := at(a.Start, 0)
	if first {
		c.doc.MoveTo(x, y)
	} else {
		c.doc.LineTo(x, y)
	}
	n := math.Ceil(math.Abs(a.Angle)/(math.Pi/2) - 1e-9)
	for k := range int(n) {
		step := a.Angle / n
		from, handle := a.Start+float64(k)*step, 4./3*math.Tan(step/4)
		x1, y1 := at(from, handle)
		x2, y2 := at(from+step, -handle)
		x3, y3 := at(from+step, 0)
		c.doc.CurveBezierCubicTo(x1, y1, x2, y2, x3, y3)
	}
}

// FillString implements vg.Canvas.
func (c *pdf) FillString(f fonts.Face, at vg.Point, s string) {
	name := f.Name()
	if !c.fonts[name] {
		var b bytes.Buffer
		if _, err := f.Face.WriteSourceTo(nil, &b); err != nil {
			c.doc.SetError(fmt.Errorf("font %s: %w", name, err))
			return
		}
		c.doc.AddUTF8FontFromBytes(tagged+name, "", b.Bytes())
		c.fonts[name] = true
	}
	io.WriteString(c.text, name+s)
	c.doc.SetFont(tagged+name, "", f.Font.Size.Points())
	x, y := c.point(at)
	c.doc.Text(x, y, strings.Map(basic, s))
}

// basic is r, or a mark in its place where fpdf fails over it: beyond the basic plane, where the fonts have no letters.
func basic(r rune) rune {
	if r > 0xffff {
		return '\ufffd'
	}
	return r
}

// DrawImage implements vg.Canvas.
func (c *pdf) DrawImage(r vg.Rectangle, m image.Image) {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		c.doc.SetError(err)
		return
	}
	c.images++
	name, options := fmt.Sprint(c.images), fpdf.ImageOptions{ImageType: "png"}
	c.doc.RegisterImageOptionsReader(name, options, &b)
	x, y := c.point(vg.Point{X: r.Min.X, Y: r.Max.Y})
	c.doc.ImageOptions(name, x, y, r.Size().X.Points(), r.Size().Y.Points(), false, options, 0, "")
}

// WriteTo writes the file; nothing can be drawn after it.
func (c *pdf) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	if err := c.doc.Output(&b); err != nil {
		return 0, err
	}
	data := b.Bytes()
	for name := range c.fonts {
		data = bytes.ReplaceAll(data, []byte("/utf8"+strings.ToLower(tagged+name)), []byte("/"+c.tag()+"+"+name))
	}
	n, err := w.Write(data)
	return int64(n), err
}

// tagged begins the names of fonts. fpdf puts utf8 before them: six letters and a plus, as before the name of a subset.
const tagged = "xx+"

// tag are the six letters before the names of the fonts of this file, of which it has some letters only.
func (c *pdf) tag() string {
	letters, sum := make([]byte, 6), c.text.Sum32()
	for i := range letters {
		letters[i] = 'A' + byte(sum%26)
		sum /= 26
	}
	return string(letters)
}
