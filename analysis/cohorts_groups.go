package analysis

import (
	"cmp"
	"fmt"
	"math"
	"rwe301/internal/suggest"
	"slices"
	"strconv"
)

// cohortGroup are the members of a driver's cohorts.
type cohortGroup struct {
	name    string
	seeds   []uint64
	cohorts []Cohort
	members [][][]int   // [cohort][seed], places of architectures; one "seed" where they are pooled
	places  map[int]int // of generations among the cohorts, as they came
}

// groups puts the architectures into cohorts.
func (c *Cohorts) groups(given []float64) ([]*cohortGroup, error) {
	switch c.Of {
	case BySize:
		return []*cohortGroup{c.quantiles(given)}, nil
	case ByTruth:
		return []*cohortGroup{c.quantiles(c.Truth)}, nil
	}
	var out []*cohortGroup
	by := map[string]*cohortGroup{}
	for _, p := range c.Populations {
		if c.Methods != nil && !slices.Contains(c.Methods, p.Method) {
			continue
		}
		g := by[p.Method]
		if g == nil {
			g = &cohortGroup{name: p.Method}
			by[p.Method], out = g, append(out, g)
		}
		s := slices.Index(g.seeds, p.Seed)
		if s < 0 {
			s, g.seeds = len(g.seeds), append(g.seeds, p.Seed)
		}
		g.put(p.Generation, s, c.Of.members(p))
	}
	for _, m := range c.Methods {
		if by[m] == nil {
			return nil, fmt.Errorf("%s: no populations of a method %q%s", c.From.Dir, m, suggest.Nearest(m, c.methods()))
		}
	}
	for _, g := range out {
		g.sort()
		for k := range g.members { // a seed whose search has not come so far has an empty cohort
			g.members[k] = append(g.members[k], make([][]int, len(g.seeds)-len(g.members[k]))...)
		}
		if c.Of == Births {
			g.pool()
		}
	}
	return out, nil
}

// put makes members the cohort of a generation and of a seed. Generations that the run has of no seed are no cohorts.
func (g *cohortGroup) put(generation, seed int, members []int) {
	k, known := g.places[generation]
	if !known {
		if g.places == nil {
			g.places = map[int]int{}
		}
		k = len(g.cohorts)
		g.places[generation] = k
		g.cohorts = append(g.cohorts, Cohort{Number: generation, Low: math.NaN(), High: math.NaN()})
		g.members = append(g.members, nil)
	}
	for len(g.members[k]) <= seed {
		g.members[k] = append(g.members[k], nil)
	}
	g.members[k][seed] = members
}

// sort puts generations in their order.
func (g *cohortGroup) sort() {
	slices.SortFunc(g.cohorts, func(a, b Cohort) int { return cmp.Compare(a.Number, b.Number) })
	members := make([][][]int, len(g.members))
	for k, c := range g.cohorts {
		members[k] = g.members[g.places[c.Number]]
	}
	g.members = members
}

// methods are those that the run has populations of.
func (c *Cohorts) methods() (names []string) {
	for _, p := range c.Populations {
		if !slices.Contains(names, p.Method) {
			names = append(names, p.Method)
		}
	}
	return names
}

// pool puts every architecture into the first generation, of any seed, that evaluated it.
func (g *cohortGroup) pool() {
	seen := map[int]bool{}
	for k, bySeed := range g.members {
		var pooled []int
		for _, members := range bySeed {
			for _, i := range members {
				if !seen[i] {
					seen[i], pooled = true, append(pooled, i)
				}
			}
		}
		slices.Sort(pooled)
		g.members[k] = [][]int{pooled}
	}
	g.seeds = nil
}

// quantiles cuts all architectures with a value and an accuracy into equal parts by it; equal values stay together, in
// the part of their middle.
func (c *Cohorts) quantiles(of []float64) *cohortGroup {
	var order []int
	for i, v := range of {
		if !math.IsNaN(v) && !math.IsNaN(c.Truth[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(of[a], of[b]) })
	g := &cohortGroup{cohorts: make([]Cohort, c.Quantiles), members: make([][][]int, c.Quantiles)}
	for k := range g.cohorts {
		g.cohorts[k] = Cohort{Number: k + 1, Low: math.NaN(), High: math.NaN()}
		g.members[k] = [][]int{nil}
	}
	for at := 0; at < len(order); {
		end := at + 1
		for end < len(order) && of[order[end]] == of[order[at]] {
			end++
		}
		k := min(c.Quantiles-1, (at+end)*c.Quantiles/(2*len(order)))
		g.members[k][0] = append(g.members[k][0], order[at:end]...)
		at = end
	}
	for k := range g.cohorts {
		if m := g.members[k][0]; len(m) > 0 {
			low, high := of[m[0]], of[m[len(m)-1]]
			g.cohorts[k].Low, g.cohorts[k].High = low, high
			g.cohorts[k].Label = fmt.Sprintf("%s to %s", Short(rounded(low)), Short(rounded(high)))
			slices.Sort(m)
		}
	}
	return g
}

// rounded keeps four digits of a number, for labels.
func rounded(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return v
}
