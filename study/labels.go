package study

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"rwe301/estimators"
	"rwe301/scoring"
)

// relabel shortens the labels of built-in estimators to what tells them apart in this study: the settings in which the
// bases of an estimator differ, and those in which a varied question differs from its base. Labels that the definition
// gives take the place of the estimator's name, and tell apart by themselves.
func relabel(questions []*scoring.Question, given map[*scoring.Question]string) {
	type name struct{ estimator, label string }
	byName := map[name][]*scoring.Question{}
	for _, q := range questions {
		if _, ok := q.Source.(*estimators.Configured); ok {
			n := name{q.Estimator, cmp.Or(given[q], q.Estimator)}
			byName[n] = append(byName[n], q)
		}
	}
	for _, family := range byName {
		byHash := map[string]*scoring.Question{}
		for _, q := range family {
			byHash[q.SettingsHash] = q
		}
		bases := map[*scoring.Question]bool{}
		for _, q := range family {
			bases[base(q, byHash)] = true
		}
		differ := differing(slices.Collect(maps.Keys(bases)))
		short := map[string]*scoring.Question{}
		for _, q := range family {
			short[shortLabel(q, differ, base(q, byHash))] = q
		}
		if len(short) < len(family) {
			continue // some would be called the same
		}
		for label, q := range short {
			q.Label = label
		}
	}
	for q, label := range given {
		q.Label = label + strings.TrimPrefix(q.Label, q.Estimator)
	}
}

// base is the question that q varies, or q itself.
func base(q *scoring.Question, byHash map[string]*scoring.Question) *scoring.Question {
	for _, v := range q.Varied {
		if b := byHash[v.Base]; b != nil {
			return b
		}
	}
	return q
}

// differing lists the settings in which questions differ.
func differing(questions []*scoring.Question) []string {
	first := questions[0].Levels()
	differ := map[string]bool{}
	for _, q := range questions[1:] {
		levels := q.Levels()
		for key, value := range first {
			if levels[key] != value {
				differ[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(differ))
}

func shortLabel(q *scoring.Question, differ []string, base *scoring.Question) string {
	own, other := q.Levels(), base.Levels()
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if slices.Contains(differ, key) || own[key] != other[key] {
			parts = append(parts, key+"="+own[key])
		}
	}
	if len(parts) == 0 {
		return q.Estimator
	}
	return q.Estimator + ":" + strings.Join(parts, ",")
}
