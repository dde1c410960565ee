package study

import (
	"errors"
	"maps"
	"math"
	"slices"

	"rwe301/estimators"
	"rwe301/internal/suggest"
	"rwe301/internal/yamldoc"
	"rwe301/scoring"
)

// settingsOf reads the settings of an estimator, each with one value or several.
func settingsOf(n yamldoc.Node) ([]Setting, error) {
	fields, err := n.Fields()
	if err != nil {
		return nil, err
	}
	out := make([]Setting, len(fields))
	for i, f := range fields {
		values, err := f.Values()
		if err != nil {
			return nil, err
		}
		out[i] = Setting{Key: f.Name, Values: values, at: f.Node}
	}
	return out, nil
}

// point is one combination of settings. base is the combination that a varied one differs from in one setting only, and
// equal to key for those that are not varied.
type point struct {
	values map[string]any
	vary   string // the setting that is varied; empty for the base itself
	base   map[string]any
}

// combinations counts the points of an entry; more than limit are refused.
func (e Entry) combinations(limit int) (int, error) {
	total := 1
	for _, s := range e.Vary {
		total += len(s.Values)
	}
	for _, s := range e.Settings {
		if total = times(total, len(s.Values)); total > limit {
			return 0, e.at.Errorf("%s: the grid has more than %d combinations: %s=... makes %d of them", e.Name, limit,
				s.Key, total)
		}
	}
	if total > limit {
		return 0, e.at.Errorf("%s: more than %d combinations: %d", e.Name, limit, total)
	}
	return total, nil
}

// times is the product of two counts, or the largest number if it is more than that.
func times(a, b int) int {
	if b > 0 && a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}

// points lists the combinations of an entry: the Cartesian product of its settings and, around each, its settings to
// vary one at a time.
func (e Entry) points(limit int) ([]point, error) {
	if _, err := e.combinations(limit); err != nil {
		return nil, err
	}
	bases := []map[string]any{{}}
	for _, s := range e.Settings {
		var next []map[string]any
		for _, b := range bases {
			for _, v := range s.Values {
				next = append(next, with(b, s.Key, v))
			}
		}
		bases = next
	}
	var out []point
	for _, b := range bases {
		out = append(out, point{values: b, base: b})
		for _, s := range e.Vary {
			for _, v := range s.Values {
				out = append(out, point{values: with(b, s.Key, v), vary: s.Key, base: b})
			}
		}
	}
	return out, nil
}

func with(m map[string]any, key string, value any) map[string]any {
	out := maps.Clone(m)
	out[key] = value
	return out
}

// checkKeys names settings that the estimator does not have, with their lines.
func (e Entry) checkKeys() error {
	legal, err := estimators.Keys(e.Name)
	if err != nil {
		return e.at.Errorf("%w", err)
	}
	var errs []error
	for _, s := range slices.Concat(e.Settings, e.Vary) {
		if !slices.Contains(legal, s.Key) {
			errs = append(errs, s.at.Errorf("%s has no such setting%s", e.Name, suggest.Nearest(s.Key, legal)))
		}
	}
	return errors.Join(errs...)
}

// blame gives an error of a combination of settings the line of the one that is wrong by itself, if there is one.
func (e Entry) blame(values map[string]any, err error) error {
	for _, s := range slices.Concat(e.Settings, e.Vary) {
		for _, v := range s.Values {
			if v != values[s.Key] {
				continue
			}
			if _, alone := estimators.New(e.Name, scoring.Encode(map[string]any{s.Key: v})); alone != nil {
				return s.at.Errorf("%w", alone)
			}
		}
	}
	return e.at.Errorf("%w", err)
}
