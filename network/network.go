package network

import (
	"rwe301/bench301"
	"rwe301/network/fused"
	"rwe301/network/memory"
	"rwe301/network/pass"
	"rwe301/network/plan"
	"rwe301/network/reference"
)

// What a plan is and asks for: see package [rwe301/network/plan].
type (
	Plan    = plan.Plan    // a compiled network
	View    = plan.View    // a parameter tensor inside the flat vector
	Layer   = plan.Layer   // a convolution or linear layer
	Options = plan.Options // the size of an executor
	Probe   = plan.Probe   // asks to see a node during passes
	Sight   = plan.Sight   // what a probe sees, a set of bits
	Memory  = memory.Cache // what closed executors leave to those to come
)

// What a probe can see.
const (
	SeeOutput   = plan.SeeOutput   // the node's output, during Forward
	SeeSigns    = plan.SeeSigns    // of a ReLU: which inputs are positive, during Forward
	SeeGradient = plan.SeeGradient // the node's output and its gradient, during Backward
)

// What an executor offers, in float32 or float64: see package [rwe301/network/pass].
type (
	Real               = pass.Real
	Norm               = pass.Norm
	Runner[T Real]     = pass.Runner[T]
	Cotangents[T Real] = pass.Cotangents[T]
	Observer[T Real]   = pass.Observer[T]
	Executor           = fused.Executor
	Executor64         = reference.Executor[float64]
)

// The modes of batch normalisation.
const (
	BatchNorm   = pass.BatchNorm   // by the statistics of the batch; running statistics are updated (train mode)
	RunningNorm = pass.RunningNorm // by the running statistics (eval mode)
	NoNorm      = pass.NoNorm      // identity: neither scale nor shift
)

// Compile checks a graph and lays out its parameter vector in the graph's order.
func Compile(g bench301.Graph) (*Plan, error) { return plan.Compile(g) }

// NewExecutor returns an executor of a plan in float32, which fuses and uses the kernels of this CPU.
func NewExecutor(p *Plan, o Options) (*Executor, error) { return fused.New(p, o) }

// NewExecutor64 returns an executor of a plan in float64, the reference.
func NewExecutor64(p *Plan, o Options) (*Executor64, error) { return reference.New[float64](p, o) }

// ErrScarce marks what a machine with more free memory could do.
var ErrScarce = memory.ErrScarce

// CheckMemory says whether so many bytes for a batch are free, as executors do before they take theirs.
func CheckMemory(need int64, batch int) error { return memory.Check(need, memory.Free(), batch) }

// CrossEntropy returns the mean over the images of the cross-entropy between softmax(logits), n x classes values, and
// the labels, in nats. It sets grad, unless nil, to the derivative with respect to the logits. Logits that are not
// finite make the loss NaN or infinite, which is no error.
func CrossEntropy[T Real](logits []T, labels []int, grad []T) (loss float64, err error) {
	return pass.CrossEntropy(logits, labels, grad)
}
