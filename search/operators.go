package search

import (
	"math/rand/v2"

	"rwe301/bench301"
	"rwe301/moo"
)

// operators are a space's, over the canonical texts of its architectures.
type operators struct {
	space  bench301.Space
	parsed map[string]bench301.Architecture
}

func newOperators(space bench301.Space) *operators {
	return &operators{space, map[string]bench301.Architecture{}}
}

// problem is one of so many objectives that nobody evaluates.
func (o *operators) problem(objectives int) moo.Problem[string] {
	space := o.space
	one := func(a bench301.Architecture, err error) string {
		if err != nil {
			panic(err) // the operators of a space take its own architectures
		}
		return o.keep(a)
	}
	return moo.Problem[string]{
		Objectives: objectives,
		Sample:     func(rng *rand.Rand) string { return o.keep(space.Sample(rng)) },
		Mutate:     func(rng *rand.Rand, x string) string { return one(space.Mutate(rng, o.parsed[x])) },
		Crossover: func(rng *rand.Rand, x, y string) (string, string) {
			return one(space.Crossover(rng, o.parsed[x], o.parsed[y])), one(space.Crossover(rng, o.parsed[x], o.parsed[y]))
		},
		Neighbours: func(x string) []string {
			near, err := space.Neighbours(o.parsed[x])
			if err != nil {
				panic(err)
			}
			out := make([]string, len(near))
			for i, a := range near {
				out[i] = o.keep(a)
			}
			return out
		},
		Key: o.key,
	}
}

// keep remembers an architecture by its text.
func (o *operators) keep(a bench301.Architecture) string {
	text := a.String()
	if _, ok := o.parsed[text]; !ok {
		o.parsed[text] = a
	}
	return text
}

// key also takes up texts that come from a saved moo.
func (o *operators) key(text string) string {
	if _, ok := o.parsed[text]; !ok {
		if a, _, err := o.space.Parse(text); err == nil {
			o.parsed[text] = a
		}
	}
	return text
}
