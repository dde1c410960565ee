package surrogate

import (
	"slices"

	"rwe301/bench301"
	"rwe301/bench301/surrogate/internal/trees"
)

// Features is the length of the vector that the published tree models take.
const Features = trees.Features

// inactive marks the edges that an architecture does not have.
const inactive = -1

// fixedVector is what ConfigSpace 0.4.12 encodes the hyperparameters of the training pipeline as; they are the same for
// every architecture. Columns that are not listed are 0, those of the architecture are overwritten.
var fixedVector = [Features]float64{
	0:  0x1.2c356f7114a1fp-1, // batch_size
	4:  0.16666444442962952,  // cutout_holes
	5:  0.3099999239999697,   // cutout_length
	14: 0.003149999006299998, // init_channels
	21: 0.000749999001499998, // layers
	24: -3.6888794541139363,  // learning_rate
	25: 0.8988764044943821,   // momentum
	26: -8.111728083308073,   // weight_decay
	27: 0.009949999019899998, // T_max
	28: 1e-12,                // eta_min
	31: 0.7051278400653053,   // mixup alpha
}

// columns are the places of a cell's hyperparameters in the vector. ConfigSpace sorts the names as text, so edge 10
// comes before edge 2.
type columns struct {
	edge  [14]int                 // by edge number: offset of the node + source
	input [bench301.Nodes - 1]int // by node, from node 3
}

var (
	normalColumns = columns{edge: [14]int{10, 11, 36, 37, 38, 39, 40, 41, 42, 43, 32, 33, 34, 35},
		input: [3]int{15, 16, 17}}
	reduceColumns = columns{edge: [14]int{12, 13, 48, 49, 50, 51, 52, 53, 54, 55, 44, 45, 46, 47},
		input: [3]int{18, 19, 20}}
)

// ofArchitecture marks the columns of the architecture.
var ofArchitecture = func() (marked [Features]bool) {
	for _, c := range []columns{normalColumns, reduceColumns} {
		for _, i := range slices.Concat(c.edge[:], c.input[:]) {
			marked[i] = true
		}
	}
	return marked
}()

// edgeOffset is the number of a node's edge from state 0; node n has n+2 edges.
var edgeOffset = [bench301.Nodes]int{0, 2, 5, 9}

// Vector encodes an architecture as ConfigSpace 0.4.12 and NAS-Bench-301 do: operations and input pairs by index, edges
// that the architecture lacks as -1. The genotype must be valid.
func Vector(g bench301.Genotype) [Features]float64 {
	v := fixedVector
	encode(v[:], &g)
	return v
}

// encode sets the columns of the architecture.
func encode[T trees.Real](v []T, g *bench301.Genotype) {
	_ = v[Features-1]
	setCell(v, &normalColumns, &g.Normal)
	setCell(v, &reduceColumns, &g.Reduce)
}

// setCell sets the columns of one cell.
func setCell[T trees.Real](v []T, c *columns, cell *bench301.Cell) {
	for _, i := range c.edge {
		v[i] = inactive
	}
	for n := range bench301.Nodes {
		a, b := cell[2*n], cell[2*n+1]
		if a.Source > b.Source {
			a, b = b, a
		}
		v[c.edge[edgeOffset[n]+int(a.Source)]] = T(a.Op)
		v[c.edge[edgeOffset[n]+int(b.Source)]] = T(b.Op)
		if n > 0 {
			v[c.input[n-1]] = T(pairIndex(n+2, int(a.Source), int(b.Source)))
		}
	}
}

// pairIndex is the position of (a, b), a < b, among the ordered pairs of states 0 to states-1.
func pairIndex(states, a, b int) int { return a*(2*states-a-1)/2 + b - a - 1 }
