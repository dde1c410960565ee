// Package plotstest checks that a person can read a figure: letters large enough, inside the canvas, clear of each
// other and of what is drawn.
package plotstest

import (
	"fmt"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	fonts "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"

	"rwe301/plots"
)

// smallest is the least size of letters in points, and near is how close letters of two texts may come.
const smallest, near = 6, 0.3

// Problems lists what keeps a figure of some width from being read; nothing where all is well.
func Problems(f plots.Figure, width vg.Length, s plots.Style) (found []string) {
	height := f.Height(width, s)
	p := record(f, width, height, s)
	for i, t := range p.texts {
		if t.size < smallest-1e-9 {
			found = append(found, fmt.Sprintf("%q is set in %.1f points", t.text, t.size))
		}
		for _, c := range t.ink {
			if c.X < 0 || c.Y < 0 || c.X > width || c.Y > height {
				found = append(found, fmt.Sprintf("%q leaves the canvas of %.0f by %.0f: %.0f, %.0f", t.text, width, height,
					c.X, c.Y))
				break
			}
		}
		for _, o := range p.texts[:i] {
			if t.ink.overlaps(o.ink) {
				found = append(found, fmt.Sprintf("%q is written over %q at %.0f, %.0f", t.text, o.text, t.ink[0].X, t.ink[0].Y))
			}
		}
		if m := p.over(t); m != nil {
			found = append(found, fmt.Sprintf("%q at %.0f, %.0f touches a %s at %.0f, %.0f", t.text, t.ink[0].X, t.ink[0].Y,
				m.what, m.path[0].X, m.path[0].Y))
		}
	}
	for _, m := range p.marks {
		for _, c := range m.path {
			if c.X < -0.5 || c.Y < -0.5 || c.X > width+0.5 || c.Y > height+0.5 {
				found = append(found, fmt.Sprintf("a %s leaves the canvas: %.0f, %.0f", m.what, c.X, c.Y))
				break
			}
		}
	}
	return found
}

// Marks counts the signs of points that a figure of some width draws, those of its legend too.
func Marks(f plots.Figure, width vg.Length, s plots.Style) (n int) {
	for _, m := range record(f, width, f.Height(width, s), s).marks {
		if m.what == "line" && m.width < 0.5 {
			continue // thinner than signs are: it leads to a name
		}
		if w, h := m.size(); w > 1 && h > 1 && w <= 7 && h <= 7 {
			n++
		}
	}
	return n
}

// picture is what was drawn, in order.
type picture struct {
	texts []written
	marks []mark
}

// written is a line of text: the quadrilateral around its ink.
type written struct {
	text  string
	size  vg.Length
	ink   polygon
	after int // how many marks were drawn before
}

// mark is something drawn: a filled polygon, or a line.
type mark struct {
	what  string
	path  polygon
	width vg.Length // of a line
	white bool
}

type polygon []vg.Point

// over is the mark that a text touches. What lies below a surface that the whole text stands on is hidden.
func (p picture) over(t written) *mark {
	first := 0
	for k, m := range p.marks[:t.after] {
		if m.what == "surface" && m.path.holds(t.ink) {
			first = k + 1
		}
	}
	for k := first; k < len(p.marks); k++ {
		m := &p.marks[k]
		if m.white && k < t.after {
			continue // white on white
		}
		if m.what == "surface" && m.path.overlaps(t.ink) || m.what == "line" && m.path.passes(t.ink, m.width/2) {
			return m
		}
	}
	return nil
}

func (m mark) size() (w, h vg.Length) {
	low, high := m.path.bounds()
	return high.X - low.X, high.Y - low.Y
}

func (p polygon) bounds() (low, high vg.Point) {
	low, high = p[0], p[0]
	for _, c := range p {
		low = vg.Point{X: min(low.X, c.X), Y: min(low.Y, c.Y)}
		high = vg.Point{X: max(high.X, c.X), Y: max(high.Y, c.Y)}
	}
	return low, high
}

// apart says whether the bounds of two polygons are.
func (p polygon) apart(o polygon, by vg.Length) bool {
	a, b := p.bounds()
	c, d := o.bounds()
	return b.X+by <= c.X || d.X+by <= a.X || b.Y+by <= c.Y || d.Y+by <= a.Y
}

// contains says whether a point lies inside.
func (p polygon) contains(at vg.Point) (in bool) {
	for i, a := range p {
		b := p[(i+1)%len(p)]
		if (a.Y > at.Y) != (b.Y > at.Y) && at.X < (b.X-a.X)*(at.Y-a.Y)/(b.Y-a.Y)+a.X {
			in = !in
		}
	}
	return in
}

// holds says whether all corners of another polygon lie inside.
func (p polygon) holds(o polygon) bool {
	for _, c := range o {
		if !p.contains(c) {
			return false
		}
	}
	return true
}

// overlaps says whether two polygons share more than their edges.
func (p polygon) overlaps(o polygon) bool {
	if p.apart(o, -near) {
		return false
	}
	centre := func(q polygon) vg.Point { a, b := q.bounds(); return a.Add(b).Scale(0.5) }
	return p.contains(centre(o)) || o.contains(centre(p)) || append(p, p[0]).passes(o, -near)
}

// passes says whether a line of some half width crosses another polygon.
func (p polygon) passes(o polygon, half vg.Length) bool {
	low, high := o.bounds()
	low, high = low.Sub(vg.Point{X: half, Y: half}), high.Add(vg.Point{X: half, Y: half})
	for i := 1; i < len(p); i++ { // Liang and Barsky, at the bounds: text stands upright or lies on its side
		from, to := 0.0, 1.0
		inside := true
		for _, e := range [][2]vg.Length{{p[i-1].X - p[i].X, p[i-1].X - low.X}, {p[i].X - p[i-1].X, high.X - p[i-1].X},
			{p[i-1].Y - p[i].Y, p[i-1].Y - low.Y}, {p[i].Y - p[i-1].Y, high.Y - p[i-1].Y}} {
			switch {
			case e[0] == 0 && e[1] <= 0:
				inside = false
			case e[0] < 0:
				from = max(from, float64(e[1]/e[0]))
			case e[0] > 0:
				to = min(to, float64(e[1]/e[0]))
			}
		}
		if inside && from < to {
			return true
		}
	}
	return false
}

// record draws a figure and keeps what it draws.
func record(f plots.Figure, width, height vg.Length, s plots.Style) (p picture) {
	var c recorder.Canvas
	f.Draw(draw.NewCanvas(&c, width, height), s)
	type state struct {
		matrix [6]vg.Length
		width  vg.Length
		white  bool
	}
	stack := []state{{matrix: [6]vg.Length{1, 0, 0, 1, 0, 0}, width: 1}}
	cache := fonts.NewCache(liberation.Collection())
	for _, a := range c.Actions {
		now := &stack[len(stack)-1]
		apply := func(b [6]vg.Length) {
			m := now.matrix
			now.matrix = [6]vg.Length{m[0]*b[0] + m[2]*b[1], m[1]*b[0] + m[3]*b[1], m[0]*b[2] + m[2]*b[3],
				m[1]*b[2] + m[3]*b[3], m[0]*b[4] + m[2]*b[5] + m[4], m[1]*b[4] + m[3]*b[5] + m[5]}
		}
		at := func(q vg.Point) vg.Point {
			m := now.matrix
			return vg.Point{X: m[0]*q.X + m[2]*q.Y + m[4], Y: m[1]*q.X + m[3]*q.Y + m[5]}
		}
		switch a := a.(type) {
		case *recorder.Push:
			stack = append(stack, *now)
		case *recorder.Pop:
			stack = stack[:len(stack)-1]
		case *recorder.Translate:
			apply([6]vg.Length{1, 0, 0, 1, a.Point.X, a.Point.Y})
		case *recorder.Scale:
			apply([6]vg.Length{vg.Length(a.X), 0, 0, vg.Length(a.Y), 0, 0})
		case *recorder.Rotate:
			sin, cos := math.Sincos(a.Angle)
			apply([6]vg.Length{vg.Length(cos), vg.Length(sin), -vg.Length(sin), vg.Length(cos), 0, 0})
		case *recorder.SetLineWidth:
			now.width = a.Width
		case *recorder.SetColor:
			r, g, b, alpha := a.Color.RGBA()
			now.white = min(r, g, b) == 0xffff || alpha == 0
		case *recorder.Stroke:
			if now.width > 0 && !now.white {
				for _, line := range flat(a.Path, at) {
					p.marks = append(p.marks, mark{"line", line, now.width, now.white})
				}
			}
		case *recorder.Fill:
			for _, line := range flat(a.Path, at) {
				p.marks = append(p.marks, mark{"surface", line, 0, now.white})
			}
		case *recorder.FillString:
			if ink := inkOf(cache.Lookup(a.Font, a.Size), a.String, a.Point); ink != nil {
				for i := range ink {
					ink[i] = at(ink[i])
				}
				p.texts = append(p.texts, written{a.String, a.Size, ink, len(p.marks)})
			}
		}
	}
	return p
}

// flat are the lines of a path, its curves as short straight ones.
func flat(path vg.Path, at func(vg.Point) vg.Point) (out []polygon) {
	var pen vg.Point
	add := func(q vg.Point) {
		if len(out) == 0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], at(q))
		pen = q
	}
	for _, c := range path {
		switch c.Type {
		case vg.MoveComp:
			out = append(out, nil)
			add(c.Pos)
		case vg.LineComp:
			add(c.Pos)
		case vg.ArcComp:
			for k := range 17 {
				sin, cos := math.Sincos(c.Start + c.Angle*float64(k)/16)
				add(c.Pos.Add(vg.Point{X: c.Radius * vg.Length(cos), Y: c.Radius * vg.Length(sin)}))
			}
		case vg.CurveComp:
			from, control := pen, append([]vg.Point{pen}, c.Control...)
			if len(c.Control) == 1 {
				control = append(control, c.Control[0])
			}
			for k := 1; k <= 12; k++ {
				t := vg.Length(k) / 12
				u := 1 - t
				if len(c.Control) == 1 {
					add(from.Scale(u * u).Add(control[1].Scale(2 * u * t)).Add(c.Pos.Scale(t * t)))
				} else {
					add(from.Scale(u * u * u).Add(control[1].Scale(3 * u * u * t)).Add(control[2].Scale(3 * u * t * t)).
						Add(c.Pos.Scale(t * t * t)))
				}
			}
		case vg.CloseComp:
			if len(out) > 0 && len(out[len(out)-1]) > 0 {
				out[len(out)-1] = append(out[len(out)-1], out[len(out)-1][0])
			}
		}
	}
	var kept []polygon
	for _, line := range out {
		if len(line) > 0 {
			kept = append(kept, line)
		}
	}
	return kept
}

// inkOf is the box around the ink of a text whose baseline begins at a point; nil where there is none.
func inkOf(f fonts.Face, s string, at vg.Point) polygon {
	var b sfnt.Buffer
	units := fixed.I(int(f.Face.UnitsPerEm()))
	scale := f.Font.Size / vg.Length(units)
	low, high := vg.Point{X: vg.Inch * 1e6, Y: vg.Inch * 1e6}, vg.Point{X: -vg.Inch * 1e6, Y: -vg.Inch * 1e6}
	pen := at.X
	for _, r := range s {
		glyph, err := f.Face.GlyphIndex(&b, r)
		if err != nil {
			continue
		}
		box, advance, err := f.Face.GlyphBounds(&b, glyph, units, font.HintingNone)
		if err != nil {
			continue
		}
		if box.Max.X > box.Min.X {
			low.X, high.X = min(low.X, pen+scale*vg.Length(box.Min.X)), max(high.X, pen+scale*vg.Length(box.Max.X))
			low.Y, high.Y = min(low.Y, at.Y-scale*vg.Length(box.Max.Y)), max(high.Y, at.Y-scale*vg.Length(box.Min.Y))
		}
		pen += scale * vg.Length(advance)
	}
	if low.X > high.X {
		return nil
	}
	return polygon{low, {X: high.X, Y: low.Y}, high, {X: low.X, Y: high.Y}}
}
