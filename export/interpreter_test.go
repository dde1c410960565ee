package export

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// An interpreter of the ONNX operators that ONNX uses, in float64 and written from the operators' specification, so
// that a plain `go test` checks what the files mean.

// fields splits a protocol buffer into its fields.
func fields(t *testing.T, data []byte, f func(field protowire.Number, number uint64, raw []byte)) {
	t.Helper()
	for len(data) > 0 {
		field, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		data = data[n:]
		var number uint64
		var raw []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(data)
			number = uint64(v)
		case protowire.BytesType:
			raw, n = protowire.ConsumeBytes(data)
		default:
			t.Fatalf("field %d of wire type %d", field, kind)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		f(field, number, raw)
		data = data[n:]
	}
}

func packed(raw []byte) (out []int) {
	for len(raw) > 0 {
		v, n := protowire.ConsumeVarint(raw)
		out, raw = append(out, int(int64(v))), raw[n:]
	}
	return out
}

// array is a tensor; integers are stored as floats, which holds all that occur.
type array struct {
	shape []int
	data  []float64
}

func zeros(shape ...int) array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return array{shape, make([]float64, n)}
}

type operator struct {
	kind       string
	in         []string
	out        string
	attributes map[string][]int
	epsilon    float64
}

// parsedModel is what an ONNX file says.
type parsedModel struct {
	ir, opset int
	about     map[string]string
	ops       []operator
	values    map[string]array
}

func parseModel(t *testing.T, data []byte) parsedModel {
	m := parsedModel{about: map[string]string{}, values: map[string]array{}}
	fields(t, data, func(field protowire.Number, number uint64, raw []byte) {
		switch field {
		case 1:
			m.ir = int(number)
		case 7:
			fields(t, raw, func(field protowire.Number, _ uint64, raw []byte) {
				switch field {
				case 1:
					m.ops = append(m.ops, parseOperator(t, raw))
				case 5:
					name, a := parseTensor(t, raw)
					if _, twice := m.values[name]; twice {
						t.Fatalf("tensor %s appears twice", name)
					}
					m.values[name] = a
				}
			})
		case 8:
			fields(t, raw, func(field protowire.Number, number uint64, _ []byte) {
				if field == 2 {
					m.opset = int(number)
				}
			})
		case 14:
			var pair [3]string
			fields(t, raw, func(field protowire.Number, _ uint64, raw []byte) { pair[field] = string(raw) })
			m.about[pair[1]] = pair[2]
		}
	})
	return m
}

func parseOperator(t *testing.T, data []byte) operator {
	o := operator{attributes: map[string][]int{}}
	fields(t, data, func(field protowire.Number, _ uint64, raw []byte) {
		switch field {
		case 1:
			o.in = append(o.in, string(raw))
		case 2:
			o.out = string(raw)
		case 4:
			o.kind = string(raw)
		case 5:
			var name string
			fields(t, raw, func(field protowire.Number, number uint64, raw []byte) {
				switch field {
				case 1:
					name = string(raw)
				case 2:
					o.epsilon = float64(math.Float32frombits(uint32(number)))
				case 3:
					o.attributes[name] = []int{int(int64(number))}
				case 8:
					o.attributes[name] = packed(raw)
				}
			})
		}
	})
	return o
}

func parseTensor(t *testing.T, data []byte) (name string, a array) {
	kind := uint64(0)
	var content []byte
	fields(t, data, func(field protowire.Number, number uint64, raw []byte) {
		switch field {
		case 1:
			a.shape = packed(raw)
		case 2:
			kind = number
		case 8:
			name = string(raw)
		case 9:
			content = raw
		}
	})
	a = zeros(a.shape...)
	for i := range a.data {
		if kind == 7 {
			a.data[i] = float64(int64(binary.LittleEndian.Uint64(content[8*i:])))
		} else {
			a.data[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(content[4*i:])))
		}
	}
	return name, a
}

// run computes all values from the images.
func (m parsedModel) run(t *testing.T, images array) array {
	m.values["images"] = images
	for _, o := range m.ops {
		in := make([]array, len(o.in))
		for i, name := range o.in {
			a, ok := m.values[name]
			if !ok {
				t.Fatalf("%s %s reads %s before it is computed", o.kind, o.out, name)
			}
			in[i] = a
		}
		out, err := o.apply(in)
		if err != nil {
			t.Fatalf("%s %s: %v", o.kind, o.out, err)
		}
		m.values[o.out] = out
	}
	return m.values["logits"]
}

func (o operator) apply(in []array) (array, error) {
	x := in[0]
	switch o.kind {
	case "Conv", "MaxPool", "AveragePool":
		return o.window(in), nil
	case "Relu":
		return pointwise(x, func(v float64, _ int) float64 { return max(v, 0) }), nil
	case "BatchNormalization":
		return pointwise(x, func(v float64, c int) float64 {
			return (v-in[3].data[c])/math.Sqrt(in[4].data[c]+o.epsilon)*in[1].data[c] + in[2].data[c]
		}), nil
	case "Sum":
		out := zeros(x.shape...)
		for _, a := range in {
			for i, v := range a.data {
				out.data[i] += v
			}
		}
		return out, nil
	case "GlobalAveragePool":
		out := zeros(x.shape[0], x.shape[1], 1, 1)
		area := x.shape[2] * x.shape[3]
		for i, v := range x.data {
			out.data[i/area] += v / float64(area)
		}
		return out, nil
	case "Flatten":
		return array{[]int{x.shape[0], len(x.data) / x.shape[0]}, x.data}, nil
	case "Gemm":
		out := zeros(x.shape[0], in[1].shape[0])
		width := x.shape[1]
		for i := range out.data {
			n, k := i/in[1].shape[0], i%in[1].shape[0]
			out.data[i] = in[2].data[k]
			for j := range width {
				out.data[i] += x.data[n*width+j] * in[1].data[k*width+j]
			}
		}
		return out, nil
	case "Concat":
		return concatenate(in, o.attributes["axis"][0]), nil
	case "Slice":
		if len(x.shape) == 1 {
			lo, hi := int(in[1].data[0]), int(in[2].data[0])
			return array{[]int{hi - lo}, x.data[lo:hi]}, nil
		}
		from := int(in[1].data[0])
		out := zeros(x.shape[0], x.shape[1], x.shape[2]-from, x.shape[3]-from)
		for i := range out.data {
			c, r, map2 := i%out.shape[3], i/out.shape[3]%out.shape[2], i/(out.shape[3]*out.shape[2])
			out.data[i] = x.data[(map2*x.shape[2]+r+from)*x.shape[3]+c+from]
		}
		return out, nil
	case "Shape":
		out := zeros(len(x.shape))
		for i, d := range x.shape {
			out.data[i] = float64(d)
		}
		return out, nil
	case "ConstantOfShape":
		var shape []int
		for _, d := range x.data {
			shape = append(shape, int(d))
		}
		return zeros(shape...), nil
	}
	return array{}, fmt.Errorf("unknown operator")
}

func pointwise(x array, f func(v float64, channel int) float64) array {
	out := zeros(x.shape...)
	area := x.shape[2] * x.shape[3]
	for i, v := range x.data {
		out.data[i] = f(v, i/area%x.shape[1])
	}
	return out
}

func concatenate(in []array, axis int) array {
	shape := append([]int(nil), in[0].shape...)
	outer := 1
	for _, d := range shape[:axis] {
		outer *= d
	}
	shape[axis] = 0
	for _, a := range in {
		shape[axis] += a.shape[axis]
	}
	out := array{shape: shape}
	for n := range outer {
		for _, a := range in {
			k := len(a.data) / outer
			out.data = append(out.data, a.data[n*k:(n+1)*k]...)
		}
	}
	return out
}

// window is a convolution or a pool; pools are depthwise.
func (o operator) window(in []array) array {
	x := in[0]
	one := func(name string, otherwise int) int {
		if v := o.attributes[name]; v != nil {
			return v[0]
		}
		return otherwise
	}
	k, stride, pad, dilation := one("kernel_shape", 1), one("strides", 1), one("pads", 0), one("dilations", 1)
	channels, perGroup, groups := x.shape[1], 1, x.shape[1]
	if o.kind == "Conv" {
		channels, perGroup, groups = in[1].shape[0], in[1].shape[1], one("group", 1)
	}
	size := func(n int) int { return (n+2*pad-dilation*(k-1)-1)/stride + 1 }
	out := zeros(x.shape[0], channels, size(x.shape[2]), size(x.shape[3]))
	for i := range out.data {
		col, row, c, n := i%out.shape[3], i/out.shape[3]%out.shape[2], i/(out.shape[3]*out.shape[2])%channels,
			i/(out.shape[3]*out.shape[2]*channels)
		sum, largest, inside := 0.0, math.Inf(-1), 0
		for j := range perGroup {
			source := c/(channels/groups)*perGroup + j
			for ky := range k {
				for kx := range k {
					y, z := row*stride-pad+ky*dilation, col*stride-pad+kx*dilation
					if y < 0 || z < 0 || y >= x.shape[2] || z >= x.shape[3] {
						continue
					}
					v := x.data[((n*x.shape[1]+source)*x.shape[2]+y)*x.shape[3]+z]
					if o.kind == "Conv" {
						v *= in[1].data[((c*perGroup+j)*k+ky)*k+kx]
					}
					sum, largest, inside = sum+v, max(largest, v), inside+1
				}
			}
		}
		switch o.kind {
		case "Conv":
			out.data[i] = sum
		case "MaxPool":
			out.data[i] = largest
		default:
			out.data[i] = sum / float64(inside)
		}
	}
	return out
}

func TestModelsMeanTheNetwork(t *testing.T) {
	for _, e := range models(t) {
		var b bytes.Buffer
		if err := ONNX(&b, e.model); err != nil {
			t.Fatal(err)
		}
		m := parseModel(t, b.Bytes())
		if m.ir != onnxIR || m.opset != onnxOpset || m.about["arch"] != e.model.About["arch"] {
			t.Errorf("%s: IR %d, opset %d, about %v", e.name, m.ir, m.opset, m.about)
		}
		in := e.model.Graph.Nodes[0]
		images := zeros(e.n, 3, in.H, in.W)
		for i, v := range channelsFirst(e.images, in.H*in.W) {
			images.data[i] = float64(v)
		}
		logits := m.run(t, images)
		for i, v := range logits.data {
			if math.Abs(v-float64(e.logits[i])) > 1e-5 {
				t.Errorf("%s: logit %d is %v in the file and %v here", e.name, i, v, e.logits[i])
			}
		}
		if len(logits.data) != len(e.logits) {
			t.Errorf("%s: %d logits, want %d", e.name, len(logits.data), len(e.logits))
		}
	}
}
