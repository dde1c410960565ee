package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rwe301/internal/printable"
)

// lonely is the delivery from which on a piece is computed alone: those before it may have ended their workers.
const lonely = 4

// Waiting for pieces: of one run long, of several by turns.
const (
	longWait  = 30 * time.Second
	shortWait = 250 * time.Millisecond
)

// core takes pieces one after the other, of all runs by turns.
func (w *Worker) core(ctx context.Context) {
	runners := map[*offered]*hand{}
	for turn := 0; ctx.Err() == nil; turn++ {
		list, changed := w.offers()
		for r := range runners {
			if r.ended.Err() != nil {
				delete(runners, r)
			}
		}
		if len(list) == 0 {
			select {
			case <-ctx.Done():
			case <-changed:
			case <-time.After(again): // a silent one may be heard again
			}
			continue
		}
		r, wait := list[turn%len(list)], longWait
		if len(list) > 1 {
			wait = shortWait
		}
		select {
		case r.unsaid <- struct{}{}:
		case <-ctx.Done():
			return
		case <-r.ended.Done():
			continue
		case <-time.After(wait): // others may take what they are told
			continue
		}
		if !r.use() {
			<-r.unsaid
			continue
		}
		m, err := w.next(r, wait, changed)
		if m == nil {
			r.using.Done()
			<-r.unsaid
			if err != nil {
				select {
				case <-ctx.Done():
				case <-time.After(again):
				}
			}
			continue
		}
		h := runners[r]
		if h == nil {
			h = newHand(r, w)
			runners[r] = h
		}
		w.answer(ctx, r, h, m)
		r.using.Done()
	}
}

// use keeps the questions of a run open, if it is not over.
func (r *offered) use() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended.Err() != nil {
		return false
	}
	r.using.Add(1)
	return true
}

// next takes a piece of a run; nil where there was none for some time.
func (w *Worker) next(r *offered, wait time.Duration, changed <-chan struct{}) (jetstream.Msg, error) {
	w.mu.Lock()
	from := r.consumer
	w.mu.Unlock()
	if from == nil {
		return nil, nil
	}
	ctx, stop := context.WithTimeout(r.ended, wait)
	defer stop()
	go func() {
		select {
		case <-changed:
			stop()
		case <-ctx.Done():
		}
	}()
	batch, err := from.Fetch(1, jetstream.FetchContext(ctx))
	if err != nil {
		return nil, err
	}
	m := <-batch.Messages()
	if err := batch.Error(); m == nil && err != nil && ctx.Err() == nil && !errors.Is(err, nats.ErrTimeout) {
		return nil, err
	}
	return m, nil
}

// answer answers a piece, and has the results confirmed behind the back of the core.
func (w *Worker) answer(ctx context.Context, r *offered, h *hand, m jetstream.Msg) {
	release := w.hold(r, m)
	var p piece
	meta, err := m.Metadata()
	if err == nil {
		err = json.Unmarshal(m.Data(), &p)
	}
	if err == nil {
		err = p.check()
	}
	if err != nil {
		w.Say("%s: a piece that is none was passed over: %v", printable.Cut(r.Name, 100), err)
		_ = m.Term()
		release()
		return
	}
	r.mu.Lock()
	r.holds[m] = p
	r.mu.Unlock()
	delivery := int(min(meta.NumDelivered, 1<<20)) + p.Tries
	unlock := w.alone.RUnlock
	if len(p.Architectures) == 1 && delivery >= lonely {
		w.alone.Lock()
		unlock = w.alone.Unlock
	} else {
		w.alone.RLock()
	}
	defer unlock()
	if slices.Contains(p.Not, w.me.Name) {
		w.say(r, m, release, nil, &result{Piece: p, Worker: w.me, Back: true})
		return
	}
	if meta.NumDelivered > 1 {
		said, ok := w.confirm(r, result{Piece: p, Worker: w.me, Again: true})
		if !ok || said.Drop {
			w.settle(m, ok)
			release()
			return
		}
	}
	r.begin(p)
	scores, took, err := h.do(r.ended, p)
	r.finish(p)
	results, whole := finished(p, scores)
	if whole {
		results[0].Took = took
	}
	for i := range results {
		results[i].Worker = w.me
	}
	var back *result
	if !whole {
		back = &result{Piece: p, Worker: w.me, Back: true}
		if err != nil && r.ended.Err() == nil {
			w.Say("%s: %v", printable.Cut(r.Name, 100), err)
			back.Trouble = err.Error()
		}
	}
	w.say(r, m, release, results, back)
}

// hold keeps a piece from being delivered to others until release.
func (w *Worker) hold(r *offered, m jetstream.Msg) (release func()) {
	held, stop := context.WithCancel(context.Background())
	go func() {
		every := time.NewTicker(time.Duration(min(max(r.Redelivered, 0.3), 3600) / 3 * float64(time.Second)))
		defer every.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-every.C:
				_ = m.InProgress() // without a connection the piece goes to another worker
			}
		}
	}()
	return func() {
		stop()
		r.mu.Lock()
		delete(r.holds, m)
		r.mu.Unlock()
		<-r.unsaid
	}
}

// finished are the results of a piece as far as they go: whole says whether that is all. Of what broke off they are
// one of the architectures that have all answers, and one of each that has some.
func finished(p piece, scores [][]score) (results []result, whole bool) {
	rest := result{Piece: piece{Number: p.Number, Asks: p.Asks}}
	whole = true
	for i, list := range scores {
		one := result{Piece: piece{Number: p.Number, Architectures: p.Architectures[i : i+1]}}
		var answered []score
		for k, s := range list {
			if s.Status != "" {
				one.Piece.Asks, answered = append(one.Piece.Asks, p.Asks[k]), append(answered, s)
			}
		}
		switch {
		case len(answered) == len(p.Asks):
			rest.Piece.Architectures = append(rest.Piece.Architectures, p.Architectures[i])
			rest.Scores = append(rest.Scores, list)
			continue
		case answered != nil:
			one.Scores = [][]score{answered}
			results = append(results, one)
		}
		whole = false
	}
	if rest.Scores != nil {
		results = slices.Insert(results, 0, rest)
	}
	return results, whole && len(scores) > 0
}

// begin and finish note what a core does.
func (r *offered) begin(p piece) {
	first := ""
	if a, _, err := r.space.Parse(p.Architectures[0]); err == nil {
		first = a.ID()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy[p.Number] = busy{first, len(p.Architectures), time.Now()}
}

func (r *offered) finish(p piece) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, p.Number)
}
