package xgb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"rwe301/bench301/surrogate/internal/trees"
)

var (
	snapshotMagic = []byte("CONFIG-offset:")
	binaryMagic   = []byte("binf")
)

// Sizes of the packed records of the binary format.
const (
	learnerBytes = 136
	gbtreeBytes  = 160
	treeBytes    = 148
	nodeBytes    = 20
	statBytes    = 16
)

// deleted marks the split index of a pruned node, which nothing leads to.
const deleted = math.MaxUint32

// parseSnapshot reads the memory snapshot of 1.0 to 1.2: a binary model, then its configuration as JSON.
func parseSnapshot(data []byte) (*Model, error) {
	head := len(snapshotMagic) + 8
	if len(data) < head {
		return nil, fmt.Errorf("snapshot: offset %d: want the length of the model, %d bytes are left", len(snapshotMagic),
			len(data)-len(snapshotMagic))
	}
	n := binary.LittleEndian.Uint64(data[len(snapshotMagic):])
	if n > uint64(len(data)-head) {
		return nil, fmt.Errorf("snapshot: offset %d: a model of %d bytes, %d are left", len(snapshotMagic), n, len(data)-head)
	}
	return parseBinary(data[:head+int(n)], head, "snapshot")
}

// cursor reads little-endian numbers.
type cursor struct {
	data []byte
	pos  int
}

func (c *cursor) take(n uint64, what string) ([]byte, error) {
	if left := uint64(len(c.data) - c.pos); n > left {
		return nil, fmt.Errorf("offset %d: %s: want %d bytes, %d are left", c.pos, what, n, left)
	}
	b := c.data[c.pos : c.pos+int(n)]
	c.pos += int(n)
	return b, nil
}

func (c *cursor) text(what string) (string, error) {
	b, err := c.take(8, what)
	if err != nil {
		return "", err
	}
	b, err = c.take(binary.LittleEndian.Uint64(b), what)
	return string(b), err
}

func word(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }

// parseBinary reads a binary model that starts at data[start] and ends with data.
func parseBinary(data []byte, start int, format string) (*Model, error) {
	c := &cursor{data, start}
	if bytes.HasPrefix(data[start:], binaryMagic) {
		c.pos += len(binaryMagic)
	}
	at := c.pos
	learner, err := c.take(learnerBytes, "learner header")
	if err != nil {
		return nil, err
	}
	m := &Model{Format: format, Version: [3]int{int(word(learner, 5)), int(word(learner, 6)), 0}}
	m.Forest.Base = math.Float32frombits(word(learner, 0))
	m.Forest.BaseFirst = baseFirst(m.Version)
	if n := word(learner, 1); n != trees.Features {
		return nil, fmt.Errorf("offset %d: %d features: want an XGBoost model of the %d of NAS-Bench-301", at+4, n,
			trees.Features)
	}
	if n := int32(word(learner, 2)); n > 1 {
		return nil, fmt.Errorf("offset %d: %d classes: want one output", at+8, n)
	}
	if m.Objective, err = c.text("objective"); err != nil {
		return nil, err
	}
	at = c.pos
	booster, err := c.text("booster")
	if err != nil {
		return nil, err
	}
	if err := check(booster, m.Objective); err != nil {
		return nil, fmt.Errorf("offset %d: %w", at, err)
	}
	at = c.pos
	header, err := c.take(gbtreeBytes, "model header")
	if err != nil {
		return nil, err
	}
	n := int32(word(header, 0))
	if n < 1 || int64(n) > int64(len(data)-c.pos)/treeBytes {
		return nil, fmt.Errorf("offset %d: %d trees, %d bytes are left", at, n, len(data)-c.pos)
	}
	for t := range int(n) {
		if err := m.binaryTree(c); err != nil {
			return nil, fmt.Errorf("tree %d: %w", t, err)
		}
	}
	at = c.pos
	groups, err := c.take(4*uint64(n), "output groups")
	if err != nil {
		return nil, err
	}
	for t := range int(n) {
		if g := word(groups, t); g != 0 {
			return nil, fmt.Errorf("offset %d: tree %d of output group %d: want one group", at+4*t, t, g)
		}
	}
	if m.Version[0] > 0 {
		noted, err := c.tail(word(learner, 3) != 0)
		if err == nil {
			err = noted.check(m.Forest.Trees())
		}
		if err != nil {
			return nil, err
		}
	}
	return m, m.Forest.Prepare()
}

// tail reads the attributes behind the trees of 1.0 and later, and notices a file that was cut.
func (c *cursor) tail(has bool) (attributes, error) {
	out := attributes{}
	if has {
		b, err := c.take(8, "attributes")
		if err != nil {
			return nil, err
		}
		n := binary.LittleEndian.Uint64(b)
		if n > uint64(len(c.data)-c.pos)/16 {
			return nil, fmt.Errorf("offset %d: %d attributes, %d bytes are left", c.pos-8, n, len(c.data)-c.pos)
		}
		for range n {
			key, err := c.text("attributes")
			if err != nil {
				return nil, err
			}
			if out[key], err = c.text("attributes"); err != nil {
				return nil, err
			}
		}
	}
	if c.pos != len(c.data) {
		return nil, fmt.Errorf("offset %d: %d bytes follow the model", c.pos, len(c.data)-c.pos)
	}
	return out, nil
}

// binaryTree reads one tree.
func (m *Model) binaryTree(c *cursor) error {
	at := c.pos
	header, err := c.take(treeBytes, "tree header")
	if err != nil {
		return err
	}
	roots, n, leaf := word(header, 0), word(header, 1), word(header, 5)
	if roots != 1 || leaf != 0 {
		return fmt.Errorf("offset %d: %d roots and leaf vectors of %d: want one root and no vectors", at, roots, leaf)
	}
	nodes, err := c.take(uint64(n)*nodeBytes, "nodes")
	if err != nil {
		return err
	}
	if _, err := c.take(uint64(n)*statBytes, "node statistics"); err != nil {
		return err
	}
	s := trees.Source[float32]{Left: make([]int32, n), Right: make([]int32, n), Feature: make([]uint32, n),
		Value: make([]float32, n), Flags: make([]trees.Flags, n)}
	for i := range int(n) {
		node := nodes[nodeBytes*i:]
		split := word(node, 3)
		s.Left[i], s.Right[i] = int32(word(node, 1)), int32(word(node, 2))
		s.Feature[i] = split &^ (1 << 31)
		s.Flags[i] = flags(split>>31 == 1)
		s.Value[i] = math.Float32frombits(word(node, 4))
		if i == 0 && split == deleted {
			return fmt.Errorf("offset %d: the root is deleted", at+treeBytes)
		}
	}
	if err := m.Forest.Add(s); err != nil {
		return fmt.Errorf("offset %d: %w", at+treeBytes, err)
	}
	return nil
}
