package bench301

import (
	"errors"
	"fmt"
	"strings"

	"rwe301/internal/suggest"
)

// Encoding writes architectures of a space as vectors of whole numbers of one length, for models that generate
// architectures or predict from them. docs/encodings.md defines every one.
type Encoding struct {
	Name    string
	columns []column
	encode  func(v []int, a Architecture) error // v has a zero for every column
	decode  func(v []int) (Architecture, error) // nil where architectures share a vector
}

// column is one place of a vector: its name, and how many values it has, counted from 0.
type column struct {
	name   string
	values int
}

// Encoder is a space whose architectures have encodings.
type Encoder interface {
	// Encodings are their names.
	Encodings() []string
	// Encoding returns one of them.
	Encoding(name string) (Encoding, error)
}

// LookupEncoding finds an encoding of a space by name.
func LookupEncoding(s Space, name string) (Encoding, error) {
	e, ok := s.(Encoder)
	if !ok {
		return Encoding{}, fmt.Errorf("encoding %q: space %s has none", clip(name), s.Name())
	}
	for _, n := range e.Encodings() {
		if n == name {
			return e.Encoding(name)
		}
	}
	return Encoding{}, unknownEncoding(s, e, name)
}

func unknownEncoding(s Space, e Encoder, name string) error {
	return fmt.Errorf("encoding %q: space %s has %s%s", clip(name), s.Name(), strings.Join(e.Encodings(), ", "),
		suggest.Near(name, e.Encodings()))
}

// Names are the names of the columns, in order.
func (e Encoding) Names() []string {
	names := make([]string, len(e.columns))
	for i, c := range e.columns {
		names[i] = c.name
	}
	return names
}

// Len is the number of columns.
func (e Encoding) Len() int { return len(e.columns) }

// Decodes reports whether an architecture can be read from its vector.
func (e Encoding) Decodes() bool { return e.decode != nil }

// Encode sets v, whose length is Len, to the vector of a. All spellings of an architecture have one vector.
func (e Encoding) Encode(v []int, a Architecture) error {
	if len(v) != len(e.columns) {
		return fmt.Errorf("encoding %s: a vector of %d numbers: must have %d", e.Name, len(v), len(e.columns))
	}
	clear(v)
	return e.encode(v, a)
}

// Decode returns the architecture of a vector. The error says which column is wrong; it is [errors.ErrUnsupported]
// where several architectures share a vector.
func (e Encoding) Decode(v []int) (Architecture, error) {
	if e.decode == nil {
		return nil, fmt.Errorf("encoding %s: several architectures share a vector: %w", e.Name, errors.ErrUnsupported)
	}
	if len(v) != len(e.columns) {
		return nil, fmt.Errorf("encoding %s: %d numbers: must be %d", e.Name, len(v), len(e.columns))
	}
	for i, c := range e.columns {
		if v[i] < 0 || v[i] >= c.values {
			return nil, fmt.Errorf("encoding %s: %s: %d: must lie in [0, %d]", e.Name, c.name, v[i], c.values-1)
		}
	}
	a, err := e.decode(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", e.Name, err)
	}
	return a, nil
}

// The names of encodings. pathOf is behind those of paths that are cut.
const (
	encodingOneHot = "onehot"
	encodingTokens = "tokens"
	encodingGraph  = "graph"
	encodingPath   = "path"
)

// pathNames are the names of the path encodings: of all paths, and of those with at most 1, 2, ... operations.
func pathNames(longest int) []string {
	names := []string{encodingPath}
	for k := 1; k < longest; k++ {
		names = append(names, fmt.Sprintf("%s:%d", encodingPath, k))
	}
	return names
}

// pathLength is how many operations the paths of an encoding have at most.
func pathLength(name string, longest int) int {
	for k := 1; k < longest; k++ {
		if name == fmt.Sprintf("%s:%d", encodingPath, k) {
			return k
		}
	}
	return longest
}

// hot returns which of n numbers is 1, the others being 0.
func hot(v []int) (int, error) {
	found := -1
	for i, x := range v {
		if x == 0 {
			continue
		}
		if found >= 0 {
			return 0, errors.New("two operations are 1: must be one")
		}
		found = i
	}
	if found < 0 {
		return 0, errors.New("no operation is 1: must be one")
	}
	return found, nil
}

// words are all sequences of n of the names, joined, in lexicographic order of the positions of names.
func words(names []string, n int) []string {
	if n == 0 {
		return []string{""}
	}
	var out []string
	for _, head := range words(names, n-1) {
		for _, name := range names {
			out = append(out, head+"-"+name)
		}
	}
	return out
}
