package kernels

import "math"

// fuses chooses, for a whole run, between the processor's multiply-add and its emulation. Both have the same bits.
var fuses = compilerFuses && fusesExactly()

// fusesExactly reports whether the functions that count on the compiler round once, on sums that come out otherwise
// when they are rounded twice: 1 + 2^-23 times 1 - 2^-23 is a little less than 1, the product of float32 is 1.
func fusesExactly() bool {
	const up, down = 1 + 0x1p-23, 1 - 0x1p-23
	var x, w, y, z [Block]float32
	for i := range x {
		x[i], w[i], y[i], z[i] = down, up, -1, -1
	}
	axpyFused(&y, up, &x)
	multiplyAddFused(&z, &x, &w)
	for i := range x {
		if y[i] != -0x1p-46 || z[i] != -0x1p-46 || fmaFused(w[i], x[i], -1) != -0x1p-46 {
			return false
		}
	}
	return true
}

// fma is a*b+c rounded once, as the vector instructions do it. Its emulation: the product is exact in float64; the sum
// rounded to float64 and then to float32 is wrong only where the first rounding lands on a tie of the second, or the
// result is subnormal.
func fma(a, b, c float32) float32 {
	if compilerFuses && fuses {
		return fmaFused(a, b, c)
	}
	p := float64(a) * float64(b)
	s := p + float64(c)
	if twice(s) {
		return odd(p, float64(c), s)
	}
	return float32(s)
}

// axpy adds a*x to y.
func axpy(y *[Block]float32, a float32, x *[Block]float32) {
	if compilerFuses && fuses {
		axpyFused(y, a, x)
		return
	}
	w := float64(a)
	for i, v := range x {
		p := w * float64(v)
		s := p + float64(y[i])
		if twice(s) {
			y[i] = odd(p, float64(y[i]), s)
			continue
		}
		y[i] = float32(s)
	}
}

// multiplyAdd adds x*w to y.
func multiplyAdd(y, x, w *[Block]float32) {
	if compilerFuses && fuses {
		multiplyAddFused(y, x, w)
		return
	}
	for i, v := range x {
		p := float64(w[i]) * float64(v)
		s := p + float64(y[i])
		if twice(s) {
			y[i] = odd(p, float64(y[i]), s)
			continue
		}
		y[i] = float32(s)
	}
}

func fmaFused(a, b, c float32) float32 { return a*b + c }

// axpyFused and multiplyAddFused are not inlined: what runs is what fusesExactly tried.
//
//go:noinline
func axpyFused(y *[Block]float32, a float32, x *[Block]float32) {
	for i, v := range x {
		y[i] += a * v
	}
}

//go:noinline
func multiplyAddFused(y, x, w *[Block]float32) {
	for i, v := range x {
		y[i] += w[i] * v
	}
}

// twice reports whether rounding s to float32 may amount to a second rounding of the exact sum.
func twice(s float64) bool {
	u := math.Float64bits(s)
	const smallestNormal = 0x381 << 53 // 2^-126 without its sign
	return u&0x1fffffff == 0x10000000 || u<<1-1 < smallestNormal-1
}

// odd rounds p+c to odd in float64 and then to float32, which equals one rounding; s is the rounded sum. (Boldo and
// Melquiond, 2008)
func odd(p, c, s float64) float32 {
	v := s - p
	e := (p - (s - v)) + (c - v) // two-sum (Knuth): p + c = s + e exactly
	if u := math.Float64bits(s); e != 0 && u&1 == 0 {
		if (e > 0) == (s > 0) {
			u++
		} else {
			u--
		}
		s = math.Float64frombits(u)
	}
	return float32(s)
}
