package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
)

// Named is an architecture as stores know it: its id, and its canonical text.
type Named struct{ ID, Arch string }

// Origin is what made a score: the version of the program and the processor.
type Origin struct{ Code, CPU string }

// Row is a score without its texts, for going through many of them.
type Row struct {
	Arch     int64 // key of Architectures
	Question int64 // key of Questions
	Seed     uint64
	Score    float64 // NaN unless Status is OK
	Seconds  float64 // wall time
	Status   Status

	CPUSeconds float64 // 0 where not known
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
		if err = rows.Scan(&n, &a.ID, &a.Arch); err == nil {
			err = a.Validate()
		}
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
		if err := cmp.Or(s.wrap(rows.Err()), s.unchanged()); err != nil {
			yield(nil, err)
		}
	}
}

// Get returns the record of a key.
func (s *SQLite) Get(k Key) (Record, bool, error) {
	if s.lock != nil { // a writer knows what there is
		s.mu.Lock()
		_, some := s.archs[k.ID]
		s.mu.Unlock()
		if !some {
			return Record{}, false, nil
		}
	}
	r := Record{ID: k.ID, Estimator: k.Estimator, SettingsHash: k.SettingsHash, Dataset: k.Dataset, Seed: k.Seed}
	var settings sql.NullString
	var score sql.NullFloat64
	err := s.db.QueryRow(`SELECT a.arch, q.settings, s.score, s.seconds, `+s.cpuSeconds+`, s.status, s.error, o.code,
		o.cpu
		FROM architectures a CROSS JOIN questions q CROSS JOIN scores s CROSS JOIN origins o
		WHERE a.id = ? AND q.estimator = ? AND q.hash = ? AND q.dataset = ? AND s.arch = a.n AND s.question = q.n
		AND s.seed = ? AND o.n = s.origin`, k.ID, k.Estimator, k.SettingsHash, k.Dataset, int64(k.Seed)).
		Scan(&r.Arch, &settings, &score, &r.Seconds, &r.CPUSeconds, &r.Status, &r.Error, &r.Code, &r.CPU)
	if errors.Is(err, sql.ErrNoRows) {
		return Record{}, false, nil
	}
	if err == nil {
		err = s.unchanged()
	}
	if settings.Valid {
		r.Settings = json.RawMessage(settings.String)
	}
	if score.Valid {
		r.Score = &score.Float64
	}
	return r, err == nil, s.wrap(err)
}

// All goes through the records in the order of their keys, holding those of one architecture at a time.
func (s *SQLite) All() iter.Seq2[Record, error] { return s.records("ORDER BY a.id") }

// Count returns the number of records.
func (s *SQLite) Count() (n int, err error) {
	err = s.wrap(s.db.QueryRow("SELECT count(*) FROM scores").Scan(&n))
	return n, err
}

// Rows goes through the scores without their texts, in no particular order.
func (s *SQLite) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for rows, err := range s.each("SELECT arch, question, seed, score, seconds, " + s.cpuSeconds +
			", status FROM scores s") {
			var r Row
			var seed int64
			var score sql.NullFloat64
			if err == nil {
				err = s.wrap(rows.Scan(&r.Arch, &r.Question, &seed, &score, &r.Seconds, &r.CPUSeconds, &r.Status))
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
		for rows, err := range s.each(`SELECT a.id, a.arch, s.question, s.seed, s.score, s.seconds, `+s.cpuSeconds+`,
			s.status, s.error, s.origin FROM architectures a CROSS JOIN scores s ON s.arch = a.n `+where, args...) {
			var r Record
			var question, origin, seed int64
			var score sql.NullFloat64
			if err == nil {
				err = s.wrap(rows.Scan(&r.ID, &r.Arch, &question, &seed, &score, &r.Seconds, &r.CPUSeconds, &r.Status, &r.Error,
					&origin))
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
