package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"math"
)

// Put adds records in one transaction: all of them or, on an error, none.
func (s *SQLite) Put(records ...Record) error {
	// Only what is not a score may be replaced.
	return s.add(records, `ON CONFLICT DO UPDATE SET score = excluded.score, seconds = excluded.seconds,
		cpu_seconds = excluded.cpu_seconds, status = excluded.status, error = excluded.error, origin = excluded.origin
		WHERE scores.status <> 'ok'`)
}

// Insert is Put that replaces nothing: a record whose key the store has is a *TakenError.
func (s *SQLite) Insert(records ...Record) error { return s.add(records, "ON CONFLICT DO NOTHING") }

// TakenError reports a record of a key that the store has already.
type TakenError struct{ Record Record }

func (e *TakenError) Error() string {
	return fmt.Sprintf("%s of %s (seed %d): scored already", e.Record.Estimator, e.Record.ID, e.Record.Seed)
}

func (s *SQLite) add(records []Record, conflict string) error {
	for _, r := range records {
		if err := r.Validate(); err != nil {
			return err
		}
		if r.Seed > math.MaxInt64 {
			return fmt.Errorf("seed %d: must be at most %d", r.Seed, int64(math.MaxInt64))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := addition{s, nil, conflict, map[string]*sql.Stmt{}, map[string]int64{}, map[questionKey]int64{},
		map[[2]string]int64{}}
	err := s.transact(func(tx *sql.Tx) error {
		fresh.tx = tx
		for i := range records {
			if err := fresh.put(&records[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		maps.Copy(s.archs, fresh.archs)
		maps.Copy(s.question, fresh.question)
		maps.Copy(s.origin, fresh.origin)
	}
	return err
}

// transact commits what do does, unless that fails. The errors of do are returned as they are.
func (s *SQLite) transact(do func(*sql.Tx) error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return s.wrap(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	return s.wrap(tx.Commit())
}

// addition adds records within one transaction. The numbers that it gives to texts are remembered by the store only
// once they have been committed.
type addition struct {
	s        *SQLite
	tx       *sql.Tx
	conflict string
	prepared map[string]*sql.Stmt
	archs    map[string]int64
	question map[questionKey]int64
	origin   map[[2]string]int64
}

// exec runs a statement, which is prepared once a transaction.
func (n *addition) exec(query string, args ...any) (sql.Result, error) {
	statement := n.prepared[query]
	if statement == nil {
		var err error
		if statement, err = n.tx.Prepare(query); err != nil {
			return nil, n.s.wrap(err)
		}
		n.prepared[query] = statement
	}
	done, err := statement.Exec(args...)
	return done, n.s.wrap(err)
}

func (n *addition) put(r *Record) error {
	arch, err := number(n, n.s.archs, n.archs, r.ID, "INSERT INTO architectures (id, arch) VALUES (?, ?)", r.ID, r.Arch)
	if err != nil {
		return err
	}
	question, err := number(n, n.s.question, n.question, questionKey{r.Estimator, r.SettingsHash, r.Dataset},
		"INSERT INTO questions (estimator, settings, hash, dataset) VALUES (?, ?, ?, ?)",
		r.Estimator, sql.NullString{String: string(r.Settings), Valid: r.Settings != nil}, r.SettingsHash, r.Dataset)
	if err != nil {
		return err
	}
	origin, err := number(n, n.s.origin, n.origin, [2]string{r.Code, r.CPU},
		"INSERT INTO origins (code, cpu) VALUES (?, ?)", r.Code, r.CPU)
	if err != nil {
		return err
	}
	done, err := n.exec(`INSERT INTO scores (arch, question, seed, score, seconds, cpu_seconds, status, error, origin)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) `+n.conflict,
		arch, question, int64(r.Seed), r.Score, r.Seconds, r.CPUSeconds, string(r.Status), r.Error, origin)
	if err != nil {
		return err
	}
	if changed, err := done.RowsAffected(); err != nil || changed == 0 {
		return cmp.Or[error](err, &TakenError{*r})
	}
	return nil
}

// number returns the number of a text, or inserts it.
func number[K comparable](n *addition, known, fresh map[K]int64, k K, insert string, args ...any) (int64, error) {
	if v, ok := known[k]; ok {
		return v, nil
	}
	if v, ok := fresh[k]; ok {
		return v, nil
	}
	done, err := n.exec(insert, args...)
	if err != nil {
		return 0, err
	}
	fresh[k], err = done.LastInsertId()
	return fresh[k], err
}
