package study

import (
	"fmt"
	"math"
	"slices"

	"rwe301/bench301"
	"rwe301/store"
)

// Results are the scores of a run as vectors over its architectures.
type Results struct {
	Dir           string
	Manifest      Manifest
	Architectures []store.Named
	Truth         []float64 // accuracy of each architecture; NaN where there is none; nil in a study without accuracies
	Columns       []*Column // one a question, in the order of the study, accuracies left out

	space bench301.Space
}

// Column are the answers to one question.
type Column struct {
	*Question
	BySeed    [][]float64 // [seed][architecture], seeds as in Question.Seeds; NaN where there is no score
	Asked     int         // architectures times seeds
	Undefined int
	Failed    int
	Missing   int
	Reason    string  // the commonest reason for a score that is missing
	Seconds   float64 // median of one score

	mean []float64
}

// Load reads the scores of a run. Those of which lower is meant to be better are negated.
func (r *Run) Load() (*Results, error) {
	all, err := r.Architectures()
	if err != nil {
		return nil, err
	}
	space, err := bench301.LookupSpace(r.Manifest.Space)
	if err != nil {
		return nil, err
	}
	out := &Results{Dir: r.Dir, Manifest: r.Manifest, space: space}
	place := make(map[string]int, len(all))
	for i, a := range all {
		if r.Manifest.Shard.has(i) {
			place[a.ID] = len(out.Architectures)
			out.Architectures = append(out.Architectures, a)
		}
	}
	byKey := map[store.Key]*Column{}
	var columns []*Column
	for _, q := range r.Manifest.Questions {
		c := &Column{Question: q, Asked: len(out.Architectures) * len(q.Seeds)}
		c.Missing = c.Asked
		for range q.Seeds {
			c.BySeed = append(c.BySeed, missing(len(out.Architectures)))
		}
		byKey[q.key()] = c
		columns = append(columns, c)
	}
	if err := out.fill(r.Store, place, byKey); err != nil {
		return nil, err
	}
	err = r.reasons(func(k store.Key, text string) { byKey[k].Reason = text })
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		if c.Accuracy {
			out.Truth = c.BySeed[0]
			continue
		}
		c.average()
		out.Columns = append(out.Columns, c)
	}
	return out, nil
}

// missing is a vector without values.
func missing(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// fill sorts the rows of the store into columns.
func (r *Results) fill(s *store.SQLite, place map[string]int, byKey map[store.Key]*Column) error {
	questions, err := s.Questions()
	if err != nil {
		return err
	}
	archs, err := s.Architectures()
	if err != nil {
		return err
	}
	columns := map[int64]*Column{}
	for n, q := range questions {
		columns[n] = byKey[store.Key{Estimator: q.Estimator, SettingsHash: q.SettingsHash, Dataset: q.Dataset}]
	}
	places := make(map[int64]int, len(archs))
	for n, a := range archs {
		i, ok := place[a.ID]
		if !ok {
			return fmt.Errorf("%s: holds scores of the architecture %s, which the study does not have: the run folder is damaged", r.Dir, a.ID)
		}
		places[n] = i
	}
	seconds := map[*Column][]float64{}
	for row, err := range s.Rows() {
		if err != nil {
			return err
		}
		c := columns[row.Question]
		if c == nil {
			return fmt.Errorf("%s: holds scores of %s that the study does not ask for: the run folder is damaged", r.Dir, questions[row.Question].Estimator)
		}
		seed := slices.Index(c.Seeds, row.Seed)
		if seed < 0 {
			return fmt.Errorf("%s: holds scores of seed %d of %s, which the study does not have: the run folder is damaged", r.Dir, row.Seed, c.Label)
		}
		if c.Lower {
			row.Score = -row.Score
		}
		c.BySeed[seed][places[row.Arch]] = row.Score
		c.Missing--
		switch row.Status {
		case store.OK:
			seconds[c] = append(seconds[c], row.Seconds)
		case store.Undefined:
			c.Undefined++
		case store.Failed:
			c.Failed++
		}
	}
	for c, all := range seconds {
		c.Seconds = median(all)
	}
	return nil
}

// median sorts v, which has at least one value.
func median(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// Mean is the score of each architecture: the mean over the seeds, NaN where one of them is missing.
func (c *Column) Mean() []float64 { return c.mean }

func (c *Column) average() {
	if len(c.BySeed) == 1 {
		c.mean = c.BySeed[0]
		return
	}
	c.mean = make([]float64, len(c.BySeed[0]))
	for _, s := range c.BySeed {
		for i, v := range s {
			c.mean[i] += v / float64(len(c.BySeed))
		}
	}
}

// both returns the rows at which all vectors have a value, and those values.
func both(vectors ...[]float64) (rows []int, kept [][]float64) {
	kept = make([][]float64, len(vectors))
rows:
	for i := range vectors[0] {
		for _, v := range vectors {
			if math.IsNaN(v[i]) {
				continue rows
			}
		}
		rows = append(rows, i)
		for k, v := range vectors {
			kept[k] = append(kept[k], v[i])
		}
	}
	return rows, kept
}

// Params counts the parameters of every architecture at the size of NAS-Bench-Suite-Zero's scores.
func (r *Results) Params() ([]float64, error) {
	out := make([]float64, len(r.Architectures))
	for i, a := range r.Architectures {
		arch, err := r.parse(a)
		if err != nil {
			return nil, err
		}
		c, err := arch.Complexity(bench301.DefaultConfig())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.ID, err)
		}
		out[i] = float64(c.Params)
	}
	return out, nil
}

func (r *Results) parse(a store.Named) (bench301.Architecture, error) {
	arch, err := r.space.ParseAs(a.Arch, r.space.Notations()[0])
	if err != nil {
		return nil, fmt.Errorf("%s: architecture %s: %w", r.Dir, a.ID, err)
	}
	return arch, nil
}

// Convolutions counts the edges with a convolution in all cells of every architecture: the strata within which
// NAS-Bench-301's estimators are compared. ok is false if one is no bench301.OperationCounter.
func (r *Results) Convolutions() (counts []int, ok bool, err error) {
	return r.count(func(n bench301.OperationCounts) int { return n.Convolutions })
}

// Skips counts the skip connections, likewise.
func (r *Results) Skips() (counts []int, ok bool, err error) {
	return r.count(func(n bench301.OperationCounts) int { return n.Skips })
}

func (r *Results) count(of func(bench301.OperationCounts) int) (out []int, ok bool, err error) {
	for _, a := range r.Architectures {
		arch, err := r.parse(a)
		if err != nil {
			return nil, false, err
		}
		c, ok := arch.(bench301.OperationCounter)
		if !ok {
			return nil, false, nil
		}
		out = append(out, of(c.CountOperations()))
	}
	return out, true, nil
}
