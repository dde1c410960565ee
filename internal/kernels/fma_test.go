package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exact is a*b+c rounded once, by arbitrary precision where all are finite; nothing else rounds, nor does a zero.
func exact(a, b, c float32) float32 {
	p, s := float64(a)*float64(b), float64(c)
	if s += p; p == 0 || s == 0 || math.IsNaN(s) || math.IsInf(s, 0) {
		return float32(s)
	}
	x := new(big.Float).SetPrec(800).SetFloat64(float64(a))
	x.Mul(x, new(big.Float).SetFloat64(float64(b)))
	x.Add(x, new(big.Float).SetFloat64(float64(c)))
	f, _ := x.Float32()
	return f
}

// identical tells zeros by their signs, and not one NaN from another.
func identical(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// TestFuses fails where the compiler is expected to fuse and does not: results would be right and slow.
func TestFuses(t *testing.T) {
	if fuses != compilerFuses {
		t.Error("the compiler does not fuse x*y + z of float32 values")
	}
}

func TestFMARoundsOnce(t *testing.T) {
	if compilerFuses {
		t.Run("emulated", func(t *testing.T) {
			defer func(before bool) { fuses = before }(fuses)
			fuses = false
			roundsOnce(t)
		})
	}
	roundsOnce(t)
}

func roundsOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	check := func(a, b, c float32) {
		t.Helper()
		want := exact(a, b, c)
		if got := fma(a, b, c); !identical(got, want) {
			t.Fatalf("fma(%b, %b, %b) = %b, want %b", a, b, c, got, want)
		}
		x, y := [Block]float32{3: b}, [Block]float32{3: c}
		axpy(&y, a, &x)
		z, w := [Block]float32{3: c}, [Block]float32{3: a}
		multiplyAdd(&z, &x, &w)
		if !identical(y[3], want) || !identical(z[3], want) {
			t.Fatalf("rows of %b*%b+%b: %b and %b, want %b", a, b, c, y[3], z[3], want)
		}
	}
	twice := 0
	for range 50_000 {
		scale := math.Ldexp(1, rng.IntN(60)-30)
		check(float32(rng.NormFloat64()), float32(rng.NormFloat64()), float32(rng.NormFloat64()*scale))
		// c with 24 bits and a product that is half a unit in its last place, give or take a speck far below float64
		c := float32(1<<23+rng.IntN(1<<23)) * float32(1-2*rng.IntN(2))
		k := math.Ldexp(float64(rng.IntN(4)), -23)
		a, b := float32(1+k), float32(1-k)*0.5*float32(1-2*rng.IntN(2))
		small := float32(math.Ldexp(1, -rng.IntN(20)))
		check(a*small, b/small, c)
		if float32(float64(a)*float64(b)+float64(c)) != exact(a, b, c) {
			twice++
		}
		// subnormal results
		tiny := float32(math.Ldexp(1, -rng.IntN(15)-75))
		check(float32(rng.NormFloat64())*tiny, float32(rng.NormFloat64())*float32(math.Ldexp(1, -60)),
			float32(rng.NormFloat64()*1e-39))
	}
	if twice == 0 {
		t.Error("no case rounds twice: the test would not notice")
	}
	for range 100_000 {
		check(anyBits(rng), anyBits(rng), anyBits(rng))
		// the same, with an addend of the product's size
		a, b := anyBits(rng), anyBits(rng)
		check(a, b, -a*b)
		check(a, b, math.Float32frombits(math.Float32bits(a*b)+rng.Uint32N(1<<25)-1<<24))
	}
	var specials []float32
	for _, v := range []float32{0, math.SmallestNonzeroFloat32, 0x1p-127, 0x1p-126, 0x1p-75, 0x1.fffffep-1, 1, 3,
		0x1p64, math.MaxFloat32, float32(math.Inf(1)), float32(math.NaN())} {
		specials = append(specials, v, -v)
	}
	for _, a := range specials {
		for _, b := range specials {
			for _, c := range specials {
				check(a, b, c)
			}
		}
	}
}

// anyBits is any float32 at all: subnormal, infinite or no number too.
func anyBits(rng *rand.Rand) float32 { return math.Float32frombits(rng.Uint32()) }
