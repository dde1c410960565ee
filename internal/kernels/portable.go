//go:build (!amd64 && !arm64) || purego

package kernels

// Without assembly: the only level is Portable, so none of these is ever called.

func supported() []Level { return []Level{Portable} }

const unreachable = "kernels: no assembly in this program"

func productSIMD(*productArgs)                        { panic(unreachable) }
func depthwiseSIMD(Depthwise, *depthwiseArgs)         { panic(unreachable) }
func depthwiseGradientSIMD(Depthwise, *depthwiseArgs) { panic(unreachable) }
func affineSIMD(*elementwiseArgs)                     { panic(unreachable) }
func affineReluSIMD(*elementwiseArgs)                 { panic(unreachable) }
func signsSIMD(*elementwiseArgs)                      { panic(unreachable) }
func addSIMD(*elementwiseArgs)                        { panic(unreachable) }
func scalePixelsSIMD(*elementwiseArgs)                { panic(unreachable) }
func combineSIMD(*elementwiseArgs)                    { panic(unreachable) }
func rectifySIMD(*elementwiseArgs)                    { panic(unreachable) }
func rectifySumsSIMD(*elementwiseArgs)                { panic(unreachable) }
func sumsSIMD(*elementwiseArgs)                       { panic(unreachable) }
func totalsSIMD(*totalsArgs)                          { panic(unreachable) }
func maxPoolSIMD(*poolArgs)                           { panic(unreachable) }
func maxPoolWhereSIMD(*poolArgs)                      { panic(unreachable) }
func maxPoolBackwardSIMD(*poolArgs)                   { panic(unreachable) }
func sumPoolSIMD(*poolArgs)                           { panic(unreachable) }
func peakSIMD(*peakArgs)                              { panic(unreachable) }
func sweepSIMD(*peakArgs)                             { panic(unreachable) }
