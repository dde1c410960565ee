package plots

import (
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	fonts "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// writer is a canvas of gonum/plot 0.17 that is given text as its format can write it. Text that the format has no
// letters for is drawn as outlines.
type writer struct {
	vg.CanvasWriterTo
	encode func(string) (encoded string, ok bool)
}

// FillString implements vg.Canvas.
func (w writer) FillString(f fonts.Face, at vg.Point, s string) {
	if encoded, ok := w.encode(s); ok {
		w.CanvasWriterTo.FillString(f, at, encoded)
		return
	}
	if p, ok := outline(f, at, s); ok {
		w.Fill(p)
		return
	}
	w.CanvasWriterTo.FillString(f, at, s)
}

// encoders say how the formats that need care write text.
var encoders = map[string]func(string) (string, bool){
	"eps": postScript,
	"tex": func(s string) (string, bool) { return texEscaper.Replace(s), true },
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

var texEscaper = strings.NewReplacer(
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
