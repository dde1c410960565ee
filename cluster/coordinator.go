package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
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
	"rwe301/internal/printable"
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
	answeredBy map[string]string       // of architectures: the worker whose answers were taken
	stop       context.CancelCauseFunc // of the Answer that goes on
	workers    map[string]*known
	counted    time.Time // when allCores were
	allCores   int
	complaints []Complaint
	complained int // complaints in all
	course     course
	finished   int // architectures
	failed     int // scores

	offering sync.Mutex
	revision uint64 // of the offer
}

// openJob is an architecture that lacks answers.
type openJob struct {
	scoring.Job
	asks    []ask
	records []store.Record
	missing int
}

// lacks are those of some questions that are not answered.
func (j *openJob) lacks(asks []ask) (list []ask) {
	for k, a := range asks {
		if at := j.place(k, a); at >= 0 && j.records[at].ID == "" {
			list = append(list, a)
		}
	}
	return list
}

// place is where a question stands among those of the job, -1 for nowhere. guess is where it is looked for first.
func (j *openJob) place(guess int, a ask) int {
	if guess < len(j.asks) && j.asks[guess] == a {
		return guess
	}
	return slices.Index(j.asks, a)
}

// published is a piece that is not finished.
type published struct {
	piece
	jobs    []*openJob // of its architectures
	since   time.Time  // when the server had it; zero before
	trouble string
}

// answered says whether nothing of the piece lacks.
func (p *published) answered() bool {
	return !slices.ContainsFunc(p.jobs, func(j *openJob) bool { return j.missing > 0 && j.lacks(p.Asks) != nil })
}

// clusterFolder is where a coordinator keeps what it needs in the folder of a run.
const clusterFolder = "cluster"

// Folder is where a server of ours keeps its files for a run.
func Folder(dir string) string { return filepath.Join(dir, clusterFolder, "nats") }

// Times of the protocol. Variables, for tests.
var (
	redelivered = 15 * time.Second // a piece is delivered again that nobody has held for so long
	beat        = 2 * time.Second  // workers say so often what they do
	refreshed   = 20 * time.Second // an offer is renewed so often
	forgotten   = time.Minute      // and is gone after so long
	guarded     = 5 * time.Second  // the stream is looked after so often
	patience    = time.Minute      // a server that is there but takes no work is given up
)

// Deliveries is how often a piece is delivered before its scores have failed.
const Deliveries = 5

// Coordinate offers a run to the workers of a server.
func Coordinate(ctx context.Context, nc *nats.Conn, run Run) (c *Coordinator, err error) {
	c = &Coordinator{
		run: run, nc: nc, index: map[store.Key]int{}, began: time.Now(), results: make(chan *nats.Msg, 1<<14),
		pieces: map[uint64]*published{}, open: map[string]*openJob{}, seconds: map[string]float64{},
		answeredBy: map[string]string{}, workers: map[string]*known{},
		number: mathrand.Uint64() >> 1, // no piece of an earlier coordinator has the number of one of ours
	}
	c.more.L = &c.mu
	id, err := c.identify()
	if err != nil {
		return nil, err
	}
	c.names = names{id, randomName()}
	host, _ := os.Hostname()
	c.offer = offer{
		Protocol: protocol, ID: id, Life: c.names.life, Name: run.Name, Host: host, Code: run.Machine.Code, Arch: goarch,
		Portable: true,
		Mix:      run.Mix, Space: run.Space.Name(), Redelivered: redelivered.Seconds(),
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
		c.unsubscribe()
		_ = c.clear(context.WithoutCancel(ctx)) // it may have been refused everything
		return nil, fmt.Errorf("%s: %w", nc.ConnectedUrlRedacted(), explained(err))
	}
	background, stop := context.WithCancel(context.Background())
	c.ended = stop
	c.ending.Go(func() { c.refresh(background) })
	return c, nil
}

// ID names the run on the server.
func (c *Coordinator) ID() string { return c.names.id }

// identify finds the name under which the run stood on a server before, or makes one: also where the folder is a copy
// of one whose coordinator lives.
func (c *Coordinator) identify() (string, error) {
	dir := filepath.Join(c.run.Dir, clusterFolder)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "id")
	data, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(data)); err == nil && isName(id) && !c.lives(id) {
		return id, nil
	}
	id := randomName()
	return id, atomicfile.WriteBytes(path, []byte(id+"\n"))
}

// lives says whether a coordinator has the name, even one that is too busy to answer.
func (c *Coordinator) lives(id string) bool {
	_, err := c.nc.Request(names{id: id}.who(), nil, time.Second)
	return !errors.Is(err, nats.ErrNoResponders)
}

// publishRun puts on the server what a run needs there. What an earlier coordinator of the run left is replaced.
func (c *Coordinator) publishRun(ctx context.Context) (err error) {
	if err := hasJetStream(ctx, c.js); err != nil {
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
	who, err := c.nc.Subscribe(c.names.who(), func(m *nats.Msg) { _ = m.Respond([]byte(c.names.life)) })
	if err != nil {
		return err
	}
	c.subs = []*nats.Subscription{results, lives, who}
	if err := c.nc.Flush(); err != nil {
		return err
	}
	if err := c.removeStreams(ctx); err != nil {
		return err
	}
	if err := c.openBucket(ctx); err != nil {
		return err
	}
	if e, err := c.kv.Get(ctx, c.names.id); err == nil { // of a coordinator that lives no more
		c.revision = e.Revision()
	}
	return c.offerRun(ctx)
}

// offerRun makes the streams of a run, and then its offer.
func (c *Coordinator) offerRun(ctx context.Context) error {
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
	return c.renew(ctx)
}

// openBucket opens or makes the bucket of offers. One of the same name that is something else stays as it is.
func (c *Coordinator) openBucket(ctx context.Context) error {
	config := jetstream.KeyValueConfig{Bucket: bucket, Description: "runs of bench301 that want workers", TTL: forgotten}
	kv, err := c.js.KeyValue(ctx, bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		if kv, err = c.js.CreateKeyValue(ctx, config); errors.Is(err, jetstream.ErrBucketExists) {
			kv, err = c.js.KeyValue(ctx, bucket) // another coordinator was faster
		}
	}
	if err != nil {
		return err
	}
	status, err := kv.Status(ctx)
	if err != nil {
		return err
	}
	if status.TTL() != config.TTL {
		return fmt.Errorf("the server has a bucket %q that is not one of offers (its entries live %v, not %v): use another "+
			"account or server, or remove the bucket", bucket, status.TTL(), config.TTL)
	}
	c.offering.Lock()
	c.kv = kv
	c.offering.Unlock()
	return nil
}

// errTaken says that two coordinators have one name.
var errTaken = errors.New("another process offers this run under the same name, as from a copy of its folder")

// renew puts the offer where workers find it, unless another coordinator has taken its place.
func (c *Coordinator) renew(ctx context.Context) error {
	c.offering.Lock()
	defer c.offering.Unlock()
	text := encode(c.offer)
	if most := c.nc.MaxPayload(); int64(len(text)) > most {
		return fmt.Errorf("the questions with the files of their programs have %d bytes, a message of the server at most "+
			"%d: raise its max_payload", len(text), most)
	}
	revision, err := c.kv.Update(ctx, c.names.id, text, c.revision)
	if isWrongRevision(err) {
		var e jetstream.KeyValueEntry
		switch e, err = c.kv.Get(ctx, c.names.id); {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			revision, err = c.kv.Create(ctx, c.names.id, text)
		case err == nil:
			var there offer
			if json.Unmarshal(e.Value(), &there) == nil && there.Life != c.offer.Life {
				return fmt.Errorf("%w (%s)", errTaken, printable.Cut(there.Host, 100))
			}
			revision, err = c.kv.Update(ctx, c.names.id, text, e.Revision())
		}
	}
	if err == nil {
		c.revision = revision
	}
	return err
}

func isWrongRevision(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
			api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// isFull says whether a server has no room: resources, memory and storage of its own, of the account or of a stream.
func isFull(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && slices.Contains([]jetstream.ErrorCode{10023, 10028, 10047, 10077}, api.ErrorCode)
}

// publishImages puts the images into the object store of the run.
func (c *Coordinator) publishImages(ctx context.Context) error {
	set := c.run.Data
	if c.offer.Images == nil {
		hash := sha256.New()
		size := &counter{}
		if err := set.Pack(io.MultiWriter(hash, size)); err != nil {
			return err
		}
		c.offer.Images = &images{set.Name, set.Hash, hex.EncodeToString(hash.Sum(nil)), size.n}
	}
	object := c.offer.Images.Object
	if here(set.Name, set.Hash) {
		return nil // every worker has it
	}
	objects, err := c.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: c.names.images()})
	if err != nil {
		return err
	}
	if info, err := objects.GetInfo(ctx, object); err == nil && int64(info.Size) == c.offer.Images.Bytes {
		return nil // an earlier coordinator of the run brought them
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

// removeStreams removes the work of this and earlier coordinators of the run.
func (c *Coordinator) removeStreams(ctx context.Context) error {
	old := names{c.names.id, "*"}
	list := c.js.StreamNames(ctx, jetstream.WithStreamListSubject(old.work()))
	for name := range list.Name() {
		if !strings.HasPrefix(name, c.names.images()+"-") {
			continue // a stream of somebody else that takes all subjects
		}
		if err := c.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
	}
	return list.Err()
}

// clear takes the run off the server.
func (c *Coordinator) clear(ctx context.Context) error {
	var errs []error
	if c.kv != nil && c.revision > 0 {
		errs = append(errs, c.kv.Delete(ctx, c.names.id, jetstream.LastRevision(c.revision)))
	}
	errs = append(errs, c.js.DeleteStream(ctx, c.names.stream()))
	if len(errs) == 2 && errs[0] == nil { // nobody else uses them
		_ = c.js.DeleteObjectStore(ctx, c.names.images())
	}
	return errors.Join(errs...)
}

func (c *Coordinator) unsubscribe() {
	for _, s := range c.subs {
		_ = s.Unsubscribe() // of a connection that may be gone
	}
}

// Close takes the run off the server.
func (c *Coordinator) Close() {
	c.ended()
	c.ending.Wait()
	c.unsubscribe()
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
			err := c.renew(within)
			stop()
			if errors.Is(err, errTaken) {
				c.fail(err)
			} else if err != nil && ctx.Err() == nil {
				c.complain("", fmt.Sprintf("the offer could not be renewed: %v", err))
			}
		case <-statuses.C:
			c.writeStatus()
		}
	}
}

// fail ends the Answer that goes on.
func (c *Coordinator) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		c.stop(err)
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
