package study

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"rwe301/estimators"
)

// relabel shortens the labels of built-in estimators to what tells them apart in this study: the settings in which the
// bases of an estimator differ, and those in which a varied question differs from its base.
func relabel(questions []*Question) {
	byName := map[string][]*Question{}
	for _, q := range questions {
		if q.configured() {
			byName[q.Estimator] = append(byName[q.Estimator], q)
		}
	}
	for name, family := range byName {
		byHash := map[string]*Question{}
		for _, q := range family {
			byHash[q.Hash] = q
		}
		bases := map[*Question]bool{}
		for _, q := range family {
			bases[q.base(byHash)] = true
		}
		differ := differing(slices.Collect(maps.Keys(bases)))
		short := map[string]*Question{}
		for _, q := range family {
			short[q.shortLabel(name, differ, q.base(byHash))] = q
		}
		if len(short) < len(family) {
			continue // some would be called the same
		}
		for label, q := range short {
			q.Label = label
		}
	}
}

// configured says whether q is a built-in estimator with settings.
func (q *Question) configured() bool {
	_, ok := q.scorer.(*estimators.Configured)
	return ok
}

// base is the question that q varies, or q itself.
func (q *Question) base(byHash map[string]*Question) *Question {
	for _, v := range q.Varied {
		if b := byHash[v.Base]; b != nil {
			return b
		}
	}
	return q
}

// varied says whether q is asked only to vary a setting of another question.
func (q *Question) varied() bool {
	for _, v := range q.Varied {
		if v.Base == q.Hash {
			return false
		}
	}
	return len(q.Varied) > 0
}

// differing lists the settings in which questions differ.
func differing(questions []*Question) []string {
	var keys []string
	first := questions[0].settings()
	for _, key := range slices.Sorted(maps.Keys(first)) {
		for _, q := range questions {
			if !bytes.Equal(q.settings()[key], first[key]) {
				keys = append(keys, key)
				break
			}
		}
	}
	return keys
}

func (q *Question) shortLabel(name string, differ []string, base *Question) string {
	own, other := q.settings(), base.settings()
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if slices.Contains(differ, key) || !bytes.Equal(own[key], other[key]) {
			parts = append(parts, key+"="+strings.Trim(string(own[key]), `"`))
		}
	}
	if len(parts) == 0 {
		return name
	}
	return name + ":" + strings.Join(parts, ",")
}

func (q *Question) settings() map[string]json.RawMessage {
	var settings map[string]json.RawMessage
	_ = json.Unmarshal(q.Settings, &settings)
	return settings
}

// value reads a setting for people.
func (q *Question) value(key string) string { return strings.Trim(string(q.settings()[key]), `"`) }
