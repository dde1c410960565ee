package main

import (
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set: how long its vectors are and what it calls them. Kernels are described in the instructions
// of amd64; with NEON a vector is a pair of registers, and arm64.go prints the description as instructions of arm64.
type isa struct {
	*build.Context
	name  string
	lanes int // float32 values of a vector
}

func avx512(c *build.Context) isa { return isa{c, "AVX512", 16} }
func avx2(c *build.Context) isa   { return isa{c, "AVX2", 8} }
func neon(c *build.Context) isa   { return isa{c, "NEON", 8} }

// pairs reports whether vectors are pairs of registers.
func (v isa) pairs() bool { return v.name == "NEON" }

// block is the number of channels that belong together, and its bytes.
const (
	block      = 16
	blockBytes = 4 * block
)

// bytes of a vector.
func (v isa) bytes() int { return 4 * v.lanes }

// vectors that make a block.
func (v isa) vectors() int { return block / v.lanes }

// masks reports whether comparisons yield mask registers.
func (v isa) masks() bool { return v.lanes == 16 }

// file numbers vector registers in order of use: kernels fill all of them, which leaves avo's allocator at a loss.
type file struct {
	isa
	used int
}

// reg takes the next register.
func (f *file) reg() reg.VecPhysical {
	n := f.used
	f.used++
	if f.lanes == 16 {
		return zmm[n]
	}
	return ymm[n]
}

// regs takes the next n registers.
func (f *file) regs(n int) []reg.VecPhysical {
	r := make([]reg.VecPhysical, n)
	for i := range r {
		r[i] = f.reg()
	}
	return r
}

// free gives back all registers but the first used ones: defer f.free(f.used).
func (f *file) free(used int) { f.used = used }

var (
	zmm = []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}
	ymm = []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}
)

// zero clears registers.
func (v isa) zero(regs ...reg.VecPhysical) {
	for _, r := range regs {
		if v.lanes == 16 {
			v.VPXORD(r, r, r)
		} else {
			v.VXORPS(r, r, r)
		}
	}
}

// low is the lower half of a vector.
func (v isa) low(r reg.VecPhysical) reg.Register {
	if v.lanes == 16 {
		return r.AsY()
	}
	return r.AsX()
}

// flush adds the float32 sums in r to the float64 values at m, a vector's lanes of them. It takes two registers.
func (f *file) flush(r reg.VecPhysical, m Mem) {
	defer f.free(f.used)
	lo, hi := f.reg(), f.reg()
	f.VCVTPS2PD(f.low(r), lo)
	if f.lanes == 16 {
		f.VEXTRACTF64X4(U8(1), r, hi.AsY())
	} else {
		f.VEXTRACTF128(U8(1), r, hi.AsX())
	}
	f.VCVTPS2PD(f.low(hi), hi)
	f.VADDPD(m, lo, lo)
	f.VMOVUPD(lo, m)
	m = m.Offset(f.bytes())
	f.VADDPD(m, hi, hi)
	f.VMOVUPD(hi, m)
}
