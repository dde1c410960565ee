package analysis

import (
	"fmt"
	"math"
	"slices"

	"rwe301/bench301"
	"rwe301/store"
)

// FromRecords makes results of single records: a column for every question and seed, in the order in which their first
// records stand. describe says what a record answers. The architectures are those of the records; the caller fills in
// Truth and From.
func FromRecords(records []store.Record, describe func(store.Record) store.Question, space bench301.Space) (*Results,
	error) {
	r := &Results{Space: space}
	place := map[string]int{}
	for _, rec := range records {
		if _, ok := place[rec.ID]; !ok {
			place[rec.ID] = len(r.Architectures)
			r.Architectures = append(r.Architectures, store.Named{ID: rec.ID, Arch: rec.Arch})
		}
	}
	columns := map[store.Key]*Column{}
	for _, rec := range records {
		key := rec.Key()
		key.ID = ""
		c := columns[key]
		if c == nil {
			q := describe(rec)
			c = NewColumn(&q, len(r.Architectures))
			columns[key], r.Columns = c, append(r.Columns, c)
		}
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

// tellApart adds to labels that several columns share what makes these different.
func tellApart(columns []*Column) {
	for _, part := range []struct {
		differs func(a, b *Column) bool
		text    func(c *Column) string
	}{
		{func(a, b *Column) bool { return a.Seeds[0] != b.Seeds[0] },
			func(c *Column) string { return fmt.Sprintf(" seed %d", c.Seeds[0]) }},
		{func(a, b *Column) bool { return a.Dataset != b.Dataset }, func(c *Column) string { return " on " + c.Dataset }},
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
