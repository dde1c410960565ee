package export

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
)

// tensor is an entry of a state dict: float32 values, or one int64 without a shape.
type tensor struct {
	name  string
	shape []int
	float []float32
	long  int64 // where shape is nil
}

// aboutRecord is the file inside a file of weights that says, as JSON, what made it. PyTorch does not read it.
const aboutRecord = "bench301.json"

// writeStateDict writes tensors as torch.save of PyTorch 1.6 and later does: a zip archive, not compressed, with the
// pickle of an OrderedDict that refers to a file for each tensor. Of what a pickle can do it uses the part that
// torch.load(weights_only=True) allows. Data begins at multiples of 64 bytes, so that it can be mapped.
func writeStateDict(w io.Writer, root string, tensors []tensor, about map[string]string) error {
	description, err := json.Marshal(about)
	if err != nil {
		return err
	}
	at := &position{w: w}
	z := zip.NewWriter(at)
	add := func(name string, data []byte) error { return addAligned(z, at, root+"/"+name, data) }
	if err := add("data.pkl", pickled(tensors)); err != nil {
		return err
	}
	for i, t := range tensors {
		data := little(t.float)
		if t.shape == nil {
			data = binary.LittleEndian.AppendUint64(nil, uint64(t.long))
		}
		if err := add("data/"+strconv.Itoa(i), data); err != nil {
			return err
		}
	}
	for _, f := range []struct{ name, text string }{
		{aboutRecord, string(description) + "\n"}, {"byteorder", "little"}, {"version", "3\n"},
	} {
		if err := add(f.name, []byte(f.text)); err != nil {
			return err
		}
	}
	return z.Close()
}

// position counts what is written.
type position struct {
	w io.Writer
	n int64
}

func (p *position) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.n += int64(n)
	return n, err
}

// addAligned adds a file whose data begins at a multiple of 64 bytes: an extra field of the kind that torch.save writes
// fills the room before it.
func addAligned(z *zip.Writer, at *position, name string, data []byte) error {
	const header, field, alignment = 30, 4, 64
	if len(data) >= 1<<32-1 {
		return fmt.Errorf("%s: %d bytes: a tensor of 4 GB and more fits into no file of weights", name, len(data))
	}
	if err := z.Flush(); err != nil {
		return err
	}
	fill := -(at.n + header + int64(len(name)) + field) & (alignment - 1)
	extra := binary.LittleEndian.AppendUint16([]byte("FB"), uint16(fill))
	extra = append(extra, bytes.Repeat([]byte("Z"), int(fill))...)
	size := uint64(len(data))
	f, err := z.CreateRaw(&zip.FileHeader{Name: name, Extra: extra, CRC32: crc32.ChecksumIEEE(data),
		CompressedSize64: size, UncompressedSize64: size})
	if err == nil {
		_, err = f.Write(data)
	}
	return err
}

// pickled is the pickle of the state dict, of protocol 2.
func pickled(tensors []tensor) []byte {
	p := pickler{0x80, 2}
	p.global("collections", "OrderedDict")
	p.op(")R(") // called with nothing; what follows are its keys and values
	for i, t := range tensors {
		p.text(t.name)
		p.global("torch._utils", "_rebuild_tensor_v2")
		p.op("((")
		p.text("storage")
		kind, size := "LongStorage", 1
		if t.shape != nil {
			kind, size = "FloatStorage", len(t.float)
		}
		p.global("torch", kind)
		p.text(strconv.Itoa(i))
		p.text("cpu")
		p.integer(size)
		p.op("tQ") // the tuple stands for the file data/i
		p.integer(0)
		strides := make([]int, len(t.shape))
		for d, step := len(t.shape)-1, 1; d >= 0; d-- {
			strides[d] = step
			step *= t.shape[d]
		}
		p.tuple(t.shape)
		p.tuple(strides)
		p.op("\x89") // needs no gradient; nn.Module decides
		p.global("collections", "OrderedDict")
		p.op(")RtR")
	}
	p.op("u.")
	return p
}

// pickler appends opcodes of Python's pickles, which CPython's pickletools documents.
type pickler []byte

func (p *pickler) op(codes string) { *p = append(*p, codes...) }

func (p *pickler) global(module, name string) { p.op("c" + module + "\n" + name + "\n") }

func (p *pickler) text(s string) {
	*p = binary.LittleEndian.AppendUint32(append(*p, 'X'), uint32(len(s)))
	p.op(s)
}

func (p *pickler) integer(v int) { *p = binary.LittleEndian.AppendUint32(append(*p, 'J'), uint32(v)) }

func (p *pickler) tuple(values []int) {
	p.op("(")
	for _, v := range values {
		p.integer(v)
	}
	p.op("t")
}
