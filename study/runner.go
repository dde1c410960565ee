package study

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rwe301/bench301"
	"rwe301/scoring"
	"rwe301/store"
)

// Options of Run.Do.
type Options struct {
	Workers  int                   // architectures at a time; 0 means one a processor
	Retry    bool                  // score again what failed
	Progress func(done, total int) // architectures; called from one goroutine at a time; may be nil
	Fleet    scoring.Fleet         // scores in place of this process, and keeps it in the store of the run; may be nil
}

// Do scores what the run still lacks. Everything finished is saved when it returns, whatever ended it; the error of a
// cancelled context is that of ctx.
func (r *Run) Do(ctx context.Context, p *Plan, m scoring.Machine, o Options) error {
	if p.digest != r.Manifest.Digest {
		return fmt.Errorf("%s: the definition or a file it names has changed since the run began: start a new run", r.Dir)
	}
	if err := r.takeOver(ctx, p); err != nil {
		return err
	}
	pending, err := r.pending(p, o.Retry)
	if err != nil {
		return err
	}
	total := r.Manifest.Shard.size(len(p.Architectures))
	progress := func(finished int) {
		if o.Progress != nil {
			o.Progress(total-len(pending)+finished, total)
		}
	}
	progress(0)
	runner := scoring.NewRunner(p.Questions, scoring.Options{
		Data: p.Data, Store: r.Store, Workers: o.Workers, Retry: o.Retry,
		Checkpoints: filepath.Join(r.Dir, checkpointsFolder),
		Machine:     m, Progress: progress, Fleet: o.Fleet,
	})
	if err := runner.Run(ctx, pending, nil); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(r.Dir, checkpointsFolder))
}

// takeOver copies what the searches of the study have scored of what it asks, except failures.
func (r *Run) takeOver(ctx context.Context, p *Plan) error {
	if p.searchDir == "" {
		return nil
	}
	from, err := store.ReadSQLite(filepath.Join(p.searchDir, scoresFile))
	if err != nil {
		return err
	}
	defer from.Close()
	ours := map[string]bool{}
	for i, a := range p.Architectures {
		if r.Manifest.Shard.has(i) {
			ours[a.ID()] = true
		}
	}
	asked := map[store.Key]*scoring.Question{}
	for _, q := range p.Questions {
		asked[q.Key()] = q
	}
	var batch []store.Record
	for rec, err := range from.All() {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		key := rec.Key()
		key.ID, key.Seed = "", 0
		if q := asked[key]; q == nil || !q.Asks(rec.Seed) || !ours[rec.ID] || rec.Status == store.Failed {
			continue
		}
		if _, there, err := r.Store.Get(rec.Key()); err != nil || there {
			if err != nil {
				return err
			}
			continue
		}
		if batch = append(batch, rec); len(batch) == mergeBatch {
			if err := r.Store.Insert(batch...); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return r.Store.Insert(batch...)
}

// pending lists the architectures of the shard that lack an answer.
func (r *Run) pending(p *Plan, retry bool) ([]bench301.Architecture, error) {
	wanted := 0
	asked := map[store.Key]bool{}
	for _, q := range p.Questions {
		wanted += len(q.Seeds)
		for _, seed := range q.Seeds {
			key := q.Key()
			key.Seed = seed
			asked[key] = true
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
		key := q.Key()
		key.Seed = row.Seed
		if !asked[key] {
			return nil, r.foreign(q)
		}
		if row.Status != store.Failed || !retry {
			done[archs[row.Arch].ID]++
		}
	}
	var out []bench301.Architecture
	for i, a := range p.Architectures {
		if r.Manifest.Shard.has(i) && done[a.ID()] < wanted {
			out = append(out, a)
		}
	}
	return out, nil
}
