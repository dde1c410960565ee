package reports

import (
	"bytes"
	"cmp"
	"context"
	_ "embed" // style and script are part of the binary
	"errors"
	"html/template"
	"io"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"

	"rwe301/internal/atomicfile"
	"rwe301/plots"
)

// Document is a report that stands alone: one HTML file with figures, sortable tables and scatter plots whose points
// say what they are. It needs no network, and shows all but the sorting and the hovering without scripts.
type Document struct {
	Title    string
	Lead     string // what the page reports, a sentence
	Facts    []Fact
	Sections []Section
	Items    []Item // what the points of scatter plots stand for
	Made     string // what made the page, its last line
	Progress Progress
	Look     *Look // of figures; nil for the default
}

// Fact is a name with its value.
type Fact struct{ Name, Value string }

// Section is a part of a Document: text, then scatter plots, figures and tables, whatever there is of them.
type Section struct {
	Name     string // of the link to it
	Title    string
	Text     string
	Clouds   []Cloud
	Drawings []Drawing
	Tables   []Table
	Verbatim string
	Failed   []*Undrawn // what would stand here too
}

// Empty says whether the section shows nothing.
func (s Section) Empty() bool {
	for _, t := range s.Tables {
		if len(t.Rows) > 0 {
			return false
		}
	}
	return len(s.Clouds)+len(s.Drawings)+len(s.Failed) == 0 && s.Verbatim == ""
}

// Drawing is a figure with its caption on the page.
type Drawing struct {
	Caption string
	Figure
}

// wide is the width of the figure: that of the style, or its own.
func (f Figure) wide(s *Look) vg.Length { return cmp.Or(s.width(), f.Width) }

// svg is the figure as an svg element.
func (d Drawing) svg(s *Look) (template.HTML, error) {
	var b bytes.Buffer
	if err := plots.Write(&b, d.Figure.Figure, d.wide(s), s.style(), "svg"); err != nil {
		return "", err
	}
	at := bytes.Index(b.Bytes(), []byte("<svg"))
	if at < 0 {
		return "", errors.New("no svg element in the drawing")
	}
	return template.HTML(b.Bytes()[at:]), nil // gonum/plot escapes the texts of a figure
}

// Item is what a point stands for.
type Item struct {
	Name  string      `json:"name"`
	Text  string      `json:"text"` // in full, e.g. a genotype
	Facts [][2]string `json:"facts"`
}

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageCSS string

//go:embed page/page.js
var pageJS string

var page = template.Must(template.New("page").Parse(pageHTML))

// Save writes the document as an HTML file. What could not be made is named in its place on the page, and is the error,
// an Undrawn each; the file is written all the same.
func (d Document) Save(ctx context.Context, path string) error {
	view, err := d.view(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := atomicfile.Write(path, func(w io.Writer) error { return page.Execute(w, view) }); err != nil {
		return err
	}
	return errors.Join(err, tidy(filepath.Dir(path), nil, saved([]string{path})))
}

// Write prints the document as Save does.
func (d Document) Write(w io.Writer) error {
	view, err := d.view(context.Background())
	return errors.Join(err, page.Execute(w, view))
}

// view draws what there is to draw, and lists what could not be.
func (d Document) view(ctx context.Context) (pageView, error) {
	view := pageView{Document: d, CSS: template.CSS(pageCSS), JS: template.JS(pageJS), Items: make([]*Item, len(d.Items))}
	total, done := 0, 0
	for _, s := range d.Sections {
		total += len(s.Drawings) + len(s.Tables)
	}
	var failed []error
	for _, s := range d.Sections {
		if s.Empty() {
			continue
		}
		v := sectionView{Section: s}
		for _, c := range s.Clouds {
			cloud := c.view(d.Items)
			for _, dot := range cloud.Dots {
				view.Items[dot.Item] = &d.Items[dot.Item]
			}
			v.Clouds = append(v.Clouds, cloud)
		}
		for _, f := range s.Drawings {
			part := "figure " + f.Name
			d.Progress.tell(done, total, part)
			done++
			svg, err := attempt(ctx, part, func() (template.HTML, error) { return f.svg(d.Look) })
			if ctx.Err() != nil {
				return view, ctx.Err()
			}
			if err != nil {
				v.Failed = append(v.Failed, failures(err)...)
				continue
			}
			wide := f.wide(d.Look).Points()
			v.Drawings = append(v.Drawings, drawingView{f.Caption, svg, int(1.8 * wide), int(1.2 * wide)})
		}
		for _, t := range s.Tables {
			done++
			if len(t.Rows) == 0 {
				continue
			}
			html, err := attempt(ctx, "table "+t.Title, func() (template.HTML, error) {
				var b strings.Builder
				err := t.Write(&b, HTML)
				return template.HTML(b.String()), err // cells were escaped
			})
			if ctx.Err() != nil {
				return view, ctx.Err()
			}
			if err != nil {
				v.Failed = append(v.Failed, failures(err)...)
				continue
			}
			v.Tables = append(v.Tables, html)
		}
		for _, u := range v.Failed {
			failed = append(failed, u)
		}
		view.Sections = append(view.Sections, v)
	}
	return view, errors.Join(failed...)
}

// pageView is a Document with its parts as HTML.
type pageView struct {
	Document
	CSS      template.CSS
	JS       template.JS
	Sections []sectionView
	Items    []*Item // of points that are drawn, the others nil
}

type sectionView struct {
	Section
	Clouds   []cloudView
	Drawings []drawingView
	Tables   []template.HTML
}

type drawingView struct {
	Caption string
	SVG     template.HTML
	Pixels  int // width where there is room
	Least   int // width where there is not: it scrolls
}
