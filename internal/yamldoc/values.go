package yamldoc

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"rwe301/internal/suggest"
)

// maxValues bounds the values of one range.
const maxValues = 100_000

// Scalar returns a string, bool, int64, or float64.
func (n Node) Scalar() (any, error) {
	switch v := n.ast.(type) {
	case *ast.StringNode:
		if v.Token.Type == token.StringType { // unquoted
			if f, err := strconv.ParseFloat(v.Value, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
				return f, nil
			}
		}
		return v.Value, nil
	case *ast.LiteralNode:
		return v.Value.Value, nil
	case *ast.BoolNode:
		return v.Value, nil
	case *ast.FloatNode:
		return v.Value, nil
	case *ast.IntegerNode:
		switch i := v.Value.(type) {
		case int64:
			return i, nil
		case uint64:
			if i <= math.MaxInt64 {
				return int64(i), nil
			}
		}
		return nil, n.Errorf("%s: must be below 2^63", n.kind())
	}
	return nil, n.Errorf("%s: must be a single value", n.kind())
}

// Text reads a non-empty string.
func (n Node) Text(into *string) error {
	v, err := n.Scalar()
	if err != nil {
		return err
	}
	s, ok := v.(string)
	if !ok {
		s = fmt.Sprint(v)
	}
	if s == "" {
		return n.Errorf("must not be empty")
	}
	*into = s
	return nil
}

// Whole reads an integer in [low, high].
func (n Node) Whole(into *int64, low, high int64) error {
	v, err := n.Scalar()
	if err != nil {
		return err
	}
	if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		v = int64(f)
	}
	i, ok := v.(int64)
	if !ok || i < low || i > high {
		return n.Errorf("%s: must be a whole number in [%d, %d]", n.kind(), low, high)
	}
	*into = i
	return nil
}

// Seconds reads a number of seconds.
func (n Node) Seconds(into *float64) error {
	v, err := n.Scalar()
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case int64:
		*into = float64(v)
	case float64:
		*into = v
	case string:
		d, err := time.ParseDuration(v)
		if err != nil {
			return n.Errorf("%s: must be a duration such as 90s or 5m", v)
		}
		*into = d.Seconds()
	}
	if !(*into > 0 && *into <= 1e7) {
		return n.Errorf("%s: must be a duration above 0, such as 90s or 5m", n.kind())
	}
	return nil
}

// Texts reads a list of strings, at least one.
func (n Node) Texts() ([]string, error) {
	items, err := n.List()
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, n.Errorf("empty: must be a program and its arguments")
	}
	out := make([]string, len(items))
	for i, item := range items {
		if err := item.Text(&out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Values reads one value, a list of values, or a range: 1..5, {from: 1, to: 9, step: 2}, {from: 16, to: 256, times: 2}.
func (n Node) Values() ([]any, error) {
	switch n.ast.(type) {
	case *ast.SequenceNode:
		items, err := n.List()
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return nil, n.Errorf("empty list: give at least one value")
		}
		var out []any
		for _, item := range items {
			v, err := item.Scalar()
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case *ast.MappingNode:
		return n.rangeOf()
	}
	v, err := n.Scalar()
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
func (n Node) rangeOf() ([]any, error) {
	bounds := map[string]float64{}
	number := func(name string) func(Node) error {
		return func(n Node) error {
			v, err := n.Scalar()
			if err != nil {
				return err
			}
			switch v := v.(type) {
			case int64:
				bounds[name] = float64(v)
			case float64:
				bounds[name] = v
			default:
				return n.Errorf("%s: must be a number", n.kind())
			}
			return nil
		}
	}
	err := n.Read(map[string]func(Node) error{"from": number("from"), "to": number("to"), "step": number("step"),
		"times": number("times")})
	if err != nil {
		return nil, err
	}
	from, hasFrom := bounds["from"]
	to, hasTo := bounds["to"]
	step, hasStep := bounds["step"]
	times, hasTimes := bounds["times"]
	switch {
	case !hasFrom || !hasTo || hasStep && hasTimes:
		return nil, n.Errorf("a range is {from: 1, to: 9, step: 2} or {from: 16, to: 256, times: 2}")
	case hasTimes:
		return n.steps(from, to, 0, times)
	case !hasStep:
		step = 1
	}
	return n.steps(from, to, step, 1)
}

// steps lists from, from+step, ... or from, from*times, ... up to to.
func (n Node) steps(from, to, step, times float64) ([]any, error) {
	if !(from <= to) || !(step > 0 || times > 1 && from > 0) {
		return nil, n.Errorf("the range from %v to %v is empty or never ends", from, to)
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
			return nil, n.Errorf("a range of more than %d values", maxValues)
		}
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64) // 0.3, not 0.30000000000000004
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			out = append(out, int64(v))
		} else {
			out = append(out, v)
		}
	}
}

// Name reads a name: letters, digits and . _ - only, at most 64.
func (n Node) Name(into *string) error {
	if err := n.Text(into); err != nil {
		return err
	}
	return n.CheckName(*into)
}

var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// IsName says whether a text is a legal name.
func IsName(text string) bool { return nameRule.MatchString(text) }

// CheckName says what is wrong with a name that belongs to n.
func (n Node) CheckName(name string) error {
	if !IsName(name) {
		return n.Errorf("%q: letters, digits and . _ - only, at most 64", name)
	}
	return nil
}

// At is the node of a key of n, for errors about a value that was read before.
func (n Node) At(key string) Node {
	return Node{file: n.file, line: n.line, path: n.path + "." + key}
}

// OneOf reads one of the legal words.
func (n Node) OneOf(into *string, legal []string) error {
	if err := n.Text(into); err != nil {
		return err
	}
	if !slices.Contains(legal, *into) {
		return n.Errorf("%q: unknown%s", *into, suggest.Nearest(*into, legal))
	}
	return nil
}

// Seed reads a seed, a whole number from 0.
func (n Node) Seed(into *uint64) error {
	var i int64
	err := n.Whole(&i, 0, math.MaxInt64)
	*into = uint64(i)
	return err
}

// Seeds reads one seed, a list or a range.
func (n Node) Seeds() ([]uint64, error) {
	values, err := n.Values()
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, v := range values {
		i, ok := v.(int64)
		if !ok || i < 0 {
			return nil, n.Errorf("%v: a seed is a whole number from 0", v)
		}
		if slices.Contains(out, uint64(i)) {
			return nil, n.Errorf("seed %d is given twice", i)
		}
		out = append(out, uint64(i))
	}
	return out, nil
}

// Count reads a whole number in [1, high].
func (n Node) Count(into *int, high int64) error {
	var i int64
	err := n.Whole(&i, 1, high)
	*into = int(i)
	return err
}
