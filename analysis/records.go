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
// records stand. The architectures are those of the records, by id, so that the order of records decides nothing else,
// not even what a seed draws; [Results.SortColumns] makes it decide nothing at all. describe says what a record
// answers. Two records of one key are an error. The caller fills in Truth and what else it knows of From.
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
	number := map[store.Key]int{}
	var questions []*store.Question
	var codes, processors []string
	asked := make([]int32, len(records)) // the question of each record
	for i := range records {
		rec := &records[i]
		key := rec.Key()
		key.ID, key.Seed = "", apart(rec.Seed)
		n, known := number[key]
		if !known {
			n = len(questions)
			described := describe(*rec)
			number[key], questions = n, append(questions, &described)
		}
		asked[i] = int32(n)
		q := questions[n]
		q.Seeds = include(q.Seeds, rec.Seed)
		codes, processors = include(codes, rec.Code), include(processors, rec.CPU)
	}
	r.From.Code, r.From.CPU = strings.Join(codes, ", "), strings.Join(processors, ", ")
	var place []int32
	r.Architectures, place = architecturesOf(records)
	columns := make([]*Column, len(questions))
	answered := make([][]bool, len(questions)) // by place, of each seed in turn
	for n, q := range questions {
		columns[n] = NewColumn(q, len(r.Architectures))
		answered[n] = make([]bool, len(r.Architectures)*len(q.Seeds))
	}
	for i := range records {
		rec, c := &records[i], columns[asked[i]]
		at := slices.Index(c.Seeds, rec.Seed)*len(r.Architectures) + int(place[i])
		if answered[asked[i]][at] {
			return nil, fmt.Errorf("architecture %s has two records of %s under seed %d: which one counts?", rec.ID, c.Label,
				rec.Seed)
		}
		answered[asked[i]][at] = true
		score := math.NaN()
		if rec.Score != nil {
			score = *rec.Score
		}
		if err := c.Answer(int(place[i]), rec.Seed, rec.Status, score, rec.Seconds); err != nil {
			return nil, err
		}
		if rec.Status != store.OK {
			c.because(rec.Error)
		}
	}
	for _, c := range columns {
		c.Finish()
	}
	r.Columns = columns
	tellApart(r.Columns)
	return r, nil
}

// SortColumns puts the columns in order of their names.
func (r *Results) SortColumns() {
	slices.SortStableFunc(r.Columns, func(a, b *Column) int {
		return cmp.Or(byName(a.Label, b.Label), byName(a.Full, b.Full), cmp.Compare(a.Dataset, b.Dataset),
			cmp.Compare(a.SettingsHash, b.SettingsHash), slices.Compare(a.Seeds, b.Seeds))
	})
}

// architecturesOf lists the architectures of records by id, and the place of each record's.
func architecturesOf(records []store.Record) ([]store.Named, []int32) {
	first := make(map[string]int32) // id: its number in order of appearance
	var all []store.Named
	number := make([]int32, len(records))
	for i := range records {
		n, known := first[records[i].ID]
		if !known {
			n = int32(len(all))
			first[records[i].ID] = n
			all = append(all, store.Named{ID: records[i].ID, Arch: records[i].Arch})
		}
		number[i] = n
	}
	order := make([]int32, len(all))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(all[a].ID, all[b].ID) })
	sorted, place := make([]store.Named, len(all)), make([]int32, len(all))
	for at, n := range order {
		sorted[at], place[n] = all[n], int32(at)
	}
	for i, n := range number {
		number[i] = place[n]
	}
	return sorted, number
}

// byName compares names; numbers in them count as numbers.
func byName(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x == "" || y == "" {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		a, b = a[len(x):], b[len(y):]
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// digits are those that a text begins with.
func digits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
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
