package bench301

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
)

// archColumn is the CSV column and the JSON field that hold an architecture.
const archColumn = "arch"

// maxRecord bounds what a stream may spend on one architecture and the fields beside it.
const maxRecord = 1 << 20

// Item is one architecture of a stream with what stood beside it.
type Item struct {
	Architecture Architecture
	Notation     Notation
	File         string  // name of the stream
	Line         int     // where it starts, counted from 1
	Fields       []Field // the other columns of a CSV row or fields of a JSON object, in order
}

// Field is a named value beside an architecture.
type Field struct{ Name, Value string }

// Field returns the value of a column or field, and whether there is one.
func (i Item) Field(name string) (string, bool) {
	for _, f := range i.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return "", false
}

// Float reads a column or field that must hold a finite number.
func (i Item) Float(name string) (float64, error) {
	text, ok := i.Field(name)
	if !ok {
		return 0, i.errorf("no column or field %q", name)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, i.errorf("%s: %q: must be a finite number", name, clip(text))
	}
	return v, nil
}

func (i Item) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", i.File, i.Line, fmt.Sprintf(format, args...))
}

// Read reads architectures one after the other from a stream, whose name stands in errors. A notation other than ""
// forces that notation. The stream is one of
//
//   - CSV whose header has a column arch;
//   - JSON lines, or JSON values one after the other: objects with a field arch, architectures, or texts;
//   - a JSON array of these;
//   - text: architectures in any notation, one a line or with brackets that span lines; blank lines and lines that
//     start with # are skipped.
//
// The first error ends the sequence and names file and line; a stream without any architecture is an error.
func Read(s Space, name string, r io.Reader, n Notation) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		limited := &limitReader{r: r, left: maxRecord}
		p := reader{space: s, name: name, notation: n, limit: limited, in: bufio.NewReaderSize(limited, 64<<10), yield: yield}
		err := p.read()
		switch {
		case errors.Is(err, errStop):
		case err != nil:
			yield(Item{}, err)
		case p.count == 0:
			yield(Item{}, fmt.Errorf("%s: no architecture in it", name))
		}
	}
}

// errStop ends a sequence whose consumer has had enough.
var errStop = errors.New("stop")

// errTooLong says that a stream goes on without an end.
var errTooLong = fmt.Errorf("more than %d bytes without an end: write one architecture a line", maxRecord)

type reader struct {
	space    Space
	name     string
	notation Notation
	limit    *limitReader
	in       *bufio.Reader
	line     int // lines consumed
	count    int // architectures found
	yield    func(Item, error) bool
}

// at is an error at a line.
func (p *reader) at(line int, err error) error { return fmt.Errorf("%s:%d: %w", p.name, line, err) }

// emit parses an architecture and hands it on.
func (p *reader) emit(line int, text string, fields []Field) error {
	a, n, err := Parse(p.space, text, p.notation)
	if err != nil {
		return p.at(line, err)
	}
	p.count++
	if !p.yield(Item{Architecture: a, Notation: n, File: p.name, Line: line, Fields: fields}, nil) {
		return errStop
	}
	return nil
}

// read finds out what the stream is from how it begins, and reads it.
func (p *reader) read() error {
	head, err := p.in.Peek(256)
	if err != nil && err != io.EOF {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		_, _ = p.in.Discard(3)
		head = head[3:]
	}
	if jsonArray(head) {
		return p.array()
	}
	for first := true; ; first = false {
		text, line, err := p.record()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return p.at(line, err)
		}
		if first {
			header, err := csv.NewReader(strings.NewReader(text)).Read()
			if err == nil && slices.Contains(header, archColumn) {
				return p.csv(header)
			}
			if err == nil && len(header) > 1 && !strings.ContainsAny(text, "[({|0123456789") {
				return p.at(line, fmt.Errorf("no column %q among %s", archColumn, clip(strings.Join(header, ", "))))
			}
		}
		if err := p.value(line, text); err != nil {
			return err
		}
	}
}

// record returns the next line that says something, together with the lines after it until its brackets are closed,
// and the number of its first line.
func (p *reader) record() (text string, start int, err error) {
	var b []byte
	depth := 0
	for {
		from := len(b)
		p.limit.left = maxRecord
		for err = bufio.ErrBufferFull; err == bufio.ErrBufferFull && len(b) <= maxRecord; {
			var part []byte
			part, err = p.in.ReadSlice('\n')
			b = append(b, part...)
		}
		if len(b) > from {
			p.line++
		}
		if start == 0 {
			start = p.line
		}
		said := bytes.TrimSpace(b)
		switch {
		case len(b) > maxRecord:
			return "", start, errTooLong
		case err != nil && err != io.EOF:
			return "", start, err
		case depth == 0 && (len(said) == 0 || said[0] == '#'):
			if err == io.EOF {
				return "", start, err
			}
			b, start = b[:0], 0
			continue
		}
		if depth += balance(b[from:]); depth <= 0 || err == io.EOF {
			return string(said), start, nil
		}
	}
}

// balance counts the brackets that a line opens, less those that it closes. Those in quotes do not count.
func balance(line []byte) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '(' || c == '{':
			depth++
		case c == ']' || c == ')' || c == '}':
			depth--
		}
	}
	return depth
}

// csv reads the rows below a header.
func (p *reader) csv(header []string) error {
	r := csv.NewReader(p.in)
	r.Comment = '#'
	r.FieldsPerRecord = len(header)
	column := slices.Index(header, archColumn)
	line := 0
	for {
		p.limit.left = maxRecord
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			if errors.Is(bad, csv.ErrFieldCount) {
				return p.at(p.line+bad.StartLine, fmt.Errorf("%d columns: the header has %d", len(row), len(header)))
			}
			return p.at(p.line+bad.Line, bad.Err)
		}
		if err != nil {
			return p.at(p.line+1+line, err)
		}
		line, _ = r.FieldPos(0)
		fields := make([]Field, 0, len(row)-1)
		for i, v := range row {
			if i != column {
				fields = append(fields, Field{header[i], v})
			}
		}
		if err := p.emit(p.line+line, row[column], fields); err != nil {
			return err
		}
	}
}

// value reads one record of text or JSON.
func (p *reader) value(line int, text string) error {
	if text[0] == '{' {
		if arch, fields, ok := object(text); ok {
			return p.emit(line, arch, fields)
		}
	}
	return p.emit(line, text, nil)
}

// object splits a JSON object into its architecture - the field arch, or else all of it - and the other fields.
func object(text string) (arch string, fields []Field, ok bool) {
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil {
		return "", nil, false
	}
	arch = text
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", nil, false
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return "", nil, false
		}
		value := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &value); err != nil {
				return "", nil, false
			}
		}
		if key == archColumn {
			arch = value
			continue
		}
		fields = append(fields, Field{key.(string), value})
	}
	return arch, fields, true
}

// jsonArray reports whether a stream that begins so is an array of objects, texts or architectures, as opposed to one
// architecture.
func jsonArray(head []byte) bool {
	var begin []byte
	for _, c := range head {
		if !strings.ContainsRune(" \t\r\n", rune(c)) {
			begin = append(begin, c)
		}
	}
	return len(begin) > 1 && begin[0] == '[' && (begin[1] == '{' || begin[1] == '"') ||
		bytes.HasPrefix(begin, []byte("[[[[")) || string(begin) == "[]" || len(begin) > 2 && string(begin[:2]) == "[[" &&
		digit(begin[2])
}

// array reads a JSON array.
func (p *reader) array() error {
	lines := &lineReader{r: p.in}
	d := json.NewDecoder(lines)
	if _, err := d.Token(); err != nil {
		return p.at(1, err)
	}
	for {
		p.limit.left = maxRecord
		var raw json.RawMessage
		var err error
		more := d.More()
		if more {
			err = d.Decode(&raw)
		} else {
			_, err = d.Token() // the closing bracket, or what is wrong
		}
		line := lines.line(d.InputOffset() - int64(len(raw)))
		switch {
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return p.at(line, errors.New("the JSON array is never closed"))
		case err != nil:
			return p.at(line, err)
		case !more:
			return nil
		}
		if err := p.value(line, string(raw)); err != nil {
			return err
		}
	}
}

// limitReader fails once more than left bytes were read since left was last set.
type limitReader struct {
	r    io.Reader
	left int
}

func (l *limitReader) Read(b []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooLong
	}
	n, err := l.r.Read(b)
	l.left -= n
	return n, err
}

// lineReader remembers where lines end.
type lineReader struct {
	r    io.Reader
	read int64
	ends []int64
}

func (l *lineReader) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	for i, c := range b[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

// line is the number of the line that holds a byte, from 1.
func (l *lineReader) line(offset int64) int {
	n, _ := slices.BinarySearch(l.ends, offset)
	return n + 1
}
