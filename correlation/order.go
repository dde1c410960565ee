package correlation

import (
	"math"
	"math/bits"
)

// sortKey maps a float64 that is not NaN to an integer with the same order. -0 and 0 get the same key.
func sortKey(v float64) uint64 {
	b := math.Float64bits(v + 0) // -0 + 0 = +0
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// ordering is a sequence of rows to be sorted by a vector. The low half of an entry is the row. The high half is a key:
// the leading 32 bits of the value within the range of all values while sorting, the 0-based dense rank once sorted.
// Eight bytes a row keep the counting passes within the cache twice as long as whole keys would.
type ordering []uint64

// newOrdering returns the rows 0..n-1 in this order.
func newOrdering(n int) ordering {
	o := make(ordering, n)
	for i := range o {
		o[i] = uint64(i)
	}
	return o
}

func (o ordering) row(i int) int { return int(uint32(o[i])) }

// rank is the dense rank of the row at position i, once sorted.
func (o ordering) rank(i int) int32 { return int32(o[i] >> 32) }

// tied says whether the keys at positions i-1 and i are equal.
func (o ordering) tied(i int) bool { return (o[i]^o[i-1])>>32 == 0 }

const (
	digitBits, digits = 11, 3 // 33 bits: the top digit is one bit short
	buckets           = 1 << digitBits
	radixFrom         = 512 // from this length counting passes beat merging
)

// sortBy sorts the rows by x, keeping the order of rows with equal values, and returns the number of distinct values.
// x holds no NaN; scratch has the length of o.
func (o ordering) sortBy(x []float64, scratch ordering) (distinct int) {
	if len(o) == 0 {
		return 0
	}
	lowest, highest := uint64(math.MaxUint64), uint64(0)
	for _, v := range x {
		k := sortKey(v)
		lowest, highest = min(lowest, k), max(highest, k)
	}
	shift := max(0, bits.Len64(highest-lowest)-32)
	for i, e := range o {
		row := uint64(uint32(e))
		o[i] = (sortKey(x[row])-lowest)>>shift<<32 | row
	}
	if len(o) < radixFrom {
		o.mergeSort(x, scratch)
	} else {
		o.radixSort(scratch)
		if shift > 0 {
			o.sortWithinPrefix(x, scratch)
		}
	}
	return o.replaceKeysByRanks(x)
}

// radixSort sorts by the high half of the entries.
func (o ordering) radixSort(scratch ordering) {
	var counts [digits][buckets]int32
	for _, e := range o {
		counts[0][e>>32&(buckets-1)]++
		counts[1][e>>(32+digitBits)&(buckets-1)]++
		counts[2][e>>(32+2*digitBits)&(buckets-1)]++
	}
	from, to := o, scratch
	for p := range digits {
		c := &counts[p]
		shift := 32 + p*digitBits
		if int(c[from[0]>>shift&(buckets-1)]) == len(o) {
			continue // all keys share this digit
		}
		var sum int32
		for i, n := range c {
			c[i] = sum
			sum += n
		}
		for _, e := range from {
			d := e >> shift & (buckets - 1)
			to[c[d]] = e
			c[d]++
		}
		from, to = to, from
	}
	if &from[0] != &o[0] {
		copy(o, from)
	}
}

// sortWithinPrefix finishes a sort by the high halves: it sorts every run of equal ones that is out of order.
func (o ordering) sortWithinPrefix(x []float64, scratch ordering) {
	for lo := 0; lo < len(o); {
		hi, sorted := lo+1, true
		for hi < len(o) && o.tied(hi) {
			sorted = sorted && x[o.row(hi-1)] <= x[o.row(hi)]
			hi++
		}
		if !sorted {
			o[lo:hi].mergeSort(x, scratch[lo:hi])
		}
		lo = hi
	}
}

// mergeSort is a bottom-up stable merge sort by x.
func (o ordering) mergeSort(x []float64, scratch ordering) {
	const block = 8
	for lo := 0; lo < len(o); lo += block {
		run := o[lo:min(lo+block, len(o))]
		for i := 1; i < len(run); i++ {
			e, j := run[i], i
			for ; j > 0 && x[run.row(j-1)] > x[uint32(e)]; j-- {
				run[j] = run[j-1]
			}
			run[j] = e
		}
	}
	from, to := o, scratch
	for width := block; width < len(o); width *= 2 {
		for lo := 0; lo < len(o); lo += 2 * width {
			mid, hi := min(lo+width, len(o)), min(lo+2*width, len(o))
			merge(x, from[lo:mid], from[mid:hi], to[lo:hi])
		}
		from, to = to, from
	}
	if len(o) > 0 && &from[0] != &o[0] {
		copy(o, from)
	}
}

func merge(x []float64, p, q, out ordering) {
	i, j := 0, 0
	for k := range out {
		if j == len(q) || i < len(p) && x[p.row(i)] <= x[q.row(j)] {
			out[k] = p[i]
			i++
		} else {
			out[k] = q[j]
			j++
		}
	}
}

func (o ordering) replaceKeysByRanks(x []float64) (distinct int) {
	rank, previous := uint64(0), o[0]
	for i, e := range o {
		if (e^previous)>>32 != 0 || x[uint32(e)] != x[uint32(previous)] {
			rank++
		}
		previous = e
		o[i] = rank<<32 | uint64(uint32(e))
	}
	return int(rank) + 1
}

// denseRanks returns for every row its 0-based rank among the distinct values of x, which holds no NaN, and the number
// of distinct values.
func denseRanks(x []float64) (ranks []int32, distinct int) {
	o := newOrdering(len(x))
	distinct = o.sortBy(x, make(ordering, len(x)))
	return o.ranksByRow(), distinct
}

// ranksByRow returns the dense rank of every row.
func (o ordering) ranksByRow() []int32 {
	ranks := make([]int32, len(o))
	for i := range o {
		ranks[o.row(i)] = o.rank(i)
	}
	return ranks
}
