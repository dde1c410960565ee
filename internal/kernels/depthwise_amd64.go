//go:build !purego

package kernels

// Every geometry has assembly of its own. Calls are direct, not through a table: arguments of an indirect call would
// have to live on the heap.

func depthwiseSIMD(d Depthwise, a *depthwiseArgs) {
	wide := active == AVX512
	switch d {
	case Depthwise{3, 1, 1}:
		if wide {
			depthwiseK3D1S1AVX512(a)
		} else {
			depthwiseK3D1S1AVX2(a)
		}
	case Depthwise{3, 1, 2}:
		if wide {
			depthwiseK3D1S2AVX512(a)
		} else {
			depthwiseK3D1S2AVX2(a)
		}
	case Depthwise{3, 2, 1}:
		if wide {
			depthwiseK3D2S1AVX512(a)
		} else {
			depthwiseK3D2S1AVX2(a)
		}
	case Depthwise{3, 2, 2}:
		if wide {
			depthwiseK3D2S2AVX512(a)
		} else {
			depthwiseK3D2S2AVX2(a)
		}
	case Depthwise{5, 1, 1}:
		if wide {
			depthwiseK5D1S1AVX512(a)
		} else {
			depthwiseK5D1S1AVX2(a)
		}
	case Depthwise{5, 1, 2}:
		if wide {
			depthwiseK5D1S2AVX512(a)
		} else {
			depthwiseK5D1S2AVX2(a)
		}
	case Depthwise{5, 2, 1}:
		if wide {
			depthwiseK5D2S1AVX512(a)
		} else {
			depthwiseK5D2S1AVX2(a)
		}
	case Depthwise{5, 2, 2}:
		if wide {
			depthwiseK5D2S2AVX512(a)
		} else {
			depthwiseK5D2S2AVX2(a)
		}
	}
}

func depthwiseGradientSIMD(d Depthwise, a *depthwiseArgs) {
	wide := active == AVX512
	switch d {
	case Depthwise{3, 1, 1}:
		if wide {
			depthwiseGradientK3D1S1AVX512(a)
		} else {
			depthwiseGradientK3D1S1AVX2(a)
		}
	case Depthwise{3, 1, 2}:
		if wide {
			depthwiseGradientK3D1S2AVX512(a)
		} else {
			depthwiseGradientK3D1S2AVX2(a)
		}
	case Depthwise{3, 2, 1}:
		if wide {
			depthwiseGradientK3D2S1AVX512(a)
		} else {
			depthwiseGradientK3D2S1AVX2(a)
		}
	case Depthwise{3, 2, 2}:
		if wide {
			depthwiseGradientK3D2S2AVX512(a)
		} else {
			depthwiseGradientK3D2S2AVX2(a)
		}
	case Depthwise{5, 1, 1}:
		if wide {
			depthwiseGradientK5D1S1AVX512(a)
		} else {
			depthwiseGradientK5D1S1AVX2(a)
		}
	case Depthwise{5, 1, 2}:
		if wide {
			depthwiseGradientK5D1S2AVX512(a)
		} else {
			depthwiseGradientK5D1S2AVX2(a)
		}
	case Depthwise{5, 2, 1}:
		if wide {
			depthwiseGradientK5D2S1AVX512(a)
		} else {
			depthwiseGradientK5D2S1AVX2(a)
		}
	case Depthwise{5, 2, 2}:
		if wide {
			depthwiseGradientK5D2S2AVX512(a)
		} else {
			depthwiseGradientK5D2S2AVX2(a)
		}
	}
}

//go:noescape
func depthwiseK3D1S1AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseK3D1S1AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseK3D1S2AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseK3D1S2AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseK3D2S1AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseK3D2S1AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseK3D2S2AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseK3D2S2AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseK5D1S1AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseK5D1S1AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseK5D1S2AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseK5D1S2AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseK5D2S1AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseK5D2S1AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseK5D2S2AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseK5D2S2AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK3D1S1AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK3D1S1AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK3D1S2AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK3D1S2AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK3D2S1AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK3D2S1AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK3D2S2AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK3D2S2AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK5D1S1AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK5D1S1AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK5D1S2AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK5D1S2AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK5D2S1AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK5D2S1AVX2(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK5D2S2AVX512(args *depthwiseArgs)

//go:noescape
func depthwiseGradientK5D2S2AVX2(args *depthwiseArgs)
