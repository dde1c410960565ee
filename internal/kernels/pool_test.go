package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// pooled gives f a case with planes for windows of 3 x 3 and that stride. Values repeat, so that maxima tie.
func pooled(t *testing.T, f func(t *testing.T, k *kernelCase, stride int, x Map, in Shape) ([]float32, []float64)) {
	for stride := 1; stride <= 2; stride++ {
		eachCase(t, 60, func(t *testing.T, k *kernelCase) ([]float32, []float64) {
			x, in := randomPlanes(k.rng, Depthwise{3, 1, stride}, k.s)
			x.fill(in, func() float32 { return float32(k.rng.IntN(9)) - 4 })
			return f(t, k, stride, x, in)
		})
	}
}

// largest is the maximum of the window of (y, p) and its first position.
func largest(x Map, stride, y, p, c int) (best float32, at int) {
	best = float32(math.Inf(-1))
	for t := range 9 {
		if v := get(x, y*stride+t/3, p*stride+t%3, c); v > best {
			best, at = v, t
		}
	}
	return best, at
}

func TestMaxPool(t *testing.T) {
	pooled(t, func(t *testing.T, k *kernelCase, stride int, x Map, in Shape) ([]float32, []float64) {
		if k.rng.IntN(2) == 0 { // a border that never wins
			for c := range k.s.channels() {
				for p := range in.Width {
					x.block(0, p, c/Block)[c%Block] = float32(math.Inf(-1))
				}
			}
		}
		dst := randomMap(k.rng, k.s)
		where := make([]uint8, k.s.Rows*k.s.Width*k.s.channels())
		MaxPool(k.s, stride, dst, x, where)
		k.verify(t, "maximum", dst, func(y, p, c int) float64 {
			v, at := largest(x, stride, y, p, c)
			if got := where[(y*k.s.Width+p)*k.s.channels()+c]; int(got) != at {
				t.Fatalf("position of (%d, %d, %d): %d, want %d", y, p, c, got, at)
			}
			return float64(v)
		})
		plain := Map{guarded(len(dst.Data)), dst.Row, dst.Pixel, dst.Block}
		MaxPool(k.s, stride, plain, x, nil)
		same(t, "without positions", plain.Data, dst.Data)
		return dst.Data, nil
	})
}

func TestMaxPoolBackward(t *testing.T) {
	pooled(t, func(t *testing.T, k *kernelCase, stride int, x Map, in Shape) ([]float32, []float64) {
		where := make([]uint8, k.s.Rows*k.s.Width*k.s.channels())
		MaxPool(k.s, stride, randomMap(k.rng, k.s), x, where)
		dy, dx := k.input(), x.clone()
		dx.fill(in, k.normal)
		want := make([]float64, len(dx.Data))
		for i, v := range dx.Data {
			want[i] = float64(v)
		}
		for y := range k.s.Rows {
			for p := range k.s.Width {
				for c := range k.s.channels() {
					_, at := largest(x, stride, y, p, c)
					want[(y*stride+at/3)*dx.Row+(p*stride+at%3)*dx.Pixel+c/Block*dx.Block+c%Block] += float64(get(dy, y, p, c))
				}
			}
		}
		MaxPoolBackward(k.s, stride, dx, dy, where)
		for i, v := range dx.Data {
			near(t, "gradient", v, want[i], 9)
		}
		return dx.Data, nil
	})
}

func TestSumPool(t *testing.T) {
	pooled(t, func(t *testing.T, k *kernelCase, stride int, x Map, _ Shape) ([]float32, []float64) {
		dst := randomMap(k.rng, k.s)
		var share []float32
		if k.rng.IntN(2) == 0 {
			share = values(k.rng, k.s.Rows*k.s.Width)
		}
		SumPool(k.s, stride, dst, x, share)
		k.verify(t, "sum", dst, func(y, p, c int) float64 {
			sum := 0.0
			for t := range 9 {
				sum += float64(get(x, y*stride+t/3, p*stride+t%3, c))
			}
			if share != nil {
				sum *= float64(share[y*k.s.Width+p])
			}
			return sum
		})
		return dst.Data, nil
	})
}

// TestAveragePoolGradient checks the recipe in SumPool's documentation against the definition.
func TestAveragePoolGradient(t *testing.T) {
	for stride := 1; stride <= 2; stride++ {
		rng := rand.New(rand.NewPCG(3, uint64(stride)))
		const side = 6
		out := Shape{side / stride, side / stride, 1}
		inside := func(o int) int {
			n := 0
			for t := range 3 {
				if i := o*stride + t - 1; i >= 0 && i < side {
					n++
				}
			}
			return n
		}
		share := make([]float32, out.Rows*out.Width)
		for y := range out.Rows {
			for p := range out.Width {
				share[y*out.Width+p] = 1 / float32(inside(y)*inside(p))
			}
		}
		dy := Dense(values(rng, out.Rows*out.Width*Block), out.Width, Block)
		planes := Planes(make([]float32, PlanesSize(side, side, 1, 1)), side, side, 1)
		ScalePixels(out, planes.At(1, 1).Every(stride), dy, share)
		dx := Dense(make([]float32, side*side*Block), side, Block)
		SumPool(Shape{side, side, 1}, 1, dx, planes, nil)
		for iy := range side {
			for ix := range side {
				want := 0.0
				for y := range out.Rows {
					for p := range out.Width {
						dr, dc := iy-y*stride+1, ix-p*stride+1
						if dr >= 0 && dr < 3 && dc >= 0 && dc < 3 {
							want += float64(get(dy, y, p, 5)) / float64(inside(y)*inside(p))
						}
					}
				}
				near(t, "gradient", get(dx, iy, ix, 5), want, 9)
			}
		}
	}
}
