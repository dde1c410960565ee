package export

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protocol buffer under construction. ONNX models are flat enough to write field by field; the numbers in
// onnx.go are those of onnx.proto3.
type message struct{ data []byte }

func (m *message) integer(field protowire.Number, v int64) {
	m.data = protowire.AppendTag(m.data, field, protowire.VarintType)
	m.data = protowire.AppendVarint(m.data, uint64(v))
}

func (m *message) float(field protowire.Number, v float32) {
	m.data = protowire.AppendTag(m.data, field, protowire.Fixed32Type)
	m.data = protowire.AppendFixed32(m.data, math.Float32bits(v))
}

func (m *message) text(field protowire.Number, v string) {
	m.data = protowire.AppendTag(m.data, field, protowire.BytesType)
	m.data = protowire.AppendString(m.data, v)
}

func (m *message) bytes(field protowire.Number, v []byte) {
	m.data = protowire.AppendTag(m.data, field, protowire.BytesType)
	m.data = protowire.AppendBytes(m.data, v)
}

// integers writes a packed list.
func (m *message) integers(field protowire.Number, v []int) {
	var packed []byte
	for _, x := range v {
		packed = protowire.AppendVarint(packed, uint64(int64(x)))
	}
	m.bytes(field, packed)
}

// message writes a message inside this one.
func (m *message) message(field protowire.Number, build func(*message)) {
	var inner message
	build(&inner)
	m.bytes(field, inner.data)
}

// little returns values as little-endian bytes.
func little(values []float32) []byte {
	out := make([]byte, 0, 4*len(values))
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}
