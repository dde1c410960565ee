package kernels

import "math"

// fma is a*b+c rounded once, as the vector instructions do it. The product is exact in float64; the sum rounded to
// float64 and then to float32 is wrong only where the first rounding lands on a tie of the second, or the result is
// subnormal.
func fma(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	s := p + float64(c)
	if twice(s) {
		return odd(p, float64(c), s)
	}
	return float32(s)
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

// axpy adds a*x to y.
func axpy(y *[Block]float32, a float32, x *[Block]float32) {
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
