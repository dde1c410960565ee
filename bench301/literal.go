package bench301

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// literal is a value as Python or JSON writes it: what all notations of the DARTS space have in common.
type literal struct {
	kind  literalKind
	text  string    // number or word as written, string content, name of a call
	keys  []string  // of an object; of the keyword arguments of a call, "" for positional ones
	items []literal // of a list, tuple or object; arguments of a call
}

type literalKind uint8

const (
	numberLiteral literalKind = iota
	stringLiteral
	wordLiteral // True, null, ...
	listLiteral // list or tuple
	objectLiteral
	callLiteral // Name(...)
)

// String names the literal for error messages.
func (l literal) String() string {
	switch l.kind {
	case numberLiteral, wordLiteral:
		return l.text
	case stringLiteral:
		return strconv.Quote(clip(l.text))
	case listLiteral:
		return fmt.Sprintf("a list of %d", len(l.items))
	case objectLiteral:
		return fmt.Sprintf("an object of %d keys", len(l.items))
	}
	return clip(l.text) + "(...)"
}

// get returns the value of a key and whether there is one.
func (l literal) get(key string) (literal, bool) {
	for i, k := range l.keys {
		if k == key {
			return l.items[i], true
		}
	}
	return literal{}, false
}

// maxText bounds the text of one architecture; every notation needs less than a tenth of it.
const maxText = 64 << 10

// maxDepth bounds nesting; the notations nest five deep.
const maxDepth = 12

// parseLiteral reads one value, or several separated by commas or blanks, which make a list. A leading "NAME =" is
// skipped.
func parseLiteral(text string) (literal, error) {
	if len(text) > maxText {
		return literal{}, fmt.Errorf("%d bytes: an architecture takes less than %d", len(text), maxText)
	}
	if !utf8.ValidString(text) {
		return literal{}, fmt.Errorf("not a text: it holds bytes that are not UTF-8")
	}
	s := scanner{text: text}
	s.blanks()
	if s.done() {
		return literal{}, fmt.Errorf("empty text where an architecture should stand")
	}
	var values []literal
	for !s.done() {
		v, err := s.value(0)
		if err != nil {
			return literal{}, err
		}
		s.blanks()
		if len(values) == 0 && v.kind == wordLiteral && s.take('=') {
			s.blanks()
			if s.done() {
				return literal{}, s.errorf("nothing after %q", v.text+" =")
			}
			continue
		}
		values = append(values, v)
		s.take(',')
		s.blanks()
	}
	if len(values) == 1 {
		return values[0], nil
	}
	return literal{kind: listLiteral, items: values}, nil
}

// scanner reads literals from a text.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) done() bool { return s.pos >= len(s.text) }

func (s *scanner) peek() byte {
	if s.done() {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.done() {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) blanks() {
	for !s.done() && strings.IndexByte(" \t\r\n", s.text[s.pos]) >= 0 {
		s.pos++
	}
}

// errorf says what is wrong at the current character, counted from 1.
func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("character %d: %s", utf8.RuneCountInString(s.text[:s.pos])+1, fmt.Sprintf(format, args...))
}

func (s *scanner) value(depth int) (literal, error) {
	if depth > maxDepth {
		return literal{}, s.errorf("more than %d brackets inside each other", maxDepth)
	}
	c := s.peek()
	switch {
	case s.done():
		return literal{}, s.errorf("the text ends where a value should stand")
	case c == '[':
		return s.list(']', depth)
	case c == '(':
		return s.list(')', depth)
	case c == '{':
		return s.object(depth)
	case c == '\'' || c == '"':
		t, err := s.quoted()
		return literal{kind: stringLiteral, text: t}, err
	case c == '-' || c == '+' || c == '.' || digit(c):
		start := s.pos
		for !s.done() && (strings.IndexByte("+-.eE", s.peek()) >= 0 || digit(s.peek())) {
			s.pos++
		}
		return literal{kind: numberLiteral, text: s.text[start:s.pos]}, nil
	case letter(c):
		start := s.pos
		for letter(s.peek()) || digit(s.peek()) || s.peek() == '.' {
			s.pos++
		}
		name := s.text[start:s.pos]
		if s.peek() == '(' {
			return s.call(name, depth)
		}
		return literal{kind: wordLiteral, text: name}, nil
	}
	r, _ := utf8.DecodeRuneInString(s.text[s.pos:])
	return literal{}, s.errorf("unexpected %q", r)
}

func digit(c byte) bool  { return '0' <= c && c <= '9' }
func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }

// sequence reads items up to the closing bracket; a comma may follow the last one.
func (s *scanner) sequence(end byte, item func() error) error {
	open := s.pos
	s.pos++
	for {
		s.blanks()
		if s.take(end) {
			return nil
		}
		if s.done() {
			s.pos = open
			return s.errorf("%q is never closed by %q", s.text[open], end)
		}
		if err := item(); err != nil {
			return err
		}
		s.blanks()
		if !s.take(',') && s.peek() != end && !s.done() {
			return s.errorf("%q where a comma or %q should stand", s.peek(), end)
		}
	}
}

func (s *scanner) list(end byte, depth int) (literal, error) {
	l := literal{kind: listLiteral}
	err := s.sequence(end, func() error {
		v, err := s.value(depth + 1)
		l.items = append(l.items, v)
		return err
	})
	return l, err
}

func (s *scanner) object(depth int) (literal, error) {
	l := literal{kind: objectLiteral}
	err := s.sequence('}', func() error {
		if c := s.peek(); c != '\'' && c != '"' {
			return s.errorf("%q where a quoted key should stand", c)
		}
		key, err := s.quoted()
		if err != nil {
			return err
		}
		s.blanks()
		if !s.take(':') {
			return s.errorf("no colon after the key %q", clip(key))
		}
		s.blanks()
		return s.member(&l, key, depth)
	})
	return l, err
}

func (s *scanner) call(name string, depth int) (literal, error) {
	l := literal{kind: callLiteral, text: name}
	err := s.sequence(')', func() error {
		start := s.pos
		for letter(s.peek()) || digit(s.peek()) {
			s.pos++
		}
		key := s.text[start:s.pos]
		s.blanks()
		if key == "" || !s.take('=') {
			s.pos, key = start, ""
		}
		s.blanks()
		return s.member(&l, key, depth)
	})
	return l, err
}

// member reads the value of a key.
func (s *scanner) member(l *literal, key string, depth int) error {
	if _, twice := l.get(key); twice && key != "" {
		return s.errorf("%q appears twice", clip(key))
	}
	v, err := s.value(depth + 1)
	l.keys, l.items = append(l.keys, key), append(l.items, v)
	return err
}

// quoted reads a string in single or double quotes.
func (s *scanner) quoted() (string, error) {
	open, quote := s.pos, s.peek()
	s.pos++
	var b strings.Builder
	for !s.done() {
		c := s.peek()
		s.pos++
		switch {
		case c == quote:
			return b.String(), nil
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		e := s.peek()
		s.pos++
		switch e {
		case '\\', '/', '\'', '"':
			b.WriteByte(e)
		case 'n', 't', 'r', 'b', 'f':
			b.WriteByte(' ')
		case 'u':
			hex := s.text[min(s.pos, len(s.text)):min(s.pos+4, len(s.text))]
			r, err := strconv.ParseUint(hex, 16, 16)
			if err != nil || len(hex) < 4 {
				return "", s.errorf("\\u must be followed by four hex digits")
			}
			b.WriteRune(rune(r))
			s.pos += 4
		default:
			s.pos = min(s.pos, len(s.text))
			return "", s.errorf("unknown escape in a string")
		}
	}
	s.pos = open
	return "", s.errorf("%q is never closed", quote)
}

// clip shortens text for an error message.
func clip(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "..."
}
