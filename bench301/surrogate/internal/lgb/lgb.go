// Package lgb reads LightGBM's text models as NAS-Bench-301 uses them: one regression output of 56 features, trees with
// numerical splits. Predictions have the bits of LightGBM's float64 sums.
package lgb

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"rwe301/bench301/surrogate/internal/trees"
)

// Model is one booster.
type Model struct {
	Forest    trees.Forest[float64]
	Version   string // of the text format
	Objective string
}

// Is reports whether data may be a text model; Parse says more.
func Is(data []byte) bool {
	return bytes.HasPrefix(data, []byte("tree\n")) || bytes.HasPrefix(data, []byte("tree\r\n"))
}

// Parse reads a text model. Errors name the line.
func Parse(data []byte) (*Model, error) {
	if !Is(data) {
		return nil, fmt.Errorf(`line 1: %.20q: want "tree", the start of a LightGBM model`, data)
	}
	p := &parser{rest: data}
	m := new(Model)
	if err := p.header(m); err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line, err)
	}
	for !p.done {
		at := p.line
		tree, err := p.tree(m.Forest.Trees())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
		if err := m.Forest.Add(tree); err != nil {
			return nil, fmt.Errorf("line %d: tree %d: %w", at, m.Forest.Trees(), err)
		}
	}
	return m, m.Forest.Prepare()
}

// parser reads lines.
type parser struct {
	rest []byte
	line int    // number of the line in text
	text string // the current line
	done bool   // "end of trees" was read
}

// next goes to the next line and reports whether there is one.
func (p *parser) next() bool {
	if len(p.rest) == 0 {
		return false
	}
	line, rest, _ := bytes.Cut(p.rest, []byte("\n"))
	p.text, p.rest = strings.TrimSuffix(string(line), "\r"), rest
	p.line++
	return true
}

// header reads up to the first tree.
func (p *parser) header(m *Model) error {
	want := map[string]string{
		"num_class":              "1",
		"num_tree_per_iteration": "1",
		"max_feature_idx":        strconv.Itoa(trees.Features - 1),
	}
	for p.next() {
		key, value, _ := strings.Cut(p.text, "=")
		if key == "Tree" {
			for _, k := range []string{"num_class", "num_tree_per_iteration", "max_feature_idx"} {
				if _, missing := want[k]; missing {
					return fmt.Errorf("the header lacks %s", k)
				}
			}
			if m.Objective != "regression" {
				return fmt.Errorf("objective %.40q: want regression", m.Objective)
			}
			return nil
		}
		switch key {
		case "version":
			m.Version = value
			if value != "v2" && value != "v3" && value != "v4" {
				return fmt.Errorf("version %.20q: want v2, v3 or v4", value)
			}
		case "objective":
			m.Objective = value
		case "average_output":
			return fmt.Errorf("average_output: want a model that adds its trees")
		default:
			w, known := want[key]
			if known && w != value {
				return fmt.Errorf("%s=%.20s: want %s", key, value, w)
			}
			delete(want, key)
		}
	}
	return fmt.Errorf("the file ends in the header: want Tree=0")
}

// tree reads one tree; the current line is its first.
func (p *parser) tree(number int) (s trees.Source[float64], err error) {
	if want := "Tree=" + strconv.Itoa(number); p.text != want {
		return s, fmt.Errorf("%.40q: want %s", p.text, want)
	}
	at := p.line
	values := map[string]string{}
	lines := map[string]int{}
	for {
		if !p.next() {
			return s, fmt.Errorf("the file ends in tree %d: want end of trees", number)
		}
		if p.text == "end of trees" {
			p.done = true
			break
		}
		if strings.HasPrefix(p.text, "Tree=") {
			break
		}
		key, value, _ := strings.Cut(p.text, "=")
		if key == "" {
			continue
		}
		if _, twice := values[key]; twice {
			return s, fmt.Errorf("%.40s stands twice in tree %d", key, number)
		}
		values[key], lines[key] = value, p.line
	}
	end := p.line
	block := block{values, lines, at}
	if s, err = block.source(); err != nil {
		p.line = block.at // where the fault is
		return s, err
	}
	p.line = end
	return s, nil
}

// block is the text of one tree.
type block struct {
	values map[string]string
	lines  map[string]int
	at     int // the line to blame
}

// LightGBM's decision_type.
const (
	categorical  = 1
	defaultLeft  = 2
	missingShift = 2
	missingZero  = 1
	missingNaN   = 2
)

// source turns the block into a tree with the splits first, then the leaves.
func (b *block) source() (s trees.Source[float64], err error) {
	leaves, err := list(b, "leaf_value", -1, parseFloat)
	if err != nil {
		return s, err
	}
	if n := strconv.Itoa(len(leaves)); b.values["num_leaves"] != n || len(leaves) == 0 {
		b.blame("num_leaves")
		return s, fmt.Errorf("num_leaves=%.20s, but %s leaf values", b.values["num_leaves"], n)
	}
	for _, key := range []string{"num_cat", "is_linear"} {
		if v, ok := b.values[key]; ok && v != "0" {
			b.blame(key)
			return s, fmt.Errorf("%s=%.20s: want 0", key, v)
		}
	}
	splits := len(leaves) - 1
	var features, decisions, left, right []int32
	var thresholds []float64
	if thresholds, err = list(b, "threshold", splits, parseFloat); err != nil {
		return s, err
	}
	for _, l := range []struct {
		key  string
		into *[]int32
	}{{"split_feature", &features}, {"decision_type", &decisions}, {"left_child", &left}, {"right_child", &right}} {
		if *l.into, err = list(b, l.key, splits, parseInt); err != nil {
			return s, err
		}
	}
	n := splits + len(leaves)
	s = trees.Source[float64]{Left: make([]int32, n), Right: make([]int32, n), Feature: make([]uint32, n),
		Value: make([]float64, n), Flags: make([]trees.Flags, n)}
	for i := range splits {
		if err := b.decision(decisions[i], &s.Flags[i]); err != nil {
			return s, err
		}
		if features[i] < 0 {
			b.blame("split_feature")
			return s, fmt.Errorf("split_feature %d: want 0-%d", features[i], trees.Features-1)
		}
		s.Feature[i] = uint32(features[i])
		// x <= t is x < the next number.
		s.Value[i] = math.Nextafter(thresholds[i], math.Inf(1))
		for _, side := range []struct {
			child int32
			into  *int32
		}{{left[i], &s.Left[i]}, {right[i], &s.Right[i]}} {
			*side.into = side.child
			if side.child < 0 {
				*side.into = int32(splits) + ^side.child
			}
			if *side.into < 0 || int(*side.into) >= n {
				b.blame("left_child")
				return s, fmt.Errorf("split %d: child %d: the tree has %d splits and %d leaves", i, side.child, splits, len(leaves))
			}
		}
	}
	for k, v := range leaves {
		i := splits + k
		s.Left[i], s.Right[i], s.Value[i] = -1, -1, v
	}
	return s, nil
}

func (b *block) blame(key string) {
	if line, ok := b.lines[key]; ok {
		b.at = line
	}
}

// decision translates a decision type.
func (b *block) decision(d int32, into *trees.Flags) error {
	b.blame("decision_type")
	missing := d >> missingShift
	if d < 0 || d&categorical != 0 || missing > missingNaN {
		return fmt.Errorf("decision_type %d: want a numerical split (0, 2, 4, 6, 8 or 10)", d)
	}
	if d&defaultLeft != 0 {
		*into |= trees.DefaultLeft
	}
	switch missing {
	case missingZero:
		*into |= trees.ZeroMissing
	case missingNaN:
		*into |= trees.NaNMissing
	}
	return nil
}

// list reads the values of a key, n of them unless n is negative.
func list[T any](b *block, key string, n int, parse func(string) (T, error)) ([]T, error) {
	text, ok := b.values[key]
	if !ok {
		if n == 0 {
			return nil, nil
		}
		return nil, fmt.Errorf("the tree lacks %s", key)
	}
	b.blame(key)
	words := strings.Fields(text)
	if n >= 0 && len(words) != n {
		return nil, fmt.Errorf("%s: %d values: want %d", key, len(words), n)
	}
	out := make([]T, len(words))
	for i, w := range words {
		v, err := parse(w)
		if err != nil {
			return nil, fmt.Errorf("%s: value %d: %.40q: want a number", key, i, w)
		}
		out[i] = v
	}
	return out, nil
}

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

func parseInt(s string) (int32, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int32(n), err
}
