package scoring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
	"rwe301/store"
)

// Machine is what stands beside every score: the version of the program and the processor.
type Machine struct{ Code, CPU string }

// Options of a Runner.
type Options struct {
	Data        *dataset.Set
	Store       store.Store // answers from it are not made again, and what is made goes into it; nil keeps nothing
	Workers     int         // architectures at a time; 0 means one a processor
	Retry       bool        // ask again what failed
	Checkpoints string      // folder in which trainings are kept epoch by epoch; "" keeps nothing
	Machine     Machine
	Progress    func(finished int) // architectures of this Run; called from one goroutine at a time; may be nil
	Fleet       Fleet              // answers in place of this process, and keeps it in Store; may be nil
}

// Runner answers questions about architectures: the only place where a source is asked, a panic is caught, a record is
// filled and a score is saved. Its workers keep their memory and their images from one Run to the next.
type Runner struct {
	questions []*Question
	seeds     []uint64
	order     []seeded // of the answers about one architecture
	options   Options
	workers   []map[uint64]*estimators.Env // of each worker, by seed
}

// seeded is a question under one of its seeds.
type seeded struct {
	question *Question
	seed     uint64
}

// NewRunner makes a runner of questions, no two of which are the same.
func NewRunner(questions []*Question, o Options) *Runner {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Fleet != nil {
		o.Workers = 1 // for what does not travel
	}
	r := &Runner{questions: questions, seeds: Seeds(questions), options: o,
		workers: make([]map[uint64]*estimators.Env, o.Workers)}
	for i := range r.workers {
		r.workers[i] = map[uint64]*estimators.Env{}
	}
	for _, seed := range r.seeds {
		env := estimators.NewEnv(o.Data, seed)
		env.Checkpoints = o.Checkpoints
		for i := range r.workers {
			r.workers[i][seed] = env.Fork()
		}
	}
	for _, seed := range r.seeds {
		for _, q := range questions {
			if q.Asks(seed) {
				r.order = append(r.order, seeded{q, seed})
			}
		}
	}
	for _, q := range questions {
		if c, ok := q.Source.(*estimators.Configured); ok {
			for _, envs := range r.workers {
				for _, seed := range q.Seeds {
					envs[seed].Announce(c)
				}
			}
		}
	}
	return r
}

// Answer is the record of one question about one architecture.
type Answer struct {
	store.Record
	Fresh    bool     // made now, not read from the store
	Shared   float64  // as Cost, what it took here, sharing work with the answers before it
	Warnings []string // reasons to distrust the score
	Scarce   bool     // it failed for want of memory: another machine may do it
}

// Run answers the open questions about architectures. done, if not nil, is told the answers about each, seed by seed
// and in the order of the questions, in the order of archs and from one goroutine at a time; where ctx ended the run,
// some are missing. An architecture that stands twice is asked about once. Every score is in the store a moment
// after it was made, in whatever order they come, and all of them when Run returns. Its error is that of ctx, the store
// or done; an architecture that cannot be scored is an answer that says why.
func (r *Runner) Run(ctx context.Context, archs []bench301.Architecture,
	done func(i int, answers []Answer) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	kept := &saver{store: r.options.Store, failed: stop}
	q := newQueue(archs, r.options.Progress, done)
	defer context.AfterFunc(ctx, q.wake)()
	if r.options.Fleet != nil {
		err := r.elsewhere(ctx, stop, archs, q, kept)
		if err := errors.Join(kept.flush(), q.drain()); err != nil {
			return err
		}
		return cmp.Or(context.Cause(ctx), err)
	}
	var wg sync.WaitGroup
	atOnce := max(1, min(len(r.workers), len(archs)))
	for _, envs := range r.workers[:atOnce] {
		for _, env := range envs {
			env.Workers = len(r.workers) / atOnce // cores that have no architecture
		}
		wg.Go(func() {
			for {
				i, more := q.take(ctx)
				if !more {
					return
				}
				answers, _, err := r.answer(ctx, archs[i], envs, kept, true)
				if err := errors.Join(q.put(i, answers, err == nil), err); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(kept.flush(), q.drain()); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// answer answers the open questions about one architecture, seed by seed, so that estimators of one seed share passes.
// With an error come the answers made before it. Unless all are to be answered here, open are the places of the answers
// that lack because their questions travel.
func (r *Runner) answer(ctx context.Context, a bench301.Architecture, envs map[uint64]*estimators.Env, kept *saver,
	all bool) (answers []Answer, open []int, err error) {
	text, id := a.String(), a.ID()
	answers = make([]Answer, 0, len(r.order))
	for _, o := range r.order {
		q := o.question
		record := store.Record{
			Arch: text, ID: id, Estimator: q.Estimator, Settings: q.Settings, SettingsHash: q.SettingsHash, Dataset: q.Dataset,
			Seed: o.seed,
			Code: r.options.Machine.Code, CPU: r.options.Machine.CPU,
		}
		old, ok, err := kept.get(record.Key())
		if err != nil {
			return answers, open, err
		}
		if ok && (old.Status != store.Failed || !r.options.Retry) {
			answers = append(answers, Answer{Record: old})
			continue
		}
		if !all && q.Travels() {
			open = append(open, len(answers))
			answers = append(answers, Answer{})
			continue
		}
		s, err := Ask(ctx, q.Source, a, envs[o.seed])
		if err != nil {
			return answers, open, err
		}
		fill(&record, s)
		kept.add(record)
		shared := s.SharedCPU
		if record.CPUSeconds == 0 {
			shared = s.Shared
		}
		answers = append(answers, Answer{record, true, shared, s.Warnings, s.Scarce})
	}
	return answers, open, nil
}

// fill copies a score into a record.
func fill(r *store.Record, s estimators.Score) {
	r.Seconds, r.CPUSeconds, r.Status, r.Error = s.Seconds, s.CPUSeconds, store.Status(s.Status), s.Reason
	if !(s.Seconds >= 0) || math.IsInf(s.Seconds, 0) {
		r.Seconds, r.CPUSeconds, r.Status = 0, 0, store.Failed
		r.Error = fmt.Sprintf("took %v seconds, as its source says", s.Seconds)
		return
	}
	if s.Status == estimators.OK {
		if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			r.Status, r.Error = store.Undefined, fmt.Sprintf("the score is %v", s.Value)
			return
		}
		r.Score = &s.Value
	}
}
