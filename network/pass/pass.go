// Package pass holds what passes through a network have in common, whatever executor runs them: the contract [Runner],
// its arguments and their checks ([State]), the loss ([CrossEntropy]), dropped paths, and a [Pool] of workers.
package pass

import "rwe301/network/plan"

// Norm is how batch normalisation works in a pass.
type Norm uint8

// The modes of batch normalisation.
const (
	BatchNorm   Norm = iota // by the statistics of the batch; running statistics are updated (train mode)
	RunningNorm             // by the running statistics (eval mode)
	NoNorm                  // identity: neither scale nor shift
)

// What batch normalisation adds to a variance, and the weight of a batch in its running statistics, as in PyTorch.
const (
	Epsilon         = 1e-5
	DefaultMomentum = 0.1
)

// Real is the arithmetic of an executor.
type Real interface{ float32 | float64 }

// Runner is an executor of a plan. It is not safe for concurrent use; Close it when it has several workers.
type Runner[T Real] interface {
	// Plan returns the plan that the executor runs.
	Plan() *plan.Plan
	// Forward runs n images, x[n][H][W][3], through the network with parameters theta. The outputs are valid until the
	// next pass.
	Forward(theta, x []T, n int, norm Norm) error
	// Backward sets gTheta and gInput to the gradients of the scalar whose derivatives c gives, with respect to the
	// parameters and the images of the last Forward. Either may be nil. Through BatchNorm it includes the way through
	// the batch's statistics. It may be called several times after one Forward.
	Backward(c Cotangents[T], gTheta, gInput []T) error
	// HessianVector sets hv to the exact product of v, a direction in the space of theta, and the Hessian of the mean
	// cross-entropy of the last Forward's logits. It differentiates the forward and the backward pass along v
	// (Pearlmutter 1994, "Fast exact multiplication by the Hessian"), through BatchNorm's statistics too. ReLU and max
	// pooling count as linear where they are, as they do in every backward pass. It needs Options.Hessian.
	HessianVector(labels []int, v, hv []T) error

	// Logits returns n x classes values.
	Logits() []T
	// AuxLogits returns the auxiliary head's n x classes values, or nil without one.
	AuxLogits() []T
	// Features returns the global average of the last cell's output, n x channels values.
	Features() []T
	// Output returns the output of a kept node, n x h x w x c values.
	Output(node int) (data []T, h, w, c int)
	// Gradient returns the output gradient of a node of Options.KeepGradients, n x h x w x c values, valid until the
	// next pass. It is nil before Backward.
	Gradient(node int) (data []T, h, w, c int)
	// Observe sets who receives what Options.Probes ask for, from the next pass on.
	Observe(Observer[T])

	// Running returns the running statistics of a batch normalisation by node name; nil if there is none of that name.
	// The slices are the executor's own: writing to them sets the statistics.
	Running(name string) (mean, variance []float64)
	// ResetRunning sets the running statistics to mean 0 and variance 1.
	ResetRunning()
	// SetMomentum sets the weight of a new batch in the running statistics (0.1 at first). Zero or less averages all
	// batches since ResetRunning with equal weight, which calibrates a network.
	SetMomentum(momentum float64)
	// SetDropPath makes every following pass with batch statistics drop each branch of each image with the given
	// probability, and scale the others by 1/(1-rate). The draws come from the seed alone; a pass after
	// SetDropPath(rate, seed) repeats itself exactly. Rate 0, the initial state, drops nothing.
	SetDropPath(rate float64, seed uint64) error
	// SetDropMask is SetDropPath with the draws given: keep says whether drop-path node number path (in node order)
	// keeps its branch for an image.
	SetDropMask(rate float64, keep func(path, image int) bool) error
	// Close stops the workers of the executor, which can run no more.
	Close()
}

// Cotangents are the derivatives of a scalar with respect to outputs of the last Forward. A nil field is zero.
type Cotangents[T Real] struct {
	Logits    []T         // n x classes
	AuxLogits []T         // n x classes
	Pooled    []T         // n x channels
	Nodes     map[int][]T // n x h x w x c, for nodes of Options.Keep
	// Until is the first node, of Options.KeepGradients, whose gradient is wanted: a backward pass may leave out those of
	// the nodes before it, and then those of the parameters and the images cannot be had. Zero, the images, is all.
	Until int
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
