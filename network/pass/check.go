package pass

import (
	"errors"
	"fmt"
	"rwe301/network/plan"
	"slices"
)

var (
	ErrNoGradients = errors.New("network: this executor was made without Options.Gradients")
	ErrNoForward   = errors.New("network: Backward needs a Forward that succeeded")
	ErrClosed      = errors.New("network: the executor is closed")
	errNoHessian   = errors.New("network: this executor was made without Options.Hessian")
)

// CheckBackward says what is wrong with the arguments of Backward after a pass of n images.
func CheckBackward[T Real](p *plan.Plan, n int, keep []int, c Cotangents[T], gTheta, gInput []T) error {
	g := p.Graph()
	switch {
	case gTheta != nil && len(gTheta) != p.NumParams():
		return fmt.Errorf("network: gTheta has %d values: this network has %d parameters", len(gTheta), p.NumParams())
	case gInput != nil && len(gInput) != n*p.ImageSize():
		return fmt.Errorf("network: gInput has %d values: the images have %d", len(gInput), n*p.ImageSize())
	case c.AuxLogits != nil && g.AuxLogits < 0:
		return errors.New("network: a cotangent for an auxiliary head that this network lacks")
	}
	check := func(name string, data []T, node int) error {
		if data != nil && len(data) != n*p.ValuesOf(node) {
			return fmt.Errorf("network: the cotangent of %s has %d values: the output has %d", name, len(data), n*p.ValuesOf(node))
		}
		return nil
	}
	err := errors.Join(check("the logits", c.Logits, g.Logits), check("the pooled features", c.Pooled, g.Pooled))
	if g.AuxLogits >= 0 {
		err = errors.Join(err, check("the auxiliary logits", c.AuxLogits, g.AuxLogits))
	}
	for node, data := range c.Nodes {
		if !slices.Contains(keep, node) {
			return fmt.Errorf("network: a cotangent for node %d, which is not in Options.Keep", node)
		}
		err = errors.Join(err, check(g.Nodes[node].Name, data, node))
	}
	return err
}

// CheckForward says what is wrong with the arguments of Forward.
func CheckForward[T Real](p *plan.Plan, batch int, theta, x []T, n int, norm Norm) error {
	switch {
	case len(theta) != p.NumParams():
		return fmt.Errorf("network: theta has %d values: this network has %d parameters", len(theta), p.NumParams())
	case n < 1 || n > batch:
		return fmt.Errorf("network: %d images: this executor takes 1 to %d", n, batch)
	case len(x) != n*p.ImageSize():
		return fmt.Errorf("network: %d values: %d images have %d", len(x), n, n*p.ImageSize())
	case norm > NoNorm:
		return fmt.Errorf("network: unknown normalisation %d", norm)
	case !finite(x):
		return errors.New("network: the images hold NaN or infinite values")
	}
	return nil
}

// CheckDirection says what is wrong with the arguments of HessianVector.
func CheckDirection(p *plan.Plan, o plan.Options, done bool, n int, labels []int, v, hv int) error {
	switch {
	case !o.Hessian:
		return errNoHessian
	case !done:
		return errors.New("network: HessianVector needs a Forward that succeeded")
	case v != p.NumParams() || hv != p.NumParams():
		return fmt.Errorf("network: vectors of %d and %d values: this network has %d parameters", v, hv, p.NumParams())
	case len(labels) != n:
		return fmt.Errorf("network: %d labels for %d images", len(labels), n)
	}
	return nil
}

// finite reports whether no value is NaN or infinite.
func finite[T Real](x []T) bool {
	var poison [4]T // v*0 is 0 unless v is NaN or infinite; four sums do not wait for each other
	for ; len(x) >= 4; x = x[4:] {
		for i, v := range x[:4] {
			poison[i] += v * 0
		}
	}
	for _, v := range x {
		poison[0] += v * 0
	}
	return poison == [4]T{}
}
