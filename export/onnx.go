package export

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"rwe301/bench301"
)

// Versions of the format: any runtime of 2020 or later reads them.
const (
	onnxIR    = 7
	onnxOpset = 13
)

// epsilon of batch normalisation.
const epsilon = 1e-5

// Model is a network with everything that its outputs depend on.
type Model struct {
	Name  string
	Graph bench301.Graph
	// Theta are the parameters, in the order of Graph.Params.
	Theta []float32
	// Running returns the running statistics of a batch normalisation by node name; nil for mean 0 and variance 1, which
	// a network has before it has seen an image.
	Running func(node string) (mean, variance []float64)
	// About is kept in the file as its metadata.
	About map[string]string
}

// ONNX writes the network as an ONNX model of opset 13: input "images" of N x 3 x H x W float32 values, output
// "logits" of N x classes. Normalisations use running statistics. What the logits do not depend on is left out: the
// auxiliary head, drop paths, dead edges.
func ONNX(w io.Writer, m Model) error {
	size := 0
	for _, p := range m.Graph.Params {
		size += p.Size()
	}
	if size != len(m.Theta) {
		return fmt.Errorf("onnx: %d parameters: the network has %d", len(m.Theta), size)
	}
	const most = 1 << 31 // of a protocol buffer, in bytes
	if 4*int64(size) > most-1<<20 {
		return fmt.Errorf("onnx: %d parameters need more than the 2 GB that one file can hold: use a smaller width", size)
	}
	e := encoder{model: m, outputs: make([]string, len(m.Graph.Nodes)), constants: map[string]bool{}}
	if err := e.graph(); err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	var model message
	model.integer(1, onnxIR)
	model.text(2, "bench301")
	model.bytes(7, e.nodes.data)
	model.message(8, func(o *message) { o.text(1, ""); o.integer(2, onnxOpset) })
	for _, k := range slices.Sorted(maps.Keys(m.About)) {
		model.message(14, func(o *message) { o.text(1, k); o.text(2, m.About[k]) })
	}
	_, err := w.Write(model.data)
	return err
}

// encoder writes the graph of a model.
type encoder struct {
	model     Model
	nodes     message  // the GraphProto, in which fields may come in any order
	outputs   []string // name of each node's output
	constants map[string]bool
}

func (e *encoder) graph() error {
	g := e.model.Graph
	e.nodes.text(2, e.model.Name)
	input := g.Nodes[0]
	e.value(11, "images", input.C, input.H, input.W)
	e.value(12, "logits", g.Nodes[g.Logits].C)
	e.outputs[0] = "images"
	offsets := make([]int, len(g.Params))
	for i := 1; i < len(g.Params); i++ {
		offsets[i] = offsets[i-1] + g.Params[i-1].Size()
	}
	live := liveNodes(g)
	for i, n := range g.Nodes {
		if i == 0 || !live[i] {
			continue
		}
		e.outputs[i] = n.Name
		if i == g.Logits {
			e.outputs[i] = "logits"
		}
		for _, k := range n.Params {
			p := g.Params[k]
			e.constant(p.Name, p.Shape, e.model.Theta[offsets[k]:offsets[k]+p.Size()])
		}
		if err := e.node(i, n); err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
	}
	return nil
}

// liveNodes reports which nodes the logits depend on.
func liveNodes(g bench301.Graph) []bool {
	live := make([]bool, len(g.Nodes))
	live[g.Logits] = true
	for i := len(live) - 1; i > 0; i-- {
		if live[i] && g.Nodes[i].Kind != bench301.Zero {
			for _, x := range g.Nodes[i].Inputs {
				live[x] = true
			}
		}
	}
	return live
}

// value declares an input or output with the batch as first dimension.
func (e *encoder) value(field protowire.Number, name string, shape ...int) {
	const float = 1
	e.nodes.message(field, func(v *message) {
		v.text(1, name)
		v.message(2, func(t *message) {
			t.message(1, func(t *message) {
				t.integer(1, float)
				t.message(2, func(s *message) {
					s.message(1, func(d *message) { d.text(2, "N") })
					for _, n := range shape {
						s.message(1, func(d *message) { d.integer(1, int64(n)) })
					}
				})
			})
		})
	})
}

// constant adds a float tensor, once.
func (e *encoder) constant(name string, shape []int, values []float32) {
	const float = 1
	e.tensor(name, float, shape, func() []byte { return little(values) })
}

// numbers adds a list of integers, once.
func (e *encoder) numbers(name string, values ...int64) {
	const int64s = 7
	e.tensor(name, int64s, []int{len(values)}, func() (raw []byte) {
		for _, v := range values {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
		return raw
	})
}

func (e *encoder) tensor(name string, kind int64, shape []int, raw func() []byte) {
	if e.constants[name] {
		return
	}
	e.constants[name] = true
	e.nodes.message(5, func(t *message) {
		t.integers(1, shape)
		t.integer(2, kind)
		t.text(8, name)
		t.bytes(9, raw())
	})
}

// attribute is one of an operator: an int, a float32 or a []int.
type attribute struct {
	name  string
	value any
}

// op adds an operator.
func (e *encoder) op(kind, output string, inputs []string, attributes ...attribute) {
	e.nodes.message(1, func(n *message) {
		for _, in := range inputs {
			n.text(1, in)
		}
		n.text(2, output)
		n.text(3, output)
		n.text(4, kind)
		for _, a := range attributes {
			n.message(5, func(m *message) {
				m.text(1, a.name)
				switch v := a.value.(type) {
				case float32:
					m.float(2, v)
					m.integer(20, 1)
				case int:
					m.integer(3, int64(v))
					m.integer(20, 2)
				case []int:
					m.integers(8, v)
					m.integer(20, 7)
				}
			})
		}
	})
}

// node adds what node i computes.
func (e *encoder) node(i int, n bench301.Node) error {
	g := e.model.Graph
	out := e.outputs[i]
	var in []string
	for _, x := range n.Inputs {
		in = append(in, e.outputs[x])
	}
	for _, k := range n.Params {
		in = append(in, g.Params[k].Name)
	}
	switch n.Kind {
	case bench301.Conv, bench301.MaxPool, bench301.AvgPool:
		return e.window(n, out, in)
	case bench301.BatchNorm:
		e.norm(n, out, in)
	case bench301.ReLU:
		e.op("Relu", out, in)
	case bench301.Add:
		e.op("Sum", out, in)
	case bench301.Concat:
		e.op("Concat", out, in, attribute{"axis", 1})
	case bench301.GlobalAvg:
		e.op("GlobalAveragePool", out, in)
	case bench301.Linear:
		e.op("Flatten", n.Name+".flat", in[:1])
		e.op("Gemm", out, append([]string{n.Name + ".flat"}, in[1:]...), attribute{"transB", 1})
	case bench301.DropPath:
		e.outputs[i] = in[0] // nothing is dropped after training
	case bench301.Zero:
		// Zeros of the input's batch size: the shape of the images, with the map's size in place of theirs.
		e.zero(n, out)
	default:
		return fmt.Errorf("kind %d has no ONNX operator here", n.Kind)
	}
	return nil
}

// window adds a convolution or pool. Windows that start behind the first pixel read a slice.
func (e *encoder) window(n bench301.Node, out string, in []string) error {
	if n.Offset > 0 {
		if n.Pad > 0 {
			return fmt.Errorf("windows with both padding and offset do not occur in these networks")
		}
		sliced := in[0] + ".from" + strconv.Itoa(n.Offset)
		if !e.constants[sliced] {
			e.constants[sliced] = true
			starts := "from" + strconv.Itoa(n.Offset)
			e.numbers(starts, int64(n.Offset), int64(n.Offset))
			e.numbers("to_end", math.MaxInt64, math.MaxInt64)
			e.numbers("height_width", 2, 3)
			e.op("Slice", sliced, []string{in[0], starts, "to_end", "height_width"})
		}
		in[0] = sliced
	}
	square := func(v int) []int { return []int{v, v} }
	attributes := []attribute{
		{"kernel_shape", square(n.Kernel)}, {"strides", square(n.Stride)}, {"pads", []int{n.Pad, n.Pad, n.Pad, n.Pad}},
	}
	switch n.Kind {
	case bench301.Conv:
		e.op("Conv", out, in, append(attributes, attribute{"dilations", square(n.Dilation)}, attribute{"group", n.Groups})...)
	case bench301.MaxPool:
		e.op("MaxPool", out, in, attributes...)
	default:
		e.op("AveragePool", out, in, append(attributes, attribute{"count_include_pad", 0})...)
	}
	return nil
}

// norm adds a batch normalisation by running statistics.
func (e *encoder) norm(n bench301.Node, out string, in []string) {
	fill := func(name string, v float32) string {
		name += "." + strconv.Itoa(n.C)
		values := make([]float32, n.C)
		for i := range values {
			values[i] = v
		}
		e.constant(name, []int{n.C}, values)
		return name
	}
	if len(n.Params) == 0 {
		in = append(in, fill("ones", 1), fill("zeros", 0))
	}
	var mean, variance []float64
	if e.model.Running != nil {
		mean, variance = e.model.Running(n.Name)
	}
	if mean == nil {
		in = append(in, fill("zeros", 0), fill("ones", 1))
	} else {
		e.constant(n.Name+".running_mean", []int{n.C}, narrow(mean))
		e.constant(n.Name+".running_var", []int{n.C}, narrow(variance))
		in = append(in, n.Name+".running_mean", n.Name+".running_var")
	}
	e.op("BatchNormalization", out, in, attribute{"epsilon", float32(epsilon)})
}

// zero adds a map of zeros for as many images as there are.
func (e *encoder) zero(n bench301.Node, out string) {
	e.numbers("first", 0)
	e.numbers("second", 1)
	e.op("Shape", out+".images", []string{"images"})
	e.op("Slice", out+".batch", []string{out + ".images", "first", "second"})
	e.numbers(out+".map", int64(n.C), int64(n.H), int64(n.W))
	e.op("Concat", out+".shape", []string{out + ".batch", out + ".map"}, attribute{"axis", 0})
	e.op("ConstantOfShape", out, []string{out + ".shape"})
}

func narrow(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}
