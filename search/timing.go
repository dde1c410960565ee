package search

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
)

// Timing is what searches will take.
type Timing struct {
	Evaluations int           // at most: what is met again is not evaluated again
	Each        float64       // seconds of one, for the method that takes longest
	Total       time.Duration // of all, on Workers cores
	Workers     int
}

// Time measures the objectives of a definition on one architecture that it draws. That is a rough guide: architectures
// differ by a factor of two or so. Workers below 1 mean one a core.
func Time(ctx context.Context, d Definition, workers int) (Timing, error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	t := Timing{Workers: workers}
	space, err := bench301.LookupSpace(d.Space)
	if err != nil {
		return t, err
	}
	s := &Searches{Manifest: Manifest{Definition: d}}
	if err := s.prepare(ctx, true); err != nil {
		return t, err
	}
	a := space.Sample(rand.New(rand.NewPCG(0, 0)))
	total := 0.0
	for _, m := range d.Methods {
		env := estimators.NewEnv(s.data, 0) // an own one: methods share nothing for sure
		each, n := 0.0, d.Population*d.Generations*len(d.Seeds)
		for _, spec := range m.Objectives {
			score, err := scoring.Ask(ctx, s.objectives[spec].Source, a, env)
			if err != nil {
				return t, err
			}
			each += score.Seconds
		}
		t.Each = max(t.Each, each)
		t.Evaluations += n
		total += float64(each * float64(n))
	}
	t.Total = time.Duration(total / float64(workers) * float64(time.Second))
	return t, nil
}
