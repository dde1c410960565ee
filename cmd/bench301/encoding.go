package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301"
)

// encodingFlag is --encoding: which vector stands beside each architecture.
type encodingFlag struct{ name string }

// AddFlags gives a command the flag.
func (e *encodingFlag) AddFlags(cmd *cobra.Command) {
	var spaces []string
	for _, s := range bench301.Spaces() {
		if coder, ok := s.(bench301.Encoder); ok {
			spaces = append(spaces, s.Name()+": "+strings.Join(coder.Encodings(), ", "))
		}
	}
	cmd.Flags().StringVar(&e.name, "encoding", "", "with CSV, a column for every number of the architecture's vector "+
		"in this encoding, with JSON a field `encoding`: "+strings.Join(spaces, "; "))
}

// open finds the encoding that the flag names; nil where it names none.
func (e *encodingFlag) open(s bench301.Space, f recordOptions) (*encoder, error) {
	if e.name == "" {
		return nil, nil
	}
	if !f.csv && !f.json {
		return nil, usagef("--encoding %s wants --csv or --json", e.name)
	}
	encoding, err := bench301.LookupEncoding(s, e.name)
	if err != nil {
		return nil, usageError{err}
	}
	return &encoder{encoding, make([]int, encoding.Len())}, nil
}

// encoder encodes one architecture after the other. A nil one has no columns.
type encoder struct {
	encoding bench301.Encoding
	vector   []int // of the last
}

// names are those of the columns.
func (e *encoder) names() []string {
	if e == nil {
		return nil
	}
	return e.encoding.Names()
}

// encode returns the vector of an architecture; it is valid until the next.
func (e *encoder) encode(a bench301.Architecture) ([]int, error) {
	if e == nil {
		return nil, nil
	}
	if err := e.encoding.Encode(e.vector, a); err != nil {
		return nil, fmt.Errorf("%s: %w", a, err)
	}
	return e.vector, nil
}

// appendNumbers appends the cells of a vector.
func appendNumbers(cells []any, v []int) []any {
	for _, x := range v {
		cells = append(cells, digits(x))
	}
	return cells
}

// digits is a small number as a cell, without an allocation.
func digits(x int) any {
	if x >= 0 && x < len(smallNumbers) {
		return smallNumbers[x]
	}
	return strconv.Itoa(x)
}

// smallNumbers are cells.
var smallNumbers = func() (cells [16]any) {
	for i := range cells {
		cells[i] = strconv.Itoa(i)
	}
	return cells
}()

// encodings are the names of those of all spaces.
func encodings() (names []string) {
	for _, s := range bench301.Spaces() {
		if coder, ok := s.(bench301.Encoder); ok {
			names = append(names, coder.Encodings()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
