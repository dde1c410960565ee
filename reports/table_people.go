package reports

import (
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// terminal prints the table in so many columns of a terminal.
func (p printed) terminal(w io.Writer, width int) error {
	names := p.names(false)
	p, l := p.arrange(ruler{float64(width), runes, 1, [2]float64{2, 1}, 1, 1}, names)
	names = p.names(false)
	var b strings.Builder
	if p.title != "" {
		for line := range strings.Lines(p.title) {
			b.WriteString(filled(strings.TrimSuffix(line, "\n"), width) + "\n")
		}
		b.WriteByte('\n')
	}
	for i, block := range l.blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		heads, align := make([]string, len(block.columns)), make([]tw.Align, len(block.columns))
		for i, k := range block.columns {
			heads[i], align[i] = names[k], tw.AlignRight
			if p.columns[k].left() {
				align[i] = tw.AlignLeft
			}
			if l.heads {
				at := block.widths[i]
				if at == 0 {
					at = p.wide(ruler{of: runes, bold: 1}, l, names[k], k)
				}
				heads[i] = strings.Join(brokenHead(names[k], at, runes), "\n")
			}
		}
		var rows [][]string
		for i, row := range p.rows {
			if p.starts(i) {
				rows = append(rows, make([]string, len(block.columns)))
			}
			cells := make([]string, len(block.columns))
			for j, k := range block.columns {
				if cells[j] = row[k]; block.widths[j] > 0 {
					cells[j] = strings.Join(broken(row[k], block.widths[j], runes), "\n")
				}
			}
			rows = append(rows, cells)
		}
		padding := tw.Padding{Left: " ", Right: strings.Repeat(" ", int(l.gap)-1), Overwrite: true}
		if err := ruled(&b, plainLines, heads, rows, align, tablewriter.WithPadding(padding)); err != nil {
			return err
		}
	}
	if notes := slices.Concat(l.notes, p.notes); len(notes) > 0 {
		b.WriteByte('\n')
		for _, n := range notes {
			b.WriteString(filled(n, width) + "\n")
		}
	}
	return writeTrimmed(w, b.String())
}

// plainLines draws a line below the head alone.
var plainLines = renderer.NewBlueprint(tw.Rendition{
	Borders: tw.BorderNone,
	Symbols: tw.NewSymbols(tw.StyleLight),
	Settings: tw.Settings{
		Separators: tw.SeparatorsNone,
		Lines:      tw.Lines{ShowHeaderLine: tw.On},
	},
})

// writeTrimmed writes lines without the blanks at their ends.
func writeTrimmed(w io.Writer, s string) error {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ruled draws the table alone with one of tablewriter's renderers.
func ruled(
	w io.Writer, r tw.Renderer, heads []string, rows [][]string, align []tw.Align, o ...tablewriter.Option,
) error {
	table := tablewriter.NewTable(w, append([]tablewriter.Option{
		tablewriter.WithRenderer(r),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
	}, o...)...)
	table.Header(heads)
	if err := table.Bulk(rows); err != nil {
		return err
	}
	return table.Render()
}

// aligned are the sides on which all columns stand.
func (p printed) aligned() []tw.Align {
	align := make([]tw.Align, len(p.columns))
	for i, c := range p.columns {
		align[i] = tw.AlignRight
		if c.left() {
			align[i] = tw.AlignLeft
		}
	}
	return align
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
func (p printed) markdown(w io.Writer) error {
	var b strings.Builder
	if p.title != "" {
		fmt.Fprintf(&b, "%s\n\n", markdownText(p.title))
	}
	heads := p.names(true)
	for i, h := range heads {
		heads[i] = markdownCell(h)
	}
	rows := p.marked(map[Style][2]string{Strong: {"**", "**"}, Underlined: {"<u>", "</u>"}}, markdownCell)
	if err := ruled(&b, renderer.NewMarkdown(), heads, rows, p.aligned()); err != nil {
		return err
	}
	for i, n := range append(p.notes, p.legend...) {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintln(&b, markdownText(n))
	}
	return writeTrimmed(w, b.String())
}

// manyRows is the number of rows above which a page shows a table through a window.
const manyRows = 30

// html prints the table as a figure with caption and notes, cells escaped.
func (p printed) html(w io.Writer) error {
	var b strings.Builder
	b.WriteString("<figure class=\"table\">\n")
	if p.title != "" {
		fmt.Fprintf(&b, "<figcaption>%s</figcaption>\n", html.EscapeString(p.title))
	}
	rows := p.marked(map[Style][2]string{Strong: {"<strong>", "</strong>"}, Underlined: {"<u>", "</u>"}},
		html.EscapeString)
	heads := p.names(true)
	for i, h := range heads {
		heads[i] = html.EscapeString(h)
	}
	class := "scroll"
	if len(rows) > manyRows {
		class += " tall"
	}
	fmt.Fprintf(&b, "<div class=%q>\n", class)
	page := renderer.NewHTML(renderer.HTMLConfig{TableClass: "sortable"})
	if err := ruled(&b, page, heads, rows, p.aligned()); err != nil {
		return err
	}
	b.WriteString("</div>\n")
	for _, n := range append(p.notes, p.legend...) {
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(n))
	}
	b.WriteString("</figure>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
