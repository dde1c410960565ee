package moo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Algorithm proposes solutions and learns from their outcomes. Its JSON form is its whole state: an algorithm that is
// read back goes on as if it had never stopped.
type Algorithm[T any] interface {
	// Name is the short name of the algorithm.
	Name() string
	// Ask returns the solutions of the next generation, at most limit and at least one unless the space is exhausted.
	// The error, after which the algorithm is of no more use, is that of ctx.
	Ask(ctx context.Context, rng *rand.Rand, p Problem[T], limit int) ([]T, error)
	// Tell hands back the evaluated solutions, in the order in which they were asked for. The error is as that of Ask.
	Tell(ctx context.Context, rng *rand.Rand, evaluated []Individual[T]) error
	// Population lists what the next generation is bred from.
	Population() []Individual[T]
}

// Options bounds a run.
type Options[T any] struct {
	Generations int           // 0 for no bound
	Evaluations int           // solutions asked for in all, repeated ones included; 0 for no bound
	Seed        uint64        // of all randomness
	Epsilon     []float64     // box sizes of the archive; nil keeps every non-dominated solution
	Checkpoint  Checkpoint[T] // nil saves nothing
	Progress    func(Generation[T])
}

// Generation is what a run reports after each generation.
type Generation[T any] struct {
	Number      int // from 1
	Evaluations int // solutions asked for so far
	Distinct    int // of them, how many differ
	Failures    int // distinct solutions without objectives
	Population  []Individual[T]
	Front       []Individual[T] // non-dominated among all evaluated
}

// Result is the end of a run.
type Result[T any] struct {
	Generation[T]
	History []Evaluated[T] // every distinct solution in the order of evaluation
}

// Evaluated is a distinct solution and the generation that brought it.
type Evaluated[T any] struct {
	Generation int `json:"generation"`
	X          T   `json:"x"`
	Outcome
}

// Snapshot is the state of a run after a generation.
type Snapshot[T any] struct {
	Version     int             `json:"version"`
	Algorithm   string          `json:"algorithm"`
	Seed        uint64          `json:"seed"`
	Generation  int             `json:"generation"`
	Evaluations int             `json:"evaluations"`
	RNG         []byte          `json:"rng"`
	State       json.RawMessage `json:"state"`
	Front       []Individual[T] `json:"front"`
}

// snapshotVersion changes whenever an older snapshot would no longer lead to the same end.
const snapshotVersion = 1

// Members are the solutions of a generation, as numbers into the distinct solutions in the order of evaluation.
type Members struct {
	Born     []int // what was asked for, in that order; also what an earlier generation had evaluated already
	Survived []int // the population after it, in its order; a solution may stand there several times
}

// Checkpoint keeps the state of a run. Save must be atomic: after a crash, Load returns the last snapshot that was
// saved whole, with all evaluations up to it.
type Checkpoint[T any] interface {
	// Save keeps a snapshot, the evaluations that are new since the last one, and the members of the generation.
	Save(s Snapshot[T], fresh []Evaluated[T], m Members) error
	// Load returns the last snapshot and all evaluations, or ok = false if there is none.
	Load() (s Snapshot[T], history []Evaluated[T], ok bool, err error)
}

// Run searches until a bound of o is reached or the space is exhausted. If o.Checkpoint holds a snapshot, the run goes
// on from there and ends like one that was never interrupted. When ctx ends, Run returns what it has with ctx's error.
func Run[T any](ctx context.Context, p Problem[T], a Algorithm[T], o Options[T]) (Result[T], error) {
	r := newRun(p, a, o)
	if err := r.validate(); err != nil {
		return Result[T]{}, err
	}
	if err := r.resume(); err != nil {
		return Result[T]{}, err
	}
	for !r.finished() {
		asked, err := r.step(ctx)
		if err != nil {
			return r.result(), err
		}
		if len(asked) == 0 {
			break
		}
	}
	return r.result(), nil
}

func newRun[T any](p Problem[T], a Algorithm[T], o Options[T]) *run[T] {
	r := &run[T]{problem: p, algorithm: a, options: o, source: rand.NewPCG(o.Seed, 0x736561726368),
		known: map[string]int{}}
	r.rng = rand.New(r.source)
	r.archive.Epsilon = o.Epsilon
	return r
}

// run is a search under way.
type run[T any] struct {
	problem   Problem[T]
	algorithm Algorithm[T]
	options   Options[T]
	source    *rand.PCG
	rng       *rand.Rand

	known       map[string]int // where a solution stands in the history
	history     []Evaluated[T]
	archive     Archive[T]
	generation  int
	evaluations int
	failures    int
}

func (r *run[T]) validate() error {
	o := r.options
	switch {
	case r.problem.Objectives < 1:
		return errors.New("moo: a problem needs at least one objective")
	case o.Generations < 0 || o.Evaluations < 0:
		return fmt.Errorf("moo: %d generations, %d evaluations: bounds must not be negative", o.Generations, o.Evaluations)
	case o.Generations == 0 && o.Evaluations == 0:
		return errors.New("moo: zero generations: bound the run by generations or by evaluations")
	case o.Epsilon != nil && len(o.Epsilon) != r.problem.Objectives:
		return fmt.Errorf("moo: %d epsilons for %d objectives", len(o.Epsilon), r.problem.Objectives)
	}
	for _, e := range o.Epsilon {
		if !(e > 0) {
			return fmt.Errorf("moo: epsilon %v: must be positive", e)
		}
	}
	return nil
}

// resume takes up the checkpoint's snapshot, if there is one.
func (r *run[T]) resume() error {
	if r.options.Checkpoint == nil {
		return nil
	}
	s, history, ok, err := r.options.Checkpoint.Load()
	if err != nil || !ok {
		return err
	}
	switch {
	case s.Version != snapshotVersion:
		return fmt.Errorf("moo: the checkpoint has version %d, this program writes %d: start a new run", s.Version,
			snapshotVersion)
	case s.Algorithm != r.algorithm.Name():
		return fmt.Errorf("moo: the checkpoint is one of %s, not of %s", s.Algorithm, r.algorithm.Name())
	case s.Seed != r.options.Seed:
		return fmt.Errorf("moo: the checkpoint has seed %d, not %d", s.Seed, r.options.Seed)
	}
	if err := r.source.UnmarshalBinary(s.RNG); err != nil {
		return fmt.Errorf("moo: checkpoint: %w", err)
	}
	if err := json.Unmarshal(s.State, r.algorithm); err != nil {
		return fmt.Errorf("moo: checkpoint: %w", err)
	}
	for _, e := range history {
		r.remember(e)
	}
	for _, x := range slices.Concat(r.algorithm.Population(), s.Front) {
		if n, ok := r.known[r.problem.Key(x.X)]; !ok || !slices.Equal(r.history[n].Objectives, x.Objectives) {
			return fmt.Errorf("moo: checkpoint: damaged: %v was not evaluated with these objectives", x.X)
		}
	}
	r.generation, r.evaluations, r.archive.Members = s.Generation, s.Evaluations, s.Front
	return nil
}

func (r *run[T]) remember(e Evaluated[T]) {
	r.known[r.problem.Key(e.X)] = len(r.history)
	r.history = append(r.history, e)
	if e.Failed != "" {
		r.failures++
	}
}

func (r *run[T]) finished() bool {
	o := r.options
	return o.Generations > 0 && r.generation >= o.Generations || o.Evaluations > 0 && r.evaluations >= o.Evaluations
}

// step runs one generation and returns the solutions that it asked for.
func (r *run[T]) step(ctx context.Context) (asked []T, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	limit := int(^uint(0) >> 1)
	if r.options.Evaluations > 0 {
		limit = r.options.Evaluations - r.evaluations
	}
	asked, err = r.algorithm.Ask(ctx, r.rng, r.problem, limit)
	if err != nil || len(asked) == 0 {
		return nil, err
	}
	before := len(r.history)
	evaluated, err := r.evaluate(ctx, asked)
	if err != nil {
		return nil, err
	}
	if err := r.algorithm.Tell(ctx, r.rng, evaluated); err != nil {
		return nil, err
	}
	for _, e := range evaluated {
		e.Rank, e.Crowding = 0, 0
		r.archive.Add(e)
	}
	r.generation++
	r.evaluations += len(asked)
	if err := r.save(r.history[before:], asked); err != nil {
		return nil, err
	}
	if r.options.Progress != nil {
		r.options.Progress(r.report())
	}
	return asked, nil
}

// evaluate looks up what is known and has the rest evaluated, each solution once.
func (r *run[T]) evaluate(ctx context.Context, asked []T) ([]Individual[T], error) {
	var fresh []T
	queued := map[string]bool{}
	for _, x := range asked {
		k := r.problem.Key(x)
		if _, ok := r.known[k]; !ok && !queued[k] {
			queued[k] = true
			fresh = append(fresh, x)
		}
	}
	if len(fresh) > 0 {
		outcomes, err := r.problem.Evaluate(ctx, fresh)
		if err != nil {
			return nil, err
		}
		if len(outcomes) != len(fresh) {
			return nil, fmt.Errorf("moo: %d outcomes for %d solutions", len(outcomes), len(fresh))
		}
		for i, x := range fresh {
			if err := outcomes[i].validate(r.problem.Objectives); err != nil {
				return nil, fmt.Errorf("moo: evaluating %v: %w", x, err)
			}
			r.remember(Evaluated[T]{Generation: r.generation + 1, X: x, Outcome: outcomes[i]})
		}
	}
	individuals := make([]Individual[T], len(asked))
	for i, x := range asked {
		individuals[i] = Individual[T]{X: x, Outcome: r.history[r.known[r.problem.Key(x)]].Outcome}
	}
	return individuals, nil
}

// members numbers what was asked for, and the population.
func (r *run[T]) members(asked []T) (m Members) {
	for _, x := range asked {
		m.Born = append(m.Born, r.known[r.problem.Key(x)])
	}
	for _, x := range r.algorithm.Population() {
		m.Survived = append(m.Survived, r.known[r.problem.Key(x.X)])
	}
	return m
}

func (r *run[T]) save(fresh []Evaluated[T], asked []T) error {
	if r.options.Checkpoint == nil {
		return nil
	}
	rng, err := r.source.MarshalBinary()
	if err != nil {
		return err
	}
	state, err := json.Marshal(r.algorithm)
	if err != nil {
		return fmt.Errorf("moo: checkpoint: %w", err)
	}
	return r.options.Checkpoint.Save(Snapshot[T]{
		Version: snapshotVersion, Algorithm: r.algorithm.Name(), Seed: r.options.Seed, Generation: r.generation,
		Evaluations: r.evaluations, RNG: rng, State: state, Front: r.archive.Members,
	}, fresh, r.members(asked))
}

func (r *run[T]) report() Generation[T] {
	return Generation[T]{
		Number: r.generation, Evaluations: r.evaluations, Distinct: len(r.history), Failures: r.failures,
		Population: r.algorithm.Population(), Front: r.archive.Members,
	}
}

func (r *run[T]) result() Result[T] {
	return Result[T]{Generation: r.report(), History: r.history}
}
