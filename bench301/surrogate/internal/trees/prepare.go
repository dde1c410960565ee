package trees

import (
	"cmp"
	"fmt"
	"slices"
)

// Prepare checks the forest's structure and gets it ready to predict. Everything that a walk relies on is checked here:
// children lie in their tree behind their parent, each has one parent, and features are columns.
func (f *Forest[T]) Prepare() error {
	if len(f.Roots) == 0 {
		return fmt.Errorf("a model without trees")
	}
	if len(f.Flags) != len(f.Nodes) || len(f.Nodes) > MaxNodes {
		return fmt.Errorf("%d nodes with %d flags: want as many, at most %d", len(f.Nodes), len(f.Flags), MaxNodes)
	}
	if v := f.Base; v-v != 0 {
		return fmt.Errorf("base score %v: want a finite number", v)
	}
	f.depth = make([]uint16, len(f.Roots))
	f.constant = make([]T, len(f.Roots))
	f.walked, f.awkward = nil, false
	for t := range f.Roots {
		if err := f.prepareTree(t); err != nil {
			return fmt.Errorf("tree %d: %w", t, err)
		}
		if f.depth[t] > 0 {
			f.walked = append(f.walked, uint32(t))
		}
	}
	// Trees walked side by side should end together.
	slices.SortStableFunc(f.walked, func(a, b uint32) int { return cmp.Compare(f.depth[b], f.depth[a]) })
	return nil
}

// maxDepth is how deep a tree may be.
const maxDepth = 1 << 15

func (f *Forest[T]) prepareTree(t int) error {
	start, end := int(f.Roots[t]), len(f.Nodes)
	if t+1 < len(f.Roots) {
		end = int(f.Roots[t+1])
	}
	if start >= end || end > len(f.Nodes) || t == 0 && start != 0 {
		return fmt.Errorf("nodes %d to %d of %d: want a range that is not empty", start, end, len(f.Nodes))
	}
	next := start + 1 // where the next children must be
	last := start + 1 // end of the current level
	depth := 0
	for i := start; i < end; i++ {
		if i == last {
			if depth++; depth > maxDepth {
				return fmt.Errorf("deeper than %d levels", maxDepth)
			}
			last = next
		}
		n := f.Nodes[i]
		if v := n.Value; v-v != 0 {
			return fmt.Errorf("node %d: value %v: want a finite number", i-start, v)
		}
		child := int(n.Child())
		switch {
		case n.Leaf():
			if child != i {
				return fmt.Errorf("node %d: a leaf linked to node %d: want itself", i-start, child-start)
			}
			continue
		case n.Feature() >= Features:
			return fmt.Errorf("node %d: feature %d: the models have %d (0-%d)", i-start, n.Feature(), Features, Features-1)
		case child != next || child+1 >= end:
			return fmt.Errorf("node %d: children at node %d of %d: want node %d", i-start, child-start, end-start, next-start)
		}
		next += 2
		if f.Flags[i]&ZeroMissing != 0 {
			f.awkward = true
		}
	}
	if next != end {
		return fmt.Errorf("%d nodes, %d of them reached from the root", end-start, next-start)
	}
	f.depth[t], f.constant[t] = uint16(depth), f.Nodes[start].Value
	return nil
}

// Depth is the number of splits on the longest path of tree t.
func (f *Forest[T]) Depth(t int) int { return int(f.depth[t]) }
