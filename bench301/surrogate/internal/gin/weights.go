package gin

import (
	"fmt"
	"math"
	"strconv"

	"rwe301/bench301/surrogate/internal/torch"
)

// normEpsilon is PyTorch's default for BatchNorm.
const normEpsilon = 1e-5

// Weight names a tensor that the network needs, and its shape.
type Weight struct {
	Name  string
	Shape []int
}

// Weights lists the tensors of a network in a fixed order: that of the values in a surrogate file.
func Weights(c Config) []Weight {
	D := c.Hidden
	list := []Weight{
		{"node_encoder.type_encoder.weight", []int{kinds, D}},
		{"node_encoder.attribute_encoder.weight", []int{degrees, D}},
		{"gnn_node.virtualnode_embedding.weight", []int{1, D}},
	}
	linear := func(name string, out, in int) {
		list = append(list, Weight{name + ".weight", []int{out, in}}, Weight{name + ".bias", []int{out}})
	}
	norm := func(name string, n int) {
		for _, part := range []string{"weight", "bias", "running_mean", "running_var"} {
			list = append(list, Weight{name + "." + part, []int{n}})
		}
	}
	for l := range c.Layers {
		conv := "gnn_node.convs." + strconv.Itoa(l)
		list = append(list, Weight{conv + ".eps", []int{1}}, Weight{conv + ".edge_encoder.weight", []int{attrs, D}})
		linear(conv+".mlp.0", 2*D, D)
		norm(conv+".mlp.1", 2*D)
		linear(conv+".mlp.3", D, 2*D)
		norm("gnn_node.batch_norms."+strconv.Itoa(l), D)
		if l < c.Layers-1 {
			virtual := "gnn_node.mlp_virtualnode_list." + strconv.Itoa(l)
			linear(virtual+".0", 2*D, D)
			norm(virtual+".1", 2*D)
			linear(virtual+".3", D, 2*D)
			norm(virtual+".4", D)
		}
	}
	linear("graph_pred_linear", 1, D)
	return list
}

// Size is the number of elements of a tensor.
func (w Weight) Size() int {
	n := 1
	for _, d := range w.Shape {
		n *= d
	}
	return n
}

// Validate checks the configuration.
func (c Config) Validate() error {
	if c.Hidden < 1 || c.Hidden > MaxHidden || c.Layers < 1 || c.Layers > MaxLayers {
		return fmt.Errorf("%d layers of %d dimensions: want 1-%d of 1-%d", c.Layers, c.Hidden, MaxLayers, MaxHidden)
	}
	return nil
}

// Flatten puts the values of a state dict in the order of Weights. The state dict must have these tensors in these
// shapes, and besides them only counters and copies of the node encoder.
func Flatten(c Config, tensors []torch.Tensor) ([]float32, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	byName := map[string]torch.Tensor{}
	floats := 0
	for _, t := range tensors {
		byName[t.Name] = t
		floats += len(t.Float)
	}
	var out []float32
	for _, w := range Weights(c) {
		t, ok := byName[w.Name]
		if !ok {
			return nil, fmt.Errorf("tensor %s is missing (%d layers of %d dimensions)", w.Name, c.Layers, c.Hidden)
		}
		if t.Float == nil || fmt.Sprint(t.Shape) != fmt.Sprint(w.Shape) {
			return nil, fmt.Errorf("tensor %s: shape %v: want float32 of %v", w.Name, t.Shape, w.Shape)
		}
		out = append(out, t.Float...)
	}
	for _, name := range []string{"type_encoder", "attribute_encoder"} {
		copied := byName["gnn_node.node_encoder."+name+".weight"]
		for i, v := range byName["node_encoder."+name+".weight"].Float {
			if i < len(copied.Float) && copied.Float[i] != v {
				return nil, fmt.Errorf("tensor %s: element %d is %v, in node_encoder it is %v: want the same tensor", copied.Name,
					i, copied.Float[i], v)
			}
		}
		floats -= len(copied.Float)
	}
	if floats != len(out) {
		return nil, fmt.Errorf("the state dict has %d float32 values, a network of %d layers of %d dimensions uses %d",
			floats, c.Layers, c.Hidden, len(out))
	}
	return out, nil
}

// New builds a network from the values of Flatten.
func New(c Config, values []float32) (*Network, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	want := 0
	for _, w := range Weights(c) {
		want += w.Size()
	}
	if len(values) != want {
		return nil, fmt.Errorf("%d weights: want %d for %d layers of %d dimensions", len(values), want, c.Layers, c.Hidden)
	}
	r := &reader{values: values}
	D := c.Hidden
	n := &Network{config: c, kind: r.take(kinds * D), degree: r.take(degrees * D), virtual: r.take(D)}
	for l := range c.Layers {
		conv := convolution{onePlusEps: 1 + r.take(1)[0], attr: r.take(attrs * D)}
		conv.mlp = r.perceptron(D)
		n.convs = append(n.convs, conv)
		if l < c.Layers-1 {
			n.virtualLayers = append(n.virtualLayers, r.perceptron(D))
		}
	}
	n.out = r.dense(1, D)
	if r.bad {
		return nil, fmt.Errorf("a weight that is not finite, or a negative running variance")
	}
	return n, nil
}

// reader takes values in order.
type reader struct {
	values []float32
	bad    bool
}

func (r *reader) take(n int) []float64 {
	out := make([]float64, n)
	for i, v := range r.values[:n] {
		out[i] = float64(v)
		r.bad = r.bad || v-v != 0
	}
	r.values = r.values[n:]
	return out
}

func (r *reader) dense(out, in int) dense { return dense{weight: r.take(out * in), bias: r.take(out)} }

func (r *reader) affine(n int) affine {
	weight, shift, mean, variance := r.take(n), r.take(n), r.take(n), r.take(n)
	for i, v := range variance {
		r.bad = r.bad || v < 0
		weight[i] /= math.Sqrt(v + normEpsilon)
	}
	return affine{mean: mean, scale: weight, shift: shift}
}

func (r *reader) perceptron(D int) perceptron {
	return perceptron{up: r.dense(2*D, D), norm1: r.affine(2 * D), down: r.dense(D, 2*D), norm2: r.affine(D)}
}
