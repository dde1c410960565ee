package kernels

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// adviseLargePages asks for large pages behind the whole ones in data. It is a hint: errors do not matter.
func adviseLargePages(data []float32) {
	start := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	skip := int(-start%(4*largePage)) / 4
	if whole := (len(data) - skip) / largePage * largePage; whole > 0 {
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(&data[skip])), 4*whole)
		_ = unix.Madvise(bytes, unix.MADV_HUGEPAGE)
	}
}
