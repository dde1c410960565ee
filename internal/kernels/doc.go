// Package kernels computes on float32 feature maps with the vector instructions of the CPU: matrix products with the
// statistics of batch normalisation, depthwise convolutions, pooling and elementwise steps, forward and backward.
//
//	Where values lie                         Map, by Dense or Planes; Shape is what of it a kernel works on
//	1x1 and full convolutions, linear layers Product, with weights from Pack; Unpack for their gradients
//	Depthwise convolutions                   Depthwise, with weights from PackDepthwise; UnpackDepthwise
//	Pooling                                  MaxPool, MaxPoolBackward, SumPool
//	Normalisation, ReLU, sums of branches    Affine, Add, Signs, ScalePixels
//	Their gradients and statistics           Combine, Rectify, Sums, Totals
//	What the machine can do                  Levels, Active, Measure
//
// # Levels
//
// Every kernel exists as assembly, AVX-512 and AVX2 on amd64 and NEON on arm64, from one description (gen, a module of
// its own), and in portable Go. The best level of the CPU is chosen at start; BENCH301_SIMD=avx512|avx2|neon|portable
// forces one. The build tag purego leaves the assembly out.
//
// All levels yield the same bits. Every output has one accumulator that takes its terms in the documented order, a
// multiply-add rounds once, and sums for statistics run in float32 over a documented stretch of pixels and in float64
// beyond it.
//
// # Layout
//
// Channels come in blocks of 16; a tensor of 7 or 36 channels is stored with 16 or 48, the rest zero (zero weights,
// scale and shift keep it so). A [Map] places a value (row, pixel, channel) by three strides, so one kernel serves
//
//   - an N x H x W x C tensor or a slice of its channels (concatenation costs nothing): [Dense];
//   - planes of 16 channels with a border, on which windows move: [Planes].
//
// Data should be aligned to 64 bytes ([Aligned]) and strides be multiples of 16: nothing breaks otherwise, but every
// second load straddles a cache line.
//
// A fused step of a network is then, for one image or some rows of it: [Affine] (the normalisation before it and ReLU)
// into planes, [Depthwise] into a tile, [Product] with Stats into the output tensor. Backward: [Combine] (gradient
// through normalisation) into a tile, Product with the transposed weights into planes, Depthwise with flipped weights
// into a tile, [Rectify] (mask, accumulate, statistics) into the gradient of the input; Product with A transposed and
// [Depthwise.WeightGradient] for the weights.
//
// A call should take a microsecond or more: pass several rows at once. Kernels run on the caller's goroutine, allocate
// nothing, and panic when a slice is shorter than its strides claim.
package kernels
