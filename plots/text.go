package plots

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	fonts "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// outlined is the PostScript canvas of gonum/plot 0.17, with text beyond PostScript's letters of ASCII as outlines.
type outlined struct{ vg.CanvasWriterTo }

// FillString implements vg.Canvas.
func (o outlined) FillString(f fonts.Face, at vg.Point, s string) {
	if encoded, ok := postScript(s); ok {
		o.CanvasWriterTo.FillString(f, at, encoded)
		return
	}
	if p, ok := outline(f, at, s); ok {
		o.Fill(p)
		return
	}
	o.CanvasWriterTo.FillString(f, at, s)
}

// postScript escapes a string of PostScript, whose standard encoding agrees with ASCII but for two quotes.
func postScript(s string) (string, bool) {
	for _, r := range s {
		if r < ' ' || r > '~' || r == '\'' || r == '`' {
			return "", false
		}
	}
	return strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(s), true
}

// latex is a canvas whose file is \input, and as wide and high as its figure. It is given text as LaTeX, a line at a
// time: LaTeX sets it in the font of the paper.
type latex struct {
	vg.CanvasWriterTo
	w, h vg.Length
}

// FillString implements vg.Canvas.
func (l latex) FillString(f fonts.Face, at vg.Point, s string) { l.setLine(f, at, s, text.XLeft) }

// setLine implements lineSetter. The canvas of gonum/plot centres what it is given, by the width of its code.
func (l latex) setLine(f fonts.Face, at vg.Point, s string, align text.XAlignment) {
	code := texEscaper.Replace(strings.Map(texRune, s))
	switch align {
	case text.XLeft:
		code = `\rlap{` + code + "}"
	case text.XRight:
		code = `\llap{` + code + "}"
	}
	at.X -= f.Width(code) / 2
	l.CanvasWriterTo.FillString(f, at, code)
}

// texRune is r, or a question mark where LaTeX has no letter for it without further packages.
func texRune(r rune) rune {
	if r < 0x180 || strings.ContainsRune("τρ−…±≤≥×‘’“”–—"+lower+raise, r) {
		return r
	}
	return '?'
}

var texLength = regexp.MustCompile(`(-?[0-9.]+(?:e[-+][0-9]+)?)pt\}`)

// WriteTo implements io.WriterTo. Lengths are PostScript's points, 72 an inch, which TeX calls bp.
func (l latex) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	if _, err := l.CanvasWriterTo.WriteTo(&b); err != nil {
		return 0, err
	}
	_, body, _ := strings.Cut(b.String(), `\begin{pgfpicture}`)
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		place, letters := line, ""
		if at := strings.Index(line, `]{{\fontsize`); at > 0 {
			place, letters = line[:at], line[at:]
		}
		lines[i] = strings.TrimSpace(inBigPoints(place) + letters)
	}
	text := fmt.Sprintf("%% \\usepackage{pgf}, then \\input this file: %.2f by %.2f inches\n\\begin{pgfpicture}%%\n"+
		"\\pgfpathrectangle{\\pgfpointorigin}{\\pgfpoint{%.3fbp}{%.3fbp}}\\pgfusepath{use as bounding box}%%\n",
		l.w/vg.Inch, l.h/vg.Inch, l.w, l.h) + strings.TrimSpace(strings.Join(lines, "\n")) + "%\n"
	n, err := io.WriteString(w, text)
	return int64(n), err
}

// inBigPoints writes lengths in bp, with as many digits as can be seen.
func inBigPoints(line string) string {
	return texLength.ReplaceAllStringFunc(line, func(s string) string {
		v, err := strconv.ParseFloat(strings.TrimSuffix(s, "pt}"), 64)
		if err != nil {
			return s
		}
		return strconv.FormatFloat(math.Round(v*1000)/1000+0, 'f', -1, 64) + "bp}"
	})
}

var texEscaper = strings.NewReplacer(
	Tau, `$\tau_b$`, Rho, `$\rho_s$`, lower, `\textsubscript{`, raise, "}",
	`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`, "{", `\{`, "}", `\}`,
	"~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "<", `\textless{}`, ">", `\textgreater{}`,
	"τ", `$\tau$`, "ρ", `$\rho$`, "−", `$-$`, "…", `\ldots{}`, "±", `$\pm$`, "≤", `$\leq$`, "≥", `$\geq$`, "×", `$\times$`,
)

// outline is the path of a line of text from its left end on the baseline. ok is false if the font lacks a letter.
func outline(f fonts.Face, at vg.Point, s string) (path vg.Path, ok bool) {
	var b sfnt.Buffer
	units := fixed.I(int(f.Face.UnitsPerEm()))
	scale := f.Font.Size / vg.Length(units)
	for _, r := range s {
		glyph, err := f.Face.GlyphIndex(&b, r)
		if err != nil || glyph == 0 {
			return nil, false
		}
		segments, err := f.Face.LoadGlyph(&b, glyph, units, nil)
		if err != nil {
			return nil, false
		}
		point := func(p fixed.Point26_6) vg.Point {
			return vg.Point{X: at.X + scale*vg.Length(p.X), Y: at.Y - scale*vg.Length(p.Y)}
		}
		var pen vg.Point
		for i, seg := range segments {
			end := point(seg.Args[0])
			switch seg.Op {
			case sfnt.SegmentOpMoveTo:
				if i > 0 {
					path.Close()
				}
				path.Move(end)
			case sfnt.SegmentOpLineTo:
				path.Line(end)
			case sfnt.SegmentOpQuadTo: // as a cubic curve, the only one that every format draws exactly
				control := point(seg.Args[0])
				end = point(seg.Args[1])
				path.CubeTo(toward(pen, control), toward(end, control), end)
			case sfnt.SegmentOpCubeTo:
				end = point(seg.Args[2])
				path.CubeTo(point(seg.Args[0]), point(seg.Args[1]), end)
			}
			pen = end
		}
		if len(segments) > 0 {
			path.Close()
		}
		advance, err := f.Face.GlyphAdvance(&b, glyph, units, font.HintingNone)
		if err != nil {
			return nil, false
		}
		at.X += scale * vg.Length(advance)
	}
	return path, true
}

// toward is two thirds of the way from a to b.
func toward(a, b vg.Point) vg.Point { return a.Add(b.Sub(a).Scale(2. / 3)) }
