package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"rwe301/scoring"
	"rwe301/store"
)

// publish packs jobs into pieces. Several are on their way to the server at a time, so that its round trip does
// not bound how fast they come.
func (c *Coordinator) publish(ctx context.Context, jobs iter.Seq[scoring.Job]) error {
	sending, ctx := errgroup.WithContext(ctx)
	sending.SetLimit(onTheWay)
	defer context.AfterFunc(ctx, c.wake)()
	var batch []*openJob
	var asks []ask
	var alike string
	flush := func(left int) error {
		for len(batch) > 0 {
			n := c.pieceSize(alike, len(asks), left+len(batch))
			n = min(n, len(batch))
			if err := c.send(ctx, sending, asks, batch[:n]); err != nil {
				return err
			}
			batch = batch[n:]
		}
		return nil
	}
	var failure error
	jobs(func(j scoring.Job) bool {
		o := &openJob{Job: j, records: make([]store.Record, len(j.Open)), missing: len(j.Open)}
		for _, q := range j.Open {
			at, ok := c.index[q.Question.Key()]
			if !ok {
				failure = fmt.Errorf("%s: asked, but not offered to workers", q.Question.Label)
				return false
			}
			o.asks = append(o.asks, ask{at, q.Seed})
		}
		c.mu.Lock()
		c.open[j.Architecture.ID()] = o
		c.mu.Unlock()
		if !slices.Equal(o.asks, asks) {
			if failure = flush(j.Left + 1); failure != nil {
				return false
			}
			asks, alike = o.asks, signature(o.asks)
		}
		batch = append(batch, o)
		if len(batch) >= c.pieceSize(alike, len(asks), j.Left+len(batch)) {
			failure = flush(j.Left)
		}
		return failure == nil && ctx.Err() == nil
	})
	if failure == nil && ctx.Err() == nil {
		failure = flush(0)
	}
	return cmp.Or(sending.Wait(), failure)
}

// pieceSize is how many architectures make a piece, of so many questions with a signature each: about a second's work,
// but no more than leaves some for every core.
func (c *Coordinator) pieceSize(alike string, asks, left int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 1
	if s, ok := c.seconds[alike]; ok {
		n = int(math.Min(pieceSeconds/math.Max(s, 1e-9), mostAnswers))
	}
	n = min(n, mostAnswers/max(1, asks), left/(2*max(1, c.cores())))
	return max(1, n)
}

// signature tells questions apart whose costs differ. Seeds do not matter.
func signature(asks []ask) string {
	var b []byte
	for _, a := range asks {
		b = fmt.Appendf(b, "%d,", a.Question)
	}
	return string(b)
}

// send publishes jobs with the same questions, once there is room: as one piece, or several if they ask very much.
func (c *Coordinator) send(ctx context.Context, sending *errgroup.Group, asks []ask, jobs []*openJob) error {
	for part := range slices.Chunk(asks, mostAnswers) {
		c.mu.Lock()
		for ctx.Err() == nil && len(c.pieces) >= perCore*c.cores()+spare {
			c.more.Wait()
		}
		c.mu.Unlock()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		sending.Go(func() error { return c.put(ctx, &published{piece: piece{Asks: part}, jobs: jobs}) })
	}
	return nil
}

// put gives a piece a number and publishes it: as several, where the server takes no message that large.
func (c *Coordinator) put(ctx context.Context, p *published) error {
	if c.spare(p); len(p.jobs) == 0 {
		return nil
	}
	p.Architectures = make([]string, len(p.jobs))
	size := 1000 + 40*len(p.Asks)
	for i, j := range p.jobs {
		p.Architectures[i] = j.Architecture.String()
		size += len(p.Architectures[i]) + 10
	}
	if n := len(p.jobs) / 2; n > 0 && int64(size) > c.nc.MaxPayload()/2 {
		second := *p
		second.jobs, p.jobs = p.jobs[n:], p.jobs[:n]
		if err := c.put(ctx, p); err != nil {
			return err
		}
		return c.put(ctx, &second)
	}
	c.mu.Lock()
	c.number++
	p.Number = c.number
	c.pieces[p.Number] = p
	c.mu.Unlock()
	return c.deliver(ctx, p)
}

// deliver has the server take a piece, however often the connection is lost.
func (c *Coordinator) deliver(ctx context.Context, p *published) error {
	text, id := encode(p.piece), jetstream.WithMsgID(fmt.Sprint(p.Number))
	for began := time.Now(); ; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		within, stop := context.WithTimeout(ctx, 5*time.Second)
		_, err := c.js.Publish(within, c.names.work(), text, id)
		stop()
		if err == nil {
			c.mu.Lock()
			p.since = time.Now()
			c.mu.Unlock()
			return nil
		}
		if !c.nc.IsConnected() {
			began = time.Now()
		}
		var api *jetstream.APIError
		if c.nc.IsClosed() || isFull(err) || errors.As(err, &api) && api.Code != 503 || time.Since(began) > patience {
			return c.unpublished(ctx, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(again / 4):
		}
	}
}

// unpublished says that a server takes no work.
func (c *Coordinator) unpublished(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if c.nc.IsClosed() {
		err = closed(c.nc)
	}
	return fmt.Errorf("publishing work on %s: %w", cmp.Or(c.nc.ConnectedUrlRedacted(), "the server"), explained(err))
}

// publishedBefore lists the pieces that are not answered which the server had at a time.
func (c *Coordinator) publishedBefore(t time.Time) (list []*published) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pieces {
		if !p.since.IsZero() && p.since.Before(t) {
			list = append(list, p)
		}
	}
	return list
}

// asBefore stands for the tries of a piece that nobody has failed at again.
const asBefore = -1

// replace publishes what a piece lacks anew, an architecture a piece, so that one which ends workers takes no others
// with it.
func (c *Coordinator) replace(ctx context.Context, p *published, tries int, not []string) error {
	c.mu.Lock()
	delete(c.pieces, p.Number)
	if tries == asBefore {
		tries, not = p.Tries, p.Not
	}
	var list []*published
	for _, j := range p.jobs {
		if asks := j.lacks(p.Asks); asks != nil {
			list = append(list, &published{piece: piece{Asks: asks, Tries: tries, Not: not}, jobs: []*openJob{j},
				trouble: p.trouble})
		}
	}
	c.more.Broadcast()
	c.mu.Unlock()
	for _, one := range list {
		if err := c.put(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// replaceLater is replace after some time.
func (c *Coordinator) replaceLater(ctx context.Context, wait time.Duration, p *published, tries int, not []string) {
	c.mu.Lock()
	p.since = time.Time{}
	c.mu.Unlock()
	time.AfterFunc(wait, func() {
		if err := c.replace(ctx, p, tries, not); err != nil {
			c.fail(err)
		}
	})
}
