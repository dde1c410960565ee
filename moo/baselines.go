package moo

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
)

// Random draws solutions and keeps nothing: the baseline that every search has to beat.
type Random[T any] struct {
	Size int `json:"size"` // solutions a generation

	Last []Individual[T] `json:"last"` // the newest generation
}

// Name is "random".
func (*Random[T]) Name() string { return "random" }

// Population is the newest generation.
func (a *Random[T]) Population() []Individual[T] { return a.Last }

// Ask draws.
func (a *Random[T]) Ask(ctx context.Context, rng *rand.Rand, p Problem[T], limit int) ([]T, error) {
	return newDistinct(p, nil).draw(ctx, min(a.Size, limit), func() []T { return []T{p.Sample(rng)} })
}

// Tell remembers the generation.
func (a *Random[T]) Tell(ctx context.Context, _ *rand.Rand, drawn []Individual[T]) error {
	a.Last = drawn
	_, err := rank(ctx, drawn)
	return err
}

// Aging is regularised evolution (Real, Aggarwal, Huang and Le 2019, arXiv 1802.01548): the best of a random sample of
// the population is mutated, the child joins, and the oldest leaves. "Best" is the first front of the sample, ties by
// crowding. Batch children are bred from one population, so that they can be evaluated side by side; 1 is the
// published form.
type Aging[T any] struct {
	Size   int `json:"size"`   // of the population
	Sample int `json:"sample"` // drawn to find a parent
	Batch  int `json:"batch"`  // children a generation

	Members []Individual[T] `json:"members"` // oldest first
}

// Name is "aging".
func (*Aging[T]) Name() string { return "aging" }

// Population is the current population.
func (a *Aging[T]) Population() []Individual[T] { return a.Members }

// Ask draws the first population, then mutates winners.
func (a *Aging[T]) Ask(ctx context.Context, rng *rand.Rand, p Problem[T], limit int) ([]T, error) {
	if len(a.Members) < a.Size {
		return newDistinct(p, a.Members).draw(ctx, min(a.Size-len(a.Members), limit), func() []T {
			return []T{p.Sample(rng)}
		})
	}
	return newDistinct(p, nil).draw(ctx, min(a.Batch, limit), func() []T {
		sample := make([]Individual[T], a.Sample)
		for i := range sample {
			sample[i] = a.Members[rng.IntN(len(a.Members))]
		}
		if _, err := rank(ctx, sample); err != nil {
			return nil // draw says why
		}
		best := slices.MinFunc(sample, func(a, b Individual[T]) int {
			if a.Rank != b.Rank {
				return a.Rank - b.Rank
			}
			return cmp.Compare(b.Crowding, a.Crowding)
		})
		return []T{p.Mutate(rng, best.X)}
	})
}

// Tell lets the children join and the oldest leave.
func (a *Aging[T]) Tell(ctx context.Context, _ *rand.Rand, children []Individual[T]) error {
	a.Members = append(a.Members, children...)
	if extra := len(a.Members) - a.Size; extra > 0 {
		a.Members = slices.Clone(a.Members[extra:])
	}
	_, err := rank(ctx, a.Members)
	return err
}

// Local is Pareto local search (Paquete, Chiarandini and Stuetzle 2004): the neighbours of a random unexplored member
// of the archive are evaluated, those not dominated join, and once all members are explored a new random start is
// added. A generation evaluates at most Batch neighbours.
type Local[T any] struct {
	Batch int `json:"batch"` // neighbours a generation

	Members  []Individual[T] `json:"members"`  // mutually non-dominated
	Explored map[string]bool `json:"explored"` // keys of members whose neighbours have all been evaluated
	Pending  []T             `json:"pending"`  // neighbours still to evaluate
	Keys     []string        `json:"keys"`     // keys of the members, in order
}

// Name is "local".
func (*Local[T]) Name() string { return "local" }

// Population is the archive.
func (a *Local[T]) Population() []Individual[T] { return a.Members }

// Ask returns the next neighbours, or a random start.
func (a *Local[T]) Ask(_ context.Context, rng *rand.Rand, p Problem[T], limit int) ([]T, error) {
	if a.Explored == nil {
		a.Explored = map[string]bool{}
	}
	a.Keys = a.Keys[:0]
	for _, m := range a.Members {
		a.Keys = append(a.Keys, p.Key(m.X))
	}
	if len(a.Pending) == 0 {
		var open []int
		for i, k := range a.Keys {
			if !a.Explored[k] {
				open = append(open, i)
			}
		}
		if len(open) == 0 {
			return []T{p.Sample(rng)}, nil
		}
		i := open[rng.IntN(len(open))]
		a.Explored[a.Keys[i]] = true
		a.Pending = p.Neighbours(a.Members[i].X)
		rng.Shuffle(len(a.Pending), func(i, j int) { a.Pending[i], a.Pending[j] = a.Pending[j], a.Pending[i] })
	}
	n := min(a.Batch, limit, len(a.Pending))
	ask := a.Pending[:n:n]
	a.Pending = a.Pending[n:]
	return ask, nil
}

// Tell takes the solutions that no member dominates or equals.
func (a *Local[T]) Tell(ctx context.Context, _ *rand.Rand, evaluated []Individual[T]) error {
	archive := Archive[T]{Members: a.Members}
	for _, e := range evaluated {
		archive.Add(e)
	}
	a.Members = archive.Members
	_, err := rank(ctx, a.Members)
	return err
}
