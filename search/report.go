package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/moo"
	"rwe301/scoring"
)

// Report re-evaluates the fronts of the searches by the accuracy source, as far as they have come.
func (s *Searches) Report(ctx context.Context) (*analysis.Fronts, error) {
	d, m := s.Manifest.Definition, s.Manifest
	r := &analysis.Fronts{Space: s.space, Setup: d.Setup, Images: d.Dataset.Name, From: analysis.Provenance{
		Dir: s.Dir, Name: d.Name, Space: d.Space, Truth: m.Truth, Predicted: d.Accuracy.Source != scoring.Tabled,
		Code: m.Code, CPU: m.CPU,
	}}
	for _, method := range d.Methods {
		for _, spec := range method.Objectives {
			o, err := s.objective(spec)
			if err != nil {
				return nil, err
			}
			r.Cites, r.Data = append(r.Cites, o.Cites...), r.Data+o.Dataset
		}
	}
	j := &judge{searches: s, known: map[string]analysis.Found{}}
	var searched []analysis.Searched
	for _, method := range d.Methods {
		for _, seed := range d.Seeds {
			snapshot, history, ok, err := (checkpoint{s.Store, runName(method, seed)}).Load()
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			one := analysis.Searched{
				Method: method.Name, Seed: seed, Generations: snapshot.Generation, Evaluations: snapshot.Evaluations,
				Distinct: len(history),
			}
			for _, e := range history {
				if e.Failed != "" {
					one.Failures++
				}
			}
			if one.Fronts, err = j.generations(ctx, method, seed, snapshot, history); err != nil {
				return nil, err
			}
			searched = append(searched, one)
		}
	}
	r.Judge(searched)
	for _, k := range bench301.KnownNetworks(s.space) {
		f, err := j.judge(ctx, k.Architecture.String())
		if err != nil {
			return nil, err
		}
		f.Method = k.Name
		r.Known = append(r.Known, f)
	}
	return r, nil
}

// judge looks up accuracies and counts, each architecture once.
type judge struct {
	searches *Searches
	known    map[string]analysis.Found
}

func (j *judge) judge(ctx context.Context, text string) (analysis.Found, error) {
	if f, ok := j.known[text]; ok {
		return f, nil
	}
	a, _, err := j.searches.space.Parse(text)
	if err != nil {
		return analysis.Found{}, fmt.Errorf("%s: %w", j.searches.Dir, err)
	}
	f := analysis.Found{Arch: text, ID: a.ID(), Accuracy: math.NaN()}
	c, err := a.Complexity(bench301.DefaultConfig())
	if err != nil {
		return f, err
	}
	f.Params, f.MACs = c.Params, c.MACs
	if t := j.searches.truth; t != nil {
		score, err := scoring.Ask(ctx, t.Source, a, estimators.NewEnv(nil, 0))
		if err != nil {
			return f, err
		}
		if score.Status == estimators.OK { // else the source does not know it; it takes no part in what follows
			f.Accuracy = score.Value
		}
	}
	j.known[text] = f
	return f, nil
}

// generations follows a search: its re-evaluated front after each generation, at least one.
func (j *judge) generations(ctx context.Context, m analysis.Method, seed uint64, s moo.Snapshot[string],
	history []moo.Evaluated[string]) (fronts [][]analysis.Found, err error) {
	var archive moo.Archive[string]
	at := 0
	for g := 1; g <= s.Generation; g++ {
		for ; at < len(history) && history[at].Generation <= g; at++ {
			archive.Add(moo.Individual[string]{X: history[at].X, Outcome: history[at].Outcome})
		}
		var front []analysis.Found
		for _, member := range archive.Members {
			f, err := j.judge(ctx, member.X)
			if err != nil {
				return nil, err
			}
			f.Method, f.Seed, f.Estimates = m.Name, seed, member.Objectives
			if !math.IsNaN(f.Accuracy) {
				front = append(front, f)
			}
		}
		slices.SortFunc(front, func(a, b analysis.Found) int {
			return cmp.Or(cmp.Compare(a.MACs, b.MACs), cmp.Compare(a.ID, b.ID))
		})
		fronts = append(fronts, front)
	}
	if len(fronts) == 0 {
		fronts = [][]analysis.Found{nil}
	}
	return fronts, nil
}
