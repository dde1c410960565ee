package main

import (
	. "github.com/mmcloughlin/avo/operand"
)

// peak writes the kernels that measure the machine: multiply-adds without memory, and a reading sweep.
func peak(v isa) {
	a := function(v, "peak", nil, "roofline.go", "peakArgs")
	n := a.load("rounds")
	f := &file{isa: v}
	acc := f.regs(12)
	v.zero(acc...)
	one := f.reg()
	v.zero(one)
	v.Label("round")
	for range 4 {
		for _, r := range acc {
			v.VFMADD231PS(one, one, r)
		}
	}
	v.DECQ(n)
	v.JNZ(LabelRef("round"))
	v.ret()

	a = function(v, "sweep", nil, "roofline.go", "peakArgs")
	n, x := a.load("rounds"), a.load("data")
	acc = acc[:8]
	v.zero(acc...)
	v.Label("sweepRound")
	for i := range 8 * v.vectors() {
		v.VADDPS(Mem{Base: x, Disp: i * v.bytes()}, acc[i%8], acc[i%8])
	}
	v.ADDQ(U32(8*blockBytes), x)
	v.DECQ(n)
	v.JNZ(LabelRef("sweepRound"))
	v.ret()
}
