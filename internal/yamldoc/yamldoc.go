// Package yamldoc reads YAML definitions, such as those of studies and searches, so that every error names the file,
// the line and the path of what is wrong.
//
// [Parse] returns the top [Node] of a file. [Node.Read] hands the values of a mapping to their readers and refuses keys
// that nobody reads; the other methods read single values, lists and ranges.
package yamldoc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"rwe301/internal/suggest"
)

// MaxSize bounds a definition, in bytes.
const MaxSize = 1 << 20

// maxDepth bounds its brackets: hostile files must not cost minutes.
const maxDepth = 1000

// Node is a value of a YAML file that knows where it stands.
type Node struct {
	file string
	path string // e.g. estimators[2].settings.epochs; empty at the top
	line int
	ast  ast.Node
}

// Parse returns the one document of a file. command is what writes a definition to start from, for the error of an
// empty one.
func Parse(file string, data []byte, command string) (Node, error) {
	if len(data) > MaxSize {
		return Node{}, fmt.Errorf("%s: %d bytes: a definition has at most %d", file, len(data), MaxSize)
	}
	depth := 0
	for _, b := range data {
		switch b {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth > maxDepth {
			return Node{}, fmt.Errorf("%s: brackets nested deeper than %d", file, maxDepth)
		}
	}
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil {
			return Node{}, fmt.Errorf("%s:%d: not YAML: %s", file, e.GetToken().Position.Line, e.GetMessage())
		}
		return Node{}, fmt.Errorf("%s: not YAML: %w", file, err)
	}
	switch {
	case len(f.Docs) > 1:
		return Node{}, fmt.Errorf("%s: %d documents: want one", file, len(f.Docs))
	case len(f.Docs) == 0 || f.Docs[0].Body == nil:
		return Node{}, fmt.Errorf("%s: empty: `%s` writes a definition to start from", file, command)
	}
	return Node{file: file, line: 1, ast: f.Docs[0].Body}, nil
}

// Errorf says what is wrong with n, and where.
func (n Node) Errorf(format string, args ...any) error {
	path := n.path
	if path != "" {
		path += ": "
	}
	return fmt.Errorf("%s:%d: %s%w", n.file, n.line, path, fmt.Errorf(format, args...))
}

func (n Node) child(path string, v ast.Node) Node {
	c := Node{file: n.file, path: path, line: n.line, ast: v}
	if v != nil && v.GetToken() != nil {
		c.line = v.GetToken().Position.Line
	}
	return c
}

// Field is one key of a mapping.
type Field struct {
	Name string
	Node // the value, with the line of the key
}

// Fields lists the keys of a mapping in the order of the file.
func (n Node) Fields() ([]Field, error) {
	m, ok := n.ast.(*ast.MappingNode)
	if !ok {
		return nil, n.Errorf("%s: must be keys with values", n.kind())
	}
	var out []Field
	for _, kv := range m.Values {
		key, plain := kv.Key.(*ast.StringNode)
		path := n.path
		if path != "" {
			path += "."
		}
		at := n.child(path+kv.Key.String(), kv.Value)
		at.line = kv.Key.GetToken().Position.Line
		if !plain {
			return nil, at.Errorf("must be a plain key")
		}
		out = append(out, Field{key.Value, at})
	}
	return out, nil
}

// Read hands the value of every key to its reader. All errors are reported; an unknown key is one.
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
			errs = append(errs, f.Errorf("unknown key%s", suggest.Nearest(f.Name, legal)))
			continue
		}
		errs = append(errs, read(f.Node))
	}
	return errors.Join(errs...)
}

// IsMapping tells keys with values from everything else.
func (n Node) IsMapping() bool {
	_, ok := n.ast.(*ast.MappingNode)
	return ok
}

// List returns the entries of a sequence.
func (n Node) List() ([]Node, error) {
	s, ok := n.ast.(*ast.SequenceNode)
	if !ok {
		return nil, n.Errorf("%s: must be a list", n.kind())
	}
	out := make([]Node, len(s.Values))
	for i, v := range s.Values {
		out[i] = n.child(fmt.Sprintf("%s[%d]", n.path, i), v)
	}
	return out, nil
}

// kind names what stands at n, for errors.
func (n Node) kind() string {
	switch v := n.ast.(type) {
	case *ast.MappingNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias (not supported: write the value out)"
	case *ast.TagNode:
		return "a tag (not supported)"
	case nil, *ast.NullNode:
		return "nothing"
	case ast.ScalarNode:
		return strings.TrimSpace(v.String())
	}
	return "something else"
}
