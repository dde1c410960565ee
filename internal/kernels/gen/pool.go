package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// window is the frame of the pooling kernels: loops over rows, blocks, the vectors of a block and pixels.
type window struct {
	*file
	args
	labels
	dst, x, xRow         reg.GPVirtual
	other, otherStep     reg.GPVirtual // what a kernel has beside the maps: shares or positions
	field                string        // of other
	rowDst, rowX, blocks Mem
	offset               Mem // of the current vector in a pixel's channels, bytes
}

func newWindow(v isa, name, field string) *window {
	k := &window{file: &file{isa: v}, args: function(v, name, nil, "pool.go", "poolArgs"), field: field}
	k.rowDst, k.rowX, k.blocks, k.offset = k.AllocLocal(8), k.AllocLocal(8), k.AllocLocal(8), k.AllocLocal(8)
	k.dst, k.x, k.other, k.otherStep = k.GP64(), k.GP64(), k.GP64(), k.GP64()
	k.xRow = k.load("xRow")
	return k
}

// run emits the loops around pixel, which works on one vector of one pixel.
func (k *window) run(pixel func()) {
	switch k.field {
	case "argmax": // a byte a value
		k.MOVQ(k.at("blocks"), k.otherStep)
		k.SHLQ(U8(4), k.otherStep)
	case "share": // one value a pixel
		k.MOVQ(U32(4), k.otherStep)
	}
	k.Label("row")
	k.MOVQ(U32(0), k.offset)
	for _, m := range []struct {
		from string
		to   Mem
	}{{"dst", k.rowDst}, {"x", k.rowX}, {"blocks", k.blocks}} {
		t := k.load(m.from)
		k.MOVQ(t, m.to)
	}
	k.Label("block")
	for i := range k.vectors() {
		k.line(i, pixel)
		k.ADDQ(U32(uint32(k.bytes())), k.offset)
	}
	k.addTo(k.rowDst, "dstBlock")
	k.addTo(k.rowX, "xBlock")
	k.DECQ(k.blocks)
	k.JNZ(LabelRef("block"))
	k.addTo(k.at("dst"), "dstRow")
	k.addTo(k.at("x"), "xLine")
	if k.field != "" {
		t := k.load("width")
		k.IMULQ(k.otherStep, t)
		skip := k.next("noOther")
		k.CMPQ(k.at(k.field), U32(0))
		k.JEQ(LabelRef(skip))
		k.ADDQ(t, k.at(k.field))
		k.Label(skip)
	}
	k.DECQ(k.at("rows"))
	k.JNZ(LabelRef("row"))
	k.ret()
}

// line emits the pixels of one row for vector i of a block.
func (k *window) line(i int, pixel func()) {
	k.MOVQ(k.rowDst, k.dst)
	k.MOVQ(k.rowX, k.x)
	if i > 0 {
		k.ADDQ(U32(uint32(i*k.bytes())), k.dst)
		k.ADDQ(U32(uint32(i*k.bytes())), k.x)
	}
	switch k.field {
	case "argmax":
		k.MOVQ(k.offset, k.other)
		k.SHRQ(U8(2), k.other)
		k.ADDQ(k.at("argmax"), k.other)
	case "share":
		k.MOVQ(k.at("share"), k.other)
	}
	left := k.load("width")
	again := k.next("pixel")
	k.Label(again)
	pixel()
	k.ADDQ(k.at("dstPixel"), k.dst)
	k.ADDQ(k.at("xStep"), k.x)
	if k.field != "" {
		k.ADDQ(k.otherStep, k.other)
	}
	k.DECQ(left)
	k.JNZ(LabelRef(again))
}

// taps calls f for the nine places of a window.
func (k *window) taps(f func(t int, m Mem)) {
	for t := range 9 {
		m := Mem{Base: k.x, Disp: t % 3 * blockBytes}
		if t >= 3 {
			m.Index, m.Scale = k.xRow, uint8(t/3)
		}
		f(t, m)
	}
}

func pool(v isa) {
	k := newWindow(v, "maxPool", "")
	k.run(func() {
		defer k.free(k.used)
		best, x := k.reg(), k.reg()
		k.taps(func(t int, m Mem) {
			if t == 0 {
				k.VMOVUPS(m, best)
				return
			}
			k.VMOVUPS(m, x)
			k.VMAXPS(best, x, best) // the second source, best, wins ties
		})
		k.VMOVUPS(best, Mem{Base: k.dst})
	})

	k = newWindow(v, "maxPoolWhere", "argmax")
	positions := k.positions()
	k.run(func() { k.maxWhere(positions) })

	k = newWindow(v, "maxPoolBackward", "argmax")
	positions = k.positions()
	k.run(func() { k.maxBackward(positions) })

	k = newWindow(v, "sumPool", "share")
	k.run(func() {
		defer k.free(k.used)
		sum, f := k.reg(), k.reg()
		k.taps(func(t int, m Mem) {
			if t == 0 {
				k.VMOVUPS(m, sum)
				return
			}
			k.VADDPS(m, sum, sum)
		})
		plain := k.next("plain")
		k.CMPQ(k.at("share"), U32(0))
		k.JEQ(LabelRef(plain))
		k.VBROADCASTSS(Mem{Base: k.other}, f)
		k.VMULPS(f, sum, sum)
		k.Label(plain)
		k.VMOVUPS(sum, Mem{Base: k.dst})
	})
}

// positions are vectors full of 0 to 8.
func (k *window) positions() []reg.VecPhysical {
	r := k.regs(9)
	k.zero(r[0])
	one := k.GP32()
	for t := 1; t < 9; t++ {
		k.MOVL(U32(uint32(t)), one)
		k.VMOVD(one, r[t].AsX())
		k.VPBROADCASTD(r[t].AsX(), r[t])
	}
	return r
}

// maxWhere finds the maximum of a window and the position of the first such value.
func (k *window) maxWhere(positions []reg.VecPhysical) {
	defer k.free(k.used)
	best, where, x, mask := k.reg(), k.reg(), k.reg(), k.reg()
	k.taps(func(t int, m Mem) {
		if t == 0 {
			k.VMOVUPS(m, best)
			k.zero(where)
			return
		}
		k.VMOVUPS(m, x)
		if k.masks() {
			larger := k.K()
			k.VCMPPS(U8(14), best, x, larger)
			k.VMOVAPS(x, larger, best)
			k.VMOVDQA32(positions[t], larger, where)
			return
		}
		k.VCMPPS(U8(14), best, x, mask)
		k.VBLENDVPS(mask, x, best, best)
		k.VBLENDVPS(mask, positions[t], where, where)
	})
	k.VMOVUPS(best, Mem{Base: k.dst})
	switch {
	case k.masks():
		k.VPMOVDB(where, Mem{Base: k.other})
		return
	case k.pairs():
		k.narrow(where, Mem{Base: k.other})
		return
	}
	k.VEXTRACTI128(U8(1), where, x.AsX())
	k.VPACKUSDW(x.AsX(), where.AsX(), x.AsX())
	k.VPACKUSWB(x.AsX(), x.AsX(), x.AsX())
	k.VMOVQ(x.AsX(), Mem{Base: k.other})
}

// maxBackward adds a pixel's gradient to the place of its maximum.
func (k *window) maxBackward(positions []reg.VecPhysical) {
	defer k.free(k.used)
	dy, where, sum, x, mask := k.reg(), k.reg(), k.reg(), k.reg(), k.reg()
	k.VMOVUPS(Mem{Base: k.dst}, dy)
	k.VPMOVZXBD(Mem{Base: k.other}, where)
	k.taps(func(t int, m Mem) {
		if k.masks() {
			here := k.K()
			k.VPCMPEQD(positions[t], where, here)
			k.VMOVUPS(m, sum)
			k.VADDPS(dy, sum, here, sum)
			k.VMOVUPS(sum, m)
			return
		}
		k.VPCMPEQD(positions[t], where, mask)
		k.VMOVUPS(m, x)
		k.VADDPS(dy, x, sum)
		k.VBLENDVPS(mask, sum, x, sum)
		k.VMOVUPS(sum, m)
	})
}
