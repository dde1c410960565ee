package network

import "sync"

// pool shares the images of a step out to goroutines that live as long as the executor and block between steps.
type pool[T Real] struct {
	jobs chan job[T]
	wait sync.WaitGroup
	size int
	once sync.Once
}

type job[T Real] struct {
	machine *Machine[T]
	f       func(m *Machine[T], i, lo, hi int)
	step    int
	lo, hi  int
}

func newPool[T Real](size int) *pool[T] {
	p := &pool[T]{jobs: make(chan job[T], size), size: size}
	for range size - 1 { // the caller works too
		go func() {
			for j := range p.jobs {
				j.f(j.machine, j.step, j.lo, j.hi)
				p.wait.Done()
			}
		}()
	}
	return p
}

// do runs f over count images, an equal slice a worker.
func (p *pool[T]) do(m *Machine[T], f func(m *Machine[T], i, lo, hi int), step, count int) {
	for w := 1; w < p.size; w++ {
		lo, hi := w*count/p.size, (w+1)*count/p.size
		if lo < hi {
			p.wait.Add(1)
			p.jobs <- job[T]{m, f, step, lo, hi}
		}
	}
	if hi := count / p.size; hi > 0 {
		f(m, step, 0, hi)
	}
	p.wait.Wait()
}

func (p *pool[T]) close() { p.once.Do(func() { close(p.jobs) }) }
