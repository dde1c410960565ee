package correlation

import "gonum.org/v1/gonum/floats"

// kernel evaluates a statistic on resamples of rows without sorting them again: a resample is given by how often each
// row was drawn.
type kernel interface {
	// value returns the statistic of the sample that holds row i counts[i] times, total rows in all; false when it is
	// undefined.
	value(counts []int32, total int) (float64, bool)
	// fork returns a kernel on the same rows with scratch of its own, for another goroutine.
	fork() kernel
}

// newKernel prepares the kernel of a coefficient; x and y have passed checkPair.
func newKernel(c Coefficient, x, y []float64) kernel {
	switch c {
	case SpearmanRho:
		return newSpearmanKernel(x, y)
	case PearsonR:
		k := &pearsonKernel{x: x, y: y}
		return k.fork()
	default:
		return newKendallKernel(x, y)
	}
}

// kendallKernel holds the rows in order of (x, y) with their dense ranks.
type kendallKernel struct {
	row, rx, ry []int32
	tree        fenwick // scratch: rows seen, by rank of y
	yCount      []int32 // scratch: rows of each rank of y
}

func newKendallKernel(x, y []float64) *kendallKernel {
	n := len(x)
	order, scratch := newOrdering(n), make(ordering, n)
	yDistinct := order.sortBy(y, scratch)
	rank := order.ranksByRow()
	order.sortBy(x, scratch)
	k := &kendallKernel{row: make([]int32, n), rx: make([]int32, n), ry: make([]int32, n)}
	for i := range order {
		k.row[i], k.rx[i], k.ry[i] = int32(order.row(i)), order.rank(i), rank[order.row(i)]
	}
	k.yCount = make([]int32, yDistinct)
	k.tree = make(fenwick, yDistinct+1)
	return k
}

func (k *kendallKernel) fork() kernel {
	c := *k
	c.yCount, c.tree = make([]int32, len(k.yCount)), make(fenwick, len(k.tree))
	return &c
}

func (k *kendallKernel) value(counts []int32, total int) (float64, bool) {
	clear(k.tree)
	clear(k.yCount)
	var discordant, xTies, jointTies int64
	var seen, group, joint int32 // rows so far; of this x; of this (x, y)
	lastX, lastY := int32(-1), int32(-1)
	for i, row := range k.row {
		c := counts[row]
		if c == 0 {
			continue
		}
		rx, ry := k.rx[i], k.ry[i]
		if rx != lastX {
			xTies += choose2(int64(group))
			group = 0
		}
		if rx != lastX || ry != lastY {
			jointTies += choose2(int64(joint))
			joint = 0
		}
		lastX, lastY = rx, ry
		// Earlier rows of this x have no larger y, so that only rows of smaller x count.
		discordant += int64(c) * int64(seen-k.tree.upTo(ry))
		k.tree.add(ry, c)
		k.yCount[ry] += c
		seen, group, joint = seen+c, group+c, joint+c
	}
	xTies += choose2(int64(group))
	jointTies += choose2(int64(joint))
	var yTies int64
	for _, c := range k.yCount {
		yTies += choose2(int64(c))
	}
	all := choose2(int64(total))
	if xTies == all || yTies == all {
		return 0, false
	}
	return tauB(all-xTies-yTies+jointTies-2*discordant, all, xTies, yTies), true
}

// jackknife returns tau-b without each row, in O(n log n): leaving out row i takes away its own pairs.
func (k *kendallKernel) jackknife() (values []float64, defined bool) {
	n := len(k.row)
	discordant := make([]int64, n) // by position
	xCount, joint := make([]int64, n), make([]int64, n)
	clear(k.tree)
	clear(k.yCount)
	for i, ry := range k.ry {
		discordant[i] = int64(int32(i) - k.tree.upTo(ry))
		k.tree.add(ry, 1)
		k.yCount[ry]++
		xCount[k.rx[i]]++
	}
	clear(k.tree)
	for i := n - 1; i >= 0; i-- {
		if ry := k.ry[i]; ry > 0 {
			discordant[i] += int64(k.tree.upTo(ry - 1))
		}
		k.tree.add(k.ry[i], 1)
	}
	for lo := 0; lo < n; {
		hi := lo
		for hi < n && k.rx[hi] == k.rx[lo] && k.ry[hi] == k.ry[lo] {
			hi++
		}
		for i := lo; i < hi; i++ {
			joint[i] = int64(hi - lo)
		}
		lo = hi
	}
	var dis, xTies, yTies, jointTies int64 // twice the number of pairs
	for i := range n {
		dis += discordant[i]
		xTies += xCount[k.rx[i]] - 1
		yTies += int64(k.yCount[k.ry[i]]) - 1
		jointTies += joint[i] - 1
	}
	all := choose2(int64(n - 1))
	values = make([]float64, n)
	for i, row := range k.row {
		d := dis/2 - discordant[i]
		xt := xTies/2 - (xCount[k.rx[i]] - 1)
		yt := yTies/2 - (int64(k.yCount[k.ry[i]]) - 1)
		jt := jointTies/2 - (joint[i] - 1)
		if xt == all || yt == all {
			return nil, false
		}
		values[row] = tauB(all-xt-yt+jt-2*d, all, xt, yt)
	}
	return values, true
}

// spearmanKernel holds the dense ranks of every row.
type spearmanKernel struct {
	rx, ry []int32
	vx, vy []float64 // scratch: centred rank of every distinct value
}

func newSpearmanKernel(x, y []float64) *spearmanKernel {
	rx, nx := denseRanks(x)
	ry, ny := denseRanks(y)
	return &spearmanKernel{rx, ry, make([]float64, nx), make([]float64, ny)}
}

func (k *spearmanKernel) fork() kernel {
	return &spearmanKernel{k.rx, k.ry, make([]float64, len(k.vx)), make([]float64, len(k.vy))}
}

func (k *spearmanKernel) value(counts []int32, total int) (float64, bool) {
	clear(k.vx)
	clear(k.vy)
	for i, c := range counts {
		k.vx[k.rx[i]] += float64(c)
		k.vy[k.ry[i]] += float64(c)
	}
	xx, yy, xy := rankGroups(k.vx, total), rankGroups(k.vy, total), 0.0
	for i, c := range counts {
		if c > 0 {
			xy += float64(c) * k.vx[k.rx[i]] * k.vy[k.ry[i]]
		}
	}
	rho, err := rhoOf(xy, xx, yy)
	return rho, err == nil
}

// rankGroups replaces the sizes of groups, in ascending order of their values, by centred ranks (as in centredRanks)
// and returns the sum of squares over all rows.
func rankGroups(v []float64, total int) (squares float64) {
	below := 0.0
	for g, size := range v {
		v[g] = 2*below + size - float64(total)
		squares += size * v[g] * v[g]
		below += size
	}
	return squares
}

// pearsonKernel writes the resample out in order of the rows.
type pearsonKernel struct {
	x, y           []float64
	xs, ys, ux, uy []float64 // scratch
}

func (k *pearsonKernel) fork() kernel { return &pearsonKernel{x: k.x, y: k.y} }

func (k *pearsonKernel) value(counts []int32, total int) (float64, bool) {
	if len(k.xs) != total {
		k.xs, k.ys = make([]float64, total), make([]float64, total)
		k.ux, k.uy = make([]float64, total), make([]float64, total)
	}
	at := 0
	for i, c := range counts {
		for ; c > 0; c-- {
			k.xs[at], k.ys[at] = k.x[i], k.y[i]
			at++
		}
	}
	if !normalise(k.ux, k.xs) || !normalise(k.uy, k.ys) {
		return 0, false
	}
	return clamp1(floats.Dot(k.ux, k.uy)), true
}

// differenceKernel is the difference of two statistics of the same rows.
type differenceKernel struct{ a, b kernel }

func (k differenceKernel) fork() kernel { return differenceKernel{k.a.fork(), k.b.fork()} }

func (k differenceKernel) value(counts []int32, total int) (float64, bool) {
	a, okA := k.a.value(counts, total)
	b, okB := k.b.value(counts, total)
	return a - b, okA && okB
}
