package pass

import (
	"fmt"
	"math/rand/v2"
)

// DropPaths says which branches of which images a pass drops.
type DropPaths struct {
	Rate  float64
	batch int
	Keep  []bool // [path][batch]
}

func newDropPaths(paths, batch int) DropPaths {
	return DropPaths{batch: batch, Keep: make([]bool, paths*batch)}
}

// Set leaves d as it is when it fails. keep is called in the order of paths, then images.
func (d *DropPaths) Set(rate float64, keep func(path, image int) bool) error {
	if !(rate >= 0 && rate < 1) {
		return fmt.Errorf("network: drop path rate %v: must lie in [0, 1)", rate)
	}
	d.Rate = rate
	for k := range d.Keep {
		d.Keep[k] = keep(k/d.batch, k%d.batch)
	}
	return nil
}

// Kept says whether path number path keeps its branch for an image.
func (d *DropPaths) Kept(path, image int) bool { return d.Keep[path*d.batch+image] }

// Seeded is a keep function that keeps with probability 1-rate. Every path has a stream of its own, so that a draw
// does not depend on how many images an executor can take.
func Seeded(rate float64, seed uint64) func(path, image int) bool {
	const purpose = 0x64726f70 << 32
	var rng *rand.Rand
	return func(path, image int) bool {
		if image == 0 {
			rng = rand.New(rand.NewPCG(seed, purpose+uint64(path)))
		}
		return rng.Float64() >= rate
	}
}

// Scale is the factor of a branch for an image in a pass with normalisation norm.
func (d *DropPaths) Scale(path, image int, norm Norm) float64 {
	switch {
	case d.Rate == 0 || norm != BatchNorm:
		return 1
	case d.Kept(path, image):
		return 1 / (1 - d.Rate)
	}
	return 0
}
