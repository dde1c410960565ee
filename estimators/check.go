package estimators

import (
	"context"
	"fmt"
	"math"
)

// Verdict says what a comparison with reference numbers came to.
type Verdict string

// The verdicts.
const (
	Agrees      Verdict = "agrees"
	Differs     Verdict = "differs"
	NoReference Verdict = "no reference"
)

// Conformance compares an estimator, on this machine, with reference numbers of the same weights and images.
type Conformance struct {
	Estimator string  `json:"estimator"`
	Reference string  `json:"reference"`
	Compared  int     `json:"compared"`  // numbers
	Deviation float64 `json:"deviation"` // the largest, relative to the number
	Allowed   float64 `json:"allowed"`   // the deviation allowed for it, likewise
	Verdict   Verdict `json:"verdict"`
	Note      string  `json:"note,omitempty"`
}

// Check compares every estimator with the reference cases in the binary.
func Check(ctx context.Context) ([]Conformance, error) {
	cases, err := references()
	if err != nil {
		return nil, err
	}
	var out []Conformance
	index := map[string]int{}
	for _, info := range All() {
		index[info.Name] = len(out)
		c := Conformance{Estimator: info.Name, Verdict: NoReference}
		if info.Noise != "" {
			c.Note = info.Noise
		}
		out = append(out, c)
	}
	compare := func(name, estimator, reference string, got, want, tolerance float64, err error) {
		o := &out[index[estimator]]
		o.Reference, o.Compared = reference, o.Compared+1
		if o.Verdict == NoReference {
			o.Verdict = Agrees
		}
		deviation := math.Abs(got - want)
		if err != nil || !(deviation <= tolerance) {
			o.Verdict = Differs
		}
		if err != nil {
			o.Note = fmt.Sprintf("%s: %v", name, err)
		}
		scale := max(math.Abs(want), math.SmallestNonzeroFloat64)
		if relative := deviation / scale; relative >= o.Deviation {
			o.Deviation, o.Allowed = relative, tolerance/scale
		}
	}
	for _, r := range cases {
		env, err := r.env()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		for _, want := range r.Scores {
			c, err := r.configure(want.Estimator)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Name, err)
			}
			s, err := c.Estimate(ctx, r.genotype(), env)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			compare(r.Name, c.Info.Name, r.Reference, s.Value, want.Want, want.Tolerance, err)
		}
	}
	if err := checkNewer(ctx, func(estimator string, got, want, tolerance float64, err error) {
		compare("newer scores", estimator, newerSource, got, want, tolerance, err)
	}); err != nil {
		return nil, err
	}
	return out, checkTrained(ctx, func(estimator, source string, got, want, tolerance float64, err error) {
		compare("a training", estimator, source, got, want, tolerance, err)
	})
}
