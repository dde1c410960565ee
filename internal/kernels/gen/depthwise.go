package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// geometry of a depthwise convolution.
type geometry struct{ kernel, dilation, stride int }

// geometries are those with a kernel of their own.
var geometries = []geometry{{3, 1, 1}, {3, 1, 2}, {3, 2, 1}, {3, 2, 2}, {5, 1, 1}, {5, 1, 2}, {5, 2, 1}, {5, 2, 2}}

func (g geometry) String() string { return fmt.Sprintf("K%dD%dS%d", g.kernel, g.dilation, g.stride) }

// columns is how many columns of input the windows of n neighbouring pixels span.
func (g geometry) columns(n int) int { return (n-1)*g.stride + (g.kernel-1)*g.dilation + 1 }

// taps calls f for every pixel p of n and every window column kx that reads input column j.
func (g geometry) taps(n, j int, f func(p, kx int)) {
	for kx := range g.kernel {
		if p := j - kx*g.dilation; p >= 0 && p%g.stride == 0 && p/g.stride < n {
			f(p/g.stride, kx)
		}
	}
}

// walk is the frame of the depthwise kernels: loops over blocks, the vectors of a block, rows and groups of pixels.
type walk struct {
	*file
	args
	labels
	dst, x, w        reg.GPVirtual // of the current group; the weights of the current vector
	dstPixel, xStep  reg.GPVirtual // xStep is the distance of kernel rows
	left             Mem
	rowDst, rowX     Mem // of the current row and block
	rowsLeft, firstX Mem
	vectorAt         Mem // of the current vector in its block, bytes
}

func newWalk(v isa, name string, g geometry) *walk {
	k := &walk{file: &file{isa: v}, args: function(v, name, &g, "depthwise.go", "depthwiseArgs")}
	for _, m := range []*Mem{&k.left, &k.rowDst, &k.rowX, &k.rowsLeft, &k.firstX, &k.vectorAt} {
		*m = k.AllocLocal(8)
	}
	k.dst, k.x, k.w = k.GP64(), k.GP64(), k.GP64()
	k.dstPixel = k.load("dstPixel")
	k.xStep = k.load("xRow")
	if g.dilation == 2 {
		k.ADDQ(k.xStep, k.xStep)
	}
	return k
}

// groups calls emit for groups of pixels until none of the row is left.
func (k *walk) groups(g geometry, sizes []int, emit func(n int)) {
	t := k.load("width")
	k.MOVQ(t, k.left)
	end := k.next("rowEnd")
	for _, n := range sizes {
		again, skip := k.next("group"), k.next("skip")
		k.Label(again)
		k.CMPQ(k.left, U32(uint32(n)))
		k.JLT(LabelRef(skip))
		emit(n)
		k.ADDQ(U32(uint32(n*g.stride*blockBytes)), k.x)
		k.SUBQ(U32(uint32(n)), k.left)
		k.JZ(LabelRef(end))
		k.JMP(LabelRef(again))
		k.Label(skip)
	}
	k.Label(end)
}

// addTo adds a field to a value in memory.
func (a args) addTo(m Mem, field string) {
	t := a.load(field)
	a.ADDQ(t, m)
}

// vectorLoop runs emit for each vector of a block; dst, x and w point at the vector.
func (k *walk) vectorLoop(emit func()) {
	if k.vectors() == 1 {
		emit()
		return
	}
	k.MOVQ(U32(0), k.vectorAt)
	again := k.next("vector")
	k.Label(again)
	emit()
	k.ADDQ(U32(uint32(k.bytes())), k.vectorAt)
	k.CMPQ(k.vectorAt, U32(blockBytes))
	k.JLT(LabelRef(again))
}

// start sets dst, x and w to the current vector of the current row and block.
func (k *walk) start() {
	k.MOVQ(k.rowDst, k.dst)
	k.MOVQ(k.rowX, k.x)
	k.MOVQ(k.at("w"), k.w)
	if k.vectors() > 1 {
		for _, r := range []reg.GPVirtual{k.dst, k.x, k.w} {
			k.ADDQ(k.vectorAt, r)
		}
	}
}

func depthwise(v isa) {
	sizes := []int{16, 8, 4, 1}
	if !v.masks() {
		sizes = []int{8, 4, 1}
	}
	for _, g := range geometries {
		k := newWalk(v, "depthwise", g)
		// A block at a time: its rows stay in the cache while windows move down over them.
		k.Label("block")
		k.vectorLoop(func() {
			k.rows(g, k.at("dst"), k.at("x"), func() {
				k.groups(g, sizes, func(n int) { k.forward(g, n) })
			})
		})
		k.nextBlock(g)
	}
}

// rows runs emit for each row of a vector of a block, with dst, x and w set.
func (k *walk) rows(g geometry, dst, x Mem, emit func()) {
	for _, m := range []struct{ from, to Mem }{{dst, k.rowDst}, {x, k.rowX}, {k.at("rows"), k.rowsLeft}} {
		t := k.GP64()
		k.MOVQ(m.from, t)
		k.MOVQ(t, m.to)
	}
	row := k.next("row")
	k.Label(row)
	k.start()
	emit()
	k.addTo(k.rowDst, "dstRow")
	t := k.load("xRow")
	for range g.stride {
		k.ADDQ(t, k.rowX)
	}
	k.DECQ(k.rowsLeft)
	k.JNZ(LabelRef(row))
}

// nextBlock ends the loop over blocks, and the kernel.
func (k *walk) nextBlock(g geometry) {
	k.addTo(k.at("dst"), "dstBlock")
	k.addTo(k.at("x"), "xBlock")
	k.ADDQ(U32(uint32(g.kernel*g.kernel*blockBytes)), k.at("w"))
	k.DECQ(k.at("blocks"))
	k.JNZ(LabelRef("block"))
	k.ret()
}

// forward computes n pixels. Each input column is loaded once and goes to all windows that hold it.
func (k *walk) forward(g geometry, n int) {
	defer k.free(k.used)
	acc, w, x := k.regs(n), k.regs(g.kernel), k.reg()
	line := k.GP64()
	k.MOVQ(k.x, line)
	for ky := range g.kernel {
		if ky > 0 {
			k.ADDQ(k.xStep, line)
		}
		for kx := range w {
			k.VMOVUPS(Mem{Base: k.w, Disp: (ky*g.kernel + kx) * blockBytes}, w[kx])
		}
		for j := range g.columns(n) {
			from := k.column(g, n, j, line, x)
			g.taps(n, j, func(p, kx int) {
				if ky+kx == 0 {
					k.VMULPS(from, w[kx], acc[p])
				} else {
					k.VFMADD231PS(from, w[kx], acc[p])
				}
			})
		}
	}
	for p := range n {
		k.VMOVUPS(acc[p], Mem{Base: k.dst})
		k.ADDQ(k.dstPixel, k.dst)
	}
}

func depthwiseGradient(v isa) {
	for _, g := range geometries {
		// accumulators for some kernel rows at a time, and pixels in flight
		rows, sizes := g.kernel, []int{8, 4, 1}
		switch {
		case g.kernel == 5 && !v.masks():
			rows, sizes = 2, []int{4, 1}
		case g.kernel == 5 || !v.masks():
			sizes = []int{4, 1}
		}
		k := newWalk(v, "depthwiseGradient", g)
		k.Label("block")
		k.vectorLoop(func() {
			for ky := 0; ky < g.kernel; ky += rows {
				k.gradient(g, ky, min(ky+rows, g.kernel), sizes)
			}
		})
		k.nextBlock(g)
	}
}

// gradient adds the gradient of the window rows lo to hi of one vector of channels, over all pixels.
func (k *walk) gradient(g geometry, lo, hi int, sizes []int) {
	defer k.free(k.used)
	acc := k.regs((hi - lo) * g.kernel)
	k.zero(acc...)
	x := k.at("x")
	if lo > 0 {
		first := k.load("x")
		for range lo {
			k.ADDQ(k.xStep, first)
		}
		k.MOVQ(first, k.firstX)
		x = k.firstX
	}
	k.rows(g, k.at("dst"), x, func() {
		k.groups(g, sizes, func(n int) { k.gradientGroup(g, hi-lo, n, acc) })
	})
	for i, r := range acc {
		m := Mem{Base: k.w, Disp: (lo*g.kernel + i) * blockBytes}
		k.VADDPS(m, r, r)
		k.VMOVUPS(r, m)
	}
}

// gradientGroup adds n pixels to the gradients of some window rows.
func (k *walk) gradientGroup(g geometry, rows, n int, acc []reg.VecPhysical) {
	defer k.free(k.used)
	dy, x := k.regs(n), k.reg()
	for p := range n {
		k.VMOVUPS(Mem{Base: k.dst}, dy[p])
		k.ADDQ(k.dstPixel, k.dst)
	}
	line := k.GP64()
	k.MOVQ(k.x, line)
	for ky := range rows {
		if ky > 0 {
			k.ADDQ(k.xStep, line)
		}
		for j := range g.columns(n) {
			from := k.column(g, n, j, line, x)
			g.taps(n, j, func(p, kx int) {
				k.VFMADD231PS(from, dy[p], acc[ky*g.kernel+kx])
			})
		}
	}
}

// column is where the instructions that use input column j find it: loaded into x if there are several, else in memory.
func (k *walk) column(g geometry, n, j int, line reg.Register, x reg.VecPhysical) Op {
	m := Mem{Base: line, Disp: j * blockBytes}
	uses := 0
	g.taps(n, j, func(int, int) { uses++ })
	if uses < 2 {
		return m
	}
	k.VMOVUPS(m, x)
	return x
}
