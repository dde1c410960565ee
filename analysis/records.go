package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"rwe301/bench301"
	"rwe301/store"
)

// FromRecords makes results of single records: a column for every question and seed, in the order in which their first
// records stand. describe says what a record answers. The architectures are those of the records; the caller fills in
// Truth and what else it knows of From.
func FromRecords(
	records []store.Record, describe func(store.Record) store.Question, space bench301.Space,
) (*Results, error) {
	return fromRecords(records, describe, space, func(seed uint64) uint64 { return seed })
}

// OverSeeds is FromRecords with one column for a question under all its seeds, as a study has it.
func OverSeeds(
	records []store.Record, describe func(store.Record) store.Question, space bench301.Space,
) (*Results, error) {
	return fromRecords(records, describe, space, func(uint64) uint64 { return 0 })
}

// fromRecords gives seeds a column of their own where apart tells them apart.
func fromRecords(
	records []store.Record, describe func(store.Record) store.Question, space bench301.Space, apart func(uint64) uint64,
) (*Results, error) {
	r := &Results{Space: space, From: Provenance{Records: true, Space: space.Name()}}
	place := map[string]int{}
	questions := map[store.Key]*store.Question{}
	var order []*store.Question
	var codes, processors []string
	keyOf := func(rec store.Record) store.Key {
		key := rec.Key()
		key.ID, key.Seed = "", apart(rec.Seed)
		return key
	}
	for _, rec := range records {
		if _, ok := place[rec.ID]; !ok {
			place[rec.ID] = len(r.Architectures)
			r.Architectures = append(r.Architectures, store.Named{ID: rec.ID, Arch: rec.Arch})
		}
		q := questions[keyOf(rec)]
		if q == nil {
			described := describe(rec)
			q = &described
			questions[keyOf(rec)], order = q, append(order, q)
		}
		q.Seeds = include(q.Seeds, rec.Seed)
		codes, processors = include(codes, rec.Code), include(processors, rec.CPU)
	}
	r.From.Code, r.From.CPU = strings.Join(codes, ", "), strings.Join(processors, ", ")
	columns := map[*store.Question]*Column{}
	for _, q := range order {
		columns[q] = NewColumn(q, len(r.Architectures))
		r.Columns = append(r.Columns, columns[q])
	}
	for _, rec := range records {
		c := columns[questions[keyOf(rec)]]
		score := math.NaN()
		if rec.Score != nil {
			score = *rec.Score
		}
		if err := c.Answer(place[rec.ID], rec.Seed, rec.Status, score, rec.Seconds); err != nil {
			return nil, err
		}
		if rec.Status != store.OK {
			c.because(rec.Error)
		}
	}
	for _, c := range r.Columns {
		c.Finish()
	}
	tellApart(r.Columns)
	return r, nil
}

// include adds what a sorted list lacks.
func include[T cmp.Ordered](sorted []T, v T) []T {
	if i, found := slices.BinarySearch(sorted, v); !found {
		return slices.Insert(sorted, i, v)
	}
	return sorted
}

// tellApart adds to labels that several columns share what makes these different.
func tellApart(columns []*Column) {
	for _, part := range []struct {
		differs func(a, b *Column) bool
		text    func(c *Column) string
	}{
		{
			func(a, b *Column) bool { return !slices.Equal(a.Seeds, b.Seeds) },
			func(c *Column) string {
				if len(c.Seeds) == 1 {
					return fmt.Sprintf(" seed %d", c.Seeds[0])
				}
				return " seeds " + strings.Trim(strings.ReplaceAll(fmt.Sprint(c.Seeds), " ", ", "), "[]")
			},
		},
		{
			func(a, b *Column) bool { return a.Dataset != b.Dataset },
			func(c *Column) string { return " on " + c.Dataset },
		},
	} {
		var add []*Column
		for _, c := range columns {
			if slices.ContainsFunc(columns, func(o *Column) bool { return o.Label == c.Label && part.differs(o, c) }) {
				add = append(add, c)
			}
		}
		for _, c := range add {
			c.Label += part.text(c)
		}
	}
}
