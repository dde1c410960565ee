package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"
)

type opcode byte

const (
	opMark            opcode = '('
	opEmptyTuple      opcode = ')'
	opStop            opcode = '.'
	opPop             opcode = '0'
	opPopMark         opcode = '1'
	opDup             opcode = '2'
	opBinBytes        opcode = 'B'
	opShortBinBytes   opcode = 'C'
	opBinFloat        opcode = 'G'
	opBinInt          opcode = 'J'
	opBinInt1         opcode = 'K'
	opBinInt2         opcode = 'M'
	opNone            opcode = 'N'
	opBinPersID       opcode = 'Q'
	opReduce          opcode = 'R'
	opBinString       opcode = 'T'
	opShortBinString  opcode = 'U'
	opBinUnicode      opcode = 'X'
	opEmptyList       opcode = ']'
	opAppend          opcode = 'a'
	opBuild           opcode = 'b'
	opGlobal          opcode = 'c'
	opAppends         opcode = 'e'
	opBinGet          opcode = 'h'
	opLongBinGet      opcode = 'j'
	opBinPut          opcode = 'q'
	opLongBinPut      opcode = 'r'
	opSetItem         opcode = 's'
	opTuple           opcode = 't'
	opSetItems        opcode = 'u'
	opEmptyDict       opcode = '}'
	opProto                  = 0x80
	opNewObj          opcode = 0x81
	opTuple1          opcode = 0x85
	opTuple2          opcode = 0x86
	opTuple3          opcode = 0x87
	opNewTrue         opcode = 0x88
	opNewFalse        opcode = 0x89
	opLong1           opcode = 0x8a
	opLong4           opcode = 0x8b
	opShortBinUnicode opcode = 0x8c
	opBinUnicode8     opcode = 0x8d
	opBinBytes8       opcode = 0x8e
	opStackGlobal     opcode = 0x93
	opMemoize         opcode = 0x94
	opFrame           opcode = 0x95
	opByteArray8      opcode = 0x96
)

// opcodeNames are CPython's names of the opcodes that can be run.
var opcodeNames = map[opcode]string{
	opMark: "MARK", opEmptyTuple: "EMPTY_TUPLE", opStop: "STOP", opPop: "POP", opPopMark: "POP_MARK", opDup: "DUP",
	opBinBytes: "BINBYTES", opShortBinBytes: "SHORT_BINBYTES", opBinFloat: "BINFLOAT", opBinInt: "BININT",
	opBinInt1: "BININT1", opBinInt2: "BININT2", opNone: "NONE", opBinPersID: "BINPERSID", opReduce: "REDUCE",
	opBinString: "BINSTRING", opShortBinString: "SHORT_BINSTRING",
	opBinUnicode: "BINUNICODE", opEmptyList: "EMPTY_LIST", opAppend: "APPEND", opBuild: "BUILD", opGlobal: "GLOBAL",
	opAppends: "APPENDS", opBinGet: "BINGET", opLongBinGet: "LONG_BINGET", opBinPut: "BINPUT",
	opLongBinPut: "LONG_BINPUT", opSetItem: "SETITEM", opTuple: "TUPLE", opSetItems: "SETITEMS",
	opEmptyDict: "EMPTY_DICT", opNewObj: "NEWOBJ", opTuple1: "TUPLE1", opTuple2: "TUPLE2", opTuple3: "TUPLE3",
	opNewTrue: "NEWTRUE", opNewFalse: "NEWFALSE", opLong1: "LONG1", opLong4: "LONG4",
	opShortBinUnicode: "SHORT_BINUNICODE", opBinUnicode8: "BINUNICODE8", opBinBytes8: "BINBYTES8",
	opStackGlobal: "STACK_GLOBAL", opMemoize: "MEMOIZE", opFrame: "FRAME", opByteArray8: "BYTEARRAY8",
}

func (op opcode) String() string {
	if name, ok := opcodeNames[op]; ok {
		return name
	}
	return fmt.Sprintf("opcode 0x%02x", byte(op))
}

// step runs one opcode.
func (m *machine) step(op opcode) error {
	switch op {
	case opNone:
		return m.push(nil)
	case opNewTrue:
		return m.push(true)
	case opNewFalse:
		return m.push(false)
	case opEmptyTuple:
		return m.push(Tuple(nil))
	case opEmptyList:
		return m.push(new(List))
	case opEmptyDict:
		return m.push(new(Dict))
	case opBinInt, opBinInt1, opBinInt2, opLong1, opLong4, opBinFloat:
		return m.stepNumber(op)
	case opBinBytes, opShortBinBytes, opBinBytes8, opByteArray8, opBinUnicode, opShortBinUnicode, opBinUnicode8,
		opBinString, opShortBinString:
		return m.stepText(op)
	case opMark, opPop, opPopMark, opDup, opTuple, opTuple1, opTuple2, opTuple3:
		return m.stepStack(op)
	case opBinGet, opLongBinGet, opBinPut, opLongBinPut, opMemoize:
		return m.stepMemo(op)
	case opAppend, opAppends, opSetItem, opSetItems:
		return m.stepFill(op)
	case opGlobal, opStackGlobal, opReduce, opNewObj, opBuild, opBinPersID:
		return m.stepObject(op)
	case opFrame:
		return m.stepFrame()
	}
	return fmt.Errorf("not among the opcodes that models are written with")
}

// stepFrame opens a frame (PEP 3154): the stated number of bytes must be there, and be read up before the next frame.
func (m *machine) stepFrame() error {
	n, err := m.number(8)
	if err != nil {
		return err
	}
	if m.frameEnd > m.pos {
		return fmt.Errorf("%d bytes before the end of the frame that is open", m.frameEnd-m.pos)
	}
	if left := uint64(len(m.data) - m.pos); n > left {
		return fmt.Errorf("a frame of %d bytes, the file has %d left", n, left)
	}
	m.frameEnd = m.pos + int(n)
	return nil
}

// maxInt is the most bytes an integer may have; PyTorch's magic number has 10.
const maxInt = 1024

func (m *machine) stepNumber(op opcode) error {
	switch op {
	case opBinFloat:
		b, err := m.take(8)
		if err != nil {
			return err
		}
		return m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	case opLong1, opLong4:
		size := uint64(1)
		if op == opLong4 {
			size = 4
		}
		b, err := m.counted(size)
		if err != nil {
			return err
		}
		if len(b) > maxInt {
			return fmt.Errorf("an integer of %d bytes: at most %d can be read", len(b), maxInt)
		}
		return m.push(integer(b))
	}
	size := map[opcode]uint64{opBinInt: 4, opBinInt1: 1, opBinInt2: 2}[op]
	n, err := m.number(size)
	if op == opBinInt {
		n = uint64(int64(int32(n)))
	}
	if err != nil {
		return err
	}
	return m.push(int64(n))
}

// integer reads two's complement, least significant byte first.
func integer(b []byte) any {
	negative := len(b) > 0 && b[len(b)-1] >= 0x80
	if len(b) <= 8 {
		var wide [8]byte
		if negative {
			wide = [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
		}
		copy(wide[:], b)
		return int64(binary.LittleEndian.Uint64(wide[:]))
	}
	big1 := slices.Clone(b)
	slices.Reverse(big1)
	n := new(big.Int).SetBytes(big1)
	if negative {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

func (m *machine) stepText(op opcode) error {
	size := uint64(4)
	switch op {
	case opShortBinBytes, opShortBinUnicode, opShortBinString:
		size = 1
	case opBinBytes8, opByteArray8, opBinUnicode8:
		size = 8
	}
	b, err := m.counted(size)
	if err != nil {
		return err
	}
	if op == opBinBytes || op == opShortBinBytes || op == opBinBytes8 || op == opByteArray8 {
		return m.push(b[:len(b):len(b)])
	}
	if op == opBinString || op == opShortBinString { // a str of Python 2: text in some encoding, or bytes
		return m.push(string(b))
	}
	if !utf8.Valid(b) {
		return fmt.Errorf("text of %d bytes is not UTF-8", len(b))
	}
	return m.push(string(b))
}

func (m *machine) stepStack(op opcode) error {
	switch op {
	case opMark:
		if m.values++; m.values > m.most {
			return fmt.Errorf("more than %d values", m.most)
		}
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opPop:
		if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
			m.marks = m.marks[:n-1]
			return nil
		}
		_, err := m.pop()
		return err
	case opPopMark:
		_, err := m.popMark()
		return err
	case opDup:
		v, err := m.top()
		if err != nil {
			return err
		}
		return m.push(v)
	}
	var items []any
	var err error
	if op == opTuple {
		items, err = m.popMark()
	} else {
		items, err = m.popN(1 + int(op-opTuple1))
	}
	if err != nil {
		return err
	}
	return m.push(Tuple(items))
}

// stepMemo runs the opcodes that share values. Writers number the memo upwards from 0, or from 1 as Python 2 did, so an
// index beyond its end is a damaged file.
func (m *machine) stepMemo(op opcode) error {
	index := uint64(len(m.memo))
	if op != opMemoize {
		size := uint64(1)
		if op == opLongBinGet || op == opLongBinPut {
			size = 4
		}
		var err error
		if index, err = m.number(size); err != nil {
			return err
		}
	}
	if op == opBinGet || op == opLongBinGet {
		if index >= uint64(len(m.memo)) {
			return fmt.Errorf("memo index %d: the memo has %d entries", index, len(m.memo))
		}
		return m.push(m.memo[index])
	}
	v, err := m.top()
	if index == 1 && len(m.memo) == 0 && err == nil {
		m.memo = append(m.memo, nil)
	}
	switch {
	case err != nil:
		return err
	case index > uint64(len(m.memo)):
		return fmt.Errorf("memo index %d: the memo has %d entries, the next is number %[2]d", index, len(m.memo))
	case index < uint64(len(m.memo)):
		m.memo[index] = v
		return nil
	case len(m.memo) >= m.most:
		return fmt.Errorf("more than %d memo entries", m.most)
	}
	m.memo = append(m.memo, v)
	return nil
}
