package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
)

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
	holds  map[jetstream.Msg]piece // in work or not confirmed
	unsaid chan struct{}           // one for each result that may wait for its confirmation
}

type busy struct {
	architecture string
	of           int
	since        time.Time
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
		told := encode(alive{identity: w.me, Refused: err.Error()})
		_ = w.Conn.Publish(names{id: o.ID}.alive(), told) // for the status only
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
		offer: o, names: names{o.ID, o.Life}, busy: map[uint64]busy{}, holds: map[jetstream.Msg]piece{},
		unsaid: make(chan struct{}, heldEach*w.Cores),
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
		return fmt.Errorf("it would start programs, as you (--allow-commands starts them): %s",
			strings.Join(started, "; "))
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
