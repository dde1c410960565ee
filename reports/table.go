package reports

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"rwe301/internal/printable"
)

// Column heads a column of a Table.
type Column struct {
	Name string
	Left bool // align left; numbers align right
}

// Table is a result to print: the rows have one cell a column.
type Table struct {
	Title   string
	Columns []Column
	Rows    [][]string
	Notes   []string // printed below
	Styles  map[Cell]Style
	remarks []remark
}

// Cell is a place in the rows of a Table.
type Cell struct{ Row, Column int }

// Style sets a cell apart in formats that can show it.
type Style int

// The styles of cells.
const (
	Strong     Style = iota + 1 // the best, and what cannot be told from it
	Underlined                  // the second best
)

func (t *Table) style(row, column int, s Style) {
	if t.Styles == nil {
		t.Styles = map[Cell]Style{}
	}
	t.Styles[Cell{row, column}] = s
}

// styled returns the rows with the styled cells put between marks.
func (t Table) styled(marks map[Style][2]string, plain func(string) string) [][]string {
	out := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		out[i] = make([]string, len(row))
		for k, text := range row {
			m := marks[t.Styles[Cell{i, k}]]
			out[i][k] = m[0] + plain(text) + m[1]
		}
	}
	return out
}

// Format names a way of printing a Table.
type Format string

// The formats of a Table.
const (
	Terminal Format = "terminal"
	Markdown Format = "markdown"
	CSV      Format = "csv"
	LaTeX    Format = "latex"
	HTML     Format = "html"
	JSON     Format = "json" // one object in a line: title, columns, rows and notes
)

// Formats lists the formats of a Table.
func Formats() []Format { return []Format{Terminal, Markdown, CSV, LaTeX, HTML, JSON} }

// shown is the table with what a terminal would act on written as escapes.
func (t Table) shown(text func(string) string) Table {
	each := func(texts []string) []string {
		out := make([]string, len(texts))
		for i, s := range texts {
			out[i] = text(s)
		}
		return out
	}
	t.Title, t.Notes, t.Columns = printable.Text(t.Title), each(t.Notes), slices.Clone(t.Columns)
	for i := range t.Columns {
		t.Columns[i].Name = text(t.Columns[i].Name)
	}
	rows := make([][]string, len(t.Rows))
	for i, r := range t.Rows {
		rows[i] = each(r)
	}
	t.Rows = rows
	return t
}

// Write prints the table. Control characters in its texts are written as escapes; JSON has its own.
func (t Table) Write(w io.Writer, f Format) error {
	if f == CSV || f == JSON {
		t = t.noted()
	} else {
		t = t.marked()
	}
	switch f {
	case JSON:
	case CSV:
		t = t.shown(printable.Text)
	default:
		t = t.shown(printable.Line)
	}
	switch f {
	case Terminal:
		return t.drawn(w, renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.SeparatorsNone,
				Lines:      tw.Lines{ShowHeaderLine: tw.On},
			},
		}))
	case Markdown:
		return t.markdown(w)
	case CSV:
		return csv.NewWriter(w).WriteAll(append([][]string{t.names()}, t.Rows...))
	case LaTeX:
		return t.latex(w)
	case HTML:
		return t.html(w)
	case JSON:
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(map[string]any{"title": t.Title, "columns": t.names(), "rows": t.Rows, "notes": t.Notes})
	}
	return fmt.Errorf("table format %q: must be one of %v", f, Formats())
}

func (t Table) names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// printable is the table as people see it: what a terminal would act on is escaped.
func (t Table) printable() Table {
	lines := func(texts []string) []string {
		out := make([]string, len(texts))
		for i, text := range texts {
			out[i] = printable.Line(text)
		}
		return out
	}
	t.Title, t.Notes = printable.Text(t.Title), lines(t.Notes)
	t.Columns, t.Rows = slices.Clone(t.Columns), slices.Clone(t.Rows)
	for i, c := range t.Columns {
		t.Columns[i].Name = printable.Line(c.Name)
	}
	for i, row := range t.Rows {
		t.Rows[i] = lines(row)
	}
	return t
}

// drawn prints title, table and notes with one of tablewriter's renderers.
func (t Table) drawn(w io.Writer, r tw.Renderer) error {
	t = t.printable()
	var b strings.Builder
	if t.Title != "" {
		fmt.Fprintf(&b, "%s\n\n", t.Title)
	}
	if err := t.render(&b, r); err != nil {
		return err
	}
	if len(t.Notes) > 0 {
		b.WriteByte('\n')
	}
	for _, n := range t.Notes {
		fmt.Fprintln(&b, n)
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// markdownHTML is what Markdown takes for HTML.
var markdownHTML = regexp.MustCompile(`<[A-Za-z/!?]|&#?\w+;`)

// markdownText keeps Markdown from reading HTML in a text, and markdownCell also emphasis and the ends of cells.
func markdownText(s string) string { return markdownHTML.ReplaceAllString(s, `\$0`) }

func markdownCell(s string) string {
	s = strings.NewReplacer("|", `\|`, "`", "\\`").Replace(markdownText(s))
	if emphasis.MatchString(s) {
		s = strings.ReplaceAll(s, "*", `\*`)
	}
	return s
}

// emphasis is a star that may begin or end it: one between blanks does not.
var emphasis = regexp.MustCompile(`\S\*|\*\S`)

// markdown prints the table in GitHub's Markdown.
func (t Table) markdown(w io.Writer) error {
	t = t.printable()
	t.Title = markdownText(t.Title)
	for i, n := range t.Notes {
		t.Notes[i] = markdownText(n)
	}
	for i, c := range t.Columns {
		t.Columns[i].Name = markdownCell(c.Name)
	}
	t.Rows = t.styled(map[Style][2]string{Strong: {"**", "**"}, Underlined: {"<u>", "</u>"}}, markdownCell)
	return t.drawn(w, renderer.NewMarkdown())
}

// render draws the table alone.
func (t Table) render(w io.Writer, r tw.Renderer) error {
	align := make([]tw.Align, len(t.Columns))
	for i, c := range t.Columns {
		align[i] = tw.AlignRight
		if c.Left {
			align[i] = tw.AlignLeft
		}
	}
	table := tablewriter.NewTable(w,
		tablewriter.WithRenderer(r),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
	)
	table.Header(t.names())
	if err := table.Bulk(t.Rows); err != nil {
		return err
	}
	return table.Render()
}

// manyRows is the number of rows above which a page shows a table through a window.
const manyRows = 30

// html prints the table as a figure with caption and notes, cells escaped.
func (t Table) html(w io.Writer) error {
	t = t.printable()
	var b strings.Builder
	b.WriteString("<figure class=\"table\">\n")
	if t.Title != "" {
		fmt.Fprintf(&b, "<figcaption>%s</figcaption>\n", html.EscapeString(t.Title))
	}
	t.Rows = t.styled(map[Style][2]string{Strong: {"<strong>", "</strong>"}, Underlined: {"<u>", "</u>"}},
		html.EscapeString)
	columns := slices.Clone(t.Columns)
	for i := range columns {
		columns[i].Name = html.EscapeString(columns[i].Name)
	}
	t.Columns = columns
	class := "scroll"
	if len(t.Rows) > manyRows {
		class += " tall"
	}
	fmt.Fprintf(&b, "<div class=%q>\n", class)
	if err := t.render(&b, renderer.NewHTML(renderer.HTMLConfig{TableClass: "sortable"})); err != nil {
		return err
	}
	b.WriteString("</div>\n")
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(n))
	}
	b.WriteString("</figure>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// latex prints a booktabs tabular inside a table environment, shrunk by graphicx where it is wider than the text.
func (t Table) latex(w io.Writer) error {
	var b strings.Builder
	b.WriteString("% needs the packages booktabs and graphicx\n\\begin{table}\n\\centering\n")
	if t.Title != "" {
		fmt.Fprintf(&b, "\\caption{%s}\n", escape(sentences(append([]string{t.Title}, t.Notes...))))
	}
	b.WriteString("\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n\\begin{tabular}{")
	for _, c := range t.Columns {
		if c.Left {
			b.WriteByte('l')
		} else {
			b.WriteByte('r')
		}
	}
	b.WriteString("}\n\\toprule\n")
	row(&b, t.latexNames())
	b.WriteString("\\midrule\n")
	for _, r := range t.styled(map[Style][2]string{Strong: {`\textbf{`, "}"}, Underlined: {`\underline{`, "}"}}, escape) {
		row(&b, r)
	}
	b.WriteString("\\bottomrule\n\\end{tabular}}\n\\end{table}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Table) latexNames() []string {
	names := t.names()
	for i, n := range names {
		names[i] = escape(n)
	}
	return names
}

// row writes cells that are LaTeX already.
func row(b *strings.Builder, cells []string) {
	b.WriteString(strings.Join(cells, " & ") + " \\\\\n")
}

var latexEscaper = strings.NewReplacer(
	`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`, "{", `\{`, "}", `\}`,
	"~", `$\sim$`, "^", `\textasciicircum{}`, "τ", `$\tau$`, "ρ", `$\rho$`, "−", "$-$", "<", "$<$", ">", "$>$",
	"ᵃ", `\textsuperscript{a}`, "ᵇ", `\textsuperscript{b}`, "ᶜ", `\textsuperscript{c}`, "ᵈ", `\textsuperscript{d}`,
	"ᵉ", `\textsuperscript{e}`, "ᶠ", `\textsuperscript{f}`, "ᵍ", `\textsuperscript{g}`, "ʰ", `\textsuperscript{h}`,
	"ⁱ", `\textsuperscript{i}`, "ʲ", `\textsuperscript{j}`, "ᵏ", `\textsuperscript{k}`, "ˡ", `\textsuperscript{l}`,
	"ᵐ", `\textsuperscript{m}`, "ⁿ", `\textsuperscript{n}`, "ᵒ", `\textsuperscript{o}`, "ᵖ", `\textsuperscript{p}`,
)

// negative is a minus sign before a number, or alone: the mark of a worse value.
var negative = regexp.MustCompile(`(^|[\s\[(])-(\d|$| \()`)

func escape(s string) string {
	return negative.ReplaceAllString(latexEscaper.Replace(printable.Line(s)), `${1}$$-$$${2}`)
}

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
