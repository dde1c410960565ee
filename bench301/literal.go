package bench301

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"rwe301/internal/printable"
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
		return clip(l.text)
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

// maxValues bounds the values of one text; a ConfigSpace dictionary has a hundred.
const maxValues = 1 << 14

// parseLiteral reads one value, or several separated by commas or blanks, which make a list. A leading "NAME =" is
// skipped, and comments are.
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
	for name, end := assigned(text); name != ""; name, end = assigned(text[s.pos:]) {
		s.pos += end
		s.blanks()
		if s.done() {
			return literal{}, s.errorf("nothing after %q", clip(name)+" =")
		}
	}
	var values []literal
	for !s.done() {
		v, err := s.value(0)
		if err != nil {
			return literal{}, err
		}
		values = append(values, v)
		s.blanks()
		s.take(',')
		s.blanks()
	}
	if len(values) == 1 {
		return values[0], nil
	}
	return literal{kind: listLiteral, items: values}, nil
}

// assigned returns the name to which the Python statement at the start of text assigns - NAME = value, or
// NAME: Type = value - and where the value begins; the name is "" if text is no assignment.
func assigned(text string) (name string, value int) {
	s := scanner{text: text}
	s.blanks()
	start := s.pos
	name = s.name()
	s.blanks()
	if name != "" && s.take(':') {
		n := strings.IndexByte(text[s.pos:], '=')
		if n < 0 || !annotation(strings.TrimSpace(text[s.pos:s.pos+n])) {
			return "", 0
		}
		s.pos += n
	}
	if name == "" || !letter(text[start]) || !s.take('=') || s.peek() == '=' {
		return "", 0
	}
	return name, s.pos
}

// annotation reports whether text is a type as Python's annotations write it. Types begin with a capital letter or are
// among Python's own, which tells them from what a log says before a colon.
func annotation(text string) bool {
	name := strings.Trim(text, `"'`)
	name = name[strings.LastIndexByte(strings.SplitN(name, "[", 2)[0], '.')+1:]
	for _, own := range []string{"tuple", "list", "dict"} {
		if name == own || strings.HasPrefix(name, own+"[") {
			return true
		}
	}
	return name != "" && 'A' <= name[0] && name[0] <= 'Z' && !strings.ContainsAny(name, ":(){}#\n")
}

// scanner reads literals from a text.
type scanner struct {
	text   string
	pos    int
	values int // read so far
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

// blanks skips blanks, and comments, which run from a # to the end of their line.
func (s *scanner) blanks() {
	for ; !s.done(); s.pos++ {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
		case '#':
			n := strings.IndexByte(s.text[s.pos:], '\n')
			if n < 0 {
				n = len(s.text) - s.pos - 1
			}
			s.pos += n
		default:
			return
		}
	}
}

// name reads a word, perhaps with dots in it.
func (s *scanner) name() string {
	start := s.pos
	for letter(s.peek()) || digit(s.peek()) || s.peek() == '.' {
		s.pos++
	}
	return s.text[start:s.pos]
}

// errorf says what is wrong at the current character, counted from 1.
func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("character %d: %s", utf8.RuneCountInString(s.text[:s.pos])+1, fmt.Sprintf(format, args...))
}

func (s *scanner) value(depth int) (literal, error) {
	if depth > maxDepth {
		return literal{}, s.errorf("more than %d brackets inside each other", maxDepth)
	}
	if s.values++; s.values > maxValues {
		return literal{}, s.errorf("more than %d values", maxValues)
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
		return s.number(), nil
	case letter(c):
		name := s.name()
		switch next := s.peek(); {
		case next == '(':
			return s.call(name, depth)
		case (next == '\'' || next == '"') && (name == "u" || name == "b"): // of Python 2, and bytes
			t, err := s.quoted()
			return literal{kind: stringLiteral, text: t}, err
		}
		return literal{kind: wordLiteral, text: name}, nil
	}
	r, _ := utf8.DecodeRuneInString(s.text[s.pos:])
	return literal{}, s.errorf("unexpected %q", r)
}

// number reads a number as Python writes it, or the word behind a sign (-Infinity).
func (s *scanner) number() literal {
	start := s.pos
	s.pos++
	if s.text[start] == '-' && letter(s.peek()) {
		s.name()
		return literal{kind: wordLiteral, text: s.text[start:s.pos]}
	}
	for digit(s.peek()) || s.peek() == '.' || s.peek() == 'e' || s.peek() == 'E' || s.peek() == '-' || s.peek() == '+' {
		s.pos++
	}
	text := s.text[start:s.pos]
	s.take('L') // a long integer of Python 2
	return literal{kind: numberLiteral, text: text}
}

func digit(c byte) bool  { return '0' <= c && c <= '9' }
func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }

// sequence reads items up to the closing bracket; a comma may follow the last one. In square brackets blanks may take
// the place of all commas, as numpy prints arrays.
func (s *scanner) sequence(end byte, item func() error) error {
	open, commas, blanks := s.pos, false, false
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
		after := s.pos
		s.blanks()
		switch c := s.peek(); {
		case c == end || s.done():
		case c == ',' && !blanks:
			s.pos++
			commas = true
		case end == ']' && !commas && s.pos > after && (digit(c) || strings.IndexByte("-.['\"", c) >= 0):
			blanks = true
		case c == ',':
			return s.errorf("a comma where a blank or %q should stand", end)
		default:
			return s.errorf("%q where a comma or %q should stand", c, end)
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
		key := s.name()
		s.blanks()
		if key == "" || !s.take('=') {
			s.pos, key = start, ""
		}
		s.blanks()
		return s.member(&l, key, depth)
	})
	if err != nil {
		return l, err
	}
	return construct(l), nil
}

// maxKeys bounds the keys of one object; a ConfigSpace dictionary has less than a hundred.
const maxKeys = 1 << 10

// member reads the value of a key.
func (s *scanner) member(l *literal, key string, depth int) error {
	if len(l.keys) >= maxKeys {
		return s.errorf("more than %d keys", maxKeys)
	}
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

// clip shortens text for an error message, and makes it safe to show.
func clip(text string) string { return printable.Cut(text, 60) }
