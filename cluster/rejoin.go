package cluster

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A coordinator that was killed leaves workers at pieces that the next one would publish again. So the next one hears
// its workers first, and publishes what they hold only when they hold it no longer.

// rejoin is how long a coordinator waits for the workers of one that was killed. A variable, for tests.
var rejoin = 4 * time.Second

// mostHeld bounds the architectures that a worker says it holds.
const mostHeld = 4096

// startedRun ends the name of the worker that lives in the process of a coordinator.
const startedRun = " (started the run)"

// workersBefore are the workers that a coordinator knew which was killed.
func workersBefore(dir string) map[string]bool {
	names := map[string]bool{}
	s, _, err := ReadStatus(dir)
	if err != nil {
		return nil // it is of another version
	}
	for _, w := range s.Workers {
		if !strings.HasSuffix(w.Name, startedRun) {
			names[w.Name] = true
		}
	}
	return names
}

// await waits until the workers of the coordinator before have said what they hold, or for some time.
func (c *Coordinator) await(ctx context.Context) {
	for began := time.Now(); ctx.Err() == nil && time.Since(began) < rejoin; {
		c.mu.Lock()
		for name := range c.before {
			if w := c.workers[name]; w != nil && w.Life == c.names.life {
				delete(c.before, name)
			}
		}
		left := len(c.before)
		c.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(beat / 20):
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = nil
}

// held says whether a worker holds an architecture from the time of an earlier coordinator, under the lock.
func (c *Coordinator) held(j *openJob) bool {
	id := j.Architecture.ID()
	for _, w := range c.workers {
		if slices.Contains(w.Holds, id) && time.Since(w.last) <= gone {
			return true
		}
	}
	return false
}

// spare keeps back the architectures of a piece that workers hold.
func (c *Coordinator) spare(p *published) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.holds {
		return
	}
	p.jobs = slices.DeleteFunc(slices.Clone(p.jobs), func(j *openJob) bool {
		if !c.held(j) {
			return false
		}
		one := *p
		one.jobs = []*openJob{j}
		c.spared = append(c.spared, &one)
		return true
	})
}

// release publishes what was kept back and is held no longer, without an answer.
func (c *Coordinator) release(ctx context.Context) error {
	c.mu.Lock()
	list := c.spared
	c.spared = nil
	c.mu.Unlock()
	for _, p := range list {
		c.mu.Lock()
		answered := p.answered()
		c.mu.Unlock()
		if answered {
			continue
		}
		if err := c.put(ctx, p); err != nil { // which keeps it back again if it is still held
			return err
		}
	}
	return nil
}

// held are the IDs of the architectures that a worker holds from the time of another coordinator than that of a life.
func (r *offered) held(life string) (ids []string) {
	now := names{r.ID, life}.work()
	r.mu.Lock()
	defer r.mu.Unlock()
	for m, p := range r.holds {
		if m.Subject() == now || len(ids)+len(p.Architectures) > mostHeld {
			continue
		}
		for _, text := range p.Architectures {
			if a, _, err := r.space.Parse(text); err == nil {
				ids = append(ids, a.ID())
			}
		}
	}
	return ids
}
