package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
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
		var h *helper
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
	if n := crashes.Load(); n != Deliveries {
		t.Errorf("%d workers ended, want %d", n, Deliveries)
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

// TestTheNextCoordinator goes on with the workers of the one before, and what was on the disk is not asked again.
func TestTheNextCoordinator(t *testing.T) {
	r := newRig(t, 30).coordinate()
	began, hold := make(chan string, 100), make(chan struct{})
	r.work("patient", 1, func(ctx context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
		if a.ID() == r.archs[10].ID() && seed == 1 {
			began <- a.ID()
			<-hold // an hour's training
		}
		return fine(a, seed), nil
	}, nil)
	ctx := r.ctx
	first, stop := context.WithCancel(ctx)
	r.ctx = first
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	<-began
	for workers, _ := r.c.Workforce(); workers == 0; workers, _ = r.c.Workforce() {
		time.Sleep(beat)
	}
	r.c.writeStatus()
	stop() // as a kill does, without taking the offer back
	<-scored
	r.c.ended()
	r.c.ending.Wait()
	r.c.unsubscribe()
	r.ctx = ctx
	id := r.c.ID()
	r.coordinate()
	if r.c.ID() != id {
		t.Fatalf("%s, before %s", r.c.ID(), id)
	}
	go func() { scored <- r.score() }()
	close(hold)
	if err := <-scored; err != nil {
		t.Fatal(err)
	}
	r.whole()
	r.once() // also what the worker was at
}

// TestWhatIsHeldAndGivenUp: what a worker was at when the coordinator was killed goes to another when it ends.
func TestWhatIsHeldAndGivenUp(t *testing.T) {
	r := newRig(t, 5).coordinate()
	began := make(chan string, 100)
	h := r.work("at it", 1, func(ctx context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
		began <- a.ID()
		<-ctx.Done()
		return estimators.Score{}, ctx.Err()
	}, nil)
	ctx := r.ctx
	first, stop := context.WithCancel(ctx)
	r.ctx = first
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	id := <-began
	for workers, _ := r.c.Workforce(); workers == 0; workers, _ = r.c.Workforce() {
		time.Sleep(beat)
	}
	r.c.writeStatus()
	stop()
	<-scored
	r.c.ended()
	r.c.ending.Wait()
	r.c.unsubscribe()
	r.ctx = ctx
	r.coordinate()
	r.work("another", 1, nil, nil)
	go func() { scored <- r.score() }()
	for r.c.Status().Finished < 4 {
		time.Sleep(beat)
	}
	time.Sleep(2 * guarded)
	if n := r.c.Status().Open; n != 1 {
		t.Errorf("%d open, want %s alone", n, id)
	}
	h.end()
	if err := <-scored; err != nil {
		t.Fatal(err)
	}
	r.whole()
}

// TestTwoCoordinatorsOfOneName happens where the folder of a run is copied while it is coordinated: the second takes a
// name of its own, and both finish.
func TestTwoCoordinatorsOfOneName(t *testing.T) {
	r := newRig(t, 50).coordinate()
	copied := rigOn(t, r.server, 50, "a run")
	id := r.c.ID()
	if err := os.Mkdir(filepath.Join(copied.run.Dir, clusterFolder), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied.run.Dir, clusterFolder, "id"), []byte(id), 0o666); err != nil {
		t.Fatal(err)
	}
	copied.coordinate()
	if copied.c.ID() == id {
		t.Fatal("two coordinators of one name")
	}
	r.work("worker", 2, nil, nil, copied)
	scored := make(chan error, 1)
	go func() { scored <- copied.score() }()
	if err := r.score(); err != nil {
		t.Error(err)
	}
	if err := <-scored; err != nil {
		t.Error(err)
	}
	r.whole()
	copied.whole()
}

// TestACoordinatorThatLostItsName ends when another one offers its run.
func TestACoordinatorThatLostItsName(t *testing.T) {
	r := newRig(t, 5).coordinate()
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	js, err := jetstream.New(r.dial())
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue(r.ctx, bucket)
	if err != nil {
		t.Fatal(err)
	}
	o := r.c.offer
	o.Life, o.Host = randomName(), "elsewhere"
	if _, err := kv.Put(r.ctx, o.ID, encode(o)); err != nil {
		t.Fatal(err)
	}
	if err := <-scored; err == nil || !strings.Contains(err.Error(), "another process offers this run") ||
		!strings.Contains(err.Error(), "elsewhere") {
		t.Error(err)
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

// TestGarbage stands on the server before workers come.
func TestGarbage(t *testing.T) {
	r := newRig(t, 20).coordinate()
	nc := r.dial()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue(r.ctx, bucket)
	if err != nil {
		t.Fatal(err)
	}
	bad := r.c.offer
	bad.ID, bad.Life, bad.Redelivered, bad.Space = randomName(), randomName(), -1e300, "no space"
	later := r.c.offer
	later.ID, later.Protocol, later.Name = randomName(), 99, "of tomorrow"
	for key, value := range map[string]string{"a": "", "b": "null", "c": `{"id":"../../../../../x"}`, "d": "[1]",
		bad.ID: string(encode(bad)), later.ID: string(encode(later))} {
		if _, err := kv.Put(r.ctx, key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"", "null", "{}", "[]", `{"n":1,"asks":[],"archs":[]}`,
		`{"n":1,"asks":[{"q":99,"s":0}],"archs":["x"]}`, `{"n":2,"asks":[{"q":0,"s":0}],"archs":["x"]}`} {
		if _, err := js.Publish(r.ctx, r.c.names.work(), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	r.work("worker", 2, nil, nil)
	r.heard("an offer that is none was passed over")
	r.heard(`not taken: space "no space": unknown`)
	r.heard("it speaks protocol 99")
	r.heard("a piece that is none was passed over")
	if err := r.score(); err != nil {
		t.Fatal(err)
	}
	r.whole()
}

// TestStrangersOnTheServer leaves what others have there as it is.
func TestStrangersOnTheServer(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(context.Context, jetstream.JetStream) error
		want string
	}{
		{"a stream of all subjects", func(ctx context.Context, js jetstream.JetStream) error {
			_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "ALL", Subjects: []string{"bench301.>"}})
			return err
		}, "the server has a stream that takes the subjects bench301.> already"},
		{"a bucket of this name", func(ctx context.Context, js jetstream.JetStream) error {
			_, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucket})
			return err
		}, `the server has a bucket "bench301" that is not one of offers`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 1)
			js, err := jetstream.New(r.nc)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.make(r.ctx, js); err != nil {
				t.Fatal(err)
			}
			before := streams(t, js)
			if _, err := Coordinate(r.ctx, r.nc, r.run); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if after := streams(t, js); before == "" || !strings.Contains(after, before) {
				t.Errorf("streams %s, before %s", after, before)
			}
		})
	}
}

func streams(t *testing.T, js jetstream.JetStream) (list string) {
	for name := range js.StreamNames(t.Context()).Name() {
		list += name + " "
	}
	return strings.TrimSpace(list)
}

// TestLargeMessages cuts pieces and results to what a server takes.
func TestLargeMessages(t *testing.T) {
	r := newRig(t, 300).coordinate()
	w := &Worker{Conn: r.nc}
	long := strings.Repeat("x", 60000)
	out := result{Piece: piece{Number: 1, Asks: []ask{{0, 0}, {0, 1}, {0, 2}}}}
	for range 50 {
		out.Piece.Architectures = append(out.Piece.Architectures, "a")
		out.Scores = append(out.Scores, []score{{Error: long}, {Error: long}, {Error: long}})
	}
	parts, err := w.parts(out)
	if err != nil || len(parts) < 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	n := 0
	for _, text := range parts {
		if int64(len(text)) > r.nc.MaxPayload() {
			t.Errorf("a part of %d bytes", len(text))
		}
		var one result
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		for _, list := range one.Scores {
			n += len(list)
		}
	}
	if n != 150 {
		t.Errorf("%d scores in the parts", n)
	}
	out.Scores, out.Piece.Architectures, out.Piece.Asks = [][]score{{{Error: strings.Repeat(long, 100)}}}, []string{"a"},
		out.Piece.Asks[:1]
	if _, err := w.parts(out); err == nil {
		t.Error("a score too large for a message was cut")
	}
	jobs := make([]*openJob, 60000)
	for i := range jobs {
		jobs[i] = &openJob{}
		jobs[i].Architecture = r.archs[i%len(r.archs)]
	}
	p := &published{piece: piece{Asks: []ask{{0, 0}}}, jobs: jobs}
	if err := r.c.put(r.ctx, p); err != nil {
		t.Error(err)
	}
	if len(r.c.pieces) < 2 {
		t.Error("a piece too large for a message was not cut")
	}
}

// TestAFullDisk ends a run with the error of the store, and the next goes on.
func TestAFullDisk(t *testing.T) {
	r := newRig(t, 40)
	whole := r.run.Store
	full := &fullStore{Store: whole, room: 30}
	r.run.Store = full
	r.coordinate()
	r.work("worker", 2, nil, nil)
	if err := r.score(); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Fatal(err)
	}
	full.room = 1 << 20
	if err := r.score(); err != nil {
		t.Fatal(err)
	}
	r.whole()
}

type fullStore struct {
	store.Store
	room int
}

func (s *fullStore) Put(list ...store.Record) error {
	if s.room -= len(list); s.room < 0 {
		return fmt.Errorf("database or disk is full")
	}
	return s.Store.Put(list...)
}

// TestRetry asks again what has failed.
func TestRetry(t *testing.T) {
	r := newRig(t, 10).coordinate()
	broken := true
	r.work("worker", 1, func(_ context.Context, a bench301.Architecture, seed uint64) (estimators.Score, error) {
		if broken && a.ID() == r.archs[2].ID() {
			panic("broken")
		}
		return fine(a, seed), nil
	}, nil)
	if err := r.score(); err != nil {
		t.Fatal(err)
	}
	r.whole(r.archs[2])
	broken = false
	again := scoring.Options{Store: r.run.Store, Fleet: r.c, Machine: local, Retry: true}
	if err := scoring.NewRunner(r.run.Questions, again).Run(r.ctx, r.archs, nil); err != nil {
		t.Fatal(err)
	}
	r.whole()
}

// TestAClosedConnection ends the run with a sentence.
func TestAClosedConnection(t *testing.T) {
	r := newRig(t, 5).coordinate()
	scored := make(chan error, 1)
	go func() { scored <- r.score() }()
	time.Sleep(100 * time.Millisecond)
	r.nc.Close()
	if err := <-scored; err == nil || !strings.Contains(err.Error(), "the connection to the server is closed") {
		t.Error(err)
	}
}

// TestLeftovers of a coordinator that was killed go when the next one of any run begins; those of others stay.
func TestLeftovers(t *testing.T) {
	r := newRig(t, 1)
	js, err := jetstream.New(r.nc)
	if err != nil {
		t.Fatal(err)
	}
	old := names{"0123456789abcdef", "fedcba9876543210"}
	alive := names{"0123456789abcde0", "fedcba9876543210"}
	for _, n := range []names{old, alive} {
		_, err := js.CreateStream(r.ctx, jetstream.StreamConfig{Name: n.stream(), Subjects: []string{n.work()}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.CreateObjectStore(r.ctx, jetstream.ObjectStoreConfig{Bucket: n.images()}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := js.CreateStream(r.ctx, jetstream.StreamConfig{Name: "bench301-mine", Subjects: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.nc.Subscribe(alive.who(), func(m *nats.Msg) { _ = m.Respond(nil) }); err != nil {
		t.Fatal(err)
	}
	r.coordinate()
	if list := streams(t, js); !strings.Contains(list, old.stream()) {
		t.Errorf("%s: without one that had just begun", list)
	}
	r.c.Close()
	time.Sleep(forgotten + 100*time.Millisecond)
	r.coordinate()
	list := streams(t, js)
	if strings.Contains(list, old.id) {
		t.Errorf("%s: %s is left", list, old.id)
	}
	for _, name := range []string{alive.stream(), "OBJ_" + alive.images(), "bench301-mine", r.c.names.stream()} {
		if !strings.Contains(list, name) {
			t.Errorf("%s: without %s", list, name)
		}
	}
}
