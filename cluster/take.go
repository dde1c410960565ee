package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"rwe301/bench301"
	"rwe301/internal/printable"
	"rwe301/scoring"
	"rwe301/store"
)

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
	var failure error
	list := make([]incoming, len(messages))
	for i, m := range messages {
		in := &list[i]
		in.message = m
		if in.reply.Error = c.read(in); in.reply.Error != "" {
			continue
		}
		var err error
		if in.Again || in.Back {
			err = c.reconsider(ctx, in)
		}
		if in.Scores != nil && err == nil {
			var records []store.Record
			var ready []scoring.Done
			records, ready, err = c.accept(in)
			fresh, finished = append(fresh, records...), append(finished, ready...)
		}
		if failure = cmp.Or(failure, err); failure != nil {
			break // what came before it is kept
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
	if failure != nil {
		return failure
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

// read reads a result, or says why it is none.
func (c *Coordinator) read(in *incoming) string {
	if err := json.Unmarshal(in.message.Data, &in.result); err != nil {
		return fmt.Sprintf("no result: %v", err)
	}
	if err := in.Piece.check(); err != nil {
		return fmt.Sprintf("no result: %v", err)
	}
	in.Worker.Name = printable.Cut(in.Worker.Name, 200)
	in.Trouble = printable.Cut(in.Trouble, 1000)
	return c.offer.refusal(in.Worker.Code, in.Worker.Arch)
}

// reconsider decides about a piece that was delivered before, or that a worker gives back.
func (c *Coordinator) reconsider(ctx context.Context, in *incoming) error {
	if in.Trouble != "" {
		c.complain(in.Worker.Name, in.Trouble)
	}
	c.mu.Lock()
	p := c.pieces[in.Piece.Number]
	if p == nil || p.answered() {
		delete(c.pieces, in.Piece.Number)
		in.reply.Drop = true
		c.mu.Unlock()
		return nil
	}
	tries := p.Tries + 1 // deliveries till now
	not := p.Not
	if in.Trouble != "" {
		p.trouble = in.Worker.Name + ": " + in.Trouble
		not = append(slices.Clone(not), in.Worker.Name)
	}
	others := c.others(not)
	c.mu.Unlock()
	switch {
	case tries >= deliveries && (in.Again || in.Trouble != ""):
		in.lose(p)
	case len(p.jobs) > 1 || in.Back && in.Trouble == "" && !slices.Contains(p.Not, in.Worker.Name):
		in.reply.Drop = true
		if in.Back && in.Trouble == "" { // in order
			tries = p.Tries
		}
		return c.replace(ctx, p, tries, not)
	case in.Back:
		in.reply.Drop = true
		wait := troubleDelay
		if in.Trouble == "" {
			tries, wait = p.Tries, passDelay
		}
		if !others {
			not = nil
		}
		c.replaceLater(ctx, wait, p, tries, not)
	default:
		c.mu.Lock()
		p.Tries = tries
		c.mu.Unlock()
	}
	return nil
}

// Delays of pieces that go to other workers, for tests.
var (
	troubleDelay = 5 * time.Second // after one that could not do it
	passDelay    = time.Second     // after one that had said so before
)

// others says whether a worker is heard that is none of some, under the lock.
func (c *Coordinator) others(than []string) bool {
	c.cores()
	for name := range c.workers {
		if !slices.Contains(than, name) {
			return true
		}
	}
	return false
}

// lose makes of what was asked about a piece the failed scores of one that no worker finished.
func (in *incoming) lose(p *published) {
	why := fmt.Sprintf("no worker finished it in %d deliveries", deliveries)
	if p.trouble != "" {
		why += "; the last to say why: " + p.trouble
	} else {
		why += ": they ended while they worked on it"
	}
	one := make([]score, len(p.Asks))
	for i := range one {
		one[i] = score{Status: string(store.Failed), Error: why}
	}
	in.Piece = p.piece
	in.Scores = slices.Repeat([][]score{one}, len(p.Architectures))
	in.reply.Drop = true
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
			return fresh, ready, nil
		}
		a, _, err := c.run.Space.Parse(text)
		if err != nil {
			in.reply.Error = fmt.Sprintf("no architecture of the space: %v", err)
			return fresh, ready, nil
		}
		records, whole, err := c.fit(in, a, in.Scores[i])
		fresh = append(fresh, records...)
		if whole != nil {
			ready = append(ready, *whole)
		}
		if err != nil || in.reply.Error != "" || in.reply.Later {
			return fresh, ready, err // those before it are noted in their jobs: they have to be kept
		}
	}
	if open := c.pieces[p.Number]; open != nil && open.answered() {
		delete(c.pieces, p.Number)
	}
	if in.Took > 0 {
		key, each := signature(p.Asks), in.Took/float64(len(p.Architectures))
		if old, ok := c.seconds[key]; ok {
			each = float64(0.8*old) + float64(0.2*each)
		}
		c.seconds[key] = each
	}
	return fresh, ready, nil
}

// fit fits the scores of one architecture. What it returns is noted in the job, and has to be kept also where the
// result is not taken.
func (c *Coordinator) fit(in *incoming, a bench301.Architecture, scores []score) (fresh []store.Record,
	whole *scoring.Done, err error) {
	id := a.ID()
	job := c.open[id]
	by := c.answeredBy[id]
	for k, s := range scores {
		asked := in.Piece.Asks[k]
		if asked.Question < 0 || asked.Question >= len(c.offer.Questions) ||
			!c.offer.Questions[asked.Question].Asks(asked.Seed) {
			in.reply.Error = "a question that the run does not ask"
			break
		}
		q := &c.offer.Questions[asked.Question]
		r := s.record(q, asked.Seed, a, id, in.Worker)
		if err := r.Validate(); err != nil {
			in.reply.Error = err.Error()
			break
		}
		at := -1
		if job != nil {
			at = job.place(k, asked)
		}
		switch {
		case at >= 0 && job.records[at].ID == "":
			job.records[at] = r
			job.missing--
			fresh = append(fresh, r)
			c.answeredBy[id] = c.shared(in.Worker.Name)
			continue
		case at >= 0:
			if err := c.differ(job.records[at], r, by, in.Worker.Name); err != nil {
				return fresh, nil, err
			}
			continue
		}
		old, ok, err := c.run.Store.Get(r.Key())
		switch {
		case err != nil:
			return fresh, nil, err
		case ok:
			if err := c.differ(old, r, by, in.Worker.Name); err != nil {
				return fresh, nil, err
			}
		case c.exhausted:
			in.reply.Error = "nobody asks for it"
		default:
			in.reply.Later = true
		}
		if !ok {
			break
		}
	}
	if job != nil && job.missing == 0 {
		job.missing = -1 // told once
		whole = &scoring.Done{Job: job.Job, Records: job.records}
	}
	return fresh, whole, nil
}

// shared is one copy of a worker's name, which stands at many architectures.
func (c *Coordinator) shared(name string) string {
	if w := c.workers[name]; w != nil {
		return w.Name
	}
	return name
}

// differ says so where two answers to one question are not the same. Failures may have passed, and versions and
// processors that were mixed on purpose may differ.
func (c *Coordinator) differ(old, late store.Record, first, second string) error {
	if old.Status == store.Failed || late.Status == store.Failed {
		return nil
	}
	if c.run.Mix && (old.Code != late.Code || old.CPU != late.CPU) {
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
