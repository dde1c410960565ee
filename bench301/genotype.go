package bench301

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Operation is one of the seven operations of the DARTS space, numbered as NASLib and NAS-Bench-301 number them.
type Operation uint8

// The operations.
const (
	MaxPool3x3 Operation = iota
	AvgPool3x3
	SkipConnect
	SepConv3x3
	SepConv5x5
	DilConv3x3
	DilConv5x5

	NumOperations = 7
)

var operationNames = [NumOperations]string{
	"max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
}

// String is the operation's name in DARTS.
func (o Operation) String() string {
	if o < NumOperations {
		return operationNames[o]
	}
	return "operation " + strconv.Itoa(int(o))
}

// Pool reports whether o is one of the two pooling operations.
func (o Operation) Pool() bool { return o == MaxPool3x3 || o == AvgPool3x3 }

// ParseOperation reads an operation's DARTS name.
func ParseOperation(name string) (Operation, error) {
	for i, n := range operationNames {
		if n == name {
			return Operation(i), nil
		}
	}
	if name == "none" {
		return 0, fmt.Errorf("operation %q: a discrete DARTS cell has no empty edge; use one of %s", name,
			strings.Join(operationNames[:], ", "))
	}
	return 0, fmt.Errorf("operation %q: unknown; use one of %s", name, strings.Join(operationNames[:], ", "))
}

// Nodes is the number of intermediate nodes of a cell, EdgesPerCell the number of edges: two feed each node.
const (
	Nodes        = 4
	EdgesPerCell = 2 * Nodes
)

// Edge feeds an intermediate node: Op applied to the state Source. States 0 and 1 are the cell's two inputs (the
// outputs of cells i-2 and i-1), state 2+n is intermediate node n.
type Edge struct {
	Source uint8
	Op     Operation
}

// Cell holds the eight edges of a cell: edges 2n and 2n+1 feed node n.
type Cell [EdgesPerCell]Edge

// Genotype is an architecture of the DARTS space. It keeps the order of the two edges of a node as written; compare
// canonical forms to compare architectures.
type Genotype struct {
	Normal, Reduce Cell
}

var _ interface {
	Architecture
	Canonicaliser
	PoolCounter
	OperationCounter
} = Genotype{}

// Validate says which edge breaks a rule of the space: known operations, sources computed before they are read, two
// different sources at each node; if the last alone is broken, it is a *[RepeatError].
func (g Genotype) Validate() error {
	var repeats []string
	for _, c := range []struct {
		name string
		cell Cell
	}{{"normal", g.Normal}, {"reduce", g.Reduce}} {
		for k, e := range c.cell {
			node := k / 2
			switch {
			case e.Op >= NumOperations:
				return fmt.Errorf("%s cell, edge %d: operation index %d: DARTS has %d (0-%d)", c.name, k, e.Op, NumOperations,
					NumOperations-1)
			case int(e.Source) >= node+2:
				return fmt.Errorf("%s cell, edge %d: source %d: node %d can read states 0-%d only", c.name, k, e.Source, node+2,
					node+1)
			}
		}
		for n := 0; n < Nodes; n++ {
			if a, b := c.cell[2*n], c.cell[2*n+1]; a.Source == b.Source {
				repeats = append(repeats, fmt.Sprintf("%s cell, node %d: both edges read state %d", c.name, n+2, a.Source))
			}
		}
	}
	if repeats != nil {
		return &RepeatError{Genes: Repeating(g), where: repeats[0]}
	}
	return nil
}

// Canonical returns g with the two edges of every node sorted by source. Their order does not change the network's
// function, so two genotypes are the same architecture exactly if their canonical forms are equal.
func (g Genotype) Canonical() Genotype {
	return Genotype{Normal: g.Normal.canonical(), Reduce: g.Reduce.canonical()}
}

// CanonicalForm implements Canonicaliser; see Canonical.
func (g Genotype) CanonicalForm() Architecture { return g.Canonical() }

func (c Cell) canonical() Cell {
	for n := 0; n < Nodes; n++ {
		if a, b := &c[2*n], &c[2*n+1]; a.Source > b.Source {
			*a, *b = *b, *a
		}
	}
	return c
}

// Pools implements PoolCounter.
func (g Genotype) Pools() (n int) {
	for _, e := range g.Normal {
		if e.Op.Pool() {
			n++
		}
	}
	return n
}

// CountOperations implements OperationCounter.
func (g Genotype) CountOperations() OperationCounts {
	n := OperationCounts{Depth: g.Normal.depth()}
	for k, e := range slices.Concat(g.Normal[:], g.Reduce[:]) {
		if e.Source < 2 {
			n.FromInputs++
		}
		switch {
		case e.Op == SkipConnect:
			n.Skips++
			if k < EdgesPerCell {
				n.NormalSkips++
			}
		case e.Op == SepConv3x3 || e.Op == SepConv5x5:
			n.Separable++
			n.Convolutions++
		case !e.Op.Pool():
			n.Convolutions++
		}
	}
	return n
}

// String is the canonical text: NASLib's compact form of the canonical genotype.
func (g Genotype) String() string {
	g = g.Canonical()
	return g.pairs(0)
}

// ID is the first 16 hex digits of the SHA-256 of the canonical text.
func (g Genotype) ID() string {
	g = g.Canonical()
	var room [pairsSize]byte
	return textID(g.appendPairs(room[:0], 0))
}
