package estimators

import (
	"fmt"
	"strings"

	"rwe301/bench301"
)

// modules lists the nodes whose outputs PyTorch's leaf modules have, in the order in which they run. An identity edge
// is a module of its own, whose output is the state that it reads, so that node comes again.
func modules(g bench301.Graph) []int {
	var out []int
	cell, edge := 0, 0
	identities := func(upTo int) { // of the current cell's edges before upTo
		for ; cell < len(g.Edges) && edge < min(upTo, len(g.Edges[cell])); edge++ {
			if identityEdge(g, cell, edge) {
				out = append(out, g.Edges[cell][edge])
			}
		}
	}
	for i, n := range g.Nodes {
		if cell < len(g.Edges) {
			var k int
			if _, err := fmt.Sscanf(n.Name, fmt.Sprintf("cell%d.edge%%d", cell), &k); err == nil {
				identities(k)
			} else if n.Kind == bench301.Concat && i == g.Cells[cell] {
				identities(len(g.Edges[cell]))
				cell, edge = cell+1, 0
			}
		}
		switch n.Kind {
		case bench301.Conv, bench301.BatchNorm, bench301.ReLU, bench301.MaxPool, bench301.AvgPool, bench301.GlobalAvg,
			bench301.Linear:
			out = append(out, i)
		}
	}
	return out
}

// identityEdge says whether an edge passes its state on as it is.
func identityEdge(g bench301.Graph, cell, edge int) bool {
	return !strings.HasPrefix(g.Nodes[g.Edges[cell][edge]].Name, fmt.Sprintf("cell%d.edge%d", cell, edge))
}

// containers lists the nodes whose outputs PyTorch's modules made of several modules have: the stem, the preprocessing
// of each cell's inputs, edges that are no identities, and cells. The network itself, whose output is the logits, is
// left out.
func containers(g bench301.Graph) []int {
	var out []int
	for i, n := range g.Nodes {
		if n.Kind == bench301.BatchNorm && (n.Name == "stem.bn" || strings.HasSuffix(n.Name,
			".pre0.bn") || strings.HasSuffix(n.Name, ".pre1.bn")) {
			out = append(out, i)
		}
	}
	for c, edges := range g.Edges {
		for k, node := range edges {
			if !identityEdge(g, c, k) && g.Nodes[node].Kind == bench301.BatchNorm {
				out = append(out, node)
			}
		}
	}
	return append(out, g.Cells...)
}

// distinctNodes are the nodes of a list, each once.
func distinctNodes(nodes []int) []int {
	seen := map[int]bool{}
	var out []int
	for _, n := range nodes {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}
