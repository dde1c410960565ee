package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// geometries are all that Depthwise takes.
func geometries() (all []Depthwise) {
	for _, kernel := range []int{3, 5} {
		for _, dilation := range []int{1, 2} {
			for _, stride := range []int{1, 2} {
				all = append(all, Depthwise{kernel, dilation, stride})
			}
		}
	}
	return all
}

// randomPlanes are planes on which d's windows reach s.
func randomPlanes(rng *rand.Rand, d Depthwise, s Shape) (Map, Shape) {
	reach := d.Dilation * (d.Kernel - 1)
	in := Shape{(s.Rows-1)*d.Stride + reach + 1, (s.Width-1)*d.Stride + reach + 1, s.Blocks}
	m := Map{Pixel: Block, Row: (in.Width+rng.IntN(3))*Block + 3*rng.IntN(2)}
	m.Block = in.Rows*m.Row + Block*rng.IntN(3)
	m.Data = guarded((in.Rows-1)*m.Row + (in.Width-1)*m.Pixel + (in.Blocks-1)*m.Block + Block)
	return m.fill(in, func() float32 { return float32(rng.NormFloat64()) }), in
}

func TestDepthwise(t *testing.T) {
	forward, gradient := map[string][]float32{}, map[string][]float32{}
	eachLevel(t, func(t *testing.T, l Level) {
		for _, d := range geometries() {
			for n := range 20 / fewer {
				name := fmt.Sprintf("%+v, case %d", d, n)
				rng := rand.New(rand.NewPCG(uint64(n), 8))
				s := Shape{1 + rng.IntN(4), 1 + rng.IntN(36), 1 + rng.IntN(3)}
				x, _ := randomPlanes(rng, d, s)
				window := d.Kernel * d.Kernel
				w := values(rng, s.Blocks*window*Block)
				dst := randomMap(rng, s)
				dy := randomMap(rng, s).fill(s, func() float32 { return float32(rng.NormFloat64()) })
				dw := values(rng, len(w))
				wantW := make([]float64, len(dw))
				for i, v := range dw {
					wantW[i] = float64(v)
				}
				d.Forward(s, dst, x, w)
				d.WeightGradient(s, dw, dy, x)
				want := Map{guarded(len(dst.Data)), dst.Row, dst.Pixel, dst.Block}
				for y := range s.Rows {
					for p := range s.Width {
						for c := range s.channels() {
							sum := 0.0
							for k := range window {
								v := float64(x.block(y*d.Stride+k/d.Kernel*d.Dilation, p*d.Stride+k%d.Kernel*d.Dilation, c/Block)[c%Block])
								at := (c/Block*window+k)*Block + c%Block
								sum += v * float64(w[at])
								wantW[at] += v * float64(dy.block(y, p, c/Block)[c%Block])
							}
							got := dst.block(y, p, c/Block)[c%Block]
							near(t, name, got, sum, window)
							want.block(y, p, c/Block)[c%Block] = got
						}
					}
				}
				same(t, name+": outside of dst", dst.Data, want.Data)
				for i, v := range dw {
					near(t, name+": weight gradient", v, wantW[i], s.Rows*s.Width)
				}
				if l == Portable {
					forward[name], gradient[name] = dst.Data, dw
				} else {
					same(t, name, dst.Data, forward[name])
					same(t, name+": weight gradient", dw, gradient[name])
				}
			}
		}
	})
}

// TestDepthwiseInputGradient takes the derivative of a weighted sum of the output from its definition.
func TestDepthwiseInputGradient(t *testing.T) {
	for _, d := range geometries() {
		rng := rand.New(rand.NewPCG(1, 9))
		const side, channels = 8, 20
		pad := d.Dilation * (d.Kernel - 1) / 2
		out := Shape{side / d.Stride, side / d.Stride, RoundUp(channels) / Block}
		window := d.Kernel * d.Kernel
		src := values(rng, channels*window)
		flipped := make([]float32, window*RoundUp(channels))
		PackDepthwise(flipped, src, channels, window, true)
		dy := values(rng, out.Rows*out.Width*out.channels())
		dyMap := Dense(dy, out.Width, out.channels())
		back := d.Dilation*(d.Kernel-1) - pad
		planes := Planes(make([]float32, PlanesSize(side, side, back, out.Blocks)), side, side, back)
		ones, zeros := make([]float32, 32), make([]float32, 32)
		for i := range ones {
			ones[i] = 1
		}
		Affine(out, planes.At(back, back).Every(d.Stride), dyMap, ones, zeros, false, 0)
		in := Shape{side, side, out.Blocks}
		dx := Dense(make([]float32, side*side*in.channels()), side, in.channels())
		Depthwise{d.Kernel, d.Dilation, 1}.Forward(in, dx, planes, flipped)
		for iy := range side {
			for ix := range side {
				for c := range channels {
					want := 0.0
					for oy := range out.Rows {
						for ox := range out.Width {
							for k := range window {
								if oy*d.Stride-pad+k/d.Kernel*d.Dilation == iy && ox*d.Stride-pad+k%d.Kernel*d.Dilation == ix {
									want += float64(src[c*window+k]) * float64(dyMap.block(oy, ox, c/Block)[c%Block])
								}
							}
						}
					}
					near(t, fmt.Sprintf("%+v: dx(%d, %d, %d)", d, iy, ix, c), dx.block(iy, ix, c/Block)[c%Block], want, window)
				}
			}
		}
	}
}

func BenchmarkDepthwise(b *testing.B) {
	for _, width := range []int{32, 16, 8} {
		for _, d := range geometries() {
			s := Shape{4, width, 1024 / width / 16}
			rng := rand.New(rand.NewPCG(1, 1))
			reach := d.Dilation * (d.Kernel - 1)
			h, w := (s.Rows-1)*d.Stride+reach+1, (s.Width-1)*d.Stride+reach+1
			x := Planes(values(rng, PlanesSize(h, w, 0, s.Blocks)), h, w, 0)
			weights := values(rng, s.channels()*d.Kernel*d.Kernel)
			dst := Dense(Aligned(s.Rows*s.Width*s.channels()), s.Width, s.channels())
			operations := 2 * float64(s.Rows*s.Width*s.channels()*d.Kernel*d.Kernel)
			name := fmt.Sprintf("W%d/K%dD%dS%d/", width, d.Kernel, d.Dilation, d.Stride)
			benchLevels(b, name+"forward", "GFLOP/s", operations, func() { d.Forward(s, dst, x, weights) })
			benchLevels(b, name+"weights", "GFLOP/s", operations, func() { d.WeightGradient(s, weights, dst, x) })
		}
	}
}
