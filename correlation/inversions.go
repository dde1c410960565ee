package correlation

// fewRanks is the number of distinct values up to which counting by a tree that stays in the cache beats merging.
const fewRanks = 1 << 11

// countInversions returns the number of pairs i<j with s[i] > s[j], of values in 0..distinct-1. It may reorder s.
func countInversions(s []int32, distinct int) int64 {
	if distinct <= fewRanks && len(s) > distinct {
		return treeInversions(s, distinct)
	}
	return mergeInversions(s, make([]int32, len(s)))
}

// fenwick is a binary indexed tree of counts (Fenwick 1994); index 0 is not used.
type fenwick []int32

func (t fenwick) add(i, n int32) {
	for i++; int(i) < len(t); i += i & -i {
		t[i] += n
	}
}

// upTo is the sum of the counts of 0..i.
func (t fenwick) upTo(i int32) (sum int32) {
	for i++; i > 0; i &= i - 1 {
		sum += t[i]
	}
	return sum
}

func treeInversions(s []int32, distinct int) (inversions int64) {
	seen := make(fenwick, distinct+1)
	for i, v := range s {
		inversions += int64(int32(i) - seen.upTo(v))
		seen.add(v, 1)
	}
	return inversions
}

// mergeInversions counts the exchanges of a bottom-up merge sort. scratch has the length of s.
func mergeInversions(s, scratch []int32) (inversions int64) {
	const block = 8
	for lo := 0; lo < len(s); lo += block {
		inversions += insertionInversions(s[lo:min(lo+block, len(s))])
	}
	from, to := s, scratch
	for width := block; width < len(s); width *= 2 {
		for lo := 0; lo < len(s); lo += 2 * width {
			mid, hi := min(lo+width, len(s)), min(lo+2*width, len(s))
			inversions += mergeCounting(from[lo:mid], from[mid:hi], to[lo:hi])
		}
		from, to = to, from
	}
	return inversions
}

func insertionInversions(s []int32) (inversions int64) {
	for i := 1; i < len(s); i++ {
		v, j := s[i], i
		for ; j > 0 && s[j-1] > v; j-- {
			s[j] = s[j-1]
		}
		s[j] = v
		inversions += int64(i - j)
	}
	return inversions
}

// mergeCounting merges sorted a and b into out and counts the pairs with a > b. The loop advances by arithmetic instead
// of a branch, which on random data would be mispredicted every other time.
func mergeCounting(a, b, out []int32) (inversions int64) {
	if len(b) == 0 || a[len(a)-1] <= b[0] {
		copy(out[copy(out, a):], b)
		return 0
	}
	i, j := 0, 0
	for uint(i) < uint(len(a)) && uint(j) < uint(len(b)) {
		left, right := a[i], b[j]
		fromB := int(uint64(int64(right)-int64(left)) >> 63)
		out[i+j] = min(left, right)
		inversions += int64((len(a) - i) & -fromB)
		i += 1 - fromB
		j += fromB
	}
	copy(out[i+j+copy(out[i+j:], a[i:]):], b[j:])
	return inversions
}
