package network

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"
)

// BenchmarkScoring runs one network with a single worker, or several at once as when many are scored. The figure is
// that of the best round, since others may share the machine.
func BenchmarkScoring(b *testing.B) {
	const batch = 32
	for _, channels := range []int{16, 32} {
		for _, networks := range []int{1, 2} {
			b.Run(fmt.Sprintf("C%d/networks%d", channels, networks), func(b *testing.B) {
				var passes []func()
				for range networks {
					m, theta, x := prepared(b, channels, 32, Options{Batch: batch})
					passes = append(passes, func() {
						if err := m.Forward(theta, x, batch, BatchNorm); err != nil {
							b.Error(err)
						}
					})
				}
				best := time.Duration(math.MaxInt64)
				for b.Loop() {
					start := time.Now()
					var wait sync.WaitGroup
					for _, pass := range passes {
						wait.Go(pass)
					}
					wait.Wait()
					best = min(best, time.Since(start))
				}
				b.ReportMetric(float64(networks*batch)/best.Seconds(), "images/s")
			})
		}
	}
}
