package reports

import (
	"bytes"
	_ "embed" // style and script are part of the binary
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"

	"rwe301/plots"
)

// Document is a report in one HTML file: nothing in it refers to anything outside.
type Document struct {
	Title    string
	Lead     []string // paragraphs below the title
	Sections []Section
}

// Section is a part of a Document. Text, table, clouds and figures come in this order; each may be absent.
type Section struct {
	Title   string
	Text    []string
	Table   *Table
	Clouds  []Cloud
	Figures []Drawn
	Listing string // plain text in fixed width
}

// Drawn is a figure at a size.
type Drawn struct {
	Caption string
	plots.Figure
	Width, Height vg.Length
}

// Cloud is a scatter plot whose points tell what they are when the pointer is on them.
type Cloud struct {
	Title  string   `json:"-"`
	XLabel string   `json:"-"`
	YLabel string   `json:"-"`
	IDs    []string `json:"id"`
	Texts  []string `json:"text"` // what the point stands for, e.g. the genotype
	X      []float64
	Y      []float64
}

var (
	//go:embed document.html
	documentHTML string
	//go:embed document.css
	documentCSS string
	//go:embed document.js
	documentJS string

	documentTemplate = template.Must(template.New("document").Funcs(template.FuncMap{
		"css": func() template.CSS { return template.CSS(documentCSS) },
		"js":  func() template.JS { return template.JS(documentJS) },
	}).Parse(documentHTML))
)

// maxCloud is the number of points of a cloud that a browser moves through without trouble.
const maxCloud = 2000

// Write writes the document.
func (d Document) Write(w io.Writer) error {
	type section struct {
		ID     string
		Title  string
		Text   []string
		Table  template.HTML
		Clouds []cloudView
		Drawn  []drawnView
		List   string
	}
	view := struct {
		Title    string
		Lead     []string
		Sections []section
	}{d.Title, d.Lead, nil}
	for i, s := range d.Sections {
		v := section{ID: "s" + strconv.Itoa(i+1), Title: s.Title, Text: s.Text, List: s.Listing}
		if s.Table != nil {
			var b strings.Builder
			if err := s.Table.Write(&b, HTML); err != nil {
				return err
			}
			v.Table = template.HTML(b.String()) // cells were escaped
		}
		for _, c := range s.Clouds {
			v.Clouds = append(v.Clouds, c.view())
		}
		for _, f := range s.Figures {
			svg, err := inline(f)
			if err != nil {
				return fmt.Errorf("figure %s: %w", f.Caption, err)
			}
			v.Drawn = append(v.Drawn, drawnView{f.Caption, svg})
		}
		view.Sections = append(view.Sections, v)
	}
	return documentTemplate.Execute(w, view)
}

type drawnView struct {
	Caption string
	SVG     template.HTML
}

// inline draws a figure as an SVG element.
func inline(f Drawn) (template.HTML, error) {
	var b bytes.Buffer
	if err := plots.Write(&b, f.Figure, f.Width, f.Height, "svg"); err != nil {
		return "", err
	}
	svg := b.String()
	at := strings.Index(svg, "<svg")
	if at < 0 {
		return "", fmt.Errorf("no svg element in the drawing")
	}
	return template.HTML(svg[at:]), nil // gonum/plot escapes the texts of a figure
}

// The size of a cloud in pixels, and the room for its axes.
const (
	cloudWidth, cloudHeight                      = 340.0, 250.0
	cloudLeft, cloudRight, cloudTop, cloudBottom = 52.0, 10.0, 10.0, 40.0
)

type cloudView struct {
	Title, XLabel, YLabel string
	Shown, All            int
	Width, Height         float64
	Left, Right, Bottom   float64 // the frame
	MiddleX, MiddleY      float64
	XTicks, YTicks        []cloudTick
	Points                []cloudPoint
	Data                  template.JS
}

type cloudTick struct {
	At    float64
	Label string
}

type cloudPoint struct{ X, Y float64 }

// view places the points, at most maxCloud of them, evenly chosen.
func (c Cloud) view() cloudView {
	v := cloudView{
		Title: c.Title, XLabel: c.XLabel, YLabel: c.YLabel, All: len(c.X), Width: cloudWidth, Height: cloudHeight,
		Left: cloudLeft, Right: cloudWidth - cloudRight, Bottom: cloudHeight - cloudBottom,
		MiddleX: (cloudLeft + cloudWidth - cloudRight) / 2, MiddleY: (cloudTop + cloudHeight - cloudBottom) / 2,
	}
	shown := c
	if len(c.X) > maxCloud {
		shown.IDs, shown.Texts, shown.X, shown.Y = nil, nil, nil, nil
		for k := range maxCloud {
			i := k * len(c.X) / maxCloud
			shown.IDs, shown.Texts = append(shown.IDs, c.IDs[i]), append(shown.Texts, c.Texts[i])
			shown.X, shown.Y = append(shown.X, c.X[i]), append(shown.Y, c.Y[i])
		}
	}
	v.Shown = len(shown.X)
	data, err := json.Marshal(shown)
	if err != nil {
		data = []byte("null") // NaN and infinities, which have no place on a plot either
	}
	v.Data = template.JS(data) // encoding/json escapes <, > and &
	x, y := newSpan(shown.X, v.Left, v.Right), newSpan(shown.Y, v.Bottom, cloudTop)
	for i := range shown.X {
		v.Points = append(v.Points, cloudPoint{x.at(shown.X[i]), y.at(shown.Y[i])})
	}
	v.XTicks, v.YTicks = x.ticks(), y.ticks()
	return v
}

// span maps values to pixels.
type span struct{ low, high, from, to float64 }

func newSpan(values []float64, from, to float64) span {
	s := span{math.Inf(1), math.Inf(-1), from, to}
	for _, v := range values {
		s.low, s.high = min(s.low, v), max(s.high, v)
	}
	if !(s.high > s.low) {
		s.low, s.high = s.low-1, s.low+1
	}
	air := 0.03 * (s.high - s.low)
	s.low, s.high = s.low-air, s.high+air
	return s
}

func (s span) at(v float64) float64 {
	return math.Round(10*(s.from+(v-s.low)/(s.high-s.low)*(s.to-s.from))) / 10
}

func (s span) ticks() []cloudTick {
	var out []cloudTick
	for _, t := range plots.Ticks(4, s.low, s.high) {
		out = append(out, cloudTick{s.at(t.Value), t.Label})
	}
	return out
}
