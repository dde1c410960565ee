package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"rwe301/bench301"
	"rwe301/scoring"
	"rwe301/store"
)

// hand is what a core answers a run's questions with.
type hand struct {
	run    *offered
	runner *scoring.Runner
	wanted *wanted
}

func newHand(r *offered, w *Worker) *hand {
	h := &hand{run: r, wanted: &wanted{}}
	h.runner = scoring.NewRunner(r.questions, scoring.Options{Data: r.data, Store: h.wanted, Workers: 1,
		Machine: w.Machine})
	return h
}

// do answers a piece. What was not answered has no status; the error says why.
func (h *hand) do(ctx context.Context, p piece) (scores [][]score, took float64, err error) {
	archs := make([]bench301.Architecture, len(p.Architectures))
	for i, text := range p.Architectures {
		if archs[i], _, err = h.run.space.Parse(text); err != nil {
			return nil, 0, err
		}
	}
	h.wanted.places = make(map[store.Key]int, len(p.Asks))
	for k, a := range p.Asks {
		if a.Question < 0 || a.Question >= len(h.run.questions) {
			return nil, 0, fmt.Errorf("question %d of %d", a.Question, len(h.run.questions))
		}
		key := h.run.questions[a.Question].Key()
		key.Seed = a.Seed
		h.wanted.places[key] = k
	}
	scores = make([][]score, len(archs))
	start := time.Now()
	var scarce error
	err = h.runner.Run(ctx, archs, func(i int, answers []scoring.Answer) error {
		scores[i] = make([]score, len(p.Asks))
		for _, a := range answers {
			if !a.Fresh {
				continue
			}
			if a.Scarce {
				scarce = errors.New(a.Error)
				continue
			}
			key := a.Key()
			key.ID = ""
			scores[i][h.wanted.places[key]] = score{a.Score, string(a.Status), a.Error, a.Seconds, a.CPUSeconds}
		}
		return nil
	})
	return scores, time.Since(start).Seconds(), cmp.Or(scarce, err)
}

// wanted is a store in which everything is answered but what a piece asks, and which keeps nothing.
type wanted struct{ places map[store.Key]int }

func (s *wanted) Get(k store.Key) (store.Record, bool, error) {
	k.ID = ""
	_, open := s.places[k]
	return store.Record{}, !open, nil
}

func (s *wanted) Put(...store.Record) error { return nil }

func (s *wanted) All() iter.Seq2[store.Record, error] { return store.Each(nil) }

func (s *wanted) Close() error { return nil }
