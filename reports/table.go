package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rwe301/internal/printable"
)

// Table is a result to print: the rows have one cell a column.
type Table struct {
	Name     string // for programs, such as ablation
	Title    string
	Columns  []Column
	Rows     [][]Cell
	Notes    []string // printed below
	Legend   []string // notes on the styles of cells, for formats that show these
	Groups   []int    // rows before which a group of rows ends
	Programs *Table   // what programs see instead, or nil

	subjects []string // names of estimators and settings in the title
	remarks  []remark
	more     object // in JSON
}

// Format names a way of printing a Table.
type Format string

// The formats of a Table. CSV and JSON are for programs: one value a cell, numbers with all their digits, nothing where
// there is none, and columns by their keys.
const (
	Terminal Format = "terminal"
	Markdown Format = "markdown"
	CSV      Format = "csv"
	LaTeX    Format = "latex"
	HTML     Format = "html"
	JSON     Format = "json" // one object in a line: table, title, columns, rows (an object each) and notes
)

// Formats lists the formats of a Table.
func Formats() []Format { return []Format{Terminal, Markdown, CSV, LaTeX, HTML, JSON} }

// Write prints the table. Control characters in its texts are written as escapes; JSON has its own.
func (t Table) Write(w io.Writer, f Format) error { return t.Print(w, f, TableOptions{}) }

// Print is Write with a say in how the table looks.
func (t Table) Print(w io.Writer, f Format, o TableOptions) error {
	if f == CSV {
		return writeCSV(w, []Table{t}, o)
	}
	if f == JSON || !t.shows(o.Columns) {
		t = t.forPrograms()
	}
	t = t.renamed(o.Rename)
	if o.Caption != "" {
		t.Title = o.Caption
	}
	if f == JSON {
		return t.json(w, o.Columns)
	}
	p := t.printed(o)
	switch f {
	case Terminal:
		return p.terminal(w, o.terminal())
	case Markdown:
		return p.markdown(w)
	case LaTeX:
		return p.latex(w, o)
	case HTML:
		return p.html(w)
	}
	return fmt.Errorf("table format %q: must be one of %v", f, Formats())
}

// forPrograms is the table as programs see it.
func (t Table) forPrograms() Table {
	if t.Programs != nil {
		return *t.Programs
	}
	return t
}

// printed is a table as people read it.
type printed struct {
	title   string
	columns []Column
	rows    [][]string
	styles  [][]Style
	notes   []string
	legend  []string
	groups  []int
}

// printed writes the cells of the columns that are wanted, with raised letters and the notes that explain them.
func (t Table) printed(o TableOptions) printed {
	p := printed{title: printable.Text(t.Title), notes: slices.Clone(t.Notes), groups: t.Groups}
	from := t.wanted(o.Columns)
	for k, c := range t.Columns {
		if c.Name != "" && !slices.Contains(from, k) { // a note that explains it goes with it
			p.notes = slices.DeleteFunc(p.notes, func(n string) bool { return strings.HasPrefix(n, c.Name+": ") })
		}
	}
	for _, k := range from {
		c := t.Columns[k]
		if c.Name = printable.Line(c.Name); o.Digits != nil {
			c.Digits = *o.Digits
		}
		p.columns = append(p.columns, c)
	}
	for _, row := range t.Rows {
		texts, styles := make([]string, len(from)), make([]Style, len(from))
		for i, k := range from {
			texts[i], styles[i] = p.columns[i].shown(row[k]), row[k].Style
		}
		p.rows, p.styles = append(p.rows, texts), append(p.styles, styles)
	}
	t.mark(&p, from)
	for i, n := range p.notes {
		p.notes[i] = printable.Line(n)
	}
	for _, n := range t.Legend {
		p.legend = append(p.legend, printable.Line(n))
	}
	for _, row := range p.rows {
		for i, s := range row {
			row[i] = printable.Line(s)
		}
	}
	return p
}

// names are those of the columns, with arrows where better ones are higher or lower.
func (p printed) names(arrows bool) []string {
	names := make([]string, len(p.columns))
	for i, c := range p.columns {
		names[i] = c.Name
		switch {
		case arrows && c.Better > 0:
			names[i] += " ↑"
		case arrows && c.Better < 0:
			names[i] += " ↓"
		}
	}
	return names
}

// marked returns the rows with the styled cells put between marks, and with proper minus signs before numbers.
func (p printed) marked(marks map[Style][2]string, plain func(string) string) [][]string {
	out := make([][]string, len(p.rows))
	for i, row := range p.rows {
		out[i] = make([]string, len(row))
		for k, s := range row {
			if !p.columns[k].left() {
				s = negative.ReplaceAllString(s, "${1}−${2}")
			}
			m := marks[p.styles[i][k]]
			out[i][k] = m[0] + plain(s) + m[1]
		}
	}
	return out
}

// starts says whether a group of rows ends before row i.
func (p printed) starts(i int) bool { return i > 0 && slices.Contains(p.groups, i) }

// sentences joins texts, each with an end.
func sentences(texts []string) string {
	var out []string
	for _, t := range texts {
		if t != "" && !strings.HasSuffix(t, ".") {
			t += "."
		}
		out = append(out, t)
	}
	return strings.Join(out, " ")
}
