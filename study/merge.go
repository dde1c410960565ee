package study

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"rwe301/internal/atomicfile"
	"rwe301/scoring"
	"rwe301/store"
)

// MergeOptions say how shards are merged.
type MergeOptions struct {
	Complete bool                  // an error where a score of the study is missing, and then no folder
	Update   bool                  // where the folder is a merged run of the study, adds what it lacks
	Progress func(done, total int) // is told how many scores are copied; may be nil
}

// Merge joins runs of the shards of one study into the new run folder dir. Runs of other studies or of other versions
// of the program are refused, and so is a score that two of them hold. missing is the number of scores that no run has.
func Merge(ctx context.Context, dir string, from []string, o MergeOptions) (missing int, err error) {
	if len(from) < 2 {
		return 0, errors.New("merge: name two runs at least")
	}
	var runs []*Run
	defer func() {
		for _, r := range runs {
			_ = r.Close()
		}
	}()
	var lacking []string
	for _, d := range from {
		r, err := Open(d)
		if o.Complete && errors.Is(err, errNoRun) {
			lacking = append(lacking, d+": has not begun")
			continue
		}
		if err != nil {
			return 0, err
		}
		runs = append(runs, r)
		first := runs[0]
		switch {
		case r.Manifest.Digest != first.Manifest.Digest:
			return 0, fmt.Errorf("%s and %s: different studies: their architectures or estimators are not the same", first.Dir,
				d)
		case r.Manifest.Code != first.Manifest.Code:
			return 0, fmt.Errorf("%s and %s: made by versions %s and %s of the program: scores of both in one run would not be "+
				"comparable", first.Dir, d, first.Manifest.Code, r.Manifest.Code)
		}
		if !o.Complete {
			continue
		}
		n, err := r.count()
		if err != nil {
			return 0, err
		}
		if n.Missing > 0 {
			lacking = append(lacking, fmt.Sprintf("%s: lacks %d of %d scores", d, n.Missing, n.Asked))
		}
	}
	if lacking != nil {
		return 0, fmt.Errorf("not merged, the study is not complete:\n  %s\nstudy resume goes on with such a run, and "+
			"study submit, as before, with all of them", strings.Join(lacking, "\n  "))
	}
	dir = filepath.Clean(dir)
	if o.Update && isRun(dir) {
		return runs[0].update(ctx, dir, runs, o)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return 0, fmt.Errorf("%s: not empty: name another folder", dir)
	}
	// The folder gets its name when it is whole.
	removeUnfinished(dir)
	unfinished, err := atomicfile.Dir(dir)
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(unfinished)
	out, err := runs[0].emptyCopy(unfinished)
	if err != nil {
		return 0, err
	}
	err = out.take(ctx, runs, o.Progress)
	var n Standing
	if err == nil {
		n, err = out.count()
	}
	if err == nil && o.Complete && n.Missing > 0 {
		err = fmt.Errorf("not merged, the study is not complete: %d scores are in none of the runs", n.Missing)
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return 0, err
	}
	_ = os.Remove(dir) // an empty folder may stand there
	return n.Missing, os.Rename(unfinished, dir)
}

// update adds to the merged run in dir, which must be one of the same study as r, what it lacks of runs. A score that
// it has otherwise is an error.
func (r *Run) update(ctx context.Context, dir string, runs []*Run, o MergeOptions) (missing int, err error) {
	out, err := OpenForWriting(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	switch m := out.Manifest; {
	case m.Digest != r.Manifest.Digest || m.Copied:
		return 0, fmt.Errorf("%s: a run of another study than %s: name another folder", dir, r.Dir)
	case m.Shard != (Shard{}):
		return 0, fmt.Errorf("%s: shard %s of the study, no merged run: name another folder", dir, m.Shard)
	case m.Code != r.Manifest.Code:
		return 0, fmt.Errorf("%s and %s: made by versions %s and %s of the program: scores of both in one run would not "+
			"be comparable: name another folder", dir, r.Dir, m.Code, r.Manifest.Code)
	}
	err = eachBatch(ctx, runs, o.Progress, func(from *Run, batch []store.Record) error {
		var add []store.Record
		for _, rec := range batch {
			old, there, err := out.Store.Get(rec.Key())
			switch {
			case err != nil:
				return err
			case !there || old.Status == store.Failed && rec.Status != store.Failed:
				add = append(add, rec)
			case old.Status != store.Failed && !sameScore(old, rec):
				return fmt.Errorf("%s and %s: %s of %s (seed %d) differs, which no two runs of a study may: name another folder",
					dir, from.Dir, rec.Estimator, rec.ID, rec.Seed)
			}
		}
		return out.Store.Put(add...)
	})
	if err != nil {
		return 0, err
	}
	n, err := out.count()
	if err == nil && o.Complete && n.Missing > 0 {
		err = fmt.Errorf("%s: the study is not complete: %d scores are in none of the runs", dir, n.Missing)
	}
	return n.Missing, err
}

// isRun says whether a folder is that of a run.
func isRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifestFile))
	return err == nil
}

// sameScore says whether two answers to one question are the same to the bit.
func sameScore(a, b store.Record) bool {
	if a.Status != b.Status || (a.Score == nil) != (b.Score == nil) {
		return false
	}
	return a.Score == nil || math.Float64bits(*a.Score) == math.Float64bits(*b.Score)
}

// removeUnfinished removes what killed merges left beside dir.
func removeUnfinished(dir string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".*", scoresFile))
	for _, scores := range left {
		if s, err := store.OpenSQLite(scores); err == nil { // nobody writes to it
			_ = s.Close()
			_ = os.RemoveAll(filepath.Dir(scores))
		}
	}
}

// emptyCopy makes a run of the whole study without scores.
func (r *Run) emptyCopy(dir string) (*Run, error) {
	definition, _, err := scoring.ReadFile(filepath.Join(r.Dir, definitionFile))
	if err != nil {
		return nil, err
	}
	populations, err := r.populations()
	if err != nil {
		return nil, err
	}
	m := r.Manifest
	m.Shard = Shard{}
	return create(dir, m, definition, func(w io.Writer) error {
		f, err := os.Open(filepath.Join(r.Dir, architecturesFile))
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	}, populations)
}

// mergeBatch is the number of records that are written together.
const mergeBatch = 10_000

// take copies all records of runs.
func (r *Run) take(ctx context.Context, runs []*Run, progress func(done, total int)) error {
	return eachBatch(ctx, runs, progress, func(from *Run, batch []store.Record) error {
		err := r.Store.Insert(batch...)
		if taken := (*store.TakenError)(nil); errors.As(err, &taken) {
			return fmt.Errorf("%s: %s of %s (seed %d) is in another of the runs too: the same shard twice?", from.Dir,
				taken.Record.Estimator, taken.Record.ID, taken.Record.Seed)
		}
		return err
	})
}

// eachBatch hands over all records of runs, some at a time.
func eachBatch(ctx context.Context, runs []*Run, progress func(done, total int),
	put func(from *Run, batch []store.Record) error) error {
	done, total := 0, 0
	for _, from := range runs {
		n, err := from.Store.Count()
		if err != nil {
			return err
		}
		total += n
	}
	for _, from := range runs {
		put := func(batch []store.Record) error {
			err := put(from, batch)
			if done += len(batch); err == nil && progress != nil {
				progress(done, total)
			}
			return err
		}
		var batch []store.Record
		for rec, err := range from.Store.All() {
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			if batch = append(batch, rec); len(batch) == mergeBatch {
				if err := put(batch); err != nil {
					return err
				}
				batch = batch[:0]
			}
		}
		if err := put(batch); err != nil {
			return err
		}
	}
	return nil
}

// count counts the scores of the run.
func (r *Run) count() (s Standing, err error) {
	status, err := r.Status()
	for _, q := range status {
		s.Asked, s.Missing, s.Failed = s.Asked+q.Asked, s.Missing+q.Missing, s.Failed+q.Failed
	}
	return s, err
}
