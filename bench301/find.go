package bench301

import (
	"fmt"
	"slices"
	"strings"
)

// finder is a space that finds its architectures inside a text that says other things too: a line of a log, a
// statement of Python, an object with architectures somewhere in it.
type finder interface {
	// find returns them in order. A part that is an architecture, but a wrong one, carries its error.
	find(text string, forced Notation) []found
}

// found is an architecture inside a text.
type found struct {
	name         string // the variable or key that holds it; "" if none does
	literal      literal
	architecture Architecture
	notation     Notation
	err          error
}

// maxQuotes bounds how often a text within a text is looked into.
const maxQuotes = 2

// search lists the values inside l that are architectures of the DARTS space, as far as their outline tells. The name
// is the key or variable that holds l.
func search(l literal, name string, quotes int) []found {
	if n := recognise(l); n != "" && certain(l, n) {
		return []found{{name: name, literal: l}}
	}
	if l.kind == stringLiteral && quotes < maxQuotes && strings.ContainsAny(l.text, "[({") {
		if inner, err := parseLiteral(l.text); err == nil && inner.kind != stringLiteral {
			return search(inner, name, quotes+1)
		}
	}
	var all []found
	for i, item := range l.items {
		if item.kind == numberLiteral || item.kind == wordLiteral {
			continue
		}
		of := name
		if i < len(l.keys) && l.keys[i] != "" {
			of = l.keys[i]
			if n := recognise(item); n == NotationEvoXBench {
				continue // a list of numbers under a key may be anything
			}
		}
		all = append(all, search(item, of, quotes)...)
	}
	return all
}

// certain tells an architecture, perhaps with a mistake in it, from what merely looks like one: from other numbers, and
// from code that makes a genotype of variables.
func certain(l literal, n Notation) bool {
	pair := func(l literal) bool { return l.kind == listLiteral && len(l.items) == 2 }
	switch n {
	case NotationGenotype, NotationAwNAS:
		return slices.ContainsFunc(l.items, func(l literal) bool { return l.kind == listLiteral && len(l.items) > Nodes })
	case NotationEvoXBench:
		return len(l.items) == 4*EdgesPerCell && !slices.ContainsFunc(l.items, func(l literal) bool {
			_, err := integer(l)
			return err != nil
		})
	case NotationPairs:
		return len(l.items) == 2 && !slices.ContainsFunc(l.items, func(cell literal) bool {
			return cell.kind != listLiteral || slices.ContainsFunc(cell.items, func(l literal) bool { return !pair(l) })
		})
	case NotationJSON:
		normal, _ := l.get("normal")
		reduce, _ := l.get("reduce")
		return normal.kind == listLiteral && reduce.kind == listLiteral
	}
	return true
}

// maxFailures bounds how many brackets of a text may begin no value.
const maxFailures = 50_000

// find implements finder.
func (DARTS) find(text string, forced Notation) []found {
	var all []found
	name, _ := assigned(text)
	last := lastOperation(text)
	closed := strings.LastIndexAny(text, "])}")
	failures := 0
	for i := 0; ; {
		n := strings.IndexAny(text[i:], "[({")
		if n < 0 || i+n > closed && last < i+n {
			break
		}
		open := i + n
		if failures > maxFailures {
			return append(all, found{err: fmt.Errorf("%d brackets that begin no value: write one architecture a line",
				failures)})
		}
		start := open
		for text[open] == '(' && start > i && (letter(text[start-1]) || digit(text[start-1]) || text[start-1] == '.') {
			start--
		}
		called := text[start:open]
		s := scanner{text: text[start:]}
		v, err := s.value(0)
		switch {
		case definesType(text[:start]):
			i = open + 1
		case err != nil && strings.HasSuffix(called, "Genotype") && open < last:
			return append(all, found{name: name, err: err})
		case err != nil:
			failures++
			// Of a long row of brackets only the last ones can begin a value.
			row := strings.Repeat(text[open:open+1], maxDepth+2)
			for i = open + 1; strings.HasPrefix(text[i:], row); i++ {
			}
		default:
			here := search(v, "", 0)
			if len(here) == 1 {
				here[0].name = ""
			}
			for _, f := range here {
				if f.name == "" {
					f.name = name
				}
				f.architecture, f.notation, f.err = decode(f.literal, forced)
				all = append(all, f)
			}
			i = start + s.pos
		}
	}
	return all
}

// definesType reports whether a class or a function is about to be named.
func definesType(before string) bool {
	return strings.HasSuffix(before, "class ") || strings.HasSuffix(before, "def ")
}

// lastOperation is where text names an operation of the DARTS space for the last time, -1 if it does not.
func lastOperation(text string) int {
	last := -1
	for _, name := range operationNames {
		last = max(last, strings.LastIndex(text, name))
	}
	return last
}

// broken reports whether text was meant as an architecture, though none could be read from it.
func broken(text string) bool {
	var b strings.Builder
	for _, c := range []byte(text[:min(len(text), maxText)]) {
		if strings.IndexByte(" \t\r\n'\"", c) < 0 {
			b.WriteByte(c)
		}
	}
	bare := b.String()
	for _, start := range []string{"normal=[", "normal=(", "normal:[", "normal:(", "normal_0=(", "normal_0=["} {
		if strings.Contains(bare, start) && lastOperation(bare) >= 0 {
			return true
		}
	}
	return strings.HasPrefix(bare, "[[(") || strings.HasPrefix(bare, "(((") || strings.HasPrefix(bare, "([(")
}
