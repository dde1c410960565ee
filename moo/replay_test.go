package moo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// TestMembers compares the members of every generation with what Progress reports, over runs killed while saving, and
// with a replay; and checks what has to hold of them.
func TestMembers(t *testing.T) {
	for i, a := range algorithms() {
		t.Run(a.Name(), func(t *testing.T) {
			var populations [][]string
			options := Options[[]int]{Evaluations: 333, Seed: 5}
			options.Progress = func(g Generation[[]int]) {
				populations = append(populations, texts(g.Population))
			}
			whole, err := Run(t.Context(), small(), a, options)
			if err != nil {
				t.Fatal(err)
			}
			disk := &memory{}
			options.Checkpoint, options.Progress = disk, nil
			for {
				disk.saves, disk.failAt = 0, 3
				if _, err := Run(t.Context(), small(), algorithms()[i], options); err == nil {
					break
				}
			}
			if len(disk.members) != whole.Number {
				t.Fatalf("members of %d generations, want %d", len(disk.members), whole.Number)
			}
			evaluations := 0
			var before []int
			for g, m := range disk.members {
				evaluations += len(m.Born)
				var got []string
				for _, n := range m.Survived {
					got = append(got, fmt.Sprint(whole.History[n].X))
					if !slices.Contains(m.Born, n) && !slices.Contains(before, n) {
						t.Errorf("generation %d: %d survived from nowhere", g+1, n)
					}
				}
				if !slices.Equal(got, populations[g]) {
					t.Errorf("generation %d: %v, want %v", g+1, got, populations[g])
				}
				before = m.Survived
			}
			if evaluations != 333 {
				t.Errorf("%d born, want 333", evaluations)
			}
			s, history, _, err := disk.Load()
			if err != nil {
				t.Fatal(err)
			}
			var again []Members
			tell := func(m Members) error { again = append(again, m); return nil }
			options.Checkpoint = nil
			if err := Replay(t.Context(), small(), algorithms()[i], options, s, history, tell); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(again, disk.members) {
				t.Errorf("a replay tells of %v, want %v", again, disk.members)
			}
		})
	}
}

func texts(population []Individual[[]int]) (out []string) {
	for _, m := range population {
		out = append(out, fmt.Sprint(m.X))
	}
	return out
}

// TestReplayOfAnotherRun tells runs apart that a replay does not lead to.
func TestReplayOfAnotherRun(t *testing.T) {
	disk := &memory{}
	o := Options[[]int]{Evaluations: 100, Seed: 5, Checkpoint: disk}
	if _, err := Run(t.Context(), small(), NewNSGA2[[]int](20), o); err != nil {
		t.Fatal(err)
	}
	o.Checkpoint = nil
	for name, change := range map[string]func(s *Snapshot[[]int], history *[]Evaluated[[]int], a *NSGA2[[]int]){
		"rates":      func(_ *Snapshot[[]int], _ *[]Evaluated[[]int], a *NSGA2[[]int]) { a.MutationRate = 0.5 },
		"seed":       func(s *Snapshot[[]int], _ *[]Evaluated[[]int], _ *NSGA2[[]int]) { s.Seed = 6 },
		"generator":  func(s *Snapshot[[]int], _ *[]Evaluated[[]int], _ *NSGA2[[]int]) { s.RNG[len(s.RNG)-1]++ },
		"generation": func(s *Snapshot[[]int], _ *[]Evaluated[[]int], _ *NSGA2[[]int]) { s.Generation = 7 },
		"population": func(s *Snapshot[[]int], _ *[]Evaluated[[]int], _ *NSGA2[[]int]) {
			then := NewNSGA2[[]int](20)
			_ = json.Unmarshal(s.State, then)
			then.Members[0] = then.Members[1]
			s.State, _ = json.Marshal(then)
		},
		"outcome": func(_ *Snapshot[[]int], history *[]Evaluated[[]int], _ *NSGA2[[]int]) {
			for i := range (*history)[:20] {
				(*history)[i].Objectives = []float64{0, 0}
			}
		},
		"history": func(_ *Snapshot[[]int], history *[]Evaluated[[]int], _ *NSGA2[[]int]) {
			*history = append(*history, Evaluated[[]int]{Generation: 5, X: []int{0, 0, 0, 0, 0},
				Outcome: Outcome{Objectives: []float64{0, 80}}})
		},
	} {
		s, history, _, err := disk.Load()
		if err != nil {
			t.Fatal(err)
		}
		a := NewNSGA2[[]int](20)
		change(&s, &history, a)
		err = Replay(t.Context(), small(), a, o, s, history, func(Members) error { return nil })
		if !errors.Is(err, ErrOtherRun) {
			t.Errorf("%s: %v, want %v", name, err, ErrOtherRun)
		}
	}
	s, history, _, _ := disk.Load()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Replay(ctx, small(), NewNSGA2[[]int](20), o, s, history, func(Members) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
