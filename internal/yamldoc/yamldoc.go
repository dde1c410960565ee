// Package yamldoc reads YAML definitions, such as those of studies and searches, so that every error names the file,
// the line and the path of what is wrong.
//
// [Parse] returns the top [Node] of a file. [Node.Read] hands the values of a mapping to their readers and refuses keys
// that nobody reads; the other methods read single values, lists and ranges. Values that YAML 1.1 and 1.2 read
// differently are refused.
package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"rwe301/internal/input"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
)

// MaxSize bounds a definition, in bytes.
const MaxSize = 1 << 20

// Bounds of a definition. Hostile files must cost neither minutes nor gigabytes.
const (
	maxDepth      = 100       // levels of lists and mappings
	maxDirectives = 100       // lines that begin with %; the parser compares each with all others
	maxExpanded   = 1_000_000 // values of all ranges
	maxQuoted     = 60        // characters of the file in an error
	maxPath       = 200       // characters of a path, in an error
)

// Node is a value of a YAML file that knows where it stands.
type Node struct {
	doc  *document
	path string // e.g. estimators[2].settings.epochs; empty at the top
	line int
	yaml *yaml.Node // nil for what was read before (At)
}

// document is what the nodes of a file share.
type document struct {
	file     string
	expanded int // values of its ranges so far
}

// ReadFile returns the text of a definition, of at most MaxSize.
func ReadFile(path string) ([]byte, error) { return input.Read(path, MaxSize) }

// Parse returns the one document of a file in UTF-8 or UTF-16. command is what writes a definition to start from, for
// the error of an empty one.
func Parse(file string, data []byte, command string) (Node, error) {
	if len(data) > MaxSize {
		return Node{}, fmt.Errorf("%s: %d bytes: a definition has at most %d", file, len(data), MaxSize)
	}
	data, line, err := plain(data)
	if err != nil {
		return Node{}, fmt.Errorf("%s:%d: not YAML: %w", file, line, err)
	}
	if brackets(data) > maxDepth {
		return Node{}, fmt.Errorf("%s: brackets nested deeper than %d levels", file, maxDepth)
	}
	if n := directives(data); n > maxDirectives {
		return Node{}, fmt.Errorf("%s: %d directives (lines that begin with %%): want at most %d", file, n, maxDirectives)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err = decoder.Decode(&first); err == nil {
		if err = decoder.Decode(&second); err == nil {
			return Node{}, fmt.Errorf("%s:%d: 2 documents or more: want one definition", file, max(second.Line, 1))
		}
		if err == io.EOF {
			err = nil
		}
	}
	switch {
	case err == io.EOF || err == nil && len(first.Content) == 0:
		return Node{}, fmt.Errorf("%s: empty: `%s` writes a definition to start from", file, command)
	case err != nil:
		return Node{}, notYAML(file, data, err)
	}
	top := Node{doc: &document{file: file}, line: 1, yaml: first.Content[0]}
	return top, top.check(0)
}

// version is a directive that stands before a document. The parser knows YAML 1.1 only, which reads those of 1.2 too.
var version = regexp.MustCompile(`(?m)^%YAML[ \t]+1\.[0-9]+`)

// plain returns a file's text in UTF-8, without a byte order mark, as YAML 1.1; or an error and its line.
func plain(data []byte) (text []byte, line int, err error) {
	data, _, err = transform.Bytes(unicode.BOMOverride(transform.Nop), data)
	if err != nil {
		return nil, 1, err
	}
	line = 1
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return nil, line, fmt.Errorf("the byte 0x%02x is not UTF-8: save the file as UTF-8", data[i])
		case r == '\n':
			line++
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return nil, line, fmt.Errorf("the control character 0x%02x: save the file as text in UTF-8", r)
		}
		i += n
	}
	head := len(data)
	if i := bytes.Index(data, []byte("\n---")); i >= 0 {
		head = i
	}
	return append(version.ReplaceAll(data[:head:head], []byte("%YAML 1.1")), data[head:]...), 0, nil
}

// brackets is how deep the brackets nest, those in texts and comments included.
func brackets(data []byte) int {
	depth, most := 0, 0
	for _, b := range data {
		switch b {
		case '[', '{':
			depth++
			most = max(most, depth)
		case ']', '}':
			depth--
		}
	}
	return most
}

// directives counts the lines that begin with a percent sign.
func directives(data []byte) int {
	n := bytes.Count(data, []byte("\n%")) + bytes.Count(data, []byte("\r%"))
	if bytes.HasPrefix(data, []byte("%")) {
		n++
	}
	return n
}

// parserMessage takes the parser's errors apart.
var parserMessage = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// countsFromZero are the errors whose lines the parser counts from 0.
var countsFromZero = []string{"did not find expected <document start>", "did not find expected node content",
	"did not find expected '-' indicator", "did not find expected key", "did not find expected ','"}

// notYAML says what is wrong with a file that is no YAML.
func notYAML(file string, data []byte, err error) error {
	parts := parserMessage.FindStringSubmatch(err.Error())
	if parts == nil {
		return fmt.Errorf("%s: not YAML: %s", file, printable.Cut(err.Error(), 2*maxQuoted))
	}
	line, message := 1, parts[2]
	if n, err := strconv.Atoi(parts[1]); err == nil {
		line = n
		if slices.ContainsFunc(countsFromZero, func(s string) bool { return strings.HasPrefix(message, s) }) {
			line++
		}
	}
	line = min(line, 1+bytes.Count(bytes.TrimSpace(data), []byte("\n"))) // not behind the end
	switch {
	case strings.HasPrefix(message, "exceeded max depth"):
		return fmt.Errorf("%s: nested deeper than %d levels", file, maxDepth)
	case strings.HasPrefix(message, "found character that cannot start any token") && tabbed(data, line):
		message = "a tab indents the line: write spaces"
	}
	return fmt.Errorf("%s:%d: not YAML: %s", file, line, printable.Cut(message, 2*maxQuoted))
}

// tabbed says whether the white space that a line begins with holds a tab.
func tabbed(data []byte, line int) bool {
	lines := bytes.SplitN(data, []byte("\n"), line+1)
	if line > len(lines) {
		return false
	}
	text := lines[line-1]
	return bytes.ContainsRune(text[:len(text)-len(bytes.TrimLeft(text, " \t"))], '\t')
}

// check refuses what no definition may have, wherever it stands.
func (n Node) check(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s:%d: nested deeper than %d levels", n.doc.file, n.line, maxDepth)
	}
	y := n.yaml
	switch {
	case y.Anchor != "" || y.Kind == yaml.AliasNode:
		return n.Errorf("an anchor or alias (not supported: write the value out)")
	case y.Style&yaml.TaggedStyle != 0:
		return n.Errorf("the tag %s (not supported)", printable.Cut(y.Tag, maxQuoted))
	}
	var errs []error
	switch y.Kind {
	case yaml.SequenceNode:
		items, _ := n.List()
		for _, item := range items {
			errs = append(errs, item.check(depth+1))
		}
	case yaml.MappingNode:
		fields, err := n.Fields()
		errs = append(errs, err)
		for _, f := range fields {
			errs = append(errs, f.check(depth+1))
		}
	}
	return Join(errs)
}

// Errorf says what is wrong with n, and where.
func (n Node) Errorf(format string, args ...any) error {
	path := n.path
	if path != "" {
		path += ": "
	}
	return fmt.Errorf("%s:%d: %s%w", n.doc.file, n.line, path, fmt.Errorf(format, args...))
}

func (n Node) child(path string, y *yaml.Node) Node {
	return Node{doc: n.doc, path: path, line: y.Line, yaml: y}
}

// below is the path of something in n; what is very deep has that of its parent.
func (n Node) below(step string) string {
	if len(n.path) > maxPath {
		return n.path
	}
	return n.path + step
}

// Field is one key of a mapping.
type Field struct {
	Name string
	Node // the value, with the line of the key
}

// Fields lists the keys of a mapping in the order of the file.
func (n Node) Fields() ([]Field, error) {
	if !n.IsMapping() {
		return nil, n.Errorf("%s: must be keys with values", n.kind())
	}
	var out []Field
	seen := map[string]int{}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		key, value := n.yaml.Content[i], n.yaml.Content[i+1]
		at := n.child(strings.TrimPrefix(n.below("."+printable.Cut(key.Value, maxQuoted)), "."), value)
		at.line = key.Line
		switch {
		case key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0 || key.Anchor != "":
			return nil, at.Errorf("must be a plain key")
		case key.Style == 0 && key.Value == "<<":
			return nil, at.Errorf("a merge key (not supported: write the keys out)")
		case seen[key.Value] > 0:
			return nil, fmt.Errorf("%s:%d: not YAML: mapping key %q already defined in line %d", n.doc.file, key.Line,
				printable.Cut(key.Value, maxQuoted), seen[key.Value])
		}
		seen[key.Value] = key.Line
		out = append(out, Field{key.Value, at})
	}
	return out, nil
}

// Read hands the value of every key to its reader. An unknown key is an error.
func (n Node) Read(readers map[string]func(Node) error) error {
	fields, err := n.Fields()
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range fields {
		read, ok := readers[f.Name]
		if !ok {
			legal := make([]string, 0, len(readers))
			for k := range readers {
				legal = append(legal, k)
			}
			errs = append(errs, f.Errorf("unknown key%s", suggest.Nearest(printable.Cut(f.Name, maxQuoted), legal)))
			continue
		}
		errs = append(errs, read(f.Node))
	}
	return Join(errs)
}

// maxErrors is how many mistakes are reported at once.
const maxErrors = 10

// Join is errors.Join of the first errors, with the number of the others.
func Join(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if more := len(errs) - maxErrors; more > 0 {
		errs = append(errs[:maxErrors:maxErrors], fmt.Errorf("and %d more mistakes", more))
	}
	return errors.Join(errs...)
}

// IsMapping tells keys with values from everything else.
func (n Node) IsMapping() bool { return n.yaml != nil && n.yaml.Kind == yaml.MappingNode }

// List returns the entries of a sequence.
func (n Node) List() ([]Node, error) {
	if n.yaml == nil || n.yaml.Kind != yaml.SequenceNode {
		return nil, n.Errorf("%s: must be a list", n.kind())
	}
	out := make([]Node, len(n.yaml.Content))
	for i, v := range n.yaml.Content {
		out[i] = n.child(n.below(fmt.Sprintf("[%d]", i)), v)
	}
	return out, nil
}

// kind names what stands at n, for errors.
func (n Node) kind() string {
	switch {
	case n.yaml == nil:
		return "something else"
	case n.yaml.Kind == yaml.MappingNode:
		return "a mapping"
	case n.yaml.Kind == yaml.SequenceNode:
		return "a list"
	case n.yaml.Style == 0 && isNull(n.yaml.Value):
		return "nothing"
	case n.yaml.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return `"` + printable.Cut(n.yaml.Value, maxQuoted) + `"`
	}
	return printable.Cut(strings.TrimSpace(n.yaml.Value), maxQuoted)
}
