package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"rwe301/reports"
)

// format is how a command prints its records.
type format struct{ json, csv bool }

// addFlags gives a command the flags --json and --csv.
func (f *format) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON, one object a line")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "print CSV")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
}

// column is one field of a record as text.
type column[T any] struct {
	name string
	left bool
	text func(T) string
}

// printer prints records of one kind: JSON and CSV as they come, a table at the end.
type printer[T any] struct {
	columns []column[T]
	json    *json.Encoder
	csv     *csv.Writer
	table   reports.Table
	out     *bufio.Writer
	live    bool // every record is wanted at once
}

func newPrinter[T any](w io.Writer, f format, columns ...column[T]) *printer[T] {
	p := &printer[T]{columns: columns, out: bufio.NewWriter(w)}
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.name
		p.table.Columns = append(p.table.Columns, reports.Column{Name: c.name, Left: c.left})
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

// print prints one record.
func (p *printer[T]) print(record T) error {
	if p.json != nil {
		if err := p.json.Encode(record); err != nil || !p.live {
			return err
		}
		return p.out.Flush()
	}
	cells := make([]string, len(p.columns))
	for i, c := range p.columns {
		cells[i] = c.text(record)
	}
	if p.csv != nil {
		if err := p.csv.Write(cells); err != nil || !p.live {
			return err
		}
		p.csv.Flush()
		return p.out.Flush()
	}
	p.table.Rows = append(p.table.Rows, cells)
	return nil
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
		if err := p.table.Write(p.out, reports.Terminal); err != nil {
			return err
		}
	}
	return p.out.Flush()
}
