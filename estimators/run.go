package estimators

import (
	"context"
	"errors"
	"sync"

	"rwe301/bench301"
)

// ScoreAll scores architectures with several estimators, an architecture a worker at a time (fewer architectures than
// workers share them), and hands the scores to emit in the order of archs, scores[k] belonging to list[k]. skip, if not
// nil, says which scores are not wanted; they are nil. emit runs on one goroutine at a time. When ctx ends, the scores
// that are finished are still handed over and ctx's error is returned; an error of emit ends the run too.
func ScoreAll(ctx context.Context, archs []bench301.Architecture, list []*Configured, env *Env, workers int, skip func(i, k int) bool, emit func(i int, scores []*Score) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{archs: archs, list: list, skip: skip, emit: emit, ready: map[int][]*Score{}}
	var wg sync.WaitGroup
	atOnce := max(1, min(workers, len(archs)))
	for range atOnce {
		env := env.Fork()
		env.Workers = max(1, workers/atOnce) // cores that architectures leave over
		for _, c := range list {
			env.ask(c.Estimator)
		}
		wg.Go(func() {
			for {
				i, more := r.take()
				if !more || ctx.Err() != nil {
					return
				}
				scores, err := r.score(ctx, i, env)
				if err := errors.Join(r.put(i, scores), err); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := r.drain(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// run is the state of ScoreAll.
type run struct {
	archs []bench301.Architecture
	list  []*Configured
	skip  func(i, k int) bool
	emit  func(i int, scores []*Score) error

	mu    sync.Mutex
	next  int              // not yet taken
	due   int              // not yet handed over
	ready map[int][]*Score // finished before their turn
}

func (r *run) take() (int, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	return r.next - 1, r.next <= len(r.archs)
}

// score scores one architecture. With an error come the scores finished before it.
func (r *run) score(ctx context.Context, i int, env *Env) ([]*Score, error) {
	scores := make([]*Score, len(r.list))
	for k, c := range r.list {
		if r.skip != nil && r.skip(i, k) {
			continue
		}
		s, err := c.Score(ctx, r.archs[i], env)
		if err != nil {
			return scores, err
		}
		scores[k] = &s
	}
	return scores, nil
}

// put hands over what is due.
func (r *run) put(i int, scores []*Score) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready[i] = scores
	for {
		scores, ok := r.ready[r.due]
		if !ok {
			return nil
		}
		delete(r.ready, r.due)
		r.due++
		if err := r.emit(r.due-1, scores); err != nil {
			return err
		}
	}
}

// drain hands over what was finished behind a gap.
func (r *run) drain() error {
	for i := r.due; len(r.ready) > 0 && i < len(r.archs); i++ {
		if scores, ok := r.ready[i]; ok {
			delete(r.ready, i)
			if err := r.emit(i, scores); err != nil {
				return err
			}
		}
	}
	return nil
}
