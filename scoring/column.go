package scoring

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/bench301/surrogate"
	"rwe301/estimators"
	"rwe301/internal/printable"
)

// reasonColumn says in words why a row has no number.
const reasonColumn = "reason"

// errBlank says that there is nothing in a cell.
var errBlank = errors.New("no value")

// number reads a cell as pandas and Excel do: decimal digits with a point, or a comma where the table has decimal
// commas, and an exponent. Anything else is undefined; the error quotes it.
func (t *Table) number(text string) (float64, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, errBlank
	}
	digits := text
	if t.comma && decimalComma(digits) {
		digits = strings.Replace(digits, ",", ".", 1)
	}
	if strings.ContainsFunc(digits, func(c rune) bool { return !strings.ContainsRune("0123456789+-.eE", c) }) {
		return 0, fmt.Errorf("%s is not a number", quoted(text))
	}
	v, err := strconv.ParseFloat(digits, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%s is too large for a number", quoted(text))
	case err != nil:
		return 0, fmt.Errorf("%s is not a number", quoted(text))
	}
	return v, nil
}

// decimalComma tells a number whose fraction stands behind a comma.
func decimalComma(text string) bool {
	before, after, ok := strings.Cut(strings.TrimSpace(text), ",")
	if mantissa, _, exponent := strings.Cut(strings.ToLower(after), "e"); exponent {
		after = mantissa
	}
	return ok && isDigits(strings.TrimLeft(before, "+-")) && isDigits(after)
}

func isDigits(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool { return c < '0' || c > '9' })
}

// decimalCommas says whether numbers have decimal commas: some do, and none has a decimal point.
func decimalCommas(columns []*column) bool {
	found := false
	plain := Table{}
	for _, c := range columns {
		for _, text := range c.cells {
			switch {
			case strings.IndexByte(text, '.') >= 0:
				if _, err := plain.number(text); err == nil {
					return false
				}
			case !found && strings.IndexByte(text, ',') >= 0:
				found = decimalComma(text)
			}
		}
	}
	return found
}

// findSeeds reads the column of seeds, if there is one.
func (t *Table) findSeeds() error {
	i, ok := t.places["seed"]
	if !ok {
		return nil
	}
	t.seeded = true
	for k := range t.Rows {
		r := &t.Rows[k]
		text, _ := t.columns[i].cell(k)
		var err error
		if r.Seed, err = strconv.ParseUint(strings.TrimSpace(text), 10, 63); err != nil {
			return t.at(r.Line, "seed %s: must be a whole number from 0", quoted(text))
		}
	}
	return nil
}

// Lookup answers from a column of a table.
type Lookup struct {
	Averaged int      // architectures, under each seed, whose score is the mean of repeated rows
	Notes    []string // what the column's numbers went through

	scores map[lookupKey]estimators.Score
	seeded bool // the file has a column of seeds
	seeds  []uint64
	absent string // the reason where an architecture is not there; "" for that of a file
}

type lookupKey struct {
	id   string
	seed uint64
}

// Column is a column of the table as a source. A cell that is no number is an undefined score whose reason quotes it; a
// column without any number is an error.
func (t *Table) Column(name string) (*Lookup, error) { return t.lookup(name, t.seeded) }

// repeated are the numbers and times of several rows, and what the others of these rows say.
type repeated struct {
	values, seconds []float64
	rows            int
	reason          string
}

// lookup makes a source of a column, under the seeds of the table or of all its rows together.
func (t *Table) lookup(name string, seeded bool) (*Lookup, error) {
	c, err := t.column(name)
	if err != nil {
		return nil, err
	}
	if err := t.usable(c); err != nil {
		return nil, err
	}
	l := &Lookup{scores: make(map[lookupKey]estimators.Score, len(t.Rows)), seeded: seeded}
	times := t.times(c.name)
	several := map[lookupKey]*repeated{}
	seeds := map[uint64]bool{}
	var rounded, untimed int
	for i, k := 0, 0; i < len(t.Rows); i++ {
		r := t.Rows[i]
		text := ""
		if k < len(c.cells) && c.row(k) == i {
			text = c.cells[k]
			k++
		}
		if t.repeats != MeanOfRepeats && r.first != i {
			continue // an equal row
		}
		s := estimators.Score{Status: estimators.OK}
		if s.Value, err = t.number(text); err != nil {
			s.Status, s.Reason = estimators.Undefined, fmt.Sprintf("%s: %v", shown(c.name), err)
			if errors.Is(err, errBlank) {
				s.Reason = "no value in " + shown(c.name)
				if why := t.reason(i); why != "" {
					s.Reason = why
				}
			}
		} else if loses(text, s.Value) {
			rounded++
		}
		if times != nil {
			if s.Seconds, err = t.seconds(times, i); err != nil {
				return nil, err
			}
			if math.IsNaN(s.Seconds) {
				s.Seconds = 0
				if s.Status == estimators.OK {
					untimed++
				}
			}
		}
		key := lookupKey{id: r.ID}
		if seeded {
			key.seed = r.Seed
		}
		seeds[key.seed] = true
		before, again := l.scores[key]
		if !again {
			l.scores[key] = s
			continue
		}
		if several[key] == nil {
			several[key] = &repeated{}
			several[key].add(before)
		}
		several[key].add(s)
	}
	rows := 0
	for key, all := range several {
		l.scores[key] = all.mean()
		rows += all.rows
	}
	l.Averaged = len(several)
	l.seeds = slices.Sorted(maps.Keys(seeds))
	l.notef(len(several) > 0, "%s of %s: the mean of repeated rows for %d of %d (%d rows)", c, t, len(several),
		len(l.scores), rows)
	l.notef(rounded > 0, "%s of %s: whole numbers above 2^53 that are rounded: %d", c, t, rounded)
	l.notef(untimed > 0, "%s of %s: scores without a time: %d", c, t, untimed)
	return l, nil
}

func (l *Lookup) notef(when bool, format string, c *column, t *Table, args ...any) {
	if when {
		l.Notes = append(l.Notes, fmt.Sprintf(format, append([]any{shown(c.name), shown(t.Base())}, args...)...))
	}
}

func (a *repeated) add(s estimators.Score) {
	a.rows++
	if s.Status == estimators.OK {
		a.values, a.seconds = append(a.values, s.Value), append(a.seconds, s.Seconds)
	} else if a.reason == "" || s.Reason < a.reason {
		a.reason = s.Reason
	}
}

// mean is the mean of the numbers that there are, the same for every order of the rows.
func (a *repeated) mean() estimators.Score {
	if len(a.values) == 0 {
		return estimators.Score{Status: estimators.Undefined, Reason: a.reason}
	}
	return estimators.Score{Status: estimators.OK, Value: mean(a.values), Seconds: mean(a.seconds)}
}

// mean sorts v.
func mean(v []float64) float64 {
	slices.Sort(v)
	if v[0] == v[len(v)-1] {
		return v[0] // to the bit
	}
	sum, parts, n := 0.0, 0.0, float64(len(v))
	for _, x := range v {
		sum += x
		parts += x / n
	}
	if math.IsInf(sum, 0) {
		return parts
	}
	return sum / n
}

// loses says whether a whole number is not the one that was written.
func loses(text string, v float64) bool {
	text = strings.TrimSpace(text)
	return len(text) > 15 && isDigits(strings.TrimLeft(text, "-")) && strconv.FormatFloat(v, 'f', -1, 64) != text
}

// times is the column of the times of a column, nil if there is none.
func (t *Table) times(name string) *column {
	for _, times := range []string{secondsOf(name), "seconds"} {
		if i, ok := t.places[times]; ok {
			return t.columns[i]
		}
	}
	return nil
}

// reason is what a row says why it has no number.
func (t *Table) reason(row int) string {
	i, ok := t.places[reasonColumn]
	if !ok {
		return ""
	}
	text, _ := t.columns[i].cell(row)
	return printable.Cut(strings.TrimSpace(text), maxReason)
}

// seconds is the time in a row, NaN if there is none.
func (t *Table) seconds(times *column, row int) (float64, error) {
	text, _ := times.cell(row)
	v, err := t.number(text)
	if err != nil {
		return math.NaN(), nil
	}
	if v < 0 {
		return 0, t.at(t.Rows[row].Line, "%s: %s: a time must not be negative", shown(times.name), quoted(text))
	}
	return v, nil
}

// Unit says how a table writes accuracies. Within the program they are percentages.
type Unit string

// The units of accuracies.
const (
	Percent  Unit = surrogate.Percent
	Fraction Unit = "fraction"
)

// UnitNames lists them.
func UnitNames() []string { return []string{string(Percent), string(Fraction)} }

// unit is how a column writes accuracies: as given, or else as fractions if all numbers lie in [0, 1] and not all are
// 0. Numbers between 0 and 1 beside others above 1 are an error that names a line of each.
func (t *Table) unit(c *column, given Unit) (u Unit, notes []string, err error) {
	type found struct {
		line int
		text string
		n    int
	}
	var fraction, one, percent, outside found
	note := func(f *found, k int) {
		if f.n++; f.n == 1 {
			f.line, f.text = t.Rows[c.row(k)].Line, quoted(c.cells[k])
		}
	}
	for k, text := range c.cells {
		v, err := t.number(text)
		if err != nil {
			continue
		}
		switch {
		case 0 < v && v < 1:
			note(&fraction, k)
		case v == 1:
			note(&one, k)
		case v > 1:
			note(&percent, k)
		}
		if v < 0 || v > 100 {
			note(&outside, k)
		}
	}
	what := shown(c.name) + " of " + shown(t.Base())
	say := func(format string, args ...any) { notes = append(notes, what+": "+fmt.Sprintf(format, args...)) }
	u = given
	switch {
	case u == Fraction && percent.n > 0:
		return u, nil, t.at(percent.line, "%s: %s: a fraction is at most 1", shown(c.name), percent.text)
	case u == Fraction && outside.n > 0:
		return u, nil, t.at(outside.line, "%s: %s: a fraction is at least 0", shown(c.name), outside.text)
	case u != "":
	case percent.n > 0 && fraction.n > 0:
		return u, nil, t.at(fraction.line, "%s: %s beside %s in line %d: fractions and percentages in one column: write one "+
			"kind, or say which it is (--unit percent, or unit: percent in a definition)", shown(c.name), fraction.text,
			percent.text, percent.line)
	case percent.n > 0 || outside.n > 0 || fraction.n+one.n == 0:
		u = Percent
		if one.n > 0 {
			say("1 in line %d is taken as 1 %%", one.line)
		}
	default:
		u = Fraction
	}
	if u == Fraction {
		say("fractions, shown in percent")
	}
	if outside.n > 0 {
		say("%d numbers outside [0, 100], such as %s in line %d, are taken as they are", outside.n, outside.text,
			outside.line)
	}
	return u, notes, nil
}

// toPercent turns fractions into percentages whose order and ties are the same.
func (l *Lookup) toPercent() {
	var values []float64
	for _, s := range l.scores {
		if s.Status == estimators.OK {
			values = append(values, s.Value)
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	of := make(map[float64]float64, len(values))
	last := math.Inf(-1)
	for _, v := range values {
		p := hundredfold(v)
		if p <= last {
			p = math.Nextafter(last, math.Inf(1)) // neighbours in binary that would fall together
		}
		of[v], last = p, p
	}
	for k, s := range l.scores {
		if s.Status == estimators.OK {
			s.Value = of[s.Value]
			l.scores[k] = s
		}
	}
}

// hundredfold moves the decimal point, so that 0.57 becomes 57 and not 56.99999999999999.
func hundredfold(v float64) float64 {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	e, err := strconv.Atoi(exponent)
	if err != nil {
		panic(err) // FormatFloat writes one
	}
	p, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e+2), 64) // v is at most 1
	return p
}
