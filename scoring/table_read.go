package scoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"rwe301/bench301"
	"rwe301/internal/strictjson"
	"rwe301/internal/tabular"
)

// tableReader fills a table.
type tableReader struct {
	*Table
	space bench301.Space
	known bool     // the space was given, or an architecture of it was read
	line  int      // of that architecture
	said  []string // what of the file was not taken as it stands
}

func (r *tableReader) say(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

// sniffed is how much of a file decides its layout.
const sniffed = 1 << 20

func (r *tableReader) read(data []byte) error {
	if bytes.IndexByte(data, '\n') < 0 {
		data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n")) // lines as they ended on old Macs
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	var err error
	switch {
	case len(text) == 0:
		return fmt.Errorf("%s: empty: want architectures", r.File)
	case text[0] == '{' || text[0] == '[' && bytes.HasPrefix(bytes.TrimLeft(text[1:], " \t\r\n"), []byte("{")):
		lines := bytes.Count(data[:len(data)-len(text)], []byte("\n"))
		err = r.json(strictjson.Quote(text), 1+lines)
	default:
		err = r.csv(data)
	}
	if errors.Is(err, errNoTable) {
		why := err
		if err = r.list(data); err != nil && why != errNoTable {
			err = errors.Unwrap(why)
		}
	}
	if err == nil && len(r.Rows) == 0 {
		return fmt.Errorf("%s: no architecture in it", r.File)
	}
	return err
}

// errNoTable says that a file has no columns: it may be a list of architectures.
var errNoTable = errors.New("no table")

// noTable is errNoTable with what to say if the file is no list either.
type noTable struct{ error }

func (e noTable) Is(target error) bool { return target == errNoTable }
func (e noTable) Unwrap() error        { return e.error }

// list reads architectures without columns, in any form that package bench301 knows.
func (r *tableReader) list(data []byte) error {
	space := r.space
	if space == nil {
		space = bench301.Spaces()[0]
		for _, s := range bench301.Spaces() {
			for _, err := range bench301.Read(s, r.File, bytes.NewReader(data), "") {
				if err == nil {
					space = s
				}
				break
			}
			if space == s {
				break
			}
		}
	}
	r.space, r.known = space, true
	for item, err := range bench301.Read(space, r.File, bytes.NewReader(data), "") {
		if err != nil {
			return err
		}
		r.row(item.Line, item.Architecture)
		for _, f := range item.Fields {
			if err := r.cell(item.Line, f.Name, f.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// row begins a row.
func (r *tableReader) row(line int, a bench301.Architecture) {
	r.Rows = append(r.Rows, Row{Architecture: a, ID: a.ID(), Line: line})
}

// cell adds a cell to the last row, in a column that other rows may lack.
func (r *tableReader) cell(line int, name, text string) error {
	name = strings.TrimSpace(name)
	if name == "" {
		return r.at(line, "a column without a name")
	}
	i, ok := r.places[name]
	if !ok {
		if i = len(r.columns); i == maxColumns {
			return r.at(line, "more than %d columns", maxColumns)
		}
		r.places[name] = i
		r.columns = append(r.columns, &column{name: name, rows: []int32{}})
	}
	c, row := r.columns[i], int32(len(r.Rows)-1)
	if n := len(c.rows); n > 0 && c.rows[n-1] == row {
		return r.at(line, "%q twice for one architecture", shown(name))
	}
	c.rows, c.cells = append(c.rows, row), append(c.cells, text)
	return nil
}

// parse reads an architecture, and recognises the space at the first one.
func (r *tableReader) parse(line int, text string) (bench301.Architecture, error) {
	if strings.TrimSpace(text) == "" {
		return nil, r.at(line, "no architecture in this row")
	}
	if !r.known {
		fits := fitting(text)
		if len(fits) == 0 {
			_, _, err := bench301.Spaces()[0].Parse(text)
			return nil, r.at(line, "%w", err)
		}
		r.space, r.known, r.line = fits[0], true, line
		if len(fits) > 1 {
			r.Recognised = fmt.Sprintf("architectures of %s, though they could be of %s, too (--space names the space)",
				fits[0].Name(), spaceNames(fits[1:]))
		} else if fits[0].Name() != bench301.Spaces()[0].Name() {
			r.Recognised = "architectures of " + fits[0].Name()
		}
	}
	a, _, err := r.space.Parse(text)
	if err == nil {
		return a, nil
	}
	fits := fitting(text)
	switch {
	case len(fits) == 0:
		return nil, r.at(line, "%w", err)
	case r.line > 0:
		return nil, r.at(line, "an architecture of %s: that of line %d is of %s: a table has one space", spaceNames(fits),
			r.line, r.space.Name())
	}
	return nil, r.at(line, "an architecture of %s, not of %s: name the space of the table (--space, or space: in a "+
		"definition)", spaceNames(fits), r.space.Name())
}

// fitting lists the spaces that a text is an architecture of.
func fitting(text string) (fits []bench301.Space) {
	for _, s := range bench301.Spaces() {
		if _, _, err := s.Parse(text); err == nil {
			fits = append(fits, s)
		}
	}
	return fits
}

func spaceNames(spaces []bench301.Space) string {
	var names []string
	for _, s := range spaces {
		names = append(names, s.Name())
	}
	return strings.Join(names, " or ")
}

// fits says whether a text is an architecture of the space, or of any while the space is not known.
func (r *tableReader) fits(text string) bool {
	if !r.known {
		return len(fitting(text)) > 0
	}
	_, _, err := r.space.Parse(text)
	return err == nil
}

// archColumn is the column of architectures.
const archColumn = "arch"

// architectureNames are other names that people give it, in lower case and without blanks, bars and dots.
var architectureNames = []string{archColumn, "architecture", "genotype", "archstr", "archstring", "architecturestr",
	"architecturestring", "archs", "architectures", "genotypes", "spec", "cell"}

var unbarred = strings.NewReplacer(" ", "", "_", "", "-", "", ".", "")

// rank says how well a name suits the column of architectures: 0 best, -1 not at all.
func rank(name string) int {
	if name == archColumn {
		return 0
	}
	if len(name) > 2*maxShown {
		return -1
	}
	if i := slices.Index(architectureNames, unbarred.Replace(strings.ToLower(name))); i >= 0 {
		return i + 1
	}
	return -1
}

// pandasIndex are the names that pandas gives columns without one.
var pandasIndex = regexp.MustCompile(`^Unnamed: \d+([._]\w+)*$`)

func (r *tableReader) csv(data []byte) error {
	l, err := tabular.Sniff(data[:min(len(data), sniffed)], len(data) <= sniffed)
	if err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	if len(l.Header) > maxColumns {
		err := r.at(l.Line, "%d columns: a table has at most %d", len(l.Header), maxColumns)
		if namesColumns(l.Header) {
			return err
		}
		return noTable{err}
	}
	arch, err := r.architectures(l)
	if err != nil {
		return err
	}
	r.header = l.Line
	columns := make([]*column, len(l.Header))
	for i, name := range l.Header {
		name = strings.ToValidUTF8(name, "\ufffd")
		l.Header[i] = name
		columns[i] = &column{name: name, cells: []string{}}
		if i == arch || name == "" || pandasIndex.MatchString(name) {
			continue
		}
		if k := slices.Index(l.Header, name); k < i {
			return r.at(l.Line, "columns %d and %d are both called %q: rename one", k+1, i+1, shown(name))
		}
		r.places[name] = len(r.columns)
		r.columns = append(r.columns, columns[i])
	}
	in, err := l.Open(bytes.NewReader(data))
	if err != nil {
		return r.at(l.Line, "%w", err)
	}
	filled := make([]bool, len(columns))
	for {
		row, line, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return r.at(line, "%w", err)
		}
		a, err := r.parse(line, row[arch])
		if err != nil {
			return err
		}
		r.row(line, a)
		for i, text := range row {
			if i != arch {
				columns[i].cells = append(columns[i].cells, text)
				filled[i] = filled[i] || text != ""
			}
		}
	}
	if len(r.Rows) == 0 {
		return fmt.Errorf("%s: no rows below the names of columns in line %d", r.File, l.Line)
	}
	r.comma = l.Comma != ',' && decimalCommas(r.columns)
	r.sayLayout(l, arch, filled, in.Blank)
	return nil
}

// sayLayout says what a reader of the file might not expect.
func (r *tableReader) sayLayout(l tabular.Layout, arch int, filled []bool, blank int) {
	switch l.Comma {
	case ',':
	case '\t':
		r.say("cells separated by tabs")
	case ';':
		r.say("cells separated by semicolons")
	default:
		r.say("cells separated by %q", l.Comma)
	}
	if r.comma {
		r.say("decimal commas")
	}
	if name := l.Header[arch]; name != archColumn {
		r.say("architectures in column %d, %q", arch+1, shown(name))
	}
	for i, name := range l.Header {
		if i == arch || name != "" && !pandasIndex.MatchString(name) || !filled[i] {
			continue
		}
		r.say("column %d, which has no name, left out", i+1)
	}
	if blank > 0 {
		r.say("empty rows left out: %d", blank)
	}
}

// architectures finds the column of architectures, by its name or by what it holds.
func (r *tableReader) architectures(l tabular.Layout) (int, error) {
	best, bestRank := -1, 0
	for i, name := range l.Header {
		k := rank(name)
		for _, row := range l.Rows {
			if i >= len(row) || strings.TrimSpace(row[i]) == "" {
				continue
			}
			switch fits := r.fits(row[i]); {
			case fits && k < 0:
				k = len(architectureNames) + 1
			case !fits && k >= 0:
				k += len(architectureNames) + 2
			}
			break
		}
		if k >= 0 && (best < 0 || k < bestRank) {
			best, bestRank = i, k
		}
	}
	if best >= 0 && !r.fits(l.Header[best]) {
		return best, nil
	}
	if slices.ContainsFunc(l.Header, r.fits) {
		if len(l.Header) > 1 && best >= 0 {
			return 0, r.at(l.Line, "no line with the names of columns, such as arch,val_accuracy, above the rows")
		}
		return 0, errNoTable
	}
	if slices.ContainsFunc(l.Rows, func(row []string) bool { return len(l.Header) == 1 && namesArchitectures(row[0]) }) {
		return 0, r.at(l.Line, "%s where the names of columns should stand, which come below: begin the lines above them "+
			"with #", quoted(l.Header[0]))
	}
	if len(l.Header) < 2 || !namesColumns(l.Header) {
		return 0, errNoTable
	}
	return 0, noTable{r.at(l.Line, "no column of architectures, called %q, among %s", archColumn, list(l.Header))}
}

// namesArchitectures says whether a line has the names of columns, that of architectures among them.
func namesArchitectures(line string) bool {
	cells := strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ';' || c == '\t' })
	return len(cells) > 1 && slices.ContainsFunc(cells, func(c string) bool { return rank(strings.TrimSpace(c)) >= 0 })
}

// namesColumns says whether cells could be names of columns rather than parts of an architecture.
func namesColumns(cells []string) bool {
	letters := 0
	for _, c := range cells {
		depth := 0
		for _, ch := range c {
			switch ch {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth--
			}
			if depth < 0 {
				return false
			}
		}
		if depth != 0 {
			return false
		}
		if strings.ContainsFunc(c, func(ch rune) bool { return ch > '9' && ch != '~' && ch != '|' }) {
			letters++
		}
	}
	return letters > 0
}

// jsonReader reads the values of a JSON text and knows their lines.
type jsonReader struct {
	*json.Decoder
	data    []byte
	counted int64 // bytes whose lines are counted
	lines   int
}

func newJSONReader(data []byte, line int) *jsonReader {
	return &jsonReader{Decoder: json.NewDecoder(bytes.NewReader(data)), data: data, lines: line}
}

// wrong says in words what is wrong with the JSON.
func (j *jsonReader) wrong(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return errors.New("the JSON ends here, but is not complete")
	}
	return fmt.Errorf("not JSON: %w", err)
}

// line is the number of the line of the byte that is so many before what was read last.
func (j *jsonReader) line(before int) int {
	at := max(j.InputOffset()-int64(before), j.counted)
	j.lines += bytes.Count(j.data[j.counted:at], []byte("\n"))
	j.counted = at
	return j.lines
}

// json reads the JSON forms; line is that of the first byte.
func (r *tableReader) json(data []byte, line int) error {
	if data[0] == '{' {
		for depth := range 2 {
			if ok, err := r.keyed(data, line, depth); ok {
				return err
			}
		}
	}
	j := newJSONReader(data, line)
	array := data[0] == '['
	if array {
		_, _ = j.Token()
	}
	for n := 0; ; n++ {
		if array && !j.More() {
			if _, err := j.Token(); err != nil {
				return r.at(j.line(0), "the JSON array is never closed")
			}
			if _, err := j.Token(); err != io.EOF {
				return r.at(j.line(0), "something after the end of the JSON array")
			}
			return nil
		}
		var raw json.RawMessage
		err := j.Decode(&raw)
		switch {
		case err == io.EOF && !array:
			return nil
		case err != nil && n == 0:
			return noTable{r.at(j.line(0), "%w", j.wrong(err))} // it may be Python
		case err != nil:
			return r.at(j.line(0), "%w", j.wrong(err))
		}
		if err := r.object(j.line(len(raw)), raw); err != nil {
			return err
		}
	}
}

// object reads a row of JSON.
func (r *tableReader) object(line int, raw []byte) error {
	if raw[0] != '{' {
		return r.value(line, cellOf(raw))
	}
	fields := fieldsOf(raw)
	arch, best := -1, 0
	for i, f := range fields {
		if k := rank(f.Name); k >= 0 && (arch < 0 || k < best) {
			arch, best = i, k
		}
	}
	if arch < 0 {
		if r.fits(string(raw)) {
			return r.value(line, string(raw))
		}
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.Name
		}
		return r.at(line, "no architecture, called %q, among the keys %s", archColumn, list(names))
	}
	if err := r.value(line, fields[arch].Value); err != nil {
		return err
	}
	for i, f := range fields {
		if i == arch {
			continue
		}
		if err := r.scored(line, f); err != nil {
			return err
		}
	}
	return nil
}

// value begins a row with an architecture.
func (r *tableReader) value(line int, text string) error {
	a, err := r.parse(line, text)
	if err == nil {
		r.row(line, a)
	}
	return err
}

// fieldsOf lists the keys of a JSON object in its order. raw is valid JSON, as package json has found.
func fieldsOf(raw []byte) []bench301.Field {
	var fields []bench301.Field
	for i := skipBlanks(raw, 1); raw[i] == '"' || raw[i] == ','; i = skipBlanks(raw, i) {
		if raw[i] == ',' {
			i = skipBlanks(raw, i+1)
		}
		end := endOfValue(raw, i)
		name := cellOf(raw[i:end])
		i = skipBlanks(raw, skipBlanks(raw, end)+1) // behind the colon
		end = endOfValue(raw, i)
		fields = append(fields, bench301.Field{Name: name, Value: cellOf(raw[i:end])})
		i = end
	}
	return fields
}

func skipBlanks(raw []byte, i int) int {
	for raw[i] == ' ' || raw[i] == '\t' || raw[i] == '\n' || raw[i] == '\r' {
		i++
	}
	return i
}

// endOfValue is the index behind the JSON value that begins at i.
func endOfValue(raw []byte, i int) int {
	depth, text := 0, false
	for ; i < len(raw); i++ {
		switch c := raw[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			if text = !text; !text && depth == 0 {
				return i + 1
			}
		case text:
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == '}' || c == ']' || c == ':' || c <= ' '):
			return i
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return i
}

// cellOf is a JSON value as a cell: the content of a text, nothing for null, everything else as it is written.
func cellOf(raw []byte) string {
	var text string
	switch {
	case raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0:
		return strings.ToValidUTF8(string(raw[1:len(raw)-1]), "\ufffd")
	case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		return text
	case string(raw) == "null":
		return ""
	}
	return string(raw)
}

// keyed reads the JSON form of NAS-Bench-Suite-Zero, if data has it: an object whose keys are architectures, below so
// many keys of an object around it.
func (r *tableReader) keyed(data []byte, line, depth int) (ok bool, err error) {
	j := newJSONReader(data, line)
	var set string
	var key json.Token
	for range depth + 1 {
		if t, err := j.Token(); err != nil || t != json.Delim('{') {
			return false, nil
		}
		set, _ = key.(string)
		if key, err = j.Token(); err != nil {
			return false, nil
		}
	}
	text, isText := key.(string)
	if !isText || !r.fits(text) {
		return false, nil
	}
	for {
		line := j.line(0)
		var raw json.RawMessage
		if err := j.Decode(&raw); err != nil {
			return true, r.at(j.line(0), "%w", j.wrong(err))
		}
		if err := r.entry(line, key.(string), raw); err != nil {
			return true, err
		}
		if !j.More() {
			break
		}
		if key, err = j.Token(); err != nil {
			return true, r.at(j.line(0), "%w", j.wrong(err))
		}
	}
	for range depth + 1 {
		if _, err := j.Token(); err != nil {
			return true, r.at(j.line(0), "the JSON object is never closed")
		}
		if depth == 1 && j.More() {
			return true, fmt.Errorf("%s: holds more than one data set: keep one", r.File)
		}
	}
	if _, err := j.Token(); err != io.EOF {
		return true, r.at(j.line(0), "something after the end of the JSON object")
	}
	if set != "" {
		r.say("data set %s", shown(set))
	}
	slices.SortFunc(r.columns, func(a, b *column) int { return strings.Compare(a.name, b.name) })
	for i, c := range r.columns {
		r.places[c.name] = i
	}
	return true, nil
}

// entry reads the scores of one architecture.
func (r *tableReader) entry(line int, arch string, raw []byte) error {
	if err := r.value(line, arch); err != nil {
		return err
	}
	if raw[0] != '{' {
		return r.at(line, "%s where the scores of the architecture should stand, as in {\"nwot\": 1.5}", shown(string(raw)))
	}
	for _, f := range fieldsOf(raw) {
		if err := r.scored(line, f); err != nil {
			return err
		}
	}
	return nil
}

// scored adds a value of JSON that may be a score with its time.
func (r *tableReader) scored(line int, f bench301.Field) error {
	if strings.HasPrefix(f.Value, "{") && json.Valid([]byte(f.Value)) { // no text that looks like an object
		parts := map[string]string{}
		for _, part := range fieldsOf([]byte(f.Value)) {
			parts[part.Name] = part.Value
		}
		if score, ok := parts["score"]; ok {
			f.Value = score
			if time, ok := parts["time"]; ok {
				if err := r.cell(line, secondsOf(f.Name), time); err != nil {
					return err
				}
			}
		}
	}
	return r.cell(line, f.Name, f.Value)
}
