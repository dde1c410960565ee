package correlation

import (
	"math"
	"slices"
)

// BootstrapSeeds is the bootstrap of a coefficient when every row has one score a weight seed: scores[s] are the scores
// of seed s. Each resample draws rows and, with replacement, seeds; a row's score is its mean over the seeds drawn. So
// the interval covers both the choice of architectures and the luck of the weights.
func BootstrapSeeds(c Coefficient, scores [][]float64, truth []float64, o Options) (*Distribution, error) {
	if len(scores) == 0 {
		return nil, undefinedf("no seed")
	}
	for _, s := range scores {
		sameLength(len(s), len(truth))
	}
	if len(scores) == 1 {
		return Bootstrap(c, scores[0], truth, o)
	}
	mean := func(seeds []int) []float64 {
		m := make([]float64, len(truth))
		for _, s := range seeds {
			for i, v := range scores[s] {
				m[i] += v
			}
		}
		for i := range m {
			m[i] /= float64(len(seeds)) // once, so that equal sums stay equal
		}
		return m
	}
	all := make([]int, len(scores))
	for s := range all {
		all[s] = s
	}
	observed, err := c.Of(mean(all), truth)
	if err != nil {
		return nil, err
	}
	b, err := o.resamples()
	if err != nil {
		return nil, err
	}
	n := len(truth)
	replicates := make([]float64, b)
	err = parallel(b, o, func() func(int) {
		x, y := make([]float64, n), make([]float64, n)
		return func(r int) {
			rng := stream(o.Seed, streamSeeds, uint64(r))
			seeds := make([]int, len(scores))
			for k := range seeds {
				seeds[k] = rng.IntN(len(scores))
			}
			m := mean(seeds)
			for i := range n {
				row := rng.IntN(n)
				x[i], y[i] = m[row], truth[row]
			}
			v, err := c.Of(x, y)
			replicates[r] = orNaN(v, err == nil)
		}
	})
	if err != nil {
		return nil, err
	}
	rows, err := leaveOneOut(newKernel(c, mean(all), truth), n, o)
	if err != nil {
		return nil, err
	}
	var seeds []float64
	for s := range scores {
		v, err := c.Of(mean(slices.Delete(slices.Clone(all), s, s+1)), truth)
		seeds = append(seeds, orNaN(v, err == nil))
	}
	return newDistribution(observed, replicates, [][]float64{rows, seeds})
}

// streamSeeds is the purpose of the stream that draws seeds and rows of a resample.
const streamSeeds = 2

// Precision is what a study of some size can tell.
type Precision struct {
	N        int
	Interval Interval // percentile, around what samples of this size give
}

// PrecisionAt answers "how many architectures do I need": for each size, the percentile interval of the coefficient
// over samples of that many rows drawn with replacement.
func PrecisionAt(c Coefficient, x, y []float64, sizes []int, level float64, o Options) ([]Precision, error) {
	observed, err := c.Of(x, y)
	if err != nil {
		return nil, err
	}
	o.Indices = nil
	b, err := o.resamples()
	if err != nil {
		return nil, err
	}
	k := newKernel(c, x, y)
	var out []Precision
	for _, size := range sizes {
		if size < 2 {
			return nil, undefinedf("samples of %d rows", size)
		}
		replicates, err := replicate([]kernel{k}, len(x), size, b, o)
		if err != nil {
			return nil, err
		}
		d, err := newDistribution(observed, replicates[0], [][]float64{{math.NaN()}})
		if err != nil {
			return nil, err
		}
		iv, err := d.Interval(Percentile, level)
		if err != nil {
			return nil, err
		}
		out = append(out, Precision{size, iv})
	}
	return out, nil
}
