package kernels

import (
	"runtime"
	"sync"
	"time"
)

// Bandwidth is how fast working sets of some size are read.
type Bandwidth struct {
	Name  string  // where such a set lives on common CPUs: L1, L2, L3, memory
	Bytes int     // of each worker
	GBps  float64 // of all workers together, in 1e9 bytes a second
}

// Roofline is what a machine can do at best.
type Roofline struct {
	Level   Level
	Workers int
	GFLOPs  float64 // single-precision multiply-adds, two operations each, in 1e9 a second
	Reads   []Bandwidth
}

// workingSets are the sizes that Measure reads.
var workingSets = []Bandwidth{{"L1", 16 << 10, 0}, {"L2", 512 << 10, 0}, {"L3", 8 << 20, 0}, {"memory", 128 << 20, 0}}

// Measure finds the peaks of the active level with so many workers at once. Each figure is the best of many short runs
// within its share of the time budget, so that other load on the machine matters little.
func Measure(workers int, budget time.Duration) Roofline {
	r := Roofline{Level: active, Workers: workers, Reads: append([]Bandwidth(nil), workingSets...)}
	share := budget / time.Duration(1+len(r.Reads))
	r.GFLOPs = MeasurePeak(workers, share)
	for i := range r.Reads {
		data := make([][]float32, workers)
		for w := range data {
			data[w] = Aligned(r.Reads[i].Bytes / 4)
			for k := range data[w] {
				data[w][k] = 1 // pages never written would all be the same page of zeros
			}
		}
		passes := max(1, (4<<20)/r.Reads[i].Bytes)
		r.Reads[i].GBps = best(workers, share, func(w int) float64 {
			for range passes {
				sweep(data[w])
			}
			return float64(4 * len(data[w]) * passes)
		})
	}
	return r
}

// MeasurePeak is the GFLOPs of [Measure] alone.
func MeasurePeak(workers int, budget time.Duration) float64 {
	return best(workers, budget, func(int) float64 { return multiplyAdds(20_000) })
}

// best runs work on all workers at once, again and again, and returns the largest amount of work a nanosecond.
func best(workers int, budget time.Duration, work func(worker int) float64) float64 {
	type span struct {
		start, end time.Time
		done       float64
	}
	top := 0.0
	for begin, round := time.Now(), 0; round < 3 || time.Since(begin) < budget; round++ {
		spans := make([]span, workers)
		var wait sync.WaitGroup
		for w := range workers {
			wait.Go(func() {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				start := time.Now()
				done := work(w)
				spans[w] = span{start, time.Now(), done}
			})
		}
		wait.Wait()
		whole := spans[0]
		for _, s := range spans[1:] {
			whole.done += s.done
			if s.start.Before(whole.start) {
				whole.start = s.start
			}
			if s.end.After(whole.end) {
				whole.end = s.end
			}
		}
		top = max(top, whole.done/float64(whole.end.Sub(whole.start).Nanoseconds()))
	}
	return top
}

// peakArgs is what the assembly of the measurements reads.
type peakArgs struct {
	rounds int
	data   *float32
}

// multiplyAdds runs so many rounds of multiply-adds that depend on no memory and returns their operations.
func multiplyAdds(rounds int) float64 {
	if active == Portable {
		var x, y, w [Block]float32
		for range rounds {
			multiplyAdd(&y, &x, &w)
		}
		return float64(rounds) * 2 * Block
	}
	peakSIMD(&peakArgs{rounds: rounds})
	const instructions = 48
	lanes := 8 // NEON: two instructions of four
	if active == AVX512 {
		lanes = 16
	}
	return float64(rounds) * float64(instructions*2*lanes)
}

// sweep reads data once.
func sweep(data []float32) {
	if active == Portable {
		var y [Block]float32
		for ; len(data) >= Block; data = data[Block:] {
			for i, v := range data[:Block] {
				y[i] += v
			}
		}
		return
	}
	const atATime = 8 * 16
	sweepSIMD(&peakArgs{rounds: len(data) / atATime, data: &data[0]})
}
