package kernels

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestFenced runs the tests of the kernels on slices that end where a page begins that faults when touched: no kernel
// reads or writes a value too many.
func TestFenced(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"Product": TestProduct, "Depthwise": TestDepthwise, "Affine": TestAffine, "Signs": TestSigns, "Add": TestAdd,
		"ScalePixels": TestScalePixels, "Combine": TestCombine, "Rectify": TestRectify, "Sums": TestSums,
		"MaxPool": TestMaxPool, "MaxPoolBackward": TestMaxPoolBackward, "SumPool": TestSumPool,
	} {
		t.Run(name, func(t *testing.T) {
			var mapped [][]byte
			before := fewer
			fewer *= 3
			allocate = func(n int) []float32 {
				page := unix.Getpagesize()
				size := (4*n + page - 1) / page * page
				memory, err := unix.Mmap(-1, 0, size+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
				if err != nil {
					t.Fatal(err)
				}
				mapped = append(mapped, memory)
				if err := unix.Mprotect(memory[size:], unix.PROT_NONE); err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					return nil
				}
				return unsafe.Slice((*float32)(unsafe.Pointer(&memory[size-4*n])), n)
			}
			defer func() {
				allocate, fewer = Aligned, before
				for _, m := range mapped {
					if err := unix.Munmap(m); err != nil {
						t.Error(err)
					}
				}
			}()
			test(t)
		})
	}
}
