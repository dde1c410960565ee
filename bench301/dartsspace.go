package bench301

import (
	"math/big"
	"math/rand/v2"
	"strconv"
)

// DARTS is the search space of NAS-Bench-301: [Genotype] values. Two genotypes whose nodes list their edges in
// another order are one architecture.
type DARTS struct{}

var _ interface {
	Space
	Published
	Cited
	Bounded
	PythonSource
} = DARTS{}

// Name implements Space.
func (DARTS) Name() string { return "darts" }

// Config implements Space; see DefaultConfig.
func (DARTS) Config() Config { return DefaultConfig() }

// Variants implements Space.
func (DARTS) Variants() []Variant { return Variants() }

// Size implements Space: node n of a cell chooses two of n+2 states and an operation for each.
func (DARTS) Size() *big.Int {
	size := big.NewInt(1)
	for range 2 {
		for n := int64(0); n < Nodes; n++ {
			size.Mul(size, big.NewInt((n+2)*(n+1)/2*NumOperations*NumOperations))
		}
	}
	return size
}

// SampleGenotype draws uniformly over the distinct architectures, in canonical form.
func SampleGenotype(rng *rand.Rand) Genotype {
	var g Genotype
	for _, c := range []*Cell{&g.Normal, &g.Reduce} {
		for n := range Nodes {
			// A pair a < b is drawn as one of n+2 states and one of the n+1 others.
			a, b := rng.IntN(n+2), rng.IntN(n+1)
			if b >= a {
				b++
			}
			c[2*n] = Edge{uint8(min(a, b)), Operation(rng.IntN(NumOperations))}
			c[2*n+1] = Edge{uint8(max(a, b)), Operation(rng.IntN(NumOperations))}
		}
	}
	return g
}

// Sample implements Space.
func (DARTS) Sample(rng *rand.Rand) Architecture { return SampleGenotype(rng) }

// Parse implements Space; see ParseGenotype.
func (DARTS) Parse(text string) (Architecture, Notation, error) { return ParseGenotype(text) }

// ParseAs implements Space.
func (s DARTS) ParseAs(text string, n Notation) (Architecture, error) {
	if _, err := LookupNotation(s, string(n)); err != nil {
		return nil, err
	}
	g, _, err := parseGenotype(text, n)
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Format implements Space.
func (s DARTS) Format(a Architecture, n Notation) (string, error) {
	if r, ok := a.(Repeating); ok {
		return r.Format(n)
	}
	g, err := own[Genotype](s, a)
	if err != nil {
		return "", err
	}
	return g.Format(n)
}

// Citations implements Cited.
func (DARTS) Citations() []string { return []string{"liu2019darts"} }

// ObjectiveBox implements Bounded: the box of EvoXBench (arXiv 2208.04321). Its origin of multiply-accumulates is
// 528064 above the smallest network here, so that a scaled value can be slightly negative.
func (DARTS) ObjectiveBox() ObjectiveBox {
	return ObjectiveBox{
		Low: [3]float64{0.0527, 392426, 79733440}, High: [3]float64{0.275, 1672426, 270342848},
		Name: "EvoXBench's box for C-10/MOP8-9", Citation: "lu2023evoxbench",
	}
}

// PythonSource implements PythonSource: the namedtuple Genotype.
func (DARTS) PythonSource() (Notation, string) {
	return NotationGenotype, "from collections import namedtuple\n\n" +
		"Genotype = namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')\n"
}

// Facts implements Space: the operations of each cell and the longest path through its nodes.
func (s DARTS) Facts(a Architecture) ([]Fact, error) {
	g, err := s.drawable(a)
	if err != nil {
		return nil, err
	}
	var facts []Fact
	for i, name := range []string{"normal", "reduction"} {
		cell := g.cell(i)
		facts = append(facts, Fact{name + " cell", cell.count()}, Fact{name + " depth", strconv.Itoa(cell.depth())})
	}
	return facts, nil
}

// count lists the operations of a cell.
func (c *Cell) count() string {
	var n [NumOperations]int
	for _, e := range c {
		n[e.Op]++
	}
	return counted(n[:], func(op int) string { return Operation(op).String() })
}

// depth is the number of edges on the longest path from an input to a node.
func (c *Cell) depth() int {
	var d [2 + Nodes]int
	deepest := 0
	for k, e := range c {
		n := 2 + k/2
		d[n] = max(d[n], 1+d[e.Source])
		deepest = max(deepest, d[n])
	}
	return deepest
}

// Neighbours implements Space: 96 differ in an operation, 24 in an input.
func (s DARTS) Neighbours(a Architecture) ([]Architecture, error) {
	g, err := s.valid(a)
	if err != nil {
		return nil, err
	}
	return boxed(g.neighbours()), nil
}

// Mutate implements Space.
func (s DARTS) Mutate(rng *rand.Rand, a Architecture) (Architecture, error) {
	g, err := s.valid(a)
	if err != nil {
		return nil, err
	}
	near := g.neighbours()
	return near[rng.IntN(len(near))], nil
}

// Crossover implements Space: each node, with its two edges, comes from a or from b with equal chance.
func (s DARTS) Crossover(rng *rand.Rand, a, b Architecture) (Architecture, error) {
	child, other, err := both(s.valid, a, b)
	if err != nil {
		return nil, err
	}
	coins := rng.Uint64()
	for n := range Nodes {
		if coins>>n&1 == 1 {
			copy(child.Normal[2*n:2*n+2], other.Normal[2*n:2*n+2])
		}
		if coins>>(Nodes+n)&1 == 1 {
			copy(child.Reduce[2*n:2*n+2], other.Reduce[2*n:2*n+2])
		}
	}
	return child, nil
}

// valid returns the canonical form of an architecture of this space.
func (s DARTS) valid(a Architecture) (Genotype, error) {
	g, err := own[Genotype](s, a)
	if err == nil {
		err = g.Validate()
	}
	return g.Canonical(), err
}

// drawable is valid of what may read one state twice, too.
func (s DARTS) drawable(a Architecture) (Genotype, error) {
	if r, ok := a.(Repeating); ok {
		return r.canonical(), r.Validate()
	}
	return s.valid(a)
}

// neighbours lists the genotypes that differ from the canonical g in one operation or one input, in canonical form.
func (g Genotype) neighbours() []Genotype {
	out := make([]Genotype, 0, 120)
	for i := range 2 {
		for k, e := range g.cell(i) {
			for op := range Operation(NumOperations) {
				if op != e.Op {
					near := g
					near.cell(i)[k].Op = op
					out = append(out, near)
				}
			}
			sibling := g.cell(i)[k^1].Source
			for s := range uint8(k/2 + 2) {
				if s != e.Source && s != sibling {
					near := g
					near.cell(i)[k].Source = s
					out = append(out, near.Canonical())
				}
			}
		}
	}
	return out
}

// cell is the normal cell (0) or the reduction cell (1).
func (g *Genotype) cell(i int) *Cell {
	if i == 0 {
		return &g.Normal
	}
	return &g.Reduce
}
