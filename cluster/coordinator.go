package cluster

import (
	"context"
	"errors"
	"fmt"
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

	before map[string]bool // workers of a coordinator that was killed, which were not heard yet
	holds  bool            // a worker has held pieces of one before
	spared []*published    // pieces that workers hold from one before

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

// deliveries is how often a piece is delivered before its scores have failed.
const deliveries = 5

// Coordinate offers a run to the workers of a server.
func Coordinate(ctx context.Context, nc *nats.Conn, run Run) (c *Coordinator, err error) {
	c = &Coordinator{
		run: run, nc: nc, index: map[store.Key]int{}, began: time.Now(), results: make(chan *nats.Msg, 1<<14),
		pieces: map[uint64]*published{}, open: map[string]*openJob{}, seconds: map[string]float64{},
		answeredBy: map[string]string{}, workers: map[string]*known{},
		number: mathrand.Uint64() >> 1, // no piece of an earlier coordinator has the number of one of ours
	}
	c.more.L = &c.mu
	c.before = workersBefore(run.Dir)
	id, err := c.identify()
	if err != nil {
		return nil, err
	}
	c.names = names{id, randomName()}
	host, _ := os.Hostname()
	c.offer = offer{
		Protocol: protocol, ID: id, Life: c.names.life, Name: run.Name, Host: host, Code: run.Machine.Code, Arch: goarch,
		Portable: true, Mix: run.Mix, Space: run.Space.Name(), Redelivered: redelivered.Seconds(),
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
