// Package moo finds sets of solutions that trade several objectives off, all of them minimised.
//
// It knows nothing of networks: a [Problem] says how to draw, vary, compare and evaluate solutions of any type T. [Run]
// drives an [Algorithm] (NSGA-II, MOEA/D, regularised evolution, Pareto local search, random search) over it, keeps
// every evaluation and the set of non-dominated ones, and saves a [Snapshot] each generation from which a later run
// goes on to the same end, bit for bit.
//
//	p := moo.Real(2, lower, upper, func(x []float64) []float64 { return []float64{f(x), g(x)} })
//	r, err := moo.Run(ctx, p, moo.NewNSGA2[[]float64](100), moo.Options[[]float64]{Generations: 100, Seed: 1})
//	for _, s := range r.Front { fmt.Println(s.X, s.Objectives) }
//
// Indicators ([Hypervolume], [IGDPlus], ...) judge fronts.
package moo
