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
			o := &out[index[c.Info.Name]]
			o.Reference, o.Compared = r.Reference, o.Compared+1
			if o.Verdict == NoReference {
				o.Verdict = Agrees
			}
			deviation := math.Abs(s.Value - want.Want)
			if err != nil || !(deviation <= want.Tolerance) {
				o.Verdict = Differs
			}
			if err != nil {
				o.Note = fmt.Sprintf("%s: %v", r.Name, err)
			}
			scale := max(math.Abs(want.Want), math.SmallestNonzeroFloat64)
			if relative := deviation / scale; relative >= o.Deviation {
				o.Deviation, o.Allowed = relative, want.Tolerance/scale
			}
		}
	}
	return out, nil
}
