package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
)

// Named is an architecture as the database knows it.
type Named struct{ ID, Arch string }

// Origin is what made a score: the version of the program and the processor.
type Origin struct{ Code, CPU string }

// Row is a score without its texts, for going through many of them.
type Row struct {
	Arch     int64 // key of Architectures
	Question int64 // key of Questions
	Seed     uint64
	Score    float64 // NaN unless Status is OK
	Seconds  float64
	Status   Status
}

// Questions lists the questions that have an answer, by the numbers that stand in rows.
func (s *SQLite) Questions() (map[int64]Question, error) {
	return table(s, "SELECT n, estimator, settings, hash, dataset FROM questions",
		func(rows *sql.Rows) (n int64, q Question, err error) {
			var settings sql.NullString
			err = rows.Scan(&n, &q.Estimator, &settings, &q.SettingsHash, &q.Dataset)
			if settings.Valid {
				q.Settings = json.RawMessage(settings.String)
			}
			return n, q, err
		})
}

// Architectures lists the architectures that have an answer, by the numbers that stand in rows.
func (s *SQLite) Architectures() (map[int64]Named, error) {
	return table(s, "SELECT n, id, arch FROM architectures", func(rows *sql.Rows) (n int64, a Named, err error) {
		err = rows.Scan(&n, &a.ID, &a.Arch)
		return n, a, err
	})
}

func (s *SQLite) origins() (map[int64][2]string, error) {
	return table(s, "SELECT n, code, cpu FROM origins", func(rows *sql.Rows) (n int64, o [2]string, err error) {
		err = rows.Scan(&n, &o[0], &o[1])
		return n, o, err
	})
}

// Origins lists the versions of the program and the processors that made the scores, in the order in which they came.
func (s *SQLite) Origins() ([]Origin, error) {
	all, err := s.origins()
	var out []Origin
	for _, n := range slices.Sorted(maps.Keys(all)) {
		out = append(out, Origin{all[n][0], all[n][1]})
	}
	return out, err
}

// table reads a small table whole.
func table[V any](s *SQLite, query string, scan func(*sql.Rows) (int64, V, error)) (map[int64]V, error) {
	out := map[int64]V{}
	for rows, err := range s.each(query) {
		if err != nil {
			return nil, err
		}
		n, v, err := scan(rows)
		if err != nil {
			return nil, s.wrap(err)
		}
		out[n] = v
	}
	return out, nil
}

// each goes through the rows that a query selects; its errors are wrapped.
func (s *SQLite) each(query string, args ...any) iter.Seq2[*sql.Rows, error] {
	return func(yield func(*sql.Rows, error) bool) {
		rows, err := s.db.Query(query, args...)
		if err != nil {
			yield(nil, s.wrap(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			if !yield(rows, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, s.wrap(err))
		}
	}
}

// Get returns the record of a key.
func (s *SQLite) Get(k Key) (Record, bool, error) {
	records, err := s.Of(k.ID)
	if err != nil {
		return Record{}, false, err
	}
	for _, r := range records {
		if r.Key() == k {
			return r, true, nil
		}
	}
	return Record{}, false, nil
}

// Of returns the records of one architecture in the order of their keys.
func (s *SQLite) Of(id string) ([]Record, error) {
	var out []Record
	for r, err := range s.records("WHERE a.id = ?", id) {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// All goes through the records in the order of their keys, holding those of one architecture at a time.
func (s *SQLite) All() iter.Seq2[Record, error] { return s.records("ORDER BY a.id") }

// Rows goes through the scores without their texts, in no particular order.
func (s *SQLite) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for rows, err := range s.each("SELECT arch, question, seed, score, seconds, status FROM scores") {
			var r Row
			var seed int64
			var score sql.NullFloat64
			if err == nil {
				err = s.wrap(rows.Scan(&r.Arch, &r.Question, &seed, &score, &r.Seconds, &r.Status))
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			r.Seed, r.Score = uint64(seed), score.Float64
			if !score.Valid {
				r.Score = math.NaN()
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// records selects records architecture by architecture and sorts those of each by key.
func (s *SQLite) records(where string, args ...any) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		questions, err := s.Questions()
		if err != nil {
			yield(Record{}, err)
			return
		}
		origins, err := s.origins()
		if err != nil {
			yield(Record{}, err)
			return
		}
		var group []Record
		flush := func() bool {
			slices.SortFunc(group, func(a, b Record) int { return compareKeys(a.Key(), b.Key()) })
			for _, r := range group {
				if !yield(r, nil) {
					return false
				}
			}
			group = group[:0]
			return true
		}
		// CROSS JOIN keeps SQLite to this order of loops, so that nothing has to be sorted on disk.
		for rows, err := range s.each(`SELECT a.id, a.arch, s.question, s.seed, s.score, s.seconds, s.status, s.error,
			s.origin FROM architectures a CROSS JOIN scores s ON s.arch = a.n `+where, args...) {
			var r Record
			var question, origin, seed int64
			var score sql.NullFloat64
			if err == nil {
				err = s.wrap(rows.Scan(&r.ID, &r.Arch, &question, &seed, &score, &r.Seconds, &r.Status, &r.Error, &origin))
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			q, known := questions[question]
			o, traced := origins[origin]
			if !known || !traced {
				continue // added by a writer since this read began
			}
			r.Estimator, r.Settings, r.SettingsHash, r.Dataset = q.Estimator, q.Settings, q.SettingsHash, q.Dataset
			r.Code, r.CPU, r.Seed = o[0], o[1], uint64(seed)
			if score.Valid {
				r.Score = &score.Float64
			}
			if len(group) > 0 && group[0].ID != r.ID && !flush() {
				return
			}
			group = append(group, r)
		}
		flush()
	}
}

func compareKeys(a, b Key) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Estimator, b.Estimator),
		strings.Compare(a.SettingsHash, b.SettingsHash), strings.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Seed, b.Seed))
}

// Put adds records in one transaction: all of them or, on an error, none.
func (s *SQLite) Put(records ...Record) error {
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
	fresh := numbers{s, nil, map[string]int64{}, map[questionKey]int64{}, map[[2]string]int64{}}
	err := s.transact(func(tx *sql.Tx) error {
		fresh.tx = tx
		for _, r := range records {
			if err := fresh.put(r); err != nil {
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

// numbers gives texts their numbers within one transaction; they are remembered only once it has been committed.
type numbers struct {
	s        *SQLite
	tx       *sql.Tx
	archs    map[string]int64
	question map[questionKey]int64
	origin   map[[2]string]int64
}

func (n *numbers) put(r Record) error {
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
	// Only what is not a score may be replaced.
	done, err := n.tx.Exec(`INSERT INTO scores (arch, question, seed, score, seconds, status, error, origin)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET score = excluded.score, seconds = excluded.seconds, status = excluded.status,
		error = excluded.error, origin = excluded.origin WHERE scores.status <> 'ok'`,
		arch, question, int64(r.Seed), r.Score, r.Seconds, r.Status, r.Error, origin)
	if err != nil {
		return n.s.wrap(err)
	}
	if changed, err := done.RowsAffected(); err != nil || changed == 0 {
		return cmp.Or(err, fmt.Errorf("%s of %s: scored already", r.Estimator, r.ID))
	}
	return nil
}

// number returns the number of a text, or inserts it.
func number[K comparable](n *numbers, known, fresh map[K]int64, k K, insert string, args ...any) (int64, error) {
	if v, ok := known[k]; ok {
		return v, nil
	}
	if v, ok := fresh[k]; ok {
		return v, nil
	}
	done, err := n.tx.Exec(insert, args...)
	if err != nil {
		return 0, n.s.wrap(err)
	}
	fresh[k], err = done.LastInsertId()
	return fresh[k], err
}

// Failure is why a question has answers that are no scores.
type Failure struct {
	Question
	Text   string // the commonest reason, the first in the alphabet of equally common ones
	Others int    // number of other reasons
}

// Failures lists the questions with answers that are no scores.
func (s *SQLite) Failures() iter.Seq2[Failure, error] {
	return func(yield func(Failure, error) bool) {
		questions, err := s.Questions()
		if err != nil {
			yield(Failure{}, err)
			return
		}
		var last int64 = -1
		var f Failure
		for rows, err := range s.each("SELECT question, error FROM scores WHERE status <> 'ok' GROUP BY question, error " +
			"ORDER BY question, count(*) DESC, error") {
			var n int64
			var text string
			if err == nil {
				err = s.wrap(rows.Scan(&n, &text))
			}
			if err != nil {
				yield(Failure{}, err)
				return
			}
			if n == last {
				f.Others++
				continue
			}
			if last >= 0 && !yield(f, nil) {
				return
			}
			last, f = n, Failure{Question: questions[n], Text: text}
		}
		if last >= 0 {
			yield(f, nil)
		}
	}
}
