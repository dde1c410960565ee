package scoring

import (
	"context"
	"sync"

	"rwe301/bench301"
)

// furthest is how many architectures may be finished behind one that is not.
const furthest = 1 << 14

// queue hands out architectures to workers, and their answers in order.
type queue struct {
	first []int32                             // where each architecture stands for the first time
	last  map[int]int                         // where one that stands again does so for the last time
	emit  func(i int, answers []Answer) error // may be nil
	heard func(finished int)                  // may be nil

	mu    sync.Mutex
	moved sync.Cond        // due has moved, or the run has ended
	next  int              // not yet handed out
	done  int              // finished
	due   int              // not yet emitted
	ready map[int][]Answer // finished before their turn
	again map[int][]Answer // of architectures that stand again further on
}

func newQueue(archs []bench301.Architecture, heard func(int), emit func(i int, answers []Answer) error) *queue {
	q := &queue{
		first: make([]int32, len(archs)), last: map[int]int{}, emit: emit, heard: heard,
		ready: map[int][]Answer{}, again: map[int][]Answer{},
	}
	q.moved.L = &q.mu
	seen := make(map[string]int32, len(archs))
	for i, a := range archs {
		id := a.ID()
		k, twice := seen[id]
		if twice {
			q.last[int(k)] = i
		} else {
			k = int32(i)
			seen[id] = k
		}
		q.first[i] = k
	}
	return q
}

// take hands out the next architecture that does not stand before. It waits while too many are finished behind one that
// is not.
func (q *queue) take(ctx context.Context) (i int, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ctx.Err() == nil && q.next < len(q.first) {
		switch {
		case q.next-q.due > furthest:
			q.moved.Wait()
		case int(q.first[q.next]) != q.next:
			q.next++
		default:
			q.next++
			return q.next - 1, true
		}
	}
	return 0, false
}

// wake ends the waiting of take.
func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.moved.Broadcast()
}

// put emits the answers about architecture i once it is due, and with it what waited for it. Unless all are there, as
// where the run was ended meanwhile, the architecture does not count as finished.
func (q *queue) put(i int, answers []Answer, all bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready[i] = answers
	if all {
		if q.done++; q.heard != nil {
			q.heard(q.done)
		}
	}
	for q.due < len(q.first) {
		answers, ok := q.answers(q.due)
		if !ok {
			return nil
		}
		q.due++
		q.moved.Broadcast()
		if err := q.tell(q.due-1, answers); err != nil {
			return err
		}
	}
	return nil
}

func (q *queue) tell(i int, answers []Answer) error {
	if q.emit == nil {
		return nil
	}
	return q.emit(i, answers)
}

// answers takes the answers about an architecture out of the queue, if they are there.
func (q *queue) answers(i int) ([]Answer, bool) {
	if k := int(q.first[i]); k != i {
		answers := make([]Answer, len(q.again[k]))
		for n, a := range q.again[k] {
			answers[n] = Answer{Record: a.Record}
		}
		if q.last[k] == i {
			delete(q.again, k)
		}
		return answers, k < q.due
	}
	answers, ok := q.ready[i]
	if _, more := q.last[i]; ok && more {
		q.again[i] = answers
	}
	delete(q.ready, i)
	return answers, ok
}

// drain emits what was finished behind a gap.
func (q *queue) drain() error {
	for i := q.due; len(q.ready) > 0 && i < len(q.first); i++ {
		if answers, ok := q.ready[i]; ok {
			delete(q.ready, i)
			if err := q.tell(i, answers); err != nil {
				return err
			}
		}
	}
	return nil
}
