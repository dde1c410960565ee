package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/reports"
)

// recordOptions say how a command prints its records.
type recordOptions struct{ json, csv bool }

// AddFlags gives a command the flags --json and --csv.
func (f *recordOptions) AddFlags(cmd *cobra.Command) {
	jsonFlag(&f.json)(cmd)
	cmd.Flags().BoolVar(&f.csv, "csv", false, "print CSV")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
}

// recordFormats are the formats of records.
var recordFormats = []string{"text", "csv", "json"}

// addFormat gives a command the flag --format as well, the long way of writing --json and --csv.
func (f *recordOptions) addFormat(cmd *cobra.Command) {
	as := "text"
	cmd.Flags().StringVar(&as, "format", as, "format: text, csv or json (one object a line)")
	cmd.MarkFlagsMutuallyExclusive("format", "json", "csv")
	before(cmd, func() error {
		f.csv, f.json = f.csv || as == "csv", f.json || as == "json"
		return oneOf("--format", as, recordFormats)
	})
}

// jsonFlag adds the flag --json.
func jsonFlag(asJSON *bool) func(*cobra.Command) {
	return func(cmd *cobra.Command) { cmd.Flags().BoolVar(asJSON, "json", false, "print JSON, one object a line") }
}

// tableOptions say how a command prints a table.
type tableOptions struct {
	reports.Format
	short [4]bool // --json and so on
}

// shortFormats are the formats of tables that have a flag of their own.
var shortFormats = [4]reports.Format{reports.JSON, reports.CSV, reports.LaTeX, reports.Markdown}

// AddFlags gives a command the flag --format and the short ways of writing it: --json, --csv, --latex and --markdown.
func (o *tableOptions) AddFlags(cmd *cobra.Command) {
	names := formatNames()
	o.Format = reports.Terminal
	cmd.Flags().StringVar((*string)(&o.Format), "format", string(reports.Terminal),
		"format of the table: "+strings.Join(names, ", "))
	exclusive := []string{"format"}
	for i, f := range shortFormats {
		cmd.Flags().BoolVar(&o.short[i], string(f), false, "the same as --format "+string(f))
		exclusive = append(exclusive, string(f))
	}
	cmd.MarkFlagsMutuallyExclusive(exclusive...)
	before(cmd, o.validate)
}

// formatNames are those of the formats of tables.
func formatNames() (names []string) {
	for _, f := range reports.Formats() {
		names = append(names, string(f))
	}
	return names
}

// as is the format that the flags ask for.
func (o *tableOptions) as() reports.Format {
	if i := slices.Index(o.short[:], true); i >= 0 {
		return shortFormats[i]
	}
	return o.Format
}

// validate refuses a format that there is not.
func (o *tableOptions) validate() error {
	if !slices.Contains(reports.Formats(), o.Format) {
		return usagef("table format %q: unknown%s", o.Format, suggest.Nearest(string(o.Format), formatNames()))
	}
	return nil
}

// printer prints records of one kind: JSON and CSV as they come, a table at the end.
type printer[T any] struct {
	row   func(T) []any
	json  *json.Encoder
	csv   *csv.Writer
	table reports.Table
	out   *bufio.Writer
	live  bool // every record is wanted at once
	shown bool // on a terminal, which would act on control characters of CSV
	width int  // of the table; long cells wrap
}

// newPrinter prints records by the cells that row makes of them. The names of the columns stand between commas, behind
// a > where cells are set right; a record's cells beyond the columns are left out.
func newPrinter[T any](s streams, f recordOptions, columns string, row func(T) []any) *printer[T] {
	return printerOf(s, f, strings.Split(columns, ","), row)
}

// printerOf is newPrinter of a list of names.
func printerOf[T any](s streams, f recordOptions, columns []string, row func(T) []any) *printer[T] {
	p := &printer[T]{row: row, out: bufio.NewWriter(s.out), shown: isTerminal(s.out), width: reports.Unbroken}
	var header []string
	for _, column := range columns {
		name, right := strings.CutPrefix(column, ">")
		header = append(header, name)
		p.table.Columns = append(p.table.Columns, reports.Column{Name: name, Key: name, Right: right})
	}
	switch {
	case f.json:
		p.json = json.NewEncoder(p.out)
		p.json.SetEscapeHTML(false)
	case f.csv:
		p.csv = csv.NewWriter(p.out)
		_ = p.csv.Write(header) // an error stays in the writer until flush
	}
	return p
}

// fixed is a cell with so many digits behind the point, exact one with as many as it takes, rounded one for people:
// whole numbers in full, others with six digits, which is what single precision knows.
func fixed(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }

func exact(v float64) string {
	if isWhole(v) {
		return fixed(v, 0)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func rounded(v float64) string {
	if isWhole(v) {
		return fixed(v, 0)
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// isWhole reports whether v is a whole number that a float64 counts up to.
func isWhole(v float64) bool { return v == math.Trunc(v) && math.Abs(v) < 1<<53 }

// print prints one record.
func (p *printer[T]) print(record T) error {
	if p.json != nil {
		if err := p.json.Encode(record); err != nil || !p.live {
			return err
		}
		return p.out.Flush()
	}
	cells := make([]string, len(p.table.Columns))
	for i, v := range p.row(record)[:len(cells)] {
		if text, ok := v.(string); ok {
			cells[i] = text
			continue
		}
		cells[i] = fmt.Sprint(v)
	}
	if p.csv != nil {
		for i := range cells {
			if p.shown {
				cells[i] = printable.Line(cells[i])
			}
		}
		if err := p.csv.Write(cells); err != nil || !p.live {
			return err
		}
		p.csv.Flush()
		return p.out.Flush()
	}
	p.table.Rows = append(p.table.Rows, reports.Texts(cells...))
	return nil
}

// streams says whether a terminal shows every record at once, where a bar would stand in its way.
func (p *printer[T]) streams() bool { return p.shown && p.live && (p.json != nil || p.csv != nil) }

// printAll prints records and what is left.
func (p *printer[T]) printAll(records []T) error {
	for _, r := range records {
		if err := p.print(r); err != nil {
			return err
		}
	}
	return p.close()
}

// close prints what is left.
func (p *printer[T]) close() error {
	switch {
	case p.csv != nil:
		p.csv.Flush()
		if err := p.csv.Error(); err != nil {
			return err
		}
	case p.json == nil && len(p.table.Rows) > 0:
		if err := p.table.Print(p.out, reports.Terminal, reports.TableOptions{Terminal: p.width}); err != nil {
			return err
		}
	}
	return p.out.Flush()
}
