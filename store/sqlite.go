package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
)

// What the header of a database says about itself: "B301", and the version of the tables below.
const (
	applicationID = 0x42333031
	formatVersion = 1
)

// schema keeps long texts once: a score is a row of numbers that point at an architecture, at the question asked of
// it, and at the program and machine that answered.
const schema = `
CREATE TABLE architectures (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, arch TEXT NOT NULL) STRICT;
CREATE TABLE questions (n INTEGER PRIMARY KEY, estimator TEXT NOT NULL, settings TEXT, hash TEXT NOT NULL,
  dataset TEXT NOT NULL, UNIQUE (estimator, hash, dataset)) STRICT;
CREATE TABLE origins (n INTEGER PRIMARY KEY, code TEXT NOT NULL, cpu TEXT NOT NULL, UNIQUE (code, cpu)) STRICT;
CREATE TABLE scores (arch INTEGER NOT NULL REFERENCES architectures, question INTEGER NOT NULL REFERENCES questions,
  seed INTEGER NOT NULL, score REAL, seconds REAL NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL,
  origin INTEGER NOT NULL REFERENCES origins, PRIMARY KEY (arch, question, seed)) STRICT, WITHOUT ROWID;
`

// SQLite is a Store in an SQLite database. Every Put is one transaction in the write-ahead log; a closed database is
// one plain file.
type SQLite struct {
	path     string
	db       *sql.DB
	lock     *flock.Flock // nil when opened for reading
	mu       sync.Mutex   // one writer at a time; also guards the maps
	archs    map[string]int64
	question map[questionKey]int64
	origin   map[[2]string]int64
}

var _ Store = (*SQLite)(nil)

// questionKey is what makes two questions the same.
type questionKey struct{ estimator, hash, dataset string }

// OpenSQLite opens or creates the database at path for writing. A second process that wants to write is refused, as are
// a file that is no database of scores, one of another format version, and a damaged one.
func OpenSQLite(path string) (*SQLite, error) {
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock := flock.New(path + ".lock")
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if !held {
		return nil, fmt.Errorf("%s: another process is writing this database: wait for it, or choose another one", path)
	}
	s, err := openSQLite(path, "rwc")
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	s.lock = lock
	if err := s.prepare(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// ReadSQLite opens the database at path for reading; a running writer does not disturb it.
func ReadSQLite(path string) (*SQLite, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	s, err := openSQLite(path, "ro")
	if err != nil {
		return nil, err
	}
	if _, err := s.check(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func openSQLite(path, mode string) (*SQLite, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	query := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(whole),
		RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &SQLite{path: path, db: db, archs: map[string]int64{}, question: map[questionKey]int64{},
		origin: map[[2]string]int64{}}, nil
}

// check reads the header. fresh means that the database is still empty.
func (s *SQLite) check() (fresh bool, err error) {
	var app, version, tables int64
	for pragma, into := range map[string]*int64{"PRAGMA application_id": &app, "PRAGMA user_version": &version,
		"SELECT count(*) FROM sqlite_schema": &tables} {
		if err := s.db.QueryRow(pragma).Scan(into); err != nil {
			return false, s.wrap(err)
		}
	}
	switch {
	case app == 0 && version == 0 && tables == 0:
		return true, nil
	case app != applicationID:
		return false, fmt.Errorf("%s: an SQLite database, but not one of bench301 scores: choose another file", s.path)
	case version != formatVersion:
		return false, fmt.Errorf("%s: written in format %d; this program reads format %d: export it with the version "+
			"that wrote it", s.path, version, formatVersion)
	}
	return false, nil
}

// prepare checks an existing database and creates the tables of a fresh one.
func (s *SQLite) prepare() error {
	fresh, err := s.check()
	if err != nil {
		return err
	}
	if !fresh {
		var verdict string
		if err := s.db.QueryRow("PRAGMA quick_check(1)").Scan(&verdict); err != nil {
			return s.wrap(err)
		}
		if verdict != "ok" {
			return fmt.Errorf("%s: damaged database (%s): restore a copy, or start a new run", s.path, verdict)
		}
	}
	// A commit in the log survives a killed process; a lost machine loses at most the last seconds.
	for _, pragma := range []string{"PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 1000"} {
		if _, err := s.db.Exec(pragma); err != nil {
			return s.wrap(err)
		}
	}
	if !fresh {
		return s.remember()
	}
	return s.transact(func(tx *sql.Tx) error {
		_, err := tx.Exec(schema + searchSchema + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;",
			applicationID, formatVersion))
		return s.wrap(err)
	})
}

// remember loads the numbers that texts have.
func (s *SQLite) remember() error {
	questions, err := s.Questions()
	if err != nil {
		return err
	}
	for n, q := range questions {
		s.question[questionKey{q.Estimator, q.SettingsHash, q.Dataset}] = n
	}
	origins, err := s.origins()
	if err != nil {
		return err
	}
	for n, o := range origins {
		s.origin[o] = n
	}
	archs, err := s.Architectures()
	if err != nil {
		return err
	}
	for n, a := range archs {
		s.archs[a.ID] = n
	}
	return nil
}

// Close leaves one plain file behind and releases the lock.
func (s *SQLite) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock != nil {
		// A reader may hold the log open; then the next writer tidies up.
		_, _ = s.db.Exec("PRAGMA journal_mode = DELETE")
	}
	err := s.wrap(s.db.Close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// Copy writes a consistent copy of the database to a new file, while scores may still be arriving.
func (s *SQLite) Copy(ctx context.Context, path string) error {
	_, err := s.db.ExecContext(ctx, "VACUUM INTO ?", path)
	return s.wrap(err)
}

// The result codes of SQLite that deserve words of their own.
const (
	codeReadOnly = 8
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// wrap names the file, and says what a code of SQLite means for its owner.
func (s *SQLite) wrap(err error) error {
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	hint := map[int]string{
		codeReadOnly: "the file or its folder cannot be written",
		codeCorrupt:  "damaged database: restore a copy, or start a new run",
		codeFull:     "the disk is full: nothing of what was saved before is lost; free some space and resume",
		codeCantOpen: "cannot be opened: check that it is a file and that its folder can be written",
		codeNotADB:   "not a database of scores",
	}[e.Code()&0xff]
	if hint == "" {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	return fmt.Errorf("%s: %s (%w)", s.path, hint, err)
}
