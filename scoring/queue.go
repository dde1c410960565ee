package scoring

import (
	"sync"

	"rwe301/bench301"
)

// queue hands out architectures to workers, and their answers in order.
type queue struct {
	ids   []string
	first map[string]int // where an architecture stands for the first time
	emit  func(i int, answers []Answer) error
	heard func(finished int) // may be nil

	mu    sync.Mutex
	next  int              // not yet handed out
	done  int              // finished
	due   int              // not yet emitted
	ready map[int][]Answer // finished before their turn
	again map[int][]Answer // of architectures that stand again further on
}

func newQueue(archs []bench301.Architecture, heard func(int), emit func(i int, answers []Answer) error) *queue {
	q := &queue{
		ids: make([]string, len(archs)), first: make(map[string]int, len(archs)), emit: emit, heard: heard,
		ready: map[int][]Answer{}, again: map[int][]Answer{},
	}
	for i, a := range archs {
		q.ids[i] = a.ID()
		if k, twice := q.first[q.ids[i]]; twice {
			q.again[k] = nil
		} else {
			q.first[q.ids[i]] = i
		}
	}
	return q
}

// take hands out the next architecture that does not stand before.
func (q *queue) take() (i int, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.next < len(q.ids) && q.first[q.ids[q.next]] != q.next {
		q.next++
	}
	q.next++
	return q.next - 1, q.next <= len(q.ids)
}

// put emits the answers about architecture i once it is due, and with it what waited for it.
func (q *queue) put(i int, answers []Answer) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready[i] = answers
	if q.done++; q.heard != nil {
		q.heard(q.done)
	}
	for q.due < len(q.ids) {
		answers, ok := q.answers(q.due)
		if !ok {
			return nil
		}
		q.due++
		if err := q.emit(q.due-1, answers); err != nil {
			return err
		}
	}
	return nil
}

// answers takes the answers about an architecture out of the queue, if they are there.
func (q *queue) answers(i int) ([]Answer, bool) {
	if k := q.first[q.ids[i]]; k != i {
		answers := make([]Answer, len(q.again[k]))
		for n, a := range q.again[k] {
			answers[n] = Answer{Record: a.Record}
		}
		return answers, k < q.due
	}
	answers, ok := q.ready[i]
	if _, more := q.again[i]; ok && more {
		q.again[i] = answers
	}
	delete(q.ready, i)
	return answers, ok
}

// drain emits what was finished behind a gap.
func (q *queue) drain() error {
	for i := q.due; len(q.ready) > 0 && i < len(q.ids); i++ {
		if answers, ok := q.ready[i]; ok {
			delete(q.ready, i)
			if err := q.emit(i, answers); err != nil {
				return err
			}
		}
	}
	return nil
}
