package cluster

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rwe301/bench301"
	"rwe301/estimators"
)

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
