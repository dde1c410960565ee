package trees

import (
	"fmt"
	"math"
)

// Features is the number of input columns of a NAS-Bench-301 model.
const Features = 56

// Limits of the packed layout.
const (
	MaxNodes = 1<<24 - 1 // nodes of a forest
	MaxTrees = 1 << 20
)

// Real is the type in which a library computes: float32 in XGBoost, float64 in LightGBM.
type Real interface{ float32 | float64 }

const (
	width      = 64       // columns of a row, a power of two
	leafColumn = Features // the column that leaves ask for
)

// Row is one input: the features, then what leaves compare with. Make it with NewRow.
type Row[T Real] [width]T

// NewRow copies the features x.
func NewRow[T Real](x [Features]T) (r Row[T]) {
	copy(r[:], x[:])
	r[leafColumn] = T(math.Inf(-1))
	return r
}

// finite reports whether the branch-free walk may be taken.
func (r *Row[T]) finite() bool {
	for _, v := range r[:Features] {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// Node is a split (Value is the threshold: go left if x[Feature] < Value) or a leaf (Value is what it adds).
type Node[T Real] struct {
	Value T
	Link  uint32 // first child << 8 | feature; the second child follows the first
}

func link(child uint32, feature uint32) uint32 { return child<<8 | feature }

// Leaf reports whether n is a leaf.
func (n Node[T]) Leaf() bool { return n.Link&0xff == leafColumn }

// Child is the index of the first child.
func (n Node[T]) Child() uint32 { return n.Link >> 8 }

// Feature is the column that a split compares.
func (n Node[T]) Feature() int { return int(n.Link & 0xff) }

// Flags say where a split sends values that cannot be compared.
type Flags uint8

// The flags of a split.
const (
	DefaultLeft Flags = 1 << iota
	NaNMissing        // NaN takes the default direction; without it NaN counts as 0
	ZeroMissing       // values up to 1e-35 take the default direction
)

// Forest is a list of trees and how to add them up.
type Forest[T Real] struct {
	Base      T         // the prediction before any tree
	BaseFirst bool      // start the sum with Base; otherwise sum the leaves from 0, then add Base
	Nodes     []Node[T] // a tree's root, then its descendants level by level; children are behind their parent
	Flags     []Flags   // one a node
	Roots     []uint32  // one a tree, ascending

	depth    []uint16 // one a tree
	constant []T      // a leaf a tree, right for trees that are a single leaf
	walked   []uint32 // the other trees, deepest first
	awkward  bool     // some split treats zeros as missing
}

// Source is a tree as a library stores it, in arrays over its nodes, root first.
type Source[T Real] struct {
	Left, Right []int32 // Left[i] < 0: node i is a leaf
	Feature     []uint32
	Value       []T
	Flags       []Flags
}

// Add appends a tree. Only nodes that can be reached from the root are kept and checked.
func (f *Forest[T]) Add(s Source[T]) error {
	n := len(s.Left)
	switch {
	case n == 0:
		return fmt.Errorf("a tree without nodes")
	case len(s.Right) != n || len(s.Feature) != n || len(s.Value) != n || len(s.Flags) != n:
		return fmt.Errorf("%d left children, but %d right children, %d features, %d values and %d flags: want as many of "+
			"each", n, len(s.Right), len(s.Feature), len(s.Value), len(s.Flags))
	case len(f.Roots) >= MaxTrees:
		return fmt.Errorf("more than %d trees", MaxTrees)
	case len(f.Nodes)+n > MaxNodes:
		return fmt.Errorf("more than %d nodes", MaxNodes)
	}
	seen := make([]bool, n)
	seen[0] = true
	queue := make([]int32, 1, n) // source indices in the order of the new nodes
	root := uint32(len(f.Nodes))
	for k := 0; k < len(queue); k++ {
		i := queue[k]
		if v := s.Value[i]; v-v != 0 {
			return fmt.Errorf("node %d: value %v: want a finite number", i, v)
		}
		if s.Left[i] < 0 {
			f.Nodes = append(f.Nodes, Node[T]{s.Value[i], link(root+uint32(k), leafColumn)})
			f.Flags = append(f.Flags, 0)
			continue
		}
		if s.Feature[i] >= Features {
			return fmt.Errorf("node %d: feature %d: the models have %d (0-%d)", i, s.Feature[i], Features, Features-1)
		}
		f.Nodes = append(f.Nodes, Node[T]{s.Value[i], link(root+uint32(len(queue)), s.Feature[i])})
		f.Flags = append(f.Flags, s.Flags[i])
		for _, child := range [2]int32{s.Left[i], s.Right[i]} {
			switch {
			case child < 0 || int(child) >= n:
				return fmt.Errorf("node %d: child %d: the tree has %d nodes", i, child, n)
			case seen[child]:
				return fmt.Errorf("node %d: child %d has another parent", i, child)
			}
			seen[child] = true
			queue = append(queue, child)
		}
	}
	f.Roots = append(f.Roots, root)
	return nil
}

// Keep drops all but the first n trees of a forest that has more. Prepare it then.
func (f *Forest[T]) Keep(n int) {
	if n < len(f.Roots) {
		end := f.Roots[n]
		f.Nodes, f.Flags, f.Roots = f.Nodes[:end], f.Flags[:end], f.Roots[:n]
	}
}

// Trees is the number of trees.
func (f *Forest[T]) Trees() int { return len(f.Roots) }

// Tree returns the nodes of tree t with their flags, and the index of its root.
func (f *Forest[T]) Tree(t int) ([]Node[T], []Flags, uint32) {
	start, end := f.Roots[t], uint32(len(f.Nodes))
	if t+1 < len(f.Roots) {
		end = f.Roots[t+1]
	}
	return f.Nodes[start:end], f.Flags[start:end], start
}
