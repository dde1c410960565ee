// Package suggest helps those who mistype a name.
package suggest

import (
	"fmt"
	"slices"
	"strings"
)

// Nearest ends an error about an unknown word: " (did you mean ...?)", or the legal words when none is near.
func Nearest(word string, legal []string) string {
	if near := Near(word, legal); near != "" {
		return near
	}
	if len(legal) == 0 {
		return " (there are none)"
	}
	return " (legal: " + strings.Join(slices.Sorted(slices.Values(legal)), ", ") + ")"
}

// Near is " (did you mean ...?)", or nothing when no legal word is near.
func Near(word string, legal []string) string {
	best, least := "", len(word)/2+1
	for _, l := range slices.Sorted(slices.Values(legal)) {
		if d := distance(strings.ToLower(word), strings.ToLower(l)); d < least {
			best, least = l, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance is Levenshtein's, where two neighbours that changed places count once (optimal string alignment).
func distance(a, b string) int {
	row, before := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := row[j]
			if a[i] != b[j] {
				cost++
			}
			next[j+1] = min(cost, next[j]+1, row[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
