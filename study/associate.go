package study

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"rwe301/correlation"
	"rwe301/estimators"
	"rwe301/reports"
	"rwe301/store"
)

// level is that of the intervals.
const level = 0.95

// Series are the scores of one question: an estimator with its settings on its data under one seed.
type Series struct {
	Label     string // the estimator and its settings where they are not the defaults
	Trivial   bool   // a count that any method must beat to be of use
	Direction estimators.Direction
	Records   []store.Record
}

// Split sorts records into series, in the order in which their first records stand.
func Split(records []store.Record) []Series {
	type question struct {
		estimator, hash, dataset string
		seed                     uint64
	}
	var order []question
	series := map[question]*Series{}
	for _, r := range records {
		q := question{r.Estimator, r.SettingsHash, r.Dataset, r.Seed}
		s := series[q]
		if s == nil {
			s = &Series{Label: r.Estimator, Direction: estimators.Higher}
			if c, err := estimators.New(r.Estimator, r.Settings); err == nil { // another version's estimator keeps its bare name
				s.Label, s.Trivial, s.Direction = c.Label, c.Info.Trivial, c.Info.Direction
			}
			series[q], order = s, append(order, q)
		}
		s.Records = append(s.Records, r)
	}
	out := make([]Series, len(order))
	for i, q := range order {
		out[i] = *series[q]
		for _, other := range order {
			if other != q && series[other].Label == series[q].Label && other.seed != q.seed {
				out[i].Label += fmt.Sprintf(" seed %d", q.seed)
				break
			}
		}
	}
	return out
}

// Points are the scores and accuracies of the architectures that have both. Scores of which lower is meant to be better
// are negated.
func (s Series) Points(accuracy map[string]float64) (ids []string, scores, accuracies []float64) {
	sign := 1.0
	if s.Direction == estimators.Lower {
		sign = -1
	}
	for _, r := range s.Records {
		if truth, ok := accuracy[r.ID]; ok && r.Status == store.OK {
			ids, scores, accuracies = append(ids, r.ID), append(scores, sign**r.Score), append(accuracies, truth)
		}
	}
	return ids, scores, accuracies
}

// Associate says how well the scores order architectures by accuracy (by id), with BCa bootstrap intervals. asked is
// the number of architectures that were to be scored.
func (s Series) Associate(accuracy map[string]float64, asked int, o correlation.Options) (reports.Association, error) {
	ids, scores, truth := s.Points(accuracy)
	a := reports.Association{Estimator: s.Label, Baseline: s.Trivial, N: len(ids), Asked: asked, Seconds: s.seconds()}
	for _, part := range []struct {
		coefficient correlation.Coefficient
		into        **reports.Interval
	}{{correlation.KendallTauB, &a.Tau}, {correlation.SpearmanRho, &a.Rho}} {
		d, err := correlation.Bootstrap(part.coefficient, scores, truth, o)
		if errors.Is(err, correlation.ErrUndefined) {
			a.Reason = err.Error()
			continue
		}
		if err != nil {
			return a, fmt.Errorf("%s: %w", s.Label, err)
		}
		interval, err := d.Interval(correlation.BCa, level)
		if err != nil {
			return a, fmt.Errorf("%s: %w", s.Label, err)
		}
		*part.into = &reports.Interval{Value: d.Observed, Low: interval.Low, High: interval.High}
	}
	if failed := s.failures(); failed != "" {
		a.Reason = failed
	}
	return a, nil
}

// seconds is the median time of an estimate.
func (s Series) seconds() float64 {
	var all []float64
	for _, r := range s.Records {
		all = append(all, r.Seconds)
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// failures says how many architectures have no score, and the most frequent reason.
func (s Series) failures() string {
	reasons, total := map[string]int{}, 0
	for _, r := range s.Records {
		if r.Status != store.OK {
			reasons[r.Error]++
			total++
		}
	}
	if total == 0 {
		return ""
	}
	var texts []string
	for text := range reasons {
		texts = append(texts, text)
	}
	worst := slices.MinFunc(texts, func(a, b string) int { return cmp.Or(reasons[b]-reasons[a], cmp.Compare(a, b)) })
	return fmt.Sprintf("%d without a score, most because: %s", total, worst)
}

// Notes says how the numbers of an association table were made.
func Notes(o correlation.Options) []string {
	resamples := o.Resamples
	if resamples == 0 {
		resamples = correlation.DefaultResamples
	}
	return []string{
		fmt.Sprintf("Intervals: BCa bootstrap over architectures, %d resamples, seed %d.", resamples, o.Seed),
		"s/arch: median wall time of one estimate on its own, on one core.",
	}
}
