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
			middle := []rune(names[k])
			rest := string(middle[head : len(middle)-tail])
			short := shortened("…"+rest, fits)
			if first := string(middle[:min(head, 4)]); fits(first + "…" + rest) {
				short = first + "…" + rest
			}
			if taken[short]++; taken[short] > 1 {
				n := " " + strconv.Itoa(taken[short])
				short = shortened(short, func(s string) bool { return fits(s + n) }) + n
			}
			out[k] = short
		}
	}
	return out
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
