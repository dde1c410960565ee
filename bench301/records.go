package bench301

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Where a record begins with words, as a statement of Python and a line of a log do, so many lines and bytes may follow
// until its brackets are closed; else it is taken for one line.
const (
	proseLines = 40
	proseBytes = 16 << 10
)

// next returns the next line with its end.
func (p *reader) next() (line []byte, err error) {
	if n := len(p.back); n > 0 {
		line, p.back = p.back[n-1], p.back[:n-1]
		p.line++
		return line, nil
	}
	p.limit.left = maxRecord
	for err = bufio.ErrBufferFull; err == bufio.ErrBufferFull && len(line) <= maxRecord; {
		var part []byte
		part, err = p.in.ReadSlice('\n')
		line = append(line, part...)
	}
	if len(line) > 0 {
		p.line++
	}
	switch {
	case len(line) > maxRecord:
		err = errTooLong
	case err == io.EOF && len(line) > 0:
		err = nil
	}
	return line, err
}

// record returns the next line that says something, together with the lines after it until its brackets are closed,
// and the number of its first line.
func (p *reader) record() (text string, start int, err error) {
	var line []byte
	for {
		if line, err = p.next(); err != nil {
			return "", max(p.line, 1), err
		}
		if said := bytes.TrimSpace(line); len(said) > 0 && said[0] != '#' {
			break
		}
	}
	start = p.line
	prose := !beginsValue(line)
	b := line
	depth := balance(line)
	var more [][]byte
	for goesOn := continued(line); depth > 0 || goesOn; goesOn = continued(line) {
		if goesOn {
			b = bytes.TrimRight(b, "\\\r\n")
		}
		if prose && (len(more) >= proseLines || len(b) > proseBytes) {
			break
		}
		if line, err = p.next(); err != nil {
			break
		}
		b = append(b, line...)
		depth += balance(line)
		if prose {
			more = append(more, line)
		}
		if len(b) > maxRecord {
			return "", start, errTooLong
		}
	}
	if err != nil && err != io.EOF {
		return "", start, err
	}
	if prose && depth > 0 { // the brackets of a sentence
		for i := len(more) - 1; i >= 0; i-- {
			p.back = append(p.back, more[i])
		}
		p.line -= len(more)
		b = b[:len(b):len(b)]
		b = firstLine(b)
	}
	return string(bytes.TrimSpace(b)), start, nil
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return line
}

// beginsValue reports whether a record is a value by how it begins, and not words before one.
func beginsValue(line []byte) bool {
	line = bytes.TrimSpace(line)
	return strings.IndexByte("[({\"'|", line[0]) >= 0 || bytes.Contains(line, []byte("Genotype(")) &&
		!bytes.HasPrefix(line, []byte("class ")) && !bytes.HasPrefix(line, []byte("def "))
}

// continued reports whether a statement of Python goes on in the next line though no bracket is open.
func continued(line []byte) bool { return bytes.HasSuffix(bytes.TrimRight(line, "\r\n"), []byte("\\")) }

// balance counts the brackets that a line opens, less those that it closes. Those in quotes and comments do not count.
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
		case c == '#':
			return depth
		case c == '[' || c == '(' || c == '{':
			depth++
		case c == ']' || c == ')' || c == '}':
			depth--
		}
	}
	return depth
}

// beginsArray reports whether the stream goes on with an array of architectures, texts or objects, as opposed to one
// architecture.
func (p *reader) beginsArray() bool {
	p.limit.left = maxRecord
	head, _ := p.in.Peek(256)
	open := 0
	for i, c := range head {
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
		case c == '[' || c == '(' && open > 0:
			open++
		case open == 0:
			return false
		case c == '{' || c == '"' || c == '\'' || c == ']':
			return open == 1
		case digit(c) || c == '-':
			return open == 4 || open == 2
		case letter(c):
			s := scanner{text: string(head[i:])}
			s.name()
			return open == 1 && s.peek() == '('
		default:
			return false
		}
	}
	return open > 3
}

// array reads an array of Python or JSON, or of numpy, which has blanks for commas.
func (p *reader) array() error {
	if _, err := p.blanks(); err != nil {
		return p.at(p.line+1, err)
	}
	_, _ = p.in.Discard(1) // the bracket
	commas, blanks := false, false
	for {
		p.limit.left = maxRecord
		c, err := p.blanks()
		if err == nil && c == ']' {
			_, _ = p.in.Discard(1)
			_, err = p.blanks()
			if err == io.EOF {
				err = nil
			}
			return err
		}
		line := p.line + 1
		var text string
		if err == nil {
			text, err = p.element()
		}
		if err == nil && text == "" {
			err = fmt.Errorf("%q where an element should stand", c)
		}
		if err == nil {
			if err := p.value(line, text, true); err != nil {
				return err
			}
			c, err = p.blanks()
		}
		switch {
		case err == io.EOF:
			return p.at(p.line+1, errors.New("the JSON array is never closed"))
		case err != nil:
			return p.at(line, err)
		case c == ',' && !blanks:
			_, _ = p.in.Discard(1)
			commas = true
		case c == '[' && text[0] == '[' && !commas:
			blanks = true
		case c != ']':
			return p.at(p.line+1, fmt.Errorf("%q where a comma or ']' should stand", c))
		}
	}
}

// blanks skips blanks and comments, counts lines, and returns the byte that follows.
func (p *reader) blanks() (byte, error) {
	comment := false
	for {
		c, err := p.in.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case c == '\n':
			p.line++
			comment = false
		case c == '#':
			comment = true
		case !comment && c != ' ' && c != '\t' && c != '\r':
			return c, p.in.UnreadByte()
		}
	}
}

// element reads one element of an array.
func (p *reader) element() (string, error) {
	var b []byte
	depth, quote, escaped, comment := 0, byte(0), false, false
	for len(b) <= maxRecord {
		c, err := p.in.ReadByte()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			p.line++
			comment = false
		}
		closed := false
		switch {
		case comment:
		case quote != 0:
			closed = c == quote && !escaped && depth == 0
			if c == quote && !escaped {
				quote = 0
			}
			escaped = c == '\\' && !escaped
		case c == '#':
			comment = true
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '(' || c == '{':
			depth++
		case depth == 0 && (c == ',' || c == ']' || c == ')' || c == '}'):
			return string(bytes.TrimSpace(b)), p.in.UnreadByte()
		case c == ']' || c == ')' || c == '}':
			depth--
			closed = depth == 0
		}
		if b = append(b, c); closed {
			return string(b), nil
		}
	}
	return "", errTooLong
}

// member is a key of an object with its value as written.
type member struct{ key, raw string }

// text is the value, without its quotes if it is a text.
func (m member) text() string {
	if m.raw[0] == '"' || m.raw[0] == '\'' {
		var text string
		if json.Unmarshal([]byte(m.raw), &text) == nil {
			return text
		}
		s := scanner{text: m.raw}
		if text, err := s.quoted(); err == nil && s.done() {
			return text
		}
	}
	return m.raw
}

// errKeys says that the keys of an object are ambiguous.
var errKeys = errors.New("keep one")

// object splits an object of JSON or Python into its members. Values are not looked into, so that those of Python's
// JSON (NaN) do not matter.
func object(text string) ([]member, error) {
	s := scanner{text: text, pos: 1}
	var members []member
	folded := map[string]string{}
	for {
		s.blanks()
		if s.take('}') {
			if s.blanks(); !s.done() {
				return nil, s.errorf("unexpected %q behind the object", s.peek())
			}
			return members, nil
		}
		if c := s.peek(); c != '"' && c != '\'' {
			return nil, s.errorf("%q where a quoted key should stand", c)
		}
		key, err := s.quoted()
		if err != nil {
			return nil, err
		}
		s.blanks()
		if !s.take(':') {
			return nil, s.errorf("no colon after the key %q", clip(key))
		}
		s.blanks()
		raw := s.skip()
		if raw == "" {
			return nil, s.errorf("no value for the key %q", clip(key))
		}
		fold := strings.ToLower(key)
		switch before, twice := folded[fold]; {
		case twice && before == key:
			return nil, fmt.Errorf("key %q appears twice: %w", clip(key), errKeys)
		case twice:
			return nil, fmt.Errorf("keys %q and %q differ in case only: %w", clip(before), clip(key), errKeys)
		}
		folded[fold] = key
		members = append(members, member{key, raw})
		if s.take(','); s.done() {
			return nil, s.errorf("the object is never closed")
		}
	}
}

// skip passes over a value and returns it.
func (s *scanner) skip() string {
	start, depth := s.pos, 0
	for ; !s.done(); s.pos++ {
		switch c := s.peek(); c {
		case '"', '\'':
			if _, err := s.quoted(); err != nil {
				return ""
			}
			s.pos--
		case '[', '(', '{':
			depth++
		case ']', ')', '}':
			if depth--; depth < 0 {
				return strings.TrimSpace(s.text[start:s.pos])
			}
		case ',':
			if depth == 0 {
				return strings.TrimSpace(s.text[start:s.pos])
			}
		}
	}
	return ""
}
