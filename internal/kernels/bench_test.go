package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkElementwise runs on images that stay in the second-level cache; the figure is values written (or summed) in
// 1e9 a second.
func BenchmarkElementwise(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, side := range []struct{ width, channels int }{{32, 16}, {32, 32}, {16, 64}, {8, 128}} {
		s := Shape{side.width, side.width, side.channels / Block}
		n := s.Rows * s.Width * s.channels()
		maps := make([]Map, 3)
		for i := range maps {
			maps[i] = Dense(values(rng, n), s.Width, s.channels())
		}
		planes := Planes(make([]float32, PlanesSize(s.Rows, s.Width, 1, s.Blocks)), s.Rows, s.Width, 1)
		v, stats := values(rng, s.channels()), make([]float64, 2*s.channels())
		whole := Shape{max(1, s.Rows*s.Width/128), min(128, s.Rows*s.Width), s.Blocks}
		flat := func(m Map) Map { return Dense(m.Data, whole.Width, s.channels()) }
		where := make([]uint8, n)
		share := values(rng, s.Rows*s.Width)
		for _, k := range []struct {
			name string
			run  func()
		}{
			{"affine", func() { Affine(s, maps[0], maps[1], v, v, true, 0) }},
			{"affineToPlanes", func() { Affine(s, planes.At(1, 1), maps[1], v, v, true, 0) }},
			{"signs", func() { Signs(s, make([]uint16, n/16), maps[1], v, v) }},
			{"add", func() { Add(s, maps[0], maps[1], v, v, maps[2], v, v) }},
			{"combine", func() { Combine(s, maps[0], maps[1], maps[2], v, v, v) }},
			{"rectify", func() { Rectify(s, maps[0], maps[1], maps[2], v, v, false, nil) }},
			{"rectifyAdd", func() { Rectify(s, maps[0], maps[1], maps[2], v, v, true, nil) }},
			{"rectifyAddSums", func() { Rectify(whole, flat(maps[0]), flat(maps[1]), flat(maps[2]), v, v, true, stats) }},
			{"sums", func() { Sums(whole, stats, flat(maps[0]), flat(maps[1])) }},
			{"maxPool", func() { MaxPool(s, 1, maps[0], planes, nil) }},
			{"maxPoolWhere", func() { MaxPool(s, 1, maps[0], planes, where) }},
			{"maxPoolBackward", func() { MaxPoolBackward(s, 1, planes, maps[0], where) }},
			{"sumPool", func() { SumPool(s, 1, maps[0], planes, share) }},
			{"scalePixels", func() { ScalePixels(s, maps[0], maps[1], share) }},
		} {
			benchLevels(b, fmt.Sprintf("%dx%dx%d/%s", side.width, side.width, side.channels, k.name), "Gvalues/s", float64(n), k.run)
		}
	}
}
