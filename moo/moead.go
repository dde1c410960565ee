package moo

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// MOEAD is the evolutionary algorithm based on decomposition of Zhang and Li (2007): one Tchebycheff subproblem a
// weight vector (Das and Dennis's simplex lattice), mating and replacement among neighbouring weights. Objectives are
// scaled by the ideal point and the worst values of the population. All children of a generation are bred before any is
// evaluated.
type MOEAD[T any] struct {
	Weights       [][]float64 `json:"weights"`
	Neighbours    int         `json:"neighbours"`     // weights that mate with each other
	Replacements  int         `json:"replacements"`   // members that one child may replace
	CrossoverRate float64     `json:"crossover_rate"` // share of matings that mix their parents
	MutationRate  float64     `json:"mutation_rate"`  // share of children that are mutated

	Members []Individual[T] `json:"members"` // one a weight
	Ideal   []float64       `json:"ideal"`   // smallest value of each objective so far

	nearest [][]int // indices of the closest weights, by weight; each found when first needed
}

// NewMOEAD returns MOEA/D with at most size weights for so many objectives, 20 neighbours and two replacements. One
// objective has one weight.
func NewMOEAD[T any](objectives, size int) *MOEAD[T] {
	divisions := 1
	for objectives > 1 && latticeSize(objectives, divisions+1) <= size {
		divisions++
	}
	w := lattice(objectives, divisions)
	return &MOEAD[T]{Weights: w, Neighbours: min(20, len(w)), Replacements: 2, CrossoverRate: 0.9, MutationRate: 0.9}
}

// latticeSize is the number of points of lattice: divisions+objectives-1 over objectives-1.
func latticeSize(objectives, divisions int) int {
	n := 1
	for k := 1; k < objectives; k++ {
		n = n * (divisions + k) / k
	}
	return n
}

// lattice lists the points of the unit simplex whose coordinates are multiples of 1/divisions (Das and Dennis 1998).
func lattice(objectives, divisions int) [][]float64 {
	var points [][]float64
	var place func(prefix []float64, left int)
	place = func(prefix []float64, left int) {
		if len(prefix) == objectives-1 {
			points = append(points, append(slices.Clone(prefix), float64(left)/float64(divisions)))
			return
		}
		for k := range left + 1 {
			place(append(prefix, float64(k)/float64(divisions)), left-k)
		}
	}
	place(nil, divisions)
	return points
}

// Name is "moead".
func (*MOEAD[T]) Name() string { return "moead" }

// Population has one member a weight.
func (a *MOEAD[T]) Population() []Individual[T] { return a.Members }

// Ask draws one solution a weight at first, then breeds one child a weight.
func (a *MOEAD[T]) Ask(ctx context.Context, rng *rand.Rand, p Problem[T], limit int) ([]T, error) {
	if missing := len(a.Weights) - len(a.Members); missing > 0 {
		return newDistinct(p, a.Members).draw(ctx, min(missing, limit), func() []T { return []T{p.Sample(rng)} })
	}
	var children []T
	for i := range a.Weights[:min(limit, len(a.Weights))] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		near := a.near(i)
		c := a.Members[near[rng.IntN(len(near))]].X
		if rng.Float64() < a.CrossoverRate {
			c, _ = p.Crossover(rng, c, a.Members[near[rng.IntN(len(near))]].X)
		}
		if rng.Float64() < a.MutationRate {
			c = p.Mutate(rng, c)
		}
		children = append(children, c)
	}
	return children, nil
}

// near lists the weights closest to weight i, itself first.
func (a *MOEAD[T]) near(i int) []int {
	if a.nearest == nil {
		a.nearest = make([][]int, len(a.Weights))
	}
	if a.nearest[i] == nil {
		order, distance := make([]int, len(a.Weights)), make([]float64, len(a.Weights))
		for l := range order {
			order[l], distance[l] = l, euclid(a.Weights[i], a.Weights[l])
		}
		slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(distance[x], distance[y]) })
		a.nearest[i] = slices.Clone(order[:a.Neighbours])
	}
	return a.nearest[i]
}

// Tell replaces neighbours that a child beats on their own subproblems.
func (a *MOEAD[T]) Tell(ctx context.Context, rng *rand.Rand, children []Individual[T]) error {
	for _, c := range children {
		a.observe(c)
	}
	if len(a.Members) < len(a.Weights) {
		a.Members = append(a.Members, children...)
		_, err := rank(ctx, a.Members)
		return err
	}
	for i, c := range children {
		if err := ctx.Err(); err != nil {
			return err
		}
		worst := a.worst()
		near := slices.Clone(a.near(i))
		rng.Shuffle(len(near), func(k, l int) { near[k], near[l] = near[l], near[k] })
		left := a.Replacements
		for _, k := range near {
			if left > 0 && a.beats(c, a.Members[k], a.Weights[k], worst) {
				a.Members[k] = c
				left--
			}
		}
	}
	_, err := rank(ctx, a.Members)
	return err
}

// observe moves the ideal point.
func (a *MOEAD[T]) observe(c Individual[T]) {
	if c.violation() > 0 {
		return
	}
	if a.Ideal == nil {
		a.Ideal = slices.Clone(c.Objectives)
	}
	for i, v := range c.Objectives {
		a.Ideal[i] = min(a.Ideal[i], v)
	}
}

// worst is the largest value of each objective in the population.
func (a *MOEAD[T]) worst() []float64 {
	w := slices.Clone(a.Ideal)
	for _, m := range a.Members {
		if m.violation() == 0 {
			for i, v := range m.Objectives {
				w[i] = max(w[i], v)
			}
		}
	}
	return w
}

// beats compares by constraint violation, then by the scaled Tchebycheff distance from the ideal point.
func (a *MOEAD[T]) beats(c, m Individual[T], weight, worst []float64) bool {
	if vc, vm := c.violation(), m.violation(); vc != vm || vc > 0 {
		return vc < vm
	}
	distance := func(f []float64) float64 {
		d := 0.0
		for i := range f {
			extent := worst[i] - a.Ideal[i]
			if extent == 0 {
				extent = 1
			}
			d = max(d, max(weight[i], 1e-6)*math.Abs(f[i]-a.Ideal[i])/extent)
		}
		return d
	}
	return distance(c.Objectives) < distance(m.Objectives)
}
