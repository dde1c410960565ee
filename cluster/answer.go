package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"rwe301/bench301"
	"rwe301/internal/printable"
	"rwe301/scoring"
	"rwe301/store"
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
	c.mu.Unlock()
	defer context.AfterFunc(ctx, c.wake)()
	var publishing sync.WaitGroup
	publishing.Go(func() {
		if err := c.publish(ctx, jobs); err != nil {
			stop(err)
		}
		c.mu.Lock()
		c.exhausted = true
		c.mu.Unlock()
		c.wakeAnswer()
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

// publish packs jobs into pieces. Several are on their way to the server at a time, so that its round trip does
// not bound how fast they come.
func (c *Coordinator) publish(ctx context.Context, jobs iter.Seq[scoring.Job]) error {
	sending, ctx := errgroup.WithContext(ctx)
	sending.SetLimit(onTheWay)
	defer context.AfterFunc(ctx, c.wake)()
	var batch []*openJob
	var asks []ask
	flush := func(left int) error {
		for len(batch) > 0 {
			n := c.pieceSize(asks, left+len(batch))
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
			asks = o.asks
		}
		batch = append(batch, o)
		if len(batch) >= c.pieceSize(asks, j.Left+len(batch)) {
			failure = flush(j.Left)
		}
		return failure == nil && ctx.Err() == nil
	})
	if failure == nil && ctx.Err() == nil {
		failure = flush(0)
	}
	return cmp.Or(sending.Wait(), failure)
}

// pieceSize is how many architectures make a piece: about a second's work, but no more than leaves some for every core.
func (c *Coordinator) pieceSize(asks []ask, left int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 1
	if s, ok := c.seconds[signature(asks)]; ok {
		n = int(math.Min(pieceSeconds/math.Max(s, 1e-9), mostAnswers))
	}
	n = min(n, mostAnswers/max(1, len(asks)), left/(2*max(1, c.cores())))
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
	texts := make([]string, len(jobs))
	for i, j := range jobs {
		texts[i] = j.Architecture.String()
	}
	for part := range slices.Chunk(asks, mostAnswers) {
		c.mu.Lock()
		for ctx.Err() == nil && len(c.pieces) >= perCore*c.cores()+spare {
			c.more.Wait()
		}
		c.mu.Unlock()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		sending.Go(func() error { return c.put(ctx, piece{Asks: part, Architectures: texts}) })
	}
	return nil
}

// put publishes a piece.
func (c *Coordinator) put(ctx context.Context, p piece) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.mu.Lock()
	c.number++
	p.Number = c.number
	c.pieces[p.Number] = &published{piece: p, left: len(p.Architectures) * len(p.Asks)}
	c.mu.Unlock()
	_, err := c.js.Publish(ctx, c.names.work(), encode(p), jetstream.WithRetryAttempts(10))
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("publishing work on %s: %w", c.nc.ConnectedUrlRedacted(), err)
	}
	return err
}

// gather waits for a result, and takes those that come right after it.
func (c *Coordinator) gather(ctx context.Context) (list []*nats.Msg, err error) {
	var due <-chan time.Time
	size := 0
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case m := <-c.results:
			if m == nil {
				return list, nil
			}
			size += len(m.Data)
			if list = append(list, m); len(list) == takenAtOnce || size >= takenBytes {
				return list, nil
			}
			if due == nil {
				due = time.After(gatherWithin)
			}
		case <-due:
			return list, nil
		}
	}
}

// incoming is a result with what is to be said to it.
type incoming struct {
	result
	message *nats.Msg
	reply   reply
}

// take keeps results, tells done which architectures are finished by them, and confirms them.
func (c *Coordinator) take(ctx context.Context, messages []*nats.Msg, done func([]scoring.Done) error) error {
	var fresh []store.Record
	var finished []scoring.Done
	var again []piece
	list := make([]incoming, len(messages))
	for i, m := range messages {
		in := &list[i]
		in.message = m
		if err := json.Unmarshal(m.Data, &in.result); err != nil {
			in.reply.Error = fmt.Sprintf("no result: %v", err)
			continue
		}
		if why := c.offer.refusal(in.Worker.Code, in.Worker.Arch); why != "" {
			in.reply.Error = why
			continue
		}
		if in.Trouble != "" {
			c.troubled(in)
		}
		var err error
		switch {
		case in.Split:
			again = append(again, c.split(in)...)
		case in.Lost:
			in.Scores = c.lost(in)
			fallthrough
		case in.Scores != nil:
			var records []store.Record
			var ready []scoring.Done
			records, ready, err = c.accept(in)
			fresh, finished = append(fresh, records...), append(finished, ready...)
		}
		if err != nil {
			return err
		}
	}
	if len(fresh) > 0 {
		if err := c.run.Store.Put(fresh...); err != nil {
			return err
		}
	}
	if len(finished) > 0 {
		if err := done(finished); err != nil {
			return err
		}
	}
	for _, p := range again {
		if err := c.put(ctx, p); err != nil {
			return err
		}
	}
	for _, in := range list {
		if in.message.Reply != "" {
			_ = c.nc.Publish(in.message.Reply, encode(in.reply)) // one that is not confirmed comes again
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range finished {
		delete(c.open, d.Architecture.ID())
		c.finished++
		for _, r := range d.Records {
			if r.Status == store.Failed {
				c.failed++
			}
		}
	}
	c.more.Broadcast()
	return nil
}

// troubled notes why a worker could not do a piece.
func (c *Coordinator) troubled(in *incoming) {
	in.Trouble = printable.Cut(in.Trouble, 1000)
	c.mu.Lock()
	if p := c.pieces[in.Piece.Number]; p != nil {
		p.trouble = fmt.Sprintf("%s: %s", printable.Cut(in.Worker.Name, 100), in.Trouble)
	}
	c.mu.Unlock()
	c.complain(in.Worker.Name, in.Trouble)
}

// split makes pieces of one architecture each, so that one which ends workers takes no others with it.
func (c *Coordinator) split(in *incoming) (list []piece) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pieces[in.Piece.Number]
	if p == nil {
		return nil
	}
	delete(c.pieces, in.Piece.Number)
	for _, text := range p.Architectures {
		list = append(list, piece{Asks: p.Asks, Architectures: []string{text}})
	}
	return list
}

// lost are the scores of a piece that no worker finished.
func (c *Coordinator) lost(in *incoming) [][]score {
	c.mu.Lock()
	why := fmt.Sprintf("no worker finished it in %d deliveries", Deliveries)
	if p := c.pieces[in.Piece.Number]; p != nil && p.trouble != "" {
		why += "; the last to say why: " + p.trouble
	} else {
		why += ": they ended while they worked on it"
	}
	c.mu.Unlock()
	one := make([]score, len(in.Piece.Asks))
	for i := range one {
		one[i] = score{Status: string(store.Failed), Error: why}
	}
	return slices.Repeat([][]score{one}, len(in.Piece.Architectures))
}

// accept fits the scores of a result to the open jobs: what of them is to be kept, and which jobs are finished by it.
// What is in the store already must be the same.
func (c *Coordinator) accept(in *incoming) (fresh []store.Record, ready []scoring.Done, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := in.Piece
	if len(in.Scores) != len(p.Architectures) {
		in.reply.Error = fmt.Sprintf("%d lists of scores for %d architectures", len(in.Scores), len(p.Architectures))
		return nil, nil, nil
	}
	for i, text := range p.Architectures {
		if len(in.Scores[i]) != len(p.Asks) {
			in.reply.Error = fmt.Sprintf("%d scores for %d questions", len(in.Scores[i]), len(p.Asks))
			return nil, nil, nil
		}
		a, _, err := c.run.Space.Parse(text)
		if err != nil {
			in.reply.Error = fmt.Sprintf("no architecture of the space: %v", err)
			return nil, nil, nil
		}
		records, whole, err := c.fit(in, a, in.Scores[i])
		if err != nil || in.reply != (reply{}) {
			return nil, nil, err
		}
		fresh = append(fresh, records...)
		if whole != nil {
			ready = append(ready, *whole)
		}
	}
	if open := c.pieces[p.Number]; open != nil {
		if open.left -= len(p.Architectures) * len(p.Asks); open.left <= 0 {
			delete(c.pieces, p.Number)
		}
	}
	if in.Took > 0 {
		key, each := signature(p.Asks), in.Took/float64(len(p.Architectures))
		if old, ok := c.seconds[key]; ok {
			each = 0.8*old + 0.2*each
		}
		c.seconds[key] = each
	}
	return fresh, ready, nil
}

// fit fits the scores of one architecture.
func (c *Coordinator) fit(in *incoming, a bench301.Architecture, scores []score) (fresh []store.Record,
	whole *scoring.Done, err error) {
	id := a.ID()
	job := c.open[id]
	by := c.answeredBy[id]
	c.answeredBy[id] = in.Worker.Name
	for k, s := range scores {
		asked := in.Piece.Asks[k]
		if asked.Question < 0 || asked.Question >= len(c.offer.Questions) ||
			!c.offer.Questions[asked.Question].Asks(asked.Seed) {
			in.reply.Error = "a question that the run does not ask"
			return nil, nil, nil
		}
		q := &c.offer.Questions[asked.Question]
		r := s.record(q, asked.Seed, a, id, in.Worker)
		if err := r.Validate(); err != nil {
			in.reply.Error = err.Error()
			return nil, nil, nil
		}
		at := -1
		if job != nil {
			if at = k; at >= len(job.asks) || job.asks[at] != asked {
				at = slices.Index(job.asks, asked)
			}
		}
		switch {
		case at >= 0 && job.records[at].ID == "":
			job.records[at] = r
			job.missing--
			fresh = append(fresh, r)
			continue
		case at >= 0:
			if err := differ(job.records[at], r, by, in.Worker.Name); err != nil {
				return nil, nil, err
			}
			continue
		}
		old, ok, err := c.run.Store.Get(r.Key())
		switch {
		case err != nil:
			return nil, nil, err
		case ok:
			if err := differ(old, r, by, in.Worker.Name); err != nil {
				return nil, nil, err
			}
		case c.exhausted:
			in.reply.Error = "nobody asks for it"
			return nil, nil, nil
		default:
			in.reply.Later = true
			return nil, nil, nil
		}
	}
	if job != nil && job.missing == 0 {
		job.missing = -1 // told once
		whole = &scoring.Done{Job: job.Job, Records: job.records}
	}
	return fresh, whole, nil
}

// differ says so where two answers to one question are not the same. Failures may have passed.
func differ(old, late store.Record, first, second string) error {
	if old.Status == store.Failed || late.Status == store.Failed {
		return nil
	}
	if old.Status == late.Status && (old.Score == nil || late.Score != nil && *old.Score == *late.Score) {
		return nil
	}
	name := func(worker string, r store.Record) string {
		return fmt.Sprintf("%s (%s, version %s)", worker, printable.Cut(r.CPU, 100), printable.Cut(r.Code, 60))
	}
	if first == "" {
		first = "an earlier worker"
	}
	return fmt.Errorf("%s of %s (seed %d) has two scores: %s by %s, %s by %s: one of these machines computes wrongly",
		old.Estimator, old.ID, old.Seed, shown(old), name(first, old), shown(late), name(printable.Cut(second, 100), late))
}

func shown(r store.Record) string {
	if r.Score == nil {
		return string(r.Status)
	}
	return fmt.Sprint(*r.Score)
}
