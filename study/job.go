package study

import (
	"context"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/store"
)

// Job scores architectures with estimators and keeps the scores in a store, from which another run resumes.
type Job struct {
	Architectures []bench301.Architecture
	Estimators    []*estimators.Configured
	Env           *estimators.Env
	Workers       int         // architectures at a time
	Store         store.Store // nil keeps nothing
	Code, CPU     string      // what stands in the records

	// Done is told the records of each architecture, a record an estimator, in the order of Architectures and from one
	// goroutine at a time. Records that the store had already are among them; where ctx ended the job, some are missing.
	Done func(i int, records []store.Record) error
}

// Tally sums up what a job's fresh scores of one estimator cost, and what they warn of.
type Tally struct {
	Scored        int
	Alone, Shared float64        // seconds: of each estimate on its own, and as it was, sharing work with those before it
	Warnings      map[string]int // how many scores came with a warning
}

// Do runs the job and returns a tally an estimator. Everything finished is in the store when it returns. Its error is that of ctx, the store or Done; an
// architecture that cannot be scored is a record that says why.
func (j Job) Do(ctx context.Context) ([]Tally, error) {
	tallies := make([]Tally, len(j.Estimators))
	first := map[string]int{} // where an architecture stands for the first time, by id
	for i, a := range j.Architectures {
		if _, ok := first[a.ID()]; !ok {
			first[a.ID()] = i
		}
	}
	known := map[store.Key]store.Record{}
	for i, a := range j.Architectures {
		if first[a.ID()] != i || j.Store == nil {
			continue
		}
		for k := range j.Estimators {
			key := j.blank(i, k).Key()
			r, ok, err := j.Store.Get(key)
			if err != nil {
				return nil, err
			}
			if ok && r.Status != store.Failed {
				known[key] = r
			}
		}
	}
	skip := func(i, k int) bool {
		if first[j.Architectures[i].ID()] != i {
			return true
		}
		_, ok := known[j.blank(i, k).Key()]
		return ok
	}
	// emit alone changes known, and skip must not see that: what it adds is kept apart.
	fresh := map[store.Key]store.Record{}
	return tallies, estimators.ScoreAll(ctx, j.Architectures, j.Estimators, j.Env, j.Workers, skip, func(i int, scores []*estimators.Score) error {
		var records, unsaved []store.Record
		for k, s := range scores {
			r := j.blank(i, k)
			if s == nil {
				old, ok := known[r.Key()]
				if !ok {
					old, ok = fresh[r.Key()]
				}
				if ok {
					records = append(records, old)
				}
				continue
			}
			tallies[k].add(*s)
			r.Seconds, r.Status, r.Error = s.Seconds, store.Status(s.Status), s.Reason
			if s.Status == estimators.OK {
				r.Score = &s.Value
			}
			fresh[r.Key()] = r
			records, unsaved = append(records, r), append(unsaved, r)
		}
		if j.Store != nil && len(unsaved) > 0 {
			if err := j.Store.Put(unsaved...); err != nil {
				return err
			}
		}
		if j.Done == nil {
			return nil
		}
		return j.Done(i, records)
	})
}

func (t *Tally) add(s estimators.Score) {
	t.Scored++
	t.Alone += s.Seconds
	t.Shared += s.Shared
	for _, w := range s.Warnings {
		if t.Warnings == nil {
			t.Warnings = map[string]int{}
		}
		t.Warnings[w]++
	}
}

// blank is the record of estimator k on architecture i before there is a score.
func (j Job) blank(i, k int) store.Record {
	a, c := j.Architectures[i], j.Estimators[k]
	return store.Record{
		Arch: a.String(), ID: a.ID(), Estimator: c.Info.Name, Settings: c.Settings, SettingsHash: c.SettingsHash,
		Dataset: c.Dataset(j.Env), Seed: j.Env.Seed, Code: j.Code, CPU: j.CPU,
	}
}
