package bench301

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The notations of the DARTS space.
const (
	// NotationPairs is NASLib's compact form: [[(source, operation), ...], [...]].
	NotationPairs Notation = "pairs"
	// NotationGenotype is the namedtuple of DARTS: Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=..., ...).
	NotationGenotype Notation = "genotype"
	// NotationConfigSpace is the dictionary of NAS-Bench-301's ConfigSpace: edge_normal_0, inputs_node_normal_3, ...
	NotationConfigSpace Notation = "configspace"
	// NotationAwNAS is aw_nas's CNNGenotype(normal_0=((operation, from, to), ...), ...).
	NotationAwNAS Notation = "aw_nas"
	// NotationEvoXBench is EvoXBench's list of 32 integers, which numbers the operations in its own order.
	NotationEvoXBench Notation = "evoxbench"
	// NotationNNI is the dictionary of NNI: normal/op_2_0, normal/input_2_0, ...
	NotationNNI Notation = "nni"
	// NotationJSON is an object with normal and reduce, lists of [operation, source].
	NotationJSON Notation = "json"
	// NotationBananas8 is NotationPairs with the older numbering of eight operations, 0 being none. Nothing in the text
	// tells it from NotationPairs, so it is read only on demand.
	NotationBananas8 Notation = "bananas8"
)

// Notations lists the notations of DARTS architectures, the canonical one first.
func (DARTS) Notations() []Notation {
	return []Notation{
		NotationPairs, NotationGenotype, NotationConfigSpace, NotationAwNAS, NotationEvoXBench, NotationJSON,
		NotationNNI, NotationBananas8,
	}
}

// ParseGenotype reads a DARTS architecture in any notation that can be recognised and says which one it was. The order
// of edges is kept as written.
func ParseGenotype(text string) (Genotype, Notation, error) { return parseGenotype(text, "") }

// parseGenotype reads text as the forced notation, or as what it looks like if forced is empty.
func parseGenotype(text string, forced Notation) (Genotype, Notation, error) {
	if g, ok := parseCanonical(text); ok && (forced == "" || forced == NotationPairs) && g.Validate() == nil {
		return g, NotationPairs, nil
	}
	l, err := parseLiteral(text)
	if err != nil {
		return Genotype{}, "", err
	}
	if l.kind == stringLiteral { // a whole architecture in quotes
		if l, err = parseLiteral(l.text); err != nil {
			return Genotype{}, "", err
		}
	}
	return decode(unwrap(l), forced)
}

// decode reads an architecture in the forced notation, or in what it looks like if forced is empty.
func decode(l literal, forced Notation) (Genotype, Notation, error) {
	n := recognise(l)
	switch {
	case forced == NotationBananas8 && n == NotationPairs:
		n = forced
	case n == "" && forced == "":
		return Genotype{}, "", fmt.Errorf("%s is no architecture in a known notation: expected [[(source, operation), ...], "+
			"[...]], Genotype(...), CNNGenotype(...), a dictionary of ConfigSpace or NNI, {\"normal\": ..., \"reduce\": "+
			"...} or 32 integers", l)
	case n == "" || forced != "" && n != forced:
		return Genotype{}, "", fmt.Errorf("%s is not written in notation %s", written(l, n), forced)
	}
	g, err := decoders[n](l)
	if err == nil {
		err = g.Validate()
	}
	if err != nil {
		return Genotype{}, n, err
	}
	return g, n, nil
}

// blankText is the canonical text with a zero in the place of every number.
var blankText = (&Genotype{}).pairs(0)

// parseCanonical reads a text that is spaced as the canonical one, which most long files hold: it takes a fiftieth of
// the time of the way over literals. Whatever else the text may be, ok is false.
func parseCanonical(text string) (g Genotype, ok bool) {
	if len(text) != len(blankText) {
		return g, false
	}
	var numbers [4 * EdgesPerCell]uint8
	n := 0
	for i, want := range []byte(blankText) {
		switch c := text[i]; {
		case want == '0' && digit(c):
			numbers[n] = c - '0'
			n++
		case c != want:
			return g, false
		}
	}
	for i := range 2 {
		for k := range EdgesPerCell {
			at := 2 * (i*EdgesPerCell + k)
			g.cell(i)[k] = Edge{numbers[at], Operation(numbers[at+1])}
		}
	}
	return g, true
}

// written describes what was found instead of a forced notation.
func written(l literal, n Notation) string {
	if n == "" {
		return l.String()
	}
	return "notation " + string(n)
}

var decoders = map[Notation]func(literal) (Genotype, error){
	NotationPairs:       func(l literal) (Genotype, error) { return decodePairs(l, 0) },
	NotationBananas8:    func(l literal) (Genotype, error) { return decodePairs(l, 1) },
	NotationGenotype:    decodeNamed,
	NotationJSON:        decodeNamed,
	NotationConfigSpace: decodeConfigSpace,
	NotationNNI:         decodeNNI,
	NotationAwNAS:       decodeAwNAS,
	NotationEvoXBench:   decodeEvoXBench,
}

// unwrap takes an architecture out of {"architecture": ...}, {"spec": ...}, or an object that holds one architecture
// anywhere, such as a result of NAS-Bench-301.
func unwrap(l literal) literal {
	if l.kind != objectLiteral || recognise(l) != "" {
		return l
	}
	for _, key := range []string{"architecture", "spec"} {
		if inner, ok := l.get(key); ok {
			if inner.kind == stringLiteral {
				if text, err := parseLiteral(inner.text); err == nil {
					return text
				}
			}
			return inner
		}
	}
	if found := search(l, "", 0); len(found) == 1 {
		return found[0].literal
	}
	return l
}

// recognise tells a notation by its outline, so that a mistake inside is reported as a mistake in that notation.
func recognise(l literal) Notation {
	switch l.kind {
	case callLiteral:
		switch name := l.text[strings.LastIndexByte(l.text, '.')+1:]; name {
		case "Genotype":
			return NotationGenotype
		case "CNNGenotype":
			return NotationAwNAS
		}
	case objectLiteral:
		if _, ok := l.get("normal"); ok {
			return NotationJSON
		}
		for _, k := range l.keys {
			switch k := strings.TrimPrefix(configSpaceKey(k), configSpacePrefix); {
			case strings.HasPrefix(k, "edge_normal_") || strings.HasPrefix(k, "edge_reduce_") ||
				strings.HasPrefix(k, "inputs_node_"):
				return NotationConfigSpace
			case strings.HasPrefix(k, "normal/") || strings.HasPrefix(k, "reduce/"):
				return NotationNNI
			}
		}
	case listLiteral:
		numbers := func(l literal) bool { return l.kind == numberLiteral }
		if len(l.items) > 2 && !slices.ContainsFunc(l.items, func(l literal) bool { return !numbers(l) }) {
			return NotationEvoXBench
		}
		if len(l.items) > 0 && l.items[0].kind == listLiteral && len(l.items[0].items) > 0 &&
			l.items[0].items[0].kind == listLiteral {
			return NotationPairs
		}
	}
	return ""
}

// integer reads a small non-negative whole number. It may be written with a point (3.0), and in quotes, for arrays of
// texts hold their numbers so.
func integer(l literal) (int, error) {
	if l.kind != numberLiteral && (l.kind != stringLiteral || l.text == "" || strings.Trim(l.text, "0123456789") != "") {
		return 0, fmt.Errorf("%s where a number should stand", l)
	}
	if n, err := strconv.ParseUint(l.text, 10, 8); err == nil {
		return int(n), nil
	}
	if x, err := strconv.ParseFloat(l.text, 64); err == nil && x >= 0 && x <= 255 && x == math.Trunc(x) {
		return int(x), nil
	}
	return 0, fmt.Errorf("%s: must be a whole number in [0, 255]", clip(l.text))
}

// cells calls f for both cells and says in which of them an error was.
func cells(g *Genotype, f func(name string, i int, c *Cell) error) error {
	for i, c := range []struct {
		name string
		cell *Cell
	}{{"normal", &g.Normal}, {"reduce", &g.Reduce}} {
		if err := f(c.name, i, c.cell); err != nil {
			return fmt.Errorf("%s cell: %w", c.name, err)
		}
	}
	return nil
}

// errOtherSpace says that an architecture is well written but of another space.
var errOtherSpace = errors.New("not of this space")

// edgeList reads a list of as many edges as a cell has.
func edgeList(l literal, edge func(k int, l literal) error) error {
	if l.kind != listLiteral {
		return fmt.Errorf("%s where a list of %d edges should stand", l, EdgesPerCell)
	}
	if len(l.items) == 2*(Nodes+1) {
		return fmt.Errorf("%d edges: a cell of five nodes, as in the space of NASNet; a cell of DARTS has %d edges: %w",
			len(l.items), EdgesPerCell, errOtherSpace)
	}
	if len(l.items) != EdgesPerCell {
		return fmt.Errorf("%d edges: a cell has %d, two for each of %d nodes", len(l.items), EdgesPerCell, Nodes)
	}
	for k, item := range l.items {
		if err := edge(k, item); err != nil {
			return fmt.Errorf("edge %d: %w", k, err)
		}
	}
	return nil
}

// tuple says whether l is a list of n items, and which they should be.
func tuple(l literal, n int, what string) error {
	if l.kind != listLiteral || len(l.items) != n {
		return fmt.Errorf("%s where %s should stand", l, what)
	}
	return nil
}

// decodePairs reads [[(source, operation), ...], [...]] whose operations are numbered from shift.
func decodePairs(l literal, shift int) (g Genotype, err error) {
	if len(l.items) != 2 {
		return g, fmt.Errorf("%d cells: an architecture has 2, the normal cell and the reduction cell", len(l.items))
	}
	err = cells(&g, func(_ string, i int, c *Cell) error {
		return edgeList(l.items[i], func(k int, l literal) error {
			if err := tuple(l, 2, "(source, operation)"); err != nil {
				return err
			}
			source, err := integer(l.items[0])
			if err != nil {
				return err
			}
			op, err := integer(l.items[1])
			if err != nil {
				return err
			}
			if op < shift {
				_, err := ParseOperation("none")
				return err
			}
			if op >= NumOperations+shift {
				return fmt.Errorf("operation index %d: DARTS has %d (%d-%d)", op, NumOperations, shift, NumOperations-1+shift)
			}
			c[k] = Edge{uint8(source), Operation(op - shift)}
			return nil
		})
	})
	return g, err
}

// decodeNamed reads Genotype(...) and the object with the same keys.
func decodeNamed(l literal) (g Genotype, err error) {
	if l.kind == callLiteral {
		if l, err = keywords(l, "normal", "normal_concat", "reduce", "reduce_concat"); err != nil {
			return g, err
		}
	}
	err = cells(&g, func(name string, _ int, c *Cell) error {
		list, ok := l.get(name)
		if !ok {
			return errors.New("missing")
		}
		err := edgeList(list, func(k int, l literal) error {
			if err := tuple(l, 2, "(operation, source)"); err != nil {
				return err
			}
			c[k], err = namedEdge(l.items[0], l.items[1])
			return err
		})
		if concat, ok := l.get(name + "_concat"); ok && err == nil {
			err = checkConcat(concat)
		}
		return err
	})
	return g, err
}

func namedEdge(op, source literal) (Edge, error) {
	if op.kind != stringLiteral {
		return Edge{}, fmt.Errorf("%s where an operation's name should stand", op)
	}
	o, err := ParseOperation(op.text)
	if err != nil {
		return Edge{}, err
	}
	s, err := integer(source)
	return Edge{uint8(s), o}, err
}

// keywords gives the positional arguments of a call the names of their places, and refuses unknown names.
func keywords(l literal, names ...string) (literal, error) {
	named := literal{kind: callLiteral, text: l.text, keys: slices.Clone(l.keys), items: l.items}
	for i, k := range named.keys {
		if k == "" && i < len(names) {
			k = names[i]
		}
		if !slices.Contains(names, k) {
			return l, fmt.Errorf("%s has no argument %q: its arguments are %s", l.text, clip(k), strings.Join(names, ", "))
		}
		if slices.Contains(named.keys[:i], k) {
			return l, fmt.Errorf("argument %s appears twice", k)
		}
		named.keys[i] = k
	}
	return named, nil
}

// checkConcat refuses a cell whose output is not the concatenation of nodes 2 to 5.
func checkConcat(l literal) error {
	if l.kind == listLiteral && len(l.items) == Nodes {
		seen := map[int]bool{}
		for _, item := range l.items {
			if n, err := integer(item); err == nil && n >= 2 && n < 2+Nodes {
				seen[n] = true
			}
		}
		if len(seen) == Nodes {
			return nil
		}
	}
	return fmt.Errorf("concat: the output of a cell must be nodes 2, 3, 4, 5")
}

// decodeAwNAS reads CNNGenotype(...), whose edges name their target node and come in any order.
func decodeAwNAS(l literal) (g Genotype, err error) {
	if l, err = keywords(l, "normal_0", "reduce_1", "normal_0_concat", "reduce_1_concat"); err != nil {
		return g, err
	}
	err = cells(&g, func(name string, i int, c *Cell) error {
		key := fmt.Sprintf("%s_%d", name, i)
		list, ok := l.get(key)
		if !ok {
			return fmt.Errorf("argument %s is missing", key)
		}
		if concat, ok := l.get(key + "_concat"); ok {
			if err := checkConcat(concat); err != nil {
				return err
			}
		}
		var filled [Nodes]int
		return edgeList(list, func(_ int, l literal) error {
			if err := tuple(l, 3, "(operation, from, to)"); err != nil {
				return err
			}
			e, err := namedEdge(l.items[0], l.items[1])
			if err != nil {
				return err
			}
			to, err := integer(l.items[2])
			if err != nil {
				return err
			}
			n := to - 2
			if n < 0 || n >= Nodes {
				return fmt.Errorf("target %d: the nodes are 2-%d", to, 1+Nodes)
			}
			if filled[n] == 2 {
				return fmt.Errorf("node %d has more than two edges", to)
			}
			c[2*n+filled[n]] = e
			filled[n]++
			return nil
		})
	})
	return g, err
}

// evoXBenchOrder lists the operations as EvoXBench numbers them.
var evoXBenchOrder = [NumOperations]Operation{SkipConnect, AvgPool3x3, MaxPool3x3, SepConv3x3, SepConv5x5, DilConv3x3,
	DilConv5x5}

// decodeEvoXBench reads 32 integers: (operation, source) eight times for each cell.
func decodeEvoXBench(l literal) (g Genotype, err error) {
	if len(l.items) != 4*EdgesPerCell {
		return g, fmt.Errorf("%d numbers: EvoXBench's DARTS encoding has %d", len(l.items), 4*EdgesPerCell)
	}
	err = cells(&g, func(_ string, i int, c *Cell) error {
		for k := range c {
			at := 2 * (i*EdgesPerCell + k)
			op, err := integer(l.items[at])
			if err == nil && op >= NumOperations {
				err = fmt.Errorf("operation index %d: DARTS has %d (0-%d)", op, NumOperations, NumOperations-1)
			}
			if err != nil {
				return fmt.Errorf("edge %d: %w", k, err)
			}
			source, err := integer(l.items[at+1])
			if err != nil {
				return fmt.Errorf("edge %d: %w", k, err)
			}
			c[k] = Edge{uint8(source), evoXBenchOrder[op]}
		}
		return nil
	})
	return g, err
}
