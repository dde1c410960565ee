package dataset

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// packed is the head of a packed set; the labels (16 bits each, the lower ones first) and the pixels of its splits
// follow.
type packed struct {
	Format        int
	Name          string
	Classes       []string
	Normalisation Normalisation
	Train, Test   size
}

type size struct{ N, Height, Width int }

// Bounds of a packed set.
const (
	packFormat = 1
	maxHead    = 16 << 20
	maxPacked  = int64(64) << 30
)

// Pack writes the set as it is, for another machine.
func (s *Set) Pack(w io.Writer) error {
	sizeOf := func(p Split) size { return size{p.Len(), p.Height, p.Width} }
	head, err := json.Marshal(packed{packFormat, s.Name, s.Classes, s.Normalisation, sizeOf(s.Train), sizeOf(s.Test)})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	_, _ = out.Write(append(head, '\n')) // an error stays in the writer
	for _, p := range []Split{s.Train, s.Test} {
		var labels []byte
		for _, l := range p.Labels {
			labels = binary.LittleEndian.AppendUint16(labels, uint16(l))
		}
		_, _ = out.Write(labels)
		_, _ = out.Write(p.Pixels)
	}
	return out.Flush()
}

// Unpack reads what Pack wrote.
func Unpack(r io.Reader) (*Set, error) {
	in := bufio.NewReader(r)
	text, err := in.ReadSlice('\n')
	line := append([]byte(nil), text...)
	for err == bufio.ErrBufferFull && len(line) < maxHead {
		text, err = in.ReadSlice('\n')
		line = append(line, text...)
	}
	if err != nil {
		return nil, fmt.Errorf("packed data set: damaged head: %w", err)
	}
	var head packed
	if err := json.Unmarshal(line, &head); err != nil || head.Format != packFormat {
		return nil, fmt.Errorf("packed data set: no head of format %d", packFormat)
	}
	var splits [2]Split
	for i, n := range []size{head.Train, head.Test} {
		if splits[i], err = n.read(in); err != nil {
			return nil, fmt.Errorf("packed data set %s: %w", head.Name, err)
		}
	}
	return New(head.Name, head.Classes, splits[0], splits[1], head.Normalisation)
}

// read reads a split; memory grows with what is there, not with what the head promises.
func (n size) read(r io.Reader) (s Split, err error) {
	if n.N < 0 || n.Height < 0 || n.Width < 0 || n.N > 1<<28 || n.Height > 1<<14 || n.Width > 1<<14 ||
		int64(n.N)*int64(n.Height)*int64(n.Width)*3 > maxPacked {
		return s, fmt.Errorf("%d images of %dx%d pixels: out of bounds", n.N, n.Height, n.Width)
	}
	take := func(bytes int64) ([]byte, error) {
		data, err := io.ReadAll(io.LimitReader(r, bytes))
		if err == nil && int64(len(data)) < bytes {
			err = io.ErrUnexpectedEOF
		}
		return data, err
	}
	labels, err := take(int64(n.N) * 2)
	if err != nil {
		return s, err
	}
	s.Height, s.Width, s.Labels = n.Height, n.Width, make([]int, n.N)
	for i := range s.Labels {
		s.Labels[i] = int(binary.LittleEndian.Uint16(labels[2*i:]))
	}
	s.Pixels, err = take(int64(n.N) * int64(n.Height) * int64(n.Width) * 3)
	return s, err
}
