package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// searchSchema keeps searches: the state after the last generation, and every solution in the order of evaluation.
const searchSchema = `
CREATE TABLE searches (name TEXT PRIMARY KEY, snapshot TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE steps (search TEXT NOT NULL REFERENCES searches, n INTEGER NOT NULL, step TEXT NOT NULL,
  PRIMARY KEY (search, n)) STRICT, WITHOUT ROWID;
`

// SaveSearch replaces the snapshot of a search and appends its new steps, both or neither. Snapshot and steps are JSON
// that the store does not look into.
func (s *SQLite) SaveSearch(name string, snapshot json.RawMessage, steps []json.RawMessage) error {
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
