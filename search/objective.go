package search

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"rwe301/analysis"
	"rwe301/bench301/surrogate"
	"rwe301/estimators"
	"rwe301/scoring"
)

// objective is something that a search minimises or limits: a question and what its answers become.
type objective struct {
	*scoring.Question
	cost  func(v float64) float64 // from answer to value; increasing in what is worse
	bound func(v float64) float64 // from answer to what a limit bounds: a count as it is counted, else the cost
	what  string                  // what is bounded, for people
	quick bool                    // a closed form or a surrogate: asked whenever it is wanted, under no seed
	axis  int                     // an analysis.Axis that it stands for, -1 for none: an estimate stands for the error
}

// Counts whose scores are no estimates of quality that a search would maximise: they are minimised as they are. The
// score of pool-count is minus a number.
var minimisedCounts = []string{"params", "macs", "flops"}

const negatedCount = "pool-count"

// surrogatePrefix stands before the path or name of a surrogate in an objective.
const surrogatePrefix = "surrogate:"

func same(v float64) float64 { return v }

func negated(v float64) float64 { return 0 - v } // 0 of 0, not -0

func complement(v float64) float64 { return 100 - v }

// maxSpec bounds the characters of an objective.
const maxSpec = 2000

// checkSpec says what is wrong with a specification of an objective that needs no file to be seen.
func checkSpec(spec string) error {
	if len(spec) > maxSpec {
		return fmt.Errorf("more than %d characters", maxSpec)
	}
	if spec == scoring.AccuracyName || strings.HasPrefix(spec, surrogatePrefix) {
		return nil
	}
	_, err := estimators.Parse(spec)
	return err
}

// open reads a specification: "accuracy" (of the accuracy source), "surrogate:PATH" (another surrogate, such as a
// runtime model), or an estimator with settings as estimators.Parse reads it.
func (s *Searches) open(spec string) (objective, error) {
	if spec == scoring.AccuracyName {
		if s.truth == nil {
			return objective{}, errors.New("there is no accuracy source")
		}
		return percent(s.truth.Question, spec, !scoring.Measured(string(s.Manifest.Definition.Accuracy.Source))), nil
	}
	if name, ok := strings.CutPrefix(spec, surrogatePrefix); ok {
		return s.modelled(spec, name)
	}
	c, err := estimators.Parse(spec)
	if err != nil {
		return objective{}, err
	}
	if err := c.Complete(); err != nil {
		return objective{}, err
	}
	if s.data != nil || !c.Info.Needs.Data {
		if err := c.Check(estimators.NewEnv(s.data, 0)); err != nil {
			return objective{}, err
		}
	}
	count := isCount(c.Info)
	o := objective{scoring.QuestionOf(c, s.data), negated, negated, "-" + spec, count, analysis.ErrorAxis}
	if count {
		o.axis = slices.Index([]string{"", "params", "macs"}, c.Info.Name)
	}
	switch {
	case slices.Contains(minimisedCounts, c.Info.Name) || c.Info.Direction == estimators.Lower:
		o.cost, o.bound, o.what = same, same, spec
	case c.Info.Name == negatedCount:
		o.what = spec
	case count:
		o.bound, o.what = same, spec
	case c.Info.Unit == surrogate.Percent:
		return percent(o.Question, spec, false), nil
	}
	return o, nil
}

// percent is an objective of percentages, which become errors.
func percent(q *scoring.Question, spec string, quick bool) objective {
	return objective{q, complement, complement, "100 - " + spec, quick, analysis.ErrorAxis}
}

// modelled is an objective that a surrogate predicts: an error where it predicts percent, else the prediction.
func (s *Searches) modelled(spec, name string) (objective, error) {
	q, info, err := s.inputs.Predicted(name)
	if err != nil {
		return objective{}, err
	}
	if info.Unit == surrogate.Percent {
		return percent(q, spec, true), nil
	}
	return objective{q, same, same, spec, true, -1}, nil
}

// needsData says whether a specification names an estimator that reads images.
func needsData(spec string) bool {
	if spec == scoring.AccuracyName || strings.HasPrefix(spec, surrogatePrefix) {
		return false
	}
	c, err := estimators.Parse(spec)
	return err == nil && c.Info.Needs.Data
}

func isCount(info estimators.Info) bool { return info.Trivial && !info.Random }

// openObjectives opens what the definition names, says what of it cannot be evaluated, and fills in what its limits and
// budgets bound.
func (s *Searches) openObjectives(ctx context.Context) error {
	d := &s.Manifest.Definition
	s.objectives = map[string]objective{}
	for _, spec := range d.specs() {
		if _, ok := s.objectives[spec]; ok {
			continue
		}
		o, err := s.open(spec)
		if err == nil && o.quick {
			err = s.try(ctx, o.Source)
		}
		if err != nil {
			return fmt.Errorf("objective %s: %w", spec, err)
		}
		s.objectives[spec] = o
	}
	for _, m := range d.Methods {
		for i, spec := range m.Objectives {
			if at := s.place(m, spec); at < i {
				return fmt.Errorf("method %s: %s and %s are the same objective", m.Name, m.Objectives[at], spec)
			}
		}
	}
	for _, limits := range [][]analysis.Limit{d.Limits, d.Budgets} {
		for i, l := range limits {
			o := s.objectives[l.Objective]
			if limits[i].Value = ""; o.what != l.Objective {
				limits[i].Value = o.what
			}
			if o.Trivial && o.what == l.Objective && l.Max < 0 {
				return fmt.Errorf("%s=%v: a bound below 0, which nothing keeps to", l.Objective, l.Max)
			}
		}
	}
	return s.checkBudgets()
}

// checkBudgets refuses budgets on what is not known of every front.
func (s *Searches) checkBudgets() error {
	for _, b := range s.Manifest.Definition.Budgets {
		if o := s.objectives[b.Objective]; o.quick || o.Accuracy {
			continue
		}
		for _, m := range s.Manifest.Definition.Methods {
			if s.place(m, b.Objective) < 0 {
				var counts []string
				for _, info := range estimators.All() {
					if isCount(info) {
						counts = append(counts, info.Name)
					}
				}
				return fmt.Errorf("budgets: %s: method %s does not minimise it: a budget bounds a count (%s), accuracy, "+
					"surrogate:PATH, or an estimator that every method minimises", b.Objective, m.Name, strings.Join(counts, ", "))
			}
		}
	}
	return nil
}

// place is the place of an objective among those of a method, under any spelling, -1 where it does not minimise it.
func (s *Searches) place(m analysis.Method, spec string) int {
	return slices.IndexFunc(m.Objectives, func(other string) bool {
		return s.objectives[other].Key() == s.objectives[spec].Key()
	})
}

// try asks about one architecture of the space, whether it can be asked at all.
func (s *Searches) try(ctx context.Context, source scoring.Source) error {
	a := s.space.Sample(rand.New(rand.NewPCG(0, 0)))
	score, err := scoring.Ask(ctx, source, a, estimators.NewEnv(nil, 0))
	if err == nil && score.Status != estimators.OK {
		err = fmt.Errorf("cannot be evaluated in the space %s: %s", s.space.Name(), score.Reason)
	}
	return err
}
