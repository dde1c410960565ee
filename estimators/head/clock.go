package head

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"rwe301/internal/process"
)

// clock counts the processor time that a graph's machine spends, in a goroutine of its own, between its two ends: on
// the meter of who waits for it.
type clock struct {
	meter *process.Meter
	stop  func()
}

// begin adds the operation from which on a graph is timed: it returns its input.
func (c *clock) begin(x *gorgonia.Node) (*gorgonia.Node, error) {
	return gorgonia.ApplyOp(begin{c, x.Shape()}, x)
}

// end adds the operation up to which the graph is timed: it wants the last result, and returns 0.
func (c *clock) end(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.ApplyOp(end{c}, x) }

// begin and end are these operations in the form that Gorgonia wants.
type begin struct {
	*clock
	shape tensor.Shape
}

type end struct{ *clock }

func matrixOf(a hm.Type) hm.Type { return gorgonia.TensorType{Dims: 2, Of: a} }

// Arity, Type, InferShape, ReturnsPtr, CallsExtern and OverwritesInput tell Gorgonia what an operation takes and gives.
func (begin) Arity() int { return 1 }
func (end) Arity() int   { return 1 }
func (begin) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(matrixOf(a), matrixOf(a))
}
func (end) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(matrixOf(a), a)
}
func (b begin) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return b.shape.Clone(), nil }
func (end) InferShape(...gorgonia.DimSizer) (tensor.Shape, error)     { return tensor.ScalarShape(), nil }
func (begin) ReturnsPtr() bool                                        { return true }
func (end) ReturnsPtr() bool                                          { return false }
func (begin) CallsExtern() bool                                       { return false }
func (end) CallsExtern() bool                                         { return false }
func (begin) OverwritesInput() int                                    { return -1 }
func (end) OverwritesInput() int                                      { return -1 }

// DiffWRT and SymDiff say that nobody wants the gradient of the images.
func (begin) DiffWRT(int) []bool { return []bool{false} }
func (begin) SymDiff(gorgonia.Nodes, *gorgonia.Node, *gorgonia.Node) (gorgonia.Nodes, error) {
	return nil, errors.New("head: the images have no gradient")
}

// WriteHash, Hashcode and String tell the operations from others.
func (b begin) WriteHash(h hash.Hash) { fmt.Fprint(h, b.String()) }
func (e end) WriteHash(h hash.Hash)   { fmt.Fprint(h, e.String()) }
func (b begin) Hashcode() uint32      { return hashcode(b) }
func (e end) Hashcode() uint32        { return hashcode(e) }
func (begin) String() string          { return "clock begins" }
func (end) String() string            { return "clock ends" }

func hashcode(op interface{ WriteHash(hash.Hash) }) uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

// Do starts the clock.
func (b begin) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	b.stop = b.meter.Helping()
	return inputs[0], nil
}

// Do stops the clock.
func (e end) Do(...gorgonia.Value) (gorgonia.Value, error) {
	e.stop()
	return gorgonia.NewF64(0), nil
}
