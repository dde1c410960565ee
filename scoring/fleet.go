package scoring

import (
	"context"
	"iter"
	"sync"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/store"
)

// Job is an architecture with what is open about it, for a Fleet.
type Job struct {
	Architecture bench301.Architecture
	Open         []Open
	Left         int // architectures of the run behind it, at most
}

// Open is a question that an architecture has no answer to under a seed.
type Open struct {
	Question *Question
	Seed     uint64
}

// Done is a job with the records that answer what was open, in that order.
type Done struct {
	Job
	Records []store.Record
}

// Fleet answers questions with workers of other processes and machines, and keeps what they answer.
type Fleet interface {
	// Answer takes jobs one by one, as it can use them, and tells done about each once its records are in the store: in
	// any order, several at once, from one goroutine at a time. It returns when all are done. Its error is that of ctx,
	// the store or done, or says why the workers cannot go on.
	Answer(ctx context.Context, jobs iter.Seq[Job], done func([]Done) error) error
}

// dispatched is an architecture whose answers are not all there.
type dispatched struct {
	at      int
	answers []Answer
	open    []int // places of the answers that lack
}

// elsewhere answers what is open about architectures by the fleet, but for what costs less than sending it.
func (r *Runner) elsewhere(ctx context.Context, stop context.CancelCauseFunc, archs []bench301.Architecture, q *queue,
	kept *saver) error {
	var mu sync.Mutex
	waiting := map[string]dispatched{}
	jobs := func(yield func(Job) bool) {
		for {
			i, more := q.take(ctx)
			if !more {
				return
			}
			d := dispatched{at: i}
			var err error
			if d.answers, d.open, err = r.answer(ctx, archs[i], r.workers[0], kept, false); err != nil {
				stop(err)
				return
			}
			if d.open == nil {
				if err := q.put(i, d.answers, true); err != nil {
					stop(err)
					return
				}
				continue
			}
			j := Job{Architecture: archs[i], Left: len(archs) - i - 1}
			for _, k := range d.open {
				j.Open = append(j.Open, Open{r.order[k].question, r.order[k].seed})
			}
			mu.Lock()
			waiting[archs[i].ID()] = d
			mu.Unlock()
			if !yield(j) {
				return
			}
		}
	}
	return r.options.Fleet.Answer(ctx, jobs, func(finished []Done) error {
		for _, f := range finished {
			mu.Lock()
			d := waiting[f.Architecture.ID()]
			delete(waiting, f.Architecture.ID())
			mu.Unlock()
			for k, record := range f.Records {
				d.answers[d.open[k]] = Answer{Record: record, Fresh: true}
			}
			if err := q.put(d.at, d.answers, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// Travels says whether a question goes to a fleet: what a file or a surrogate answers costs less than sending it.
func (q *Question) Travels() bool {
	switch q.Source.(type) {
	case *Lookup, predicted:
		return false
	}
	return true
}

// Portable says whether the answers are the same on every kind of processor: closed forms are.
func (q *Question) Portable() bool {
	c, ok := q.Source.(*estimators.Configured)
	return ok && c.Info.Trivial && !c.Info.Random
}
