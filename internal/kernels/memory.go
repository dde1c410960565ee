package kernels

import (
	"runtime"
	"unsafe"
)

// Aligned returns n zeros that begin at a multiple of 64 bytes. Where the system has larger pages and n is large it
// asks for them: a pass over hundreds of megabytes spends much of its time on page tables otherwise.
//
// Before it takes much it collects garbage. When one network is scored after another, that is the memory of the one
// before, which serves again at once: three times less in use, and no new pages to clear.
func Aligned(n int) []float32 {
	const line = 64 / 4
	if n >= CollectFrom {
		runtime.GC()
	}
	data := make([]float32, n+line-1)
	skip := 0
	if r := uintptr(unsafe.Pointer(unsafe.SliceData(data))) % 64; r != 0 {
		skip = int(64-r) / 4
	}
	data = data[skip : skip+n : skip+n]
	if n >= largePage {
		adviseLargePages(data)
	}
	return data
}

// CollectFrom is the number of values (32 MB) from which on a collection is worth its milliseconds.
const CollectFrom = 32 << 20 / 4

// largePage is the number of values of a large page (2 MB), on CPUs with this package's assembly and most others.
const largePage = 2 << 20 / 4
