package study

import (
	"fmt"
	"slices"
	"strings"

	"rwe301/bench301/surrogate"
	"rwe301/estimators"
)

// objective is something that a search minimises or limits: a question and what its answers become.
type objective struct {
	*Question
	spec string                  // as it was written
	axis string                  // what the minimised value is
	cost func(v float64) float64 // from answer to value; increasing in what is worse
}

// minimisedCounts are the estimators whose scores are costs rather than estimates of quality.
var minimisedCounts = []string{"params", "macs", "flops"}

// objective reads a specification: "accuracy" (of the accuracy source), "surrogate:PATH" (another surrogate, such as a
// runtime model), or an estimator with settings as estimators.Parse reads it.
func (p *Plan) objective(spec string) (objective, error) {
	if spec == accuracyName {
		i := slices.IndexFunc(p.Questions, func(q *Question) bool { return q.Accuracy })
		if i < 0 {
			return objective{}, fmt.Errorf("objective %s: there is no accuracy source", spec)
		}
		return objective{p.Questions[i], spec, "error (%) by " + p.Truth, complement}, nil
	}
	if path, ok := strings.CutPrefix(spec, "surrogate:"); ok {
		return p.modelled(spec, path)
	}
	c, err := estimators.Parse(spec)
	if err != nil {
		return objective{}, fmt.Errorf("objective %s: %w", spec, err)
	}
	if err := c.Check(estimators.NewEnv(p.Data, 0)); err != nil {
		return objective{}, fmt.Errorf("objective %s: %w", spec, err)
	}
	o := objective{newQuestion(c, p.Data), spec, c.Label, func(v float64) float64 { return v }}
	switch {
	case slices.Contains(minimisedCounts, c.Info.Name) || c.Info.Direction == estimators.Lower:
	case c.Info.Unit == "percent":
		o.axis, o.cost = c.Label+" error (%)", complement
	default:
		o.axis, o.cost = "-"+c.Label, func(v float64) float64 { return -v }
	}
	return o, nil
}

func complement(v float64) float64 { return 100 - v }

// modelled is an objective that a surrogate file predicts: an error where it predicts percent, else the prediction.
func (p *Plan) modelled(spec, path string) (objective, error) {
	path = p.Definition.path(path)
	s, err := surrogate.Load(path)
	if err != nil {
		return objective{}, fmt.Errorf("objective %s: %w", spec, err)
	}
	_, hash, err := readFile(path)
	if err != nil {
		return objective{}, fmt.Errorf("objective %s: %w", spec, err)
	}
	info := s.Info()
	settings := encode(map[string]any{"source": info.Kind, "name": info.Name, "members": info.Members, "sha256": hash})
	q := &Question{Label: info.Name, Estimator: "surrogate", Settings: settings, Hash: estimators.Hash(settings), scorer: predicted{s}}
	o := objective{q, spec, fmt.Sprintf("%s of %s", info.Unit, info.Name), func(v float64) float64 { return v }}
	if info.Unit == "percent" {
		o.axis, o.cost = "error (%) by "+info.Name, complement
	}
	return o, nil
}

// needsData says whether a specification names an estimator that reads images.
func needsData(spec string) bool {
	if spec == accuracyName || strings.HasPrefix(spec, "surrogate:") {
		return false
	}
	c, err := estimators.Parse(spec)
	return err == nil && c.Info.Needs.Data
}
