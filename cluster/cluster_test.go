package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/store"
)

// TestWorkersAnswerOnce lets several workers, one of them in the process of the server, answer a run.
func TestWorkersAnswerOnce(t *testing.T) {
	r := newRig(t, 300).coordinate()
	within, err := r.server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer within.Close()
	for i := range 4 {
		r.work(fmt.Sprint("worker ", i), 1+i, nil, func(w *Worker) {
			if i == 0 {
				w.Conn, w.Only = within, r.c.ID()
			}
		})
	}
	if err := r.score(); err != nil {
		t.Fatal(err)
	}
	r.whole()
	r.once()
}

// TestAnArchitectureThatEndsItsWorkers kills every worker that touches one architecture: it fails after five
// deliveries and says so, and takes no other with it.
func TestAnArchitectureThatEndsItsWorkers(t *testing.T) {
	r := newRig(t, 12).coordinate()
	killer := r.archs[5]
	var crashes atomic.Int32
	var start func()
	start = func() {
		var h *testWorker
		ready := make(chan struct{})
		h = r.work(fmt.Sprint("worker ", crashes.Load()), 4, func(ctx context.Context, a bench301.Architecture,
			seed uint64) (estimators.Score, error) {
			<-ready
			if a.ID() != killer.ID() {
				select { // slow enough to be in the same boat
				case <-ctx.Done():
					return estimators.Score{}, ctx.Err()
				case <-time.After(300 * time.Millisecond):
				}
				return fine(a, seed), nil
			}
			h.crash()
			if crashes.Add(1) < 20 && r.ctx.Err() == nil {
				start()
			}
			<-ctx.Done()
			return estimators.Score{}, ctx.Err()
		}, nil)
		close(ready)
	}
	start()
	if err := r.score(); err != nil {
		t.Fatal(err)
	}
	r.whole(killer)
	if n := crashes.Load(); n != deliveries {
		t.Errorf("%d workers ended, want %d", n, deliveries)
	}
	key := r.run.Questions[0].Key()
	key.ID = killer.ID()
	if got, _, _ := r.run.Store.Get(key); !strings.Contains(got.Error, "5 deliveries") {
		t.Errorf("failed with %q", got.Error)
	}
}

// TestWantOfMemory gives architectures that a small worker has no memory for to a large one, and fails those that
// nobody has it for, with the words of the memory.
func TestWantOfMemory(t *testing.T) {
	r := newRig(t, 20).coordinate()
	large, huge := r.archs[3], r.archs[9]
	scarce := func(unable ...bench301.Architecture) source {
		return func(_ context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
			for _, u := range unable {
				if a.ID() == u.ID() && seed == 1 {
					return estimators.Score{Status: estimators.Failed, Reason: "needs 9 GB, 1 GB is free", Scarce: true}, nil
				}
			}
			return fine(a, seed), nil
		}
	}
	r.work("small", 4, scarce(large, huge), nil)
	r.work("large", 1, func(ctx context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
		time.Sleep(20 * time.Millisecond) // and often busy
		return scarce(huge)(ctx, a, seed)
	}, nil)
	if err := r.score(); err != nil {
		t.Fatal(err)
	}
	key := r.run.Questions[0].Key()
	key.ID, key.Seed = large.ID(), 1
	if got, ok, _ := r.run.Store.Get(key); !ok || got.Status != store.OK {
		t.Errorf("the large one: %s: %s", got.Status, got.Error)
	}
	key.ID = huge.ID()
	got, _, _ := r.run.Store.Get(key)
	if got.Status != store.Failed || !strings.Contains(got.Error, "5 deliveries") ||
		!strings.Contains(got.Error, "needs 9 GB, 1 GB is free") {
		t.Errorf("the huge one: %s: %s", got.Status, got.Error)
	}
	key.Seed = 0
	if got, _, _ := r.run.Store.Get(key); got.Status != store.OK {
		t.Errorf("the other seed of the huge one: %s: %s", got.Status, got.Error)
	}
}

// TestResultsByHand says results to a coordinator that a worker of ours would not.
func TestResultsByHand(t *testing.T) {
	r := newRig(t, 3).coordinate()
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	nc := r.dial()
	one, half := 1.0, 0.5
	me := identity{Name: "by hand/1", Code: local.Code, Arch: goarch, CPU: "hand"}
	of := func(i int, seed uint64, v *float64) result {
		p := piece{Number: 1, Asks: []ask{{0, seed}}, Architectures: []string{r.archs[i].String()}}
		return result{Piece: p, Worker: me, Scores: [][]score{{{Value: v, Status: "ok"}}}}
	}
	other := func(change func(*result)) result {
		out := of(0, 0, &one)
		change(&out)
		return out
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) { // until it is published
		if said := r.tell(nc, of(0, 0, &one)); said == (reply{}) {
			break
		} else if !said.Later || time.Now().After(end) {
			t.Fatalf("%+v", said)
		}
	}
	for _, c := range []struct {
		name string
		out  result
		want string
	}{
		{"again", of(0, 0, &one), ""},
		{"another version", other(func(out *result) { out.Worker.Code = "other" }), "begun by version test, this is other"},
		{"another processor", other(func(out *result) { out.Worker.Arch = "riscv" }), "begun on " + goarch +
			", this is riscv"},
		{"no question", other(func(out *result) { out.Piece.Asks[0].Question = 7 }), "a question that the run does not ask"},
		{"below", other(func(out *result) { out.Piece.Asks[0].Question = -1 }), "a question that the run does not ask"},
		{"no seed", other(func(out *result) { out.Piece.Asks[0].Seed = 9 }), "a question that the run does not ask"},
		{"no architecture", other(func(out *result) { out.Piece.Architectures[0] = "x" }), "no architecture of the space"},
		{"too few", other(func(out *result) { out.Scores[0] = nil }), "0 scores for 1 questions"},
		{"too many", other(func(out *result) { out.Scores = append(out.Scores, nil) }), "2 lists of scores"},
		{"no score", of(1, 0, nil), "score"},
		{"nothing", result{Worker: me}, "it asks nothing"},
		{"a strange status", other(func(out *result) { out.Scores[0][0].Status = "fine" }), "fine"},
	} {
		if said := r.tell(nc, c.out); !strings.Contains(said.Error, c.want) || c.want == "" && said != (reply{}) {
			t.Errorf("%s: %+v, want %q", c.name, said, c.want)
		}
	}
	for _, text := range []string{"", "null", "[]", "\xff", `{"piece":{"n":1}}`, `{"scores":[[]]}`,
		strings.Repeat("[", 100000)} {
		if said, err := r.try(nc, []byte(text)); err != nil || said.Error == "" {
			t.Errorf("%.20q: %+v, %v", text, said, err)
		}
	}
	for _, text := range []string{"", "null", `{"name":"x","cores":-1}`, `{"name":"x","cores":1,"doing":[{},{},{}]}`} {
		if err := nc.Publish(r.c.names.alive(), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if said := r.tell(nc, result{Piece: piece{Number: 4711, Asks: []ask{{0, 0}}, Architectures: []string{"x"}}, Worker: me,
		Again: true}); !said.Drop {
		t.Errorf("an unknown piece: %+v", said)
	}
	if _, err := r.try(nc, encode(of(0, 0, &half))); err == nil { // the run has ended, and answers no more
		t.Error("a score that differs was confirmed")
	}
	err := <-scored
	for _, want := range []string{"has two scores: 1 by by hand/1 (hand, version test), 0.5 by by hand/1 (hand, version " +
		"test)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ended with %v, want %q", err, want)
		}
	}
}

// TestEarlyResults keeps a result whose architecture is not yet asked until it is: none of a result of several gets
// lost.
func TestEarlyResults(t *testing.T) {
	r := newRig(t, 400).coordinate()
	me := identity{Name: "early/1", Code: local.Code, Arch: goarch, CPU: local.CPU}
	out := result{Piece: piece{Number: 1, Asks: []ask{{0, 0}, {0, 1}}}, Worker: me}
	for _, a := range []bench301.Architecture{r.archs[0], r.archs[399]} { // open at once, and late
		out.Piece.Architectures = append(out.Piece.Architectures, a.String())
		var list []score
		for seed := range uint64(2) {
			v := fine(a, seed).Value
			list = append(list, score{Value: &v, Status: "ok"})
		}
		out.Scores = append(out.Scores, list)
	}
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	nc := r.dial()
	time.Sleep(200 * time.Millisecond)
	if said := r.tell(nc, out); !said.Later {
		t.Fatalf("%+v", said)
	}
	r.work("worker", 2, nil, nil)
	for {
		if said := r.tell(nc, out); said == (reply{}) {
			break
		} else if !said.Later {
			t.Fatalf("%+v", said)
		}
		time.Sleep(time.Millisecond)
	}
	if err := <-scored; err != nil {
		t.Fatal(err)
	}
	r.whole()
}

// TestVersions refuses workers of another version with a sentence, unless versions may mix.
func TestVersions(t *testing.T) {
	for _, mix := range []bool{false, true} {
		t.Run(fmt.Sprint("mix ", mix), func(t *testing.T) {
			r := newRig(t, 20)
			r.run.Mix = mix
			r.coordinate()
			r.work("stranger", 1, nil, func(w *Worker) { w.Machine.Code = "later" })
			if !mix {
				r.heard("not taken: it was begun by version test, this is later: scores of both would not be comparable")
				r.work("one of ours", 1, nil, nil)
			}
			if err := r.score(); err != nil {
				t.Fatal(err)
			}
			r.whole()
			for rec, err := range r.run.Store.All() {
				if err != nil || mix != (rec.Code == "later") {
					t.Fatalf("%+v, %v", rec, err)
				}
			}
		})
	}
}

// TestLostConnections closes the connections of everybody again and again.
func TestLostConnections(t *testing.T) {
	r := newRig(t, 200).coordinate()
	slow := func(_ context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
		time.Sleep(5 * time.Millisecond)
		return fine(a, seed), nil
	}
	r.work("one", 2, slow, nil)
	r.work("two", 2, slow, nil)
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	for range 6 {
		time.Sleep(150 * time.Millisecond)
		r.cut()
	}
	if err := <-scored; err != nil {
		t.Fatal(err)
	}
	r.whole()
}

// TestAServerThatForgets takes the stream, the bucket and the pieces of a run away.
func TestAServerThatForgets(t *testing.T) {
	r := newRig(t, 200).coordinate()
	slow := func(_ context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
		time.Sleep(5 * time.Millisecond)
		return fine(a, seed), nil
	}
	r.work("one", 2, slow, nil)
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	js, err := jetstream.New(r.dial())
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	s, err := js.Stream(r.ctx, r.c.names.stream())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(r.ctx); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if err := js.DeleteStream(r.ctx, r.c.names.stream()); err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteKeyValue(r.ctx, bucket); err != nil {
		t.Fatal(err)
	}
	if err := <-scored; err != nil {
		t.Fatal(err)
	}
	r.whole()
}

// TestAWorkerThatIsToldToEnd gives its pieces back at once, and says what it has finished.
func TestAWorkerThatIsToldToEnd(t *testing.T) {
	r := newRig(t, 8).coordinate()
	begun := make(chan struct{}, 100)
	h := r.work("stopped", 2, func(ctx context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
		if seed == 0 {
			return fine(a, seed), nil
		}
		begun <- struct{}{}
		<-ctx.Done()
		return estimators.Score{}, ctx.Err()
	}, nil)
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	<-begun
	<-begun
	h.end()
	start := time.Now()
	r.work("other", 2, nil, nil)
	if err := <-scored; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > redelivered {
		t.Errorf("the pieces came back after %v", took)
	}
	r.whole()
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, n := range r.asked {
		if strings.HasSuffix(key, " 0") && n != 1 {
			t.Errorf("%s was asked %d times: what was finished was not said", key, n)
		}
	}
}

// TestSeveralRuns serves two runs by turns, and a third whose coordinator is gone holds nobody up.
func TestSeveralRuns(t *testing.T) {
	r := newRig(t, 60).coordinate()
	second := rigOn(t, r.server, 60, "second run").coordinate()
	dead := rigOn(t, r.server, 200, "dead run").coordinate()
	first, stop := context.WithCancel(dead.ctx)
	dead.ctx = first
	slow := func(_ context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
		time.Sleep(2 * time.Millisecond)
		return fine(a, seed), nil
	}
	r.work("worker", 2, slow, nil, second, dead)
	scored := make(chan error, 3)
	go func() { scored <- dead.score() }()
	time.Sleep(200 * time.Millisecond)
	stop()
	<-scored
	dead.c.ended()
	dead.c.ending.Wait()
	dead.c.unsubscribe()
	go func() { scored <- second.score() }()
	go func() { scored <- r.score() }()
	for range 2 {
		if err := <-scored; err != nil {
			t.Error(err)
		}
	}
	r.whole()
	second.whole()
}
