package pass

import (
	"errors"
	"fmt"
	"slices"

	"rwe301/bench301"
	"rwe301/network/plan"
)

// State is what callers set for the passes of an executor, and what the last Forward leaves for those that follow it.
type State[T Real] struct {
	Plan     *plan.Plan
	Options  plan.Options
	Drops    DropPaths
	Observer Observer[T]

	Theta, Images []T
	N             int // images
	Norm          Norm
	Done          bool // a Forward has succeeded, so outputs may be read
}

// NewState is the state of an executor that has not run yet.
func NewState[T Real](p *plan.Plan, o plan.Options) State[T] {
	return State[T]{Plan: p, Options: o, Drops: newDropPaths(len(p.NodesOf(bench301.DropPath)), o.Batch)}
}

// Begin takes over the arguments of Forward, or says what is wrong with them.
func (s *State[T]) Begin(theta, x []T, n int, norm Norm) error {
	s.Done = false
	switch p := s.Plan; {
	case len(theta) != p.NumParams():
		return fmt.Errorf("network: theta has %d values: this network has %d parameters", len(theta), p.NumParams())
	case n < 1 || n > s.Options.Batch:
		return fmt.Errorf("network: %d images: this executor takes 1 to %d", n, s.Options.Batch)
	case len(x) != n*p.ImageSize():
		return fmt.Errorf("network: %d values: %d images have %d", len(x), n, n*p.ImageSize())
	case norm > NoNorm:
		return fmt.Errorf("network: unknown normalisation %d", norm)
	case !finite(x):
		return errors.New("network: the images hold NaN or infinite values")
	}
	s.Theta, s.Images, s.N, s.Norm = theta, x, n, norm
	return nil
}

// CheckBackward says what is wrong with the arguments of Backward.
func (s *State[T]) CheckBackward(c Cotangents[T], gTheta, gInput []T) error {
	p, g := s.Plan, s.Plan.Graph()
	switch {
	case !s.Options.Gradients:
		return errors.New("network: this executor was made without Options.Gradients")
	case !s.Done:
		return errors.New("network: Backward needs a Forward that succeeded")
	case gTheta != nil && len(gTheta) != p.NumParams():
		return fmt.Errorf("network: gTheta has %d values: this network has %d parameters", len(gTheta), p.NumParams())
	case gInput != nil && len(gInput) != s.N*p.ImageSize():
		return fmt.Errorf("network: gInput has %d values: the images have %d", len(gInput), s.N*p.ImageSize())
	case c.Until != 0 && !slices.Contains(s.Options.KeepGradients, c.Until):
		return fmt.Errorf("network: a gradient until node %d, which is not in Options.KeepGradients", c.Until)
	case c.Until != 0 && (gTheta != nil || gInput != nil):
		return errors.New("network: a gradient until a node has no part of the parameters' and the images'")
	case c.AuxLogits != nil && g.AuxLogits < 0:
		return errors.New("network: a cotangent for an auxiliary head that this network lacks")
	}
	check := func(name string, data []T, node int) error {
		if want := s.N * p.ValuesOf(max(0, node)); data != nil && len(data) != want {
			return fmt.Errorf("network: the cotangent of %s has %d values: the output has %d", name, len(data), want)
		}
		return nil
	}
	err := errors.Join(check("the logits", c.Logits, g.Logits), check("the pooled features", c.Pooled, g.Pooled),
		check("the auxiliary logits", c.AuxLogits, g.AuxLogits))
	for node, data := range c.Nodes {
		if !slices.Contains(s.Options.Keep, node) {
			return fmt.Errorf("network: a cotangent for node %d, which is not in Options.Keep", node)
		}
		err = errors.Join(err, check(g.Nodes[node].Name, data, node))
	}
	return err
}

// CheckDirection says what is wrong with the arguments of HessianVector.
func (s *State[T]) CheckDirection(labels []int, v, hv []T) error {
	switch size := s.Plan.NumParams(); {
	case !s.Options.Hessian:
		return errors.New("network: this executor was made without Options.Hessian")
	case !s.Done:
		return errors.New("network: HessianVector needs a Forward that succeeded")
	case len(v) != size || len(hv) != size:
		return fmt.Errorf("network: vectors of %d and %d values: this network has %d parameters", len(v), len(hv), size)
	case len(labels) != s.N:
		return fmt.Errorf("network: %d labels for %d images", len(labels), s.N)
	}
	return nil
}

// Parts is the number of parts of the batch that have sums of weight gradients of their own.
func (s *State[T]) Parts() int { return plan.PartsOf(s.Options, s.N) }

// Span is the images of part k.
func (s *State[T]) Span(k int) (lo, hi int) { return k * s.N / s.Parts(), (k + 1) * s.N / s.Parts() }

// Given lists the cotangents of a node's output among c; nil ones are zero.
func (s *State[T]) Given(c *Cotangents[T], node int) (list [4][]T) {
	g := s.Plan.Graph()
	list[0] = c.Nodes[node]
	for k, v := range [...]struct {
		node int
		data []T
	}{{g.Logits, c.Logits}, {g.AuxLogits, c.AuxLogits}, {g.Pooled, c.Pooled}} {
		if v.node == node {
			list[k+1] = v.data
		}
	}
	return list
}

// finite reports whether no value is NaN or infinite.
func finite[T Real](x []T) bool {
	var poison [4]T // v*0 is 0 unless v is NaN or infinite; four sums do not wait for each other
	for ; len(x) >= 4; x = x[4:] {
		for i, v := range x[:4] {
			poison[i] += T(v * 0)
		}
	}
	for _, v := range x {
		poison[0] += T(v * 0)
	}
	return poison == [4]T{}
}
