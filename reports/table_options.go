package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"rwe301/internal/suggest"
)

// TableOptions say how a Table looks. The zero value leaves it as it is.
type TableOptions struct {
	Columns  []string          // their keys, in the order wanted; nil for all
	Caption  string            // instead of the title
	Rename   map[string]string // estimators, settings, levels and columns, and what they are called in the paper
	Digits   *int              // behind the point of coefficients and other numbers
	Terminal int               // columns of a terminal; 0 for 80, Unbroken for lines of any length

	// Of LaTeX alone.
	Label   string  // of \label
	SIunitx bool    // align numbers by siunitx
	Width   float64 // of the page's column in TeX points; 0 for a column of a two-column page, or its whole width
}

// Unbroken is a terminal of any width: rows stay whole, for what is to be copied or searched.
const Unbroken = math.MaxInt32

// terminal is the number of columns to print to.
func (o TableOptions) terminal() int { return cmp.Or(o.Terminal, 80) }

// wanted are the columns that people see.
func (t Table) wanted(keys []string) (from []int) {
	for k, c := range t.Columns {
		if keys == nil && !c.Hidden {
			from = append(from, k)
		}
	}
	for _, key := range keys {
		for k, c := range t.Columns {
			if c.is(key) && !slices.Contains(from, k) {
				from = append(from, k)
			}
		}
	}
	return from
}

// is says whether a key is that of the column, or of one of its numbers.
func (c Column) is(key string) bool { return c.Key == key || slices.Contains(c.keys(), key) }

// shows says whether people see columns of these keys, and not programs alone.
func (t Table) shows(keys []string) bool {
	for _, key := range keys {
		if !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.is(key) }) {
			return false
		}
	}
	return true
}

// has says whether the table has a column of one of some keys.
func (t Table) has(keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return t.shows([]string{key}) || t.forPrograms().shows([]string{key})
	})
}

// CheckColumns refuses keys of columns that none of some tables has.
func CheckColumns(keys []string, tables ...Table) error {
	var legal []string
	for _, t := range tables {
		for _, c := range slices.Concat(t.Columns, t.forPrograms().Columns) {
			for _, key := range append([]string{c.Key}, c.keys()...) {
				if key != "" && !slices.Contains(legal, key) {
					legal = append(legal, key)
				}
			}
		}
	}
	for _, key := range keys {
		if !slices.Contains(legal, key) {
			return fmt.Errorf("column %q: unknown%s", key, suggest.Nearest(key, legal))
		}
	}
	return nil
}

// token is a name within a label such as rwe:epochs=3,channels=4 or rank:params+flops.
var token = regexp.MustCompile(`[^\s:=,+()*]+`)

// renamed is the table with other names for estimators, settings, levels and columns.
func (t Table) renamed(names map[string]string) Table {
	if len(names) == 0 {
		return t
	}
	called := map[string]string{} // the labels that are renamed
	rename := func(s string) string {
		to, ok := names[s]
		if !ok {
			to = token.ReplaceAllStringFunc(s, func(word string) string {
				if name, ok := names[word]; ok {
					return name
				}
				return word
			})
		}
		if to != s {
			called[s] = to
		}
		return to
	}
	t.Columns, t.Rows = slices.Clone(t.Columns), slices.Clone(t.Rows)
	for i, row := range t.Rows {
		t.Rows[i] = slices.Clone(row)
		for k, c := range t.Columns {
			if c.Kind == Label {
				t.Rows[i][k].Text = rename(row[k].Text)
			}
		}
	}
	for _, s := range t.subjects {
		rename(s)
	}
	for i, c := range t.Columns {
		if to, ok := names[c.Name]; ok && c.Name != "" {
			t.Columns[i].Name = to
		} else if to, ok := names[c.Key]; ok {
			t.Columns[i].Name = to
		} else if c.Labelled {
			t.Columns[i].Name = rename(c.Name)
		}
	}
	prose := func(s string) string {
		for _, from := range slices.SortedFunc(maps.Keys(called), func(a, b string) int { return len(b) - len(a) }) {
			s = replaceName(s, from, called[from])
		}
		return s
	}
	each := func(texts []string) []string {
		out := make([]string, len(texts))
		for i, s := range texts {
			out[i] = prose(s)
		}
		return out
	}
	t.Title, t.Notes, t.Legend = prose(t.Title), each(t.Notes), each(t.Legend)
	remarks := slices.Clone(t.remarks)
	for i, r := range remarks {
		remarks[i].details = each(r.details)
	}
	t.remarks = remarks
	return t
}

// replaceName replaces a name where it stands by itself in a text.
func replaceName(s, from, to string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, from)
		if i < 0 {
			return b.String() + s
		}
		before, after := s[:i], s[i+len(from):]
		b.WriteString(before)
		if nameEnds(strings.HasSuffix, before) && nameEnds(strings.HasPrefix, after) {
			b.WriteString(to)
		} else {
			b.WriteString(from)
		}
		s = after
	}
}

// nameEnds says whether a name ends where a text does: there is none, a blank or a mark of punctuation.
func nameEnds(has func(s, end string) bool, s string) bool {
	return s == "" || slices.ContainsFunc([]string{" ", ",", ":", ";", ".", "(", ")", "\n"},
		func(end string) bool { return has(s, end) })
}

// Names lists what TableOptions can rename in the table.
func (t Table) Names() []string {
	seen := map[string]bool{}
	for _, c := range t.Columns {
		seen[c.Name], seen[c.Key] = true, true
	}
	add := func(s string) {
		seen[s] = true
		for _, word := range token.FindAllString(s, -1) {
			seen[word] = true
		}
	}
	for _, row := range t.Rows {
		for k, c := range t.Columns {
			if c.Kind == Label {
				add(row[k].Text)
			}
		}
	}
	for _, s := range t.subjects {
		add(s)
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen))
}
