package cluster

import (
	"cmp"
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
	Name     string // tells it from others; "" makes one of host and process
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

	me    identity
	js    jetstream.JetStream
	grace context.Context // ends some time after Work is told to end: for saying what was finished
	says  sync.WaitGroup  // results that are being said, and programs that are being ended
	alone sync.RWMutex    // a piece at which several workers have ended is computed alone

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
	ended     context.Context // when the offer has gone, or the worker ends: nothing more is computed
	telling   context.Context // when the offer has gone, or the grace of the worker ends: nothing more is said
	end       context.CancelFunc
	using     sync.WaitGroup // pieces in work

	// Under the lock of the worker:
	consumer jetstream.Consumer // nil if the run is not taken
	renewed  time.Time          // when the offer was heard last
	refused  string             // why the run is not taken
	forever  bool               // another try will not help

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

// parting is how long a worker that is told to end goes on saying what it has finished. A variable, for tests.
var parting = 3 * time.Second

// lonely is the delivery from which on a piece is computed alone: those before it may have ended their workers.
const lonely = 4

// Work takes pieces until ctx ends. Its error is that of ctx, or says why the server is of no use.
func (w *Worker) Work(ctx context.Context) (err error) {
	host, _ := os.Hostname()
	name := cmp.Or(w.Name, fmt.Sprintf("%s/%d", host, os.Getpid()))
	w.me = identity{name, w.Machine.Code, goarch, w.Machine.CPU, w.Cores}
	if w.Only != "" {
		w.me.Name += " (started the run)"
	}
	w.runs, w.moved = map[string]*offered{}, make(chan struct{})
	if w.js, err = jetstream.New(w.Conn); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var silence context.CancelFunc
	w.grace, silence = context.WithCancel(context.WithoutCancel(ctx))
	defer silence()
	defer context.AfterFunc(ctx, func() {
		if w.Only != "" { // who would listen is ending too
			silence()
			return
		}
		time.AfterFunc(parting, silence)
	})()
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
	w.says.Wait()
	w.mu.Lock()
	ids := slices.Collect(maps.Keys(w.runs))
	w.mu.Unlock()
	for _, id := range ids {
		w.forget(id)
	}
	w.says.Wait()
	_ = w.Conn.FlushTimeout(time.Second) // what is given back
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
			return closed(w.Conn)
		case err == errConnected:
			waiting = false
			continue
		case !waiting && err != nil && !errors.Is(err, jetstream.ErrBucketNotFound):
			w.Say("no offers: %v; trying again", err)
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

// errConnected says that a connection came back: another server may stand there.
var errConnected = errors.New("connected again")

func (w *Worker) follow(ctx context.Context) error {
	connected := w.Conn.StatusChanged(nats.CONNECTED)
	defer w.Conn.RemoveStatusListener(connected)
	kv, err := w.js.KeyValue(ctx, bucket)
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) {
		return errors.New("the server has no JetStream")
	}
	if err != nil {
		return err
	}
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Stop() }()
	sweep := time.NewTicker(forgotten / 4)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-connected:
			return errConnected
		case <-sweep.C:
			w.sweep()
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
	if err := json.Unmarshal(text, &o); err != nil || !isName(o.ID) || !isName(o.Life) {
		w.Say("an offer that is none was passed over")
		return
	}
	if w.Only != "" && o.ID != w.Only {
		return
	}
	before := "" // why it was not taken
	w.mu.Lock()
	if old := w.runs[o.ID]; old != nil && same(old.offer, o) {
		old.renewed = time.Now()
		before = old.refused
		if old.refused == "" && old.Life == o.Life || old.forever {
			w.mu.Unlock()
			return
		}
	}
	w.mu.Unlock()
	name := fmt.Sprintf("%s of %s", printable.Cut(o.Name, 100), printable.Cut(o.Host, 100))
	err := w.take(ctx, o)
	if ctx.Err() != nil {
		return
	}
	switch {
	case err != nil && err.Error() != before:
		w.Say("%s: not taken: %v", name, err)
	case err == nil && w.Only == "":
		w.Say("working on %s", name)
	}
	w.beat()
}

// same says whether two offers are of one run, by one coordinator or by one and the next.
func same(a, b offer) bool {
	a.Life, a.Host = b.Life, b.Host
	return string(encode(a)) == string(encode(b))
}

// take makes ready what an offer asks. What is not taken is remembered without a consumer. Of a run that another
// coordinator goes on with, what is computed and not yet said is kept.
func (w *Worker) take(ctx context.Context, o offer) (err error) {
	w.mu.Lock()
	r := w.runs[o.ID]
	w.mu.Unlock()
	if r == nil || r.refused != "" || !same(r.offer, o) {
		w.forget(o.ID)
		r, err = w.open(ctx, o)
	}
	var taken jetstream.Consumer
	if err == nil {
		taken, err = w.js.Consumer(ctx, names{o.ID, o.Life}.stream(), consumer)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Life, r.consumer, r.renewed, r.refused = o.Life, taken, time.Now(), ""
	if err != nil {
		r.consumer, r.refused = nil, err.Error()
	}
	w.runs[o.ID] = r
	close(w.moved)
	w.moved = make(chan struct{})
	return err
}

// open makes ready what an offer asks.
func (w *Worker) open(ctx context.Context, o offer) (r *offered, err error) {
	r = &offered{
		offer: o, names: names{o.ID, o.Life}, busy: map[uint64]busy{}, unsaid: make(chan struct{}, heldEach*w.Cores),
	}
	var mute context.CancelFunc
	r.telling, mute = context.WithCancel(w.grace)
	r.ended, r.end = context.WithCancel(ctx)
	stop := r.end
	r.end = func() {
		stop()
		mute()
	}
	if why := o.refusal(w.me.Code, w.me.Arch); why != "" {
		r.forever = true
		return r, errors.New(why)
	}
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
		return r, nil
	}
	return r, w.prepare(ctx, r)
}

// prepare opens the questions of a run that another process offers.
func (w *Worker) prepare(ctx context.Context, r *offered) (err error) {
	var started []string
	for _, q := range r.offer.Questions {
		dir := ""
		if q.Program != nil {
			p := &scoring.Program{Name: q.Estimator, Argv: q.Program.Argv, Dir: "the cache"}
			if len(p.Argv) == 0 {
				return fmt.Errorf("%s: a program without a name", printable.Cut(q.Label, 100))
			}
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
		r.forever = true
		return fmt.Errorf("it would start these programs, as you:\n  %s\n--allow-commands starts them",
			strings.Join(started, "\n  "))
	}
	for _, line := range started {
		w.Say("starts %s", line)
	}
	if r.offer.Images != nil {
		r.data, err = r.offer.Images.fetch(ctx, w.js, r.images(), w.Cache)
	}
	return err
}

// drop forgets a run that is over.
func (w *Worker) drop(id string) {
	if r := w.forget(id); r != nil && r.refused == "" && w.Only == "" {
		w.Say("%s is over", printable.Cut(r.Name, 100))
	}
}

// forget ends what is computed and said of a run, and its programs.
func (w *Worker) forget(id string) *offered {
	w.mu.Lock()
	r := w.runs[id]
	delete(w.runs, id)
	w.mu.Unlock()
	if r == nil {
		return nil
	}
	r.mu.Lock()
	r.end()
	r.mu.Unlock()
	if _, ready := w.Ready[id]; !ready {
		w.says.Go(func() {
			r.using.Wait()
			_ = scoring.Close(r.questions)
		})
	}
	return r
}

// sweep forgets runs whose coordinators are gone without a word, unless something of them is computed or unsaid: a
// coordinator that starts again wants that.
func (w *Worker) sweep() {
	w.mu.Lock()
	var gone []string
	for id, r := range w.runs {
		if r.silent() && len(r.unsaid) == 0 {
			gone = append(gone, id)
		}
	}
	w.mu.Unlock()
	for _, id := range gone {
		w.drop(id)
	}
}

// silent says whether the offer was not renewed, under the lock of the worker.
func (r *offered) silent() bool { return time.Since(r.renewed) > forgotten }

// offers lists the runs that pieces can be taken of, and what tells that they have changed.
func (w *Worker) offers() (list []*offered, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(w.runs)) {
		if r := w.runs[id]; r.consumer != nil && !r.silent() {
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
			case <-time.After(again): // a silent one may be heard again
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
		case <-time.After(wait): // others may take what they are told
			continue
		}
		if !r.use() {
			<-r.unsaid
			continue
		}
		m, err := w.next(r, wait, changed)
		if m == nil {
			r.using.Done()
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
		r.using.Done()
	}
}

// use keeps the questions of a run open, if it is not over.
func (r *offered) use() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended.Err() != nil {
		return false
	}
	r.using.Add(1)
	return true
}

// next takes a piece of a run; nil where there was none for some time.
func (w *Worker) next(r *offered, wait time.Duration, changed <-chan struct{}) (jetstream.Msg, error) {
	w.mu.Lock()
	from := r.consumer
	w.mu.Unlock()
	if from == nil {
		return nil, nil
	}
	ctx, stop := context.WithTimeout(r.ended, wait)
	defer stop()
	go func() {
		select {
		case <-changed:
			stop()
		case <-ctx.Done():
		}
	}()
	batch, err := from.Fetch(1, jetstream.FetchContext(ctx))
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
	if err == nil {
		err = p.check()
	}
	if err != nil {
		w.Say("%s: a piece that is none was passed over: %v", printable.Cut(r.Name, 100), err)
		_ = m.Term()
		release()
		return
	}
	delivery := int(min(meta.NumDelivered, 1<<20)) + p.Tries
	unlock := w.alone.RUnlock
	if len(p.Architectures) == 1 && delivery >= lonely {
		w.alone.Lock()
		unlock = w.alone.Unlock
	} else {
		w.alone.RLock()
	}
	defer unlock()
	if slices.Contains(p.Not, w.me.Name) {
		w.say(r, m, release, nil, &result{Piece: p, Worker: w.me, Back: true})
		return
	}
	if meta.NumDelivered > 1 {
		said, ok := w.confirm(r, result{Piece: p, Worker: w.me, Again: true})
		if !ok || said.Drop {
			w.settle(m, ok)
			release()
			return
		}
	}
	r.begin(p)
	scores, took, err := h.do(r.ended, p)
	r.finish(p)
	results, whole := finished(p, scores)
	if whole {
		results[0].Took = took
	}
	for i := range results {
		results[i].Worker = w.me
	}
	var back *result
	if !whole {
		back = &result{Piece: p, Worker: w.me, Back: true}
		if err != nil && r.ended.Err() == nil {
			w.Say("%s: %v", printable.Cut(r.Name, 100), err)
			back.Trouble = err.Error()
		}
	}
	w.say(r, m, release, results, back)
}

// finished are the results of a piece as far as they go: whole says whether that is all. Of what broke off they are
// one of the architectures that have all answers, and one of each that has some.
func finished(p piece, scores [][]score) (results []result, whole bool) {
	rest := result{Piece: piece{Number: p.Number, Asks: p.Asks}}
	whole = true
	for i, list := range scores {
		one := result{Piece: piece{Number: p.Number, Architectures: p.Architectures[i : i+1]}}
		var answered []score
		for k, s := range list {
			if s.Status != "" {
				one.Piece.Asks, answered = append(one.Piece.Asks, p.Asks[k]), append(answered, s)
			}
		}
		switch {
		case len(answered) == len(p.Asks):
			rest.Piece.Architectures = append(rest.Piece.Architectures, p.Architectures[i])
			rest.Scores = append(rest.Scores, list)
			continue
		case answered != nil:
			one.Scores = [][]score{answered}
			results = append(results, one)
		}
		whole = false
	}
	if rest.Scores != nil {
		results = slices.Insert(results, 0, rest)
	}
	return results, whole && len(scores) > 0
}

// say has results confirmed, and then what is given back, behind the back of the core.
func (w *Worker) say(r *offered, m jetstream.Msg, release func(), results []result, back *result) {
	w.says.Go(func() {
		defer release()
		ok, archs := true, 0
		for _, out := range results {
			if _, ok = w.confirm(r, out); !ok {
				break
			}
			archs += len(out.Piece.Architectures)
		}
		if ok && back != nil {
			_, ok = w.confirm(r, *back)
		}
		w.settle(m, ok)
		if ok && back == nil {
			r.mu.Lock()
			r.pieces++
			r.archs += archs
			r.mu.Unlock()
		}
	})
}

// settle acknowledges a piece that is answered, or given back by a message; any other goes to another worker.
func (w *Worker) settle(m jetstream.Msg, ok bool) {
	switch {
	case ok:
		_ = m.Ack() // one that is lost brings the piece again, which nobody then computes
	case w.grace.Err() != nil:
		_ = m.Nak()
	default:
		_ = m.NakWithDelay(again)
	}
}

// hold keeps a piece from being delivered to others until release.
func (w *Worker) hold(r *offered, m jetstream.Msg) (release func()) {
	held, stop := context.WithCancel(context.Background())
	go func() {
		every := time.NewTicker(time.Duration(min(max(r.Redelivered, 0.3), 3600) / 3 * float64(time.Second)))
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
func (w *Worker) confirm(r *offered, out result) (said reply, ok bool) {
	parts, err := w.parts(out)
	if err != nil {
		w.Say("%s: %v", printable.Cut(r.Name, 100), err)
		return said, false
	}
	for _, text := range parts {
		if said, ok = w.tell(r, text); !ok {
			return said, false
		}
	}
	return said, true
}

// tell sends one message of a result until it is answered.
func (w *Worker) tell(r *offered, text []byte) (said reply, ok bool) {
	for wait := again / 4; ; wait = min(2*wait, 5*time.Second) {
		within, stop := context.WithTimeout(r.telling, 20*time.Second)
		m, err := w.Conn.RequestWithContext(within, r.results(), text)
		stop()
		said = reply{}
		if err == nil && json.Unmarshal(m.Data, &said) == nil && !said.Later {
			if said.Error != "" {
				w.Say("%s: a result was not taken: %s", printable.Cut(r.Name, 100), printable.Cut(said.Error, 500))
			}
			return said, said.Error == ""
		}
		if w.Conn.IsClosed() {
			return said, false
		}
		select {
		case <-r.telling.Done():
			return said, false
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
		a := alive{identity: w.me, Left: left, Doing: []doing{}}
		r.mu.Lock()
		a.Pieces, a.Archs = r.pieces, r.archs
		for _, b := range r.busy {
			a.Doing = append(a.Doing, doing{b.architecture, b.of, time.Since(b.since).Seconds()})
		}
		r.mu.Unlock()
		slices.SortFunc(a.Doing, func(x, y doing) int { return strings.Compare(x.Architecture, y.Architecture) })
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

// do answers a piece. What was not answered has no status; the error says why.
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
	var scarce error
	err = h.runner.Run(ctx, archs, func(i int, answers []scoring.Answer) error {
		scores[i] = make([]score, len(p.Asks))
		for _, a := range answers {
			if !a.Fresh {
				continue
			}
			if a.Scarce {
				scarce = errors.New(a.Error)
				continue
			}
			key := a.Key()
			key.ID = ""
			scores[i][h.wanted.places[key]] = score{a.Score, string(a.Status), a.Error, a.Seconds, a.CPUSeconds}
		}
		return nil
	})
	return scores, time.Since(start).Seconds(), cmp.Or(scarce, err)
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
