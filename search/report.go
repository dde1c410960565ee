package search

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/estimators"
	"rwe301/moo"
	"rwe301/scoring"
	"rwe301/store"
)

// Report re-evaluates the fronts of the searches by the accuracy source, as far as they have come.
func (s *Searches) Report(ctx context.Context) (*analysis.Fronts, error) {
	d, m := s.Manifest.Definition, s.Manifest
	r := &analysis.Fronts{Space: s.space, Setup: d.Setup, Images: d.Dataset.Name, Failed: map[string]int{},
		Axes: map[string][]int{},
		From: analysis.Provenance{
			Dir: s.Dir, Name: d.Name, Space: d.Space, Truth: m.Truth, Predicted: !scoring.Measured(string(d.Accuracy.Source)),
		}}
	if err := s.credit(&r.From); err != nil {
		return nil, err
	}
	for _, method := range d.Methods {
		for _, spec := range method.Objectives {
			o := s.objectives[spec]
			r.Cites = append(r.Cites, o.Cites...)
			if o.axis >= 0 && !slices.Contains(r.Axes[method.Name], o.axis) {
				r.Axes[method.Name] = append(r.Axes[method.Name], o.axis)
			}
		}
		slices.Sort(r.Axes[method.Name])
	}
	questions, err := s.Store.Questions()
	if err != nil {
		return nil, err
	}
	for _, n := range slices.Sorted(maps.Keys(questions)) {
		r.Data += questions[n].Dataset
	}
	j := &judge{searches: s, known: map[string]analysis.Found{}}
	var searched []analysis.Searched
	for _, method := range d.Methods {
		for _, seed := range d.Seeds {
			snapshot, history, ok, err := s.load(ctx, method, seed)
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
					r.Failed[e.Failed]++
				}
			}
			steps, unknown, err := s.steps(ctx, method, seed, snapshot, history)
			if err != nil {
				return nil, err
			}
			if unknown == "" {
				for _, step := range steps {
					one.Evaluated = append(one.Evaluated, step.Evaluations)
				}
			}
			if one.Fronts, one.Unjudged, err = j.generations(ctx, method, seed, snapshot, history); err != nil {
				return nil, err
			}
			if one.Training, err = j.training(ctx, &r.Trainer, history); err != nil {
				return nil, err
			}
			searched = append(searched, one)
		}
	}
	if err := r.Judge(ctx, searched); err != nil {
		return nil, err
	}
	for _, k := range bench301.KnownNetworks(s.space) {
		f, err := j.judge(ctx, k.Architecture.String())
		if err != nil {
			return nil, err
		}
		if math.IsNaN(f.Accuracy) {
			continue
		}
		f.Method = k.Name
		r.Known = append(r.Known, f)
	}
	return r, nil
}

// credit says what made the searches: the program and the processor that began them, and those that went on.
func (s *Searches) credit(from *analysis.Provenance) error {
	origins, err := s.Store.Origins()
	if err != nil {
		return err
	}
	from.Made(store.Origin(s.Begun()), origins)
	if s.truth != nil {
		then, known := s.Manifest.Questions[scoring.AccuracyName]
		if known && then != questionOf(s.truth.Question) {
			from.Truth = s.truth.Name
			from.Notes = append(from.Notes, "The accuracies have changed since the searches began.")
		}
	}
	return nil
}

// Judge makes a function that looks up accuracies and counts, each architecture once.
func (s *Searches) Judge() func(ctx context.Context, arch string) (analysis.Found, error) {
	return (&judge{searches: s, known: map[string]analysis.Found{}}).judge
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
	if err := ctx.Err(); err != nil {
		return analysis.Found{}, err
	}
	s := j.searches
	a, _, err := s.space.Parse(text)
	if err != nil {
		return analysis.Found{}, fmt.Errorf("%s: %w", s.Dir, err)
	}
	f := analysis.Found{Arch: text, ID: a.ID(), Accuracy: math.NaN()}
	c, err := a.Complexity(bench301.DefaultConfig())
	if err != nil {
		return f, err
	}
	f.Params, f.MACs = c.Params, c.MACs
	// What has no value here takes no part in what follows.
	ask := func(source scoring.Source) (float64, error) {
		score, err := scoring.Ask(ctx, source, a, estimators.NewEnv(nil, 0))
		if err != nil || score.Status != estimators.OK {
			return math.NaN(), err
		}
		return score.Value, nil
	}
	if s.truth != nil {
		if f.Accuracy, err = ask(s.truth.Source); err != nil {
			return f, err
		}
	}
	for _, b := range s.Manifest.Definition.Budgets {
		o, v := s.objectives[b.Objective], math.NaN() // of an estimator only the search knows
		if o.quick || o.Accuracy {
			if v, err = ask(o.Source); err != nil {
				return f, err
			}
		}
		f.Bounded = append(f.Bounded, o.bound(v))
	}
	j.known[text] = f
	return f, nil
}

// generations follows a search: its re-evaluated front after each generation, at least one, and the members of the
// last one without an accuracy.
func (j *judge) generations(ctx context.Context, m analysis.Method, seed uint64, s moo.Snapshot[string],
	history []moo.Evaluated[string]) (fronts [][]analysis.Found, unjudged []analysis.Found, err error) {
	var archive moo.Archive[string]
	at := 0
	for g := 1; g <= s.Generation; g++ {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		for ; at < len(history) && history[at].Generation <= g; at++ {
			archive.Add(moo.Individual[string]{X: history[at].X, Outcome: history[at].Outcome})
		}
		var front []analysis.Found
		unjudged = nil
		for _, member := range archive.Members {
			f, err := j.judge(ctx, member.X)
			if err != nil {
				return nil, nil, err
			}
			f.Method, f.Seed, f.Estimates = m.Name, seed, member.Objectives
			f.Bounded = j.bounded(m, f)
			if math.IsNaN(f.Accuracy) {
				unjudged = append(unjudged, f)
			} else {
				front = append(front, f)
			}
		}
		for _, members := range [][]analysis.Found{front, unjudged} {
			slices.SortFunc(members, func(a, b analysis.Found) int {
				return cmp.Or(cmp.Compare(a.MACs, b.MACs), cmp.Compare(a.ID, b.ID))
			})
		}
		fronts = append(fronts, front)
	}
	if len(fronts) == 0 {
		fronts = [][]analysis.Found{nil}
	}
	return fronts, unjudged, nil
}

// training follows a search as if every distinct architecture had been trained when it was evaluated: the hours are
// those that the mini runtime model predicts. It is nil without accuracies, and in spaces that the model does not know.
func (j *judge) training(ctx context.Context, by *analysis.Trainer, history []moo.Evaluated[string]) (
	[]analysis.Trained, error) {
	if j.searches.truth == nil || j.searches.space.Name() != surrogate.Space().Name() {
		return nil, nil
	}
	model := surrogate.NewMiniRuntime()
	by.Name = model.Info().Name
	var out []analysis.Trained
	hours, best := 0.0, math.NaN()
	for _, e := range history {
		a, _, err := j.searches.space.Parse(e.X)
		if err != nil {
			return nil, err
		}
		g, err := surrogate.Genotype(a)
		if err != nil {
			return nil, err
		}
		p := model.Predict(g)
		by.Asked++
		if !p.InRange {
			by.Outside++
		}
		hours += p.Mean / 3600
		if e.Failed == "" && e.Violation <= 0 {
			f, err := j.judge(ctx, e.X)
			if err != nil {
				return nil, err
			}
			if !(f.Accuracy <= best) && !math.IsNaN(f.Accuracy) {
				best = f.Accuracy
			}
		}
		out = append(out, analysis.Trained{Hours: hours, Best: best})
	}
	return out, nil
}

// bounded is what the budgets bound of a member of a front, estimates of the search included.
func (j *judge) bounded(m analysis.Method, f analysis.Found) []float64 {
	s := j.searches
	out := slices.Clone(f.Bounded)
	for i, b := range s.Manifest.Definition.Budgets {
		if o := s.objectives[b.Objective]; !o.quick && !o.Accuracy {
			out[i] = f.Estimates[s.place(m, b.Objective)]
		}
	}
	return out
}
