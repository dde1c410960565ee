package network

import (
	"fmt"
	"math/rand/v2"
)

// SetDropPath makes every following pass with batch statistics drop each branch of each image with the given
// probability, and scale the others by 1/(1-rate). The draws come from the seed alone; a pass after SetDropPath(rate,
// seed) repeats itself exactly. Rate 0, the initial state, drops nothing.
func (m *Machine[T]) SetDropPath(rate float64, seed uint64) error {
	if !(rate >= 0 && rate < 1) {
		return fmt.Errorf("network: drop path rate %v: must lie in [0, 1)", rate)
	}
	m.dropRate = rate
	rng := rand.New(rand.NewPCG(seed, 0x64726f70)) // a stream of its own
	for k := range m.keep {
		m.keep[k] = rng.Float64() >= rate
	}
	return nil
}

// pathScale is the factor of a branch for an image: 1 unless paths are dropped in this pass.
func (m *Machine[T]) pathScale(drop, image int) T {
	switch {
	case m.dropRate == 0 || m.norm != BatchNorm:
		return 1
	case m.keep[drop*m.options.Batch+image]:
		return T(1 / (1 - m.dropRate))
	}
	return 0
}
