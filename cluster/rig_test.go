package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/store"
)

// TestMain makes the times of the protocol those of a test.
func TestMain(m *testing.M) {
	redelivered, beat, refreshed, forgotten, guarded = time.Second, 100*time.Millisecond, 300*time.Millisecond,
		3*time.Second, 300*time.Millisecond
	troubleDelay, passDelay, parting, patience = 200*time.Millisecond, 50*time.Millisecond, time.Second, 15*time.Second
	rejoin = 2 * time.Second
	os.Exit(m.Run())
}

// local is the machine of a test.
var local = scoring.Machine{Code: "test", CPU: "a processor"}

// rig is a run on a server of a test.
type rig struct {
	*testing.T
	ctx    context.Context
	server *Server
	nc     *nats.Conn // of the coordinator
	run    Run
	c      *Coordinator
	archs  []bench301.Architecture

	mu    sync.Mutex
	asked map[string]int // how often a source was asked about an architecture under a seed
	said  []string       // by workers
}

// newRig makes a run of n architectures whose sources are asked through workers, on a server of its own.
func newRig(t *testing.T, n int) *rig {
	t.Helper()
	t.Parallel()
	s, err := Listen("127.0.0.1:0", filepath.Join(t.TempDir(), "nats"), Access{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return rigOn(t, s, n, "a run")
}

// rigOn makes a run on a server.
func rigOn(t *testing.T, s *Server, n int, name string) *rig {
	t.Helper()
	r := &rig{T: t, server: s, asked: map[string]int{}}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(stop)
	r.ctx = ctx
	space, err := bench301.LookupSpace("darts")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, uint64(len(name))))
	for range n {
		r.archs = append(r.archs, space.Sample(random))
	}
	dir := t.TempDir()
	scores, err := store.OpenSQLite(filepath.Join(dir, "scores.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = scores.Close() })
	r.run = Run{Name: name, Dir: dir, Space: space, Questions: r.questions(nil), Store: scores, Machine: local}
	r.nc = r.dial()
	return r
}

// source is what a worker of a test answers with; nil stands for the number of asked architectures.
type source func(ctx context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error)

type counted struct {
	r *rig
	source
}

func (s counted) Score(ctx context.Context, a bench301.Architecture, env *estimators.Env) (estimators.Score, error) {
	s.r.mu.Lock()
	s.r.asked[fmt.Sprintf("%s %d", a.ID(), env.Seed)]++
	s.r.mu.Unlock()
	if s.source != nil {
		return s.source(ctx, a, env.Seed)
	}
	return fine(a, env.Seed), nil
}

// fine is the score of an architecture in these tests.
func fine(a bench301.Architecture, seed uint64) estimators.Score {
	return estimators.Score{Status: estimators.OK, Value: float64(len(a.String())) + float64(seed)/8, Seconds: 1e-3}
}

// questions asks two seeds of a source.
func (r *rig) questions(s source) []*scoring.Question {
	return []*scoring.Question{{
		Question: store.Question{Label: "own", Estimator: "own", SettingsHash: "h", Seeds: []uint64{0, 1}},
		Source:   counted{r, s},
	}}
}

// dial connects over TCP.
func (r *rig) dial() *nats.Conn {
	r.Helper()
	nc, err := Dial(r.T.Context(), r.server.URL, Access{}, false, nil)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(nc.Close)
	return nc
}

// coordinate offers the run.
func (r *rig) coordinate() *rig {
	r.Helper()
	c, err := Coordinate(r.ctx, r.nc, r.run)
	if err != nil {
		r.Fatal(err)
	}
	r.c = c
	r.Cleanup(c.Close)
	return r
}

// testWorker is a worker of a test.
type testWorker struct {
	*Worker
	stop  context.CancelFunc
	ended chan struct{}
}

// work starts a worker with a source for the runs of rigs.
func (r *rig) work(name string, cores int, s source, change func(*Worker), others ...*rig) *testWorker {
	r.Helper()
	ready := map[string]Ready{}
	for _, one := range append(others, r) {
		if one.c != nil {
			ready[one.c.ID()] = Ready{Questions: one.questions(s)}
		}
	}
	w := &Worker{
		Conn: r.dial(), Name: name, Machine: local, Cores: cores, Cache: r.TempDir(), Ready: ready,
		Say: func(format string, args ...any) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.said = append(r.said, name+": "+fmt.Sprintf(format, args...))
		},
	}
	if change != nil {
		change(w)
	}
	ctx, stop := context.WithCancel(r.ctx)
	h := &testWorker{w, stop, make(chan struct{})}
	go func() {
		defer close(h.ended)
		_ = w.Work(ctx)
	}()
	r.Cleanup(h.end)
	return h
}

// end ends a worker in order.
func (h *testWorker) end() {
	h.stop()
	<-h.ended
}

// crash ends a worker so that nobody hears of it.
func (h *testWorker) crash() {
	h.Conn.Close()
	h.stop()
}

// score has everything answered.
func (r *rig) score() error {
	return scoring.NewRunner(r.run.Questions, scoring.Options{Store: r.run.Store, Fleet: r.c, Machine: local}).
		Run(r.ctx, r.archs, nil)
}

// whole checks that every answer is there and as it should be, but for architectures that must have failed.
func (r *rig) whole(failed ...bench301.Architecture) {
	r.Helper()
	for _, a := range r.archs {
		for _, seed := range []uint64{0, 1} {
			key := r.run.Questions[0].Key()
			key.ID, key.Seed = a.ID(), seed
			got, ok, err := r.run.Store.Get(key)
			lost := slices.ContainsFunc(failed, func(f bench301.Architecture) bool { return f.ID() == a.ID() })
			switch {
			case err != nil || !ok:
				r.Fatalf("%s, seed %d: no answer: %v", a.ID(), seed, err)
			case lost != (got.Status == store.Failed):
				r.Errorf("%s, seed %d: %s: %s", a.ID(), seed, got.Status, got.Error)
			case !lost && *got.Score != fine(a, seed).Value:
				r.Errorf("%s, seed %d: %v, want %v", a.ID(), seed, *got.Score, fine(a, seed).Value)
			}
		}
	}
}

// once checks that no source was asked twice the same.
func (r *rig) once() {
	r.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(r.asked)) {
		if n := r.asked[key]; n != 1 {
			r.Errorf("%s was asked %d times", key, n)
		}
	}
}

// heard waits until a worker says something.
func (r *rig) heard(what string) {
	r.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		r.mu.Lock()
		found := slices.ContainsFunc(r.said, func(s string) bool { return strings.Contains(s, what) })
		r.mu.Unlock()
		if found {
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Fatalf("nobody said %q, but:\n%s", what, strings.Join(r.said, "\n"))
}

// tell says a result to the coordinator by hand, and returns what it says.
func (r *rig) tell(nc *nats.Conn, out result) reply {
	r.Helper()
	said, err := r.try(nc, encode(out))
	if err != nil {
		r.Fatal(err)
	}
	return said
}

func (r *rig) try(nc *nats.Conn, text []byte) (said reply, err error) {
	m, err := nc.Request(r.c.names.results(), text, 10*time.Second)
	if err != nil {
		return said, err
	}
	if string(m.Data) == "" {
		return said, errors.New("an empty reply")
	}
	return said, json.Unmarshal(m.Data, &said)
}

// cut closes all connections of the server.
func (r *rig) cut() {
	r.Helper()
	list, err := r.server.server.Connz(&server.ConnzOptions{Limit: 1000})
	if err != nil {
		r.Fatal(err)
	}
	for _, c := range list.Conns {
		_ = r.server.server.DisconnectClientByID(c.Cid)
	}
}
