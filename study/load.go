package study

import (
	"fmt"
	"slices"
	"strings"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/scoring"
	"rwe301/store"
)

// Load reads the scores of a run. Architectures that were drawn stand in the order of drawing, others by id.
func (r *Run) Load() (*analysis.Results, error) {
	all, err := r.Architectures()
	if err != nil {
		return nil, err
	}
	space, err := bench301.LookupSpace(r.Manifest.Space)
	if err != nil {
		return nil, err
	}
	m := r.Manifest
	out := &analysis.Results{Space: space, From: analysis.Provenance{
		Dir: r.Dir, Name: m.Name, Space: m.Space, Origin: m.Origin, Truth: m.Truth, Part: m.Shard.String(),
		Go: m.Go, Platform: m.Platform, Cores: m.Cores, Created: m.Created, Notes: slices.Clone(m.Notes),
	}}
	origins, err := r.Store.Origins()
	if err != nil {
		return nil, err
	}
	out.From.Made(store.Origin{Code: m.Code, CPU: m.CPU}, origins)
	for i, a := range all {
		if m.Shard.has(i) {
			out.Architectures = append(out.Architectures, a)
		}
	}
	// A file's lines may stand in any order; a seed draws in one only.
	if !m.Copied && !strings.HasPrefix(m.Origin, drawn) {
		slices.SortFunc(out.Architectures, func(a, b store.Named) int { return strings.Compare(a.ID, b.ID) })
	}
	place := make(map[string]int, len(all))
	for i, a := range out.Architectures {
		place[a.ID] = i
	}
	if err := r.loadPopulations(all, out); err != nil {
		return nil, err
	}
	byKey := map[store.Key]*analysis.Column{}
	var columns []*analysis.Column
	for _, q := range m.Questions {
		scoring.Recall(q)
		c := analysis.NewColumn(q, len(out.Architectures))
		byKey[q.Key()], columns = c, append(columns, c)
	}
	if err := r.fill(place, byKey); err != nil {
		return nil, err
	}
	if err := r.reasons(func(k store.Key, text string) {
		if c := byKey[k]; c != nil {
			c.Reason = text
		}
	}); err != nil {
		return nil, err
	}
	for _, c := range columns {
		if c.Accuracy {
			out.Truth, out.From.Predicted = c.BySeed[0], !scoring.Measured(c.Levels()["source"])
			continue
		}
		if m.Copied {
			c.Asked, c.Missing = c.Asked-c.Missing, 0
		}
		c.Finish()
		out.Columns = append(out.Columns, c)
	}
	return out, nil
}

// fill sorts the rows of the store into columns.
func (r *Run) fill(place map[string]int, byKey map[store.Key]*analysis.Column) error {
	questions, err := r.Store.Questions()
	if err != nil {
		return err
	}
	archs, err := r.Store.Architectures()
	if err != nil {
		return err
	}
	columns := map[int64]*analysis.Column{}
	for n, q := range questions {
		if columns[n] = byKey[q.Key()]; columns[n] == nil {
			return r.foreign(q)
		}
	}
	places := make(map[int64]int, len(archs))
	for n, a := range archs {
		i, ok := place[a.ID]
		if !ok {
			return fmt.Errorf("%s: holds scores of the architecture %s, which the study does not have: the run folder is "+
				"damaged", r.Dir, a.ID)
		}
		places[n] = i
	}
	for row, err := range r.Store.Rows() {
		if err != nil {
			return err
		}
		c, known := columns[row.Question]
		i, placed := places[row.Arch]
		if !known || !placed {
			continue // added by a writer since this read began
		}
		if err := c.Answer(i, row.Seed, row.Status, row.Score, row.Seconds, row.CPUSeconds); err != nil {
			return fmt.Errorf("%s: holds %w: the run folder is damaged", r.Dir, err)
		}
	}
	return nil
}

// foreign says that the store has answers to a question that the study does not ask.
func (r *Run) foreign(q store.Question) error {
	return fmt.Errorf("%s: holds scores of %s that the study does not ask for: the run folder is damaged", r.Dir,
		q.Estimator)
}
