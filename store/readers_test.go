package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// files are the contents of a folder by name.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		if out[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func put(t *testing.T, dir string, all map[string][]byte, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), all[name], 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A closed database is one file without a log, however many connections there were.
func TestClosedDatabaseIsOneFile(t *testing.T) {
	for name, use := range map[string]func(s *SQLite){
		"nothing": func(*SQLite) {},
		"one":     func(s *SQLite) { _ = s.Put(mixed(60)...) },
		"several connections": func(s *SQLite) {
			records := mixed(600)
			var wg sync.WaitGroup
			for w := range 6 {
				wg.Go(func() {
					for i := w * 100; i < (w+1)*100; i += 50 {
						_ = s.Put(records[i : i+50]...)
						for range s.All() {
							_, _, _ = s.Get(records[0].Key())
						}
					}
				})
			}
			wg.Wait()
		},
	} {
		dir := t.TempDir()
		for range 2 {
			s := openDB(t, filepath.Join(dir, "scores.db"))
			use(s)
			if err := s.Close(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			all := files(t, dir)
			if db := all["scores.db"]; len(all) != 2 || all["scores.db.lock"] == nil || db[18] != 1 || db[19] != 1 {
				t.Errorf("%s: %d files, modes %v", name, len(all), db[18:20])
			}
		}
	}
}

// A reader that does not let go keeps nobody from closing, and everything stays readable.
func TestClosingBesideAReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scores.db")
	s := openDB(t, path)
	if err := s.Put(mixed(600)...); err != nil {
		t.Fatal(err)
	}
	r, err := ReadSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 10 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.Close(); err != nil || n != 600 {
		t.Errorf("%d records, %v", n, err)
	}
	if r, err = ReadSQLite(path); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := Collect(r.All()); err != nil || len(got) != 600 {
		t.Errorf("%d records afterwards, %v", len(got), err)
	}
}

// killed is what lies in a folder after a writer was killed in one way or another, and how many scores were committed.
func killed(t *testing.T) map[string]map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "scores.db")
	s := openDB(t, path)
	if err := s.Put(mixed(600)...); err != nil {
		t.Fatal(err)
	}
	writing := files(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	closed := files(t, dir)["scores.db"]
	logged := bytes.Clone(closed)
	logged[18], logged[19] = 2, 2

	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"PRAGMA cache_size = 1", "UPDATE scores SET seconds = seconds + 1",
		"UPDATE architectures SET arch = arch || hex(randomblob(4000))"} {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	half := files(t, dir)
	if len(half["scores.db-journal"]) == 0 || bytes.Equal(half["scores.db"], closed) {
		t.Fatal("the transaction did not reach the file")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	db.Close()
	cut := bytes.Clone(writing["scores.db-wal"])
	return map[string]map[string][]byte{
		"writing":        writing,
		"index is gone":  {"scores.db": writing["scores.db"], "scores.db-wal": writing["scores.db-wal"]},
		"torn log":       {"scores.db": writing["scores.db"], "scores.db-wal": append(cut, cut[:999]...)},
		"log mode alone": {"scores.db": logged},
		"hot journal":    {"scores.db": half["scores.db"], "scores.db-journal": half["scores.db-journal"]},
		"closed":         {"scores.db": closed},
	}
}

// Readers show every committed score of a database whose writer was killed, and touch nothing; the next writer goes on.
func TestReadersOfKilledWriters(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for name, left := range killed(t) {
		dir := t.TempDir()
		path := filepath.Join(dir, "scores.db")
		for n := range left {
			put(t, dir, left, n)
		}
		for range 2 {
			r, err := ReadSQLite(path)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			records, err := Collect(r.All())
			rows := 0
			for _, e := range r.Rows() {
				rows, err = rows+1, errors.Join(err, e)
			}
			n, e := r.Count()
			if err = errors.Join(err, e, r.Close()); err != nil || len(records) != 600 || rows != 600 || n != 600 {
				t.Errorf("%s: %d records, %d rows, %d counted, %v", name, len(records), rows, n, err)
			}
			if after := files(t, dir); fmt.Sprint(after) != fmt.Sprint(left) {
				t.Errorf("%s: reading changed the folder", name)
			}
		}
		s, err := ReopenSQLite(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := errors.Join(s.Put(record("z", 1)), s.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if all := files(t, dir); len(all) != 2 {
			t.Errorf("%s: %d files after a writer", name, len(all))
		}
	}
	if left := files(t, temporary); len(left) != 0 {
		t.Errorf("copies are left: %d", len(left))
	}
}

// A journal that cannot be rolled back in a copy is explained.
func TestHotJournalWithoutTemporaryFolder(t *testing.T) {
	dir := t.TempDir()
	left := killed(t)["hot journal"]
	put(t, dir, left, "scores.db", "scores.db-journal")
	t.Setenv("TMPDIR", filepath.Join(dir, "nowhere"))
	if _, err := ReadSQLite(filepath.Join(dir, "scores.db")); err == nil || !strings.Contains(err.Error(), "repaired") {
		t.Errorf("%v", err)
	}
}

// A database that is read without locks and is written to in the meantime is an error, not a wrong number.
func TestChangeWhileReading(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "scores.db")
	put(t, dir, killed(t)["log mode alone"], "scores.db")
	r, err := ReadSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := openDB(t, path)
	if err := errors.Join(s.Put(record("z", 1)), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Collect(r.All()); err == nil || !strings.Contains(err.Error(), "read it again") {
		t.Errorf("%v", err)
	}
}

// What is no whole database is explained, to readers and to those that go on with it.
func TestEmptyAndCutDatabases(t *testing.T) {
	dir := t.TempDir()
	whole := killed(t)["closed"]["scores.db"]
	fresh := openDB(t, filepath.Join(dir, "fresh"))
	if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := ReadSQLite(filepath.Join(dir, "fresh")); err != nil {
		t.Errorf("without scores: %v", err)
	} else {
		r.Close()
	}
	for name, content := range map[string][]byte{
		"empty": {}, "one byte": whole[:1], "half a header": whole[:50], "header": whole[:100], "one page": whole[:4096],
		"half": whole[:len(whole)/2], "all but a page": whole[:len(whole)-4096], "zeros": make([]byte, len(whole)),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, open := range []func(string) (*SQLite, error){ReadSQLite, ReopenSQLite} {
			s, err := open(path)
			if err == nil {
				_, err = Collect(s.All())
				s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "damaged") &&
				!strings.Contains(err.Error(), "not a database") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, content) {
			t.Errorf("%s: was changed", name)
		}
	}
}

// Both stores refuse a score whose key they have, also within one batch, and Insert refuses every record of one.
func TestKeysTwice(t *testing.T) {
	failed := record("a", 0)
	failed.Score, failed.Status, failed.Error = nil, Failed, "broke"
	for name, batch := range map[string][]Record{
		"equal": {record("a", 1), record("a", 1)}, "different": {record("a", 1), record("b", 1), record("a", 2)},
		"failure after a score": {record("a", 1), failed}, "score after a failure": {failed, record("a", 1)},
	} {
		db := openDB(t, filepath.Join(t.TempDir(), "scores.db"))
		for kind, s := range map[string]Store{"jsonl": open(t, filepath.Join(t.TempDir(), "scores.jsonl")), "sqlite": db} {
			err := s.Put(batch...)
			if fine := name == "score after a failure"; (err == nil) != fine || !fine && len(all(t, s)) != 0 {
				t.Errorf("%s: %s: %v, %d records", kind, name, err, len(all(t, s)))
			}
		}
		db.Close()
	}
	s := openDB(t, filepath.Join(t.TempDir(), "scores.db"))
	defer s.Close()
	if err := s.Insert(failed, record("b", 1)); err != nil {
		t.Fatal(err)
	}
	for _, r := range []Record{record("b", 1), record("a", 1), failed} {
		if err := s.Insert(record("c", 1), r); !errors.As(err, new(*TakenError)) || len(all(t, s)) != 2 {
			t.Errorf("%v", err)
		}
	}
}
