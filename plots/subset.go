package plots

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
)

// Subset chooses at most n of some names by their hashes, and returns their places, ascending. The choice is as good as
// random, does not depend on the order of the names, and is the same in every figure of the same names.
func Subset(names []string, n int) []int {
	places := make([]int, len(names))
	for i := range places {
		places[i] = i
	}
	if len(names) <= n {
		return places
	}
	hashes := make([][sha256.Size]byte, len(names))
	for i, name := range names {
		hashes[i] = sha256.Sum256([]byte(name))
	}
	slices.SortFunc(places, func(i, j int) int {
		return cmp.Or(bytes.Compare(hashes[i][:], hashes[j][:]), cmp.Compare(i, j))
	})
	places = places[:n]
	slices.Sort(places)
	return places
}
