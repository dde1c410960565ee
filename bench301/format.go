package bench301

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Format writes g in a notation, its edges in the order in which g holds them (ConfigSpace's have none).
func (g Genotype) Format(n Notation) (string, error) {
	if err := g.Validate(); err != nil {
		return "", err
	}
	return g.format(n)
}

// format is Format of cells whose nodes may read one state twice; ConfigSpace's cannot hold these.
func (g Genotype) format(n Notation) (string, error) {
	switch n {
	case NotationPairs:
		return g.pairs(0), nil
	case NotationBananas8:
		return g.pairs(1), nil
	case NotationGenotype:
		return fmt.Sprintf("Genotype(normal=%s, normal_concat=[2, 3, 4, 5], reduce=%s, reduce_concat=[2, 3, 4, 5])",
			g.Normal.named("[('%s', %d)", "]"), g.Reduce.named("[('%s', %d)", "]")), nil
	case NotationJSON:
		return fmt.Sprintf(`{"normal": %s, "normal_concat": [2, 3, 4, 5], "reduce": %s, "reduce_concat": [2, 3, 4, 5]}`,
			g.Normal.named(`[["%s", %d]`, "]"), g.Reduce.named(`[["%s", %d]`, "]")), nil
	case NotationAwNAS:
		return fmt.Sprintf("CNNGenotype(normal_0=%s, reduce_1=%s, normal_0_concat=(2, 3, 4, 5), reduce_1_concat=(2, 3, 4, "+
			"5))",
			g.Normal.awNAS(), g.Reduce.awNAS()), nil
	case NotationEvoXBench:
		return g.evoXBench(), nil
	case NotationConfigSpace:
		return g.configSpace()
	case NotationNNI:
		return g.nni(), nil
	}
	return "", fmt.Errorf("notation %q: must be one of %s", n, join(DARTS{}.Notations()))
}

func join(names []Notation) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	return strings.Join(texts, ", ")
}

// pairs writes [[(source, operation), ...], [...]], numbering the operations from shift.
func (g *Genotype) pairs(shift int) string {
	return string(g.appendPairs(make([]byte, 0, pairsSize), shift))
}

// pairsSize is the length of a canonical text.
const pairsSize = len("[, ]") + 2*EdgesPerCell*len("(0, 0), ")

func (g *Genotype) appendPairs(b []byte, shift int) []byte {
	b = append(b, '[')
	b = g.Normal.appendPairs(b, shift)
	b = append(b, ", "...)
	b = g.Reduce.appendPairs(b, shift)
	return append(b, ']')
}

func (c *Cell) appendPairs(b []byte, shift int) []byte {
	for k, e := range c {
		if k == 0 {
			b = append(b, "[("...)
		} else {
			b = append(b, ", ("...)
		}
		b = strconv.AppendUint(b, uint64(e.Source), 10)
		b = append(b, ", "...)
		b = strconv.AppendInt(b, int64(e.Op)+int64(shift), 10)
		b = append(b, ')')
	}
	return append(b, ']')
}

// named writes the edges as operation and source. The pattern of the first edge carries the opening bracket.
func (c Cell) named(first, end string) string {
	var b strings.Builder
	for k, e := range c {
		pattern := first
		if k > 0 {
			pattern = ", " + first[1:]
		}
		fmt.Fprintf(&b, pattern, e.Op, e.Source)
	}
	return b.String() + end
}

func (c Cell) awNAS() string {
	edges := make([]string, EdgesPerCell)
	for k, e := range c {
		edges[k] = fmt.Sprintf("('%s', %d, %d)", e.Op, e.Source, 2+k/2)
	}
	return "(" + strings.Join(edges, ", ") + ")"
}

func (g Genotype) evoXBench() string {
	var numbers []string
	for _, e := range append(g.Normal[:], g.Reduce[:]...) {
		numbers = append(numbers, fmt.Sprintf("%d, %d", slices.Index(evoXBenchOrder[:], e.Op), e.Source))
	}
	return "[" + strings.Join(numbers, ", ") + "]"
}

// configSpace writes the 22 keys of the architecture, the edges of a cell before its inputs.
func (g Genotype) configSpace() (string, error) {
	g = g.Canonical()
	var fields []string
	field := func(key, value string) {
		k, _ := json.Marshal(configSpacePrefix + key) // strings always marshal
		v, _ := json.Marshal(value)
		fields = append(fields, string(k)+": "+string(v))
	}
	err := cells(&g, func(name string, _ int, c *Cell) error {
		for k, e := range c {
			field(fmt.Sprintf("edge_%s_%d", name, edgeKey(k/2, int(e.Source))), e.Op.String())
		}
		for n := 1; n < Nodes; n++ {
			field(fmt.Sprintf("inputs_node_%s_%d", name, n+2), fmt.Sprintf("%d_%d", c[2*n].Source, c[2*n+1].Source))
		}
		return nil
	})
	return "{" + strings.Join(fields, ", ") + "}", err
}
