package process

import (
	"sync"
	"testing"
	"time"
)

// TestMeter times work of the caller and of a helper while others are busy, and a wait, which takes no processor.
func TestMeter(t *testing.T) {
	if _, known := ThreadCPU(); !known {
		t.Skip("this system does not tell")
	}
	busy := func(until func() bool) {
		for n := 1.0; !until(); {
			for range 1000 {
				n = n*1.000001 + 1
			}
		}
	}
	end := make(chan struct{})
	var others sync.WaitGroup
	for range 8 {
		others.Go(func() {
			busy(func() bool {
				select {
				case <-end:
					return true
				default:
					return false
				}
			})
		})
	}
	defer func() { close(end); others.Wait() }()
	const work, slack = 30 * time.Millisecond, 10 * time.Millisecond
	spend := func() { // so much of the calling thread
		start, _ := ThreadCPU()
		busy(func() bool { now, _ := ThreadCPU(); return now-start >= work })
	}
	var m Meter
	defer m.Start()()
	for name, c := range map[string]struct {
		do   func()
		want time.Duration
	}{
		"alone": {spend, work},
		"wait":  {func() { time.Sleep(work) }, 0},
		"helped": {func() {
			var wait sync.WaitGroup
			wait.Go(func() { defer m.Helping()(); spend() })
			spend()
			wait.Wait()
		}, 2 * work},
	} {
		before := m.Now()
		c.do()
		took := m.Now().Sub(before)
		if took.CPU < c.want || took.CPU > c.want+slack {
			t.Errorf("%s: %v of processors, want %v", name, took.CPU, c.want)
		}
		if took.Wall < work {
			t.Errorf("%s: %v on the wall, want %v or more", name, took.Wall, work)
		}
	}
	var none *Meter
	none.Helping()()
}
