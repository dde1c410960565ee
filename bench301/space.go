package bench301

import (
	"fmt"
	"iter"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"

	"rwe301/internal/suggest"
)

// Space is a search space: what can be drawn from it, read, and varied without leaving it. All randomness comes from
// the generator passed in. An architecture of another space is an error.
type Space interface {
	// Name is the short name of the space ("darts").
	Name() string
	// Config is the network that the space's benchmark trains.
	Config() Config
	// Variants lists the networks that share the space's wiring; nil when there is one only.
	Variants() []Variant
	// Size is the number of distinct architectures.
	Size() *big.Int
	// Sample draws uniformly over distinct architectures.
	Sample(*rand.Rand) Architecture
	// Notations lists what Parse and Format understand, the canonical one first.
	Notations() []Notation
	// Parse reads one architecture in any notation that can be recognised and says which one it was.
	Parse(text string) (Architecture, Notation, error)
	// ParseAs reads one architecture in the given notation only.
	ParseAs(text string, n Notation) (Architecture, error)
	// Format writes an architecture in a notation.
	Format(a Architecture, n Notation) (string, error)
	// Facts says in words what a consists of.
	Facts(a Architecture) ([]Fact, error)
	// Wirings are the cells of a as graphs to draw.
	Wirings(a Architecture) ([]Wiring, error)
	// Neighbours lists the distinct architectures that differ from a in one operation or one input.
	Neighbours(a Architecture) ([]Architecture, error)
	// Mutate returns a uniformly drawn neighbour of a.
	Mutate(rng *rand.Rand, a Architecture) (Architecture, error)
	// Crossover mixes two parents: every part of the child comes from one or the other.
	Crossover(rng *rand.Rand, a, b Architecture) (Architecture, error)
}

// Notation names a way of writing an architecture down.
type Notation string

// Fact is something to say about an architecture.
type Fact struct{ Name, Value string }

var spaces = []Space{DARTS{}, NASBench201{}}

// Spaces lists the search spaces, the default first.
func Spaces() []Space { return slices.Clone(spaces) }

// Register adds a space to those that Spaces lists and LookupSpace finds, so that studies, searches and commands of a
// program that brings its own take it by name. Call it from an init function; it panics if the name is taken.
func Register(s Space) {
	if _, err := LookupSpace(s.Name()); err == nil {
		panic(fmt.Sprintf("bench301: space %q is registered twice", s.Name()))
	}
	spaces = append(spaces, s)
}

// Parse reads one architecture of a space in the notation n, or in whichever is recognised if n is "", and says which
// one it was. The error says where the text is wrong, and what would be right.
func Parse(s Space, text string, n Notation) (Architecture, Notation, error) {
	if n == "" {
		return s.Parse(text)
	}
	a, err := s.ParseAs(text, n)
	return a, n, err
}

// Samples draws architectures without end. It is the one stream of samples of a seed: what "n architectures of seed s"
// means everywhere.
func Samples(s Space, seed uint64) iter.Seq[Architecture] {
	return func(yield func(Architecture) bool) {
		rng := rand.New(rand.NewPCG(seed, 0))
		for yield(s.Sample(rng)) {
		}
	}
}

// LookupSpace finds a space by name.
func LookupSpace(name string) (Space, error) {
	var names []string
	for _, s := range Spaces() {
		if s.Name() == name {
			return s, nil
		}
		names = append(names, s.Name())
	}
	return nil, fmt.Errorf("space %q: unknown; use one of %s%s", name, strings.Join(names, ", "),
		suggest.Near(name, names))
}

// LookupNotation finds a notation of a space by name.
func LookupNotation(s Space, name string) (Notation, error) {
	for _, n := range s.Notations() {
		if string(n) == name {
			return n, nil
		}
	}
	return "", fmt.Errorf("notation %q: space %s has %s", name, s.Name(), join(s.Notations()))
}

// own asserts that an architecture is of the type that a space works on.
func own[T Architecture](s Space, a Architecture) (T, error) {
	t, ok := a.(T)
	if !ok {
		return t, fmt.Errorf("space %s: an architecture of another space: %T", s.Name(), a)
	}
	return t, nil
}

// both returns two architectures of a space, checked.
func both[T Architecture](valid func(Architecture) (T, error), a, b Architecture) (x, y T, err error) {
	if x, err = valid(a); err == nil {
		y, err = valid(b)
	}
	return x, y, err
}

// boxed returns the values as architectures.
func boxed[T Architecture](values []T) []Architecture {
	out := make([]Architecture, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// counted lists how often operations occur, the most frequent first.
func counted(n []int, name func(op int) string) string {
	var parts []string
	for most := slices.Max(n); most > 0; most-- {
		for op, k := range n {
			if k == most {
				parts = append(parts, fmt.Sprintf("%d %s", k, name(op)))
			}
		}
	}
	return strings.Join(parts, ", ")
}
