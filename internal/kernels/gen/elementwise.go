package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sweep is the frame of the elementwise kernels: loops over rows, groups of blocks and pixels. A group is as many
// blocks as have their per-channel vectors in registers.
type sweep struct {
	*file
	args
	labels
	maps     []*cursor
	channels []string // fields of per-channel vectors
	vector   [][]reg.VecPhysical
	left     Mem
	offset   Mem // of the current group in per-channel vectors, bytes
	blocks   Mem // left in the row
	rowEnd   func()
}

// cursor walks over a map.
type cursor struct {
	name           string
	at             reg.GPVirtual
	block, block3  reg.GPVirtual // the stride of blocks and three times that
	row, groupFrom Mem
}

// newSweep begins a kernel on maps and per-channel vectors of those field names.
func newSweep(v isa, name string, maps []string, channels []string) *sweep {
	k := &sweep{file: &file{isa: v}, args: function(v, name, nil, "elementwise.go", "elementwiseArgs"), channels: channels}
	k.left, k.offset, k.blocks = k.AllocLocal(8), k.AllocLocal(8), k.AllocLocal(8)
	for _, m := range maps {
		k.maps = append(k.maps, &cursor{name: m, at: k.GP64(), block: k.load(m + "Block"), groupFrom: k.AllocLocal(8),
			row: k.args.at(m)})
	}
	return k
}

// vectorAt is where vector i of the current pixel and group lies.
func (k *sweep) vectorAt(c *cursor, i int) Mem {
	m := Mem{Base: c.at, Disp: i % k.vectors() * k.bytes()}
	switch b := i / k.vectors(); b {
	case 1, 2:
		m.Index, m.Scale = c.block, uint8(b)
	case 3:
		m.Index, m.Scale = c.block3, 1
	}
	return m
}

// run emits the loops. Groups are the sizes of groups in blocks, the largest first; before and after run once for a
// group of a row, body for each pixel of it, all with the number of vectors of the group.
func (k *sweep) run(groups []int, before, body, after func(vectors int)) {
	if groups[0] == 4 {
		for _, c := range k.maps {
			c.block3 = k.GP64()
			k.LEAQ(Mem{Base: c.block, Index: c.block, Scale: 2}, c.block3)
		}
	}
	k.Label("row")
	k.MOVQ(U32(0), k.offset)
	t := k.load("blocks")
	k.MOVQ(t, k.blocks)
	for _, c := range k.maps {
		t := k.GP64()
		k.MOVQ(c.row, t)
		k.MOVQ(t, c.groupFrom)
	}
	for _, g := range groups {
		again, skip := k.next("group"), k.next("skip")
		k.Label(again)
		k.CMPQ(k.blocks, U32(uint32(g)))
		k.JLT(LabelRef(skip))
		k.group(g, before, body, after)
		k.ADDQ(U32(uint32(g*blockBytes)), k.offset)
		k.SUBQ(U32(uint32(g)), k.blocks)
		k.JMP(LabelRef(again))
		k.Label(skip)
	}
	for _, c := range k.maps {
		k.addTo(c.row, c.name+"Row")
	}
	if k.rowEnd != nil {
		k.rowEnd()
	}
	k.DECQ(k.at("rows"))
	k.JNZ(LabelRef("row"))
	k.ret()
}

// group emits the pixels of one row for g blocks.
func (k *sweep) group(g int, before, body, after func(vectors int)) {
	defer k.free(k.used)
	n := g * k.vectors()
	k.vector = nil
	for _, name := range k.channels {
		from := k.load(name)
		k.ADDQ(k.offset, from)
		r := k.regs(n)
		for i := range r {
			k.VMOVUPS(Mem{Base: from, Disp: i * k.bytes()}, r[i])
		}
		k.vector = append(k.vector, r)
	}
	for _, c := range k.maps {
		k.MOVQ(c.groupFrom, c.at)
	}
	if before != nil {
		before(n)
	}
	left := k.load("width")
	pixel := k.next("pixel")
	k.Label(pixel)
	body(n)
	for _, c := range k.maps {
		k.ADDQ(k.at(c.name+"Pixel"), c.at)
	}
	k.DECQ(left)
	k.JNZ(LabelRef(pixel))
	if after != nil {
		after(n)
	}
	for _, c := range k.maps {
		for range g {
			k.ADDQ(c.block, c.groupFrom)
		}
	}
}

// groupSizes are how many blocks fit into the registers of a kernel that keeps so many registers a vector.
func groupSizes(v isa, registers int) []int {
	switch {
	case v.masks():
		return []int{4, 2, 1}
	case registers == 2:
		return []int{2, 1}
	}
	return []int{1}
}

func elementwise(v isa) {
	affine(v, "affine", false)
	affine(v, "affineRelu", true)
	signs(v)
	add(v)
	combine(v)
	rectify(v, "rectify", false)
	rectify(v, "rectifySums", true)
	sums(v)
	scalePixels(v)
	totals(v)
}

// totals adds up vectors that lie a stride apart, each value in float64 from the first to the last.
func totals(v isa) {
	a := function(v, "totals", nil, "gradient.go", "totalsArgs")
	f := &file{isa: v}
	dst, n, stride := a.load("data"), a.load("blocks"), a.load("stride")
	if v.vectors() == 2 {
		v.ADDQ(n, n)
	}
	sum := f.regs(2)
	terms := f.regs(2)
	v.Label("next")
	v.zero(sum...)
	at, left := v.GP64(), a.load("count")
	v.MOVQ(dst, at)
	v.Label("slot")
	for i, half := range sum {
		v.VCVTPS2PD(Mem{Base: at, Disp: i * v.bytes() / 2}, terms[i])
		v.VADDPD(terms[i], half, half)
	}
	v.ADDQ(stride, at)
	v.DECQ(left)
	v.JNZ(LabelRef("slot"))
	for i, half := range sum {
		if v.masks() {
			v.VCVTPD2PS(half, v.low(half))
		} else {
			v.VCVTPD2PSY(half, v.low(half))
		}
		v.VMOVUPS(v.low(half), Mem{Base: dst, Disp: i * v.bytes() / 2})
	}
	v.ADDQ(U32(uint32(v.bytes())), dst)
	v.DECQ(n)
	v.JNZ(LabelRef("next"))
	v.ret()
}

func affine(v isa, name string, relu bool) {
	k := newSweep(v, name, []string{"dst", "x"}, []string{"u", "v"})
	dst, x := k.maps[0], k.maps[1]
	zero := k.reg()
	k.zero(zero)
	ahead := k.load("ahead")
	fetch := k.GP64()
	k.run(groupSizes(v, 2), nil, func(n int) {
		defer k.free(k.used)
		r := k.regs(min(n, 4))
		k.LEAQ(Mem{Base: x.at, Index: ahead, Scale: 1}, fetch)
		for i := range n {
			if i%k.vectors() == 0 {
				m := k.vectorAt(x, i)
				m.Base = fetch
				k.PREFETCHT0(m)
			}
			t := r[i%len(r)]
			k.VMOVUPS(k.vectorAt(x, i), t)
			k.VFMADD213PS(k.vector[1][i], k.vector[0][i], t)
			if relu {
				k.VMAXPS(t, zero, t) // the second source, the value, wins when it is not a number
			}
			k.VMOVUPS(t, k.vectorAt(dst, i))
		}
	}, nil)
}

func signs(v isa) {
	k := newSweep(v, "signs", []string{"x"}, []string{"u", "v"})
	x := k.maps[0]
	zero := k.reg()
	k.zero(zero)
	out, step := k.GP64(), k.GP64()
	k.rowEnd = func() {
		t := k.load("width")
		k.IMULQ(step, t)
		k.ADDQ(t, k.at("signs"))
	}
	k.MOVQ(k.at("blocks"), step)
	k.ADDQ(step, step)
	k.run([]int{1}, func(int) {
		// the sign words of a pixel lie side by side
		k.MOVQ(k.offset, out)
		k.SHRQ(U8(5), out)
		k.ADDQ(k.at("signs"), out)
	}, func(n int) {
		defer k.free(k.used)
		t := k.reg()
		for i := range n {
			k.VMOVUPS(k.vectorAt(x, i), t)
			k.VFMADD213PS(k.vector[1][i], k.vector[0][i], t)
			bits := k.GP32()
			if k.masks() {
				m := k.K()
				k.VCMPPS(U8(14), zero, t, m)
				k.KMOVW(m, bits)
				k.MOVW(bits.As16(), Mem{Base: out})
			} else {
				k.VCMPPS(U8(14), zero, t, t)
				k.VMOVMSKPS(t, bits)
				k.MOVB(bits.As8(), Mem{Base: out, Disp: i})
			}
		}
		k.ADDQ(step, out)
	}, nil)
}

// pairwise writes a kernel that makes dst of x and y: each leaves in f what becomes of vector i, and may use t.
func pairwise(v isa, name string, channels []string, each func(k *sweep, i int, x, y Mem, f, t reg.VecPhysical)) {
	k := newSweep(v, name, []string{"dst", "x", "y"}, channels)
	dst, x, y := k.maps[0], k.maps[1], k.maps[2]
	k.run(groupSizes(v, len(channels)), nil, func(n int) {
		defer k.free(k.used)
		r, t := k.regs(min(n, 4)), k.reg()
		for i := range n {
			f := r[i%len(r)]
			each(k, i, k.vectorAt(x, i), k.vectorAt(y, i), f, t)
			k.VMOVUPS(f, k.vectorAt(dst, i))
		}
	}, nil)
}

func add(v isa) {
	pairwise(v, "add", []string{"u", "v", "w", "z"}, func(k *sweep, i int, x, y Mem, f, t reg.VecPhysical) {
		k.VMOVUPS(x, f)
		k.VFMADD213PS(k.vector[1][i], k.vector[0][i], f)
		k.VMOVUPS(y, t)
		k.VFMADD213PS(k.vector[3][i], k.vector[2][i], t)
		k.VADDPS(t, f, f)
	})
}

func combine(v isa) {
	pairwise(v, "combine", []string{"u", "v", "w"}, func(k *sweep, i int, x, y Mem, f, t reg.VecPhysical) {
		k.VMOVUPS(y, t)
		k.VFMADD213PS(k.vector[2][i], k.vector[1][i], t)
		k.VMOVUPS(x, f)
		k.VFMADD213PS(t, k.vector[0][i], f)
	})
}

func rectify(v isa, name string, stats bool) {
	k := newSweep(v, name, []string{"dst", "x", "y"}, []string{"u", "v"})
	dz, x, du := k.maps[0], k.maps[1], k.maps[2]
	zero := k.reg()
	k.zero(zero)
	accumulate := k.load("flag")
	var first, second []reg.VecPhysical
	var before, after func(int)
	if stats {
		before = func(n int) {
			first, second = k.regs(n), k.regs(n)
			k.zero(first...)
			k.zero(second...)
		}
		after = func(int) { k.flushSums(first, second) }
	}
	k.run(groupSizes(v, 4), before, func(n int) {
		defer k.free(k.used)
		r := k.regs(n)
		t := k.reg()
		for i, f := range r {
			k.VMOVUPS(k.vectorAt(x, i), t)
			k.VFMADD213PS(k.vector[1][i], k.vector[0][i], t)
			if k.masks() {
				m := k.K()
				k.VCMPPS(U8(14), zero, t, m)
				k.VMOVUPS_Z(k.vectorAt(du, i), m, f)
			} else {
				k.VCMPPS(U8(14), zero, t, t)
				k.VANDPS(k.vectorAt(du, i), t, f)
			}
		}
		store := k.next("store")
		k.TESTQ(accumulate, accumulate)
		k.JEQ(LabelRef(store))
		for i, f := range r {
			k.VADDPS(k.vectorAt(dz, i), f, f)
		}
		k.Label(store)
		for i, f := range r {
			k.VMOVUPS(f, k.vectorAt(dz, i))
			if stats {
				k.VADDPS(f, first[i], first[i])
				k.VFMADD231PS(k.vectorAt(x, i), f, second[i])
			}
		}
	}, after)
}

func sums(v isa) {
	k := newSweep(v, "sums", []string{"x", "y"}, nil)
	x, y := k.maps[0], k.maps[1]
	var first, second []reg.VecPhysical
	k.run(groupSizes(v, 2), func(n int) {
		first, second = k.regs(n), k.regs(n)
		k.zero(first...)
		k.zero(second...)
	}, func(n int) {
		defer k.free(k.used)
		t := k.reg()
		for i := range n {
			k.VMOVUPS(k.vectorAt(x, i), t)
			k.VADDPS(t, first[i], first[i])
			k.VFMADD231PS(k.vectorAt(y, i), t, second[i])
		}
	}, func(int) { k.flushSums(first, second) })
}

// flushSums adds the sums of the current group to the statistics.
func (k *sweep) flushSums(first, second []reg.VecPhysical) {
	stats, more := k.load("stats"), k.load("blocks")
	k.ADDQ(k.offset, stats) // values of 8 bytes, offset counts those of 4
	k.ADDQ(k.offset, stats)
	k.SHLQ(U8(7), more)
	k.ADDQ(stats, more)
	for i := range first {
		k.flush(first[i], Mem{Base: stats, Disp: i * 8 * k.lanes})
		k.flush(second[i], Mem{Base: more, Disp: i * 8 * k.lanes})
	}
}

func scalePixels(v isa) {
	k := newSweep(v, "scalePixels", []string{"dst", "x"}, nil)
	dst, x := k.maps[0], k.maps[1]
	share := k.GP64()
	k.rowEnd = func() {
		t := k.load("width")
		k.SHLQ(U8(2), t)
		k.ADDQ(t, k.at("u"))
	}
	k.run(groupSizes(v, 2), func(int) { k.MOVQ(k.at("u"), share) }, func(n int) {
		defer k.free(k.used)
		f, t := k.reg(), k.reg()
		k.VBROADCASTSS(Mem{Base: share}, f)
		k.ADDQ(U32(4), share)
		for i := range n {
			k.VMULPS(k.vectorAt(x, i), f, t)
			k.VMOVUPS(t, k.vectorAt(dst, i))
		}
	}, nil)
}
