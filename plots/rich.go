package plots

import (
	"math"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Marks around a subscript, from the private use area of Unicode.
const (
	lower, raise = "\ue000", "\ue001"

	// Tau and Rho are Kendall's tau-b and Spearman's rho as figures write them.
	Tau = "τ" + lower + "b" + raise
	Rho = "ρ" + lower + "s" + raise
)

// plainText is a text without the marks of subscripts: tau-b, as files of numbers write it.
func plainText(s string) string {
	return strings.NewReplacer(Tau, "tau-b", Rho, "rho", lower, "_", raise, "").Replace(s)
}

// richText is a text handler of gonum/plot that sets subscripts.
type richText struct {
	text.Plain
	tex bool // plans with the widths of a paper's font, which is not known: Computer Modern's, the widest of the usual
}

var marked = richText{Plain: text.Plain{Fonts: font.DefaultCache}}

// stretch is how much wider than here a text of some size may be set. Computer Modern is 1.28 times as wide as
// Liberation Serif at 7 points, and 1.37 times at 6, as its small letters are wider.
func (h richText) stretch(size vg.Length) vg.Length {
	if !h.tex {
		return 1
	}
	return 1.08 + max(0, 9-size)/10
}

// run is a part of a line in one size.
type run struct {
	text  string
	under bool
}

func runsOf(line string) (out []run) {
	line = strings.Map(shown, line)
	for line != "" {
		before, rest, found := strings.Cut(line, lower)
		if before != "" {
			out = append(out, run{before, false})
		}
		if !found {
			return out
		}
		under, after, _ := strings.Cut(rest, raise)
		out = append(out, run{under, true})
		line = after
	}
	return out
}

// shown is r, or a box in its place where the fonts have no letter for it, as they have none of Chinese.
func shown(r rune) rune {
	if r < 0x180 || strings.ContainsRune(lower+raise, r) {
		return r
	}
	face := font.DefaultCache.Lookup(font.Font{Typeface: "Liberation", Variant: "Serif", Size: 8}, 8).Face
	if glyph, err := face.GlyphIndex(nil, r); err != nil || glyph == 0 {
		return '□'
	}
	return r
}

// face is the font of a run, and how far below the line it stands.
func (h richText) face(r run, f font.Font) (font.Face, vg.Length) {
	drop := vg.Length(0)
	if r.under {
		drop = 0.15 * f.Size
		f.Size = max(smallest, 0.72*f.Size)
	}
	return h.Fonts.Lookup(f, f.Size), drop
}

// Box implements text.Handler.
func (h richText) Box(line string, f font.Font) (width, height, depth vg.Length) {
	_, height, depth = h.Plain.Box("", f)
	for _, r := range runsOf(line) {
		face, _ := h.face(r, f)
		width += face.Width(r.text)
	}
	return width * h.stretch(f.Size), height, depth
}

// narrow draws text that takes no width in a layout: gonum/plot looks for the middle of an axis where the mean of its
// ends lies, which on a logarithmic axis is far to the right.
type narrow struct{ richText }

// Box implements text.Handler.
func (h narrow) Box(line string, f font.Font) (width, height, depth vg.Length) {
	_, height, depth = h.richText.Box(line, f)
	return 0, height, depth
}

// Draw implements text.Handler. Canvases that set whole lines themselves, as LaTeX does, are given them with the marks.
func (h richText) Draw(c vg.Canvas, t string, s text.Style, at vg.Point) {
	c.SetColor(s.Color)
	if s.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(s.Rotation)
	}
	sin, cos := math.Sincos(s.Rotation)
	at.X, at.Y = at.Y*vg.Length(sin)+at.X*vg.Length(cos), at.Y*vg.Length(cos)-at.X*vg.Length(sin)
	lines := h.Lines(t)
	whole := h.Fonts.Lookup(s.Font, s.Font.Size)
	at.Y += s.Height(t)*vg.Length(s.YAlign) - whole.Extents().Ascent
	for i, line := range lines {
		width, _, _ := h.Box(line, s.Font)
		pen := at.Add(vg.Point{X: vg.Length(s.XAlign) * width, Y: vg.Length(len(lines)-i) * s.Font.Size})
		if w, ok := setter(c); ok {
			w.setLine(whole, vg.Point{X: pen.X - vg.Length(s.XAlign)*width, Y: pen.Y}, line, s.XAlign)
			continue
		}
		for _, r := range runsOf(line) {
			face, drop := h.face(r, s.Font)
			c.FillString(face, vg.Point{X: pen.X, Y: pen.Y - drop}, r.text)
			pen.X += face.Width(r.text)
		}
	}
}

// lineSetter is a canvas that sets a line with marked subscripts by itself, so that it begins, ends or has its middle
// at a point.
type lineSetter interface {
	setLine(f font.Face, at vg.Point, line string, align text.XAlignment)
}

// setter finds the canvas that all others are parts of.
func setter(c vg.Canvas) (lineSetter, bool) {
	for {
		switch v := c.(type) {
		case draw.Canvas:
			c = v.Canvas
		case *draw.Canvas:
			c = v.Canvas
		default:
			w, ok := c.(lineSetter)
			return w, ok
		}
	}
}
