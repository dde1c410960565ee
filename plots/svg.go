package plots

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	fonts "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svg is a canvas of gonum/plot 0.17 on which text is drawn as outlines, so that it looks the same where the fonts are
// missing. The outline of a letter is written once, and used wherever it stands; the text of a line is its label.
type svg struct {
	vg.CanvasWriterTo
	lines []svgLine
}

// svgLine is a line of text.
type svgLine struct {
	face fonts.Face
	text string
}

// FillString implements vg.Canvas.
func (c *svg) FillString(f fonts.Face, at vg.Point, s string) {
	c.lines = append(c.lines, svgLine{f, s})
	c.CanvasWriterTo.FillString(f, at, s)
}

// svgText is a line as the canvas of gonum/plot writes it: its place, its colour where it is not black, its text.
var svgText = regexp.MustCompile(`<text x="([^"]*)" y="([^"]*)" transform="scale\(1, -1\)"\s*style="[^"]*?` +
	`(?:fill:(#[0-9A-Fa-f]+)[^"]*)?">([^<]*)</text>`)

// WriteTo implements io.WriterTo.
func (c *svg) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	if _, err := c.CanvasWriterTo.WriteTo(&b); err != nil {
		return 0, err
	}
	defined, k := map[string]bool{}, 0
	var outlines strings.Builder
	body := svgText.ReplaceAllStringFunc(b.String(), func(text string) string {
		at := svgText.FindStringSubmatch(text)
		line := c.lines[k]
		k++
		letters, ok := line.letters(defined, &outlines)
		if !ok {
			return text
		}
		fill := ""
		if at[3] != "" {
			fill = ` fill="` + at[3] + `"`
		}
		scale := line.face.Font.Size.Points() / float64(line.face.Face.UnitsPerEm())
		return fmt.Sprintf(`<g transform="scale(1,-1) translate(%s,%s) scale(%.5g)"%s aria-label="%s">%s</g>`, at[1], at[2],
			scale, fill, at[4], letters)
	})
	if k != len(c.lines) {
		return 0, fmt.Errorf("%d of %d lines of text found in the SVG", k, len(c.lines))
	}
	if head, rest, found := strings.Cut(body, "<g "); found && outlines.Len() > 0 { // inside the first group
		first, more, _ := strings.Cut(rest, ">")
		body = head + "<g " + first + ">\n<defs>" + outlines.String() + "</defs>" + more
	}
	n, err := io.WriteString(w, body)
	return int64(n), err
}

// letters places the outlines of a line, in units of the font, and adds those that are not defined. ok is false if the
// font lacks a letter.
func (l svgLine) letters(defined map[string]bool, outlines *strings.Builder) (text string, ok bool) {
	var b sfnt.Buffer
	var out strings.Builder
	units := fixed.I(int(l.face.Face.UnitsPerEm()))
	x := fixed.Int26_6(0)
	for _, r := range l.text {
		glyph, err := l.face.Face.GlyphIndex(&b, r)
		if err != nil || glyph == 0 {
			return "", false
		}
		segments, err := l.face.Face.LoadGlyph(&b, glyph, units, nil)
		if err != nil {
			return "", false
		}
		if len(segments) > 0 {
			name := fmt.Sprintf("%s%d", l.face.Font.Variant, glyph) // the same in every figure of a page
			if !defined[name] {
				defined[name] = true
				fmt.Fprintf(outlines, `<path id="%s" d="%s"/>`, name, svgPath(segments))
			}
			fmt.Fprintf(&out, `<use xlink:href="#%s" x="%d"/>`, name, x.Round())
		}
		advance, err := l.face.Face.GlyphAdvance(&b, glyph, units, font.HintingNone)
		if err != nil {
			return "", false
		}
		x += advance
	}
	return out.String(), true
}

// svgPath writes an outline.
func svgPath(segments sfnt.Segments) string {
	var d strings.Builder
	for i, s := range segments {
		points := 1
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				d.WriteByte('Z')
			}
			d.WriteByte('M')
		case sfnt.SegmentOpLineTo:
			d.WriteByte('L')
		case sfnt.SegmentOpQuadTo:
			d.WriteByte('Q')
			points = 2
		case sfnt.SegmentOpCubeTo:
			d.WriteByte('C')
			points = 3
		}
		for k, p := range s.Args[:points] {
			if k > 0 {
				d.WriteByte(' ')
			}
			fmt.Fprintf(&d, "%d %d", p.X.Round(), p.Y.Round())
		}
	}
	return d.String() + "Z"
}
