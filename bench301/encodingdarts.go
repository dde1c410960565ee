package bench301

import (
	"fmt"
	"slices"
	"strconv"
)

var _ Encoder = DARTS{}

// cellNames are the cells of a genotype in the order in which encodings have them.
var cellNames = [2]string{"normal", "reduce"}

// Encodings implements Encoder.
func (DARTS) Encodings() []string {
	return append([]string{encodingOneHot, encodingTokens, encodingGraph}, pathNames(Nodes)...)
}

// Encoding implements Encoder.
func (s DARTS) Encoding(name string) (Encoding, error) {
	var layout cellEncoding
	switch {
	case name == encodingOneHot:
		layout = oneHotCell()
	case name == encodingTokens:
		layout = tokensOfCell()
	case name == encodingGraph:
		layout = graphOfCell()
	case slices.Contains(pathNames(Nodes), name):
		layout = pathsOfCell(pathLength(name, Nodes))
	default:
		return Encoding{}, unknownEncoding(s, s, name)
	}
	return layout.twice(s, name), nil
}

// cellEncoding encodes a cell; an architecture is its normal cell and then its reduction cell.
type cellEncoding struct {
	columns []column
	encode  func(v []int, c *Cell)
	decode  func(v []int) (Cell, error) // nil where cells share a vector
}

// twice makes the encoding of an architecture.
func (c cellEncoding) twice(s DARTS, name string) Encoding {
	e := Encoding{Name: name}
	for _, cell := range cellNames {
		for _, column := range c.columns {
			column.name = cell + "_" + column.name
			e.columns = append(e.columns, column)
		}
	}
	half := len(c.columns)
	e.encode = func(v []int, a Architecture) error {
		g, err := s.valid(a)
		if err != nil {
			return err
		}
		c.encode(v[:half], &g.Normal)
		c.encode(v[half:], &g.Reduce)
		return nil
	}
	if c.decode == nil {
		return e
	}
	e.decode = func(v []int) (Architecture, error) {
		var g Genotype
		for i, cell := range []*Cell{&g.Normal, &g.Reduce} {
			var err error
			if *cell, err = c.decode(v[i*half : (i+1)*half]); err != nil {
				return nil, fmt.Errorf("%s cell: %w", cellNames[i], err)
			}
		}
		return g, g.Validate()
	}
	return e
}

// possibleEdges is how many edges a cell could have, possibleEdge the number of one: from a state to node n.
const possibleEdges = Nodes * (Nodes + 3) / 2

func possibleEdge(n, source int) int { return n*(n+3)/2 + source }

// oneHotCell has the 14 possible edges, each as none and the seven operations: DARTS's matrix alpha, made discrete.
func oneHotCell() cellEncoding {
	const kinds = 1 + NumOperations
	c := cellEncoding{
		encode: func(v []int, c *Cell) {
			for k := range possibleEdges {
				v[k*kinds] = 1
			}
			for k, e := range c {
				at := possibleEdge(k/2, int(e.Source)) * kinds
				v[at], v[at+1+int(e.Op)] = 0, 1
			}
		},
		decode: func(v []int) (c Cell, err error) {
			for n := range Nodes {
				found := 0
				for source := range n + 2 {
					at := possibleEdge(n, source) * kinds
					kind, err := hot(v[at : at+kinds])
					switch {
					case err != nil:
						return c, fmt.Errorf("edge %d to %d: %w", source, n+2, err)
					case kind == 0:
						continue
					case found < 2:
						c[2*n+found] = Edge{uint8(source), Operation(kind - 1)}
					}
					found++
				}
				if found != 2 {
					return c, fmt.Errorf("node %d: %d edges that are not none: must be 2", n+2, found)
				}
			}
			return c, nil
		},
	}
	for n := range Nodes {
		for source := range n + 2 {
			for _, op := range append([]string{"none"}, operationNames[:]...) {
				c.columns = append(c.columns, column{fmt.Sprintf("%d_%d_%s", source, n+2, op), 2})
			}
		}
	}
	return c
}

// inputPairs are the pairs of inputs that node n can have, in lexicographic order.
func inputPairs(n int) (pairs [][2]uint8) {
	for a := range n + 2 {
		for b := a + 1; b < n+2; b++ {
			pairs = append(pairs, [2]uint8{uint8(a), uint8(b)})
		}
	}
	return pairs
}

// tokensOfCell has the 11 choices of a cell, those of NAS-Bench-301's configuration space: for each node the pair
// of its inputs, where there are several, and its two operations. 22 for both cells.
func tokensOfCell() cellEncoding {
	var pairs [Nodes][][2]uint8
	var number [Nodes][Nodes + 1][Nodes + 1]int // of a pair
	var c cellEncoding
	for n := range Nodes {
		pairs[n] = inputPairs(n)
		for i, p := range pairs[n] {
			number[n][p[0]][p[1]] = i
		}
		if n > 0 {
			c.columns = append(c.columns, column{fmt.Sprintf("%d_inputs", n+2), len(pairs[n])})
		}
		for _, which := range []string{"a", "b"} {
			c.columns = append(c.columns, column{fmt.Sprintf("%d_op_%s", n+2, which), NumOperations})
		}
	}
	c.encode = func(v []int, cell *Cell) {
		at := 0
		for n := range Nodes {
			a, b := cell[2*n], cell[2*n+1]
			if n > 0 {
				v[at] = number[n][a.Source][b.Source]
				at++
			}
			v[at], v[at+1] = int(a.Op), int(b.Op)
			at += 2
		}
	}
	c.decode = func(v []int) (cell Cell, err error) {
		at := 0
		for n := range Nodes {
			pair := pairs[n][0]
			if n > 0 {
				pair = pairs[n][v[at]]
				at++
			}
			cell[2*n] = Edge{pair[0], Operation(v[at])}
			cell[2*n+1] = Edge{pair[1], Operation(v[at+1])}
			at += 2
		}
		return cell, nil
	}
	return c
}

// The vertices of a cell as a graph of operations, and their labels in AG-Net.
const (
	vertices       = 2 + EdgesPerCell + 1
	firstOperation = 4 // label of the first operation; 0 to 2 are the output and the inputs, 3 is unused
	labels         = firstOperation + NumOperations
)

// vertexPair is the number of the pair i < j of vertices, row by row.
func vertexPair(i, j int) int { return i*(2*vertices-i-1)/2 + j - i - 1 }

// readBy are the vertices that make up a state of a cell: an input, or the two operations of a node.
func readBy(source int) []int {
	if source < 2 {
		return []int{source}
	}
	return []int{2 * (source - 1), 2*(source-1) + 1}
}

// graphOfCell has the cell with operations on vertices: 11 labels and the 55 bits of the adjacency matrix above its
// diagonal, in the layout of AG-Net (Lukasik et al. 2022, arXiv 2203.08734).
func graphOfCell() cellEncoding {
	var c cellEncoding
	for k := range vertices {
		c.columns = append(c.columns, column{fmt.Sprintf("vertex_%d", k), labels})
	}
	for i := range vertices {
		for j := i + 1; j < vertices; j++ {
			c.columns = append(c.columns, column{fmt.Sprintf("adjacent_%d_%d", i, j), 2})
		}
	}
	c.encode = func(v []int, cell *Cell) {
		v[0], v[1] = 1, 2 // the inputs; the output's label is 0
		bits := v[vertices:]
		for k, e := range cell {
			v[2+k] = firstOperation + int(e.Op)
			for _, from := range readBy(int(e.Source)) {
				bits[vertexPair(from, 2+k)] = 1
			}
			bits[vertexPair(2+k, vertices-1)] = 1
		}
	}
	c.decode = func(v []int) (cell Cell, err error) {
		bits := v[vertices:]
		for k := range cell {
			if v[2+k] < firstOperation {
				return cell, fmt.Errorf("vertex %d: label %d: must be an operation's, %d to %d", 2+k, v[2+k],
					firstOperation, labels-1)
			}
			cell[k].Op = Operation(v[2+k] - firstOperation)
			source := -1
			for s := range k/2 + 2 {
				if bits[vertexPair(readBy(s)[0], 2+k)] == 1 {
					source = s
				}
			}
			if source < 0 {
				return cell, fmt.Errorf("vertex %d: no edge leads to it", 2+k)
			}
			cell[k].Source = uint8(source)
		}
		again := make([]int, len(v)) // whatever else is wrong differs from the vector of what was read
		c.encode(again, &cell)
		for i := range v {
			if v[i] != again[i] {
				return cell, fmt.Errorf("%s: %d: must be %d in a cell with these edges", c.columns[i].name, v[i],
					again[i])
			}
		}
		for n := range Nodes {
			if cell[2*n].Source > cell[2*n+1].Source {
				return cell, fmt.Errorf("node %d: its operations stand in the order of their inputs", n+2)
			}
		}
		return cell, nil
	}
	return c
}

// pathsOfCell has a column for every sequence of up to so many operations from an input to the output, 1 where the
// cell has that path (White et al. 2021, BANANAS, arXiv 1910.11858). Every node leads to the output.
func pathsOfCell(longest int) cellEncoding {
	var c cellEncoding
	var begin []int // of the paths with so many operations
	power := []int{1}
	for n := 0; n <= longest; n++ {
		begin = append(begin, len(c.columns))
		power = append(power, power[n]*NumOperations)
		if n == 0 {
			continue
		}
		for input := range 2 {
			for _, word := range words(operationNames[:], n) {
				c.columns = append(c.columns, column{strconv.Itoa(input) + word, 2})
			}
		}
	}
	c.encode = func(v []int, cell *Cell) {
		// back goes from a node to the inputs; code numbers the operations that it met, n of them.
		var back func(node, n, code int)
		back = func(node, n, code int) {
			if n == longest {
				return
			}
			for _, e := range cell[2*node : 2*node+2] {
				code := code + int(e.Op)*power[n]
				if e.Source < 2 {
					v[begin[n+1]+int(e.Source)*power[n+1]+code] = 1
				} else {
					back(int(e.Source)-2, n+1, code)
				}
			}
		}
		for node := range Nodes {
			back(node, 0, 0)
		}
	}
	return c
}
