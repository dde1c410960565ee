package plots

import (
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	fonts "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// outlined is a canvas of gonum/plot 0.17 on which text is drawn as outlines, so that it looks the same where the fonts
// are missing. Only text that the format writes by itself is text: PostScript's letters of ASCII.
type outlined struct {
	vg.CanvasWriterTo
	format string
}

// FillString implements vg.Canvas.
func (o outlined) FillString(f fonts.Face, at vg.Point, s string) {
	if encoded, ok := postScript(s); ok && o.format == "eps" {
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

// latex is a canvas that is given text as LaTeX, a line at a time: LaTeX sets it in the font of the paper.
type latex struct{ vg.CanvasWriterTo }

// FillString implements vg.Canvas.
func (l latex) FillString(f fonts.Face, at vg.Point, s string) { l.setLine(f, at, s, f.Width(s)) }

// setLine implements lineSetter. The canvas of gonum/plot centres what it is given, by the width of its code.
func (l latex) setLine(f fonts.Face, at vg.Point, s string, width vg.Length) {
	code := texEscaper.Replace(s)
	at.X += (width - f.Width(code)) / 2
	l.CanvasWriterTo.FillString(f, at, code)
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
