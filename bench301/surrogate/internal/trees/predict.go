package trees

// zeroThreshold is LightGBM's kZeroThreshold, a float32 constant compared with float64 values.
const zeroThreshold = float64(float32(1e-35))

// Lanes is how many trees or rows are walked side by side. Fewer rows than that are answered faster one by one.
const Lanes = 8

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
	for ; len(walked) >= Lanes; walked = walked[Lanes:] {
		var at [Lanes]uint32
		for k, t := range walked[:Lanes] {
			at[k] = f.Roots[t]
		}
		a, b, c, d, e, g, h, i := at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]
		for range int(f.depth[walked[0]]) {
			a, b, c, d = step(nodes, x, a), step(nodes, x, b), step(nodes, x, c), step(nodes, x, d)
			e, g, h, i = step(nodes, x, e), step(nodes, x, g), step(nodes, x, h), step(nodes, x, i)
		}
		for k, leaf := range [Lanes]uint32{a, b, c, d, e, g, h, i} {
			leaves[walked[k]] = nodes[leaf].Value
		}
	}
	for _, t := range walked {
		i := f.Roots[t]
		for range int(f.depth[t]) {
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
	if x[n.Link%width] >= n.Value {
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
	for ; len(rows) >= Lanes && len(out) >= Lanes; rows, out = rows[Lanes:], out[Lanes:] {
		r := (*[Lanes]Row[T])(rows)
		a, b, c, d, e, g, h, i := root, root, root, root, root, root, root, root
		for range depth {
			a, b, c, d = step(nodes, &r[0], a), step(nodes, &r[1], b), step(nodes, &r[2], c), step(nodes, &r[3], d)
			e, g, h, i = step(nodes, &r[4], e), step(nodes, &r[5], g), step(nodes, &r[6], h), step(nodes, &r[7], i)
		}
		for k, leaf := range [Lanes]uint32{a, b, c, d, e, g, h, i} {
			out[k] += nodes[leaf].Value
		}
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
