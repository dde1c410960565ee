package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/internal/printable"
	"rwe301/scoring"
	"rwe301/store"
)

// Worker answers questions of the runs that a server offers.
type Worker struct {
	Conn     *nats.Conn
	Machine  scoring.Machine
	Cores    int    // pieces at a time
	Cache    string // folder of what comes through the server
	Commands bool   // programs of the runs may be started
	Say      func(format string, args ...any)

	// Ready are the questions and images of runs, by their IDs, that need not come through the server: those of the
	// process that offers them.
	Ready map[string]Ready
	// Only, unless empty, is the ID of the one run to work on.
	Only string

	me identity
	js jetstream.JetStream

	mu    sync.Mutex
	runs  map[string]*offered
	moved chan struct{} // closed when runs has changed
}

// Ready is what a worker of the process that offers a run takes from it.
type Ready struct {
	Questions []*scoring.Question
	Data      *dataset.Set
}

// offered is a run that the worker takes pieces of.
type offered struct {
	offer
	names
	space     bench301.Space
	questions []*scoring.Question
	data      *dataset.Set
	consumer  jetstream.Consumer
	ended     context.Context // when the offer has gone
	end       context.CancelFunc

	mu     sync.Mutex
	pieces int
	archs  int
	busy   map[uint64]busy
	unsaid chan struct{} // one for each result that may wait for its confirmation
}

type busy struct {
	architecture string
	of           int
	since        time.Time
}

// heldEach is how many results a core may have that are not confirmed.
const heldEach = 4

// Work takes pieces until ctx ends. Its error is that of ctx, or says why the server is of no use.
func (w *Worker) Work(ctx context.Context) (err error) {
	host, _ := os.Hostname()
	connection, _ := w.Conn.GetClientID() // containers may share host and process numbers
	w.me = identity{fmt.Sprintf("%s/%d/%d", host, os.Getpid(), connection), w.Machine.Code, goarch, w.Machine.CPU, w.Cores}
	if w.Only != "" {
		w.me.Name += " (started the run)"
	}
	w.runs, w.moved = map[string]*offered{}, make(chan struct{})
	if w.js, err = jetstream.New(w.Conn); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	all.Go(func() {
		if err := w.watch(ctx); err != nil {
			stop(err)
		}
	})
	all.Go(func() { w.sayAlive(ctx) })
	for range w.Cores {
		all.Go(func() { w.core(ctx) })
	}
	all.Wait()
	return context.Cause(ctx)
}

// watch follows the offers of the server.
func (w *Worker) watch(ctx context.Context) error {
	for waiting := false; ; {
		err := w.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case w.Conn.IsClosed():
			return fmt.Errorf("the connection is closed: %w", w.Conn.LastError())
		case !waiting && err != nil && !errors.Is(err, jetstream.ErrBucketNotFound):
			w.Say("no runs to be heard of: %v; trying again", explained(err))
		case !waiting:
			w.Say("waiting for a run")
		}
		waiting = true
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(again):
		}
	}
}

func (w *Worker) follow(ctx context.Context) error {
	kv, err := w.js.KeyValue(ctx, bucket)
	if err != nil {
		return err
	}
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, ok := <-watcher.Updates():
			switch {
			case !ok:
				return errors.New("the list of offers has ended")
			case entry == nil: // all there were
			case entry.Operation() == jetstream.KeyValuePut:
				w.consider(ctx, entry.Value())
			default:
				w.drop(entry.Key())
			}
		}
	}
}

// consider takes an offer, or says why not.
func (w *Worker) consider(ctx context.Context, text []byte) {
	var o offer
	if err := json.Unmarshal(text, &o); err != nil || len(o.ID) != 16 {
		w.Say("an offer that is none was passed over")
		return
	}
	if w.Only != "" && o.ID != w.Only {
		return
	}
	w.mu.Lock()
	old := w.runs[o.ID]
	w.mu.Unlock()
	if old != nil {
		if same(old.offer, o) {
			return
		}
		w.drop(o.ID)
	}
	name := fmt.Sprintf("%s of %s", printable.Cut(o.Name, 100), printable.Cut(o.Host, 100))
	r, err := w.take(ctx, o)
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	w.runs[o.ID] = r
	close(w.moved)
	w.moved = make(chan struct{})
	w.mu.Unlock()
	switch {
	case err != nil:
		w.Say("%s: not taken: %v", name, err)
		_ = w.Conn.Publish(r.alive(), encode(alive{identity: w.me, Refused: err.Error()})) // for the status only
	case w.Only == "":
		w.Say("working on %s", name)
	}
	w.beat()
}

// same says whether two offers are of one run as one coordinator published it.
func same(a, b offer) bool { return string(encode(a)) == string(encode(b)) }

// take makes ready what an offer asks. What is not taken is remembered without a consumer.
func (w *Worker) take(ctx context.Context, o offer) (*offered, error) {
	r := &offered{
		offer:  o,
		names:  names{o.ID},
		busy:   map[uint64]busy{},
		unsaid: make(chan struct{}, heldEach*w.Cores),
	}
	r.ended, r.end = context.WithCancel(ctx)
	if why := o.refusal(w.me.Code, w.me.Arch); why != "" {
		return r, errors.New(why)
	}
	var err error
	if r.space, err = bench301.LookupSpace(o.Space); err != nil {
		return r, err
	}
	if ready, ok := w.Ready[o.ID]; ok {
		for _, q := range ready.Questions {
			if q.Travels() {
				r.questions = append(r.questions, q)
			}
		}
		r.data = ready.Data
	} else if err := w.prepare(ctx, r); err != nil {
		return r, err
	}
	consumer, err := w.js.Consumer(ctx, r.stream(), consumer)
	r.consumer = consumer
	return r, err
}

// prepare opens the questions of a run that another process offers.
func (w *Worker) prepare(ctx context.Context, r *offered) (err error) {
	var started []string
	for _, q := range r.offer.Questions {
		dir := ""
		if q.Program != nil {
			p := &scoring.Program{Name: q.Estimator, Argv: q.Program.Argv, Dir: "the cache"}
			started = append(started, p.String())
			if !w.Commands {
				continue
			}
			if dir, err = q.Program.unpack(w.Cache); err != nil {
				return err
			}
		}
		asked, err := q.open(dir)
		if err != nil {
			return err
		}
		r.questions = append(r.questions, asked)
	}
	if started != nil && !w.Commands {
		return fmt.Errorf("it would start these programs, as you:\n  %s\n--allow-commands starts them",
			strings.Join(started, "\n  "))
	}
	for _, line := range started {
		w.Say("starts %s", line)
	}
	if r.offer.Images != nil {
		r.data, err = r.offer.Images.fetch(ctx, w.js, r.stream(), w.Cache)
	}
	return err
}

// drop forgets a run.
func (w *Worker) drop(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.runs[id]; r != nil {
		r.end()
		delete(w.runs, id)
		if r.consumer != nil && w.Only == "" {
			w.Say("%s is over", printable.Cut(r.Name, 100))
		}
		if _, ready := w.Ready[id]; !ready {
			_ = scoring.Close(r.questions)
		}
	}
}

// offers lists the runs that pieces can be taken of, and what tells that they have changed.
func (w *Worker) offers() (list []*offered, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(w.runs)) {
		if r := w.runs[id]; r.consumer != nil {
			list = append(list, r)
		}
	}
	return list, w.moved
}

// Waiting for pieces: of one run long, of several by turns.
const (
	longWait  = 30 * time.Second
	shortWait = 250 * time.Millisecond
)

// core takes pieces one after the other, of all runs by turns.
func (w *Worker) core(ctx context.Context) {
	runners := map[*offered]*hand{}
	for turn := 0; ctx.Err() == nil; turn++ {
		list, changed := w.offers()
		for r := range runners {
			if r.ended.Err() != nil {
				delete(runners, r)
			}
		}
		if len(list) == 0 {
			select {
			case <-ctx.Done():
			case <-changed:
			}
			continue
		}
		r, wait := list[turn%len(list)], longWait
		if len(list) > 1 {
			wait = shortWait
		}
		select {
		case r.unsaid <- struct{}{}:
		case <-ctx.Done():
			return
		case <-r.ended.Done():
			continue
		}
		m, err := w.next(r, wait, changed)
		if m == nil {
			<-r.unsaid
			if err != nil {
				select {
				case <-ctx.Done():
				case <-time.After(again):
				}
			}
			continue
		}
		h := runners[r]
		if h == nil {
			h = newHand(r, w)
			runners[r] = h
		}
		w.answer(ctx, r, h, m)
	}
}

// next takes a piece of a run; nil where there was none for some time.
func (w *Worker) next(r *offered, wait time.Duration, changed <-chan struct{}) (jetstream.Msg, error) {
	ctx, stop := context.WithTimeout(r.ended, wait)
	defer stop()
	go func() {
		select {
		case <-changed:
			stop()
		case <-ctx.Done():
		}
	}()
	batch, err := r.consumer.Fetch(1, jetstream.FetchContext(ctx))
	if err != nil {
		return nil, err
	}
	m := <-batch.Messages()
	if err := batch.Error(); m == nil && err != nil && ctx.Err() == nil && !errors.Is(err, nats.ErrTimeout) {
		return nil, err
	}
	return m, nil
}

// answer answers a piece, and has the results confirmed behind the back of the core.
func (w *Worker) answer(ctx context.Context, r *offered, h *hand, m jetstream.Msg) {
	release := w.hold(r, m)
	var p piece
	meta, err := m.Metadata()
	if err == nil {
		err = json.Unmarshal(m.Data(), &p)
	}
	if err != nil {
		w.Say("%s: a piece that is none was passed over: %v", printable.Cut(r.Name, 100), err)
		_ = m.Term()
		release()
		return
	}
	out := result{Piece: p, Worker: w.me}
	switch {
	case meta.NumDelivered > Deliveries:
		out.Lost = true
	case meta.NumDelivered > 1 && len(p.Architectures) > 1:
		out.Split = true
	default:
		r.begin(p)
		out.Scores, out.Took, err = h.do(r.ended, p)
		r.finish(p)
		switch {
		case ctx.Err() != nil || r.ended.Err() != nil:
			_ = m.Nak() // for another worker
			release()
			return
		case err != nil:
			w.Say("%s: %v", printable.Cut(r.Name, 100), err)
			out.Scores, out.Trouble = nil, err.Error()
		}
	}
	go func() {
		defer release()
		ok := w.confirm(ctx, r, out)
		switch {
		case ok && out.Trouble != "":
			_ = m.NakWithDelay(troubleDelay)
		case ok:
			_ = m.Ack() // one that is lost brings the piece again, to the same scores
			r.mu.Lock()
			r.pieces++
			r.archs += len(p.Architectures)
			r.mu.Unlock()
		default:
			_ = m.Nak()
		}
	}()
}

// troubleDelay is when a piece that a worker could not do is delivered again.
var troubleDelay = 5 * time.Second

// hold keeps a piece from being delivered to others until release.
func (w *Worker) hold(r *offered, m jetstream.Msg) (release func()) {
	held, stop := context.WithCancel(context.Background())
	go func() {
		every := time.NewTicker(time.Duration(max(r.Redelivered, 0.3) / 3 * float64(time.Second)))
		defer every.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-every.C:
				_ = m.InProgress() // without a connection the piece goes to another worker
			}
		}
	}()
	return func() {
		stop()
		<-r.unsaid
	}
}

// confirm says a result until the coordinator has it on the disk; ok is false where that will not be.
func (w *Worker) confirm(ctx context.Context, r *offered, out result) (ok bool) {
	parts, err := w.parts(out)
	if err != nil {
		w.Say("%s: %v", printable.Cut(r.Name, 100), err)
		return false
	}
	for _, text := range parts {
		if !w.tell(ctx, r, text) {
			return false
		}
	}
	return true
}

// tell sends one message of a result until it is answered.
func (w *Worker) tell(ctx context.Context, r *offered, text []byte) bool {
	for wait := again / 4; ; wait = min(2*wait, 5*time.Second) {
		within, stop := context.WithTimeout(r.ended, 20*time.Second)
		m, err := w.Conn.RequestWithContext(within, r.results(), text)
		stop()
		if err == nil {
			var said reply
			if err := json.Unmarshal(m.Data, &said); err == nil && !said.Later {
				if said.Error != "" {
					w.Say(
						"%s: a result was not taken: %s",
						printable.Cut(r.Name, 100),
						printable.Cut(said.Error, 500),
					)
				}
				return said.Error == ""
			}
		}
		select {
		case <-r.ended.Done():
			return false
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// parts are the messages of a result: several where it is larger than the server allows.
func (w *Worker) parts(out result) ([][]byte, error) {
	text := encode(out)
	if int64(len(text)) <= w.Conn.MaxPayload()/2 {
		return [][]byte{text}, nil
	}
	half := out
	n, k := len(out.Piece.Architectures), len(out.Piece.Asks)
	switch {
	case out.Scores == nil || n < 2 && k < 2:
		return nil, fmt.Errorf("a result of %d bytes: the server takes %d", len(text), w.Conn.MaxPayload())
	case n >= 2:
		half.Piece.Architectures, half.Scores = out.Piece.Architectures[:n/2], out.Scores[:n/2]
		out.Piece.Architectures, out.Scores = out.Piece.Architectures[n/2:], out.Scores[n/2:]
	default:
		half.Piece.Asks, half.Scores = out.Piece.Asks[:k/2], [][]score{out.Scores[0][:k/2]}
		out.Piece.Asks, out.Scores = out.Piece.Asks[k/2:], [][]score{out.Scores[0][k/2:]}
	}
	half.Took, out.Took = 0, 0
	first, err := w.parts(half)
	if err != nil {
		return nil, err
	}
	second, err := w.parts(out)
	return append(first, second...), err
}

// begin and finish note what a core does.
func (r *offered) begin(p piece) {
	first := ""
	if a, _, err := r.space.Parse(p.Architectures[0]); err == nil {
		first = a.ID()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy[p.Number] = busy{first, len(p.Architectures), time.Now()}
}

func (r *offered) finish(p piece) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, p.Number)
}

// sayAlive says what the worker does until ctx ends, and then that it goes.
func (w *Worker) sayAlive(ctx context.Context) {
	every := time.NewTicker(beat)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			w.publishAlive(true)
			_ = w.Conn.FlushTimeout(time.Second)
			return
		case <-every.C:
			w.beat()
		}
	}
}

func (w *Worker) beat() { w.publishAlive(false) }

func (w *Worker) publishAlive(left bool) {
	list, _ := w.offers()
	for _, r := range list {
		a := alive{identity: w.me, Left: left, Doing: []Doing{}}
		r.mu.Lock()
		a.Pieces, a.Archs = r.pieces, r.archs
		for _, b := range r.busy {
			a.Doing = append(a.Doing, Doing{b.architecture, b.of, time.Since(b.since).Seconds()})
		}
		r.mu.Unlock()
		slices.SortFunc(a.Doing, func(x, y Doing) int { return strings.Compare(x.Architecture, y.Architecture) })
		_ = w.Conn.Publish(r.alive(), encode(a)) // the next one tells the same
	}
}

// hand is what a core answers a run's questions with.
type hand struct {
	run    *offered
	runner *scoring.Runner
	wanted *wanted
}

func newHand(r *offered, w *Worker) *hand {
	h := &hand{run: r, wanted: &wanted{}}
	h.runner = scoring.NewRunner(r.questions, scoring.Options{Data: r.data, Store: h.wanted, Workers: 1,
		Machine: w.Machine})
	return h
}

// do answers a piece. The error says why this worker cannot.
func (h *hand) do(ctx context.Context, p piece) (scores [][]score, took float64, err error) {
	archs := make([]bench301.Architecture, len(p.Architectures))
	for i, text := range p.Architectures {
		if archs[i], _, err = h.run.space.Parse(text); err != nil {
			return nil, 0, err
		}
	}
	h.wanted.places = make(map[store.Key]int, len(p.Asks))
	for k, a := range p.Asks {
		if a.Question < 0 || a.Question >= len(h.run.questions) {
			return nil, 0, fmt.Errorf("question %d of %d", a.Question, len(h.run.questions))
		}
		key := h.run.questions[a.Question].Key()
		key.Seed = a.Seed
		h.wanted.places[key] = k
	}
	scores = make([][]score, len(archs))
	start := time.Now()
	err = h.runner.Run(ctx, archs, func(i int, answers []scoring.Answer) error {
		scores[i] = make([]score, len(p.Asks))
		for _, a := range answers {
			if !a.Fresh {
				continue
			}
			if a.Scarce {
				return errors.New(a.Error)
			}
			key := a.Key()
			key.ID = ""
			scores[i][h.wanted.places[key]] = score{a.Score, string(a.Status), a.Error, a.Seconds, a.CPUSeconds}
		}
		return nil
	})
	return scores, time.Since(start).Seconds(), err
}

// wanted is a store in which everything is answered but what a piece asks, and which keeps nothing.
type wanted struct{ places map[store.Key]int }

func (s *wanted) Get(k store.Key) (store.Record, bool, error) {
	k.ID = ""
	_, open := s.places[k]
	return store.Record{}, !open, nil
}

func (s *wanted) Put(...store.Record) error { return nil }

func (s *wanted) All() iter.Seq2[store.Record, error] { return store.Each(nil) }

func (s *wanted) Close() error { return nil }
