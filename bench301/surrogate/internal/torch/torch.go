// Package torch reads PyTorch state dicts as data: the legacy format that torch.save wrote up to version 1.5, and the
// zip format that followed. The pickles in them are read by package pickle; nothing is instantiated.
package torch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"rwe301/internal/pickle"
)

// Tensor is a contiguous tensor. Exactly one of Float and Long holds its elements.
type Tensor struct {
	Name  string
	Shape []int // empty for a scalar
	Float []float32
	Long  []int64
}

// Limits of a state dict.
const (
	maxTensors  = 1 << 14
	maxElements = 1 << 26 // of a tensor
)

// Is reports whether data may be a PyTorch file; Read says more.
func Is(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, legacyMagic)
}

// Read returns the tensors of a saved state dict in their order.
func Read(data []byte) ([]Tensor, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return readZip(data)
	}
	return readLegacy(data)
}

// legacyMagic is the pickle of the number that legacy files begin with.
var legacyMagic = []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")

const legacyVersion = 1001

// readLegacy reads five pickles (magic number, format version, system, state dict, storage keys), then the storages.
func readLegacy(data []byte) ([]Tensor, error) {
	if !bytes.HasPrefix(data, legacyMagic) {
		return nil, fmt.Errorf("offset 0: want the magic number of a PyTorch file")
	}
	var values [4]any
	pos := len(legacyMagic)
	for i := range values {
		at := pos
		var err error
		if values[i], pos, err = pickle.Decode(data, pos); err != nil {
			return nil, err
		}
		if i == 0 && values[0] != int64(legacyVersion) {
			return nil, fmt.Errorf("offset %d: format version %v: want %d", at, values[0], legacyVersion)
		}
	}
	order, ok := values[3].(*pickle.List)
	if !ok {
		return nil, fmt.Errorf("offset %d: storage keys: a %s: want a list", pos, pickle.Kind(values[3]))
	}
	d, err := collect(values[2])
	if err != nil {
		return nil, err
	}
	for _, k := range order.Items {
		key, ok := k.(string)
		s := d.storages[key]
		if !ok || s == nil || s.data != nil {
			return nil, fmt.Errorf("offset %d: storage key %.40v: want a storage of the state dict, once", pos, k)
		}
		if len(data)-pos < 8 {
			return nil, fmt.Errorf("offset %d: storage %s: want its length, %d bytes are left", pos, key, len(data)-pos)
		}
		n := binary.LittleEndian.Uint64(data[pos:])
		if n != uint64(s.numel) || n > uint64(len(data)-pos-8)/uint64(s.size) {
			return nil, fmt.Errorf("offset %d: storage %s: %d elements: the state dict says %d, %d bytes are left", pos, key, n,
				s.numel, len(data)-pos-8)
		}
		pos += 8
		s.data = data[pos : pos+int(n)*s.size]
		pos += len(s.data)
	}
	if pos != len(data) {
		return nil, fmt.Errorf("offset %d: %d bytes follow the last storage", pos, len(data)-pos)
	}
	return d.tensors()
}

// storage is a run of elements that tensors are views of.
type storage struct {
	key   string
	size  int // bytes of an element: 4 for float32, 8 for int64
	float bool
	numel int64
	data  []byte
}

// view is a tensor before its storage has been read.
type view struct {
	tensor  Tensor
	storage *storage
	offset  int64
	numel   int64
}

type dict struct {
	views    []view
	storages map[string]*storage
}

// collect finds the tensors of a pickled state dict.
func collect(v any) (*dict, error) {
	var entries []pickle.Entry
	switch o := v.(type) {
	case *pickle.Object:
		if o.Class != (pickle.Global{Module: "collections", Name: "OrderedDict"}) {
			return nil, fmt.Errorf("state dict: an %s: want an OrderedDict of tensors", pickle.Kind(v))
		}
		entries = o.Entries
	case *pickle.Dict:
		entries = o.Entries
	default:
		return nil, fmt.Errorf("state dict: a %s: want an OrderedDict of tensors", pickle.Kind(v))
	}
	if len(entries) > maxTensors {
		return nil, fmt.Errorf("state dict: %d tensors: more than %d", len(entries), maxTensors)
	}
	d := &dict{storages: map[string]*storage{}}
	seen := map[string]bool{}
	for _, e := range entries {
		name, ok := e.Key.(string)
		if !ok || seen[name] {
			return nil, fmt.Errorf("state dict: key %.60v: want names that differ", e.Key)
		}
		seen[name] = true
		if err := d.add(name, e.Value); err != nil {
			return nil, fmt.Errorf("tensor %.80s: %w", name, err)
		}
	}
	return d, nil
}

var rebuild = pickle.Global{Module: "torch._utils", Name: "_rebuild_tensor_v2"}

// add reads _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks).
func (d *dict) add(name string, v any) error {
	o, ok := v.(*pickle.Object)
	if !ok || o.Class != rebuild || len(o.Args) < 4 {
		return fmt.Errorf("a %s: want %s with a storage, offset, size and stride", pickle.Kind(v), rebuild)
	}
	s, err := d.storage(o.Args[0])
	if err != nil {
		return err
	}
	offset, ok1 := o.Args[1].(int64)
	shape, ok2 := o.Args[2].(pickle.Tuple)
	stride, ok3 := o.Args[3].(pickle.Tuple)
	if !ok1 || !ok2 || !ok3 || len(shape) != len(stride) || len(shape) > 4 {
		return fmt.Errorf("offset %v, size %s, stride %s: want an int and two tuples of the same length", o.Args[1],
			pickle.Kind(o.Args[2]), pickle.Kind(o.Args[3]))
	}
	t := view{tensor: Tensor{Name: name, Shape: make([]int, len(shape))}, storage: s, offset: offset, numel: 1}
	for i := len(shape) - 1; i >= 0; i-- {
		n, ok1 := shape[i].(int64)
		step, ok2 := stride[i].(int64)
		if !ok1 || !ok2 || n < 1 || n > maxElements || t.numel > maxElements/n {
			return fmt.Errorf("size %v: want numbers from 1, at most %d elements", shape[i], maxElements)
		}
		if step != t.numel && n > 1 {
			return fmt.Errorf("stride %d in dimension %d: want %d, a contiguous tensor", step, i, t.numel)
		}
		t.tensor.Shape[i] = int(n)
		t.numel *= n
	}
	if offset < 0 || t.numel > s.numel || offset > s.numel-t.numel {
		return fmt.Errorf("elements %d to %d of storage %s, which has %d", offset, offset+t.numel, s.key, s.numel)
	}
	d.views = append(d.views, t)
	return nil
}

// storage reads a persistent id: ('storage', type, key, location, elements[, None]).
func (d *dict) storage(v any) (*storage, error) {
	id, _ := v.(pickle.PersID)
	parts, ok := id.ID.(pickle.Tuple)
	if !ok || len(parts) < 5 || parts[0] != "storage" {
		return nil, fmt.Errorf("a %s: want the persistent id of a storage", pickle.Kind(v))
	}
	kind, ok1 := parts[1].(pickle.Global)
	key, ok2 := parts[2].(string)
	numel, ok3 := parts[4].(int64)
	if !ok1 || !ok2 || !ok3 || numel < 0 || numel > maxElements {
		return nil, fmt.Errorf("storage of type %s, key %.40v, %v elements: want a type, a name and at most %d",
			pickle.Kind(parts[1]), parts[2], parts[4], maxElements)
	}
	s := &storage{key: key, numel: numel}
	switch kind {
	case pickle.Global{Module: "torch", Name: "FloatStorage"}:
		s.size, s.float = 4, true
	case pickle.Global{Module: "torch", Name: "LongStorage"}:
		s.size = 8
	default:
		return nil, fmt.Errorf("storage of type %s: want torch.FloatStorage or torch.LongStorage", kind)
	}
	if old := d.storages[key]; old != nil {
		if old.size != s.size || old.numel != s.numel {
			return nil, fmt.Errorf("storage %s with two types or lengths", key)
		}
		return old, nil
	}
	d.storages[key] = s
	return s, nil
}

// tensors copies the elements out of the storages. Tensors that share elements get copies of their own, as long as the
// state dict does not grow far beyond its file.
func (d *dict) tensors() ([]Tensor, error) {
	var stored, wanted int64
	for _, s := range d.storages {
		stored += s.numel
	}
	out := make([]Tensor, len(d.views))
	for i, v := range d.views {
		if v.storage.data == nil {
			return nil, fmt.Errorf("tensor %.80s: the file lacks storage %s", v.tensor.Name, v.storage.key)
		}
		if wanted += v.numel; wanted > 4*stored+1024 {
			return nil, fmt.Errorf("tensor %.80s: the tensors have more than four times the elements stored", v.tensor.Name)
		}
		out[i] = v.tensor
		raw := v.storage.data[v.offset*int64(v.storage.size):]
		if v.storage.float {
			out[i].Float = make([]float32, v.numel)
			for k := range out[i].Float {
				out[i].Float[k] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*k:]))
			}
			continue
		}
		out[i].Long = make([]int64, v.numel)
		for k := range out[i].Long {
			out[i].Long[k] = int64(binary.LittleEndian.Uint64(raw[8*k:]))
		}
	}
	return out, nil
}
