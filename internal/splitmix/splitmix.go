// Package splitmix is the deterministic source of the values in reference cases, which programs in other languages
// repeat: splitmix64 with the derived quantities of the cases' format.
package splitmix

import "math"

// Stream is a source of numbers.
type Stream struct{ state uint64 }

// New starts a stream at a seed.
func New(seed uint64) *Stream { return &Stream{seed} }

// Next is the next 64-bit output.
func (s *Stream) Next() uint64 {
	s.state += 0x9E3779B97F4A7C15
	z := s.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Unit is a multiple of 2^-24 in [0, 1).
func (s *Stream) Unit() float64 { return float64(float64(s.Next()>>40) / (1 << 24)) }

// Symmetric is 2*Unit-1, exact in float32.
func (s *Stream) Symmetric() float32 { return float32(float64(2*s.Unit()) - 1) }

// Normal12 is the sum of twelve Units less 6, rounded to float32 once.
func (s *Stream) Normal12() float32 {
	sum := s.Unit()
	for range 11 {
		sum += s.Unit()
	}
	return float32(sum - 6)
}

// Label is a class in [0, 10).
func (s *Stream) Label() int { return int((s.Next() >> 33) % 10) }

// Bound is the float32 1/sqrt(fanIn) that scales weights.
func Bound(fanIn int) float32 { return float32(1 / math.Sqrt(float64(fanIn))) }

// Checksum is the fixtures' checksum of a tensor: the sum of the float32 bit patterns times 2i+1, mod 2^64.
func Checksum(values []float32) uint64 {
	var sum uint64
	for i, v := range values {
		sum += uint64(math.Float32bits(v)) * uint64(2*i+1)
	}
	return sum
}

// Fill draws one parameter tensor: a convolution or linear weight or linear bias (scaled by its fan-in), a
// normalisation's weight or its bias.
func (s *Stream) Fill(out []float32, fanIn int, normWeight bool) {
	a := Bound(fanIn)
	for i := range out {
		r := s.Symmetric()
		switch {
		case fanIn > 0:
			out[i] = float32(r * a)
		case normWeight:
			out[i] = float32(1 + float64(float64(r)*0.125))
		default:
			out[i] = r * 0.125
		}
	}
}
