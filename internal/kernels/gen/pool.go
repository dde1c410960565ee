package main

import (
	. "github.com/mmcloughlin/avo/build"
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
	k.rowDst, k.rowX, k.blocks, k.offset = AllocLocal(8), AllocLocal(8), AllocLocal(8), AllocLocal(8)
	k.dst, k.x, k.other, k.otherStep = GP64(), GP64(), GP64(), GP64()
	k.xRow = k.load("xRow")
	return k
}

// run emits the loops around pixel, which works on one vector of one pixel.
func (k *window) run(pixel func()) {
	switch k.field {
	case "argmax": // a byte a value
		MOVQ(k.at("blocks"), k.otherStep)
		SHLQ(U8(4), k.otherStep)
	case "share": // one value a pixel
		MOVQ(U32(4), k.otherStep)
	}
	Label("row")
	MOVQ(U32(0), k.offset)
	for _, m := range []struct {
		from string
		to   Mem
	}{{"dst", k.rowDst}, {"x", k.rowX}, {"blocks", k.blocks}} {
		t := k.load(m.from)
		MOVQ(t, m.to)
	}
	Label("block")
	for i := range k.vectors() {
		k.line(i, pixel)
		ADDQ(U32(uint32(k.bytes())), k.offset)
	}
	k.addTo(k.rowDst, "dstBlock")
	k.addTo(k.rowX, "xBlock")
	DECQ(k.blocks)
	JNZ(LabelRef("block"))
	k.addTo(k.at("dst"), "dstRow")
	k.addTo(k.at("x"), "xLine")
	if k.field != "" {
		t := k.load("width")
		IMULQ(k.otherStep, t)
		skip := k.next("noOther")
		CMPQ(k.at(k.field), U32(0))
		JEQ(LabelRef(skip))
		ADDQ(t, k.at(k.field))
		Label(skip)
	}
	DECQ(k.at("rows"))
	JNZ(LabelRef("row"))
	ret()
}

// line emits the pixels of one row for vector i of a block.
func (k *window) line(i int, pixel func()) {
	MOVQ(k.rowDst, k.dst)
	MOVQ(k.rowX, k.x)
	if i > 0 {
		ADDQ(U32(uint32(i*k.bytes())), k.dst)
		ADDQ(U32(uint32(i*k.bytes())), k.x)
	}
	switch k.field {
	case "argmax":
		MOVQ(k.offset, k.other)
		SHRQ(U8(2), k.other)
		ADDQ(k.at("argmax"), k.other)
	case "share":
		MOVQ(k.at("share"), k.other)
	}
	left := k.load("width")
	again := k.next("pixel")
	Label(again)
	pixel()
	ADDQ(k.at("dstPixel"), k.dst)
	ADDQ(k.at("xStep"), k.x)
	if k.field != "" {
		ADDQ(k.otherStep, k.other)
	}
	DECQ(left)
	JNZ(LabelRef(again))
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
				VMOVUPS(m, best)
				return
			}
			VMOVUPS(m, x)
			VMAXPS(best, x, best) // the second source, best, wins ties
		})
		VMOVUPS(best, Mem{Base: k.dst})
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
				VMOVUPS(m, sum)
				return
			}
			VADDPS(m, sum, sum)
		})
		plain := k.next("plain")
		CMPQ(k.at("share"), U32(0))
		JEQ(LabelRef(plain))
		VBROADCASTSS(Mem{Base: k.other}, f)
		VMULPS(f, sum, sum)
		Label(plain)
		VMOVUPS(sum, Mem{Base: k.dst})
	})
}

// positions are vectors full of 0 to 8.
func (k *window) positions() []reg.VecPhysical {
	r := k.regs(9)
	k.zero(r[0])
	one := GP32()
	for t := 1; t < 9; t++ {
		MOVL(U32(uint32(t)), one)
		VMOVD(one, r[t].AsX())
		VPBROADCASTD(r[t].AsX(), r[t])
	}
	return r
}

// maxWhere finds the maximum of a window and the position of the first such value.
func (k *window) maxWhere(positions []reg.VecPhysical) {
	defer k.free(k.used)
	best, where, x, mask := k.reg(), k.reg(), k.reg(), k.reg()
	k.taps(func(t int, m Mem) {
		if t == 0 {
			VMOVUPS(m, best)
			k.zero(where)
			return
		}
		VMOVUPS(m, x)
		if k.masks() {
			larger := K()
			VCMPPS(U8(14), best, x, larger)
			VMOVAPS(x, larger, best)
			VMOVDQA32(positions[t], larger, where)
			return
		}
		VCMPPS(U8(14), best, x, mask)
		VBLENDVPS(mask, x, best, best)
		VBLENDVPS(mask, positions[t], where, where)
	})
	VMOVUPS(best, Mem{Base: k.dst})
	if k.masks() {
		VPMOVDB(where, Mem{Base: k.other})
		return
	}
	VEXTRACTI128(U8(1), where, x.AsX())
	VPACKUSDW(x.AsX(), where.AsX(), x.AsX())
	VPACKUSWB(x.AsX(), x.AsX(), x.AsX())
	VMOVQ(x.AsX(), Mem{Base: k.other})
}

// maxBackward adds a pixel's gradient to the place of its maximum.
func (k *window) maxBackward(positions []reg.VecPhysical) {
	defer k.free(k.used)
	dy, where, sum, x, mask := k.reg(), k.reg(), k.reg(), k.reg(), k.reg()
	VMOVUPS(Mem{Base: k.dst}, dy)
	VPMOVZXBD(Mem{Base: k.other}, where)
	k.taps(func(t int, m Mem) {
		if k.masks() {
			here := K()
			VPCMPEQD(positions[t], where, here)
			VMOVUPS(m, sum)
			VADDPS(dy, sum, here, sum)
			VMOVUPS(sum, m)
			return
		}
		VPCMPEQD(positions[t], where, mask)
		VMOVUPS(m, x)
		VADDPS(dy, x, sum)
		VBLENDVPS(mask, sum, x, sum)
		VMOVUPS(sum, m)
	})
}
