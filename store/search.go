package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// searchSchema keeps searches: the state after the last generation, and every solution in the order of evaluation.
const searchSchema = `
CREATE TABLE searches (name TEXT PRIMARY KEY, snapshot TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE steps (search TEXT NOT NULL REFERENCES searches, n INTEGER NOT NULL, step TEXT NOT NULL,
  PRIMARY KEY (search, n)) STRICT, WITHOUT ROWID;
` + populationSchema

// populationSchema keeps the members of generations, as numbers of steps. A database of an earlier program lacks it, and
// in one that such a program went on with, its generations are missing.
const populationSchema = `
CREATE TABLE IF NOT EXISTS populations (search TEXT NOT NULL REFERENCES searches, generation INTEGER NOT NULL,
  evaluations INTEGER NOT NULL, born TEXT NOT NULL, survived TEXT,
  PRIMARY KEY (search, generation)) STRICT, WITHOUT ROWID;
`

// Members are what a generation of a search asked for, and what its population was then, as numbers of steps.
type Members struct {
	Generation  int // from 1
	Evaluations int // in all, up to this generation
	Born        []int
	Survived    []int // nil where it is not kept
}

// SaveSearch replaces the snapshot of a search, and appends its new steps and the members of its newest generation: all
// or nothing. Snapshot and steps are JSON that the store does not look into.
func (s *SQLite) SaveSearch(name string, snapshot json.RawMessage, steps []json.RawMessage, m Members) error {
	born, err := json.Marshal(m.Born)
	if err != nil {
		return err
	}
	var survived any
	if m.Survived != nil {
		text, err := json.Marshal(m.Survived)
		if err != nil {
			return err
		}
		survived = string(text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transact(func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO searches VALUES (?, ?) ON CONFLICT DO UPDATE SET snapshot = excluded.snapshot", name,
			string(snapshot))
		var n int64
		if err == nil {
			err = tx.QueryRow("SELECT count(*) FROM steps WHERE search = ?", name).Scan(&n)
		}
		for i, step := range steps {
			if err == nil {
				_, err = tx.Exec("INSERT INTO steps VALUES (?, ?, ?)", name, n+int64(i), string(step))
			}
		}
		if err == nil {
			_, err = tx.Exec("INSERT INTO populations VALUES (?, ?, ?, ?, ?)", name, m.Generation, m.Evaluations, string(born),
				survived)
		}
		return s.wrap(err)
	})
}

// Searches lists the names of the searches that are kept.
func (s *SQLite) Searches() (names []string, err error) {
	for rows, err := range s.each("SELECT name FROM searches ORDER BY name") {
		var name string
		if err == nil {
			err = s.wrap(rows.Scan(&name))
		}
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// LoadSearch returns what SaveSearch kept under a name, or ok = false.
func (s *SQLite) LoadSearch(name string) (snapshot json.RawMessage, steps []json.RawMessage, ok bool, err error) {
	var text string
	switch err := s.db.QueryRow("SELECT snapshot FROM searches WHERE name = ?", name).Scan(&text); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil, false, nil
	case err != nil:
		return nil, nil, false, s.wrap(err)
	}
	for rows, err := range s.each("SELECT step FROM steps WHERE search = ? ORDER BY n", name) {
		var step string
		if err == nil {
			err = s.wrap(rows.Scan(&step))
		}
		if err != nil {
			return nil, nil, false, err
		}
		if !json.Valid([]byte(step)) {
			return nil, nil, false, fmt.Errorf("%s: search %s: step %d is not JSON: restore a copy, or start a new run", s.path,
				name, len(steps))
		}
		steps = append(steps, json.RawMessage(step))
	}
	return json.RawMessage(text), steps, true, nil
}

// Members returns what SaveSearch kept of the generations of a search, in order: nothing of those that an earlier
// program made.
func (s *SQLite) Members(name string) iter.Seq2[Members, error] {
	return func(yield func(Members, error) bool) {
		var there int
		if err := s.db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'populations'").Scan(&there); err != nil {
			yield(Members{}, s.wrap(err))
			return
		}
		if there == 0 {
			return
		}
		for rows, err := range s.each("SELECT generation, evaluations, born, survived FROM populations WHERE search = ? "+
			"ORDER BY generation", name) {
			var m Members
			var born string
			var survived sql.NullString
			if err == nil {
				err = s.wrap(rows.Scan(&m.Generation, &m.Evaluations, &born, &survived))
			}
			if err == nil {
				err = json.Unmarshal([]byte(born), &m.Born)
			}
			if err == nil && survived.Valid {
				err = json.Unmarshal([]byte(survived.String), &m.Survived)
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}
