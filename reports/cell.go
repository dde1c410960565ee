package reports

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"rwe301/analysis"
)

// Kind says what the cells of a column hold, and so how they are printed.
type Kind int

// The kinds of columns, with the numbers that a cell of theirs has.
const (
	Words       Kind = iota // a text
	Label                   // the name of an estimator, a setting, a level: TableOptions can rename it
	Count                   // a whole number
	Real                    // a number
	Expected                // an expected count: whole where it is, else with two digits
	Significant             // a number of any size, printed with significant digits
	Signed                  // a number that is printed with its sign
	Ends                    // the two ends of an interval
	Chance                  // a p-value
	Versus                  // a mark, and the p-value behind it
	Time                    // seconds
	Share                   // a fraction, printed as a percentage
	Flag                    // 1 for yes, 0 for no
	Spread                  // median, quartiles and the number of values, with a mark
)

// Column heads a column of a Table.
type Column struct {
	Name   string // for people
	Key    string // for programs: a word in lower case, by which TableOptions choose it
	Kind   Kind
	Digits int  // behind the point, of a Real, Signed, Ends or Spread; significant ones
	Better int  // 1 where higher is better, -1 where lower is
	Right  bool // set words right
	Bound  bool // belongs to the column before: an interval to its value
	Hidden bool // only programs see it, unless it is asked for
	Prose  bool // only people see it, unless it is asked for

	Labelled bool // Name is the name of something, such as a level: TableOptions can rename it
}

// left says whether the column is set left; numbers are set right.
func (c Column) left() bool { return (c.Kind == Words || c.Kind == Label) && !c.Right }

// heads says whether the column names rows, or numbers them.
func (c Column) heads() bool { return c.Kind == Label || c.Kind == Count && c.Name == "" }

// keys are the names of the numbers of a cell, a column each in formats for programs.
func (c Column) keys() []string {
	switch base := strings.TrimSuffix(c.Key, "_ci"); c.Kind {
	case Ends:
		return []string{base + "_low", base + "_high"}
	case Versus:
		return []string{c.Key, "p_" + c.Key}
	case Spread:
		return []string{c.Key, c.Key + "_q1", c.Key + "_q3", c.Key + "_n", c.Key + "_mark"}
	}
	return []string{c.Key}
}

// Cell is what stands in a row of a Table below a column: a text, or the numbers that the kind of the column says.
type Cell struct {
	Text  string    // of words; of numbers, what people see in place of those that there are not
	V     []float64 // nil for none
	After string    // what people see behind it
	Style Style
}

// Style sets a cell apart in formats that can show it.
type Style int

// The styles of cells.
const (
	Strong     Style = iota + 1 // the best, and what cannot be told from it
	Underlined                  // the second best
)

// Texts are cells of words.
func Texts(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, t := range texts {
		cells[i] = Cell{Text: t}
	}
	return cells
}

func text(s string) Cell                     { return Cell{Text: s} }
func value(v ...float64) Cell                { return Cell{V: v} }
func count[N int | int64 | uint64](n N) Cell { return Cell{V: []float64{float64(n)}} }

func flag(yes bool) Cell {
	if yes {
		return value(1)
	}
	return value(0)
}

// statistic is a number, or why there is none.
func statistic(s analysis.Statistic) Cell {
	switch {
	case s.Undefined():
		return text("undefined")
	case s.Err != nil:
		return text(s.Err.Error())
	}
	return value(s.Value)
}

// coefficient are a value and the ends of its interval.
func coefficient(i *analysis.Interval) []Cell {
	if i == nil {
		return []Cell{text("undefined"), {}}
	}
	return []Cell{value(i.Value), ends(i.Low, i.High, i.Method)}
}

// seconds is a duration; 0 is one that is not known.
func seconds(s float64) Cell {
	if s == 0 {
		return Cell{}
	}
	return value(s)
}

// chance is a p-value, if there is one.
func chance(p *float64) Cell {
	if p == nil {
		return Cell{}
	}
	return value(*p)
}

// shown is the text of a cell for people.
func (c Column) shown(cell Cell) string { return c.text(cell) + cell.After }

func (c Column) text(cell Cell) string {
	v := cell.V
	if len(v) == 0 && c.Kind != Versus && c.Kind != Spread {
		return cell.Text
	}
	switch c.Kind {
	case Count:
		return fixed(v[0], 0)
	case Real:
		return fixed(v[0], c.Digits)
	case Expected:
		if v[0] == math.Trunc(v[0]) {
			return fixed(v[0], 0)
		}
		return fixed(v[0], 2)
	case Significant:
		return strconv.FormatFloat(v[0], 'g', c.Digits, 64)
	case Signed:
		return plus(v[0], c.Digits)
	case Ends:
		return "[" + plus(v[0], c.Digits) + ", " + plus(v[1], c.Digits) + "]"
	case Chance:
		return probability(v[0])
	case Versus:
		if len(v) == 0 {
			return cell.Text
		}
		return cell.Text + " (" + PValue(v[0]) + ")"
	case Time:
		return Seconds(v[0])
	case Share:
		return fixed(100*v[0], 0) + "%"
	case Flag:
		if v[0] == 1 {
			return "yes"
		}
		return "no"
	case Spread:
		return c.spread(cell)
	}
	return cell.Text
}

// spread writes median and quartiles, and of how many values they are unless of all.
func (c Column) spread(cell Cell) string {
	if len(cell.V) == 0 {
		return "none" + cell.Text
	}
	out := fixed(cell.V[0], c.Digits)
	if n, of := cell.V[3], cell.V[4]; n > 1 || of > n {
		if n > 1 {
			out += " [" + fixed(cell.V[1], c.Digits) + ", " + fixed(cell.V[2], c.Digits) + "]"
		}
		if n < of {
			out += " (" + fixed(n, 0) + " of " + fixed(of, 0) + ")"
		}
	}
	return out + cell.Text
}

// values are the values of a cell for programs: nil, a number, a truth or a text each, as keys names them.
func (c Column) values(cell Cell) []any {
	n := len(c.keys())
	out := make([]any, n)
	number := func(i int) any {
		if i >= len(cell.V) || math.IsNaN(cell.V[i]) || math.IsInf(cell.V[i], 0) {
			return nil
		}
		return cell.V[i]
	}
	switch c.Kind {
	case Words, Label:
		return []any{cell.Text}
	case Count:
		if len(cell.V) > 0 {
			out[0] = int64(cell.V[0])
		}
	case Flag:
		if len(cell.V) > 0 {
			out[0] = cell.V[0] == 1
		}
	case Versus:
		out[0], out[1] = orNil(cell.Text), number(0)
	case Spread:
		for i := range 3 {
			out[i] = number(i)
		}
		if len(cell.V) > 3 {
			out[3] = int64(cell.V[3])
		}
		out[4] = orNil(strings.TrimSpace(cell.Text))
	default:
		for i := range out {
			out[i] = number(i)
		}
	}
	return out
}

// orNil is nil for no text.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// lacks says what stands in place of the numbers of a cell, if that says something.
func (c Column) lacks(cell Cell) string {
	if c.Kind == Words || c.Kind == Label || c.Kind == Ends || c.Kind == Versus || c.Kind == Spread || len(cell.V) > 0 {
		return ""
	}
	return cell.Text
}

// plus writes a number with its sign.
func plus(x float64, digits int) string {
	s := fixed(x, digits)
	if s[0] != '-' {
		s = "+" + s
	}
	return s
}

// fixed writes a number with so many digits behind the point.
func fixed(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }

// column finds the column of a name for programs.
func column(columns []Column, key string) int {
	return slices.IndexFunc(columns, func(c Column) bool { return c.Key == key })
}
