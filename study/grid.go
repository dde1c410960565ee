package study

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"rwe301/estimators"
	"rwe301/internal/suggest"
)

// maxValues bounds the values of one setting.
const maxValues = 100_000

// settings reads the settings of an estimator, each with one value or several.
func (n node) settings() ([]Setting, error) {
	fields, err := n.fields()
	if err != nil {
		return nil, err
	}
	out := make([]Setting, len(fields))
	for i, f := range fields {
		values, err := f.values()
		if err != nil {
			return nil, err
		}
		out[i] = Setting{Key: f.name, Values: values, at: f.node}
	}
	return out, nil
}

// values reads one value, a list of values, or a range: 1..5, {from: 1, to: 9, step: 2}, {from: 16, to: 256, times: 2}.
func (n node) values() ([]any, error) {
	switch n.ast.(type) {
	case *ast.SequenceNode:
		items, err := n.list()
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return nil, n.errorf("empty list: give at least one value")
		}
		var out []any
		for _, item := range items {
			v, err := item.scalar()
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case *ast.MappingNode:
		return n.rangeOf()
	}
	v, err := n.scalar()
	if err != nil {
		return nil, err
	}
	if s, ok := v.(string); ok {
		if from, to, found := strings.Cut(s, ".."); found {
			low, err := strconv.ParseInt(from, 10, 64)
			high, err2 := strconv.ParseInt(to, 10, 64)
			if err == nil && err2 == nil {
				return n.steps(float64(low), float64(high), 1, 1)
			}
		}
	}
	return []any{v}, nil
}

// rangeOf reads {from, to, step} or {from, to, times}.
func (n node) rangeOf() ([]any, error) {
	bounds := map[string]float64{}
	number := func(name string) func(node) error {
		return func(n node) error {
			v, err := n.scalar()
			if err != nil {
				return err
			}
			switch v := v.(type) {
			case int64:
				bounds[name] = float64(v)
			case float64:
				bounds[name] = v
			default:
				return n.errorf("%s: must be a number", n.kind())
			}
			return nil
		}
	}
	err := n.read(map[string]func(node) error{"from": number("from"), "to": number("to"), "step": number("step"), "times": number("times")})
	if err != nil {
		return nil, err
	}
	from, hasFrom := bounds["from"]
	to, hasTo := bounds["to"]
	step, hasStep := bounds["step"]
	times, hasTimes := bounds["times"]
	switch {
	case !hasFrom || !hasTo || hasStep && hasTimes:
		return nil, n.errorf("a range is {from: 1, to: 9, step: 2} or {from: 16, to: 256, times: 2}")
	case hasTimes:
		return n.steps(from, to, 0, times)
	case !hasStep:
		step = 1
	}
	return n.steps(from, to, step, 1)
}

// steps lists from, from+step, ... or from, from*times, ... up to to.
func (n node) steps(from, to, step, times float64) ([]any, error) {
	if !(from <= to) || !(step > 0 || times > 1 && from > 0) {
		return nil, n.errorf("the range from %v to %v is empty or never ends", from, to)
	}
	var out []any
	for i := 0; ; i++ {
		v := from + float64(i)*step
		if times > 1 {
			v = from * math.Pow(times, float64(i))
		}
		if v > to*(1+1e-12) {
			return out, nil
		}
		if len(out) == maxValues {
			return nil, n.errorf("a range of more than %d values", maxValues)
		}
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64) // 0.3, not 0.30000000000000004
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			out = append(out, int64(v))
		} else {
			out = append(out, v)
		}
	}
}

// point is one combination of settings. base is the combination that a varied one differs from in knob only, and
// equal to key for those that are not varied.
type point struct {
	values map[string]any
	knob   string // the setting that is varied; empty for the base itself
	base   map[string]any
}

// points counts and lists the combinations of an entry: the Cartesian product of its settings and, around each, its
// settings to vary one at a time.
func (e Entry) points(limit int) ([]point, error) {
	around := 1
	for _, s := range e.Vary {
		around += len(s.Values)
	}
	total := around
	for _, s := range e.Settings {
		if total *= len(s.Values); total > limit {
			return nil, e.at.errorf("%s: the grid has more than %d combinations", e.Name, limit)
		}
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
				out = append(out, point{values: with(b, s.Key, v), knob: s.Key, base: b})
			}
		}
	}
	return out, nil
}

func with(m map[string]any, key string, value any) map[string]any {
	out := make(map[string]any, len(m)+1)
	for k, v := range m {
		out[k] = v
	}
	out[key] = value
	return out
}

// encode writes settings as the JSON object that an estimator reads.
func encode(values map[string]any) json.RawMessage {
	raw, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings, booleans and finite numbers only
	}
	return raw
}

// checkKeys names settings that the estimator does not have, with their lines.
func (e Entry) checkKeys() error {
	defaults, err := estimators.Defaults(e.Name)
	if err != nil {
		return e.at.errorf("%w", err)
	}
	var legal map[string]json.RawMessage
	if err := json.Unmarshal(defaults, &legal); err != nil {
		return e.at.errorf("%w", err)
	}
	var errs []error
	for _, s := range slices.Concat(e.Settings, e.Vary) {
		if _, ok := legal[s.Key]; !ok {
			errs = append(errs, s.at.errorf("%s has no such setting%s", e.Name, suggest.Nearest(s.Key, slices.Collect(maps.Keys(legal)))))
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
			if _, alone := estimators.New(e.Name, encode(map[string]any{s.Key: v})); alone != nil {
				return s.at.errorf("%w", alone)
			}
		}
	}
	return e.at.errorf("%w", err)
}
