package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// kernelCase is one run of a kernel on random maps.
type kernelCase struct {
	s   Shape
	rng *rand.Rand
}

func (k *kernelCase) normal() float32 { return float32(k.rng.NormFloat64()) }

// input is a random map full of normal numbers.
func (k *kernelCase) input() Map { return randomMap(k.rng, k.s).fill(k.s, k.normal) }

// vector is a per-channel vector.
func (k *kernelCase) vector() []float32 { return values(k.rng, k.s.channels()) }

// verify compares dst with f (row, pixel, channel), and checks that its gaps are untouched.
func (k *kernelCase) verify(t *testing.T, what string, dst Map, f func(y, p, c int) float64) {
	t.Helper()
	gaps := Map{guarded(len(dst.Data)), dst.Row, dst.Pixel, dst.Block}
	for y := range k.s.Rows {
		for p := range k.s.Width {
			for c := range k.s.channels() {
				got := get(dst, y, p, c)
				near(t, fmt.Sprintf("%s(%d, %d, %d)", what, y, p, c), got, f(y, p, c), 1)
				gaps.block(y, p, c/Block)[c%Block] = got
			}
		}
	}
	same(t, what+": outside", dst.Data, gaps.Data)
}

func get(m Map, y, p, c int) float32 { return m.block(y, p, c/Block)[c%Block] }

// eachCase runs f for random shapes at every level and compares the bits of what it returns with the portable level's.
func eachCase(t *testing.T, cases int, f func(t *testing.T, k *kernelCase) (floats []float32, doubles []float64)) {
	floats, doubles := map[int][]float32{}, map[int][]float64{}
	eachLevel(t, func(t *testing.T, l Level) {
		for n := range cases / fewer {
			rng := rand.New(rand.NewPCG(uint64(n), 11))
			s := Shape{1 + rng.IntN(4), 1 + rng.IntN(35), 1 + rng.IntN(9)}
			a, b := f(t, &kernelCase{s: s, rng: rng})
			if l == Portable {
				floats[n], doubles[n] = a, b
				continue
			}
			same(t, fmt.Sprintf("case %d %+v", n, s), a, floats[n])
			same(t, fmt.Sprintf("case %d %+v: sums", n, s), b, doubles[n])
		}
	})
}

func TestAffine(t *testing.T) {
	for _, relu := range []bool{false, true} {
		eachCase(t, 100, func(t *testing.T, k *kernelCase) ([]float32, []float64) {
			dst, x, scale, shift := randomMap(k.rng, k.s), k.input(), k.vector(), k.vector()
			Affine(k.s, dst, x, scale, shift, relu, k.rng.IntN(1000))
			k.verify(t, "affine", dst, func(y, p, c int) float64 {
				v := float64(get(x, y, p, c))*float64(scale[c]) + float64(shift[c])
				if relu {
					return max(v, 0)
				}
				return v
			})
			return dst.Data, nil
		})
	}
}

func TestAffineKeepsValues(t *testing.T) {
	eachLevel(t, func(t *testing.T, _ Level) {
		inf := float32(math.Inf(1))
		special := [Block]float32{0, float32(math.Copysign(0, -1)), inf, -inf, float32(math.NaN()), 1e-45, -1e-45,
			math.MaxFloat32, 1, -1}
		ones, zeros := make([]float32, Block), make([]float32, Block)
		for i := range ones {
			ones[i] = 1
		}
		x, dst := Dense(special[:], 1, Block), Dense(make([]float32, Block), 1, Block)
		Affine(Shape{1, 1, 1}, dst, x, ones, zeros, false, 0)
		for i, v := range special {
			if got := dst.Data[i]; got != v && got == got {
				t.Errorf("%v became %v", v, got)
			}
		}
		Affine(Shape{1, 1, 1}, dst, x, ones, zeros, true, 0)
		for i, v := range special {
			if got := dst.Data[i]; v == v && got != max(v, 0) || v != v && got == got {
				t.Errorf("ReLU of %v is %v", v, got)
			}
		}
	})
}

func TestSigns(t *testing.T) {
	eachCase(t, 100, func(t *testing.T, k *kernelCase) ([]float32, []float64) {
		x, scale, shift := k.input(), k.vector(), k.vector()
		n := k.s.Rows * k.s.Width * k.s.Blocks
		bits := make([]uint16, n+1)
		bits[n] = 0xabcd
		Signs(k.s, bits, x, scale, shift)
		for y := range k.s.Rows {
			for p := range k.s.Width {
				for c := range k.s.channels() {
					want := float64(get(x, y, p, c))*float64(scale[c])+float64(shift[c]) > 0
					if got := bits[(y*k.s.Width+p)*k.s.Blocks+c/Block]>>(c%Block)&1 == 1; got != want {
						t.Fatalf("sign of (%d, %d, %d) in %+v: %v, want %v", y, p, c, k.s, got, want)
					}
				}
			}
		}
		if bits[n] != 0xabcd {
			t.Fatal("wrote beyond the end")
		}
		return nil, nil
	})
}

func TestAdd(t *testing.T) {
	eachCase(t, 100, func(t *testing.T, k *kernelCase) ([]float32, []float64) {
		dst, x, y := randomMap(k.rng, k.s), k.input(), k.input()
		a, b, c, d := k.vector(), k.vector(), k.vector(), k.vector()
		Add(k.s, dst, x, a, b, y, c, d)
		k.verify(t, "sum", dst, func(row, p, ch int) float64 {
			return float64(get(x, row, p, ch))*float64(a[ch]) + float64(b[ch]) + float64(get(y, row, p, ch))*float64(c[ch]) +
				float64(d[ch])
		})
		return dst.Data, nil
	})
}

func TestScalePixels(t *testing.T) {
	eachCase(t, 50, func(t *testing.T, k *kernelCase) ([]float32, []float64) {
		dst, x, share := randomMap(k.rng, k.s), k.input(), values(k.rng, k.s.Rows*k.s.Width)
		ScalePixels(k.s, dst, x, share)
		k.verify(t, "scaled", dst, func(y, p, c int) float64 {
			return float64(get(x, y, p, c)) * float64(share[y*k.s.Width+p])
		})
		return dst.Data, nil
	})
}

func TestCombine(t *testing.T) {
	eachCase(t, 100, func(t *testing.T, k *kernelCase) ([]float32, []float64) {
		dst, dz, y := randomMap(k.rng, k.s), k.input(), k.input()
		a, b, c := k.vector(), k.vector(), k.vector()
		Combine(k.s, dst, dz, y, a, b, c)
		k.verify(t, "combined", dst, func(row, p, ch int) float64 {
			return float64(a[ch])*float64(get(dz, row, p, ch)) + float64(b[ch])*float64(get(y, row, p, ch)) + float64(c[ch])
		})
		return dst.Data, nil
	})
}

func TestRectify(t *testing.T) {
	eachCase(t, 200, func(t *testing.T, k *kernelCase) ([]float32, []float64) {
		dz, du, x, scale, shift := k.input(), k.input(), k.input(), k.vector(), k.vector()
		accumulate := k.rng.IntN(2) == 0
		before := dz.clone()
		var stats, want []float64
		if k.rng.IntN(2) == 0 {
			stats, want = make([]float64, 2*k.s.channels()), make([]float64, 2*k.s.channels())
			for i := range stats {
				stats[i] = k.rng.NormFloat64()
				want[i] = stats[i]
			}
		}
		Rectify(k.s, dz, du, x, scale, shift, accumulate, stats)
		k.verify(t, "gradient", dz, func(y, p, c int) float64 {
			v := 0.0
			if float64(get(x, y, p, c))*float64(scale[c])+float64(shift[c]) > 0 {
				v = float64(get(du, y, p, c))
			}
			if accumulate {
				v += float64(get(before, y, p, c))
			}
			if stats != nil {
				want[c] += v
				want[k.s.channels()+c] += v * float64(get(x, y, p, c))
			}
			return v
		})
		for i, v := range stats {
			near(t, "sum", float32(v), want[i], 20*k.s.Width*k.s.Rows)
		}
		return dz.Data, stats
	})
}

func TestSums(t *testing.T) {
	eachCase(t, 100, func(t *testing.T, k *kernelCase) ([]float32, []float64) {
		x, y := k.input(), k.input()
		stats, want := make([]float64, 2*k.s.channels()), make([]float64, 2*k.s.channels())
		for row := range k.s.Rows {
			for p := range k.s.Width {
				for c := range k.s.channels() {
					want[c] += float64(get(x, row, p, c))
					want[k.s.channels()+c] += float64(get(x, row, p, c)) * float64(get(y, row, p, c))
				}
			}
		}
		Sums(k.s, stats, x, y)
		for i, v := range stats {
			near(t, "sum", float32(v), want[i], 20*k.s.Width*k.s.Rows)
		}
		return nil, stats
	})
}

// TestTotals adds up vectors at every level, with gaps between them and sums that float32 would lose.
func TestTotals(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	eachLevel(t, func(t *testing.T, _ Level) {
		for _, c := range []struct{ n, stride, count int }{{16, 16, 1}, {32, 40, 3}, {4096, 4100, 32}, {48, 48, 7}} {
			data := values(rng, (c.count-1)*c.stride+c.n+5)
			data[0] = 1e8
			want := append([]float32(nil), data...)
			for i := range c.n {
				total := 0.0
				for k := range c.count {
					total += float64(data[k*c.stride+i])
				}
				want[i] = float32(total)
			}
			Totals(data, c.n, c.stride, c.count)
			for i, v := range data {
				if v != want[i] {
					t.Fatalf("%+v: value %d is %v, want %v", c, i, v, want[i])
				}
			}
		}
	})
	Totals(nil, 0, 16, 4)
}
