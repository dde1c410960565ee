package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
)

// What the header of a database says about itself: "B301", and the version of the tables below.
const (
	applicationID = 0x42333031
	formatVersion = 2
	withoutCPU    = 1 // had no processor seconds
)

// headerSize is the number of bytes before the first page of a database.
const headerSize = 100

// schema keeps long texts once: a score is a row of numbers that point at an architecture, at the question asked of
// it, and at the program and machine that answered.
const schema = `
CREATE TABLE architectures (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, arch TEXT NOT NULL) STRICT;
CREATE TABLE questions (n INTEGER PRIMARY KEY, estimator TEXT NOT NULL, settings TEXT, hash TEXT NOT NULL,
  dataset TEXT NOT NULL, UNIQUE (estimator, hash, dataset)) STRICT;
CREATE TABLE origins (n INTEGER PRIMARY KEY, code TEXT NOT NULL, cpu TEXT NOT NULL, UNIQUE (code, cpu)) STRICT;
CREATE TABLE scores (arch INTEGER NOT NULL REFERENCES architectures, question INTEGER NOT NULL REFERENCES questions,
  seed INTEGER NOT NULL, score REAL, seconds REAL NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL,
  origin INTEGER NOT NULL REFERENCES origins, cpu_seconds REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (arch, question, seed)) STRICT, WITHOUT ROWID;
`

// SQLite is a Store in an SQLite database. Every Put is one transaction in the write-ahead log; a closed database is
// one plain file.
type SQLite struct {
	path     string // as the caller wrote it, for messages
	db       *sql.DB
	lock     *flock.Flock // nil when opened for reading
	mu       sync.Mutex   // one writer at a time; also guards the maps
	archs    map[string]int64
	question map[questionKey]int64
	origin   map[[2]string]int64

	cpuSeconds string // the expression of processor seconds, which a database of an earlier version lacks

	// Of a database opened for reading:
	still   os.FileInfo // not nil where the file is read without locks and must not change
	private string      // folder of the copy that is read in place of the file
}

var _ Store = (*SQLite)(nil)

// questionKey is what makes two questions the same.
type questionKey struct{ estimator, hash, dataset string }

// writing holds the databases that this process writes, by absolute path.
var writing sync.Map

// patience is how long a writer waits for readers before it gives up or, on closing, leaves its log behind.
const patience = 2 * time.Second

// OpenSQLite opens or creates the database at path for writing. A second process that wants to write is refused, as are
// a file that is no database of scores, one of another format version, and a damaged one.
func OpenSQLite(path string) (*SQLite, error) {
	// SQLite would create the file without the right of a group to write, whatever the umask says.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return writeSQLite(path)
}

// ReopenSQLite is OpenSQLite of a database that must exist: a file without a byte is refused as damaged.
func ReopenSQLite(path string) (*SQLite, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case info.Size() == 0:
		return nil, emptyFile(path)
	}
	return writeSQLite(path)
}

func writeSQLite(path string) (*SQLite, error) {
	// SQLite would write over less than a header.
	if info, err := os.Stat(path); err != nil || info.Size() > 0 && info.Size() < headerSize {
		return nil, cmp.Or(err, fmt.Errorf("%s: not a database of scores", path))
	}
	lock, err := lockFile(path+".lock", path)
	if err != nil {
		return nil, err
	}
	s, err := openSQLite(path, path, url.Values{"mode": {"rw"}})
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.lock = lock
	writing.Store(absolute(path), true)
	if err := s.prepare(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func emptyFile(path string) error {
	return fmt.Errorf("%s: damaged: the file is empty: restore a copy, or start a new run", path)
}

// lockFile takes the lock of a writer. A reader that looks whether somebody writes holds it for a moment.
func lockFile(lockPath, path string) (*flock.Flock, error) {
	lock := flock.New(lockPath, flock.SetPermissions(0o666))
	ctx, cancel := context.WithTimeout(context.Background(), 250*time.Millisecond)
	defer cancel()
	held, err := lock.TryLockContext(ctx, 10*time.Millisecond)
	if errors.Is(err, context.DeadlineExceeded) || err == nil && !held {
		return nil, fmt.Errorf("%s: another process is writing this file: wait for it, or choose another file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return lock, nil
}

// absolute is the absolute path, or what there is of it.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

// fileURL is an absolute path with slashes as SQLite's URL (https://sqlite.org/uri.html): one that begins with the
// letter of a drive of Windows stands behind a slash, which SQLite takes off again.
func fileURL(path string, query url.Values) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// openSQLite makes a store of the database in file; name stands in messages.
func openSQLite(name, file string, query url.Values) (*SQLite, error) {
	query.Set("_txlock", "immediate")
	query["_pragma"] = []string{"busy_timeout(30000)", "foreign_keys(1)"}
	db, err := sql.Open("sqlite", fileURL(filepath.ToSlash(absolute(file)), query))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &SQLite{path: name, db: db, archs: map[string]int64{}, question: map[questionKey]int64{},
		origin: map[[2]string]int64{}, cpuSeconds: "s.cpu_seconds"}, nil
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
	case version == withoutCPU:
		s.cpuSeconds = "0.0"
	case version != formatVersion:
		return false, fmt.Errorf("%s: written in format %d; this program reads formats %d and %d: export it with the "+
			"version that wrote it", s.path, version, withoutCPU, formatVersion)
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
	// A commit in the log survives a killed process.
	if err := s.journal("wal"); err != nil {
		return err
	}
	if !fresh {
		if err := s.upgrade(); err != nil {
			return err
		}
		return s.remember()
	}
	return s.transact(func(tx *sql.Tx) error {
		_, err := tx.Exec(schema + searchSchema + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;",
			applicationID, formatVersion))
		return s.wrap(err)
	})
}

// upgrade adds what a database of an earlier version lacks.
func (s *SQLite) upgrade() error {
	lacks := populationSchema
	if s.cpuSeconds != "s.cpu_seconds" {
		s.cpuSeconds = "s.cpu_seconds"
		lacks += fmt.Sprintf("ALTER TABLE scores ADD COLUMN cpu_seconds REAL NOT NULL DEFAULT 0; PRAGMA user_version = %d;",
			formatVersion)
	}
	return s.transact(func(tx *sql.Tx) error {
		_, err := tx.Exec(lacks)
		return s.wrap(err)
	})
}

// journal changes the mode of the journal, waiting for readers to get out of the way. The file is left in the mode
// "wal" or, for every other one, as a plain database.
func (s *SQLite) journal(mode string) error {
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		got, err := s.setJournal(mode)
		switch {
		case err == nil && got == mode:
			return nil
		case err == nil:
			err = fmt.Errorf("%s: the journal stays in mode %s, want %s", s.path, got, mode)
		case code(err) != codeBusy:
			return s.wrap(err)
		}
		if time.Since(start) > patience {
			return s.wrap(err)
		}
	}
}

// setJournal asks once. The change itself is journalled in memory: a file for one page would, after a kill, keep
// readers out who cannot write.
func (s *SQLite) setJournal(mode string) (got string, err error) {
	ctx := context.Background()
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	var old string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&old); err != nil {
		return "", err
	}
	if old == mode {
		return old, nil
	}
	if mode == "wal" {
		if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode = memory").Scan(&got); err != nil {
			return "", err
		}
	}
	err = conn.QueryRowContext(ctx, "PRAGMA journal_mode = "+mode).Scan(&got)
	return got, err
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

// Close leaves one plain file behind and releases the lock. A reader who does not let go within seconds keeps the log
// of the database in place, with everything in it; the next writer tidies up.
func (s *SQLite) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.wrap(s.db.Close())
	if s.lock == nil {
		if s.private != "" {
			err = errors.Join(err, os.RemoveAll(s.private))
		}
		return err
	}
	// The mode can be changed only by the last connection of all.
	if last, e := openSQLite(s.path, s.path, url.Values{"mode": {"rw"}}); e == nil && err == nil {
		if fresh, e := last.check(); e == nil && !fresh {
			if e := last.journal("memory"); code(e) != codeBusy {
				err = e
			}
		}
		err = errors.Join(err, s.wrap(last.db.Close()))
	}
	writing.Delete(absolute(s.path))
	return errors.Join(err, s.lock.Close())
}

// Copy writes a consistent copy of the database to a new file, while scores may still be arriving.
func (s *SQLite) Copy(ctx context.Context, path string) error {
	_, err := s.db.ExecContext(ctx, "VACUUM INTO ?", path)
	return s.wrap(err)
}

// The result codes of SQLite that deserve words of their own.
const (
	codeBusy     = 5
	codeReadOnly = 8
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// code is the primary result code of an error of SQLite, 0 of any other.
func code(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// wrap names the file, and says what a code of SQLite means for its owner.
func (s *SQLite) wrap(err error) error {
	if err == nil {
		return nil
	}
	hint := map[int]string{
		codeBusy:     "another process holds it",
		codeReadOnly: "the file or its folder cannot be written",
		codeCorrupt:  "damaged database: restore a copy, or start a new run",
		codeFull:     "the disk is full: nothing of what was saved before is lost; free some space and resume",
		codeCantOpen: "cannot be opened: check that it is a file and that its folder can be written",
		codeNotADB:   "not a database of scores",
	}[code(err)]
	if hint == "" {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	return fmt.Errorf("%s: %s (%w)", s.path, hint, err)
}
