package bench301

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// This file is docs/new-space.md followed to the letter: a space of chains of three operations. It has none of the
// optional interfaces; ToyPublished has those of a space. Tests of package bench301_test take both through the packages
// above this one.

func init() {
	Register(Toy{})
	Register(ToyPublished{})
}

// toyOps are the operations: skip, convolution, pool.
var toyOps = []string{"skip", "conv", "pool"}

// ToyArch is an architecture: each cell of its network is a chain of these operations.
type ToyArch [3]uint8

func (a ToyArch) String() string {
	return toyOps[a[0]] + ">" + toyOps[a[1]] + ">" + toyOps[a[2]]
}

func (a ToyArch) ID() string { return textID([]byte(a.String())) }

func (a ToyArch) Validate() error {
	for k, op := range a {
		if int(op) >= len(toyOps) {
			return fmt.Errorf("operation %d: index %d: the toy space has %d", k, op, len(toyOps))
		}
	}
	return nil
}

func (a ToyArch) check(cfg Config) error {
	if err := a.Validate(); err != nil {
		return err
	}
	if cfg.Auxiliary || cfg.DropPath {
		return fmt.Errorf("the toy network has neither an auxiliary head nor drop path")
	}
	return cfg.Validate()
}

func (a ToyArch) Graph(cfg Config) (Graph, error) {
	if err := a.check(cfg); err != nil {
		return Graph{}, err
	}
	b := newBuilder(cfg)
	g := geometry{kernel: 3, stride: 1, pad: 1, dilation: 1}
	x := b.norm("stem.bn", b.conv("stem.conv", 0, cfg.Channels, g), true)
	for i := range cfg.Layers {
		edges := make([]int, len(a))
		for k, op := range a {
			switch name := fmt.Sprintf("cell%d.edge%d", i, k); toyOps[op] {
			case "conv":
				x = b.reluConvNorm(name, "", x, cfg.Channels, g)
			case "pool":
				x = b.add(b.window(b.like(name+".pool", MaxPool, x), g))
			}
			edges[k] = x
		}
		b.graph.Cells, b.graph.Edges = append(b.graph.Cells, x), append(b.graph.Edges, edges)
	}
	b.graph.Features = x
	b.graph.Pooled, b.graph.Logits = b.classifier("", x)
	return b.graph, nil
}

func (a ToyArch) Complexity(cfg Config) (Complexity, error) {
	if err := a.check(cfg); err != nil {
		return Complexity{}, err
	}
	var t tally
	m := shape{int64(cfg.Height), int64(cfg.Width), int64(cfg.Channels)}
	t.conv(3, m, 3, 1)
	t.norm(m, true)
	for range cfg.Layers {
		for _, op := range a {
			switch toyOps[op] {
			case "conv":
				t.reluConvNorm(m, m, 3)
			case "pool":
				t.FLOPs += 9 * m.size()
			}
		}
	}
	t.FLOPs += m.c * (m.h + 1) * (m.w + 1)
	t.linear(m.c, int64(cfg.Classes))
	return Complexity(t), nil
}

// Toy is the space.
type Toy struct{}

var _ Space = Toy{}

func (Toy) Name() string          { return "toy" }
func (Toy) Config() Config        { return DefaultConfig() }
func (Toy) Variants() []Variant   { return nil }
func (Toy) Size() *big.Int        { return big.NewInt(27) }
func (Toy) Notations() []Notation { return []Notation{"chain"} }

func (Toy) Sample(rng *rand.Rand) Architecture {
	return ToyArch{uint8(rng.IntN(3)), uint8(rng.IntN(3)), uint8(rng.IntN(3))}
}

func (Toy) Parse(text string) (Architecture, Notation, error) {
	parts := strings.Split(strings.TrimSpace(text), ">")
	var a ToyArch
	if len(parts) != len(a) {
		return nil, "", fmt.Errorf("%q: must be three operations, such as conv>skip>pool", clip(text))
	}
	for k, p := range parts {
		op := slices.Index(toyOps, p)
		if op < 0 {
			return nil, "chain", fmt.Errorf("operation %d: %q: must be one of %s", k, clip(p), strings.Join(toyOps, ", "))
		}
		a[k] = uint8(op)
	}
	return a, "chain", nil
}

func (s Toy) ParseAs(text string, n Notation) (Architecture, error) {
	if _, err := LookupNotation(s, string(n)); err != nil {
		return nil, err
	}
	a, _, err := s.Parse(text)
	return a, err
}

func (s Toy) Format(a Architecture, n Notation) (string, error) {
	if _, err := LookupNotation(s, string(n)); err != nil {
		return "", err
	}
	t, err := own[ToyArch](s, a)
	if err != nil {
		return "", err
	}
	return t.String(), nil
}

func (s Toy) Facts(a Architecture) ([]Fact, error) {
	t, err := own[ToyArch](s, a)
	return []Fact{{"first", toyOps[t[0]]}}, err
}

func (s Toy) Wirings(a Architecture) ([]Wiring, error) {
	t, err := own[ToyArch](s, a)
	if err != nil {
		return nil, err
	}
	w := Wiring{Name: "cell", Nodes: []string{"input"}}
	for k, op := range t {
		w.Nodes = append(w.Nodes, fmt.Sprint(k+1))
		w.Links = append(w.Links, Link{k, k + 1, toyOps[op]})
	}
	return []Wiring{w}, nil
}

func (s Toy) Neighbours(a Architecture) ([]Architecture, error) {
	t, err := own[ToyArch](s, a)
	if err != nil {
		return nil, err
	}
	var out []Architecture
	for k := range t {
		for step := range uint8(2) {
			near := t
			near[k] = (t[k] + 1 + step) % 3
			out = append(out, near)
		}
	}
	return out, nil
}

func (s Toy) Mutate(rng *rand.Rand, a Architecture) (Architecture, error) {
	near, err := s.Neighbours(a)
	if err != nil {
		return nil, err
	}
	return near[rng.IntN(len(near))], nil
}

func (s Toy) Crossover(rng *rand.Rand, a, b Architecture) (Architecture, error) {
	child, other, err := both(func(a Architecture) (ToyArch, error) { return own[ToyArch](s, a) }, a, b)
	if err != nil {
		return nil, err
	}
	for k := range child {
		if rng.IntN(2) == 1 {
			child[k] = other[k]
		}
	}
	return child, nil
}

// ToyPublished is Toy with the optional interfaces of a space.
type ToyPublished struct{ Toy }

var _ interface {
	Published
	Cited
	Bounded
	PythonSource
} = ToyPublished{}

func (ToyPublished) Name() string { return "toy-published" }
func (ToyPublished) KnownNetworks() []Known {
	return []Known{{"TOY_V1", ToyArch{1, 0, 2}, "chain", "no paper"}}
}
func (ToyPublished) Citations() []string        { return []string{"nobody2000toy"} }
func (ToyPublished) ObjectiveBox() ObjectiveBox { return ObjectiveBox{High: [3]float64{1, 1, 1}} }
func (ToyPublished) PythonSource() (Notation, string) {
	return "chain", "conv, skip, pool = 3, 2, 1\n"
}

// ToyCounted is a ToyArch with the optional interfaces of an architecture, whose order does not matter.
type ToyCounted struct{ ToyArch }

func (a ToyCounted) CanonicalForm() Architecture {
	slices.Sort(a.ToyArch[:])
	return a
}
func (a ToyCounted) Pools() int { return strings.Count(a.String(), "pool") }
func (a ToyCounted) CountOperations() OperationCounts {
	n := OperationCounts{Convolutions: strings.Count(a.String(), "conv"), Skips: strings.Count(a.String(), "skip")}
	n.Depth = len(a.ToyArch)
	return n
}

func TestToyClosedFormIsTheGraph(t *testing.T) {
	cfg := Config{Channels: 4, Layers: 2, Classes: 10, Height: 8, Width: 12, Variant: VariantNASLib}
	seen := map[string]bool{}
	for a := range Samples(Toy{}, 1) {
		graph, err := a.Graph(cfg)
		if err != nil {
			t.Fatal(err)
		}
		want := graphCount(graph)
		counts(t, a, cfg, want.Params, want.MACs, want.FLOPs)
		if seen[a.ID()] = true; len(seen) == 27 {
			break
		}
	}
}
