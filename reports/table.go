package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
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
}

// Format names a way of printing a Table.
type Format string

// The formats of a Table.
const (
	Terminal Format = "terminal"
	Markdown Format = "markdown"
	CSV      Format = "csv"
	LaTeX    Format = "latex"
)

// Write prints the table.
func (t Table) Write(w io.Writer, f Format) error {
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
		return t.drawn(w, renderer.NewMarkdown())
	case CSV:
		return csv.NewWriter(w).WriteAll(append([][]string{t.names()}, t.Rows...))
	case LaTeX:
		return t.latex(w)
	}
	return fmt.Errorf("table format %q: must be %s, %s, %s or %s", f, Terminal, Markdown, CSV, LaTeX)
}

func (t Table) names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// drawn prints title, table and notes with one of tablewriter's renderers.
func (t Table) drawn(w io.Writer, r tw.Renderer) error {
	align := make([]tw.Align, len(t.Columns))
	for i, c := range t.Columns {
		align[i] = tw.AlignRight
		if c.Left {
			align[i] = tw.AlignLeft
		}
	}
	var b strings.Builder
	if t.Title != "" {
		fmt.Fprintf(&b, "%s\n\n", t.Title)
	}
	table := tablewriter.NewTable(&b,
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
	if err := table.Render(); err != nil {
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

// latex prints a booktabs tabular inside a table environment.
func (t Table) latex(w io.Writer) error {
	var b strings.Builder
	b.WriteString("\\begin{table}\n\\centering\n")
	if t.Title != "" {
		fmt.Fprintf(&b, "\\caption{%s}\n", escape(strings.Join(append([]string{t.Title + "."}, t.Notes...), " ")))
	}
	b.WriteString("\\begin{tabular}{")
	for _, c := range t.Columns {
		if c.Left {
			b.WriteByte('l')
		} else {
			b.WriteByte('r')
		}
	}
	b.WriteString("}\n\\toprule\n")
	row(&b, t.names())
	b.WriteString("\\midrule\n")
	for _, r := range t.Rows {
		row(&b, r)
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n\\end{table}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func row(b *strings.Builder, cells []string) {
	for i, c := range cells {
		if i > 0 {
			b.WriteString(" & ")
		}
		b.WriteString(escape(c))
	}
	b.WriteString(" \\\\\n")
}

var latexEscaper = strings.NewReplacer(
	`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`, "{", `\{`, "}", `\}`,
	"~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "τ", `$\tau$`, "ρ", `$\rho$`, "−", "$-$", "<", "$<$", ">", "$>$",
)

func escape(s string) string { return latexEscaper.Replace(s) }
