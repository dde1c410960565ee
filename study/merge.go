package study

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"rwe301/internal/atomicfile"
	"rwe301/scoring"
	"rwe301/store"
)

// Merge joins runs of the shards of one study into the new run folder dir. Runs of other studies or of other versions
// of the program are refused, and so is a score that two of them hold. missing is the number of scores that no run has.
// progress, if not nil, is told how many scores are copied.
func Merge(ctx context.Context, dir string, from []string, progress func(done, total int)) (missing int, err error) {
	if len(from) < 2 {
		return 0, errors.New("merge: name two runs at least")
	}
	var runs []*Run
	defer func() {
		for _, r := range runs {
			_ = r.Close()
		}
	}()
	for _, d := range from {
		r, err := Open(d)
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
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return 0, fmt.Errorf("%s: not empty: name another folder", dir)
	}
	// The folder gets its name when it is whole.
	dir = filepath.Clean(dir)
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
	err = out.take(ctx, runs, progress)
	if err == nil {
		missing, err = out.missing()
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return 0, err
	}
	_ = os.Remove(dir) // an empty folder may stand there
	return missing, os.Rename(unfinished, dir)
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
			err := r.Store.Insert(batch...)
			if taken := (*store.TakenError)(nil); errors.As(err, &taken) {
				return fmt.Errorf("%s: %s of %s (seed %d) is in another of the runs too: the same shard twice?", from.Dir,
					taken.Record.Estimator, taken.Record.ID, taken.Record.Seed)
			}
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

// missing is the number of scores that the run still lacks.
func (r *Run) missing() (int, error) {
	status, err := r.Status()
	n := 0
	for _, p := range status {
		n += p.Missing
	}
	return n, err
}
