package plots

import (
	"strconv"
	"strings"
)

// Shorten cuts names in the middle until each fits, and keeps names apart that were apart: where cutting makes two of
// them alike, what they begin and end with in common goes first, and a number tells apart what still is alike. Full
// names belong beside the figure, as in its CSV.
func Shorten(names []string, fits func(string) bool) []string {
	out := make([]string, len(names))
	groups := map[string][]int{}
	for i, n := range names {
		out[i] = shortened(n, fits)
		groups[out[i]] = append(groups[out[i]], i)
	}
	for i := range names {
		group := groups[out[i]]
		if len(group) < 2 || group[0] != i || alike(names, group) {
			continue
		}
		head, tail := commonEnds(names, group)
		taken := map[string]int{}
		for _, k := range group {
			letters := []rune(names[k])
			short := differing(letters, head, len(letters)-tail, fits)
			if taken[short]++; taken[short] > 1 {
				n := " " + strconv.Itoa(taken[short])
				short = shortened(short, func(s string) bool { return fits(s + n) }) + n
			}
			out[k] = short
		}
	}
	return out
}

// differing is a name of which what lies between head and tail must be seen: the setting and the value to which this
// belongs in full, how the name begins, and as much of what follows as fits.
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
	return shortened("…"+string(name[head:tail]), fits)
}

// alike says whether all names of a group are one name.
func alike(names []string, group []int) bool {
	for _, i := range group {
		if names[i] != names[group[0]] {
			return false
		}
	}
	return true
}

// commonEnds counts the letters that all names of a group begin and end with, no more than the shortest has.
func commonEnds(names []string, group []int) (head, tail int) {
	first := []rune(names[group[0]])
	head, tail = len(first), len(first)
	shortest := len(first)
	for _, i := range group {
		r := []rune(names[i])
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
