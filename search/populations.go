package search

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"rwe301/analysis"
	"rwe301/moo"
	"rwe301/store"
)

// Population is one generation of one search: who was born, evaluated before any selection, and who survived, of whom
// the next generation is bred. A generation has as many evaluations as the first population, so that algorithms
// compare:
//
//   - nsga2, random: a step of the algorithm; what survives of random are its newborn;
//   - moead: a step over all its weights, as many as fit into the population; an architecture may survive under several
//     of them;
//   - aging: the steps, of four children, up to the one with which g times the population have been evaluated; what
//     survives are the youngest;
//   - local: likewise its steps, of neighbours; what survives is its archive, the non-dominated set.
//
// A generation may bear an architecture that an earlier one had evaluated already. An unfinished one is left out.
type Population struct {
	Method      string
	Seed        uint64
	Generation  int      // from 1
	Evaluations int      // of the search, up to the end of this generation
	Members     []Member // who was born or survived, in the order in which the search first evaluated them
	NotKept     string   // why there are no members, where they are not known
}

// Member is an architecture of a generation.
type Member struct {
	Arch     string // canonical text
	New      bool   // no earlier generation evaluated it
	Born     int    // how often the generation evaluated it
	Survived int    // how often it stands in the population after it
	moo.Outcome
}

// generation is the number of the generation that a step ends, 0 where it ends none; before and after are the
// evaluations of the search.
func (d Definition) generation(m analysis.Method, step, before, after int) int {
	if stepwise(m) {
		return step
	}
	if g := after / d.Population; g > before/d.Population {
		return g
	}
	return 0
}

// stepwise says whether each step of a method's algorithm is a generation.
func stepwise(m analysis.Method) bool { return m.Algorithm != "aging" && m.Algorithm != "local" }

// kept is what is stored of a step: the population only where a generation ends.
func (d Definition) kept(m analysis.Method, step, evaluations int, members moo.Members) store.Members {
	k := store.Members{Generation: step, Evaluations: evaluations, Born: members.Born}
	if d.generation(m, step, evaluations-len(members.Born), evaluations) > 0 {
		k.Survived = members.Survived
	}
	return k
}

// Populations are the generations of all searches as far as they have come, by method, seed and generation in the order
// of the definition.
func (s *Searches) Populations(ctx context.Context) (all []Population, err error) {
	for p, err := range s.EachPopulation(ctx, nil) {
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// EachPopulation is Populations one by one, of the searches that are wanted, nil for all. The members must not be kept.
func (s *Searches) EachPopulation(ctx context.Context, wanted func(method string, seed uint64) bool,
) iter.Seq2[Population, error] {
	return func(yield func(Population, error) bool) {
		for _, m := range s.Manifest.Definition.Methods {
			for _, seed := range s.Manifest.Definition.Seeds {
				if wanted != nil && !wanted(m.Name, seed) {
					continue
				}
				going := true
				err := s.populations(ctx, m, seed, func(p Population) bool {
					going = yield(p, nil)
					return going
				})
				if err != nil {
					yield(Population{}, fmt.Errorf("%s: search %s: %w", s.Dir, runName(m, seed), err))
					return
				}
				if !going {
					return
				}
			}
		}
	}
}

// populations tells of the generations of one search.
func (s *Searches) populations(ctx context.Context, m analysis.Method, seed uint64, yield func(Population) bool) error {
	snapshot, history, ok, err := s.load(ctx, m, seed)
	if err != nil || !ok {
		return err
	}
	steps, err := s.members(ctx, m, seed, snapshot.Generation)
	if err != nil {
		return err
	}
	reason := ""
	if len(steps) < snapshot.Generation {
		switch again, err := s.replay(ctx, m, snapshot, history); {
		case err == nil:
			steps = again
		case errors.Is(err, moo.ErrOtherRun):
			reason = "an earlier version ran the search and did not keep them, and a replay by this version leads elsewhere"
		default:
			return err
		}
	}
	w := walk{definition: s.Manifest.Definition, method: m, history: history, lost: reason}
	w.Population = Population{Method: m.Name, Seed: seed}
	for _, k := range steps {
		if err := w.check(k); err != nil {
			return err
		}
		if !w.step(k, yield) {
			return nil
		}
	}
	if w.last < snapshot.Generation {
		w.gap(w.definition.generation(m, snapshot.Generation, 0, snapshot.Evaluations), yield)
	}
	return nil
}

// members reads what is kept of the first steps of a search.
func (s *Searches) members(ctx context.Context, m analysis.Method, seed uint64, steps int) (
	all []store.Members, err error) {
	for k, err := range s.Store.Members(runName(m, seed)) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if k.Generation <= steps {
			all = append(all, k)
		}
	}
	return all, nil
}

// replay finds out what was not kept. Nothing is scored.
func (s *Searches) replay(ctx context.Context, m analysis.Method, snapshot moo.Snapshot[string],
	history []moo.Evaluated[string]) (all []store.Members, err error) {
	d, evaluations := s.Manifest.Definition, 0
	objectives := len(m.Objectives)
	err = moo.Replay(ctx, newOperators(s.space).problem(objectives), algorithms[m.Algorithm](objectives, d.Population),
		moo.Options[string]{Evaluations: d.Evaluations()}, snapshot, history, func(members moo.Members) error {
			evaluations += len(members.Born)
			all = append(all, d.kept(m, len(all)+1, evaluations, members))
			return nil
		})
	return all, err
}

// walk makes generations of the steps of a search.
type walk struct {
	Population // what they have in common
	definition Definition
	method     analysis.Method
	history    []moo.Evaluated[string]
	lost       string // why steps are missing
	last       int    // step
	born       []int  // since the last generation
	since      int    // step that ended it
	torn       bool   // steps of it are missing
}

// check says why a step cannot be the next of the search.
func (w *walk) check(k store.Members) error {
	if k.Generation <= w.last || k.Evaluations < len(k.Born) {
		return fmt.Errorf("damaged: generation %d with %d evaluations after generation %d", k.Generation, k.Evaluations,
			w.last)
	}
	for _, n := range slices.Concat(k.Born, k.Survived) {
		if n < 0 || n >= len(w.history) {
			return fmt.Errorf("damaged: generation %d has member %d of %d", k.Generation, n, len(w.history))
		}
	}
	return nil
}

// step takes a step in; false ends the walk.
func (w *walk) step(k store.Members, yield func(Population) bool) bool {
	if k.Generation != w.last+1 {
		if w.torn = true; stepwise(w.method) { // whose steps stand for themselves
			if w.torn = false; !w.gap(k.Generation-1, yield) {
				return false
			}
			w.since = k.Generation - 1
		}
	}
	w.last = k.Generation
	w.born = append(w.born, k.Born...)
	g := w.definition.generation(w.method, k.Generation, k.Evaluations-len(k.Born), k.Evaluations)
	if g == 0 {
		return true
	}
	if w.torn {
		if !w.gap(g, yield) {
			return false
		}
	} else {
		w.Generation, w.Evaluations, w.Members = g, k.Evaluations, w.count(k.Survived)
		if !yield(w.Population) {
			return false
		}
	}
	w.born, w.since, w.torn = w.born[:0], k.Generation, false
	return true
}

// gap tells of generations up to g that are not known.
func (w *walk) gap(g int, yield func(Population) bool) bool {
	for w.Generation < g {
		w.Generation++
		p := w.Population
		if p.Evaluations, p.Members, p.NotKept = 0, nil, w.lost; !yield(p) {
			return false
		}
	}
	return true
}

// count sums up who was born since the last generation, and who survived.
func (w *walk) count(survived []int) []Member {
	born, alive := tally(w.born), tally(survived)
	var numbers []int
	for n := range born {
		numbers = append(numbers, n)
	}
	for n := range alive {
		if born[n] == 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	members := make([]Member, len(numbers))
	for i, n := range numbers {
		e := w.history[n]
		members[i] = Member{Arch: e.X, New: e.Generation > w.since, Born: born[n], Survived: alive[n], Outcome: e.Outcome}
	}
	return members
}

func tally(numbers []int) map[int]int {
	times := make(map[int]int, len(numbers))
	for _, n := range numbers {
		times[n]++
	}
	return times
}
