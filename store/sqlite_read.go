package store

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"rwe301/internal/atomicfile"
)

// ReadSQLite opens the database at path for reading. It needs no right to write, writes nothing, and neither disturbs a
// running writer nor waits for it. What a killed writer left in its log or journal is taken into account.
func ReadSQLite(path string) (*SQLite, error) {
	s, err := readAsIs(path)
	if err == nil {
		return s, nil
	}
	if c := code(err); c != codeReadOnly && c != codeCantOpen {
		return nil, err
	}
	// SQLite would have to write: to roll back a journal, or to index a log. A copy of ours it may.
	s, copied := readCopy(path)
	if copied != nil {
		return nil, fmt.Errorf("%w; what a killed program left there is repaired when the folder is opened to go on with it "+
			"(resume); a copy to read could not be made: %w", err, copied)
	}
	return s, nil
}

// readAsIs opens the file itself.
func readAsIs(path string) (*SQLite, error) {
	query := url.Values{"mode": {"ro"}, "readonly_shm": {"1"}}
	var still os.FileInfo
	if _, ours := writing.Load(absolute(path)); !ours { // else closing the file here would drop the writer's locks on it
		logged, err := hasLogMode(path)
		if err != nil {
			return nil, err
		}
		if logged {
			if still, err = settled(path); err != nil {
				return nil, err
			}
		}
		if still != nil {
			query.Set("immutable", "1") // else SQLite makes an empty log, or fails
		}
	}
	return openToRead(path, path, query, func(s *SQLite) { s.still = still })
}

func openToRead(name, file string, query url.Values, with func(*SQLite)) (*SQLite, error) {
	s, err := openSQLite(name, file, query)
	if err != nil {
		return nil, err
	}
	with(s)
	fresh, err := s.check()
	if err == nil && fresh {
		err = fmt.Errorf("%s: damaged: a database without tables: restore a copy, or start a new run", name)
	}
	if err != nil {
		_ = s.db.Close()
		return nil, err
	}
	return s, nil
}

// hasLogMode reads whether a database is in the mode of a write-ahead log: bytes 18 and 19 of its header are 2
// (https://www.sqlite.org/fileformat.html).
func hasLogMode(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var header [20]byte
	switch n, err := io.ReadFull(f, header[:]); {
	case n == 0 && errors.Is(err, io.EOF):
		return false, emptyFile(path)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return false, nil // SQLite will say so
	case err != nil:
		return false, err
	}
	return header[18] == 2 || header[19] == 2, nil
}

// settled returns what is known of a database whose log is gone, or nil where there is a log. While a writer is about
// to make the log or to end it, it waits.
func settled(path string) (os.FileInfo, error) {
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path + "-wal"); err == nil {
			return nil, nil
		}
		if !isLocked(path+".lock") || time.Since(start) > patience {
			return info, nil
		}
	}
}

// isLocked says whether a process holds a lock. It makes no file.
func isLocked(path string) bool {
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	held, err := lock.TryRLock()
	_ = lock.Close()
	return err == nil && !held
}

// unchanged says so where a file that is read without locks was written to.
func (s *SQLite) unchanged() error {
	if s.still == nil {
		return nil
	}
	now, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if now.Size() != s.still.Size() || !now.ModTime().Equal(s.still.ModTime()) {
		return fmt.Errorf("%s: a program began to write to it while it was read: read it again", s.path)
	}
	return nil
}

// readCopy opens a private copy of a database and of what a killed writer left beside it.
func readCopy(path string) (s *SQLite, err error) {
	dir, err := atomicfile.Temp("", "bench301-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	to := filepath.Join(dir, "scores.db")
	if err := copyDatabase(path, to); err != nil {
		return nil, err
	}
	return openToRead(path, to, url.Values{"mode": {"rw"}}, func(s *SQLite) { s.private = dir })
}

// besides are the suffixes of the files that belong to a database.
var besides = []string{"-wal", "-journal"}

// copyDatabase copies a database and the files beside it as they were at one moment. As long as a log has the same
// header, it only grows, and holds every page that a writer may be changing in the database.
func copyDatabase(from, to string) error {
	for start := time.Now(); ; {
		before := heads(from)
		for _, suffix := range append([]string{""}, besides...) {
			if err := copyFile(from+suffix, to+suffix); err != nil && (suffix == "" || !errors.Is(err, os.ErrNotExist)) {
				return err
			}
		}
		if heads(from) == before {
			return nil
		}
		for _, suffix := range besides {
			_ = os.Remove(to + suffix)
		}
		if time.Since(start) > patience {
			return fmt.Errorf("%s: a program writes to it all the time: try again", from)
		}
	}
}

// heads are how the files beside a database begin.
func heads(path string) (all [2][32]byte) {
	for i, suffix := range besides {
		if f, err := os.Open(path + suffix); err == nil {
			_, _ = io.ReadFull(f, all[i][:])
			_ = f.Close()
		}
	}
	return all
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
