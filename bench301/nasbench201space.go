package bench301

import (
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// The notations of NAS-Bench-201.
const (
	// NotationCell is NAS-Bench-201's own: |op~0|+|op~0|op~1|+|op~0|op~1|op~2|.
	NotationCell Notation = "cell"
	// NotationIndices is NASLib's list of six operation indices, with orders of operations and edges of its own.
	NotationIndices Notation = "indices"
)

// NASBench201 is the search space of NAS-Bench-201: [Genotype201] values. Two texts are two architectures, even where
// their networks compute the same.
type NASBench201 struct{}

var _ interface {
	Space
	Cited
} = NASBench201{}

// Name implements Space.
func (NASBench201) Name() string { return "nasbench201" }

// Config implements Space: C = 16 and N = 5, that is 17 cells and residual blocks.
func (NASBench201) Config() Config {
	c := DefaultConfig()
	c.Channels, c.Layers = 16, 17
	return c
}

// Variants implements Space.
func (NASBench201) Variants() []Variant { return nil }

// Size implements Space.
func (NASBench201) Size() *big.Int {
	return new(big.Int).Exp(big.NewInt(NumOperations201), big.NewInt(Edges201), nil)
}

// Sample implements Space.
func (NASBench201) Sample(rng *rand.Rand) Architecture {
	var g Genotype201
	for k := range g {
		g[k] = Operation201(rng.IntN(NumOperations201))
	}
	return g
}

// Notations implements Space.
func (NASBench201) Notations() []Notation { return []Notation{NotationCell, NotationIndices} }

// Parse implements Space.
func (NASBench201) Parse(text string) (Architecture, Notation, error) {
	if len(text) > maxText {
		return nil, "", fmt.Errorf("%d bytes: an architecture takes less than %d", len(text), maxText)
	}
	text = strings.TrimSpace(text)
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	if strings.HasPrefix(text, "|") {
		g, err := decodeCell(text)
		return g, NotationCell, err
	}
	l, err := parseLiteral(text)
	if err != nil {
		return nil, "", err
	}
	if l.kind == stringLiteral && strings.HasPrefix(l.text, "|") {
		g, err := decodeCell(l.text)
		return g, NotationCell, err
	}
	if l.kind == listLiteral && len(l.items) > 0 && l.items[0].kind == numberLiteral {
		g, err := decodeIndices(l)
		return g, NotationIndices, err
	}
	return nil, "", fmt.Errorf("%s is no architecture of NAS-Bench-201: expected |op~0|+|op~0|op~1|+|op~0|op~1|op~2| or "+
		"six integers", l)
}

// cellText201 is a text in the notation cell, with perhaps a wrong operation or node; before it may stand the key that
// holds it.
var cellText201 = regexp.MustCompile(`(?:['"]([\w .-]{1,60})['"]\s*:\s*['"])?` +
	`(\|\w+~\d\|\+\|\w+~\d\|\w+~\d\|\+\|\w+~\d\|\w+~\d\|\w+~\d\|)`)

// find implements finder: architectures in the notation cell.
func (s NASBench201) find(text string, forced Notation) []found {
	if forced != "" && forced != NotationCell {
		return nil
	}
	name, _ := assigned(text)
	var all []found
	for _, m := range cellText201.FindAllStringSubmatch(text, -1) {
		f := found{name: cmp.Or(m[1], name)}
		f.architecture, f.notation, f.err = s.Parse(m[2])
		all = append(all, f)
	}
	return all
}

// ParseAs implements Space.
func (s NASBench201) ParseAs(text string, n Notation) (Architecture, error) {
	if _, err := LookupNotation(s, string(n)); err != nil {
		return nil, err
	}
	a, got, err := s.Parse(text)
	if err == nil && got != n {
		return nil, fmt.Errorf("notation %s is not written in notation %s", got, n)
	}
	return a, err
}

// decodeCell reads |op~0|+|op~0|op~1|+|op~0|op~1|op~2|.
func decodeCell(text string) (g Genotype201, err error) {
	nodes := strings.Split(text, "+")
	if len(nodes) != Nodes201-1 {
		return g, fmt.Errorf("%d nodes: a cell of NAS-Bench-201 has %d, joined by +", len(nodes), Nodes201-1)
	}
	for i, node := range nodes {
		to := i + 1
		node = strings.TrimSpace(node)
		edges := strings.Split(strings.Trim(node, "|"), "|")
		if !strings.HasPrefix(node, "|") || !strings.HasSuffix(node, "|") || len(edges) != to {
			return g, fmt.Errorf("node %d: %q: must list %d operations, each between bars", to, clip(node), to)
		}
		var seen [Nodes201]bool
		for _, edge := range edges {
			name, source, _ := strings.Cut(edge, "~")
			from := strings.Index("012", source)
			if len(source) != 1 || from < 0 || from >= to || seen[from] {
				return g, fmt.Errorf("node %d: %q: must name an operation and one of the nodes 0-%d, each once, such as "+
					"skip_connect~0", to, clip(edge), to-1)
			}
			seen[from] = true
			if g[edge201(from, to)], err = ParseOperation201(name); err != nil {
				return g, fmt.Errorf("node %d: %w", to, err)
			}
		}
	}
	return g, nil
}

// NASLib's orders of the operations, and of the edges as pairs of nodes.
var (
	indexOperations = [NumOperations201]Operation201{Skip201, None201, Conv3x3, Conv1x1, AvgPool201}
	indexEdges      = [Edges201][2]int{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}
)

// decodeIndices reads NASLib's six integers.
func decodeIndices(l literal) (g Genotype201, err error) {
	if len(l.items) != Edges201 {
		return g, fmt.Errorf("%d numbers: NAS-Bench-201 has %d edges", len(l.items), Edges201)
	}
	for k, item := range l.items {
		op, err := integer(item)
		if err == nil && op >= NumOperations201 {
			err = fmt.Errorf("operation index %d: NAS-Bench-201 has %d (0-%d)", op, NumOperations201, NumOperations201-1)
		}
		if err != nil {
			return g, fmt.Errorf("edge %d: %w", k, err)
		}
		g[edge201(indexEdges[k][0], indexEdges[k][1])] = indexOperations[op]
	}
	return g, nil
}

// Format implements Space.
func (s NASBench201) Format(a Architecture, n Notation) (string, error) {
	g, err := s.valid(a)
	if err != nil {
		return "", err
	}
	switch n {
	case NotationCell:
		return g.String(), nil
	case NotationIndices:
		numbers := make([]string, Edges201)
		for k, e := range indexEdges {
			numbers[k] = fmt.Sprint(slices.Index(indexOperations[:], g[edge201(e[0], e[1])]))
		}
		return "[" + strings.Join(numbers, ", ") + "]", nil
	}
	_, err = LookupNotation(s, string(n))
	return "", err
}

// Citations implements Cited.
func (NASBench201) Citations() []string { return []string{"dong2020nasbench201"} }

// valid returns an architecture of this space.
func (s NASBench201) valid(a Architecture) (Genotype201, error) {
	g, err := own[Genotype201](s, a)
	if err == nil {
		err = g.Validate()
	}
	return g, err
}

// Facts implements Space: the operations, and the longest path without none from the cell's input to its output.
func (s NASBench201) Facts(a Architecture) ([]Fact, error) {
	g, err := s.valid(a)
	if err != nil {
		return nil, err
	}
	var n [NumOperations201]int
	depth := [Nodes201]int{0, -1, -1, -1} // -1: nothing gets there
	for to := 1; to < Nodes201; to++ {
		for from := range to {
			op := g[edge201(from, to)]
			n[op]++
			if op != None201 && depth[from] >= 0 {
				depth[to] = max(depth[to], depth[from]+1)
			}
		}
	}
	reach := fmt.Sprint(depth[Nodes201-1])
	if depth[Nodes201-1] < 0 {
		reach = "no way from input to output"
	}
	return []Fact{{"cell", counted(n[:], func(op int) string { return Operation201(op).String() })}, {"depth", reach}}, nil
}

// Neighbours implements Space: 24 differ in one operation.
func (s NASBench201) Neighbours(a Architecture) ([]Architecture, error) {
	g, err := s.valid(a)
	if err != nil {
		return nil, err
	}
	var out []Architecture
	for k := range g {
		for op := range Operation201(NumOperations201) {
			if near := g; op != g[k] {
				near[k] = op
				out = append(out, near)
			}
		}
	}
	return out, nil
}

// Mutate implements Space.
func (s NASBench201) Mutate(rng *rand.Rand, a Architecture) (Architecture, error) {
	g, err := s.valid(a)
	if err != nil {
		return nil, err
	}
	k := rng.IntN(Edges201)
	op := Operation201(rng.IntN(NumOperations201 - 1))
	if op >= g[k] {
		op++
	}
	g[k] = op
	return g, nil
}

// Crossover implements Space: each edge comes from a or from b with equal chance.
func (s NASBench201) Crossover(rng *rand.Rand, a, b Architecture) (Architecture, error) {
	child, other, err := both(s.valid, a, b)
	if err != nil {
		return nil, err
	}
	coins := rng.Uint64()
	for k := range child {
		if coins>>k&1 == 1 {
			child[k] = other[k]
		}
	}
	return child, nil
}
