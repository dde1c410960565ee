// Package conformance compares the estimators, on this machine, with numbers that other programs computed from the same
// weights and images.
//
// [Check] scores the reference cases in the binary with every estimator, in seconds. It asks each through the interface
// that everybody uses; only the inputs, see package inputs, are those of a case.
package conformance

import (
	"context"
	_ "embed" // the cases are part of the binary
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/estimators/internal/curve"
	"rwe301/estimators/internal/reference"
)

// Verdict says what a comparison with reference numbers came to.
type Verdict string

// The verdicts.
const (
	Agrees      Verdict = "agrees"
	Differs     Verdict = "differs"
	NoReference Verdict = "no reference"
)

// Result compares one estimator with its reference numbers.
type Result struct {
	Estimator string  `json:"estimator"`
	Reference string  `json:"reference"`
	Compared  int     `json:"compared"`  // numbers
	Deviation float64 `json:"deviation"` // the largest, relative to the number
	Allowed   float64 `json:"allowed"`   // the deviation allowed for it, likewise
	Verdict   Verdict `json:"verdict"`
	Note      string  `json:"note,omitempty"`
}

// referenceCases are written by tools/oracles/check.py.
//
//go:embed reference.json
var referenceCases []byte

// testCase is a case and scores of it.
type testCase struct {
	reference.Case
	Reference string `json:"reference"` // what computed the scores
	Scores    []struct {
		Estimator string  `json:"estimator"` // as Parse reads it, without the settings of the case
		Want      float64 `json:"want"`
		Tolerance float64 `json:"tolerance"` // absolute, of float32 passes
	} `json:"scores"`
}

// curveCase is a curve of accuracies, and what fits to it say at the final epoch.
type curveCase struct {
	Accuracies []float64          `json:"accuracies"`
	Final      float64            `json:"final"`
	Want       map[string]float64 `json:"want"`
}

// curveSource says where the numbers of curves come from.
const curveSource = "scipy (tools/oracles/extrapolation.py)"

// references reads the cases in the binary.
func references() (cases []testCase, curves []curveCase, err error) {
	file := struct {
		Cases  *[]testCase  `json:"cases"`
		Curves *[]curveCase `json:"curves"`
	}{&cases, &curves}
	if err := json.Unmarshal(referenceCases, &file); err != nil {
		return nil, nil, fmt.Errorf("the reference cases in the binary: %w", err)
	}
	return cases, curves, nil
}

// Check compares every estimator with the reference cases in the binary, in the order of estimators.All. The error is
// that of ctx, or says that a case cannot be read; everything else that goes wrong is in the results.
func Check(ctx context.Context) ([]Result, error) {
	cases, curves, err := references()
	if err != nil {
		return nil, err
	}
	var out []Result
	index := map[string]int{}
	for _, info := range estimators.All() {
		index[info.Name] = len(out)
		out = append(out, Result{Estimator: info.Name, Verdict: NoReference, Note: info.Noise})
	}
	for _, r := range cases {
		env := r.env()
		for _, want := range r.Scores {
			c, err := r.configure(want.Estimator)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Name, err)
			}
			got, err := r.score(ctx, c, env)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			out[index[c.Info.Name]].compare(r.Name, r.Reference, got, want.Want, want.Tolerance, err)
		}
	}
	for _, c := range curves {
		for name, family := range map[string]curve.Family{"lce-power": curve.PowerLaw, "lce-logpower": curve.LogPower} {
			got, err := curve.Extrapolate(c.Accuracies, c.Final, family)
			out[index[name]].compare("a curve", curveSource, got, c.Want[name], 1e-4, err)
		}
	}
	return out, nil
}

// compare adds a number to the result.
func (r *Result) compare(name, reference string, got, want, tolerance float64, err error) {
	r.Reference, r.Compared = reference, r.Compared+1
	if r.Verdict == NoReference {
		r.Verdict = Agrees
	}
	deviation := math.Abs(got - want)
	if err != nil || !(deviation <= tolerance) {
		r.Verdict = Differs
	}
	if err != nil {
		r.Note = fmt.Sprintf("%s: %v", name, err)
	}
	scale := max(math.Abs(want), math.SmallestNonzeroFloat64)
	if relative := deviation / scale; relative >= r.Deviation {
		r.Deviation, r.Allowed = relative, tolerance/scale
	}
}

// env is an environment whose inputs are the case's.
func (r *testCase) env() *estimators.Env {
	env := estimators.NewEnv(r.Data(), 0)
	env.Inputs = &r.Case
	return env
}

// asWritten hides an architecture's canonical form: the case's parameters are in the order in which it is written.
type asWritten struct {
	bench301.Architecture
	bench301.OperationCounter
}

func (r *testCase) score(ctx context.Context, c *estimators.Configured, env *estimators.Env) (float64, error) {
	g := r.Genotype()
	s, err := c.Score(ctx, asWritten{g, g}, env)
	if err == nil && s.Status != estimators.OK {
		err = errors.New(s.Reason)
	}
	return s.Value, err
}

// configure binds an estimator to the settings of the case, as far as it has them and spec does not give others.
func (r *testCase) configure(spec string) (*estimators.Configured, error) {
	name, more, _ := strings.Cut(spec, ":")
	defaults, err := estimators.New(name, nil)
	if err != nil {
		return nil, err
	}
	settings := r.Settings(func(key string) bool {
		_, has := defaults.Setting(key)
		return has && !strings.Contains(","+more, ","+key+"=")
	})
	if settings = strings.Trim(settings+","+more, ","); settings == "" {
		return defaults, nil
	}
	return estimators.Parse(name + ":" + settings)
}
