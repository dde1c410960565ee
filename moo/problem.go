package moo

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
)

// Problem is what is searched. All randomness comes from the generator that is passed in; none of the functions may
// change its arguments.
type Problem[T any] struct {
	Objectives int                                   // number of objectives, at least 1; all are minimised
	Sample     func(rng *rand.Rand) T                // draws a solution
	Mutate     func(rng *rand.Rand, x T) T           // varies a solution a little
	Crossover  func(rng *rand.Rand, a, b T) (c, d T) // mixes two solutions into two
	Neighbours func(x T) []T                         // solutions next to x; only local search asks
	Key        func(x T) string                      // equal keys mean equal solutions
	// Evaluate returns one outcome a solution, in order. An error ends the search; a solution that cannot be evaluated is
	// an Outcome with Failed set.
	Evaluate func(ctx context.Context, xs []T) ([]Outcome, error)
}

// Outcome is what evaluating a solution yields.
type Outcome struct {
	Objectives []float64 `json:"objectives,omitempty"` // minimised; none if the evaluation failed
	Violation  float64   `json:"violation,omitempty"`  // 0 if all constraints hold, else how much they are broken
	Failed     string    `json:"failed,omitempty"`     // why there are no objectives
}

// violation orders outcomes before their objectives do: failures last.
func (o Outcome) violation() float64 {
	if o.Failed != "" {
		return math.Inf(1)
	}
	return max(0, o.Violation)
}

// validate says what is wrong with an outcome.
func (o Outcome) validate(objectives int) error {
	if o.Failed != "" {
		return nil
	}
	if len(o.Objectives) != objectives {
		return fmt.Errorf("%d objectives: the problem has %d", len(o.Objectives), objectives)
	}
	for i, v := range o.Objectives {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("objective %d is %v: report such a solution as failed", i, v)
		}
	}
	if math.IsNaN(o.Violation) || math.IsInf(o.Violation, 0) {
		return fmt.Errorf("constraint violation is %v: report such a solution as failed", o.Violation)
	}
	return nil
}

// Individual is an evaluated solution.
type Individual[T any] struct {
	X T `json:"x"`
	Outcome
	Rank     int      `json:"rank"`     // front it belongs to, 0 the best
	Crowding Extended `json:"crowding"` // crowding distance within that front
}

// Extended is a float64 whose +Inf is null in JSON.
type Extended float64

// MarshalJSON writes +Inf as null.
func (e Extended) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(e), 1) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(e))
}

// UnmarshalJSON reads null as +Inf.
func (e *Extended) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*e = Extended(math.Inf(1))
		return nil
	}
	return json.Unmarshal(data, (*float64)(e))
}

// Dominates reports whether a is better than b: a smaller constraint violation wins; where it is equal, a must be no
// worse in every objective and better in one (Deb, Pratap, Agarwal and Meyarivan 2002, section VI). Equal outcomes do
// not dominate each other.
func Dominates(a, b Outcome) bool {
	if va, vb := a.violation(), b.violation(); va != vb {
		return va < vb
	}
	return dominates(a.Objectives, b.Objectives)
}

func dominates(a, b []float64) bool {
	better := false
	for i := range a {
		if a[i] > b[i] {
			return false
		}
		better = better || a[i] < b[i]
	}
	return better
}
