package plan

import (
	"fmt"
	"slices"

	"rwe301/bench301"
)

// product multiplies sizes, which must be positive, up to a limit.
func product(limit int, sizes ...int) (int, error) {
	n := 1
	for _, s := range sizes {
		if s < 1 {
			return 0, fmt.Errorf("%v: sizes must be positive", sizes)
		}
		if s > limit/n {
			return 0, fmt.Errorf("%v: more than %d values", sizes, limit)
		}
		n *= s
	}
	return n, nil
}

// measure finds the size of a view.
func (v *View) measure() (err error) {
	v.Size, err = product(maxTensor, v.Shape...)
	return err
}

// inspector verifies what execution relies on: inputs precede a node, shapes and parameters fit its kind.
type inspector struct {
	plan  *Plan
	owner []string // the node that a parameter belongs to
	names map[string]bool
}

func (c *inspector) node(i int, n bench301.Node) error {
	if _, err := product(maxTensor, n.H, n.W, n.C); err != nil {
		return fmt.Errorf("output %w", err)
	}
	if c.names[n.Name] {
		return fmt.Errorf("a second node of that name")
	}
	c.names[n.Name] = true
	if (n.Kind == bench301.Input) != (i == 0) {
		return fmt.Errorf("only node 0 is an input")
	}
	if i == 0 {
		return c.params(n)
	}
	inputs := 1
	if n.Kind == bench301.Add || n.Kind == bench301.Concat {
		inputs = max(1, len(n.Inputs))
	}
	if len(n.Inputs) != inputs {
		return fmt.Errorf("has %d inputs, wants %d", len(n.Inputs), inputs)
	}
	for _, x := range n.Inputs {
		if x < 0 || x >= i {
			return fmt.Errorf("reads node %d, which does not precede it", x)
		}
	}
	return c.kind(n, c.plan.graph.Nodes[n.Inputs[0]])
}

// kind checks what depends on the kind of a node; in is its first input.
func (c *inspector) kind(n, in bench301.Node) error {
	switch n.Kind {
	case bench301.Conv:
		if n.Groups != 1 && !(n.Groups == n.C && n.C == in.C) {
			return fmt.Errorf("%d groups: only full and depthwise convolutions exist here", n.Groups)
		}
		if n.Kernel == 1 && n.Pad != 0 {
			return fmt.Errorf("a 1x1 convolution with padding %d", n.Pad)
		}
		if err := window(n, in); err != nil {
			return err
		}
		return c.params(n, []int{n.C, in.C / n.Groups, n.Kernel, n.Kernel})
	case bench301.MaxPool, bench301.AvgPool:
		if n.C != in.C {
			return fmt.Errorf("%d channels of %d", n.C, in.C)
		}
		if err := window(n, in); err != nil {
			return err
		}
		return c.params(n)
	case bench301.BatchNorm, bench301.ReLU, bench301.DropPath, bench301.Zero:
		if err := same(n, in); err != nil {
			return err
		}
		if n.Kind == bench301.BatchNorm && len(n.Params) > 0 {
			return c.params(n, []int{n.C}, []int{n.C})
		}
		return c.params(n)
	case bench301.Add:
		for _, x := range n.Inputs {
			if err := same(n, c.plan.graph.Nodes[x]); err != nil {
				return err
			}
		}
		return c.params(n)
	case bench301.Concat:
		channels := 0
		for _, x := range n.Inputs {
			part := c.plan.graph.Nodes[x]
			channels += part.C
			part.C = n.C
			if err := same(n, part); err != nil {
				return err
			}
		}
		if channels != n.C {
			return fmt.Errorf("%d channels, its inputs have %d", n.C, channels)
		}
		return c.params(n)
	case bench301.GlobalAvg:
		if n.H != 1 || n.W != 1 || n.C != in.C {
			return fmt.Errorf("output of %d x %d x %d: the average is 1 x 1 x %d", n.H, n.W, n.C, in.C)
		}
		return c.params(n)
	case bench301.Linear:
		if n.H != 1 || n.W != 1 || in.H != 1 || in.W != 1 {
			return fmt.Errorf("%d x %d from %d x %d: a linear layer takes and gives 1 x 1", n.H, n.W, in.H, in.W)
		}
		return c.params(n, []int{n.C, in.C}, []int{n.C})
	}
	return fmt.Errorf("unknown kind %d", n.Kind)
}

func same(n, in bench301.Node) error {
	if n.H != in.H || n.W != in.W || n.C != in.C {
		return fmt.Errorf("%d x %d x %d from %d x %d x %d", n.H, n.W, n.C, in.H, in.W, in.C)
	}
	return nil
}

// params checks that a node has parameters of these shapes, and that no other node has them.
func (c *inspector) params(n bench301.Node, shapes ...[]int) error {
	if len(n.Params) != len(shapes) {
		return fmt.Errorf("has %d parameter tensors, wants %d", len(n.Params), len(shapes))
	}
	for k, p := range n.Params {
		if p < 0 || p >= len(c.owner) {
			return fmt.Errorf("has parameter %d, which does not exist", p)
		}
		if c.owner[p] != "" {
			return fmt.Errorf("parameter %s is that of %s", c.plan.views[p].Name, c.owner[p])
		}
		c.owner[p] = fmt.Sprintf("node %q", n.Name)
		if !slices.Equal(c.plan.views[p].Shape, shapes[k]) {
			return fmt.Errorf("parameter %s of shape %v, wants %v", c.plan.views[p].Name, c.plan.views[p].Shape, shapes[k])
		}
	}
	return nil
}

// outputs checks the graph's results.
func (c *inspector) outputs() error {
	g := c.plan.graph
	heads := []int{g.Pooled, g.Logits}
	if g.AuxLogits >= 0 {
		heads = append(heads, g.AuxLogits)
	}
	for _, out := range append([]int{g.Features}, heads...) {
		if out < 1 || out >= len(g.Nodes) {
			return fmt.Errorf("network: output node %d does not exist", out)
		}
	}
	for _, out := range heads {
		if n := g.Nodes[out]; n.H != 1 || n.W != 1 {
			return fmt.Errorf("network: output node %d (%s) is %d x %d, wants 1 x 1", out, n.Name, n.H, n.W)
		}
	}
	if g.AuxLogits >= 0 && g.Nodes[g.AuxLogits].C != g.Nodes[g.Logits].C {
		return fmt.Errorf("network: %d auxiliary classes of %d", g.Nodes[g.AuxLogits].C, g.Nodes[g.Logits].C)
	}
	return nil
}
