package correlation

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// DefaultResamples is the number of resamples that Options.Resamples = 0 means.
const DefaultResamples = 2000

// Options of a bootstrap. The zero value is 2000 resamples of seed 0.
type Options struct {
	Resamples int    // 0 means DefaultResamples; 9999 for figures to be published
	Seed      uint64 // the same seed draws the same rows, whatever the number of workers
	Workers   int    // goroutines; 0 means one a processor
	// Indices, when not nil, gives the rows of every resample instead of drawing them: Indices[s][b] are the rows drawn
	// from sample s by resample b. Paired columns are one sample. Resamples and Seed are then not used.
	Indices [][][]int
	// Context, when not nil, ends a bootstrap early, with its error. It is an option so that what is bootstrapped later
	// with the same options ends with it too.
	Context context.Context
}

// Err is that of the context, if there is one.
func (o Options) Err() error {
	if o.Context == nil {
		return nil
	}
	return o.Context.Err()
}

func (o Options) resamples() (int, error) {
	if o.Indices != nil {
		return len(o.Indices[0]), nil
	}
	switch {
	case o.Resamples < 0:
		return 0, fmt.Errorf("%d resamples: want at least 1, or 0 for %d", o.Resamples, DefaultResamples)
	case o.Resamples == 0:
		return DefaultResamples, nil
	}
	return o.Resamples, nil
}

// resamplesOf is the number of resamples of one sample of n rows, whose given indices must fit.
func (o Options) resamplesOf(n int) (int, error) {
	if err := o.checkIndices(n); err != nil {
		return 0, err
	}
	return o.resamples()
}

// checkIndices refuses given resamples that do not fit samples of these sizes.
func (o Options) checkIndices(sizes ...int) error {
	if o.Indices == nil {
		return nil
	}
	if len(o.Indices) != len(sizes) {
		return fmt.Errorf("resampling indices for %d samples: want %d", len(o.Indices), len(sizes))
	}
	for s, rows := range o.Indices {
		if len(rows) != len(o.Indices[0]) || len(rows) == 0 {
			return fmt.Errorf("resampling indices: sample %d has %d resamples, sample 0 %d: want the same number, at least 1", s,
				len(rows), len(o.Indices[0]))
		}
		for b, row := range rows {
			for _, i := range row {
				if i < 0 || i >= sizes[s] {
					return fmt.Errorf("resampling indices: sample %d, resample %d: row %d: there are %d rows", s, b, i, sizes[s])
				}
			}
			if len(row) != sizes[s] {
				return fmt.Errorf("resampling indices: sample %d, resample %d: %d rows: want %d", s, b, len(row), sizes[s])
			}
		}
	}
	return nil
}

// streamRows is the purpose of the stream that draws the rows of a resample.
const streamRows = 1

// stream returns the generator of one resample: a function of seed, purpose and index alone, so that no schedule of
// goroutines can change what is drawn. The mixing is SplitMix64 (Steele et al. 2014), which keeps streams of
// neighbouring indices unrelated.
func stream(seed, purpose, index uint64) *rand.Rand {
	a := splitMix(splitMix(seed) ^ purpose)
	b := splitMix(a ^ splitMix(index))
	return rand.New(rand.NewPCG(b, splitMix(b)))
}

func splitMix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// parallel calls work(i) for i in 0..n-1 on several goroutines, each with a function of its own from newWork, until the
// context of o ends.
func parallel(n int, o Options, newWork func() func(i int)) error {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	const chunk = 16
	var next atomic.Int64
	var wg sync.WaitGroup
	for range max(1, min(workers, (n+chunk-1)/chunk)) {
		wg.Go(func() {
			work := newWork()
			for {
				hi := int(next.Add(chunk))
				for i := hi - chunk; i < min(hi, n); i++ {
					if o.Err() != nil {
						return
					}
					work(i)
				}
				if hi >= n {
					return
				}
			}
		})
	}
	wg.Wait()
	return o.Err()
}

// replicate evaluates kernels on the same resamples of size rows out of n: a slice each. NaN marks an undefined
// replicate.
func replicate(ks []kernel, n, size, resamples int, o Options) ([][]float64, error) {
	out := make([][]float64, len(ks))
	for i := range out {
		out[i] = make([]float64, resamples)
	}
	err := parallel(resamples, o, func() func(int) {
		forks, counts := make([]kernel, len(ks)), make([]int32, n)
		for i, k := range ks {
			forks[i] = k.fork()
		}
		return func(b int) {
			clear(counts)
			if o.Indices != nil {
				for _, i := range o.Indices[0][b] {
					counts[i]++
				}
			} else {
				rng := stream(o.Seed, streamRows, uint64(b))
				for range size {
					counts[rng.IntN(n)]++
				}
			}
			for i, k := range forks {
				out[i][b] = orNaN(k.value(counts, size))
			}
		}
	})
	return out, err
}

func orNaN(v float64, defined bool) float64 {
	if !defined {
		return math.NaN()
	}
	return v
}

// leaveOneOut evaluates a kernel without each row in turn; NaN where undefined.
func leaveOneOut(k kernel, n int, o Options) ([]float64, error) {
	if j, ok := k.(jackknifer); ok {
		return j.jackknife(n, o)
	}
	return leaveEachOut(k, n, o)
}

// leaveEachOut evaluates a kernel anew without each row.
func leaveEachOut(k kernel, n int, o Options) ([]float64, error) {
	out := make([]float64, n)
	err := parallel(n, o, func() func(int) {
		k, counts := k.fork(), ones(n)
		return func(i int) {
			counts[i] = 0
			out[i] = orNaN(k.value(counts, n-1))
			counts[i] = 1
		}
	})
	return out, err
}

func ones(n int) []int32 {
	counts := make([]int32, n)
	for i := range counts {
		counts[i] = 1
	}
	return counts
}

// Bootstrap returns the bootstrap distribution of a coefficient of x and y (equal length, n >= 2) under resampling of
// rows. Resamples on which the coefficient is undefined (a constant column) are dropped and counted. The error wraps
// [ErrUndefined] when the coefficient of x and y itself is undefined, [ErrNaN] for NaN.
func Bootstrap(c Coefficient, x, y []float64, o Options) (*Distribution, error) {
	observed, err := c.Of(x, y)
	if err != nil {
		return nil, err
	}
	n := len(x)
	b, err := o.resamplesOf(n)
	if err != nil {
		return nil, err
	}
	k := newKernel(c, x, y)
	replicates, err := replicate([]kernel{k}, n, n, b, o)
	if err != nil {
		return nil, err
	}
	jackknife, err := leaveOneOut(k, n, o)
	if err != nil {
		return nil, err
	}
	return newDistribution(observed, replicates[0], [][]float64{jackknife})
}

// BootstrapFunc returns the bootstrap distribution of any statistic of one or more samples. With paired, the samples
// are columns of one table (equal length) whose rows are drawn together; else every sample is drawn on its own. stat
// must not keep or change its argument and may run on several goroutines at once. A resample for which it returns an
// error that wraps [ErrUndefined] is dropped and counted; any other error ends the bootstrap.
func BootstrapFunc(samples [][]float64, paired bool, stat func(samples [][]float64) (float64, error),
	o Options) (*Distribution, error) {
	if len(samples) == 0 {
		return nil, undefinedf("no sample")
	}
	drawn := samples // what is drawn independently
	if paired {
		drawn = samples[:1]
		for _, s := range samples {
			sameLength(len(s), len(samples[0]))
		}
	}
	sizes := make([]int, len(drawn))
	for i, s := range drawn {
		if sizes[i] = len(s); sizes[i] == 0 {
			return nil, undefinedf("sample %d is empty", i)
		}
	}
	if err := o.checkIndices(sizes...); err != nil {
		return nil, err
	}
	b, err := o.resamples()
	if err != nil {
		return nil, err
	}
	observed, err := stat(samples)
	if err != nil {
		return nil, err
	}
	f := funcBootstrap{samples: samples, paired: paired, stat: stat, options: o}
	replicates, err := f.replicates(b)
	if err != nil {
		return nil, err
	}
	jackknife, err := f.jackknife(sizes)
	if err = cmp.Or(err, f.failure()); err != nil {
		return nil, err
	}
	d, err := newDistribution(observed, replicates, jackknife)
	if err == nil {
		d.rows = slices.Min(sizes)
	}
	return d, err
}
