package reports

import (
	"bytes"
	_ "embed" // style and script are part of the binary
	"errors"
	"fmt"
	"html/template"
	"io"

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
}

// Empty says whether the section shows nothing.
func (s Section) Empty() bool {
	for _, t := range s.Tables {
		if len(t.Rows) > 0 {
			return false
		}
	}
	return len(s.Clouds)+len(s.Drawings) == 0 && s.Verbatim == ""
}

// Drawing is a figure with its caption on the page.
type Drawing struct {
	Caption string
	Figure
}

// svg is the figure as an svg element.
func (d Drawing) svg() (template.HTML, error) {
	var b bytes.Buffer
	if err := plots.Write(&b, d.Figure.Figure, d.Width, d.Height, "svg"); err != nil {
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

// Write prints the document as HTML.
func (d Document) Write(w io.Writer) error {
	view := pageView{Document: d, CSS: template.CSS(pageCSS), JS: template.JS(pageJS)}
	for _, s := range d.Sections {
		if s.Empty() {
			continue
		}
		v := sectionView{Section: s}
		for _, c := range s.Clouds {
			v.Clouds = append(v.Clouds, c.view())
		}
		for _, f := range s.Drawings {
			svg, err := f.svg()
			if err != nil {
				return fmt.Errorf("%s: %w", f.Caption, err)
			}
			v.Drawings = append(v.Drawings, drawingView{f.Caption, svg, int(1.4 * f.Width.Points())})
		}
		for _, t := range s.Tables {
			if len(t.Rows) == 0 {
				continue
			}
			var b bytes.Buffer
			if err := t.Write(&b, HTML); err != nil {
				return fmt.Errorf("%s: %w", t.Title, err)
			}
			v.Tables = append(v.Tables, template.HTML(b.String())) // cells were escaped
		}
		view.Sections = append(view.Sections, v)
	}
	return page.Execute(w, view)
}

// pageView is a Document with its parts as HTML.
type pageView struct {
	Document
	CSS      template.CSS
	JS       template.JS
	Sections []sectionView
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
}
