package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// productKernel writes one Product. Loops from outside in: column blocks (two at a time with AVX-512), rows, groups
// of pixels, segments, terms.
type productKernel struct {
	*file
	args
	labels
	pixel, pixel3, pixel5 reg.GPVirtual // multiples of A's pixel stride
	pixel7                reg.GPVirtual // with AVX-512
	pixel2                reg.GPVirtual // with NEON, which cannot double an index

	a, c, left     Mem // the current pixel of A and C, pixels left in the row
	segment, spare Mem // the current segment of A, segments left
	rows           Mem // rows left
	aRow, cRow     Mem // the current row
	sums           Mem // without enough registers: sums and squares of the columns
	stats          []reg.VecPhysical
}

// The pixel groups that the kernels take, largest first: of two blocks of columns at once, or of one.
var (
	twoBlockGroups      = []int{12, 8, 4, 2, 1}
	oneBlockGroups      = []int{24, 8, 4, 2, 1}
	oneBlockGroupsAVX2  = []int{6, 4, 2, 1} // AVX2
	oneBlockAtLeastAVX2 = []int{9, 4, 2, 1} // eight pixels are better done as four and four
)

func product(v isa) {
	k := productKernel{file: &file{isa: v}, args: function(v, "product", nil, "product.go", "productArgs")}
	for _, m := range []*Mem{&k.a, &k.c, &k.left, &k.segment, &k.spare, &k.rows, &k.aRow, &k.cRow} {
		*m = k.AllocLocal(8)
	}
	if !v.masks() {
		k.sums = k.AllocLocal(2 * blockBytes)
	}
	k.pixel = k.load("aPixel")
	k.pixel3, k.pixel5 = k.GP64(), k.GP64()
	k.LEAQ(Mem{Base: k.pixel, Index: k.pixel, Scale: 2}, k.pixel3)
	k.LEAQ(Mem{Base: k.pixel, Index: k.pixel, Scale: 4}, k.pixel5)
	switch {
	case v.masks():
		k.pixel7 = k.GP64()
		k.LEAQ(Mem{Base: k.pixel3, Index: k.pixel, Scale: 4}, k.pixel7)
	case v.pairs():
		k.pixel2 = k.GP64()
		k.LEAQ(Mem{Base: k.pixel, Index: k.pixel, Scale: 1}, k.pixel2)
	}

	k.Label("blocks")
	if v.masks() {
		k.CMPQ(k.at("blocks"), U32(2))
		k.JLT(LabelRef("narrow"))
		k.columns(2, twoBlockGroups, twoBlockGroups)
		k.JZ(LabelRef("done"))
		k.JMP(LabelRef("blocks"))
		k.Label("narrow")
		k.columns(1, oneBlockGroups, oneBlockGroups)
	} else {
		k.columns(1, oneBlockGroupsAVX2, oneBlockAtLeastAVX2)
		k.JNZ(LabelRef("blocks"))
	}
	k.Label("done")
	k.ret()
}

// columns computes all pixels of some column blocks and moves on to the next ones; the zero flag tells whether none is
// left. A group of groups[i] pixels is taken while atLeast[i] are left.
func (k *productKernel) columns(blocks int, groups, atLeast []int) {
	defer k.free(k.used)
	if k.masks() {
		k.stats = k.regs(2 * blocks)
		k.zero(k.stats...)
	} else {
		k.clearSums()
	}
	move := func(from, to Mem) {
		t := k.GP64()
		k.MOVQ(from, t)
		k.MOVQ(t, to)
	}
	move(k.at("a"), k.aRow)
	move(k.at("c"), k.cRow)
	move(k.at("rows"), k.rows)
	row := k.next("row")
	k.Label(row)
	move(k.aRow, k.a)
	move(k.cRow, k.c)
	move(k.at("width"), k.left)
	end := k.next("rowEnd")
	for i, n := range groups {
		again, skip := k.next("group"), k.next("skip")
		k.Label(again)
		k.CMPQ(k.left, U32(uint32(atLeast[i])))
		k.JLT(LabelRef(skip))
		k.group(n, blocks)
		k.SUBQ(U32(uint32(n)), k.left)
		k.JZ(LabelRef(end))
		k.JMP(LabelRef(again))
		k.Label(skip)
	}
	k.Label(end)
	advance := func(m Mem, by string) {
		t := k.load(by)
		k.ADDQ(t, m)
	}
	advance(k.aRow, "aRow")
	advance(k.cRow, "cRow")
	k.DECQ(k.rows)
	k.JNZ(LabelRef(row))

	k.flushStats(blocks)
	for range blocks {
		advance(k.at("b"), "bBlock")
		advance(k.at("c"), "cBlock")
	}
	k.SUBQ(U32(uint32(blocks)), k.at("blocks"))
}

// group computes n pixels of some column blocks.
func (k *productKernel) group(n, blocks int) {
	defer k.free(k.used)
	perPixel := blocks * k.vectors()
	acc := make([][]reg.VecPhysical, n)
	for r := range acc {
		acc[r] = k.regs(perPixel)
		k.zero(acc[r]...)
	}
	b, bTerm, aTerm := k.load("b"), k.load("bTerm"), k.load("aTerm")
	var bBlock reg.GPVirtual
	if blocks == 2 {
		bBlock = k.load("bBlock")
	}
	count := k.load("segments")
	k.MOVQ(count, k.spare)
	bases := make([]reg.GPVirtual, (n+7)/8)
	for i := range bases {
		bases[i] = k.GP64()
	}
	k.MOVQ(k.a, bases[0])
	k.MOVQ(bases[0], k.segment)

	k.fetch(n, blocks)
	segment := k.next("segment")
	k.Label(segment)
	k.MOVQ(k.segment, bases[0])
	for i := 1; i < len(bases); i++ {
		k.LEAQ(Mem{Base: bases[i-1], Index: k.pixel, Scale: 8}, bases[i])
	}
	terms := k.load("terms")
	term := k.next("term")
	k.Label(term)
	inner := k.used
	w := k.regs(perPixel)
	if k.pairs() {
		k.loadAndAdd(w, b, bTerm)
	} else {
		for i := range perPixel {
			m := Mem{Base: b, Disp: i % k.vectors() * k.bytes()}
			if i >= k.vectors() {
				m.Index, m.Scale = bBlock, 1
			}
			k.VMOVUPS(m, w[i])
		}
	}
	var f reg.VecPhysical
	if perPixel > 1 {
		f = k.reg()
	}
	for r := range n {
		m := k.pixelAt(bases[r/8], r%8)
		if perPixel == 1 {
			k.VFMADD231PS_BCST(m, w[0], acc[r][0])
			continue
		}
		k.VBROADCASTSS(m, f)
		for i := range perPixel {
			k.VFMADD231PS(f, w[i], acc[r][i])
		}
	}
	if !k.pairs() {
		k.ADDQ(bTerm, b)
	}
	for _, base := range bases {
		k.ADDQ(aTerm, base)
	}
	k.DECQ(terms)
	k.JNZ(LabelRef(term))
	k.free(inner)
	aSegment := k.load("aSegment")
	k.ADDQ(aSegment, k.segment)
	k.DECQ(k.spare)
	k.JNZ(LabelRef(segment))

	k.store(acc, blocks)
	next := k.GP64()
	k.MOVQ(k.a, next)
	for _, f := range []struct {
		bit  int
		step func()
	}{
		{16, func() {
			k.LEAQ(Mem{Base: next, Index: k.pixel, Scale: 8}, next)
			k.LEAQ(Mem{Base: next, Index: k.pixel, Scale: 8}, next)
		}},
		{8, func() { k.LEAQ(Mem{Base: next, Index: k.pixel, Scale: 8}, next) }},
		{4, func() { k.LEAQ(Mem{Base: next, Index: k.pixel, Scale: 4}, next) }},
		{2, func() { k.LEAQ(Mem{Base: next, Index: k.pixel, Scale: 2}, next) }},
		{1, func() { k.ADDQ(k.pixel, next) }},
	} {
		if n&f.bit != 0 {
			f.step()
		}
	}
	k.MOVQ(next, k.a)
}

// pixelAt is the value of A that lies i < 8 pixels behind base.
func (k *productKernel) pixelAt(base reg.Register, i int) Mem {
	m := Mem{Base: base}
	switch i {
	case 1, 2, 4:
		m.Index, m.Scale = k.pixel, uint8(i)
		if i == 2 && k.pairs() {
			m.Index, m.Scale = k.pixel2, 1
		}
	case 3, 6:
		m.Index, m.Scale = k.pixel3, uint8(i/3)
	case 5:
		m.Index, m.Scale = k.pixel5, 1
	case 7:
		m.Index, m.Scale = k.pixel7, 1
	}
	return m
}

// store adds what C holds if asked to, writes the pixels to C, and adds them to the statistics.
func (k *productKernel) store(acc [][]reg.VecPhysical, blocks int) {
	perPixel := blocks * k.vectors()
	cPixel, cBlock := k.load("cPixel"), k.load("cBlock")
	c := k.GP64()
	at := func(i int) Mem {
		m := Mem{Base: c, Disp: i % k.vectors() * k.bytes()}
		if i >= k.vectors() {
			m.Index, m.Scale = cBlock, 1
		}
		return m
	}
	fresh := k.next("fresh")
	k.CMPQ(k.at("accumulate"), U32(0))
	k.JEQ(LabelRef(fresh))
	k.MOVQ(k.c, c)
	for r := range acc {
		for i := range perPixel {
			k.VADDPS(at(i), acc[r][i], acc[r][i])
		}
		if r < len(acc)-1 {
			k.ADDQ(cPixel, c)
		}
	}
	k.Label(fresh)
	k.MOVQ(k.c, c)
	for r := range acc {
		for i := range perPixel {
			k.VMOVUPS(acc[r][i], at(i))
		}
		k.ADDQ(cPixel, c)
	}
	k.MOVQ(c, k.c)
	plain := k.next("plain")
	k.CMPQ(k.at("stats"), U32(0))
	k.JEQ(LabelRef(plain))
	for i := range perPixel {
		k.withSums(i, perPixel, func(sum, squares reg.VecPhysical) {
			for r := range acc {
				k.VADDPS(acc[r][i], sum, sum)
				k.VFMADD231PS(acc[r][i], acc[r][i], squares)
			}
		})
	}
	k.Label(plain)
}

// flushStats adds the column sums to the statistics and moves on to those of the next columns.
func (k *productKernel) flushStats(blocks int) {
	none := k.next("noStats")
	stats := k.load("stats")
	k.TESTQ(stats, stats)
	k.JEQ(LabelRef(none))
	second := k.load("total")
	k.SHLQ(U8(7), second) // 16 values of 8 bytes
	k.ADDQ(stats, second)
	perPixel := blocks * k.vectors()
	for i := range perPixel {
		k.withSums(i, perPixel, func(sum, squares reg.VecPhysical) {
			k.flush(sum, Mem{Base: stats, Disp: i * 8 * k.lanes})
			k.flush(squares, Mem{Base: second, Disp: i * 8 * k.lanes})
		})
	}
	k.ADDQ(U32(uint32(blocks*8*block)), stats)
	k.MOVQ(stats, k.at("stats"))
	k.Label(none)
}

// withSums gives emit the sums of column vector i.
func (k *productKernel) withSums(i, perPixel int, emit func(sum, squares reg.VecPhysical)) {
	if k.masks() {
		emit(k.stats[i], k.stats[perPixel+i])
		return
	}
	defer k.free(k.used)
	sum, squares := k.reg(), k.reg()
	k.VMOVUPS(k.sums.Offset(i*k.bytes()), sum)
	k.VMOVUPS(k.sums.Offset((perPixel+i)*k.bytes()), squares)
	emit(sum, squares)
	k.VMOVUPS(sum, k.sums.Offset(i*k.bytes()))
	k.VMOVUPS(squares, k.sums.Offset((perPixel+i)*k.bytes()))
}

// clearSums clears the sums in memory.
func (k *productKernel) clearSums() {
	defer k.free(k.used)
	z := k.reg()
	k.zero(z)
	for i := range 2 * k.vectors() {
		k.VMOVUPS(z, k.sums.Offset(i*k.bytes()))
	}
}

// fetch asks for the lines of C that the group will write: by the time that the sums are ready they have come.
func (k *productKernel) fetch(n, blocks int) {
	c, cPixel := k.GP64(), k.load("cPixel")
	for j := range blocks {
		k.MOVQ(k.c, c)
		if j > 0 {
			cBlock := k.load("cBlock")
			k.ADDQ(cBlock, c)
		}
		for r := range n {
			k.PREFETCHT0(Mem{Base: c})
			if r < n-1 {
				k.ADDQ(cPixel, c)
			}
		}
	}
}
