package bench301

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/internal/input"
)

// archColumn is the CSV column and the JSON field that hold an architecture.
const archColumn = "arch"

// maxRecord bounds what a stream may spend on one architecture and the fields beside it.
const maxRecord = 1 << 20

// Item is one architecture of a stream with what stood beside it.
type Item struct {
	Architecture Architecture
	Notation     Notation
	Name         string  // the variable or key that held it in a file of Python or of several; "" where none did
	File         string  // name of the stream
	Line         int     // where it starts, counted from 1
	Repaired     int     // genes that were changed; see [Repeating.Repair]
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

// Reader reads streams of architectures of one space.
type Reader struct {
	Space    Space
	Notation Notation    // the only one to read; "" is any
	Repeats  Repeats     // what becomes of genotypes whose nodes read one state twice
	Note     func(error) // hears what is left out: networks of other spaces in a file of Python. nil makes them errors
}

// Read reads architectures one after the other from a stream, whose name stands in errors. A notation other than ""
// forces that notation. See [Reader.Read].
func Read(s Space, name string, r io.Reader, n Notation) iter.Seq2[Item, error] {
	return Reader{Space: s, Notation: n}.Read(name, r)
}

// Read reads architectures one after the other from a stream, whose name stands in errors. The stream is one of
//
//   - CSV (with commas, semicolons or tabs) whose header has a column arch;
//   - JSON lines, or JSON values one after the other: objects with a field arch, architectures, texts, or objects with
//     architectures somewhere in them;
//   - a JSON array of these;
//   - text: architectures in any notation, one a line or with brackets that span lines; blank lines and comments, which
//     begin with #, are skipped;
//   - a file of Python or a log with genotypes in it, whose other lines are skipped. Nothing is evaluated.
//
// A field id beside the field arch must be the architecture's if it has the form of one. The first error ends the
// sequence and names file and line; a stream without any architecture is an error.
func (r Reader) Read(name string, in io.Reader) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		limited := &limitReader{r: in, left: maxRecord}
		p := reader{Reader: r, name: name, limit: limited, in: bufio.NewReaderSize(limited, 64<<10), yield: yield}
		err := p.read()
		switch {
		case errors.Is(err, errStop):
		case err != nil:
			yield(Item{}, err)
		case p.count > 0:
		case p.skipped != nil:
			yield(Item{}, p.skipped)
		default:
			yield(Item{}, fmt.Errorf("%s: no architecture in it", name))
		}
	}
}

// errStop ends a sequence whose consumer has had enough.
var errStop = errors.New("stop")

// errTooLong says that a stream goes on without an end.
var errTooLong = fmt.Errorf("more than %d bytes without an end: write one architecture a line", maxRecord)

type reader struct {
	Reader
	name        string
	limit       *limitReader
	in          *bufio.Reader
	line        int      // lines consumed
	back        [][]byte // lines to be read again
	count       int      // architectures found
	populations int      // read so far
	yield       func(Item, error) bool

	// A stream whose architectures stand bare, one a record, holds nothing else. Where they are called by name, or stand
	// among other words, other records are skipped, and the first of these is an error only if no architecture follows.
	bare    bool
	skipped error
}

// at is an error at a line.
func (p *reader) at(line int, err error) error { return fmt.Errorf("%s:%d: %w", p.name, line, err) }

// emit parses an architecture and hands it on.
func (p *reader) emit(line int, text string, fields []Field) error {
	a, n, changed, err := p.parse(text)
	if err != nil {
		return p.at(line, err)
	}
	return p.hand(Item{Architecture: a, Notation: n, Line: line, Fields: fields, Repaired: changed})
}

// parse is Parse with what the reader does with repeated sources.
func (p *reader) parse(text string) (a Architecture, n Notation, changed int, err error) {
	a, n, err = Parse(p.Space, text, p.Notation)
	a, changed, err = p.settle(a, err)
	return a, n, changed, err
}

// hand hands an architecture on.
func (p *reader) hand(item Item) error {
	item.File = p.name
	if id, ok := item.Field("id"); ok && isID(id) && !strings.EqualFold(id, item.Architecture.ID()) {
		return p.at(item.Line, fmt.Errorf("id %s is not that of its arch %s, which is %s", id, item.Architecture,
			item.Architecture.ID()))
	}
	p.count++
	if !p.yield(item, nil) {
		return errStop
	}
	return nil
}

// isID reports whether text has the form of an architecture's id.
func isID(text string) bool {
	return len(text) == 16 && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// read finds out what the stream is from how it begins, and reads it.
func (p *reader) read() error {
	head, err := p.in.Peek(256)
	if err != nil && err != io.EOF {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if what := input.NoText(head); what != "" {
		return fmt.Errorf("%s: %s", p.name, what)
	}
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		_, _ = p.in.Discard(3)
	}
	for p.beginsArray() {
		if err := p.array(); err != nil {
			return err
		}
	}
	for first := true; ; first = false {
		text, line, err := p.record()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return p.at(line, err)
		}
		if first && p.count == 0 {
			if comma, header := csvHeader(text); header != nil {
				if err := checkHeader(header); err != nil {
					return p.at(line, err)
				}
				return p.csv(comma, header)
			}
		}
		if err := p.value(line, text, false); err != nil {
			return err
		}
	}
}

// value reads one record of text or JSON, or one element of an array.
func (p *reader) value(line int, text string, element bool) error {
	if text == "" { // of lines that only say that they go on
		return nil
	}
	if text[0] == '{' {
		members, err := object(text)
		switch {
		case errors.Is(err, errKeys):
			return p.at(line, err)
		case err == nil:
			return p.object(line, text, members, element)
		}
	}
	a, n, changed, err := p.parse(text)
	if err != nil {
		return p.inside(line, text, element, nil, err)
	}
	name, _ := assigned(text)
	if name == "" && n != NotationGenotype && n != NotationAwNAS {
		if p.bare = true; p.skipped != nil && p.count == 0 {
			return p.skipped
		}
	}
	return p.hand(Item{Architecture: a, Notation: n, Name: name, Line: line, Repaired: changed})
}

// object reads an object: its field arch, or all of it, or the architectures inside it.
func (p *reader) object(line int, text string, members []member, element bool) error {
	fields := make([]Field, 0, len(members))
	if _, ok := p.Space.(DARTS); ok && isPopulation(members) {
		return p.population(line, text)
	}
	arch := -1
	for i, m := range members {
		if m.key == archColumn {
			arch = i
			continue
		}
		if strings.EqualFold(m.key, archColumn) {
			return p.at(line, fmt.Errorf("key %q: write %q", clip(m.key), archColumn))
		}
		fields = append(fields, Field{m.key, m.text()})
	}
	if arch >= 0 {
		p.bare = true
		return p.emit(line, members[arch].text(), fields)
	}
	if len(text) <= maxText {
		a, n, changed, err := p.parse(text)
		if err == nil {
			p.bare = true
			return p.hand(Item{Architecture: a, Notation: n, Line: line, Fields: fields, Repaired: changed})
		}
		return p.inside(line, text, element, fields, err)
	}
	// A result with its learning curves: each of its values may hold the architecture.
	count := p.count
	for _, m := range members {
		if len(m.raw) > maxText || strings.IndexByte(`{["'`, m.raw[0]) < 0 {
			continue
		}
		if err := p.inside(line, m.raw, false, fields, nil); err != nil {
			return err
		}
	}
	if p.count == count {
		return p.other(line, text, element, fmt.Errorf("an object of %d keys holds no architecture", len(members)))
	}
	return nil
}

// inside reads the architectures that stand among other things in a text, which as a whole is none, as err says.
func (p *reader) inside(line int, text string, element bool, fields []Field, err error) error {
	f, ok := p.Space.(finder)
	if !ok || p.bare && fields == nil {
		return p.at(line, err)
	}
	all := f.find(text, p.Notation)
	if len(all) == 0 {
		return p.other(line, text, element, err)
	}
	for _, one := range all {
		at := line
		switch {
		case errors.Is(one.err, errOtherSpace) && p.Note != nil && one.name != "":
			left := p.at(at, fmt.Errorf("%s is left out: %w", clip(one.name), one.err))
			if p.Note(left); p.skipped == nil {
				p.skipped = left
			}
			continue
		}
		a, changed, err := p.settle(one.architecture, one.err)
		if err != nil {
			return p.at(at, err)
		}
		err = p.hand(Item{Architecture: a, Notation: one.notation, Name: one.name, Line: at, Fields: fields,
			Repaired: changed})
		if err != nil {
			return err
		}
	}
	return nil
}

// other deals with a record without an architecture in it: it is skipped in a log or a file of Python.
func (p *reader) other(line int, text string, element bool, err error) error {
	if err == nil {
		return nil
	}
	if p.bare || element || broken(text) {
		return p.at(line, err)
	}
	if p.skipped == nil {
		p.skipped = p.at(line, err)
	}
	return nil
}

// csvHeader returns the header of a CSV file that begins with a line, and what stands between its cells; nil if the
// line is none.
func csvHeader(line string) (comma rune, header []string) {
	for _, comma := range ",;\t" {
		r := csv.NewReader(strings.NewReader(line))
		r.Comma = comma
		if header, err := r.Read(); err == nil && slices.Contains(header, archColumn) {
			return comma, header
		}
	}
	header, err := csv.NewReader(strings.NewReader(line)).Read()
	if err == nil && len(header) > 1 && !strings.ContainsAny(line, "[({|0123456789") && !strings.Contains(line, ", ") {
		return ',', header
	}
	return 0, nil
}

// checkHeader refuses a header without the column arch, and one with two columns of one name.
func checkHeader(header []string) error {
	if !slices.Contains(header, archColumn) {
		return fmt.Errorf("no column %q among %s", archColumn, clip(strings.Join(header, ", ")))
	}
	for i, name := range header {
		if name != "" && slices.Contains(header[:i], name) {
			return fmt.Errorf("two columns %q: rename or remove one", clip(name))
		}
	}
	return nil
}

// csv reads the rows below a header.
func (p *reader) csv(comma rune, header []string) error {
	r := csv.NewReader(p.in)
	r.Comma = comma
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
