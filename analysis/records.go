package analysis

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"rwe301/bench301"
	"rwe301/store"
)

// FromRecords makes results of single records: a column for every question and seed, in the order in which their first
// records stand. It keeps the numbers and one text an architecture, not the records. The architectures are those of the
// records, by id, so that the order of records decides nothing else, not even what a seed draws; [Results.SortColumns]
// makes it decide nothing at all. describe says what a record answers. Two records of one key are an error. The caller
// fills in Truth and what else it knows of From.
func FromRecords(
	records iter.Seq2[store.Record, error], describe func(store.Record) store.Question, space bench301.Space,
) (*Results, error) {
	return fromRecords(records, describe, space, func(seed uint64) uint64 { return seed })
}

// OverSeeds is FromRecords with one column for a question under all its seeds, as a study has it.
func OverSeeds(
	records iter.Seq2[store.Record, error], describe func(store.Record) store.Question, space bench301.Space,
) (*Results, error) {
	return fromRecords(records, describe, space, func(uint64) uint64 { return 0 })
}

// answers are those to one question, while records are read.
type answers struct {
	question store.Question
	seeds    map[uint64]*vectors
	reasons  map[string]int
}

// vectors are the answers under one seed, by architecture in order of appearance.
type vectors struct {
	scores, walls, cpus []float64
	states              []uint8 // in states
}

// states are those that an answer may have, none at first; the last is that of onWall.
var states = []store.Status{"", store.OK, store.Undefined, store.Failed, store.OK}

// onWall is the state of a score whose seconds of processors are not known.
const onWall = 4

// fromRecords gives seeds a column of their own where apart tells them apart.
func fromRecords(
	records iter.Seq2[store.Record, error], describe func(store.Record) store.Question, space bench301.Space,
	apart func(uint64) uint64,
) (*Results, error) {
	r := &Results{Space: space, From: Provenance{Records: true, Space: space.Name()}}
	number := map[string]int{} // of each architecture, in order of appearance
	question := map[store.Key]*answers{}
	var all []*answers
	var codes, processors []string
	for rec, err := range records {
		if err != nil {
			return nil, err
		}
		n, known := number[rec.ID]
		if !known {
			n = len(r.Architectures)
			number[rec.ID] = n
			r.Architectures = append(r.Architectures, store.Named{ID: rec.ID, Arch: rec.Arch})
		}
		key := rec.Key()
		key.ID, key.Seed = "", 0
		a := question[key] // of a fixed question, whatever the seed, or of one whose seeds are told apart
		if a == nil || !a.question.Fixed {
			key.Seed = apart(rec.Seed)
			a = question[key]
		}
		if a == nil {
			a = &answers{question: describe(rec), seeds: map[uint64]*vectors{}, reasons: map[string]int{}}
			if a.question.Fixed {
				key.Seed = 0
			}
			question[key], all = a, append(all, a)
		}
		if a.question.Seeds = include(a.question.Seeds, rec.Seed); !a.enter(n, &rec) {
			return nil, fmt.Errorf("architecture %s has two records of %s under seed %d: which one counts?", rec.ID,
				a.question.Label, rec.Seed)
		}
		codes, processors = include(codes, rec.Code), include(processors, rec.CPU)
	}
	r.From.Code, r.From.CPU = strings.Join(codes, ", "), strings.Join(processors, ", ")
	clear(number)
	place := r.sortArchitectures()
	id := func(n int) string { return r.Architectures[place[n]].ID }
	for i, a := range all {
		if a.question.Fixed {
			if err := a.fold(id); err != nil {
				return nil, err
			}
		}
		c, err := a.column(place)
		if err != nil {
			return nil, err
		}
		r.Columns, all[i] = append(r.Columns, c), nil
	}
	tellApart(r.Columns)
	return r, nil
}

// enter notes the answer about architecture n; it is false where there is one already.
func (a *answers) enter(n int, rec *store.Record) bool {
	v := a.seeds[rec.Seed]
	if v == nil {
		v = &vectors{}
		a.seeds[rec.Seed] = v
	}
	if v.grow(n); v.states[n] != 0 {
		return false
	}
	v.walls[n], v.cpus[n], v.states[n] = rec.Seconds, rec.CPUSeconds, uint8(slices.Index(states, rec.Status))
	if rec.Score != nil {
		v.scores[n] = *rec.Score
	}
	if rec.Status != store.OK {
		a.reasons[rec.Error]++
	}
	return true
}

// grow makes room for the answer about architecture n.
func (v *vectors) grow(n int) {
	for len(v.states) <= n {
		v.scores, v.states = append(v.scores, math.NaN()), append(v.states, 0)
		v.walls, v.cpus = append(v.walls, 0), append(v.cpus, 0)
	}
}

// fold makes one of the answers of a fixed question under several seeds, so that files that were scored under them have
// one column; it is that of the least seed.
func (a *answers) fold(id func(n int) string) error {
	first := a.seeds[a.question.Seeds[0]]
	for _, seed := range a.question.Seeds[1:] {
		other := a.seeds[seed]
		for n, state := range other.states {
			first.grow(n)
			score := other.scores[n]
			switch before := first.scores[n]; {
			case state == 0 || math.IsNaN(score) && first.states[n] != 0:
			case math.IsNaN(before):
				first.scores[n], first.states[n] = score, state
				first.walls[n], first.cpus[n] = other.walls[n], other.cpus[n]
			case before != score:
				return fixedDiffers(a.question.Label, id(n), before, score)
			}
		}
		delete(a.seeds, seed)
	}
	a.question.Seeds = a.question.Seeds[:1]
	return nil
}

// fixedDiffers says that what draws nothing has two values for an architecture.
func fixedDiffers(label, id string, a, b float64) error {
	return fmt.Errorf("architecture %s: %s is %v and %v: it draws nothing, so one of them is wrong", id, label, min(a, b),
		max(a, b))
}

// column sums up the answers; place is where each architecture stands.
func (a *answers) column(place []int32) (*Column, error) {
	c := NewColumn(&a.question, len(place))
	c.reasons = a.reasons
	for _, seed := range c.Seeds {
		v := a.seeds[seed]
		for n, state := range v.states {
			if state == 0 {
				continue
			}
			if err := c.Answer(int(place[n]), seed, states[state], v.scores[n], v.walls[n],
				v.cpus[n]); err != nil {
				return nil, err
			}
		}
		delete(a.seeds, seed)
	}
	c.Finish()
	return c, nil
}

// SortColumns puts the columns in order of their names.
func (r *Results) SortColumns() {
	slices.SortStableFunc(r.Columns, func(a, b *Column) int {
		return cmp.Or(byName(a.Label, b.Label), byName(a.Full, b.Full), cmp.Compare(a.Dataset, b.Dataset),
			cmp.Compare(a.SettingsHash, b.SettingsHash), slices.Compare(a.Seeds, b.Seeds))
	})
}

// sortArchitectures sorts the architectures by id, and returns the place of each.
func (r *Results) sortArchitectures() []int32 {
	order := make([]int32, len(r.Architectures))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(r.Architectures[a].ID, r.Architectures[b].ID) })
	sorted, place := make([]store.Named, len(order)), make([]int32, len(order))
	for at, n := range order {
		sorted[at], place[n] = r.Architectures[n], int32(at)
	}
	r.Architectures = sorted
	return place
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
