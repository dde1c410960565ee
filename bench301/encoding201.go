package bench301

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var _ Encoder = NASBench201{}

// longest201 is how many edges the longest path through a cell has.
const longest201 = Nodes201 - 1

// Encodings implements Encoder.
func (NASBench201) Encodings() []string {
	return append([]string{encodingOneHot, encodingTokens}, pathNames(longest201)...)
}

// Encoding implements Encoder.
func (s NASBench201) Encoding(name string) (Encoding, error) {
	e := Encoding{Name: name}
	var encode func(v []int, g *Genotype201)
	switch {
	case name == encodingOneHot:
		for _, edge := range edgeNames201() {
			for _, op := range operationNames201 {
				e.columns = append(e.columns, column{edge + "_" + op, 2})
			}
		}
		encode = func(v []int, g *Genotype201) {
			for k, op := range g {
				v[k*NumOperations201+int(op)] = 1
			}
		}
		e.decode = func(v []int) (Architecture, error) {
			var g Genotype201
			for k := range g {
				op, err := hot(v[k*NumOperations201 : (k+1)*NumOperations201])
				if err != nil {
					return nil, fmt.Errorf("%s: %w", edgeNames201()[k], err)
				}
				g[k] = Operation201(op)
			}
			return g, nil
		}
	case name == encodingTokens:
		for _, edge := range edgeNames201() {
			e.columns = append(e.columns, column{edge, NumOperations201})
		}
		encode = func(v []int, g *Genotype201) {
			for k, op := range g {
				v[k] = int(op)
			}
		}
		e.decode = func(v []int) (Architecture, error) {
			var g Genotype201
			for k := range g {
				g[k] = Operation201(v[k])
			}
			return g, nil
		}
	case slices.Contains(pathNames(longest201), name):
		longest := pathLength(name, longest201)
		e.columns, encode = paths201(longest)
		if longest == longest201 {
			e.decode = func(v []int) (Architecture, error) { return cellOfPaths201(v, encode) }
		}
	default:
		return Encoding{}, unknownEncoding(s, s, name)
	}
	e.encode = func(v []int, a Architecture) error {
		g, err := own[Genotype201](s, a)
		if err == nil {
			err = g.Validate()
		}
		if err == nil {
			encode(v, &g)
		}
		return err
	}
	return e, nil
}

// edgeNames201 are the names of the edges in columns.
func edgeNames201() (names []string) {
	for to := 1; to < Nodes201; to++ {
		for from := range to {
			names = append(names, fmt.Sprintf("edge_%d_%d", from, to))
		}
	}
	return names
}

// paths201 has a column for every sequence of up to so many operations, none among them, that is 1 where a path
// from the first node to the last has it (White et al. 2020, A Study on Neural Network Encodings, arXiv
// 2007.04965).
func paths201(longest int) ([]column, func(v []int, g *Genotype201)) {
	var columns []column
	begin := []int{0}
	for n := 1; n <= longest; n++ {
		begin = append(begin, len(columns))
		for _, word := range words(operationNames201[:], n) {
			columns = append(columns, column{"path_" + strings.TrimPrefix(word, "-"), 2})
		}
	}
	return columns, func(v []int, g *Genotype201) {
		var walk func(node, n, code int)
		walk = func(node, n, code int) {
			if node == Nodes201-1 {
				v[begin[n]+code] = 1
				return
			}
			if n == longest {
				return
			}
			for to := node + 1; to < Nodes201; to++ {
				walk(to, n+1, code*NumOperations201+int(g[edge201(node, to)]))
			}
		}
		walk(0, 0, 0)
	}
}

// cellOfPaths201 finds the one cell that has these paths. The longest path gives three edges, the shortest one; the
// two others are found by trying.
func cellOfPaths201(v []int, encode func(v []int, g *Genotype201)) (Architecture, error) {
	const one, two = NumOperations201, NumOperations201 * NumOperations201
	shortest, longest := slices.Index(v[:one], 1), slices.Index(v[one+two:], 1)
	if shortest >= 0 && longest >= 0 {
		var g Genotype201
		g[edge201(0, 3)] = Operation201(shortest)
		g[edge201(0, 1)] = Operation201(longest / two)
		g[edge201(1, 2)] = Operation201(longest / one % one)
		g[edge201(2, 3)] = Operation201(longest % one)
		again := make([]int, len(v))
		for op13 := range Operation201(NumOperations201) {
			for op02 := range Operation201(NumOperations201) {
				g[edge201(1, 3)], g[edge201(0, 2)] = op13, op02
				clear(again)
				if encode(again, &g); slices.Equal(v, again) {
					return g, nil
				}
			}
		}
	}
	return nil, errors.New("no cell has these paths")
}
