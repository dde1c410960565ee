package moo

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Sort ranks outcomes by non-domination: ranks[i] is the front of outcome i, and fronts lists the members of each front
// by ascending index. It places outcomes in lexicographic order, each in the first front that has no member dominating
// it (ENS of Zhang, Tian, Cheng and Jin 2015), which gives the fronts of NSGA-II's fast non-dominated sort.
func Sort(outcomes []Outcome) (ranks []int, fronts [][]int) {
	ranks, fronts, _ = sortWithin(context.Background(), outcomes)
	return ranks, fronts
}

// sortWithin is Sort that ends with the error of ctx when ctx does.
func sortWithin(ctx context.Context, outcomes []Outcome) (ranks []int, fronts [][]int, err error) {
	order := make([]int, len(outcomes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := outcomes[i], outcomes[j]
		if c := cmp.Compare(a.violation(), b.violation()); c != 0 {
			return c
		}
		return slices.Compare(a.Objectives, b.Objectives)
	})
	ranks = make([]int, len(outcomes))
	for _, i := range order {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		f := 0
		for f < len(fronts) && anyDominates(outcomes, fronts[f], i) {
			f++
		}
		if f == len(fronts) {
			fronts = append(fronts, nil)
		}
		fronts[f] = append(fronts[f], i)
		ranks[i] = f
	}
	for _, f := range fronts {
		slices.Sort(f)
	}
	return ranks, fronts, nil
}

// anyDominates looks from the last member, which is the nearest in lexicographic order, to the first.
func anyDominates(outcomes []Outcome, front []int, i int) bool {
	for k := len(front) - 1; k >= 0; k-- {
		if Dominates(outcomes[front[k]], outcomes[i]) {
			return true
		}
	}
	return false
}

// Crowding is the crowding distance of each member of one front: per objective the distance between its two
// neighbours in units of the front's range, averaged over the objectives; infinite at the ends of an objective that
// is not constant, and for fronts of one or two (Deb et al. 2002 in pymoo 0.6's form, which divides by the number of
// objectives and gives a constant objective no ends).
func Crowding(objectives [][]float64) []float64 {
	n := len(objectives)
	distance := make([]float64, n)
	if n <= 2 {
		for i := range distance {
			distance[i] = math.Inf(1)
		}
		return distance
	}
	m := len(objectives[0])
	if m == 0 {
		return distance // all failed: there is nothing to be apart in
	}
	order := make([]int, n)
	for k := range m {
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(objectives[i][k], objectives[j][k]) })
		at := func(p int) float64 { return objectives[order[p]][k] }
		extent := at(n-1) - at(0)
		if extent == 0 {
			continue
		}
		share := func(d float64) float64 {
			if d /= extent; !math.IsNaN(d) { // Inf/Inf, in a front with infinite values, counts as no distance
				return d
			}
			return 0
		}
		for p := range n {
			below, above := math.Inf(1), math.Inf(1)
			if p > 0 {
				below = share(at(p) - at(p-1))
			}
			if p < n-1 {
				above = share(at(p+1) - at(p))
			}
			distance[order[p]] += below + above
		}
	}
	for i := range distance {
		distance[i] /= float64(m)
	}
	return distance
}

// rank gives every individual its front and its crowding distance, and returns the fronts. Its error is that of ctx.
func rank[T any](ctx context.Context, pool []Individual[T]) ([][]int, error) {
	outcomes := make([]Outcome, len(pool))
	for i, p := range pool {
		outcomes[i] = p.Outcome
	}
	ranks, fronts, err := sortWithin(ctx, outcomes)
	if err != nil {
		return nil, err
	}
	for _, f := range fronts {
		var objectives [][]float64
		for _, i := range f {
			objectives = append(objectives, pool[i].Objectives)
		}
		for k, d := range Crowding(objectives) {
			pool[f[k]].Rank, pool[f[k]].Crowding = ranks[f[k]], Extended(d)
		}
	}
	return fronts, nil
}
