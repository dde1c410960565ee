package surrogate

import (
	"math"

	"rwe301/bench301/surrogate/internal/trees"
)

// meanStd returns what numpy's mean and std (ddof 0) give for the members, to the bit: sums, quotients and squares are
// rounded to T.
func meanStd[T trees.Real](x []T) (mean, std T) {
	n := T(len(x))
	mean = pairwise(x) / n
	squares := make([]T, 0, 16)
	for _, v := range x {
		d := v - mean
		squares = append(squares, T(d*d))
	}
	return mean, T(math.Sqrt(float64(pairwise(squares) / n)))
}

// pairwise is numpy's sum of a contiguous array: from left to right below 8 values, with eight running sums up to 128,
// in halves beyond.
func pairwise[T trees.Real](x []T) T {
	switch n := len(x); {
	case n < 8:
		var sum T
		for _, v := range x {
			sum += v
		}
		return sum
	case n > 128:
		half := n / 2
		half -= half % 8
		return pairwise(x[:half]) + pairwise(x[half:])
	}
	r := [8]T(x)
	for x = x[8:]; len(x) >= 8; x = x[8:] {
		for k := range r {
			r[k] += x[k]
		}
	}
	sum := ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
	for _, v := range x {
		sum += v
	}
	return sum
}
