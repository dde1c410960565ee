package correlation

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// kernel evaluates a statistic on resamples of rows without sorting them again: a resample is given by how often each
// row was drawn.
type kernel interface {
	// value returns the statistic of the sample that holds row i counts[i] times, total rows in all; false when it is
	// undefined.
	value(counts []int32, total int) (float64, bool)
	// fork returns a kernel on the same rows with scratch of its own, for another goroutine.
	fork() kernel
}

// jackknifer is a kernel that knows a faster way to leave out each row of n in turn: with the same results, to the bit.
type jackknifer interface {
	jackknife(n int, o Options) ([]float64, error)
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

// rowPairs counts the pairs of every row, by position in the order of (x, y): those out of order, and the rows that are
// equal to it in x, in y and in both, itself among them.
func (k *kendallKernel) rowPairs() (discordant, xTied, yTied, joint []int64) {
	n := len(k.row)
	discordant, joint = make([]int64, n), make([]int64, n)
	xTied, yTied = make([]int64, n), make([]int64, n)
	xCount := make([]int64, n)
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
			xTied[i], yTied[i] = xCount[k.rx[i]], int64(k.yCount[k.ry[i]])
		}
		lo = hi
	}
	return discordant, xTied, yTied, joint
}

// jackknife takes O(n log n): leaving out a row takes away its own pairs.
func (k *kendallKernel) jackknife(n int, _ Options) ([]float64, error) {
	discordant, xTied, yTied, joint := k.rowPairs()
	var dis, xTies, yTies, jointTies int64 // twice the number of pairs
	for i := range n {
		dis += discordant[i]
		xTies += xTied[i] - 1
		yTies += yTied[i] - 1
		jointTies += joint[i] - 1
	}
	all := choose2(int64(n - 1))
	values := make([]float64, n)
	for i, row := range k.row {
		d := dis/2 - discordant[i]
		xt := xTies/2 - (xTied[i] - 1)
		yt := yTies/2 - (yTied[i] - 1)
		jt := jointTies/2 - (joint[i] - 1)
		if xt == all || yt == all {
			values[row] = math.NaN()
			continue
		}
		values[row] = tauB(all-xt-yt+jt-2*d, all, xt, yt)
	}
	return values, nil
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
			xy += float64(float64(c) * k.vx[k.rx[i]] * k.vy[k.ry[i]])
		}
	}
	rho, err := rhoOf(xy, xx, yy)
	return rho, err == nil
}

// jackknife takes O(n log n). A row's centred rank r is the number of rows below it less that of rows above it, so that
// without row i the rank of row j is r_j - sign(x_j - x_i), and every sum of products changes by sums over the rows on
// either side of row i and by its concordant less its discordant pairs. All are whole numbers: the result has the bits
// of ranking the other rows anew.
func (k *spearmanKernel) jackknife(n int, _ Options) ([]float64, error) {
	if n > maxSquaredRanks {
		return nil, fmt.Errorf("leaving out each of %d rows: at most %d", n, maxSquaredRanks)
	}
	t := newKendallKernel(asFloats(k.rx), asFloats(k.ry))
	discordant, xTied, yTied, joint := t.rowPairs()
	x, y := groupRanks(k.rx, len(k.vx)), groupRanks(k.ry, len(k.vy))
	// The other vector's ranks summed over the rows of each group.
	yByX, xByY := make([]int64, len(k.vx)), make([]int64, len(k.vy))
	var xx, yy, xy int64
	for i, g := range k.rx {
		r, q := x[g], y[k.ry[i]]
		yByX[g] += q
		xByY[k.ry[i]] += r
		xx, yy, xy = xx+r*r, yy+q*q, xy+r*q
	}
	sizesX, sizesY := make([]int64, len(k.vx)), make([]int64, len(k.vy))
	for i := range k.rx {
		sizesX[k.rx[i]]++
		sizesY[k.ry[i]]++
	}
	xByX, yByY := make([]int64, len(x)), make([]int64, len(y))
	for g := range x {
		xByX[g] = x[g] * sizesX[g]
	}
	for g := range y {
		yByY[g] = y[g] * sizesY[g]
	}
	aboveLessBelow(yByX)
	aboveLessBelow(xByY)
	aboveLessBelow(xByX)
	aboveLessBelow(yByY)
	values := make([]float64, n)
	for i, row := range t.row {
		g, h := k.rx[row], k.ry[row]
		r, q := x[g], y[h]
		tx, ty := xTied[i], yTied[i]
		untied := int64(n) - tx - ty + joint[i]
		left := xy - r*q - yByX[g] - xByY[h] + untied - 2*discordant[i]
		xLeft := xx - r*r - 2*xByX[g] + int64(n) - tx
		yLeft := yy - q*q - 2*yByY[h] + int64(n) - ty
		rho, err := rhoOf(float64(left), float64(xLeft), float64(yLeft))
		values[row] = orNaN(rho, err == nil)
	}
	return values, nil
}

// maxSquaredRanks is the number of rows up to which a sum of squared ranks, n^3/3, is an int64.
const maxSquaredRanks = 3_000_000

// groupRanks returns twice the mid-rank, less its mean, of every distinct value from the dense ranks of rows.
func groupRanks(ranks []int32, distinct int) []int64 {
	out := make([]int64, distinct)
	for _, g := range ranks {
		out[g]++
	}
	below := int64(0)
	for g, size := range out {
		out[g] = 2*below + size - int64(len(ranks))
		below += size
	}
	return out
}

// aboveLessBelow replaces every term by the sum of those after it less the sum of those before it.
func aboveLessBelow(v []int64) {
	var above, below int64
	for _, x := range v {
		above += x
	}
	for i, x := range v {
		above -= x
		v[i] = above - below
		below += x
	}
}

func asFloats(ranks []int32) []float64 {
	out := make([]float64, len(ranks))
	for i, r := range ranks {
		out[i] = float64(r)
	}
	return out
}

// rankGroups replaces the sizes of groups, in ascending order of their values, by centred ranks (as in groupRanks)
// and returns the sum of squares over all rows.
func rankGroups(v []float64, total int) (squares float64) {
	below := 0.0
	for g, size := range v {
		v[g] = 2*below + size - float64(total)
		squares += float64(size * v[g] * v[g])
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
