package kernels

import (
	"testing"
	"unsafe"
)

func TestAligned(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 1000, largePage - 1, largePage, 3*largePage + 5} {
		x := Aligned(n)
		if len(x) != n || cap(x) != n {
			t.Errorf("%d values asked for: %d, capacity %d", n, len(x), cap(x))
		}
		if n > 0 && uintptr(unsafe.Pointer(&x[0]))%64 != 0 {
			t.Errorf("%d values: not at a multiple of 64 bytes", n)
		}
		for _, v := range x {
			if v != 0 {
				t.Fatalf("%d values: not all zero", n)
			}
		}
		if n > 0 {
			x[0], x[n-1] = 1, 1
		}
	}
}
