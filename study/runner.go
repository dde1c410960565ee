package study

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/store"
)

// Options of Run.Do.
type Options struct {
	Workers  int                   // architectures at a time; 0 means one a processor
	Retry    bool                  // score again what failed
	Progress func(done, total int) // architectures; called from one goroutine at a time; may be nil
}

// saveAfter is how long finished scores may wait for others of their architecture before they are saved.
const saveAfter = 50 * time.Millisecond

// Do scores what the run still lacks. Everything finished is saved when it returns, whatever ended it; the error of a
// cancelled context is that of ctx.
func (r *Run) Do(ctx context.Context, p *Plan, m Machine, o Options) error {
	if p.digest != r.Manifest.Digest {
		return fmt.Errorf("%s: the definition or a file it names has changed since the run began: start a new run", r.Dir)
	}
	pending, err := r.pending(p, o.Retry)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w := &work{run: r, plan: p, machine: m, options: o, pending: pending, total: r.Manifest.Shard.size(len(p.Architectures))}
	w.done = w.total - len(pending)
	w.report(0)
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	envs := map[uint64]*estimators.Env{}
	for _, q := range p.Questions {
		for _, seed := range q.Seeds {
			if envs[seed] == nil {
				envs[seed] = estimators.NewEnv(p.Data, seed)
				envs[seed].Checkpoints = filepath.Join(r.Dir, checkpointsFolder)
				envs[seed].Workers = workers / max(1, min(workers, len(pending))) // cores that have no architecture
			}
		}
	}
	var wg sync.WaitGroup
	for range max(1, min(workers, len(pending))) {
		wg.Go(func() {
			own := make(map[uint64]*estimators.Env, len(envs))
			for seed, env := range envs {
				own[seed] = env.Fork()
			}
			for {
				i, more := w.take()
				if !more || ctx.Err() != nil {
					return
				}
				if err := w.score(ctx, i, own); err != nil {
					stop(err)
					return
				}
				w.report(1)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(r.Dir, checkpointsFolder))
}

// pending lists the architectures of the shard that lack an answer.
func (r *Run) pending(p *Plan, retry bool) ([]int, error) {
	wanted := 0
	asked := map[string]bool{}
	for _, q := range p.Questions {
		wanted += len(q.Seeds)
		for _, seed := range q.Seeds {
			asked[fmt.Sprint(q.Estimator, " ", q.Hash, " ", q.Dataset, " ", seed)] = true
		}
	}
	questions, err := r.Store.Questions()
	if err != nil {
		return nil, err
	}
	archs, err := r.Store.Architectures()
	if err != nil {
		return nil, err
	}
	done := make(map[string]int, len(archs))
	for row, err := range r.Store.Rows() {
		if err != nil {
			return nil, err
		}
		q := questions[row.Question]
		if !asked[fmt.Sprint(q.Estimator, " ", q.SettingsHash, " ", q.Dataset, " ", row.Seed)] {
			return nil, fmt.Errorf("%s: holds scores of %s that the study does not ask for: the run folder is damaged", r.Dir, q.Estimator)
		}
		if settled(row.Status, retry) {
			done[archs[row.Arch].ID]++
		}
	}
	var out []int
	for i, a := range p.Architectures {
		if r.Manifest.Shard.has(i) && done[a.ID()] < wanted {
			out = append(out, i)
		}
	}
	return out, nil
}

// settled says whether a record needs no further work.
func settled(s store.Status, retry bool) bool { return s != store.Failed || !retry }

// work is the state of one call of Do.
type work struct {
	run     *Run
	plan    *Plan
	machine Machine
	options Options
	pending []int

	mu    sync.Mutex
	next  int
	done  int
	total int
}

func (w *work) take() (int, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == len(w.pending) {
		return 0, false
	}
	w.next++
	return w.pending[w.next-1], true
}

func (w *work) report(finished int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done += finished
	if w.options.Progress != nil {
		w.options.Progress(w.done, w.total)
	}
}

// score answers the open questions about one architecture, seed by seed, so that estimators of one seed share passes.
func (w *work) score(ctx context.Context, i int, envs map[uint64]*estimators.Env) (err error) {
	a := w.plan.Architectures[i]
	id := a.ID()
	have, err := w.run.Store.Of(id)
	if err != nil {
		return err
	}
	done := make(map[store.Key]bool, len(have))
	for _, r := range have {
		done[r.Key()] = settled(r.Status, w.options.Retry)
	}
	var unsaved []store.Record
	saved := time.Now()
	save := func() error {
		if len(unsaved) == 0 {
			return nil
		}
		err := w.run.Store.Put(unsaved...)
		unsaved, saved = unsaved[:0], time.Now()
		return err
	}
	for _, seed := range w.plan.seedsInOrder() {
		for _, q := range w.plan.Questions {
			r := w.record(a, id, q, seed)
			if !q.asks(seed) || done[r.Key()] {
				continue
			}
			s, err := answered(ctx, q.scorer, a, envs[seed])
			if err != nil {
				return errors.Join(save(), err)
			}
			fill(&r, s)
			unsaved = append(unsaved, r)
			if time.Since(saved) >= saveAfter {
				if err := save(); err != nil {
					return err
				}
			}
		}
	}
	return save()
}

func (w *work) record(a bench301.Architecture, id string, q *Question, seed uint64) store.Record {
	return store.Record{
		Arch: a.String(), ID: id, Estimator: q.Estimator, Settings: q.Settings, SettingsHash: q.Hash, Dataset: q.Dataset, Seed: seed,
		Code: w.machine.Code, CPU: w.machine.CPU,
	}
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

// answered is Score with a panic turned into a failure: one bad estimate must not end a study.
func answered(ctx context.Context, s scorer, a bench301.Architecture, env *estimators.Env) (score estimators.Score, err error) {
	defer func() {
		if p := recover(); p != nil {
			score, err = estimators.Score{Status: estimators.Failed, Reason: fmt.Sprintf("the estimator broke: %v", p)}, nil
		}
	}()
	return s.Score(ctx, a, env)
}

func (q *Question) asks(seed uint64) bool {
	for _, s := range q.Seeds {
		if s == seed {
			return true
		}
	}
	return false
}
