package trees

// zeroThreshold is LightGBM's kZeroThreshold, a float32 constant compared with float64 values.
const zeroThreshold = float64(float32(1e-35))

// lanes is how many trees or rows are walked side by side.
const lanes = 4

// Predict answers for one row. scratch must hold Trees() values; it saves the allocation.
func (f *Forest[T]) Predict(x *Row[T], scratch []T) T {
	leaves := scratch[:len(f.Roots)]
	if f.awkward || !x.finite() {
		for t, root := range f.Roots {
			leaves[t] = f.Nodes[f.slow(x, root)].Value
		}
		return f.sum(leaves)
	}
	copy(leaves, f.constant)
	nodes, walked := f.Nodes, f.walked
	for len(walked) >= lanes {
		a, b, c, d := walked[0], walked[1], walked[2], walked[3]
		i, j, k, l := f.Roots[a], f.Roots[b], f.Roots[c], f.Roots[d]
		for range f.depth[a] {
			i = step(nodes, x, i)
			j = step(nodes, x, j)
			k = step(nodes, x, k)
			l = step(nodes, x, l)
		}
		leaves[a], leaves[b], leaves[c], leaves[d] = nodes[i].Value, nodes[j].Value, nodes[k].Value, nodes[l].Value
		walked = walked[lanes:]
	}
	for _, t := range walked {
		i := f.Roots[t]
		for range f.depth[t] {
			i = step(nodes, x, i)
		}
		leaves[t] = nodes[i].Value
	}
	return f.sum(leaves)
}

// step goes from node i to a child; a leaf stays where it is.
func step[T Real](nodes []Node[T], x *Row[T], i uint32) uint32 {
	n := nodes[i]
	var right uint32
	if !(x[n.Link%width] < n.Value) {
		right = 1
	}
	return n.Link>>8 + right
}

// sum adds the leaves in the library's order.
func (f *Forest[T]) sum(leaves []T) T {
	if f.BaseFirst {
		acc := f.Base
		for _, v := range leaves {
			acc += v
		}
		return acc
	}
	var acc T
	for _, v := range leaves {
		acc += v
	}
	return f.Base + acc
}

// PredictBatch answers for many rows: out[i] belongs to rows[i]. It gives the bits that Predict gives.
func (f *Forest[T]) PredictBatch(rows []Row[T], out []T) {
	if f.awkward || !allFinite(rows) {
		scratch := make([]T, len(f.Roots))
		for i := range rows {
			out[i] = f.Predict(&rows[i], scratch)
		}
		return
	}
	var first T
	if f.BaseFirst {
		first = f.Base
	}
	for i := range out {
		out[i] = first
	}
	for t, root := range f.Roots {
		if f.depth[t] == 0 {
			leaf := f.constant[t]
			for i := range out {
				out[i] += leaf
			}
			continue
		}
		f.walkRows(root, int(f.depth[t]), rows, out)
	}
	if !f.BaseFirst {
		for i := range out {
			out[i] = f.Base + out[i]
		}
	}
}

// walkRows adds one tree's leaves to the sums of many rows.
func (f *Forest[T]) walkRows(root uint32, depth int, rows []Row[T], out []T) {
	nodes := f.Nodes
	for len(rows) >= lanes && len(out) >= lanes {
		i, j, k, l := root, root, root, root
		for range depth {
			i = step(nodes, &rows[0], i)
			j = step(nodes, &rows[1], j)
			k = step(nodes, &rows[2], k)
			l = step(nodes, &rows[3], l)
		}
		out[0] += nodes[i].Value
		out[1] += nodes[j].Value
		out[2] += nodes[k].Value
		out[3] += nodes[l].Value
		rows, out = rows[lanes:], out[lanes:]
	}
	for r := range rows {
		i := root
		for range depth {
			i = step(nodes, &rows[r], i)
		}
		out[r] += nodes[i].Value
	}
}

func allFinite[T Real](rows []Row[T]) bool {
	for i := range rows {
		if !rows[i].finite() {
			return false
		}
	}
	return true
}

// slow walks one tree for a row that may hold NaN and infinities, by the libraries' rules for missing values.
func (f *Forest[T]) slow(x *Row[T], i uint32) uint32 {
	for {
		n := f.Nodes[i]
		if n.Leaf() {
			return i
		}
		v, flags := x[n.Feature()], f.Flags[i]
		missing := false
		switch nan := v != v; {
		case nan && flags&NaNMissing != 0:
			missing = true
		case nan:
			v = 0
		}
		if flags&ZeroMissing != 0 && float64(v) >= -zeroThreshold && float64(v) <= zeroThreshold {
			missing = true
		}
		left := v < n.Value
		if missing {
			left = flags&DefaultLeft != 0
		}
		i = n.Child()
		if !left {
			i++
		}
	}
}
