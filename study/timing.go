package study

import (
	"context"
	"runtime"
	"time"

	"rwe301/estimators"
	"rwe301/scoring"
)

// Timing is what a plan will take.
type Timing struct {
	Seconds  []float64     // of one score, for every question; 0 where it was not measured
	Measured int           // questions measured
	Total    time.Duration // of the study, on Workers cores
	Workers  int
}

// Time measures every question once, on the first architecture, until the budget is used up; what is left is taken to
// cost the mean. One measurement is a rough guide: architectures differ by a factor of two or so. Programs of the user
// are not started, and not counted. Before each question, tell learns how many of how many are done.
func (p *Plan) Time(ctx context.Context, workers int, shard Shard, budget time.Duration,
	tell func(done, total int)) (Timing, error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	t := Timing{Seconds: make([]float64, len(p.Questions)), Workers: workers}
	env := estimators.NewEnv(p.Data, 0)
	start := time.Now()
	var measured, rest, scores float64
	for i, q := range p.Questions {
		tell(i, len(p.Questions))
		if _, own := q.Source.(*scoring.Program); own {
			continue
		}
		if time.Since(start) > budget {
			rest += float64(len(q.Seeds))
			continue
		}
		before := time.Now()
		s, err := scoring.Ask(ctx, q.Source, p.Architectures[0], env)
		if err != nil {
			return t, err
		}
		t.Seconds[i] = s.Seconds
		t.Measured++
		measured += float64(time.Since(before).Seconds() * float64(len(q.Seeds))) // as part of a pass over all questions
		scores += float64(len(q.Seeds))
	}
	perArchitecture := measured
	if scores > 0 {
		perArchitecture += float64(measured / scores * rest)
	}
	n := float64(shard.size(p.Size()))
	t.Total = time.Duration(perArchitecture * n / float64(workers) * float64(time.Second))
	return t, nil
}
