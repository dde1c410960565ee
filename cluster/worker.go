package cluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rwe301/bench301/dataset"
	"rwe301/scoring"
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

// parting is how long a worker that is told to end goes on saying what it has finished. A variable, for tests.
var parting = 3 * time.Second

// Work takes pieces until ctx ends. Its error is that of ctx, or says why the server is of no use.
func (w *Worker) Work(ctx context.Context) (err error) {
	host, _ := os.Hostname()
	connection, _ := w.Conn.GetClientID() // containers may share host and process numbers
	name := cmp.Or(w.Name, fmt.Sprintf("%s/%d/%d", host, os.Getpid(), connection))
	w.me = identity{name, w.Machine.Code, goarch, w.Machine.CPU, w.Cores}
	if w.Only != "" {
		w.me.Name += startedRun
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
		w.mu.Lock()
		life := r.Life
		w.mu.Unlock()
		a := alive{identity: w.me, Left: left, Doing: []Doing{}, Life: life, Holds: r.held(life)}
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
