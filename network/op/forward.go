package op

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"rwe301/network"
)

// forward is the operation (x, theta) -> n x (features + logits) in the form Gorgonia wants; a part that was not asked
// for has width 0.
type forward[T network.Real] struct {
	network          *Network[T]
	images           int
	features, logits int
	out              *tensor.Dense
}

func (f *forward[T]) width() int { return f.features + f.logits }

// Arity, Type, InferShape, ReturnsPtr, CallsExtern and OverwritesInput tell Gorgonia what f takes and gives.
func (f *forward[T]) Arity() int { return 2 }

func (f *forward[T]) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(tensorType(4, a), tensorType(1, a), tensorType(2, a))
}

func tensorType(dims int, of hm.Type) hm.Type { return gorgonia.TensorType{Dims: dims, Of: of} }

func (f *forward[T]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.Shape{f.images, f.width()}, nil
}

func (f *forward[T]) ReturnsPtr() bool     { return false }
func (f *forward[T]) CallsExtern() bool    { return false }
func (f *forward[T]) OverwritesInput() int { return -1 }

// WriteHash, Hashcode and String tell this operation from others.
func (f *forward[T]) WriteHash(h hash.Hash) { fmt.Fprint(h, f.String()) }
func (f *forward[T]) Hashcode() uint32      { return hashcode(f) }
func (f *forward[T]) String() string {
	return fmt.Sprintf("Network{%d, %d, %d}", f.network.id, f.features, f.logits)
}

func hashcode(op interface{ WriteHash(hash.Hash) }) uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

// Do passes the images through the network.
func (f *forward[T]) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	x, err := data[T]("the images", inputs[0])
	if err != nil {
		return nil, err
	}
	theta, err := data[T]("theta", inputs[1])
	if err != nil {
		return nil, err
	}
	n := f.network
	if err := n.run.Forward(theta, x, f.images, n.norm); err != nil {
		return nil, err
	}
	n.passes++
	out := f.out.Data().([]T)
	for i := range f.images {
		row := out[i*f.width():][:f.width()]
		if f.features > 0 {
			copy(row, n.run.Features()[i*f.features:][:f.features])
		}
		if f.logits > 0 {
			copy(row[f.features:], n.run.Logits()[i*f.logits:][:f.logits])
		}
	}
	return f.out, nil
}

// data is what a value holds, which must lie densely in memory.
func data[T network.Real](what string, v gorgonia.Value) ([]T, error) {
	t, ok := v.(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("op: %s: a %T and not a dense tensor", what, v)
	}
	if t.RequiresIterator() {
		t = t.Materialize().(*tensor.Dense)
	}
	d, ok := t.Data().([]T)
	if !ok {
		return nil, fmt.Errorf("op: %s: values of type %v", what, t.Dtype())
	}
	return d, nil
}

// DiffWRT says with respect to what f is differentiable: images (if wanted) and theta.
func (f *forward[T]) DiffWRT(int) []bool { return []bool{f.network.InputGradient, true} }

// SymDiff adds the operations that give the gradients. They share one backward pass.
func (f *forward[T]) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if len(inputs) != 2 {
		return nil, fmt.Errorf("op: %d inputs: a network has 2", len(inputs))
	}
	p := &pullback[T]{forward: f, id: networks.Add(1)}
	p.theta = tensor.New(tensor.WithShape(inputs[1].Shape()...), tensor.Of(dtype[T]()))
	if f.features > 0 {
		p.cotangents.Pooled = make([]T, f.images*f.features)
	}
	if f.logits > 0 {
		p.cotangents.Logits = make([]T, f.images*f.logits)
	}
	gradients := make(gorgonia.Nodes, 2)
	var err error
	if f.network.InputGradient {
		p.input = tensor.New(tensor.WithShape(inputs[0].Shape()...), tensor.Of(dtype[T]()))
		if gradients[0], err = gorgonia.ApplyOp(&gradient[T]{p, "images", p.input}, inputs[0], inputs[1], output,
			grad); err != nil {
			return nil, err
		}
	}
	gradients[1], err = gorgonia.ApplyOp(&gradient[T]{p, "theta", p.theta}, inputs[0], inputs[1], output, grad)
	return gradients, err
}

// pullback is one backward pass, which serves the gradients of theta and of the images.
type pullback[T network.Real] struct {
	forward    *forward[T]
	id         uint64
	pass       int // the Forward whose gradients theta and input hold
	cotangents network.Cotangents[T]
	theta      *tensor.Dense
	input      *tensor.Dense // nil if not wanted
}

func (p *pullback[T]) run(grad gorgonia.Value) error {
	n := p.forward.network
	if n.passes == 0 {
		return errors.New("op: a gradient before the network ran")
	}
	if p.pass == n.passes {
		return nil
	}
	d, err := data[T]("the gradient of the output", grad)
	if err != nil {
		return err
	}
	f, l := p.forward.features, p.forward.logits
	for i := range p.forward.images {
		row := d[i*(f+l):][:f+l]
		if f > 0 {
			copy(p.cotangents.Pooled[i*f:], row[:f])
		}
		if l > 0 {
			copy(p.cotangents.Logits[i*l:], row[f:])
		}
	}
	var gInput []T
	if p.input != nil {
		gInput = p.input.Data().([]T)
	}
	if err := n.run.Backward(p.cotangents, p.theta.Data().([]T), gInput); err != nil {
		return err
	}
	p.pass = n.passes
	return nil
}

// gradient is the operation (x, theta, output, gradient of output) -> gradient of x or theta. It takes the output so
// that it runs after the network.
type gradient[T network.Real] struct {
	*pullback[T]
	what string
	out  *tensor.Dense
}

// The methods of gradient are those of forward.
func (g *gradient[T]) Arity() int { return 4 }

func (g *gradient[T]) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(tensorType(4, a), tensorType(1, a), tensorType(2, a), tensorType(2, a),
		tensorType(g.out.Dims(), a))
}

func (g *gradient[T]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return g.out.Shape().Clone(), nil
}

func (g *gradient[T]) ReturnsPtr() bool      { return false }
func (g *gradient[T]) CallsExtern() bool     { return false }
func (g *gradient[T]) OverwritesInput() int  { return -1 }
func (g *gradient[T]) WriteHash(h hash.Hash) { fmt.Fprint(h, g.String()) }
func (g *gradient[T]) Hashcode() uint32      { return hashcode(g) }
func (g *gradient[T]) String() string {
	return fmt.Sprintf("NetworkGradient{%d, %d, %s}", g.forward.network.id, g.id, g.what)
}

// Do runs the backward pass unless its counterpart has.
func (g *gradient[T]) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if err := g.run(inputs[3]); err != nil {
		return nil, err
	}
	return g.out, nil
}
