package pass

import (
	"sync"
	"sync/atomic"

	"rwe301/internal/process"
)

// Pool shares the parts of a task out to goroutines that live as long as the executor and block between tasks. Which
// worker does which part varies; no result may depend on it.
type Pool struct {
	wake  []chan struct{} // of each worker but the first, which is the caller
	wait  sync.WaitGroup
	next  atomic.Int64
	task  Task
	parts int
	once  sync.Once
}

// Task is work in parts that do not depend on each other.
type Task interface{ Part(worker, k int) }

// NewPool starts the goroutines of a pool of so many workers, one of which is the caller of Do. What the others do
// counts as help on the caller's meter, which may be nil.
func NewPool(size int, meter *process.Meter) *Pool {
	p := &Pool{}
	for w := 1; w < size; w++ {
		wake := make(chan struct{}, 1)
		p.wake = append(p.wake, wake)
		go func() {
			for range wake {
				done := meter.Helping()
				p.work(w)
				done()
				p.wait.Done()
			}
		}()
	}
	return p
}

// Do runs parts 0 to parts-1 of t.
func (p *Pool) Do(t Task, parts int) {
	p.task, p.parts = t, parts
	p.next.Store(0)
	helpers := min(len(p.wake), parts-1)
	if helpers > 0 {
		p.wait.Add(helpers)
		for _, wake := range p.wake[:helpers] {
			wake <- struct{}{}
		}
	}
	p.work(0)
	p.wait.Wait()
	p.task = nil
}

func (p *Pool) work(worker int) {
	for k := int(p.next.Add(1)) - 1; k < p.parts; k = int(p.next.Add(1)) - 1 {
		p.task.Part(worker, k)
	}
}

// Close stops the goroutines. Closing again does nothing.
func (p *Pool) Close() {
	p.once.Do(func() {
		for _, wake := range p.wake {
			close(wake)
		}
	})
}
