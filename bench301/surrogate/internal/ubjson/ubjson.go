// Package ubjson reads Universal Binary JSON as XGBoost writes it: big-endian numbers, objects without counts, arrays
// with counts, and arrays of one number type stored raw.
//
// Every count is compared with the bytes that are left before anything is allocated. The format is described at
// https://ubjson.org; the subset is that of XGBoost 1.6 and later.
package ubjson

import (
	"encoding/binary"
	"fmt"
	"math"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 64

// maxValues is how many values outside of typed arrays a document may hold. An object counts as many because its map
// takes so much more memory than its bytes.
const (
	maxValues   = 1 << 21
	objectCosts = 16
)

// Decode reads one value. It becomes nil, bool, int64, float64, string, map[string]any, []any, or for arrays of one
// type []uint8, []int64, []float32 or []float64. Errors name the offset.
func Decode(data []byte) (any, error) {
	d := decoder{data: data}
	v, err := d.value(0)
	if err == nil && d.pos != len(data) {
		err = fmt.Errorf("%d bytes follow the document", len(data)-d.pos)
	}
	if err != nil {
		return nil, fmt.Errorf("offset %d: %w", d.pos, err)
	}
	return v, nil
}

type decoder struct {
	data   []byte
	pos    int
	values int
}

func (d *decoder) left() int { return len(d.data) - d.pos }

func (d *decoder) take(n int64) ([]byte, error) {
	if n < 0 || n > int64(d.left()) {
		return nil, fmt.Errorf("want %d bytes, the document has %d left", n, d.left())
	}
	b := d.data[d.pos : d.pos+int(n)]
	d.pos += int(n)
	return b, nil
}

func (d *decoder) marker() (byte, error) {
	b, err := d.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (d *decoder) value(depth int) (any, error) {
	m, err := d.marker()
	if err != nil {
		return nil, err
	}
	return d.marked(m, depth)
}

// marked reads the value behind its marker.
func (d *decoder) marked(m byte, depth int) (any, error) {
	if d.values++; d.values > maxValues {
		return nil, fmt.Errorf("more than %d values", maxValues)
	}
	if depth > MaxDepth {
		return nil, fmt.Errorf("values nest deeper than %d levels", MaxDepth)
	}
	switch m {
	case 'Z':
		return nil, nil
	case 'T':
		return true, nil
	case 'F':
		return false, nil
	case 'i', 'U', 'I', 'l', 'L':
		return d.integer(m)
	case 'd', 'D':
		return d.float(m)
	case 'C':
		b, err := d.take(1)
		return string(b), err
	case 'S':
		return d.text()
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	}
	d.pos--
	return nil, fmt.Errorf("byte 0x%02x: want the marker of a value", m)
}

func (d *decoder) integer(m byte) (int64, error) {
	b, err := d.take(int64(size[m]))
	if err != nil {
		return 0, err
	}
	switch m {
	case 'i':
		return int64(int8(b[0])), nil
	case 'U':
		return int64(b[0]), nil
	case 'I':
		return int64(int16(binary.BigEndian.Uint16(b))), nil
	case 'l':
		return int64(int32(binary.BigEndian.Uint32(b))), nil
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

func (d *decoder) float(m byte) (float64, error) {
	b, err := d.take(int64(size[m]))
	if err != nil {
		return 0, err
	}
	if m == 'd' {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

// size is the number of bytes of a number.
var size = map[byte]int{'i': 1, 'U': 1, 'I': 2, 'l': 4, 'L': 8, 'd': 4, 'D': 8}

// length reads a count: an integer with its marker.
func (d *decoder) length() (int64, error) {
	m, err := d.marker()
	if err != nil {
		return 0, err
	}
	switch m {
	case 'i', 'U', 'I', 'l', 'L':
	default:
		d.pos--
		return 0, fmt.Errorf("byte 0x%02x: want the marker of a length (i, U, I, l or L)", m)
	}
	n, err := d.integer(m)
	if err == nil && n < 0 {
		err = fmt.Errorf("length %d: want at least 0", n)
	}
	return n, err
}

func (d *decoder) text() (string, error) {
	n, err := d.length()
	if err != nil {
		return "", err
	}
	b, err := d.take(n)
	return string(b), err
}

func (d *decoder) object(depth int) (map[string]any, error) {
	out := map[string]any(nil)
	for {
		if d.left() > 0 && d.data[d.pos] == '}' {
			d.pos++
			return out, nil
		}
		key, err := d.text()
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("key %.60q stands twice", key)
		}
		if out == nil {
			out = map[string]any{}
			d.values += objectCosts
		}
		out[key] = v
	}
}

func (d *decoder) array(depth int) (any, error) {
	m, err := d.marker()
	if err != nil {
		return nil, err
	}
	var of byte // the type of all elements
	if m == '$' {
		if of, err = d.marker(); err != nil {
			return nil, err
		}
		if size[of] == 0 {
			return nil, fmt.Errorf("an array of type 0x%02x: want a number type", of)
		}
		if m, err = d.marker(); err != nil {
			return nil, err
		}
		if m != '#' {
			return nil, fmt.Errorf("byte 0x%02x: a typed array wants its count (#)", m)
		}
	}
	if m != '#' {
		return d.open(m, depth)
	}
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	if of != 0 {
		return d.typed(of, n)
	}
	if n > int64(d.left()) {
		return nil, fmt.Errorf("an array of %d values, the document has %d bytes left", n, d.left())
	}
	out := make([]any, 0, min(n, 4096))
	for range n {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// open reads an array that ends with a bracket; m is the marker of its first value.
func (d *decoder) open(m byte, depth int) (any, error) {
	out := []any{}
	for m != ']' {
		v, err := d.marked(m, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if m, err = d.marker(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// typed reads n raw elements.
func (d *decoder) typed(of byte, n int64) (any, error) {
	each := int64(size[of])
	if n > int64(d.left())/each {
		return nil, fmt.Errorf("an array of %d elements of %d bytes, the document has %d left", n, each, d.left())
	}
	b, err := d.take(n * each)
	if err != nil {
		return nil, err
	}
	switch of {
	case 'U':
		return b, nil
	case 'd':
		out := make([]float32, n)
		for i := range out {
			out[i] = math.Float32frombits(binary.BigEndian.Uint32(b[4*i:]))
		}
		return out, nil
	case 'D':
		out := make([]float64, n)
		for i := range out {
			out[i] = math.Float64frombits(binary.BigEndian.Uint64(b[8*i:]))
		}
		return out, nil
	}
	out := make([]int64, n)
	for i := range out {
		element := b[int64(i)*each:]
		switch of {
		case 'i':
			out[i] = int64(int8(element[0]))
		case 'I':
			out[i] = int64(int16(binary.BigEndian.Uint16(element)))
		case 'l':
			out[i] = int64(int32(binary.BigEndian.Uint32(element)))
		case 'L':
			out[i] = int64(binary.BigEndian.Uint64(element))
		}
	}
	return out, nil
}
