// Package tabular reads delimited text as pandas, Excel, R and people write it: the separator is found out, comments
// and empty rows are skipped.
package tabular

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Layout is how a delimited text is laid out, as far as its first lines tell.
type Layout struct {
	Comma  rune       // separates cells
	Header []string   // names of the columns, without blanks around them; "" where there is none
	Line   int        // of the header, from 1
	Rows   [][]string // a few rows below the header

	skip int // bytes before the header
}

// sampleRows is the number of rows that decide the separator.
const sampleRows = 20

// commas are the separators in the order in which they are tried.
var commas = []rune{'\t', ';', ','}

// Sniff finds out the layout of a text from how it begins: a tab, a semicolon or a comma separates, whichever gives all
// lines the same number of cells. whole says that head is all of the text.
func Sniff(head []byte, whole bool) (Layout, error) {
	l := Layout{Line: 1}
	rest := bytes.TrimPrefix(head, []byte("\ufeff"))
	tried := commas
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		said := bytes.TrimSpace(line)
		if given, ok := separatorLine(said); ok {
			tried = []rune{given}
		} else if len(said) > 0 && said[0] != '#' {
			break
		}
		rest = after
		l.Line++
	}
	if len(rest) == 0 {
		return l, errors.New("no line with the names of columns")
	}
	l.skip = len(head) - len(rest)
	var best, even Layout
	for _, comma := range tried {
		records, consistent := sample(rest, comma, whole)
		if len(records) == 0 {
			continue
		}
		try := l
		try.Comma, try.Header, try.Rows = comma, records[0], records[1:]
		switch {
		case !consistent:
			if len(try.Header) > len(best.Header) {
				best = try
			}
		case len(even.Header) < 2:
			if len(try.Header) > len(even.Header) {
				even = try
			}
		}
	}
	if len(even.Header) > 1 || len(even.Header) >= len(best.Header) {
		best = even
	}
	if best.Header == nil {
		return l, errors.New("no line with the names of columns")
	}
	for i, name := range best.Header {
		best.Header[i] = strings.TrimSpace(name)
	}
	return best, nil
}

// separatorLine reads the line sep=; that Excel takes.
func separatorLine(line []byte) (rune, bool) {
	value, ok := strings.CutPrefix(strings.ToLower(string(line[:min(len(line), 8)])), "sep=")
	if !ok || len([]rune(value)) != 1 || value == `"` || value == "#" {
		return 0, false
	}
	return []rune(value)[0], true
}

// sample reads the first records, and says whether all have as many cells as the first.
func sample(text []byte, comma rune, whole bool) (records [][]string, consistent bool) {
	r := reader(bytes.NewReader(text), comma)
	for len(records) <= sampleRows {
		rec, err := r.Read()
		if err != nil {
			if !whole && len(records) > 1 {
				records = records[:len(records)-1] // it may be cut
				err = io.EOF
			}
			if err != io.EOF {
				return records, false
			}
			break
		}
		records = append(records, rec)
	}
	for _, rec := range records {
		if _, err := fit(rec, len(records[0])); err != nil && !blank(rec) {
			return records, false
		}
	}
	return records, true
}

func reader(in io.Reader, comma rune) *csv.Reader {
	r := csv.NewReader(in)
	r.Comma, r.Comment, r.FieldsPerRecord = comma, '#', -1
	r.LazyQuotes = comma == '\t' // which quotes nothing
	return r
}

// fit gives a record the width of the header: cells beyond it must be empty.
func fit(record []string, width int) ([]string, error) {
	if len(record) < width || len(record) > width && !blank(record[width:]) {
		return nil, fmt.Errorf("%d columns: the header has %d", len(record), width)
	}
	return record[:width], nil
}

func blank(record []string) bool {
	return !slices.ContainsFunc(record, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// Reader reads the rows below a header.
type Reader struct {
	Blank int // rows without any cell that were skipped

	csv   *csv.Reader
	width int
	line  int // lines before those that csv counts
}

// Open reads the rows of a text that Sniff has seen the beginning of. in is at its beginning.
func (l Layout) Open(in io.Reader) (*Reader, error) {
	b := bufio.NewReader(in)
	if _, err := b.Discard(l.skip); err != nil {
		return nil, err
	}
	r := &Reader{csv: reader(b, l.Comma), width: len(l.Header), line: l.Line - 1}
	_, err := r.csv.Read()
	return r, err
}

// Read returns the next row, with a cell for each column, and the number of its line; at the end io.EOF. Other errors
// are about the line.
func (r *Reader) Read() (row []string, line int, err error) {
	for {
		rec, err := r.csv.Read()
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			return nil, r.line + bad.Line, bad.Err
		}
		if err != nil {
			return nil, r.line, err
		}
		line, _ := r.csv.FieldPos(0)
		line += r.line
		if blank(rec) {
			r.Blank++
			continue
		}
		row, err := fit(rec, r.width)
		return row, line, err
	}
}
