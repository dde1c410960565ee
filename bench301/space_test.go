package bench301

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSizeOfDARTS(t *testing.T) {
	if got := (DARTS{}).Size().String(); got != "1076746950455072400" {
		t.Errorf("%s architectures", got)
	}
}

func TestFactsOfDARTSV2(t *testing.T) {
	g, _, err := ParseGenotype(dartsV2[NotationPairs])
	if err != nil {
		t.Fatal(err)
	}
	facts, err := DARTS{}.Facts(g)
	want := []Fact{
		{"normal cell", "5 sep_conv_3x3, 2 skip_connect, 1 dil_conv_3x3"}, {"normal depth", "2"},
		{"reduction cell", "5 max_pool_3x3, 3 skip_connect"}, {"reduction depth", "2"},
	}
	if err != nil || !slices.Equal(facts, want) {
		t.Errorf("%v, %v", facts, err)
	}
}

// The chi-square statistic of a uniform draw over k values lies within five standard deviations of its mean k-1.
func uniform(t *testing.T, what string, counts map[string]int, k int) {
	t.Helper()
	n := 0
	for _, c := range counts {
		n += c
	}
	expected := float64(n) / float64(k)
	chi := float64(k-len(counts)) * expected
	for _, c := range counts {
		chi += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	if len(counts) > k || math.Abs(chi-float64(k-1)) > 5*math.Sqrt(2*float64(k-1)) {
		t.Errorf("%s: chi-square %.1f over %d values of %d", what, chi, len(counts), k)
	}
}

func TestSamplingIsUniform(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	sources := [Nodes]map[string]int{}
	last, ops := map[string]int{}, map[string]int{}
	for n := range sources {
		sources[n] = map[string]int{}
	}
	for range 40000 {
		g := SampleGenotype(rng)
		for n := range Nodes {
			sources[n][string([]byte{g.Reduce[2*n].Source, g.Reduce[2*n+1].Source})]++
		}
		ops[g.Normal[3].Op.String()]++
		last[string((&Cell{g.Normal[6], g.Normal[7]}).appendPairs(nil, 0))]++
	}
	for n, k := range []int{1, 3, 6, 10} {
		uniform(t, "sources", sources[n], k)
	}
	uniform(t, "operations", ops, NumOperations)
	uniform(t, "a node's edges", last, 10*49)
}

func TestSameSeedSameSamples(t *testing.T) {
	for _, s := range Spaces() {
		next, stop := iter.Pull(Samples(s, 301))
		n := 0
		for a := range Samples(s, 301) {
			if b, _ := next(); a.ID() != b.ID() {
				t.Errorf("%s: %s and %s from one seed", s.Name(), a, b)
			}
			if n++; n == 10 {
				break
			}
		}
		stop()
	}
}

func TestNeighbours(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	for range 20 {
		g := SampleGenotype(rng)
		near, err := DARTS{}.Neighbours(g)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{g.ID(): true}
		for _, a := range near {
			if seen[a.ID()] {
				t.Fatalf("%s comes twice, or is its own neighbour", a)
			}
			seen[a.ID()] = true
			n := a.(Genotype)
			if err := n.Validate(); err != nil || n != n.Canonical() {
				t.Fatalf("%v: %v", n, err)
			}
			if d := distance(g, n); d != 1 {
				t.Fatalf("%s and %s differ in %d places", g, n, d)
			}
			back, _ := DARTS{}.Neighbours(n)
			found := false
			for _, b := range back {
				found = found || b.ID() == g.ID()
			}
			if !found {
				t.Fatalf("%s is a neighbour of %s but not the other way round", n, g)
			}
		}
		if len(near) != 120 {
			t.Fatalf("%d neighbours, want 120", len(near))
		}
	}
}

// distance counts the operations and inputs to change, node by node under the better matching of edges.
func distance(a, b Genotype) int {
	d := 0
	for _, c := range [][2]Cell{{a.Normal, b.Normal}, {a.Reduce, b.Reduce}} {
		for n := range Nodes {
			edge := func(x, y Edge) (d int) {
				if x.Op != y.Op {
					d++
				}
				if x.Source != y.Source {
					d++
				}
				return d
			}
			x, y := c[0][2*n:2*n+2], c[1][2*n:2*n+2]
			d += min(edge(x[0], y[0])+edge(x[1], y[1]), edge(x[0], y[1])+edge(x[1], y[0]))
		}
	}
	return d
}

func TestMutationReachesEveryNeighbourEqually(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	g := SampleGenotype(rng)
	counts := map[string]int{}
	for range 120 * 200 {
		m, err := DARTS{}.Mutate(rng, g)
		if err != nil {
			t.Fatal(err)
		}
		counts[m.ID()]++
	}
	uniform(t, "mutations", counts, 120)
}

func TestCrossoverTakesNodesFromItsParents(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 0))
	masks := map[string]int{}
	for range 40 {
		a, b := SampleGenotype(rng), SampleGenotype(rng)
		for range 100 {
			c, err := DARTS{}.Crossover(rng, a, b)
			if err != nil {
				t.Fatal(err)
			}
			child := c.(Genotype)
			if err := child.Validate(); err != nil {
				t.Fatal(err)
			}
			mask := ""
			for n := range Nodes {
				for _, cells := range [][3]Cell{{child.Normal, a.Normal, b.Normal}, {child.Reduce, a.Reduce, b.Reduce}} {
					own := [2]Edge{cells[0][2*n], cells[0][2*n+1]}
					fromA := own == [2]Edge{cells[1][2*n], cells[1][2*n+1]}
					fromB := own == [2]Edge{cells[2][2*n], cells[2][2*n+1]}
					switch {
					case !fromA && !fromB:
						t.Fatalf("node %d of %s comes from neither parent", n, child)
					case fromA:
						mask += "a"
					default:
						mask += "b"
					}
				}
			}
			masks[mask]++
		}
	}
	uniform(t, "masks", masks, 256)
}

// stranger is an architecture of no space.
type stranger struct{ Genotype }

func TestStrangersAreErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(0, 0))
	for _, s := range Spaces() {
		own := s.Sample(rng)
		for name, call := range map[string]func() error{
			"neighbours": func() error { _, err := s.Neighbours(stranger{}); return err },
			"mutate":     func() error { _, err := s.Mutate(rng, stranger{}); return err },
			"crossover":  func() error { _, err := s.Crossover(rng, own, stranger{}); return err },
			"crossover2": func() error { _, err := s.Crossover(rng, stranger{}, own); return err },
			"format":     func() error { _, err := s.Format(stranger{}, s.Notations()[0]); return err },
			"facts":      func() error { _, err := s.Facts(stranger{}); return err },
			"no such":    func() error { _, err := s.Format(own, "morse"); return err },
		} {
			if call() == nil {
				t.Errorf("%s: %s of a stranger is no error", s.Name(), name)
			}
		}
	}
	if _, err := LookupSpace("darts"); err != nil {
		t.Error(err)
	}
	if _, err := LookupSpace("nasbench999"); err == nil {
		t.Error("an unknown space is no error")
	}
}

func BenchmarkMutate(b *testing.B) {
	rng := rand.New(rand.NewPCG(0, 0))
	g := SampleGenotype(rng)
	for b.Loop() {
		_, _ = DARTS{}.Mutate(rng, g)
	}
}

func BenchmarkParsePairs(b *testing.B) {
	for b.Loop() {
		_, _, _ = ParseGenotype(dartsV2[NotationPairs])
	}
}
