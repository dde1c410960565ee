package surrogate

import (
	"math"

	"rwe301/bench301"
)

// The kinds of operations that the features of the mini surrogate tell apart.
const (
	pool = iota
	skip
	separable
	dilated
	numKinds
)

var kindOf = [bench301.NumOperations]int{pool, pool, skip, separable, separable, dilated, dilated}

// Where the blocks of features of a cell begin. tools/mini/train.py says what they hold.
const (
	slots        = 14 // pairs of a node and a state that it may read
	ops          = bench301.NumOperations
	oneHotAt     = 0
	countAt      = oneHotAt + slots*ops
	degreeAt     = countAt + ops
	longestAt    = degreeAt + bench301.Nodes + 1
	shortestAt   = longestAt + bench301.Nodes - 1
	chainAt      = shortestAt + bench301.Nodes - 1
	sourceAt     = chainAt + numKinds*numKinds
	pathsAt      = sourceAt + 3*ops
	cellFeatures = pathsAt + bench301.Nodes + 1
	numFeatures  = 2 * cellFeatures

	cellCounts = ops + 2 + bench301.Nodes + 1
	numCounts  = 2 * cellCounts
	maxPresent = numFeatures // few of them are not zero
)

// feature is a value that is not zero.
type feature struct {
	index int
	value float64
}

// slotOf is the first slot of each node; the states that a node may read follow one another.
var slotOf = [bench301.Nodes]int{0, 2, 5, 9}

// appendFeatures appends the features of a cell in canonical form, at indices from base on in rising order.
func appendFeatures(x []feature, base int, cell *bench301.Cell) []feature {
	const states = 2 + bench301.Nodes
	var dense [cellFeatures]float64
	var longest, shortest [states]float64
	var paths [states][bench301.Nodes + 1]float64 // paths from an input by the number of convolutions on them
	paths[0][0], paths[1][0] = 1, 1
	for n := range bench301.Nodes {
		to := 2 + n
		edges := cell[2*n : 2*n+2]
		for _, e := range edges {
			s, op, kind := int(e.Source), int(e.Op), kindOf[e.Op]
			dense[oneHotAt+(slotOf[n]+s)*ops+op] = 1
			dense[countAt+op]++
			if s < states-1 {
				dense[degreeAt+s]++
			}
			dense[sourceAt+min(s, 2)*ops+op]++
			if s >= 2 {
				for _, before := range cell[2*(s-2) : 2*(s-2)+2] {
					dense[chainAt+kindOf[before.Op]*numKinds+kind]++
				}
			}
			shift := 0
			if kind >= separable {
				shift = 1
			}
			for k := 0; k+shift < len(paths[to]); k++ {
				paths[to][k+shift] += paths[s][k]
			}
		}
		a, b := edges[0].Source, edges[1].Source
		longest[to] = 1 + max(longest[a], longest[b])
		shortest[to] = 1 + min(shortest[a], shortest[b])
		if n > 0 {
			dense[longestAt+n-1], dense[shortestAt+n-1] = longest[to], shortest[to]
		}
		for k, p := range paths[to] {
			dense[pathsAt+k] += p
		}
	}
	for k := pathsAt; k < cellFeatures; k++ {
		dense[k] = math.Log1p(dense[k])
	}
	for i, v := range dense {
		if v != 0 {
			x = append(x, feature{base + i, v})
		}
	}
	return x
}

// describe appends the features of both cells, and counts what tells whether they resemble the training data.
func describe(g bench301.Genotype, x []feature) (_ []feature, counts [numCounts]int) {
	g = g.Canonical()
	for i, cell := range []*bench301.Cell{&g.Normal, &g.Reduce} {
		x = appendFeatures(x, i*cellFeatures, cell)
		countCell(counts[i*cellCounts:][:cellCounts], cell)
	}
	return x, counts
}

// countCell counts what tells whether a cell resembles the training data: edges of each operation, pools, convolutions,
// and readers of each state.
func countCell(counts []int, cell *bench301.Cell) {
	for _, e := range cell {
		counts[e.Op]++
		if kindOf[e.Op] == pool {
			counts[ops]++
		} else if kindOf[e.Op] >= separable {
			counts[ops+1]++
		}
		counts[ops+2+int(e.Source)]++
	}
}

// miniRange is the range of the counts over the training data of a model.
type miniRange struct {
	Min []int `json:"min"`
	Max []int `json:"max"`
}

// covers reports whether an architecture's counts lie in the range of the training data.
func (r *miniRange) covers(counts *[numCounts]int) bool {
	for i, n := range counts {
		if n < r.Min[i] || n > r.Max[i] {
			return false
		}
	}
	return true
}
