package search

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/internal/printable"
	"rwe301/scoring"
	"rwe301/store"
)

// Kind are folders of searches, as runs of which the scores are wanted.
func Kind() analysis.Kind {
	return analysis.Kind{Name: "search", Is: Is, Open: results}
}

// results reads the scores of a folder of searches.
func results(ctx context.Context, paths ...string) (*analysis.Results, error) {
	s, err := Open(ctx, paths[0])
	if err != nil {
		return nil, err
	}
	r, err := s.Results(ctx)
	return r, errors.Join(err, s.Close())
}

// Results are the scores of the architectures that the searches evaluated, by id, with the accuracies that their source
// has of them.
func (s *Searches) Results(ctx context.Context) (*analysis.Results, error) {
	r, err := analysis.FromRecords(func(yield func(store.Record, error) bool) {
		for rec, err := range s.Store.All() {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(rec, err) {
				return
			}
		}
	}, scoring.Describe, s.space)
	if err != nil {
		return nil, err
	}
	r.Columns = slices.DeleteFunc(r.Columns, func(c *analysis.Column) bool { return c.Estimator == scoring.AccuracyName })
	r.SortColumns()
	for _, c := range r.Columns { // what one method or seed asks, another does not
		c.Asked, c.Missing = c.Asked-c.Missing, 0
	}
	m := s.Manifest
	r.From = analysis.Provenance{
		Dir: s.Dir, Name: m.Definition.Name, Space: m.Definition.Space, Origin: "that the searches evaluated",
		Truth: m.Truth, Predicted: !scoring.Measured(string(m.Definition.Accuracy.Source)), Created: s.Created(),
	}
	if err := s.credit(&r.From); err != nil {
		return nil, err
	}
	if err := s.populate(ctx, r); err != nil {
		return nil, err
	}
	if s.truth == nil {
		r.From.Truth = ""
		return r, nil
	}
	r.Truth, err = s.truth.Of(ctx, func(i int) (bench301.Architecture, error) { return r.Architecture(i) },
		len(r.Architectures))
	return r, err
}

// populate fills in the populations of the searches.
func (s *Searches) populate(ctx context.Context, r *analysis.Results) error {
	place := make(map[string]int, len(r.Architectures))
	for i, a := range r.Architectures {
		place[a.Arch] = i
	}
	lost, reason := 0, ""
	for p, err := range s.EachPopulation(ctx, nil) {
		if err != nil {
			return err
		}
		if p.NotKept != "" {
			lost, reason = lost+1, p.NotKept
			continue
		}
		out := analysis.Population{Method: p.Method, Seed: p.Seed, Generation: p.Generation}
		for _, m := range p.Members {
			i, ok := place[m.Arch]
			if !ok {
				return fmt.Errorf("%s: damaged: no scores of %s, which a search evaluated", s.Dir, printable.Cut(m.Arch, 100))
			}
			if m.Born > 0 {
				out.Born = append(out.Born, i)
			}
			if m.Survived > 0 {
				out.Survived = append(out.Survived, i)
			}
		}
		r.Populations = append(r.Populations, out)
	}
	if lost > 0 {
		r.From.Notes = append(r.From.Notes, fmt.Sprintf("The members of %d generations are not known: %s.", lost, reason))
	}
	return nil
}

// Created is when the searches began: when their manifest was written.
func (s *Searches) Created() time.Time {
	info, err := os.Stat(filepath.Join(s.Dir, manifestFile))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime().UTC().Truncate(time.Second)
}

// Stage says how far one search has come.
type Stage struct {
	Method      string `json:"method"`
	Seed        uint64 `json:"seed"`
	Generation  int    `json:"generation"`
	Evaluations int    `json:"evaluations"`
	Asked       int    `json:"asked"` // evaluations in all
	Distinct    int    `json:"architectures"`
	Failed      int    `json:"failed"` // of these architectures
}

// Status says how far every search has come, in the order in which they run.
func (s *Searches) Status(ctx context.Context) ([]Stage, error) {
	var out []Stage
	d := s.Manifest.Definition
	for _, m := range d.Methods {
		for _, seed := range d.Seeds {
			snapshot, history, _, err := s.load(ctx, m, seed)
			if err != nil {
				return nil, err
			}
			stage := Stage{
				Method: m.Name, Seed: seed, Generation: snapshot.Generation, Evaluations: snapshot.Evaluations,
				Asked: d.Evaluations(), Distinct: len(history),
			}
			for _, e := range history {
				if e.Failed != "" {
					stage.Failed++
				}
			}
			out = append(out, stage)
		}
	}
	return out, nil
}
