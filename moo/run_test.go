package moo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

type rng = *rand.Rand

// small is an integer problem with a known front: the sums of the variables and of their complements squared.
func small() Problem[[]int] {
	return integers([]int{4, 4, 4, 4, 4}, func(x []int) []float64 {
		a, b := 0.0, 0.0
		for _, v := range x {
			a += float64(v)
			b += float64((4 - v) * (4 - v))
		}
		return []float64{a, b}
	})
}

func algorithms() []Algorithm[[]int] {
	return []Algorithm[[]int]{
		NewNSGA2[[]int](20),
		NewMOEAD[[]int](2, 20),
		&Aging[[]int]{Size: 20, Sample: 5, Batch: 4},
		&Local[[]int]{Batch: 7},
		&Random[[]int]{Size: 20},
	}
}

// memory is a checkpoint that goes through JSON, as one on disk does, and can fail.
type memory struct {
	snapshot []byte
	history  [][]byte
	members  []Members
	saves    int
	failAt   int
}

func (m *memory) Save(s Snapshot[[]int], fresh []Evaluated[[]int], members Members) error {
	if m.saves++; m.saves == m.failAt {
		return errors.New("disk full")
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	m.snapshot = data
	for _, e := range fresh {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		m.history = append(m.history, line)
	}
	m.members = append(m.members, members)
	return nil
}

func (m *memory) Load() (s Snapshot[[]int], history []Evaluated[[]int], ok bool, err error) {
	if m.snapshot == nil {
		return s, nil, false, nil
	}
	for _, line := range m.history {
		var e Evaluated[[]int]
		if err := json.Unmarshal(line, &e); err != nil {
			return s, nil, false, err
		}
		history = append(history, e)
	}
	return s, history, true, json.Unmarshal(m.snapshot, &s)
}

// print is everything about a result that must not depend on interruptions.
func print(t *testing.T, r Result[[]int]) string {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestResumedRunsEndAlike(t *testing.T) {
	for i, a := range algorithms() {
		t.Run(a.Name(), func(t *testing.T) {
			options := Options[[]int]{Evaluations: 333, Seed: 5}
			whole, err := Run(t.Context(), small(), a, options)
			if err != nil {
				t.Fatal(err)
			}
			if whole.Evaluations != 333 {
				t.Errorf("%d evaluations, want 333", whole.Evaluations)
			}
			disk := &memory{}
			options.Checkpoint = disk
			for stop := 1; ; stop += 3 { // killed while saving ever later generations
				disk.saves, disk.failAt = 0, 3
				r, err := Run(t.Context(), small(), algorithms()[i], options)
				if err != nil {
					continue
				}
				if print(t, r) != print(t, whole) {
					t.Error("the resumed run ended differently")
				}
				break
			}
		})
	}
}

func TestAlgorithmsFindTheFront(t *testing.T) {
	want, _ := Hypervolume(trueFront(), []float64{21, 81})
	for _, a := range algorithms() {
		r, err := Run(t.Context(), small(), a, Options[[]int]{Evaluations: 3000, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		var f [][]float64
		for _, m := range r.Front {
			f = append(f, m.Objectives)
		}
		got, _ := Hypervolume(f, []float64{21, 81})
		if share := got / want; share < 0.97 {
			t.Errorf("%s: %.3f of the front's hypervolume", a.Name(), share)
		}
	}
}

// trueFront enumerates the small problem.
func trueFront() [][]float64 {
	p := small()
	var all []Individual[int]
	for code := range 5 * 5 * 5 * 5 * 5 {
		x := []int{code % 5, code / 5 % 5, code / 25 % 5, code / 125 % 5, code / 625}
		o, _ := p.Evaluate(context.Background(), [][]int{x})
		all = append(all, Individual[int]{Outcome: o[0]})
	}
	var f [][]float64
	for _, m := range Front(all) {
		f = append(f, m.Objectives)
	}
	return f
}

func TestConstraintsAndFailures(t *testing.T) {
	p := small()
	evaluate := p.Evaluate
	p.Evaluate = func(ctx context.Context, xs [][]int) ([]Outcome, error) {
		out, err := evaluate(ctx, xs)
		for i, x := range xs {
			if x[0] == 0 {
				out[i] = Outcome{Failed: "no zeros"}
			}
			out[i].Violation = max(0, 6-float64(x[1]+x[2]))
		}
		return out, err
	}
	for _, a := range algorithms() {
		r, err := Run(t.Context(), p, a, Options[[]int]{Evaluations: 1000, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		if r.Failures == 0 || len(r.Front) == 0 {
			t.Errorf("%s: %d failures, front of %d", a.Name(), r.Failures, len(r.Front))
		}
		for _, m := range r.Front {
			if m.X[0] == 0 || m.X[1]+m.X[2] < 6 {
				t.Errorf("%s: %v is in the front", a.Name(), m.X)
			}
		}
	}
}

func TestRunRefuses(t *testing.T) {
	bad := small()
	bad.Evaluate = func(_ context.Context, xs [][]int) ([]Outcome, error) {
		out := make([]Outcome, len(xs))
		for i := range out {
			out[i].Objectives = []float64{math.NaN(), 1}
		}
		return out, nil
	}
	other := &memory{}
	if _, err := Run(t.Context(), small(), NewMOEAD[[]int](2, 20),
		Options[[]int]{Generations: 2, Checkpoint: other}); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for want, run := range map[string]func() error{
		"zero generations": func() error {
			_, err := Run(t.Context(), small(), algorithms()[0], Options[[]int]{})
			return err
		},
		"must not be negative": func() error {
			_, err := Run(t.Context(), small(), algorithms()[0], Options[[]int]{Generations: -1})
			return err
		},
		"is NaN": func() error {
			_, err := Run(t.Context(), bad, algorithms()[0], Options[[]int]{Generations: 1})
			return err
		},
		"one of moead": func() error {
			_, err := Run(t.Context(), small(), algorithms()[0], Options[[]int]{Generations: 2, Checkpoint: other})
			return err
		},
		"epsilon": func() error {
			_, err := Run(t.Context(), small(), algorithms()[0], Options[[]int]{Generations: 2, Epsilon: []float64{1, 0}})
			return err
		},
		"canceled": func() error {
			_, err := Run(cancelled, small(), algorithms()[0], Options[[]int]{Generations: 2})
			return err
		},
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want an error with %q", err, want)
		}
	}
}

func TestExhaustedSpaceEnds(t *testing.T) {
	tiny := integers([]int{1, 1}, func(x []int) []float64 { return []float64{float64(x[0]), float64(x[1])} })
	r, err := Run(t.Context(), tiny, NewNSGA2[[]int](10), Options[[]int]{Generations: 50, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Distinct != 4 || len(r.Front) != 1 || !slices.Equal(r.Front[0].X, []int{0, 0}) {
		t.Errorf("%d solutions, front %v", r.Distinct, r.Front)
	}
}

func TestLattice(t *testing.T) {
	for _, c := range []struct{ objectives, divisions, want int }{{2, 99, 100}, {3, 13, 105}, {3, 1, 3}, {1, 4, 1}} {
		w := lattice(c.objectives, c.divisions)
		if len(w) != c.want {
			t.Errorf("%d objectives, %d divisions: %d points, want %d", c.objectives, c.divisions, len(w), c.want)
		}
	}
}

func BenchmarkGeneration(b *testing.B) {
	p := zdt1(30)
	for b.Loop() {
		if _, err := Run(b.Context(), p, NewNSGA2[[]float64](100),
			Options[[]float64]{Generations: 100, Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "us/generation")
}

func BenchmarkHypervolume(b *testing.B) {
	for _, m := range []int{2, 3} {
		r := rand.New(rand.NewPCG(1, 1))
		points := make([][]float64, 200)
		for i := range points { // on a sphere, so that all are in the front
			p, norm := make([]float64, m), 0.0
			for k := range p {
				p[k] = math.Abs(r.NormFloat64())
				norm += p[k] * p[k]
			}
			for k := range p {
				p[k] /= math.Sqrt(norm)
			}
			points[i] = p
		}
		reference := []float64{1.1, 1.1, 1.1}[:m]
		b.Run(fmt.Sprintf("%dD", m), func(b *testing.B) {
			for b.Loop() {
				if _, err := Hypervolume(points, reference); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
