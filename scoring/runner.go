package scoring

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

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
	InOrder     bool        // save in the order of the architectures instead of as soon as there is something to save
	Workers     int         // architectures at a time; 0 means one a processor
	Retry       bool        // ask again what failed
	Checkpoints string      // folder in which trainings are kept epoch by epoch; "" keeps nothing
	Machine     Machine
	Progress    func(finished int) // architectures of this Run; called from one goroutine at a time; may be nil
}

// Runner answers questions about architectures: the only place where a source is asked, a panic is caught, a record is
// filled and a score is saved. Its workers keep their memory and their images from one Run to the next.
type Runner struct {
	questions []*Question
	seeds     []uint64
	options   Options
	workers   []map[uint64]*estimators.Env // of each worker, by seed
}

// NewRunner makes a runner of questions, no two of which are the same.
func NewRunner(questions []*Question, o Options) *Runner {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
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
	Shared   float64  // seconds that it took here, sharing work with the answers before it
	Warnings []string // reasons to distrust the score
}

// saveAfter is how long finished scores may wait for others of their architecture before they are saved.
const saveAfter = 50 * time.Millisecond

// Run answers the open questions about architectures. done, if not nil, is told the answers about each, seed by seed
// and in the order of the questions, in the order of archs and from one goroutine at a time; where ctx ended the run,
// some are missing. An architecture that stands twice is asked about once. Everything finished is in the store when Run
// returns. Its error is that of ctx, the store or done; an architecture that cannot be scored is an answer that says
// why.
func (r *Runner) Run(ctx context.Context, archs []bench301.Architecture,
	done func(i int, answers []Answer) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	q := newQueue(archs, r.options.Progress, func(i int, answers []Answer) error {
		if r.options.InOrder {
			if err := r.save(answers); err != nil {
				return err
			}
		}
		if done == nil {
			return nil
		}
		return done(i, answers)
	})
	var wg sync.WaitGroup
	atOnce := max(1, min(len(r.workers), len(archs)))
	for _, envs := range r.workers[:atOnce] {
		for _, env := range envs {
			env.Workers = len(r.workers) / atOnce // cores that have no architecture
		}
		wg.Go(func() {
			for {
				i, more := q.take()
				if !more || ctx.Err() != nil {
					return
				}
				answers, err := r.answer(ctx, archs[i], q.ids[i], envs)
				if err := errors.Join(q.put(i, answers), err); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := q.drain(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// answer answers the open questions about one architecture, seed by seed, so that estimators of one seed share passes.
// With an error come the answers made before it.
func (r *Runner) answer(ctx context.Context, a bench301.Architecture, id string,
	envs map[uint64]*estimators.Env) (answers []Answer, err error) {
	known := map[store.Key]store.Record{}
	if r.options.Store != nil {
		have, err := r.options.Store.Of(id)
		if err != nil {
			return nil, err
		}
		for _, old := range have {
			if old.Status != store.Failed || !r.options.Retry {
				known[old.Key()] = old
			}
		}
	}
	text, saved, at := a.String(), 0, time.Now()
	save := func() error {
		if r.options.InOrder {
			return nil
		}
		err := r.save(answers[saved:])
		saved, at = len(answers), time.Now()
		return err
	}
	for _, seed := range r.seeds {
		for _, q := range r.questions {
			if !q.Asks(seed) {
				continue
			}
			record := store.Record{
				Arch: text, ID: id, Estimator: q.Estimator, Settings: q.Settings, SettingsHash: q.SettingsHash, Dataset: q.Dataset,
				Seed: seed,
				Code: r.options.Machine.Code, CPU: r.options.Machine.CPU,
			}
			if old, ok := known[record.Key()]; ok {
				answers = append(answers, Answer{Record: old})
				continue
			}
			s, err := Ask(ctx, q.Source, a, envs[seed])
			if err != nil {
				return answers, errors.Join(save(), err)
			}
			fill(&record, s)
			answers = append(answers, Answer{record, true, s.Shared, s.Warnings})
			if time.Since(at) >= saveAfter {
				if err := save(); err != nil {
					return answers, err
				}
			}
		}
	}
	return answers, save()
}

// fill copies a score into a record.
func fill(r *store.Record, s estimators.Score) {
	r.Seconds, r.Status, r.Error = s.Seconds, store.Status(s.Status), s.Reason
	if s.Status == estimators.OK {
		if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			r.Status, r.Error = store.Undefined, fmt.Sprintf("the score is %v", s.Value)
			return
		}
		r.Score = &s.Value
	}
}

// save keeps what is fresh.
func (r *Runner) save(answers []Answer) error {
	var fresh []store.Record
	for _, a := range answers {
		if a.Fresh {
			fresh = append(fresh, a.Record)
		}
	}
	if len(fresh) == 0 || r.options.Store == nil {
		return nil
	}
	return r.options.Store.Put(fresh...)
}
