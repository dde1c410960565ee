// Package memory finds out whether the memory that an executor needs is there, and keeps that of closed executors for
// those to come: see [Check] and [Cache].
package memory

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"

	"rwe301/internal/kernels"
	"rwe301/internal/system"
)

// Cache keeps the large memory of closed executors in float32 for those to come, so that networks run one after another
// work in the same pages, which the system need not find and clear again. It is not safe for concurrent use; a nil one
// keeps nothing.
type Cache struct{ free [][]float32 }

// keptFrom is the number of values from which on memory is kept, and headroom the share by which more is taken than
// asked for, as the next network may want a little more.
const (
	keptFrom = 1 << 18
	headroom = 8

	// A large piece is preceded by a collection if there are so many bytes of garbage.
	maxGarbage = 128 << 20
)

// garbage is about how many bytes have been allocated since the last collection.
func garbage() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 || sample[1].Value.Kind() != metrics.KindUint64 {
		return math.MaxInt64 // a runtime without these metrics
	}
	return int64(sample[0].Value.Uint64()) - int64(sample[1].Value.Uint64())
}

// Take returns n values, not all of them zero, that begin at a multiple of 64 bytes: of the smallest memory that is
// large enough. Where there is none, new memory replaces the largest.
func (m *Cache) Take(n int) []float32 {
	if m == nil || n < keptFrom {
		return kernels.Aligned(n)
	}
	best, largest := -1, -1
	for i, f := range m.free {
		if len(f) >= n && (best < 0 || len(f) < len(m.free[best])) {
			best = i
		}
		if largest < 0 || len(f) > len(m.free[largest]) {
			largest = i
		}
	}
	if best >= 0 {
		if n >= kernels.CollectFrom && garbage() > maxGarbage {
			runtime.GC() // memory that is kept counts as in use, and lets the collector wait for as much garbage again
		}
		data := m.free[best]
		m.free = slices.Delete(m.free, best, best+1)
		return data
	}
	if largest >= 0 {
		m.free = slices.Delete(m.free, largest, largest+1)
	}
	return kernels.Aligned(n + n/headroom)
}

// Give takes memory back.
func (m *Cache) Give(data []float32) {
	if m != nil && len(data) >= keptFrom {
		m.free = append(m.free, data)
	}
}

// Bytes is how much is kept.
func (m *Cache) Bytes() (total int64) {
	if m != nil {
		for _, f := range m.free {
			total += 4 * int64(len(f))
		}
	}
	return total
}

// Max is the most an executor may ask for, in bytes: more than that is a mistyped size on the machines of today.
const Max = 1 << 40

// ErrScarce marks what a machine with more free memory could do. It adds no words.
var ErrScarce = errors.New("")

// Check says whether an executor that needs so many bytes may be made. An unknown amount of free memory (negative)
// forbids nothing but the absurd. The error is ErrScarce where more memory would do.
func Check(need, free int64, batch int) error {
	const gb = 1e9
	switch {
	case need < 0 || need > Max:
		return fmt.Errorf("network: batch %d of this network needs more than %.0f GB: use a smaller batch, width or image",
			batch, Max/gb)
	case free >= 0 && need > free:
		return fmt.Errorf("network: batch %d of this network needs %.2f GB and %.2f GB are free: "+
			"use a smaller batch, width or image%w", batch, float64(need)/gb, float64(free)/gb, ErrScarce)
	}
	return nil
}

// Free is how many bytes this process can still get without swapping; -1 where the system does not say.
func Free() int64 {
	if total, available := system.Memory(); total > 0 {
		return available
	}
	return -1
}
