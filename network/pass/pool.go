package pass

import (
	"sync"
	"sync/atomic"
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

func NewPool(size int) *Pool {
	c := &Pool{}
	for w := 1; w < size; w++ {
		wake := make(chan struct{}, 1)
		c.wake = append(c.wake, wake)
		go func() {
			for range wake {
				c.work(w)
				c.wait.Done()
			}
		}()
	}
	return c
}

// Do runs parts 0 to parts-1 of t.
func (c *Pool) Do(t Task, parts int) {
	c.task, c.parts = t, parts
	c.next.Store(0)
	helpers := min(len(c.wake), parts-1)
	if helpers > 0 {
		c.wait.Add(helpers)
		for _, wake := range c.wake[:helpers] {
			wake <- struct{}{}
		}
	}
	c.work(0)
	c.wait.Wait()
	c.task = nil
}

func (c *Pool) work(worker int) {
	for k := int(c.next.Add(1)) - 1; k < c.parts; k = int(c.next.Add(1)) - 1 {
		c.task.Part(worker, k)
	}
}

func (c *Pool) Close() {
	c.once.Do(func() {
		for _, wake := range c.wake {
			close(wake)
		}
	})
}
