package kernels

import "unsafe"

// Aligned returns n zeros that begin at a multiple of 64 bytes. Where the system has larger pages and n is large it
// asks for them: a pass over hundreds of megabytes spends much of its time on page tables otherwise.
func Aligned(n int) []float32 {
	const line = 64 / 4
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

// largePage is the number of values of a large page (2 MB), on CPUs with this package's assembly and most others.
const largePage = 2 << 20 / 4
