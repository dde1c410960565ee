package trees

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// grow makes a random tree of up to n splits.
func grow[T Real](rng *rand.Rand, n int, missing Flags) Source[T] {
	s := Source[T]{}
	add := func(v T) int32 {
		s.Left, s.Right = append(s.Left, -1), append(s.Right, -1)
		s.Feature, s.Value, s.Flags = append(s.Feature, 0), append(s.Value, v), append(s.Flags, 0)
		return int32(len(s.Left) - 1)
	}
	add(T(rng.NormFloat64()))
	leaves := []int32{0}
	for range n {
		k := rng.IntN(len(leaves))
		i := leaves[k]
		s.Feature[i] = uint32(rng.IntN(Features))
		s.Value[i] = T(rng.IntN(5)) - 1
		s.Flags[i] = missing&(NaNMissing|ZeroMissing) | Flags(rng.IntN(2))*DefaultLeft
		// Allocation order says nothing about the place of a node.
		right := add(T(rng.NormFloat64()))
		left := add(T(rng.NormFloat64()))
		s.Left[i], s.Right[i] = left, right
		leaves[k] = left
		leaves = append(leaves, right)
	}
	return s
}

// walk is the definition: one tree of a source.
func walk[T Real](s Source[T], x [Features]T) T {
	i := int32(0)
	for s.Left[i] >= 0 {
		v, f := x[s.Feature[i]], s.Flags[i]
		missing := false
		if v != v {
			if f&NaNMissing != 0 {
				missing = true
			} else {
				v = 0
			}
		}
		if f&ZeroMissing != 0 && math.Abs(float64(v)) <= float64(float32(1e-35)) {
			missing = true
		}
		left := v < s.Value[i]
		if missing {
			left = f&DefaultLeft != 0
		}
		if left {
			i = s.Left[i]
		} else {
			i = s.Right[i]
		}
	}
	return s.Value[i]
}

func testForests[T Real](t *testing.T, missing Flags) {
	rng := rand.New(rand.NewPCG(5, uint64(missing)))
	for round := range 30 {
		f := Forest[T]{Base: 0.5, BaseFirst: round%2 == 0}
		var sources []Source[T]
		for range 1 + rng.IntN(40) {
			s := grow[T](rng, rng.IntN(60), missing)
			if err := f.Add(s); err != nil {
				t.Fatal(err)
			}
			sources = append(sources, s)
		}
		if err := f.Prepare(); err != nil {
			t.Fatal(err)
		}
		var rows []Row[T]
		var want []T
		for k := range 37 {
			var x [Features]T
			for i := range x {
				x[i] = T(rng.IntN(6)) - 1
				switch {
				case k%3 == 2 && rng.IntN(4) == 0:
					x[i] = T(math.NaN())
				case k%3 == 2 && rng.IntN(20) == 0:
					x[i] = T(math.Inf(1 - 2*rng.IntN(2)))
				}
			}
			var sum T
			if f.BaseFirst {
				sum = f.Base
			}
			for _, s := range sources {
				sum += walk(s, x)
			}
			if !f.BaseFirst {
				sum = f.Base + sum
			}
			rows, want = append(rows, NewRow(x)), append(want, sum)
		}
		scratch := make([]T, f.Trees())
		check := func(rows []Row[T], want []T) {
			out := make([]T, len(rows))
			f.PredictBatch(rows, out)
			for i := range rows {
				if alone := f.Predict(&rows[i], scratch); alone != want[i] || out[i] != want[i] {
					t.Errorf("round %d, row %d: %v alone, %v in a batch, want %v", round, i, alone, out[i], want[i])
				}
			}
		}
		check(rows, want)
		var finite []Row[T] // the way without branches
		var finiteWant []T
		for i := range rows {
			if rows[i].finite() {
				finite, finiteWant = append(finite, rows[i]), append(finiteWant, want[i])
			}
		}
		check(finite, finiteWant)
	}
}

func TestForests(t *testing.T) {
	for _, missing := range []Flags{0, NaNMissing, ZeroMissing} {
		testForests[float32](t, missing)
		testForests[float64](t, missing)
	}
}

// TestDeepTree walks a chain, the deepest tree of its size.
func TestDeepTree(t *testing.T) {
	chain := func(n int) Source[float64] {
		s := Source[float64]{Left: make([]int32, 2*n+1), Right: make([]int32, 2*n+1), Feature: make([]uint32, 2*n+1),
			Value: make([]float64, 2*n+1), Flags: make([]Flags, 2*n+1)}
		for i := range s.Left {
			s.Left[i], s.Right[i], s.Value[i] = -1, -1, float64(i)
		}
		for k := range n {
			s.Left[2*k], s.Right[2*k], s.Value[2*k] = int32(2*k+1), int32(2*k+2), -1
		}
		return s
	}
	var f Forest[float64]
	if err := f.Add(chain(5000)); err != nil {
		t.Fatal(err)
	}
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	row := NewRow([Features]float64{})
	if got := f.Predict(&row, make([]float64, 1)); got != 10000 || f.Depth(0) != 5000 {
		t.Errorf("%v at depth %d", got, f.Depth(0))
	}
	f = Forest[float64]{}
	if err := f.Add(chain(maxDepth + 1)); err != nil {
		t.Fatal(err)
	}
	if err := f.Prepare(); err == nil || !strings.Contains(err.Error(), "tree 0: deeper than 32768 levels") {
		t.Errorf("%v", err)
	}
}

func TestRefusedTrees(t *testing.T) {
	tree := func() Source[float32] {
		return Source[float32]{Left: []int32{1, -1, -1}, Right: []int32{2, -1, -1}, Feature: []uint32{3, 0, 0},
			Value: []float32{1, 2, 3}, Flags: make([]Flags, 3)}
	}
	for want, edit := range map[string]func(*Source[float32]){
		"a tree without nodes":                          func(s *Source[float32]) { *s = Source[float32]{} },
		"3 left children, but 2 right children":         func(s *Source[float32]) { s.Right = s.Right[:2] },
		"node 0: child 3: the tree has 3 nodes":         func(s *Source[float32]) { s.Left[0] = 3 },
		"node 0: child -1: the tree has 3 nodes":        func(s *Source[float32]) { s.Right[0] = -1 },
		"node 0: child 1 has another parent":            func(s *Source[float32]) { s.Right[0] = 1 },
		"node 1: child 0 has another parent":            func(s *Source[float32]) { s.Left[1], s.Right[1] = 0, 0 },
		"node 0: feature 56: the models have 56 (0-55)": func(s *Source[float32]) { s.Feature[0] = 56 },
		"node 2: value NaN: want a finite number":       func(s *Source[float32]) { s.Value[2] = float32(math.NaN()) },
		"node 0: value +Inf: want a finite number":      func(s *Source[float32]) { s.Value[0] = float32(math.Inf(1)) },
	} {
		s := tree()
		edit(&s)
		var f Forest[float32]
		if err := f.Add(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	var f Forest[float32]
	if err := f.Prepare(); err == nil || err.Error() != "a model without trees" {
		t.Errorf("%v", err)
	}
	// What cannot be reached is neither kept nor checked.
	s := tree()
	s.Left, s.Right, s.Feature, s.Value, s.Flags = append(s.Left, 99), append(s.Right, 99),
		append(s.Feature, math.MaxUint32), append(s.Value, 0), append(s.Flags, 0)
	if err := f.Add(s); err != nil || len(f.Nodes) != 3 {
		t.Errorf("%d nodes, %v", len(f.Nodes), err)
	}
}
