package plots

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shorten cuts names in the middle until each fits, and keeps names apart that were apart: of names that cutting makes
// alike, what they differ in is shown instead, and a number tells apart what still is alike. Full names belong beside
// the figure, as in its CSV.
func shorten(names []string, fits func(string) bool) []string {
	out, group := make([]string, len(names)), make([]int, len(names))
	for i, n := range names {
		out[i], group[i] = shortened(n, fits), slices.Index(names, n)
	}
	for merge(names, out, group) { // every round leaves fewer groups
		for g := range group {
			var members []string
			for i := range names {
				if group[i] == g && !slices.Contains(members, names[i]) {
					members = append(members, names[i])
				}
			}
			if len(members) < 2 {
				continue
			}
			short := apart(members, fits)
			for i := range names {
				if group[i] == g {
					out[i] = short[names[i]]
				}
			}
		}
	}
	return out
}

// merge joins the groups of names that look alike but are not, and says whether there were any.
func merge(names, out []string, group []int) (found bool) {
	for i := range names {
		for k := range i {
			if out[k] != out[i] || names[k] == names[i] || group[k] == group[i] {
				continue
			}
			found = true
			for m, from := range slices.Clone(group) {
				if from == group[i] {
					group[m] = group[k]
				}
			}
		}
	}
	return found
}

// apart shows of every name what it does not have in common with all others at its ends.
func apart(names []string, fits func(string) bool) map[string]string {
	head, tail := commonEnds(names)
	short, taken := map[string]string{}, map[string]bool{}
	for _, name := range names {
		letters := []rune(name)
		text := differing(letters, head, len(letters)-tail, fits)
		for n := 2; taken[text]; n++ {
			number := " " + strconv.Itoa(n)
			text = differing(letters, head, len(letters)-tail, func(s string) bool { return fits(s + number) }) + number
		}
		short[name], taken[text] = text, true
	}
	return short
}

// differing is a name of which what lies between head and tail must be seen: the setting and the value to which this
// belongs in full, how the name begins, and as much of what follows as fits; values alone where settings do not fit.
func differing(name []rune, head, tail int, fits func(string) bool) string {
	from, to := head, tail
	for from > 0 && !strings.ContainsRune(",: ", name[from-1]) {
		from--
	}
	for to < len(name) && !strings.ContainsRune(", ", name[to]) {
		to++
	}
	for _, part := range [][2]int{{from, to}, {head, to}, {head, tail}} {
		for _, first := range []string{string(name[:min(from, 4)]), ""} {
			if part[0] > 0 {
				first += "…"
			}
			for end := len(name); end >= part[1]; end-- {
				short := first + string(name[part[0]:end])
				if end < len(name) {
					short += "…"
				}
				if fits(short) {
					return short
				}
			}
		}
	}
	values := settingName.ReplaceAllString(string(name[from:to]), "")
	for _, first := range []string{string(name[:min(from, 4)]), ""} {
		if short := first + "…" + values; fits(short) {
			return short
		}
	}
	return shortened("…"+string(name[head:tail]), fits)
}

// settingName is what stands before the value of a setting.
var settingName = regexp.MustCompile(`[^,: =]+=`)

// commonEnds counts the letters that all names begin and end with, no more than the shortest has.
func commonEnds(names []string) (head, tail int) {
	first := []rune(names[0])
	head, tail = len(first), len(first)
	shortest := len(first)
	for _, name := range names[1:] {
		r := []rune(name)
		shortest = min(shortest, len(r))
		n := 0
		for n < min(head, len(r)) && r[n] == first[n] {
			n++
		}
		head, n = n, 0
		for n < min(tail, len(r)) && r[len(r)-1-n] == first[len(first)-1-n] {
			n++
		}
		tail = n
	}
	return head, min(tail, shortest-head)
}

// shortened takes letters from the middle of a name until it fits, or two are left.
func shortened(name string, fits func(string) bool) string {
	letters := []rune(strings.TrimSpace(name))
	short := string(letters)
	for n := len(letters); n > 2 && !fits(short); n-- {
		short = string(letters[:n/2]) + "…" + string(letters[len(letters)-(n-1)/2:])
	}
	return short
}
