package moo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Replay goes through a run again from its seed, with the outcomes of its history, up to its snapshot s, and tells of
// the members of each generation: so a run of which they were not kept has them after all. Nothing is evaluated. a is
// new, and o as it was for the run. The error is ErrOtherRun, which may come after generations were told of, where the
// run of s did not go this way, as one of an earlier version of the algorithm may not; else it is that of ctx or tell.
func Replay[T any](ctx context.Context, p Problem[T], a Algorithm[T], o Options[T], s Snapshot[T],
	history []Evaluated[T], tell func(Members) error) error {
	outcomes := make(map[string]Outcome, len(history))
	for _, e := range history {
		outcomes[p.Key(e.X)] = e.Outcome
	}
	p.Evaluate = func(_ context.Context, xs []T) ([]Outcome, error) {
		out := make([]Outcome, len(xs))
		for i, x := range xs {
			var ok bool
			if out[i], ok = outcomes[p.Key(x)]; !ok {
				return nil, ErrOtherRun
			}
		}
		return out, nil
	}
	then := reflect.New(reflect.TypeOf(a).Elem()).Interface().(Algorithm[T])
	if err := json.Unmarshal(s.State, then); err != nil {
		return fmt.Errorf("moo: snapshot: %w", err)
	}
	o.Seed, o.Checkpoint, o.Progress = s.Seed, nil, nil
	r := newRun(p, a, o)
	if err := r.validate(); err != nil {
		return err
	}
	for r.generation < s.Generation {
		asked, err := r.step(ctx)
		if err != nil {
			return err
		}
		if len(asked) == 0 {
			return ErrOtherRun
		}
		if err := tell(r.members(asked)); err != nil {
			return err
		}
	}
	rng, err := r.source.MarshalBinary()
	if err != nil {
		return err
	}
	key := func(i Individual[T]) string { return p.Key(i.X) }
	if !bytes.Equal(rng, s.RNG) || r.evaluations != s.Evaluations ||
		!alike(r.history, history, func(e Evaluated[T]) string { return fmt.Sprintln(e.Generation, p.Key(e.X)) }) ||
		!alike(a.Population(), then.Population(), key) {
		return ErrOtherRun
	}
	return nil
}

// ErrOtherRun says that a run did not go the way on which a replay comes.
var ErrOtherRun = errors.New("moo: a replay does not lead where the run went")

// alike says whether two lists have the same keys in the same order.
func alike[E any](a, b []E, key func(E) string) bool {
	return slices.EqualFunc(a, b, func(x, y E) bool { return key(x) == key(y) })
}
