package pass

import (
	"rwe301/network/plan"
)

// Norm is how batch normalisation works in a pass.
type Norm uint8

// The modes of batch normalisation.
const (
	BatchNorm   Norm = iota // by the statistics of the batch; running statistics are updated (train mode)
	RunningNorm             // by the running statistics (eval mode)
	NoNorm                  // identity: neither scale nor shift
)

// epsilon and momentum of batch normalisation, as in PyTorch.
const (
	Epsilon         = 1e-5
	DefaultMomentum = 0.1
)

// Real is the arithmetic of an executor.
type Real interface{ float32 | float64 }

// Runner is what the executors of both precisions offer to code that is written for either.
type Runner[T Real] interface {
	Plan() *plan.Plan
	Forward(theta, x []T, n int, norm Norm) error
	Backward(c Cotangents[T], gTheta, gInput []T) error
	HessianVector(labels []int, v, hv []T) error

	Logits() []T
	AuxLogits() []T
	Features() []T
	Output(node int) (data []T, h, w, c int)
	Gradient(node int) (data []T, h, w, c int)
	Observe(Observer[T])

	Running(name string) (mean, variance []float64)
	ResetRunning()
	SetMomentum(momentum float64)
	SetDropPath(rate float64, seed uint64) error
	SetDropMask(rate float64, keep func(path, image int) bool) error
	Close()
}

// Cotangents are the derivatives of a scalar with respect to outputs of the last Forward. A nil field is zero.
type Cotangents[T Real] struct {
	Logits    []T         // n x classes
	AuxLogits []T         // n x classes
	Pooled    []T         // n x channels
	Nodes     map[int][]T // n x h x w x c, for nodes of Options.Keep
}

// Observer receives what the probes see: outputs and signs in the order of the nodes, gradients in the reverse order.
// The slices are the executor's own and valid during the call only. A nil field sees nothing.
type Observer[T Real] struct {
	// Output gets y[n][h][w][c].
	Output func(node int, y []T)
	// Signs gets SignWords(node) words for each of the n images: bit k%64 of word k/64 says whether value k (in h, w, c
	// order) of the ReLU's input is positive. Bits beyond the last value are zero.
	Signs func(node int, signs []uint64)
	// Gradient gets y and the derivatives g of Backward's scalar with respect to it. It is not called for nodes on which
	// the scalar does not depend.
	Gradient func(node int, y, g []T)
	// WeightProducts gets, for each output channel of a layer, the product of its weights and an image's part of their
	// gradient, when Backward wants gTheta and Options.PerImage is set: the part of its own activations and their
	// gradients. The images of a layer come in order; layers on which the scalar does not depend have none. By Euler's
	// theorem, for a convolution it is the sum over the positions of the channel times its gradient.
	WeightProducts func(node, image int, products []float64)
}
