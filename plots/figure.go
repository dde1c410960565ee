package plots

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgtex"

	"rwe301/internal/atomicfile"
)

// Widths of a figure in a two-column paper.
const (
	SingleColumn = 3.25 * vg.Inch
	DoubleColumn = 6.75 * vg.Inch
)

// pixelsPerInch makes PNG sharp at column width.
const pixelsPerInch = 220

// Formats are the file formats that Save can write.
func Formats() []string { return []string{"png", "svg", "pdf", "eps", "tex"} }

// Figure is a picture and the numbers behind it.
type Figure interface {
	// Draw draws the figure to fill the canvas.
	Draw(draw.Canvas, Style)
	// Height is what the figure needs at some width, so that it is complete and can be read.
	Height(width vg.Length, s Style) vg.Length
	// Data is the table behind the figure: a header and rows, with names in full.
	Data() (header []string, rows [][]string)
}

// Save writes the figure as dir/name.<format> for every format, and its numbers as dir/name.csv. It returns the paths
// it wrote. Nothing is written where one of the formats cannot be drawn. The height follows from the width.
func Save(dir, name string, f Figure, width vg.Length, s Style, formats ...string) ([]string, error) {
	d, err := Draw(f, width, s, formats...)
	if err != nil {
		return nil, fmt.Errorf("figure %s: %w", name, err)
	}
	return d.Save(dir, name)
}

// Drawn is a figure in some formats, with its numbers as CSV: files that are not written yet.
type Drawn struct {
	endings []string
	data    [][]byte
}

// Draw draws a figure in some formats. Of what no script draws, the Script is left out.
func Draw(f Figure, width vg.Length, s Style, formats ...string) (d Drawn, err error) {
	for _, format := range formats {
		if format == Script && !hasScript(f) {
			continue
		}
		var b bytes.Buffer
		if err := Write(&b, f, width, s, format); err != nil {
			return d, err
		}
		d.endings, d.data = append(d.endings, format), append(d.data, b.Bytes())
	}
	var b bytes.Buffer
	header, rows := f.Data()
	if err := csv.NewWriter(&b).WriteAll(append([][]string{header}, rows...)); err != nil {
		return d, err
	}
	d.endings, d.data = append(d.endings, "csv"), append(d.data, b.Bytes())
	return d, nil
}

// Save writes dir/name.<format> for every format and returns the paths it wrote.
func (d Drawn) Save(dir, name string) (paths []string, err error) {
	for i, ending := range d.endings {
		path := filepath.Join(dir, name+"."+ending)
		if err := atomicfile.WriteBytes(path, d.data[i]); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// SaveAs writes a figure to one file in the format that its name ends in.
func SaveAs(path string, f Figure, width vg.Length, s Style) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	if !slices.Contains(Formats(), format) {
		return fmt.Errorf("picture %s: the name must end in .%s", path, strings.Join(Formats(), ", ."))
	}
	return atomicfile.Write(path, func(w io.Writer) error { return Write(w, f, width, s, format) })
}

// encode writes the canvas. The EPS writer of gonum/plot 0.17 begins its file with two percent signs, which no reader
// takes for PostScript; one of them is dropped. SVG gets a title.
func encode(c io.WriterTo, w io.Writer, format, title string) error {
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	data := b.Bytes()
	if format == "eps" && bytes.HasPrefix(data, []byte("%%!PS")) {
		data = data[1:]
	}
	if format == "eps" { // the same figure is the same file
		data = created.ReplaceAll(data, nil)
	}
	if at := bytes.Index(data, []byte("<g ")); format == "svg" && title != "" && at > 0 {
		var escaped bytes.Buffer
		if err := xml.EscapeText(&escaped, []byte(title)); err != nil {
			return err
		}
		data = slices.Concat(data[:at], []byte("<title>"), escaped.Bytes(), []byte("</title>\n"), data[at:])
	}
	_, err := w.Write(data)
	return err
}

var created = regexp.MustCompile(`(?m)^%%CreationDate:.*\n`)

func canvas(w, h vg.Length, format string, dpi int) (vg.CanvasWriterTo, error) {
	switch format {
	case "png":
		return vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))}, nil
	case "pdf":
		return newPDF(w, h), nil
	case "tex":
		return latex{vgtex.New(w, h), w, h}, nil
	}
	c, err := draw.NewFormattedCanvas(w, h, format)
	if err != nil {
		return nil, err
	}
	if format == "svg" {
		return &svg{CanvasWriterTo: c}, nil
	}
	return outlined{c}, nil
}

// The palette of Okabe and Ito, which readers with colour-blindness can tell apart.
var (
	black  = color.RGBA{A: 255}
	orange = color.RGBA{R: 230, G: 159, B: 0, A: 255}
	sky    = color.RGBA{R: 86, G: 180, B: 233, A: 255}
	blue   = color.RGBA{G: 114, B: 178, A: 255}
	grey   = color.RGBA{R: 150, G: 150, B: 150, A: 255}
	light  = color.RGBA{R: 215, G: 215, B: 215, A: 255} // of what guides the eye
	grim   = color.RGBA{R: 90, G: 90, B: 90, A: 255}    // of text beside the data

	green      = color.RGBA{G: 158, B: 115, A: 255}
	vermillion = color.RGBA{R: 213, G: 94, A: 255}
	purple     = color.RGBA{R: 204, G: 121, B: 167, A: 255}
)

// Write writes a figure in one of the formats, or as its Script. A library that panics over it gives an error.
func Write(w io.Writer, f Figure, width vg.Length, s Style, format string) (err error) {
	if format != Script && !slices.Contains(Formats(), format) {
		return fmt.Errorf("figure format %q: must be one of %v", format, Formats())
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("cannot be drawn as %s: %v", format, r)
		}
	}()
	if format == Script {
		return writeScript(w, f, width, s)
	}
	s.tex, s.flat = format == "tex", format == "eps"
	c, err := canvas(width, f.Height(width, s), format, s.DPI)
	if err != nil {
		return err
	}
	paper := draw.New(c)
	if format == "svg" { // what shows it may be dark
		paper.FillPolygon(color.White, []vg.Point{paper.Min, {X: paper.Max.X, Y: paper.Min.Y}, paper.Max,
			{X: paper.Min.X, Y: paper.Max.Y}})
	}
	f.Draw(paper, s)
	return encode(c, w, format, describe(f, s))
}

// describe says in a line what a figure shows, for those who do not see it.
func describe(f Figure, s Style) string {
	switch p := f.(type) {
	case Panel:
		f = Of(p)
	case Roomy:
		f = p.Wide
	}
	switch f := f.(type) {
	case Critical:
		return f.Title
	case Cells:
		return f.Title
	case Grid:
		var names []string
		axes := ""
		for _, p := range f.Panels {
			frame := p.frame(s)
			axes = strings.TrimPrefix(frame.y+" against "+frame.x, " against ")
			if frame.name != "" {
				names = append(names, frame.name)
			}
		}
		return plainText(strings.TrimSuffix(axes+": "+strings.Join(names, ", "), ": "))
	}
	return ""
}
