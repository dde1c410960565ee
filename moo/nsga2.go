package moo

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
)

// NSGA2 is the elitist non-dominated sorting genetic algorithm of Deb, Pratap, Agarwal and Meyarivan (2002). Parents
// win binary tournaments by dominance, then crowding (pymoo's rule); children equal to a member of the population or
// to each other are bred again.
type NSGA2[T any] struct {
	Size          int     `json:"size"`           // of the population, and of each generation of children
	CrossoverRate float64 `json:"crossover_rate"` // share of matings that mix their parents
	MutationRate  float64 `json:"mutation_rate"`  // share of children that are mutated

	Members []Individual[T] `json:"members"`
}

// NewNSGA2 returns NSGA-II with pymoo's rates of variation, 0.9 and 0.9.
func NewNSGA2[T any](size int) *NSGA2[T] {
	return &NSGA2[T]{Size: size, CrossoverRate: 0.9, MutationRate: 0.9}
}

// Name is "nsga2".
func (*NSGA2[T]) Name() string { return "nsga2" }

// Population is the current population.
func (a *NSGA2[T]) Population() []Individual[T] { return a.Members }

// Ask returns the first population or the next children.
func (a *NSGA2[T]) Ask(ctx context.Context, rng *rand.Rand, p Problem[T], limit int) ([]T, error) {
	fresh := newDistinct(p, a.Members)
	if a.Members == nil {
		return fresh.draw(ctx, min(a.Size, limit), func() []T { return []T{p.Sample(rng)} })
	}
	parents := tournament(rng, a.Members)
	return fresh.draw(ctx, min(a.Size, limit), func() []T {
		x, y := parents().X, parents().X
		if rng.Float64() < a.CrossoverRate {
			x, y = p.Crossover(rng, x, y)
		}
		children := []T{x, y}
		for i := range children {
			if rng.Float64() < a.MutationRate {
				children[i] = p.Mutate(rng, children[i])
			}
		}
		return children
	})
}

// Tell lets the best of parents and children survive.
func (a *NSGA2[T]) Tell(ctx context.Context, rng *rand.Rand, children []Individual[T]) error {
	pool := append(slices.Clone(a.Members), children...)
	fronts, err := rank(ctx, pool)
	if err != nil {
		return err
	}
	a.Members = nil
	for _, f := range fronts {
		if free := a.Size - len(a.Members); len(f) > free {
			rng.Shuffle(len(f), func(i, j int) { f[i], f[j] = f[j], f[i] }) // so that ties are cut at random
			slices.SortStableFunc(f, func(i, j int) int { return cmp.Compare(pool[j].Crowding, pool[i].Crowding) })
			f = f[:free]
		}
		for _, i := range f {
			a.Members = append(a.Members, pool[i])
		}
	}
	return nil
}

// tournament returns a source of winners of binary tournaments. Pairs come from permutations of the whole population,
// so that all take part equally often.
func tournament[T any](rng *rand.Rand, members []Individual[T]) func() Individual[T] {
	var queue []int
	next := func() Individual[T] {
		if len(queue) == 0 {
			queue = rng.Perm(len(members))
		}
		m := members[queue[0]]
		queue = queue[1:]
		return m
	}
	return func() Individual[T] {
		a, b := next(), next()
		switch better(a, b) {
		case -1:
			return a
		case 1:
			return b
		}
		if rng.IntN(2) == 0 {
			return a
		}
		return b
	}
}

// better is -1 if a beats b in a tournament, 1 if b beats a, 0 if a coin decides: the smaller constraint violation,
// then dominance, then the larger crowding distance wins.
func better[T any](a, b Individual[T]) int {
	va, vb := a.violation(), b.violation()
	switch {
	case va != vb:
		return cmp.Compare(va, vb)
	case va > 0:
		return 0
	case dominates(a.Objectives, b.Objectives):
		return -1
	case dominates(b.Objectives, a.Objectives):
		return 1
	}
	return cmp.Compare(b.Crowding, a.Crowding)
}

// distinct collects solutions that differ from each other and from those known before.
type distinct[T any] struct {
	key  func(T) string
	seen map[string]bool
}

func newDistinct[T any](p Problem[T], known []Individual[T]) *distinct[T] {
	d := &distinct[T]{key: p.Key, seen: map[string]bool{}}
	for _, k := range known {
		d.seen[p.Key(k.X)] = true
	}
	return d
}

// add reports whether x is new, and remembers it.
func (d *distinct[T]) add(x T) bool {
	k := d.key(x)
	if d.seen[k] {
		return false
	}
	d.seen[k] = true
	return true
}

// draw collects n solutions from a source; fewer if the source keeps repeating itself, as it must in a space that has
// been searched to the end. The error is that of ctx.
func (d *distinct[T]) draw(ctx context.Context, n int, source func() []T) (out []T, err error) {
	for idle := 0; len(out) < n && idle < maxIdle; idle++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, x := range source() {
			if len(out) < n && d.add(x) {
				out = append(out, x)
				idle = 0
			}
		}
	}
	return out, nil
}

// maxIdle is how many draws in a row may bring nothing new before a generation stays smaller than asked.
const maxIdle = 1000
