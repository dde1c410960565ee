package search

import (
	"fmt"
	"slices"
	"strings"

	"rwe301/bench301/surrogate"
	"rwe301/estimators"
	"rwe301/scoring"
)

// objective is something that a search minimises or limits: a question and what its answers become.
type objective struct {
	*scoring.Question
	cost func(v float64) float64 // from answer to value; increasing in what is worse
}

// minimisedCounts are the estimators whose scores are costs rather than estimates of quality.
var minimisedCounts = []string{"params", "macs", "flops"}

// objective reads a specification: "accuracy" (of the accuracy source), "surrogate:PATH" (another surrogate, such as a
// runtime model), or an estimator with settings as estimators.Parse reads it.
func (s *Searches) objective(spec string) (objective, error) {
	if spec == scoring.AccuracyName {
		if s.truth == nil {
			return objective{}, fmt.Errorf("objective %s: there is no accuracy source", spec)
		}
		return objective{s.truth.Question, complement}, nil
	}
	if name, ok := strings.CutPrefix(spec, surrogatePrefix); ok {
		return s.modelled(spec, name)
	}
	c, err := estimators.Parse(spec)
	if err != nil {
		return objective{}, fmt.Errorf("objective %s: %w", spec, err)
	}
	if err := c.Check(estimators.NewEnv(s.data, 0)); err != nil {
		return objective{}, fmt.Errorf("objective %s: %w", spec, err)
	}
	o := objective{scoring.QuestionOf(c, s.data), func(v float64) float64 { return v }}
	switch {
	case slices.Contains(minimisedCounts, c.Info.Name) || c.Info.Direction == estimators.Lower:
	case c.Info.Unit == "percent":
		o.cost = complement
	default:
		o.cost = func(v float64) float64 { return -v }
	}
	return o, nil
}

func complement(v float64) float64 { return 100 - v }

// modelled is an objective that a surrogate predicts: an error where it predicts percent, else the prediction.
func (s *Searches) modelled(spec, name string) (objective, error) {
	q, info, err := s.inputs.Predicted(name)
	if err != nil {
		return objective{}, fmt.Errorf("objective %s: %w", spec, err)
	}
	o := objective{q, func(v float64) float64 { return v }}
	if info.Unit == surrogate.Percent {
		o.cost = complement
	}
	return o, nil
}

// surrogatePrefix stands before the path or name of a surrogate in an objective.
const surrogatePrefix = "surrogate:"

// needsData says whether a specification names an estimator that reads images.
func needsData(spec string) bool {
	if spec == scoring.AccuracyName || strings.HasPrefix(spec, surrogatePrefix) {
		return false
	}
	c, err := estimators.Parse(spec)
	return err == nil && c.Info.Needs.Data
}
