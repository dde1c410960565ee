package bench301

import (
	"errors"
	"fmt"
)

// Repeating is a pair of cells whose nodes may read one state twice, as the solutions of EvoXBench do, whose crossover
// and mutation change every gene on its own. Its network is well defined, with two edges from the same source, so that
// it can be counted and drawn; the DARTS space, and so NAS-Bench-301 and its surrogates, has no such cell.
type Repeating struct {
	Normal, Reduce Cell
}

var _ Architecture = Repeating{}

// RepeatError says that a genotype is no member of the DARTS space, for its nodes read one state twice. It is nothing
// else that is wrong with it.
type RepeatError struct {
	Genes Repeating
	where string
}

func (e *RepeatError) Error() string {
	return e.where + ": the two sources of a node must differ; the DARTS space has no such cell, and no surrogate of " +
		"NAS-Bench-301 ever saw one, so it has no accuracy and no score here: --repair takes the nearest architecture; " +
		"complexity, show and front take it as it is"
}

// Validate says which edge breaks a rule: known operations, sources computed before they are read.
func (r Repeating) Validate() error {
	var repeats *RepeatError
	if err := Genotype(r).Validate(); !errors.As(err, &repeats) {
		return err
	}
	return nil
}

// Repeats is the number of nodes that read one state twice.
func (r Repeating) Repeats() (n int) {
	for i := range 2 {
		c := (*Genotype)(&r).cell(i)
		for k := 0; k < EdgesPerCell; k += 2 {
			if c[k].Source == c[k+1].Source {
				n++
			}
		}
	}
	return n
}

// Repair returns the nearest architecture of the DARTS space and how many genes it changes: one for each node that
// reads a state twice, which is the fewest there can be. Of the ways to do so it takes this one: the second edge of the
// node reads the lowest-numbered state that the first does not. Operations stay.
func (r Repeating) Repair() (g Genotype, changed int) {
	g = Genotype(r)
	for i := range 2 {
		c := g.cell(i)
		for k := 0; k < EdgesPerCell; k += 2 {
			if c[k].Source != c[k+1].Source {
				continue
			}
			c[k+1].Source = 0
			if c[k].Source == 0 {
				c[k+1].Source = 1
			}
			changed++
		}
	}
	return g, changed
}

// canonical sorts the two edges of every node by source, then by operation.
func (r Repeating) canonical() Genotype {
	g := Genotype(r).Canonical()
	for i := range 2 {
		c := g.cell(i)
		for k := 0; k < EdgesPerCell; k += 2 {
			if a, b := &c[k], &c[k+1]; a.Source == b.Source && a.Op > b.Op {
				*a, *b = *b, *a
			}
		}
	}
	return g
}

// String is the canonical text: NASLib's compact form.
func (r Repeating) String() string {
	g := r.canonical()
	return g.pairs(0)
}

// ID is the first 16 hex digits of the SHA-256 of the canonical text.
func (r Repeating) ID() string { return textID([]byte(r.String())) }

// Graph implements Architecture; see [Genotype.Graph].
func (r Repeating) Graph(cfg Config) (Graph, error) {
	if err := r.Validate(); err != nil {
		return Graph{}, err
	}
	return Genotype(r).graph(cfg)
}

// Complexity implements Architecture; see [Genotype.Complexity].
func (r Repeating) Complexity(cfg Config) (Complexity, error) {
	if err := r.Validate(); err != nil {
		return Complexity{}, err
	}
	return Genotype(r).complexity(cfg)
}

// Format writes r in a notation that can hold it: not ConfigSpace's, which names a set of sources.
func (r Repeating) Format(n Notation) (string, error) {
	if err := r.Validate(); err != nil {
		return "", err
	}
	if n == NotationConfigSpace && r.Repeats() > 0 {
		return "", fmt.Errorf("notation %s: cannot say that a node reads one state twice", n)
	}
	return Genotype(r).format(n)
}

// Repeats says what a Reader does with genotypes whose nodes read one state twice.
type Repeats int

// What a Reader may do with them.
const (
	RefuseRepeats Repeats = iota // they are errors, a *RepeatError
	KeepRepeats                  // they are a [Repeating]
	RepairRepeats                // they become the nearest architecture, see [Repeating.Repair]
)

// settle turns an error of reading into what the reader does with repeated sources.
func (p *reader) settle(a Architecture, err error) (Architecture, int, error) {
	var repeats *RepeatError
	if !errors.As(err, &repeats) {
		return a, 0, err
	}
	switch p.Repeats {
	case KeepRepeats:
		return repeats.Genes, 0, nil
	case RepairRepeats:
		g, changed := repeats.Genes.Repair()
		return g, changed, nil
	}
	return nil, 0, err
}
