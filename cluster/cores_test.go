package cluster

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// TestCores: a worker counts from the moment that it is heard to the moment that it goes, or is silent for long.
func TestCores(t *testing.T) {
	c := &Coordinator{workers: map[string]*known{}}
	c.more.L = &c.mu
	say := func(name string, cores int, left bool) func() {
		return func() {
			c.heard(&nats.Msg{Data: encode(alive{identity: identity{Name: name, Cores: cores}, Left: left})})
		}
	}
	for i, step := range []struct {
		do   func()
		want int
	}{
		{func() {}, 0},
		{say("a", 2, false), 2},
		{say("b", 3, false), 5},
		{say("b", 3, false), 5},
		{say("a", 2, true), 3},
		{func() { c.workers["b"].last = time.Now().Add(-2 * gone) }, 3}, // counted within the last second
		{func() { c.counted = c.counted.Add(-time.Second) }, 0},
	} {
		step.do()
		c.mu.Lock()
		got := c.cores()
		c.mu.Unlock()
		if got != step.want {
			t.Errorf("step %d: %d cores, want %d", i, got, step.want)
		}
	}
}
