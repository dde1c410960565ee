package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// MaxValues is how many values one pickle may build, if Options say nothing else. A surrogate needs a few thousand.
const MaxValues = 1 << 17

// Decode reads the pickle that starts at data[start] and returns its value and the offset behind it, so that several
// pickles may follow one another. Errors name the offset in data.
func Decode(data []byte, start int) (value any, end int, err error) {
	return Options{}.Decode(data, start)
}

// Options say how a pickle of another kind than a model is read.
type Options struct {
	Values int                   // that it may build, and its memo may hold; 0 means MaxValues
	Empty  func(key string) bool // lists and dicts that stand in a dict under such a key are emptied as soon as they do
}

// Decode is Decode with options.
func (o Options) Decode(data []byte, start int) (value any, end int, err error) {
	if start < 0 || start > len(data) {
		return nil, start, fmt.Errorf("offset %d: want a pickle, the file has %d bytes", start, len(data))
	}
	m := machine{data: data, pos: start, most: o.Values, empty: o.Empty}
	if m.most == 0 {
		m.most = MaxValues
	}
	value, err = m.run()
	if err != nil {
		return nil, m.pos, fmt.Errorf("offset %d: %w", m.op, err)
	}
	n := nesting{height: map[any]int{}}
	if _, err := n.of(value, 0); err != nil {
		return nil, m.pos, fmt.Errorf("offset %d: pickle: %w", start, err)
	}
	return value, m.pos, nil
}

// machine is the pickle machine: a stack, marks into it, and a memo.
type machine struct {
	data     []byte
	pos      int // next byte
	op       int // offset of the opcode being run
	frameEnd int // offset behind the current frame, 0 outside of frames
	stack    []any
	marks    []int // stack heights
	memo     []any
	values   int
	most     int // values
	empty    func(key string) bool
}

func (m *machine) run() (any, error) {
	m.op = m.pos
	proto, err := m.take(2)
	switch {
	case err != nil:
		return nil, err
	case proto[0] != opProto:
		return nil, fmt.Errorf("byte 0x%02x: want 0x80, the start of a pickle of protocol 2 to 5", proto[0])
	case proto[1] < 2 || proto[1] > 5:
		return nil, fmt.Errorf("pickle protocol %d: protocols 2 to 5 can be read", proto[1])
	}
	for {
		m.op = m.pos
		code, err := m.take(1)
		if err != nil {
			return nil, fmt.Errorf("want an opcode: %w", err)
		}
		op := opcode(code[0])
		if op == opStop {
			return m.result()
		}
		if err := m.step(op); err != nil {
			return nil, fmt.Errorf("%s: %w", op, err)
		}
	}
}

// result is the value that STOP leaves.
func (m *machine) result() (any, error) {
	switch {
	case len(m.marks) > 0:
		return nil, fmt.Errorf("%s: %d marks are still open", opStop, len(m.marks))
	case len(m.stack) != 1:
		return nil, fmt.Errorf("%s: %d values on the stack: want 1", opStop, len(m.stack))
	case m.frameEnd > m.pos:
		return nil, fmt.Errorf("%s: %d bytes before the end of its frame", opStop, m.frameEnd-m.pos)
	}
	return m.stack[0], nil
}

// take returns the next n bytes without copying them.
func (m *machine) take(n uint64) ([]byte, error) {
	if m.frameEnd != 0 && m.pos >= m.frameEnd {
		m.frameEnd = 0
	}
	limit, what := len(m.data), "file"
	if m.frameEnd != 0 {
		limit, what = m.frameEnd, "frame"
	}
	if left := uint64(limit - m.pos); n > left {
		return nil, fmt.Errorf("want %d bytes, the %s has %d left", n, what, left)
	}
	b := m.data[m.pos : m.pos+int(n)]
	m.pos += int(n)
	return b, nil
}

// number reads a little-endian unsigned integer of the given size.
func (m *machine) number(size uint64) (uint64, error) {
	b, err := m.take(size)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:]), nil
}

// counted reads a length of the given size and that many bytes.
func (m *machine) counted(size uint64) ([]byte, error) {
	n, err := m.number(size)
	if err != nil {
		return nil, err
	}
	return m.take(n)
}

// line reads up to the next newline.
func (m *machine) line() (string, error) {
	limit := len(m.data)
	if m.frameEnd > m.pos {
		limit = m.frameEnd
	}
	n := bytes.IndexByte(m.data[m.pos:limit], '\n')
	if n < 0 {
		return "", fmt.Errorf("want a line, no newline follows")
	}
	b, err := m.take(uint64(n) + 1)
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

func (m *machine) push(v any) error {
	if m.values++; m.values > m.most {
		return fmt.Errorf("more than %d values", m.most)
	}
	m.stack = append(m.stack, v)
	return nil
}

// floor is the lowest stack height that a pop may reach.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, fmt.Errorf("the stack is empty")
	}
	v := m.stack[len(m.stack)-1]
	m.stack[len(m.stack)-1] = nil
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, fmt.Errorf("the stack is empty")
	}
	return m.stack[len(m.stack)-1], nil
}

// popN returns the n topmost values in a slice of their own.
func (m *machine) popN(n int) ([]any, error) {
	if len(m.stack)-n < m.floor() {
		return nil, fmt.Errorf("%d values on the stack: want %d", len(m.stack)-m.floor(), n)
	}
	cut := len(m.stack) - n
	out := append([]any(nil), m.stack[cut:]...)
	clear(m.stack[cut:])
	m.stack = m.stack[:cut]
	return out, nil
}

// popMark returns the values above the topmost mark and removes it.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, fmt.Errorf("no mark is open")
	}
	n := len(m.stack) - m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	return m.popN(n)
}
