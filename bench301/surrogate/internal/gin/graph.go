package gin

import (
	"slices"

	"rwe301/bench301"
)

// The nodes of a graph: two cells of two inputs, four intermediate nodes and an output.
const (
	cellNodes = bench301.Nodes + 3
	graphSize = 2 * cellNodes
)

// graph is an architecture as NAS-Bench-301 encodes it for the network.
type graph struct {
	kind, degree [graphSize]int
	edges        []edge
}

// edge carries a message; attr is 0 for an identity, otherwise an operation's index + 1.
type edge struct{ from, to, attr int }

// encode builds the graph. Upstream lists a cell's edges by (from, to) and its operations by (to, from) and pairs the
// two lists up, so operations land on edges that are not theirs. The weights were trained on these graphs: it must
// stay.
func encode(g bench301.Genotype, undirected, selfLoops bool) *graph {
	out := &graph{edges: make([]edge, 0, 2*(2*(bench301.EdgesPerCell+bench301.Nodes)+5+graphSize))}
	for c, cell := range []bench301.Cell{g.Canonical().Normal, g.Canonical().Reduce} {
		base := c * cellNodes
		first := len(out.edges)
		for k, e := range cell { // canonical order is (to, from)
			out.edges = append(out.edges, edge{base + int(e.Source), base + 2 + k/2, 0})
		}
		edges := out.edges[first:]
		slices.SortFunc(edges, func(a, b edge) int {
			if a.from != b.from {
				return a.from - b.from
			}
			return a.to - b.to
		})
		for k, e := range cell {
			edges[k].attr = int(e.Op) + 1
		}
		const output = cellNodes - 1
		for n := range bench301.Nodes {
			out.edges = append(out.edges, edge{base + 2 + n, base + output, 0})
		}
		copy(out.kind[base:], []int{0, 1, 2, 2, 2, 2, 3})
	}
	out.edges = append(out.edges, edge{6, 6, 0}, edge{6, 7, 0}, edge{6, 8, 0}, edge{13, 0, 0}, edge{13, 1, 0})
	out.degrees()
	if selfLoops {
		out.edges = slices.DeleteFunc(out.edges, func(e edge) bool { return e.from == e.to })
		for n := range graphSize {
			out.edges = append(out.edges, edge{n, n, 0})
		}
	}
	if undirected {
		for _, e := range slices.Clone(out.edges) {
			out.edges = append(out.edges, edge{e.to, e.from, e.attr})
		}
	}
	return out
}

// degrees counts the different neighbours of each node, itself included where it has a loop.
func (g *graph) degrees() {
	var near [graphSize]uint32
	for _, e := range g.edges {
		near[e.from] |= 1 << e.to
		near[e.to] |= 1 << e.from
	}
	for n, set := range near {
		for ; set != 0; set &= set - 1 {
			g.degree[n]++
		}
	}
}
