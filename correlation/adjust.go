package correlation

import (
	"cmp"
	"slices"
)

// Bonferroni returns p-values adjusted for m = len(p) tests: m p, at most 1.
func Bonferroni(p []float64) []float64 {
	out := make([]float64, len(p))
	for i, v := range p {
		out[i] = min(1, float64(len(p))*v)
	}
	return out
}

// Holm returns p-values adjusted by the step-down procedure of Holm (1979), which controls the chance of any false
// rejection.
func Holm(p []float64) []float64 {
	out := make([]float64, len(p))
	running := 0.0
	for step, i := range ascending(p) {
		running = max(running, float64(len(p)-step)*p[i])
		out[i] = min(1, running)
	}
	return out
}

// BenjaminiHochberg returns p-values adjusted by the step-up procedure of Benjamini and Hochberg (1995), which controls
// the expected share of false rejections.
func BenjaminiHochberg(p []float64) []float64 {
	out := make([]float64, len(p))
	running := 1.0
	order := ascending(p)
	for step := len(order) - 1; step >= 0; step-- {
		i := order[step]
		running = min(running, float64(len(p))/float64(step+1)*p[i])
		out[i] = running
	}
	return out
}

// ascending returns the indices of p in ascending order of value, equal ones by position.
func ascending(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	return order
}
