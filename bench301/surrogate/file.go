package surrogate

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"rwe301/bench301/surrogate/internal/gin"
	"rwe301/bench301/surrogate/internal/trees"
	"rwe301/internal/atomicfile"
)

// The file format is described in docs/surrogate-file.md.

// fileMagic begins a surrogate file.
var fileMagic = []byte("BENCH301")

// FileVersion is the version of the file format.
const FileVersion = 1

const (
	prefixBytes   = 48      // magic, version, header length, checksum
	checksumStart = 16      // SHA-256 of everything behind the prefix
	maxHeader     = 1 << 20 // bytes of the JSON header
	alignment     = 8       // of the header's end and the sections
)

// fileHeader is the JSON header.
type fileHeader struct {
	Name    string       `json:"name"`
	Kind    string       `json:"kind"`
	Unit    string       `json:"unit"`
	Members []fileMember `json:"members"`
}

// fileMember describes one member's sections.
type fileMember struct {
	Member
	Base      float64     `json:"base"`       // trees: the prediction before any tree
	BaseFirst bool        `json:"base_first"` // trees: the sum starts with it
	Network   *gin.Config `json:"network,omitempty"`
}

// Save writes the ensemble to one file.
func (e *Ensemble) Save(path string) error {
	return atomicfile.WriteBytes(path, e.encodeFile())
}

func (e *Ensemble) encodeFile() []byte {
	header := fileHeader{Name: e.info.Name, Kind: e.info.Kind, Unit: e.info.Unit}
	var body section
	for _, m := range e.models {
		f := fileMember{Member: m.member}
		switch {
		case m.xgb != nil:
			f.Base, f.BaseFirst = float64(m.xgb.Base), m.xgb.BaseFirst
			writeForest(&body, m.xgb)
		case m.lgb != nil:
			f.Base, f.BaseFirst = m.lgb.Base, m.lgb.BaseFirst
			writeForest(&body, m.lgb)
		default:
			f.Network = &m.gin.config
			writeSlice(&body, m.gin.values)
		}
		header.Members = append(header.Members, f)
	}
	text, err := json.Marshal(header)
	if err != nil {
		panic(err) // plain fields; floats are finite
	}
	for len(text)%alignment != 0 {
		text = append(text, ' ')
	}
	out := bytes.NewBuffer(make([]byte, 0, prefixBytes+len(text)+body.Len()))
	out.Write(fileMagic)
	_ = binary.Write(out, binary.LittleEndian, [2]uint32{FileVersion, uint32(len(text))})
	h := sha256.New()
	h.Write(text)
	h.Write(body.Bytes())
	out.Write(h.Sum(nil))
	out.Write(text)
	out.Write(body.Bytes())
	return out.Bytes()
}

// section collects arrays, each padded to the alignment.
type section struct{ bytes.Buffer }

func writeSlice[T float32 | float64 | uint32 | uint8 | trees.Flags](s *section, values []T) {
	for _, v := range values {
		switch v := any(v).(type) {
		case float32:
			_ = writeWord(s, uint64(math.Float32bits(v)), 4)
		case float64:
			_ = writeWord(s, math.Float64bits(v), 8)
		case uint32:
			_ = writeWord(s, uint64(v), 4)
		case trees.Flags:
			s.WriteByte(byte(v))
		}
	}
	for s.Len()%alignment != 0 {
		s.WriteByte(0)
	}
}

func writeWord(w io.Writer, v uint64, size int) error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	_, err := w.Write(b[:size])
	return err
}

// writeForest writes roots, values, links and flags.
func writeForest[T trees.Real](s *section, f *trees.Forest[T]) {
	values, links := make([]T, len(f.Nodes)), make([]uint32, len(f.Nodes))
	for i, n := range f.Nodes {
		values[i], links[i] = n.Value, n.Link
	}
	writeSlice(s, f.Roots)
	writeSlice(s, values)
	writeSlice(s, links)
	writeSlice(s, f.Flags)
}

// decodeFile reads a surrogate file. Errors name the offset.
func decodeFile(data []byte) (*Ensemble, error) {
	header, pos, err := decodeHeader(data)
	if err != nil {
		return nil, err
	}
	r := &sections{data: data, pos: pos}
	var models []*model
	for _, f := range header.Members {
		m := &model{member: f.Member}
		at := r.pos
		switch header.Kind {
		case KindXGB:
			m.xgb = &trees.Forest[float32]{Base: float32(f.Base), BaseFirst: f.BaseFirst}
			err = readForest(r, m.xgb, f.Trees, f.Nodes,
				func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) })
		case KindLGB:
			m.lgb = &trees.Forest[float64]{Base: f.Base, BaseFirst: f.BaseFirst}
			err = readForest(r, m.lgb, f.Trees, f.Nodes,
				func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) })
		case KindGIN:
			err = readNetwork(r, m, f)
		default:
			err = fmt.Errorf("kind %.20q: want xgb, lgb or gin", header.Kind)
		}
		if err != nil {
			return nil, fmt.Errorf("offset %d: member %.60s: %w", at, f.Name, err)
		}
		models = append(models, m)
	}
	if r.pos != len(data) {
		return nil, fmt.Errorf("offset %d: %d bytes follow the last member", r.pos, len(data)-r.pos)
	}
	return newEnsemble(header.Name, header.Unit, models)
}

// decodeHeader checks prefix and checksum and returns the header and where the sections start.
func decodeHeader(data []byte) (h fileHeader, pos int, err error) {
	if len(data) < prefixBytes || !bytes.HasPrefix(data, fileMagic) {
		return h, 0, fmt.Errorf("offset 0: %d bytes: want the %d that a surrogate file begins with", len(data), prefixBytes)
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != FileVersion {
		return h, 0, fmt.Errorf("offset 8: format version %d: this program reads version %d; import the original again", v,
			FileVersion)
	}
	n := binary.LittleEndian.Uint32(data[12:])
	if n > maxHeader || int(n) > len(data)-prefixBytes || n%alignment != 0 {
		return h, 0, fmt.Errorf("offset 12: a header of %d bytes: want a multiple of %d, at most %d", n, alignment,
			min(maxHeader, len(data)-prefixBytes))
	}
	if sum := sha256.Sum256(data[prefixBytes:]); !bytes.Equal(sum[:], data[checksumStart:prefixBytes]) {
		return h, 0, fmt.Errorf("offset %d: checksum %x, the content has %x: the file is damaged; import the original again",
			checksumStart, data[checksumStart:checksumStart+8], sum[:8])
	}
	pos = prefixBytes + int(n)
	if err := json.Unmarshal(data[prefixBytes:pos], &h); err != nil {
		return h, 0, fmt.Errorf("offset %d: header: %w", prefixBytes, err)
	}
	return h, pos, nil
}

// sections reads padded arrays.
type sections struct {
	data []byte
	pos  int
}

// take returns count elements of the given size.
func (s *sections) take(what string, count, size int) ([]byte, error) {
	left := len(s.data) - s.pos
	if count < 0 || count > left/size {
		return nil, fmt.Errorf("offset %d: %d %s of %d bytes, %d are left", s.pos, count, what, size, left)
	}
	b := s.data[s.pos : s.pos+count*size]
	s.pos += (len(b) + alignment - 1) / alignment * alignment
	if s.pos > len(s.data) {
		return nil, fmt.Errorf("offset %d: %s without their padding", s.pos, what)
	}
	return b, nil
}

func readForest[T trees.Real](r *sections, f *trees.Forest[T], numTrees, numNodes int, number func([]byte) T) error {
	var zero T
	size := binary.Size(zero)
	roots, err := r.take("roots", numTrees, 4)
	if err != nil {
		return err
	}
	values, err := r.take("values", numNodes, size)
	if err != nil {
		return err
	}
	links, err := r.take("links", numNodes, 4)
	if err != nil {
		return err
	}
	flags, err := r.take("flags", numNodes, 1)
	if err != nil {
		return err
	}
	f.Roots = make([]uint32, numTrees)
	for i := range f.Roots {
		f.Roots[i] = binary.LittleEndian.Uint32(roots[4*i:])
	}
	f.Nodes, f.Flags = make([]trees.Node[T], numNodes), make([]trees.Flags, numNodes)
	for i := range f.Nodes {
		f.Nodes[i] = trees.Node[T]{Value: number(values[size*i:]), Link: binary.LittleEndian.Uint32(links[4*i:])}
		f.Flags[i] = trees.Flags(flags[i])
	}
	return f.Prepare()
}

func readNetwork(r *sections, m *model, f fileMember) error {
	if f.Network == nil {
		return fmt.Errorf("the header lacks its network")
	}
	raw, err := r.take("weights", f.Weights, 4)
	if err != nil {
		return err
	}
	values := make([]float32, f.Weights)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return m.setGIN(*f.Network, values)
}
