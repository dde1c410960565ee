package cluster

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rwe301/scoring"
)

// Bounds of pieces.
const (
	pieceSeconds = 1.0     // a piece takes about so long
	mostAnswers  = 4096    // of one piece
	spare        = 16      // pieces are published beyond what the workers of now can hold
	perCore      = 4       // pieces of each core are published
	onTheWay     = 16      // pieces are published at a time
	takenAtOnce  = 1024    // results are saved together,
	takenBytes   = 1 << 18 // or so much of them: a worker waits until they are
	gatherWithin = 20 * time.Millisecond
)

// Answer publishes jobs in pieces and keeps what comes back, until all are done.
func (c *Coordinator) Answer(ctx context.Context, jobs iter.Seq[scoring.Job], done func([]scoring.Done) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.mu.Lock()
	c.exhausted = false
	clear(c.open)
	clear(c.pieces)
	c.spared = nil
	c.stop = stop
	c.mu.Unlock()
	defer context.AfterFunc(ctx, c.wake)()
	var publishing sync.WaitGroup
	publishing.Go(func() {
		c.await(ctx)
		if err := c.publish(ctx, jobs); err != nil {
			stop(err)
		}
		c.mu.Lock()
		c.exhausted = true
		c.mu.Unlock()
		c.wakeAnswer()
	})
	publishing.Go(func() {
		if err := c.guard(ctx); err != nil {
			stop(err)
		}
	})
	defer publishing.Wait()
	defer stop(nil)
	for !c.idle() {
		messages, err := c.gather(ctx)
		if err == nil {
			err = c.take(ctx, messages, done)
		}
		if err != nil {
			stop(err)
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// idle says whether nothing is left to wait for.
func (c *Coordinator) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exhausted && len(c.open) == 0
}

// wake ends the waiting of publish.
func (c *Coordinator) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.more.Broadcast()
}

// wakeAnswer ends the waiting of gather.
func (c *Coordinator) wakeAnswer() {
	select {
	case c.results <- nil:
	default: // there is something to gather
	}
}

// guard looks after the stream until ctx ends: one that a server has lost is made again, and so is work that it lost.
func (c *Coordinator) guard(ctx context.Context) error {
	every := time.NewTicker(guarded)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
		if c.nc.IsClosed() {
			return closed(c.nc)
		}
		if err := c.release(ctx); err != nil {
			return err
		}
		asked := time.Now()
		within, stop := context.WithTimeout(ctx, 5*time.Second)
		s, err := c.js.Stream(within, c.names.stream())
		stop()
		var lost []*published
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			within, stop := context.WithTimeout(ctx, time.Minute)
			if err = c.openBucket(within); err == nil {
				err = c.offerRun(within)
			}
			stop()
			if err != nil && ctx.Err() == nil {
				c.complain("", fmt.Sprintf("the server has lost the run, and does not take it again: %v", explained(err)))
			} else {
				lost = c.publishedBefore(asked)
			}
		case err == nil && s.CachedInfo().State.Msgs == 0:
			lost = c.publishedBefore(asked.Add(-guarded))
		}
		for _, p := range lost {
			if err := c.replace(ctx, p, asBefore, nil); err != nil {
				return err
			}
		}
	}
}
