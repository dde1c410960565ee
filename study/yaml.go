package study

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"rwe301/internal/suggest"
)

// Bounds of a definition: hostile files must not cost minutes.
const (
	maxDefinition = 1 << 20
	maxDepth      = 1000
)

// node is a value of a YAML file that knows where it stands.
type node struct {
	file string
	path string // e.g. estimators[2].settings.epochs; empty at the top
	line int
	ast  ast.Node
}

// parseYAML returns the one document of a file.
func parseYAML(file string, data []byte) (node, error) {
	if len(data) > maxDefinition {
		return node{}, fmt.Errorf("%s: %d bytes: a definition has at most %d", file, len(data), maxDefinition)
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
			return node{}, fmt.Errorf("%s: brackets nested deeper than %d", file, maxDepth)
		}
	}
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil {
			return node{}, fmt.Errorf("%s:%d: not YAML: %s", file, e.GetToken().Position.Line, e.GetMessage())
		}
		return node{}, fmt.Errorf("%s: not YAML: %w", file, err)
	}
	switch {
	case len(f.Docs) > 1:
		return node{}, fmt.Errorf("%s: %d documents: want one study", file, len(f.Docs))
	case len(f.Docs) == 0 || f.Docs[0].Body == nil:
		return node{}, fmt.Errorf("%s: empty: `bench301 study init` writes a definition to start from", file)
	}
	return node{file: file, line: 1, ast: f.Docs[0].Body}, nil
}

// errorf says what is wrong with n, and where.
func (n node) errorf(format string, args ...any) error {
	path := n.path
	if path != "" {
		path += ": "
	}
	return fmt.Errorf("%s:%d: %s%w", n.file, n.line, path, fmt.Errorf(format, args...))
}

func (n node) child(path string, v ast.Node) node {
	c := node{file: n.file, path: path, line: n.line, ast: v}
	if v != nil && v.GetToken() != nil {
		c.line = v.GetToken().Position.Line
	}
	return c
}

// field is one key of a mapping.
type field struct {
	name string
	node // the value, with the line of the key
}

// fields lists the keys of a mapping in the order of the file.
func (n node) fields() ([]field, error) {
	m, ok := n.ast.(*ast.MappingNode)
	if !ok {
		return nil, n.errorf("%s: must be keys with values", n.kind())
	}
	var out []field
	for _, kv := range m.Values {
		key, plain := kv.Key.(*ast.StringNode)
		path := n.path
		if path != "" {
			path += "."
		}
		at := n.child(path+kv.Key.String(), kv.Value)
		at.line = kv.Key.GetToken().Position.Line
		if !plain {
			return nil, at.errorf("must be a plain key")
		}
		out = append(out, field{key.Value, at})
	}
	return out, nil
}

// read hands the value of every key to its reader. All errors are reported; an unknown key is one.
func (n node) read(readers map[string]func(node) error) error {
	fields, err := n.fields()
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range fields {
		read, ok := readers[f.name]
		if !ok {
			legal := make([]string, 0, len(readers))
			for k := range readers {
				legal = append(legal, k)
			}
			errs = append(errs, f.errorf("unknown key%s", suggest.Nearest(f.name, legal)))
			continue
		}
		errs = append(errs, read(f.node))
	}
	return errors.Join(errs...)
}

// isMapping tells keys with values from everything else.
func (n node) isMapping() bool {
	_, ok := n.ast.(*ast.MappingNode)
	return ok
}

// list returns the entries of a sequence.
func (n node) list() ([]node, error) {
	s, ok := n.ast.(*ast.SequenceNode)
	if !ok {
		return nil, n.errorf("%s: must be a list", n.kind())
	}
	out := make([]node, len(s.Values))
	for i, v := range s.Values {
		out[i] = n.child(fmt.Sprintf("%s[%d]", n.path, i), v)
	}
	return out, nil
}

// kind names what stands at n, for errors.
func (n node) kind() string {
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

// scalar returns a string, bool, int64, or float64.
func (n node) scalar() (any, error) {
	switch v := n.ast.(type) {
	case *ast.StringNode:
		if v.Token.Type == token.StringType { // unquoted
			if f, err := strconv.ParseFloat(v.Value, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
				return f, nil
			}
		}
		return v.Value, nil
	case *ast.LiteralNode:
		return v.Value.Value, nil
	case *ast.BoolNode:
		return v.Value, nil
	case *ast.FloatNode:
		return v.Value, nil
	case *ast.IntegerNode:
		switch i := v.Value.(type) {
		case int64:
			return i, nil
		case uint64:
			if i <= math.MaxInt64 {
				return int64(i), nil
			}
		}
		return nil, n.errorf("%s: must be below 2^63", n.kind())
	}
	return nil, n.errorf("%s: must be a single value", n.kind())
}

// text reads a non-empty string.
func (n node) text(into *string) error {
	v, err := n.scalar()
	if err != nil {
		return err
	}
	s, ok := v.(string)
	if !ok {
		s = fmt.Sprint(v)
	}
	if s == "" {
		return n.errorf("must not be empty")
	}
	*into = s
	return nil
}

// whole reads an integer in [low, high].
func (n node) whole(into *int64, low, high int64) error {
	v, err := n.scalar()
	if err != nil {
		return err
	}
	if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		v = int64(f)
	}
	i, ok := v.(int64)
	if !ok || i < low || i > high {
		return n.errorf("%s: must be a whole number in [%d, %d]", n.kind(), low, high)
	}
	*into = i
	return nil
}

// positive reads a number of seconds.
func (n node) positive(into *float64) error {
	v, err := n.scalar()
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case int64:
		*into = float64(v)
	case float64:
		*into = v
	case string:
		d, err := time.ParseDuration(v)
		if err != nil {
			return n.errorf("%s: must be a duration such as 90s or 5m", v)
		}
		*into = d.Seconds()
	}
	if !(*into > 0 && *into <= 1e7) {
		return n.errorf("%s: must be a duration above 0, such as 90s or 5m", n.kind())
	}
	return nil
}

// texts reads a list of strings, at least one.
func (n node) texts() ([]string, error) {
	items, err := n.list()
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, n.errorf("empty: must be a program and its arguments")
	}
	out := make([]string, len(items))
	for i, item := range items {
		if err := item.text(&out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
