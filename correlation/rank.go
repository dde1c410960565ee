package correlation

// RankMethod says which rank equal values share.
type RankMethod int

const (
	// RankAverage gives equal values the mean of the ranks they span (mid-ranks).
	RankAverage RankMethod = iota
	// RankMin gives equal values the lowest rank they span.
	RankMin
	// RankMax gives equal values the highest rank they span.
	RankMax
	// RankDense counts distinct values only.
	RankDense
	// RankOrdinal gives every value its own rank, equal ones in order of position.
	RankOrdinal
)

// Ranks returns the ascending 1-based ranks of x. Infinities are ordered as numbers, -0 equals 0, and no two
// different numbers are taken as equal. A NaN gives an error that wraps [ErrNaN].
func Ranks(x []float64, method RankMethod) ([]float64, error) {
	if err := noNaN("x", x); err != nil {
		return nil, err
	}
	out := make([]float64, len(x))
	order := newOrdering(len(x))
	order.sortBy(x, make(ordering, len(x)))
	dense := 0
	for lo := 0; lo < len(order); {
		hi := lo + 1
		for hi < len(order) && order.tied(hi) {
			hi++
		}
		dense++
		for i := lo; i < hi; i++ {
			out[order.row(i)] = rankIn(method, lo, hi, i, dense)
		}
		lo = hi
	}
	return out, nil
}

// rankIn is the rank of sorted position i in the group of equal values [lo, hi), the dense-th group.
func rankIn(method RankMethod, lo, hi, i, dense int) float64 {
	switch method {
	case RankMin:
		return float64(lo + 1)
	case RankMax:
		return float64(hi)
	case RankDense:
		return float64(dense)
	case RankOrdinal:
		return float64(i + 1)
	default:
		return float64(lo+1+hi) / 2
	}
}
