package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/scoring"
	"rwe301/store"
)

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
