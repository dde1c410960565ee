package cluster

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/internal/atomicfile"
	"rwe301/scoring"
	"rwe301/store"
)

// Run is what a coordinator has answered.
type Run struct {
	Name      string
	Dir       string // its folder; what the coordinator keeps of itself lies below it, until Close
	Space     bench301.Space
	Questions []*scoring.Question
	Data      *dataset.Set // nil where no estimator sees images
	Store     store.Store
	Machine   scoring.Machine
	Server    string // where workers reach it, for the status
	Mix       bool   // workers of other versions and kinds of processors may work
}

// Coordinator publishes the open work of a run and keeps what workers answer. It is a scoring.Fleet.
type Coordinator struct {
	run   Run
	names names
	nc    *nats.Conn
	js    jetstream.JetStream
	kv    jetstream.KeyValue
	offer offer
	index map[store.Key]int // of questions that travel, by their keys without architecture and seed
	began time.Time

	results chan *nats.Msg
	subs    []*nats.Subscription
	ended   context.CancelFunc // of what refreshes offer and status
	ending  sync.WaitGroup

	mu         sync.Mutex
	more       sync.Cond // pieces were finished
	number     uint64    // of the last piece
	pieces     map[uint64]*published
	open       map[string]*openJob
	exhausted  bool // no more jobs will come
	seconds    map[string]float64
	answeredBy map[string]string // of architectures: the worker that answered last
	workers    map[string]*known
	counted    time.Time // when allCores were
	allCores   int
	complaints []Complaint
	complained int // complaints in all
	course     course
	finished   int // architectures
	failed     int // scores
	stopped    error
}

// openJob is an architecture that lacks answers.
type openJob struct {
	scoring.Job
	asks    []ask
	records []store.Record
	missing int
}

// published is a piece that is not finished.
type published struct {
	piece
	left    int // answers
	trouble string
}

// clusterFolder is where a coordinator keeps what it needs in the folder of a run.
const clusterFolder = "cluster"

// Folder is where a server of ours keeps its files for a run.
func Folder(dir string) string { return filepath.Join(dir, clusterFolder, "nats") }

// Times of the protocol. Variables, for tests.
var (
	redelivered = 30 * time.Second // a piece is delivered again that nobody has held for so long
	beat        = 2 * time.Second  // workers say so often what they do
	refreshed   = 20 * time.Second // an offer is renewed so often
	forgotten   = time.Minute      // and is gone after so long
)

// Deliveries is how often a piece is delivered before its scores have failed.
const Deliveries = 5

// Coordinate offers a run to the workers of a server.
func Coordinate(ctx context.Context, nc *nats.Conn, run Run) (c *Coordinator, err error) {
	c = &Coordinator{
		run: run, nc: nc, index: map[store.Key]int{}, began: time.Now(), results: make(chan *nats.Msg, 1<<14),
		pieces: map[uint64]*published{}, open: map[string]*openJob{}, seconds: map[string]float64{},
		answeredBy: map[string]string{}, workers: map[string]*known{},
		number: uint64(time.Now().Unix()) << 24, // no piece of an earlier coordinator has the number of one of ours
	}
	c.more.L = &c.mu
	id, err := c.identify()
	if err != nil {
		return nil, err
	}
	c.names = names{id}
	host, _ := os.Hostname()
	c.offer = offer{
		Protocol: protocol, ID: id, Name: run.Name, Host: host, Code: run.Machine.Code, Arch: goarch, Portable: true,
		Mix: run.Mix, Space: run.Space.Name(), Redelivered: redelivered.Seconds(),
	}
	for _, q := range run.Questions {
		if !q.Travels() {
			continue
		}
		sent, err := questionOf(q)
		if err != nil {
			return nil, err
		}
		c.index[q.Key()] = len(c.offer.Questions)
		c.offer.Questions = append(c.offer.Questions, sent)
		c.offer.Portable = c.offer.Portable && q.Portable()
	}
	if c.js, err = jetstream.New(nc); err != nil {
		return nil, err
	}
	if err := c.publishRun(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", nc.ConnectedUrlRedacted(), err)
	}
	background, stop := context.WithCancel(context.Background())
	c.ended = stop
	c.ending.Go(func() { c.refresh(background) })
	return c, nil
}

// ID names the run on the server.
func (c *Coordinator) ID() string { return c.names.id }

// identify finds the name under which the run stood on a server before, or makes one.
func (c *Coordinator) identify() (string, error) {
	dir := filepath.Join(c.run.Dir, clusterFolder)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "id")
	data, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(data)); err == nil && len(id) == 16 && strings.Trim(id, "0123456789abcdef") == "" {
		return id, nil
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	return id, atomicfile.WriteBytes(path, []byte(id+"\n"))
}

// publishRun puts on the server what a run needs there. What an earlier coordinator of the run left is replaced.
func (c *Coordinator) publishRun(ctx context.Context) (err error) {
	if err := hasJetStream(ctx, c.js); err != nil {
		return err
	}
	if err := c.clear(ctx); err != nil {
		return err
	}
	if c.kv, err = c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: bucket, Description: "runs of bench301 that want workers", TTL: forgotten,
	}); err != nil {
		return err
	}
	if c.run.Data != nil {
		if err := c.publishImages(ctx); err != nil {
			return err
		}
	}
	s, err := c.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: c.names.stream(), Description: "open work of " + c.run.Name, Subjects: []string{c.names.work()},
		Retention: jetstream.WorkQueuePolicy,
	})
	if err != nil {
		return err
	}
	if _, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: redelivered, MaxDeliver: -1, MaxAckPending: -1,
		MaxWaiting: 1 << 16,
	}); err != nil {
		return err
	}
	results, err := c.nc.ChanSubscribe(c.names.results(), c.results)
	if err != nil {
		return err
	}
	lives, err := c.nc.Subscribe(c.names.alive(), c.heard)
	if err != nil {
		return err
	}
	c.subs = []*nats.Subscription{results, lives}
	if err := c.nc.Flush(); err != nil {
		return err
	}
	_, err = c.kv.Put(ctx, c.names.id, encode(c.offer))
	return err
}

// publishImages puts the images into the object store of the run.
func (c *Coordinator) publishImages(ctx context.Context) error {
	set := c.run.Data
	hash := sha256.New()
	size := &counter{}
	if err := set.Pack(io.MultiWriter(hash, size)); err != nil {
		return err
	}
	object := hex.EncodeToString(hash.Sum(nil))
	c.offer.Images = &images{set.Name, set.Hash, object, size.n}
	if here(set.Name, set.Hash) {
		return nil // every worker has it
	}
	objects, err := c.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: c.names.stream()})
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(set.Pack(w)) }()
	defer r.Close()
	_, err = objects.Put(ctx, jetstream.ObjectMeta{Name: object, Description: set.Name}, r)
	return err
}

// counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// clear takes the run off the server.
func (c *Coordinator) clear(ctx context.Context) error {
	var errs []error
	if kv, err := c.js.KeyValue(ctx, bucket); err == nil {
		errs = append(errs, kv.Delete(ctx, c.names.id))
	}
	errs = append(errs, c.js.DeleteStream(ctx, c.names.stream()))
	errs = append(errs, c.js.DeleteObjectStore(ctx, c.names.stream()))
	for i, err := range errs {
		if errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrBucketNotFound) ||
			errors.Is(err, jetstream.ErrKeyNotFound) {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}

// Close takes the run off the server.
func (c *Coordinator) Close() {
	c.ended()
	c.ending.Wait()
	for _, s := range c.subs {
		_ = s.Unsubscribe() // of a connection that may be gone
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	_ = c.clear(ctx) // a server that is gone forgets the offer
	_ = os.Remove(filepath.Join(c.run.Dir, clusterFolder, statusFile))
}

// Remove removes what a finished coordinator and its server left in the folder of a run.
func Remove(dir string) error { return os.RemoveAll(filepath.Join(dir, clusterFolder)) }

// refresh renews the offer and writes the status until ctx ends.
func (c *Coordinator) refresh(ctx context.Context) {
	offers, statuses := time.NewTicker(refreshed), time.NewTicker(time.Second)
	defer offers.Stop()
	defer statuses.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-offers.C:
			within, stop := context.WithTimeout(ctx, refreshed)
			_, err := c.kv.Put(within, c.names.id, encode(c.offer))
			stop()
			if err != nil && ctx.Err() == nil {
				c.complain("", fmt.Sprintf("the offer could not be renewed: %v", err))
			}
		case <-statuses.C:
			c.writeStatus()
		}
	}
}

// complain notes a trouble for the status.
func (c *Coordinator) complain(worker, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complainLocked(worker, text)
}

func (c *Coordinator) complainLocked(worker, text string) {
	c.complained++
	c.complaints = append(c.complaints, Complaint{worker, text, time.Now().UTC().Truncate(time.Second)})
	if n := len(c.complaints); n > keptComplaints {
		c.complaints = slices.Clone(c.complaints[n-keptComplaints:])
	}
}

const keptComplaints = 20

// Complaints are those after the first n, as far as they are kept, and how many there were in all.
func (c *Coordinator) Complaints(n int) (list []Complaint, all int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := min(c.complained-n, len(c.complaints))
	return slices.Clone(c.complaints[len(c.complaints)-late:]), c.complained
}
