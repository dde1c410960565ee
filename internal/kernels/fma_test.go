package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exact is a*b+c rounded once, by arbitrary precision.
func exact(a, b, c float32) float32 {
	x := new(big.Float).SetPrec(800).SetFloat64(float64(a))
	x.Mul(x, new(big.Float).SetFloat64(float64(b)))
	x.Add(x, new(big.Float).SetFloat64(float64(c)))
	f, _ := x.Float32()
	return f
}

func TestFMARoundsOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	check := func(a, b, c float32) {
		t.Helper()
		want := exact(a, b, c)
		if got := fma(a, b, c); got != want {
			t.Fatalf("fma(%b, %b, %b) = %b, want %b", a, b, c, got, want)
		}
		x, y := [Block]float32{3: b}, [Block]float32{3: c}
		axpy(&y, a, &x)
		z, w := [Block]float32{3: c}, [Block]float32{3: a}
		multiplyAdd(&z, &x, &w)
		if y[3] != want || z[3] != want {
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
	for _, special := range [][3]float32{{0, 1, 0}, {1, 1, -1}, {math.MaxFloat32, 2, 0},
		{math.MaxFloat32, 1, math.MaxFloat32}, {-1, 0, 0}} {
		check(special[0], special[1], special[2])
	}
}
