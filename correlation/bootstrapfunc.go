package correlation

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
)

// funcBootstrap evaluates a caller's statistic on resamples that are written out.
type funcBootstrap struct {
	samples [][]float64
	paired  bool
	stat    func([][]float64) (float64, error)
	options Options

	mu     sync.Mutex
	failed int // lowest index of a resample that failed for another reason than being undefined
	err    error
}

// evaluate returns NaN for an undefined statistic and keeps the first other error, by index and not by time.
func (f *funcBootstrap) evaluate(index int, samples [][]float64) float64 {
	v, err := f.stat(samples)
	if err == nil {
		return v
	}
	if !errors.Is(err, ErrUndefined) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.err == nil || index < f.failed {
			f.failed, f.err = index, err
		}
	}
	return math.NaN()
}

func (f *funcBootstrap) failure() error {
	if f.err != nil {
		return fmt.Errorf("statistic of a resample: %w", f.err)
	}
	return nil
}

func (f *funcBootstrap) replicates(resamples int) ([]float64, error) {
	out := make([]float64, resamples)
	err := parallel(resamples, f.options, func() func(int) {
		drawn := make([][]float64, len(f.samples))
		for s := range drawn {
			drawn[s] = make([]float64, len(f.samples[s]))
		}
		return func(b int) {
			rows := f.rows(b)
			for s, sample := range f.samples {
				pick := rows[0]
				if !f.paired {
					pick = rows[s]
				}
				for i, r := range pick {
					drawn[s][i] = sample[r]
				}
			}
			out[b] = f.evaluate(b, drawn)
		}
	})
	return out, err
}

// rows returns the rows of resample b, for every sample that is drawn on its own.
func (f *funcBootstrap) rows(b int) [][]int {
	sets := len(f.samples)
	if f.paired {
		sets = 1
	}
	rows := make([][]int, sets)
	rng := stream(f.options.Seed, streamRows, uint64(b))
	for s := range rows {
		if f.options.Indices != nil {
			rows[s] = f.options.Indices[s][b]
			continue
		}
		rows[s] = draw(rng, len(f.samples[s]))
	}
	return rows
}

// draw draws n of n rows, with repetition.
func draw(rng *rand.Rand, n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = rng.IntN(n)
	}
	return rows
}

// Drawn fixes the rows that BootstrapFunc would draw of one sample of n: many statistics of samples of one size need to
// draw them once only.
func (o Options) Drawn(n int) (Options, error) {
	resamples, err := o.resamples()
	if err != nil || o.Indices != nil {
		return o, err
	}
	rows := make([][]int, resamples)
	for b := range rows {
		rows[b] = draw(stream(o.Seed, streamRows, uint64(b)), n)
	}
	o.Indices = [][][]int{rows}
	return o, nil
}

// jackknife returns the statistic without each row, for every sample that is drawn on its own.
func (f *funcBootstrap) jackknife(sizes []int) ([][]float64, error) {
	out := make([][]float64, len(sizes))
	for s, n := range sizes {
		out[s] = make([]float64, n)
		for i := range n {
			if err := f.options.Err(); err != nil {
				return nil, err
			}
			left := make([][]float64, len(f.samples))
			for t, sample := range f.samples {
				left[t] = sample
				if f.paired || t == s {
					left[t] = without(sample, i)
				}
			}
			out[s][i] = f.evaluate(0, left)
		}
	}
	return out, nil
}

func without(x []float64, i int) []float64 {
	return append(append(make([]float64, 0, len(x)-1), x[:i]...), x[i+1:]...)
}
