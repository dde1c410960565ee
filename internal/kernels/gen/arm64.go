package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// Instructions that kernels for NEON have beside those of amd64.
const (
	opLoadAndAdd = "LD1P" // a block's vectors from an address, which then moves on
	opNarrow     = "XTN"  // 32-bit lanes to bytes in memory
)

// loadAndAdd loads neighbouring vectors from where at points to and adds step to at.
func (v isa) loadAndAdd(to []reg.VecPhysical, at, step Op) {
	i := &ir.Instruction{Opcode: opLoadAndAdd, Operands: []Op{at, step}, Inputs: []Op{at, step}, Outputs: []Op{at}}
	for _, r := range to {
		i.Operands, i.Outputs = append(i.Operands, r), append(i.Outputs, r)
	}
	v.Instruction(i)
}

// narrow stores the low bytes of a vector's lanes.
func (v isa) narrow(r reg.VecPhysical, m Mem) {
	v.Instruction(&ir.Instruction{Opcode: opNarrow, Operands: []Op{r, m}, Inputs: []Op{r}, Outputs: []Op{m}})
}

// arm64 prints kernels, described in the instructions of amd64, as those of arm64. Vector Yn is the pair V2n, V2n+1;
// the integer registers are R0 to R15. V30, V31, R16 and R17 hold operands that amd64 takes from memory, R19 to R24
// addresses that it computes on the way. What a broadcast loads stays one value, and multiplications take it as an
// element.
type arm64 struct {
	printer.Config
	bytes.Buffer
	scalars   map[int]bool // vectors that a broadcast filled
	addresses []address
	oldest    int // the address that makes way for a new one
}

// address is the sum that register R19+i of arm64.addresses holds; index -1 is none.
type address struct{ base, index, scale, disp int }

func newARM64(c printer.Config) printer.Printer { return &arm64{Config: c} }

// Where vectors and integers that no instruction of amd64 has live meanwhile.
const (
	spareVector  = 15 // V30 and V31
	spare, other = "R16", "R17"
	firstAddress = 19
	addressCount = 6
	belowLocals  = 16 // bytes of the frame: the link register, and what aligns a vector
)

func (p *arm64) Print(f *ir.File) ([]byte, error) {
	fmt.Fprintf(p, "// %s\n\n//go:build !purego\n\n#include \"textflag.h\"\n", p.GeneratedWarning())
	for _, fn := range f.Functions() {
		frame := 0
		if fn.LocalSize > 0 {
			frame = fn.LocalSize + belowLocals - 8
		}
		fmt.Fprintf(p, "\n// func %s(args *byte)\nTEXT ·%s(SB), NOSPLIT, $%d-8\n", fn.Name, fn.Name, frame)
		p.forget()
		for i := 0; i < len(fn.Nodes); i++ {
			switch n := fn.Nodes[i].(type) {
			case ir.Label:
				fmt.Fprintf(p, "\n%s:\n", string(n))
				p.forget()
			case *ir.Instruction:
				var next *ir.Instruction
				if i+1 < len(fn.Nodes) {
					next, _ = fn.Nodes[i+1].(*ir.Instruction)
				}
				if p.fuse(n, next) {
					p.written(n)
					p.written(next)
					i++
					continue
				}
				if n.Opcode != "VBROADCASTSS" {
					p.written(n)
				}
				p.instruction(n)
			}
		}
	}
	return p.Bytes(), nil
}

// forget drops what is known of registers: a jump may lead here.
func (p *arm64) forget() {
	p.scalars = map[int]bool{}
	p.addresses = slices.Repeat([]address{{base: -1}}, addressCount)
}

// written drops what was known of the registers that an instruction writes.
func (p *arm64) written(i *ir.Instruction) {
	for _, r := range i.OutputRegisters() {
		id := number(r)
		if r.Kind() == reg.KindVector {
			delete(p.scalars, id)
			continue
		}
		for k, a := range p.addresses {
			if a.base == id || a.index == id {
				p.addresses[k].base = -1
			}
		}
	}
}

// number is a register's in the machine.
func number(op Op) int { return int(op.(reg.Physical).PhysicalIndex()) }

// integer names an integer register.
func integer(op Op) string { return fmt.Sprintf("R%d", number(op)) }

// halves are the registers of a vector.
func halves(op Op) []int { return []int{2 * number(op), 2*number(op) + 1} }

// ins prints an instruction.
func (p *arm64) ins(format string, a ...any) { fmt.Fprintf(p, "\t"+format+"\n", a...) }

// word prints an instruction that Go's assembler does not know: its name and its bits without the registers.
func (p *arm64) word(name string, bits, d, n, m int) {
	p.ins("WORD $0x%08x // %s V%d, V%d, V%d", bits|m<<16|n<<5|d, name, d, n, m)
}

// unary is word for an instruction of one source.
func (p *arm64) unary(name string, bits, d, n int) {
	p.ins("WORD $0x%08x // %s V%d, V%d", bits|n<<5|d, name, d, n)
}

// move copies a register.
func (p *arm64) move(from, to int) {
	if from != to {
		p.ins("VMOV V%d.B16, V%d.B16", from, to)
	}
}

// at writes an operand in memory whose displacement may be up to limit.
func (p *arm64) at(op Op, limit int) string {
	m := op.(Mem)
	if m.Base == reg.StackPointer {
		return fmt.Sprintf("%d(RSP)", m.Disp+belowLocals)
	}
	if m.Base == reg.FramePointer {
		return m.Asm()
	}
	a := address{base: number(m.Base), index: -1}
	if m.Index != nil {
		a.index, a.scale = number(m.Index), int(m.Scale)
	}
	if m.Disp > limit {
		a.disp = m.Disp / 1024 * 1024
	}
	if a.index < 0 && a.disp == 0 {
		return fmt.Sprintf("%d(R%d)", m.Disp, a.base)
	}
	k := slices.Index(p.addresses, a)
	if k < 0 {
		k = p.oldest
		p.oldest = (p.oldest + 1) % addressCount
		p.addresses[k] = a
		p.sum(a, fmt.Sprintf("R%d", firstAddress+k))
	}
	return fmt.Sprintf("%d(R%d)", m.Disp-a.disp, firstAddress+k)
}

// sum computes an address.
func (p *arm64) sum(a address, to string) {
	from := fmt.Sprintf("R%d", a.base)
	if a.index >= 0 {
		shift := map[int]string{1: "", 2: "<<1", 4: "<<2", 8: "<<3"}[a.scale]
		p.ins("ADD R%d%s, %s, %s", a.index, shift, from, to)
		from = to
	}
	if a.disp != 0 {
		p.ins("ADD $%d, %s, %s", a.disp, from, to)
	}
}

// What instructions of a size reach from a register.
const (
	reachPair  = 1008
	reachQuad  = 65520
	reachEight = 32760
	reachFour  = 16380
	reachByte  = 4095
)

// source gives an operand in integer registers: its own, a constant, or the spare register it is loaded to.
func (p *arm64) source(op Op, into string) string {
	switch op := op.(type) {
	case Mem:
		p.ins("MOVD %s, %s", p.at(op, reachEight), into)
		return into
	case reg.Register:
		return integer(op)
	}
	return op.Asm()
}

// integers prints what an operation makes of two integers, which replaces the second one.
func (p *arm64) integers(mnemonic string, src, dst Op) {
	a := p.source(src, spare)
	b := p.source(dst, other)
	p.ins("%s %s, %s, %s", mnemonic, a, b, b)
	if _, ok := dst.(Mem); ok {
		p.ins("MOVD %s, %s", b, p.at(dst, reachEight))
	}
}

// vector gives the registers of an operand, which from memory go into the spare ones.
func (p *arm64) vector(op Op) []int {
	m, ok := op.(Mem)
	if !ok {
		if p.scalars[number(op)] {
			panic("arm64: a broadcast value is used as a vector")
		}
		return halves(op)
	}
	p.ins("FLDPQ %s, (F%d, F%d)", p.at(m, reachPair), 2*spareVector, 2*spareVector+1)
	return []int{2 * spareVector, 2*spareVector + 1}
}

// each prints d = f(a, b), or d += of them, lane by lane.
func (p *arm64) each(name string, bits int, a, b, d Op) {
	x, y := p.vector(a), p.vector(b)
	for i, r := range halves(d) {
		p.word(name, bits, r, y[i], x[i])
	}
}

// times is each where one of a and b may be a broadcast value.
func (p *arm64) times(name string, bits, byElement int, a, b, d Op) {
	broadcast := func(op Op) bool {
		r, ok := op.(reg.Register)
		return ok && p.scalars[number(r)]
	}
	if broadcast(b) {
		a, b = b, a
	}
	if !broadcast(a) {
		p.each(name+".4S", bits, a, b, d)
		return
	}
	y := p.vector(b)
	for i, r := range halves(d) {
		p.word(name+".4S by element 0", byElement, r, y[i], 2*number(a))
	}
}

// fuse prints two instructions as one, if it can.
func (p *arm64) fuse(i, next *ir.Instruction) bool {
	if next == nil || i.Opcode != "VMOVUPS" {
		return false
	}
	from, to := i.Operands[0], i.Operands[1]
	switch next.Opcode {
	case "ADDQ": // move on behind what is loaded or stored
		m, load := from.(Mem)
		if !load {
			m, _ = to.(Mem)
		}
		step, ok := next.Operands[0].(reg.Register)
		if !ok || m.Index != nil || m.Disp != 0 || next.Operands[1] != m.Base || step == m.Base {
			return false
		}
		if load {
			v := halves(to)
			p.ins("VLD1.P (%s)(%s), [V%d.S4, V%d.S4]", integer(m.Base), integer(step), v[0], v[1])
		} else {
			v := p.vector(from)
			p.ins("VST1.P [V%d.S4, V%d.S4], (%s)(%s)", v[0], v[1], integer(m.Base), integer(step))
		}
		return true
	case "VFMADD213PS": // the product goes on top of a copy of the addend
		if _, load := from.(Mem); !load || to != next.Operands[2] {
			return false
		}
		x, add := p.vector(from), p.vector(next.Operands[0])
		for k, r := range halves(to) {
			p.move(add[k], r)
			p.word("FMLA.4S", fmla, r, halves(next.Operands[1])[k], x[k])
		}
		return true
	}
	return false
}

// Bits of instructions that Go's assembler lacks, those of registers left out.
const (
	fmla, fmlaElement = 0x4e20cc00, 0x4f801000
	fmul, fmulElement = 0x6e20dc00, 0x4f809000
	fadd4, fadd2      = 0x4e20d400, 0x4e60d400
	fcmgt             = 0x6ea0e400
	cmeq              = 0x6ea08c00
	and               = 0x4e201c00
	bit, bif          = 0x6ea01c00, 0x6ee01c00
	fcvtl, fcvtl2     = 0x0e617800, 0x4e617800
	fcvtn, fcvtn2     = 0x0e616800, 0x4e616800
	xtn4, xtn4upper   = 0x0e612800, 0x4e612800
	xtn8              = 0x0e212800
	uxtl8             = 0x2f08a400
	uxtl4, uxtl4upper = 0x2f10a400, 0x6f10a400
	addv8             = 0x0e31b800
)

// instruction prints one instruction of amd64. Operands stand in the order of Go's assembler, the result last.
func (p *arm64) instruction(i *ir.Instruction) {
	o := i.Operands
	jumps := map[string]string{"JMP": "B", "JZ": "BEQ", "JEQ": "BEQ", "JNZ": "BNE", "JLT": "BLT"}
	const s0, s1 = 2 * spareVector, 2*spareVector + 1
	switch i.Opcode {
	case "VZEROUPPER":
	case "RET":
		p.ins("RET")
	case "JMP", "JZ", "JEQ", "JNZ", "JLT":
		p.ins("%s %s", jumps[i.Opcode], o[0].Asm())

	case "MOVQ", "MOVL":
		if dst, ok := o[1].(reg.Register); ok {
			p.ins("MOVD %s, %s", p.operand(o[0]), integer(dst))
			return
		}
		from := p.source(o[0], spare)
		if from[0] == '$' {
			p.ins("MOVD %s, %s", from, spare)
			from = spare
		}
		p.ins("MOVD %s, %s", from, p.at(o[1], reachEight))
	case "MOVB":
		p.ins("MOVB %s, %s", integer(o[0]), p.at(o[1], reachByte))
	case "ADDQ":
		p.integers("ADD", o[0], o[1])
	case "SUBQ":
		p.integers("SUBS", o[0], o[1])
	case "DECQ":
		p.integers("SUBS", U8(1), o[0])
	case "SHLQ":
		p.integers("LSL", o[0], o[1])
	case "SHRQ":
		p.integers("LSR", o[0], o[1])
	case "IMULQ":
		p.integers("MUL", o[0], o[1])
	case "CMPQ":
		a := p.source(o[0], spare)
		p.ins("CMP %s, %s", p.source(o[1], other), a)
	case "TESTQ":
		p.ins("CMP $0, %s", integer(o[0]))
	case "LEAQ":
		m := o[0].(Mem)
		p.sum(address{number(m.Base), number(m.Index), int(m.Scale), m.Disp}, integer(o[1]))
	case "PREFETCHT0":
		p.ins("PRFM %s, PLDL1KEEP", p.at(o[0], reachEight))

	case "VXORPS":
		for _, r := range halves(o[2]) {
			p.ins("VEOR V%d.B16, V%d.B16, V%d.B16", r, r, r)
		}
	case "VMOVUPS", "VMOVUPD":
		p.load(o[0], o[1])
	case "VBROADCASTSS":
		p.ins("FMOVS %s, F%d", p.element(o[0].(Mem)), 2*number(o[1]))
		p.scalars[number(o[1])] = true
	case "VADDPS":
		p.each("FADD.4S", fadd4, o[0], o[1], o[2])
	case "VADDPD":
		p.each("FADD.2D", fadd2, o[0], o[1], o[2])
	case "VANDPS":
		p.each("AND", and, o[0], o[1], o[2])
	case "VPCMPEQD":
		p.each("CMEQ.4S", cmeq, o[0], o[1], o[2])
	case "VMULPS":
		p.times("FMUL", fmul, fmulElement, o[0], o[1], o[2])
	case "VFMADD231PS":
		p.times("FMLA", fmla, fmlaElement, o[0], o[1], o[2])
	case "VFMADD213PS":
		add := p.vector(o[0])
		for k, r := range halves(o[2]) {
			p.move(add[k], s0+k)
			p.word("FMLA.4S", fmla, s0+k, halves(o[1])[k], r)
			p.move(s0+k, r)
		}
	case "VCMPPS": // greater: the second operand than the first
		if o[0] != U8(14) {
			panic("arm64: VCMPPS " + o[0].Asm())
		}
		p.each("FCMGT.4S", fcmgt, o[1], o[2], o[3])
	case "VMAXPS": // the second operand where it is larger, else the first, as amd64 has it
		if o[0] != o[2] {
			panic("arm64: VMAXPS into another register than its first")
		}
		for k, r := range halves(o[0]) {
			b := halves(o[1])[k]
			p.word("FCMGT.4S", fcmgt, s0+k, b, r)
			p.word("BIT", bit, r, b, s0+k)
		}
	case "VBLENDVPS": // the second operand where the first is set, else the third
		for k, r := range halves(o[3]) {
			mask, yes, no := halves(o[0])[k], halves(o[1])[k], halves(o[2])[k]
			switch r {
			case no:
				p.word("BIT", bit, r, yes, mask)
			case yes:
				p.word("BIF", bif, r, no, mask)
			default:
				panic("arm64: VBLENDVPS into another register than those it takes")
			}
		}
	case "VMOVMSKPS": // a bit a lane
		p.bytes(o[0])
		p.ins("MOVD $0x8040201008040201, %s", spare)
		p.ins("FMOVD %s, F%d", spare, s1)
		p.word("AND", and, s0, s0, s1)
		p.unary("ADDV.8B", addv8, s0, s0)
		p.ins("VMOV V%d.B[0], %s", s0, integer(o[1]))

	case "VCVTPS2PD":
		from := s0
		if m, ok := o[0].(Mem); ok {
			p.ins("FMOVQ %s, F%d", p.at(m, reachQuad), from)
		} else {
			from = halves(o[0])[0]
		}
		to := halves(o[1])
		p.unary("FCVTL2.2D", fcvtl2, to[1], from)
		p.unary("FCVTL.2D", fcvtl, to[0], from)
	case "VCVTPD2PSY":
		from, to := halves(o[0]), halves(o[1])[0]
		p.unary("FCVTN.2S", fcvtn, to, from[0])
		p.unary("FCVTN2.4S", fcvtn2, to, from[1])
	case "VEXTRACTF128":
		p.move(halves(o[1])[1], halves(o[2])[0])
	case "VMOVD":
		p.ins("VDUP %s, V%d.S4", integer(o[0]), halves(o[1])[0])
	case "VPBROADCASTD":
		p.move(halves(o[0])[0], halves(o[1])[0])
		p.move(halves(o[0])[0], halves(o[1])[1])
	case "VPMOVZXBD":
		to := halves(o[1])
		p.ins("FMOVD %s, F%d", p.at(o[0], reachEight), s0)
		p.unary("UXTL.8H", uxtl8, s0, s0)
		p.unary("UXTL.4S", uxtl4, to[0], s0)
		p.unary("UXTL2.4S", uxtl4upper, to[1], s0)
	case opNarrow:
		p.bytes(o[0])
		p.ins("FMOVD F%d, %s", s0, p.at(o[1], reachEight))
	case opLoadAndAdd:
		list := ""
		for _, r := range o[2:] {
			for _, h := range halves(r) {
				list += fmt.Sprintf(", V%d.S4", h)
			}
		}
		p.ins("VLD1.P (%s)(%s), [%s]", integer(o[0]), integer(o[1]), list[2:])
	default:
		panic("arm64: unknown instruction " + i.Opcode)
	}
}

// operand is what MOVD takes: a register, a constant, a place in memory.
func (p *arm64) operand(op Op) string {
	if m, ok := op.(Mem); ok {
		return p.at(m, reachEight)
	}
	return p.source(op, spare)
}

// load prints a load or a store, of a vector or its lower half.
func (p *arm64) load(from, to Op) {
	if m, ok := from.(Mem); ok {
		v := halves(to)
		p.ins("FLDPQ %s, (F%d, F%d)", p.at(m, reachPair), v[0], v[1])
		return
	}
	v := p.vector(from)
	if from.(reg.Register).Size() == 16 {
		p.ins("FMOVQ F%d, %s", v[0], p.at(to, reachQuad))
		return
	}
	p.ins("FSTPQ (F%d, F%d), %s", v[0], v[1], p.at(to, reachPair))
}

// element is where a single value lies: such loads add an index themselves.
func (p *arm64) element(m Mem) string {
	if m.Index == nil || m.Disp != 0 || m.Scale != 1 && m.Scale != 4 {
		return p.at(m, reachFour)
	}
	shift := ""
	if m.Scale == 4 {
		shift = "<<2"
	}
	return fmt.Sprintf("(%s)(%s%s)", integer(m.Base), integer(m.Index), shift)
}

// bytes leaves the low bytes of a vector's lanes in the spare register.
func (p *arm64) bytes(op Op) {
	v := halves(op)
	p.unary("XTN.4H", xtn4, 2*spareVector, v[0])
	p.unary("XTN2.8H", xtn4upper, 2*spareVector, v[1])
	p.unary("XTN.8B", xtn8, 2*spareVector, 2*spareVector)
}
