package yamldoc

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"rwe301/internal/printable"
	"rwe301/internal/suggest"
)

// maxValues bounds the values of one range.
const maxValues = 100_000

// Scalar returns a string, bool, int64, or float64.
func (n Node) Scalar() (any, error) {
	if n.yaml == nil || n.yaml.Kind != yaml.ScalarNode {
		return nil, n.Errorf("%s: must be a single value", n.kind())
	}
	if n.yaml.Style != 0 { // quoted, or a block of text
		return n.yaml.Value, nil
	}
	text := n.yaml.Value
	switch {
	case text == "":
		return nil, n.Errorf("nothing: must be a single value")
	case isNull(text):
		return nil, n.Errorf("nothing: must be a single value; write \"%s\" if the text is meant", text)
	case slices.Contains([]string{"true", "True", "TRUE"}, text):
		return true, nil
	case slices.Contains([]string{"false", "False", "FALSE"}, text):
		return false, nil
	case plainNumber.MatchString(text):
		return n.number(text)
	}
	if why := ambiguous(text); why != "" {
		return nil, n.Errorf("%s: %s", printable.Cut(text, maxQuoted), why)
	}
	return text, nil
}

// isNull says whether an unquoted text stands for nothing.
func isNull(text string) bool {
	return slices.Contains([]string{"", "~", "null", "Null", "NULL"}, text)
}

// plainNumber are the decimal numbers that everything reads alike, or at least as numbers only.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)

// number reads a plain number.
func (n Node) number(text string) (any, error) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax): // "-", "." or "e5"
		return text, nil
	case err != nil:
		return nil, n.Errorf("%s: too large for a number", printable.Cut(text, maxQuoted))
	case !strings.ContainsAny(text, ".eE"):
		return nil, n.Errorf("%s: must be below 2^63", printable.Cut(text, maxQuoted))
	}
	return f, nil
}

// Forms of unquoted values that YAML 1.1 and YAML 1.2, or people, read differently.
var (
	switchWord  = regexp.MustCompile(`^(?i:yes|no|on|off)$`)
	octalForm   = regexp.MustCompile(`^[-+]?0[0-7]+$`)
	zeroForm    = regexp.MustCompile(`^[-+]?0[0-9_]+(\.[0-9_]*)?([eE][-+]?[0-9]+)?$`)
	otherBase   = regexp.MustCompile(`^[-+]?0(b[01_]+|o[0-7_]+|x[0-9a-fA-F_]+)$`)
	plusForm    = regexp.MustCompile(`^\+(\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)$`)
	underscored = regexp.MustCompile(`^-?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?$`)
	sexagesimal = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)
	dateForm    = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?$`)
	notFinite   = regexp.MustCompile(`^([-+]?\.(?i:inf)|\.(?i:nan))$`)
)

// ambiguous says what an unquoted value that is no plain number would be, and what to write in its place; "" means that
// it is a text.
func ambiguous(text string) string {
	const quotes = "; write \"%s\" if the text is meant"
	instead := func(format string, args ...any) string {
		return fmt.Sprintf(format+quotes, append(args, printable.Cut(text, maxQuoted))...)
	}
	clean := strings.ReplaceAll(text, "_", "")
	switch {
	case switchWord.MatchString(text):
		return instead("true or false in YAML 1.1, a text in YAML 1.2: write true or false")
	case octalForm.MatchString(text):
		sign, digits := "", strings.TrimLeft(clean, "+-0")
		if strings.HasPrefix(clean, "-") {
			sign = "-"
		}
		octal, err := strconv.ParseUint("0"+digits, 8, 64)
		if err != nil || len(digits) < 2 {
			return instead("a number with leading zeros: write it without them")
		}
		return instead("%s%d in YAML 1.1, %s%s in YAML 1.2: write %[1]s%[2]d or %[3]s%[4]s", sign, octal, sign, digits)
	case zeroForm.MatchString(text):
		return instead("a number with leading zeros: write it without them")
	case otherBase.MatchString(text):
		v, err := strconv.ParseInt(clean, 0, 64)
		if err != nil {
			return instead("a number that is not decimal, and too large: write it in decimal")
		}
		return instead("%d, or a text, depending on the version of YAML: write %[1]d", v)
	case plusForm.MatchString(text):
		return instead("a number with a plus sign: write %s", strings.TrimPrefix(clean, "+"))
	case underscored.MatchString(text) && text != clean:
		return instead("%s in YAML 1.1, a text in YAML 1.2: write %[1]s", clean)
	case sexagesimal.MatchString(text):
		return instead("a number to the base 60 in YAML 1.1, a text in YAML 1.2: write it in decimal")
	case dateForm.MatchString(text):
		return instead("a date in YAML 1.1, a text in YAML 1.2")
	case notFinite.MatchString(text):
		return instead("must be a finite number")
	}
	return ""
}

// Text reads a non-empty string. A number stands for its digits, where they are the only way to write it.
func (n Node) Text(into *string) error {
	v, err := n.Scalar()
	if err != nil {
		return err
	}
	s, ok := v.(string)
	if !ok {
		s = n.yaml.Value
		what, same := "", s
		switch v := v.(type) {
		case bool:
			what, same = "true or false", ""
		case int64:
			what, same = "a number", strconv.FormatInt(v, 10)
		case float64:
			what, same = "a number", strconv.FormatFloat(v, 'f', -1, 64)
		}
		if s != same {
			return n.Errorf("%s: must be a text, and this is %s: write \"%[1]s\"", printable.Cut(s, maxQuoted), what)
		}
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
	if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < maxWhole {
		v = int64(f)
	}
	i, ok := v.(int64)
	if !ok || i < low || i > high {
		return n.Errorf("%s: must be a whole number in [%d, %d]", n.kind(), low, high)
	}
	*into = i
	return nil
}

// float reads a number.
func (n Node) float() (float64, error) {
	v, err := n.Scalar()
	if err != nil {
		return 0, err
	}
	switch v := v.(type) {
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	}
	return 0, n.Errorf("%s: must be a number", n.kind())
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
			return n.Errorf("%s: must be a duration such as 90s or 5m", n.kind())
		}
		*into = d.Seconds()
	}
	if !(*into > 0 && *into <= 1e7) {
		return n.Errorf("%s: must be a duration above 0, such as 90s or 5m", n.kind())
	}
	return nil
}

// Texts reads a list of strings, at least one; an empty one is told what they must be.
func (n Node) Texts(what string) ([]string, error) {
	items, err := n.List()
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, n.Errorf("empty: must be %s", what)
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
	switch {
	case n.yaml != nil && n.yaml.Kind == yaml.SequenceNode:
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
	case n.IsMapping():
		return n.rangeOf()
	}
	v, err := n.Scalar()
	if err != nil {
		return nil, err
	}
	if s, ok := v.(string); ok {
		if from, to, found := strings.Cut(s, ".."); found {
			low, ok := bound(from)
			high, ok2 := bound(to)
			if !ok || !ok2 {
				return nil, n.Errorf("%s: the ends of a range are whole numbers, such as 1..5", n.kind())
			}
			return n.steps(low, high, 1, 1)
		}
	}
	return []any{v}, nil
}

// maxWhole is up to where float64 holds every whole number.
const maxWhole = 1 << 53

// bound reads an end of a range such as 1..5.
func bound(text string) (float64, bool) {
	i, err := strconv.ParseInt(text, 10, 64)
	return float64(i), err == nil && strconv.FormatInt(i, 10) == text && -maxWhole < i && i < maxWhole
}

// rangeOf reads {from, to, step} or {from, to, times}.
func (n Node) rangeOf() ([]any, error) {
	bounds := map[string]float64{}
	number := func(name string) func(Node) error {
		return func(n Node) error {
			v, err := n.float()
			if err == nil && math.Abs(v) >= maxWhole {
				err = n.Errorf("%s: must be below 2^53", n.kind())
			}
			bounds[name] = v
			return err
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
	slack := 0.0 // of the last value, where sums are rounded
	if from != math.Trunc(from) || step != math.Trunc(step) || times != math.Trunc(times) {
		slack = float64(1e-9*step) + float64(1e-12*math.Abs(to))
	}
	var out []any
	for i := 0; ; i++ {
		v := from + float64(float64(i)*step)
		if times > 1 {
			v = from * math.Pow(times, float64(i))
		}
		if v > to+slack {
			return out, nil
		}
		if len(out) == maxValues {
			return nil, n.Errorf("a range of more than %d values", maxValues)
		}
		if n.doc.expanded++; n.doc.expanded > maxExpanded {
			return nil, n.Errorf("the ranges up to here have more than %d values", maxExpanded)
		}
		if v != math.Trunc(v) {
			v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64) // 0.3, not 0.30000000000000004
		}
		if math.Abs(v) <= 1e-9*step {
			v = 0
		}
		if v == math.Trunc(v) {
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
		return n.Errorf("%q: letters, digits and . _ - only, at most 64", printable.Cut(name, maxQuoted))
	}
	return nil
}

// At is the node of a key of n, for errors about a value that was read before.
func (n Node) At(key string) Node {
	return Node{doc: n.doc, line: n.line, path: n.below("." + key)}
}

// OneOf reads one of the legal words.
func (n Node) OneOf(into *string, legal []string) error {
	if err := n.Text(into); err != nil {
		return err
	}
	if !slices.Contains(legal, *into) {
		word := printable.Cut(*into, maxQuoted)
		return n.Errorf("%q: unknown%s", word, suggest.Nearest(word, legal))
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
	out := make([]uint64, 0, len(values))
	seen := make(map[int64]bool, len(values))
	for _, v := range values {
		i, ok := v.(int64)
		if !ok || i < 0 {
			return nil, n.Errorf("%s: a seed is a whole number from 0", printable.Cut(fmt.Sprint(v), maxQuoted))
		}
		if seen[i] {
			return nil, n.Errorf("seed %d is given twice", i)
		}
		seen[i] = true
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
