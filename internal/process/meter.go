package process

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Meter counts the time of one piece of work: on the wall, and of the processors that do it. Other work on the machine
// moves the second one little. The zero Meter is ready; it serves one goroutine and those that help it.
type Meter struct{ helped atomic.Int64 }

// Took is the time of a piece of work. CPU is 0 where the system has no clock of threads.
type Took struct{ Wall, CPU time.Duration }

// Add and Sub are the sum and the difference of two times.
func (t Took) Add(o Took) Took { return Took{t.Wall + o.Wall, t.CPU + o.CPU} }
func (t Took) Sub(o Took) Took { return Took{t.Wall - o.Wall, t.CPU - o.CPU} }

// epoch is where the wall's time begins.
var epoch = time.Now()

// Start keeps the caller on its thread until stop is called, so that the times that Now returns meanwhile belong
// together.
func (m *Meter) Start() (stop func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}

// Now returns a time whose difference to a later one is what was spent in between: of processors by the calling thread
// and by what helped.
func (m *Meter) Now() Took {
	own, _ := ThreadCPU()
	return Took{time.Since(epoch), own + time.Duration(m.helped.Load())}
}

// Helping counts what a goroutine beside the one that the meter serves does until it calls done. A nil meter counts
// nothing.
func (m *Meter) Helping() (done func()) {
	if m == nil {
		return func() {}
	}
	runtime.LockOSThread()
	before, _ := ThreadCPU()
	return func() {
		after, _ := ThreadCPU()
		m.helped.Add(int64(after - before))
		runtime.UnlockOSThread()
	}
}
