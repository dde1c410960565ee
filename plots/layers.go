package plots

import (
	"math"
	"slices"

	"rwe301/bench301"
)

// A graph is laid out in layers from left to right (Sugiyama, Tagawa and Toda 1981): nodes in the even layers by their
// longest path from an input, edge labels in the odd layers before the node that the edge enters. An edge passes every
// layer between its ends through a place of its own there, so that neither lines nor labels run into anything.

// place is a node, or the passage of an edge through a layer.
type place struct {
	layer  int
	y      float64 // centre, in units of a label's height
	height float64
	label  string // of a node or an edge, may be empty
	edge   int    // the edge that passes, or -1 for a node
	left   []int  // places it is joined with in the layer before
	right  []int  // and in the layer after
}

// Heights of places, and the space between two of them, in units of a label's height.
const (
	nodeHeight    = 1.5
	labelHeight   = 1
	passageHeight = 0.3
	placeGap      = 0.35
)

// layout is a graph with a place for everything. The first places are the nodes.
type layout struct {
	places []place
	layers [][]int // places of a layer from bottom to top
	routes [][]int // places of an edge from left to right, its ends included
}

// extents are the heights of nodes and of labels of edges.
type extents func(label string, node bool) float64

// upright are those of text in layers beside each other.
func upright(_ string, node bool) float64 {
	if node {
		return nodeHeight
	}
	return labelHeight
}

// layOut finds a layout with few crossings. Links must point to larger node numbers.
func layOut(nodes []string, links []bench301.Link, size extents) layout {
	var l layout
	for _, label := range nodes {
		l.places = append(l.places, place{label: label, height: size(label, true), edge: -1})
	}
	for i := range nodes { // the longest path to a node is final before any link leaves it
		for _, e := range links {
			if e.From == i {
				l.places[e.To].layer = max(l.places[e.To].layer, l.places[i].layer+2)
			}
		}
	}
	for i, e := range links {
		l.route(i, e, size)
	}
	l.layers = make([][]int, 1)
	for i, p := range l.places {
		for len(l.layers) <= p.layer {
			l.layers = append(l.layers, nil)
		}
		l.layers[p.layer] = append(l.layers[p.layer], i)
	}
	l.order()
	l.align()
	return l
}

// route gives edge i its places.
func (l *layout) route(i int, e bench301.Link, size extents) {
	route := []int{e.From}
	end := l.places[e.To].layer
	for layer := l.places[e.From].layer + 1; layer < end; layer++ {
		p := place{layer: layer, height: passageHeight, edge: i}
		if layer == end-1 && e.Label != "" {
			p.label, p.height = e.Label, size(e.Label, false)
		}
		l.places = append(l.places, p)
		route = append(route, len(l.places)-1)
	}
	route = append(route, e.To)
	for k := 1; k < len(route); k++ {
		a, b := route[k-1], route[k]
		l.places[a].right = append(l.places[a].right, b)
		l.places[b].left = append(l.places[b].left, a)
	}
	l.routes = append(l.routes, route)
}

// order sorts the layers so that few lines cross: sweeps to and fro that sort each layer by the mean position of its
// neighbours, each followed by swaps of adjacent places, and the best of all that was seen.
func (l *layout) order() {
	best, fewest := copied(l.layers), l.crossings()
	for sweep := range 24 {
		for k := range l.layers {
			side := func(p place) []int { return p.left }
			if sweep%2 == 1 {
				k = len(l.layers) - 1 - k
				side = func(p place) []int { return p.right }
			}
			l.sortByMean(l.layers[k], side)
		}
		for l.swap() {
		}
		if n := l.crossings(); n < fewest {
			best, fewest = copied(l.layers), n
		}
	}
	l.layers = best
}

func copied(layers [][]int) [][]int {
	out := make([][]int, len(layers))
	for i, l := range layers {
		out[i] = slices.Clone(l)
	}
	return out
}

// positions returns the rank of every place in its layer.
func (l *layout) positions() []int {
	at := make([]int, len(l.places))
	for _, layer := range l.layers {
		for i, p := range layer {
			at[p] = i
		}
	}
	return at
}

func (l *layout) sortByMean(layer []int, side func(place) []int) {
	at := l.positions()
	mean := func(p int) float64 {
		joined := side(l.places[p])
		if len(joined) == 0 {
			return float64(at[p])
		}
		sum := 0
		for _, q := range joined {
			sum += at[q]
		}
		return float64(sum) / float64(len(joined))
	}
	slices.SortStableFunc(layer, func(p, q int) int {
		switch a, b := mean(p), mean(q); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
}

// swap exchanges adjacent places wherever that leaves fewer crossings, and reports whether it did.
func (l *layout) swap() (swapped bool) {
	at := l.positions()
	for _, layer := range l.layers {
		for i := 1; i < len(layer); i++ {
			p, q := l.places[layer[i-1]], l.places[layer[i]]
			now := inversions(p.left, q.left, at) + inversions(p.right, q.right, at)
			then := inversions(q.left, p.left, at) + inversions(q.right, p.right, at)
			if then < now {
				layer[i-1], layer[i] = layer[i], layer[i-1]
				at[layer[i-1]], at[layer[i]] = i-1, i
				swapped = true
			}
		}
	}
	return swapped
}

// inversions counts the crossings of lines to a from a place with lines to b from the place above it.
func inversions(a, b, at []int) (n int) {
	for _, p := range a {
		for _, q := range b {
			if at[p] > at[q] {
				n++
			}
		}
	}
	return n
}

func (l *layout) crossings() (n int) {
	at := l.positions()
	for _, layer := range l.layers {
		for i := range layer {
			for j := range i {
				n += inversions(l.places[layer[j]].right, l.places[layer[i]].right, at)
			}
		}
	}
	return n
}

// align chooses heights: every place near the mean of its neighbours, as far as the order and the gaps allow. Lines
// that pass pull harder than nodes, which keeps them straight.
func (l *layout) align() {
	for _, layer := range l.layers {
		l.spread(layer, func(int) float64 { return 0 })
	}
	for sweep := range 80 {
		for k := range l.layers {
			if sweep%2 == 1 {
				k = len(l.layers) - 1 - k
			}
			l.spread(l.layers[k], func(p int) float64 {
				sum, weight := 0.0, 0.0
				for _, q := range slices.Concat(l.places[p].left, l.places[p].right) {
					w := 1.0
					if l.places[p].edge >= 0 && l.places[q].edge >= 0 {
						w = 6
					}
					sum, weight = sum+w*l.places[q].y, weight+w
				}
				if weight == 0 {
					return l.places[p].y
				}
				return sum / weight
			})
		}
	}
}

// spread puts the places of a layer as near as possible, in the sense of least squares, to the heights that they want:
// isotonic regression by pooling adjacent violators, after taking the gaps out.
func (l *layout) spread(layer []int, want func(int) float64) {
	type block struct {
		sum float64
		n   int
	}
	offset := make([]float64, len(layer))
	var blocks []block
	for i, p := range layer {
		if i > 0 {
			offset[i] = offset[i-1] + placeGap + (l.places[p].height+l.places[layer[i-1]].height)/2
		}
		b := block{want(p) - offset[i], 1}
		for len(blocks) > 0 && blocks[len(blocks)-1].sum*float64(b.n) > b.sum*float64(blocks[len(blocks)-1].n) {
			last := blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			b = block{b.sum + last.sum, b.n + last.n}
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range b.n {
			l.places[layer[i]].y = b.sum/float64(b.n) + offset[i]
			i++
		}
	}
}

// bounds returns the lowest and the highest edge of any place.
func (l *layout) bounds() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range l.places {
		low, high = min(low, p.y-p.height/2), max(high, p.y+p.height/2)
	}
	return low, high
}
