package scoring

import (
	"sync"
	"time"

	"rwe301/store"
)

// Scores wait for others at most so long before they are saved together, and at most so many of them.
const (
	saveWithin = 200 * time.Millisecond
	saveAtOnce = 4096
)

// saver saves scores together, because a store that puts each on the disk alone may take longer than the score.
type saver struct {
	store  store.Store // nil keeps nothing
	failed func(error) // is told that scores could not be saved

	mu      sync.Mutex
	waiting []store.Record
	place   map[store.Key]int // in waiting
	due     *time.Timer
	err     error // of the first scores that could not be saved
}

// get returns the record of a key, saved or not.
func (s *saver) get(k store.Key) (store.Record, bool, error) {
	if s.store == nil {
		return store.Record{}, false, nil
	}
	s.mu.Lock()
	i, ok := s.place[k]
	if ok {
		defer s.mu.Unlock()
		return s.waiting[i], true, nil
	}
	s.mu.Unlock()
	return s.store.Get(k)
}

// add takes a record, to be saved soon.
func (s *saver) add(r store.Record) {
	if s.store == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.place == nil {
		s.place = map[store.Key]int{}
	}
	s.place[r.Key()] = len(s.waiting)
	s.waiting = append(s.waiting, r)
	switch {
	case len(s.waiting) >= saveAtOnce:
		s.save()
	case s.due == nil:
		s.due = time.AfterFunc(saveWithin, func() { _ = s.flush() })
	case len(s.waiting) == 1:
		s.due.Reset(saveWithin)
	}
}

// flush saves what waits. Its error is that of the first scores that could not be saved.
func (s *saver) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.save()
	return s.err
}

// save saves what waits, under the lock. After an error it keeps nothing more.
func (s *saver) save() {
	if len(s.waiting) > 0 && s.err == nil {
		if s.err = s.store.Put(s.waiting...); s.err != nil {
			s.failed(s.err)
		}
	}
	clear(s.waiting)
	s.waiting = s.waiting[:0]
	clear(s.place)
}
