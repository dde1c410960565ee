package kernels

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPackedConvolution runs a 1x1 convolution of a concatenation of three maps of 5 channels to 18, forward and both
// gradients, through the packed forms.
func TestPackedConvolution(t *testing.T) {
	const pixels, in, out = 3, 15, 18
	rng := rand.New(rand.NewPCG(5, 5))
	terms, columns := Axis{in, 1, 5}, Axis{out, in, 0}
	if terms.Stored() != 48 || columns.Stored() != 32 || (Axis{7, 1, 5}).Stored() != 32 || (Axis{}).Stored() != 0 {
		t.Fatalf("stored sizes %d and %d", terms.Stored(), columns.Stored())
	}
	w := values(rng, in*out)
	x, dy := make([]float32, pixels*48), make([]float32, pixels*32)
	for p := range pixels {
		for c := range in {
			x[p*48+c/5*16+c%5] = float32(rng.NormFloat64())
		}
		for c := range out {
			dy[p*32+c] = float32(rng.NormFloat64())
		}
	}
	b := make([]float32, 48*32)
	Pack(b, w, terms, columns)
	y := Dense(make([]float32, pixels*32), pixels, 32)
	(&Product{Rows: 1, Width: pixels, Blocks: 2, Terms: 48, A: x, APixel: 48, ATerm: 1, B: b, BTerm: Block,
		BBlock: 48 * Block, C: y}).Run()
	for p := range pixels {
		for o := range 32 {
			want := 0.0
			for c := range in {
				if o < out {
					want += float64(w[o*in+c]) * float64(x[p*48+c/5*16+c%5])
				}
			}
			near(t, "output", y.Data[p*32+o], want, in)
		}
	}
	Pack(b, w, columns, terms)
	dx := Dense(make([]float32, pixels*48), pixels, 48)
	(&Product{Rows: 1, Width: pixels, Blocks: 3, Terms: 32, A: dy, APixel: 32, ATerm: 1, B: b, BTerm: Block,
		BBlock: 32 * Block, C: dx}).Run()
	for p := range pixels {
		for c := range in {
			want := 0.0
			for o := range out {
				want += float64(w[o*in+c]) * float64(dy[p*32+o])
			}
			near(t, "input gradient", dx.Data[p*48+c/5*16+c%5], want, out)
		}
	}
	dw := Dense(make([]float32, 48*32), 48, 32)
	(&Product{Rows: 1, Width: 48, Blocks: 2, Terms: pixels, A: x, APixel: 1, ATerm: 48, B: dy, BTerm: 32, BBlock: Block,
		C: dw, Accumulate: true}).Run()
	grad := make([]float32, in*out)
	Unpack(grad, dw.Data, terms, columns)
	laid := make([]float32, 48*32)
	Lay(laid, w, terms, columns)
	again := make([]float32, in*out)
	Unpack(again, laid, terms, columns)
	if !slices.Equal(again, w) {
		t.Error("Unpack does not invert Lay")
	}
	for o := range out {
		for c := range in {
			want := 0.0
			for p := range pixels {
				want += float64(dy[p*32+o]) * float64(x[p*48+c/5*16+c%5])
			}
			near(t, "weight gradient", grad[o*in+c], want, pixels)
		}
	}
}

func TestPackDepthwise(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	src := values(rng, 20*9)
	w := make([]float32, 32*9)
	for _, flipped := range []bool{false, true} {
		PackDepthwise(w, src, 20, 9, flipped)
		for c := range 32 {
			for k := range 9 {
				want := float32(0)
				if c < 20 && flipped {
					want = src[c*9+8-k]
				} else if c < 20 {
					want = src[c*9+k]
				}
				if got := w[(c/16*9+k)*16+c%16]; got != want {
					t.Fatalf("channel %d, tap %d, flipped %v: %v, want %v", c, k, flipped, got, want)
				}
			}
		}
	}
	PackDepthwise(w, src, 20, 9, false)
	back := make([]float32, len(src))
	UnpackDepthwise(back, w, 20, 9)
	if !slices.Equal(back, src) {
		t.Error("unpacking does not invert packing")
	}
}

// TestPackFollowsItsDefinition packs matrices of awkward sizes in either orientation, with and without groups.
func TestPackFollowsItsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for _, in := range []int{1, 3, 16, 18, 35} {
		for _, out := range []int{1, 4, 7, 16, 21, 34} {
			for _, group := range []int{0, 7} {
				w := values(rng, in*out)
				inputs, outputs := Axis{in, 1, group}, Axis{out, in, 0}
				for _, axes := range [][2]Axis{{inputs, outputs}, {outputs, inputs}} {
					terms, columns := axes[0], axes[1]
					got := values(rng, terms.Stored()*columns.Stored())
					want := make([]float32, len(got))
					for k := range terms.Size {
						for c := range columns.Size {
							at := columns.place(c)
							want[(at/Block*terms.Stored()+terms.place(k))*Block+at%Block] = w[k*terms.Stride+c*columns.Stride]
						}
					}
					if Pack(got, w, terms, columns); !slices.Equal(got, want) {
						t.Errorf("terms %+v, columns %+v", terms, columns)
					}
				}
			}
		}
	}
}
