package network

import (
	"fmt"
	"math/rand/v2"
)

// dropPaths says which branches of which images a pass drops.
type dropPaths struct {
	rate  float64
	batch int
	keep  []bool // [path][batch]
}

func newDropPaths(paths, batch int) dropPaths {
	return dropPaths{batch: batch, keep: make([]bool, paths*batch)}
}

// set leaves d as it is when it fails. keep is called in the order of paths, then images.
func (d *dropPaths) set(rate float64, keep func(path, image int) bool) error {
	if !(rate >= 0 && rate < 1) {
		return fmt.Errorf("network: drop path rate %v: must lie in [0, 1)", rate)
	}
	d.rate = rate
	for k := range d.keep {
		d.keep[k] = keep(k/d.batch, k%d.batch)
	}
	return nil
}

// kept says whether path number path keeps its branch for an image.
func (d *dropPaths) kept(path, image int) bool { return d.keep[path*d.batch+image] }

// seeded is a keep function that keeps with probability 1-rate. Every path has a stream of its own, so that a draw
// does not depend on how many images an executor can take.
func seeded(rate float64, seed uint64) func(path, image int) bool {
	const purpose = 0x64726f70 << 32
	var rng *rand.Rand
	return func(path, image int) bool {
		if image == 0 {
			rng = rand.New(rand.NewPCG(seed, purpose+uint64(path)))
		}
		return rng.Float64() >= rate
	}
}

// scale is the factor of a branch for an image in a pass with normalisation norm.
func (d *dropPaths) scale(path, image int, norm Norm) float64 {
	switch {
	case d.rate == 0 || norm != BatchNorm:
		return 1
	case d.kept(path, image):
		return 1 / (1 - d.rate)
	}
	return 0
}
