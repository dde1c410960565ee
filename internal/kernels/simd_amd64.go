//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

func supported() []Level {
	levels := []Level{Portable}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		levels = append(levels, AVX2)
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL {
			levels = append(levels, AVX512)
		}
	}
	return levels
}

func productSIMD(a *productArgs) {
	if active == AVX512 {
		productAVX512(a)
	} else {
		productAVX2(a)
	}
}

func affineSIMD(a *elementwiseArgs) {
	if active == AVX512 {
		affineAVX512(a)
	} else {
		affineAVX2(a)
	}
}

func affineReluSIMD(a *elementwiseArgs) {
	if active == AVX512 {
		affineReluAVX512(a)
	} else {
		affineReluAVX2(a)
	}
}

func signsSIMD(a *elementwiseArgs) {
	if active == AVX512 {
		signsAVX512(a)
	} else {
		signsAVX2(a)
	}
}

func addSIMD(a *elementwiseArgs) {
	if active == AVX512 {
		addAVX512(a)
	} else {
		addAVX2(a)
	}
}

func scalePixelsSIMD(a *elementwiseArgs) {
	if active == AVX512 {
		scalePixelsAVX512(a)
	} else {
		scalePixelsAVX2(a)
	}
}

func combineSIMD(a *elementwiseArgs) {
	if active == AVX512 {
		combineAVX512(a)
	} else {
		combineAVX2(a)
	}
}

func rectifySIMD(a *elementwiseArgs) {
	if active == AVX512 {
		rectifyAVX512(a)
	} else {
		rectifyAVX2(a)
	}
}

func rectifySumsSIMD(a *elementwiseArgs) {
	if active == AVX512 {
		rectifySumsAVX512(a)
	} else {
		rectifySumsAVX2(a)
	}
}

func sumsSIMD(a *elementwiseArgs) {
	if active == AVX512 {
		sumsAVX512(a)
	} else {
		sumsAVX2(a)
	}
}

func totalsSIMD(a *totalsArgs) {
	if active == AVX512 {
		totalsAVX512(a)
	} else {
		totalsAVX2(a)
	}
}

func maxPoolSIMD(a *poolArgs) {
	if active == AVX512 {
		maxPoolAVX512(a)
	} else {
		maxPoolAVX2(a)
	}
}

func maxPoolWhereSIMD(a *poolArgs) {
	if active == AVX512 {
		maxPoolWhereAVX512(a)
	} else {
		maxPoolWhereAVX2(a)
	}
}

func maxPoolBackwardSIMD(a *poolArgs) {
	if active == AVX512 {
		maxPoolBackwardAVX512(a)
	} else {
		maxPoolBackwardAVX2(a)
	}
}

func sumPoolSIMD(a *poolArgs) {
	if active == AVX512 {
		sumPoolAVX512(a)
	} else {
		sumPoolAVX2(a)
	}
}

// peakSIMD returns the operations of a round.
func peakSIMD(a *peakArgs) int {
	const instructions = 48
	if active == AVX512 {
		peakAVX512(a)
		return instructions * 2 * 16
	}
	peakAVX2(a)
	return instructions * 2 * 8
}

func sweepSIMD(a *peakArgs) {
	if active == AVX512 {
		sweepAVX512(a)
	} else {
		sweepAVX2(a)
	}
}

//go:noescape
func productAVX512(args *productArgs)

//go:noescape
func productAVX2(args *productArgs)

//go:noescape
func affineAVX512(args *elementwiseArgs)

//go:noescape
func affineAVX2(args *elementwiseArgs)

//go:noescape
func affineReluAVX512(args *elementwiseArgs)

//go:noescape
func affineReluAVX2(args *elementwiseArgs)

//go:noescape
func signsAVX512(args *elementwiseArgs)

//go:noescape
func signsAVX2(args *elementwiseArgs)

//go:noescape
func addAVX512(args *elementwiseArgs)

//go:noescape
func addAVX2(args *elementwiseArgs)

//go:noescape
func scalePixelsAVX512(args *elementwiseArgs)

//go:noescape
func scalePixelsAVX2(args *elementwiseArgs)

//go:noescape
func combineAVX512(args *elementwiseArgs)

//go:noescape
func combineAVX2(args *elementwiseArgs)

//go:noescape
func rectifyAVX512(args *elementwiseArgs)

//go:noescape
func rectifyAVX2(args *elementwiseArgs)

//go:noescape
func rectifySumsAVX512(args *elementwiseArgs)

//go:noescape
func rectifySumsAVX2(args *elementwiseArgs)

//go:noescape
func sumsAVX512(args *elementwiseArgs)

//go:noescape
func totalsAVX512(args *totalsArgs)

//go:noescape
func totalsAVX2(args *totalsArgs)

//go:noescape
func sumsAVX2(args *elementwiseArgs)

//go:noescape
func maxPoolAVX512(args *poolArgs)

//go:noescape
func maxPoolAVX2(args *poolArgs)

//go:noescape
func maxPoolWhereAVX512(args *poolArgs)

//go:noescape
func maxPoolWhereAVX2(args *poolArgs)

//go:noescape
func maxPoolBackwardAVX512(args *poolArgs)

//go:noescape
func maxPoolBackwardAVX2(args *poolArgs)

//go:noescape
func sumPoolAVX512(args *poolArgs)

//go:noescape
func sumPoolAVX2(args *poolArgs)

//go:noescape
func peakAVX512(args *peakArgs)

//go:noescape
func sweepAVX512(args *peakArgs)

//go:noescape
func peakAVX2(args *peakArgs)

//go:noescape
func sweepAVX2(args *peakArgs)
