package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"rwe301/internal/atomicfile"
	"rwe301/internal/input"
	"rwe301/internal/printable"
	"rwe301/internal/strictjson"
)

// statusFile is where a coordinator says how it goes, below clusterFolder.
const statusFile = "status.json"

// Status says how far a run has come, and what its workers do.
type Status struct {
	Written    time.Time   `json:"written"`
	Name       string      `json:"name"`
	Server     string      `json:"server"`
	Done       int         `json:"done"`         // of Total, also by earlier coordinators
	Total      int         `json:"total"`        // 0 before it is known
	Unit       string      `json:"unit"`         // architectures; of searches evaluations
	Left       *float64    `json:"seconds_left"` // nil before it is known
	Workers    []Working   `json:"workers"`
	Published  int         `json:"published"`  // pieces that are not finished
	Open       int         `json:"open"`       // architectures in them, or about to be
	Finished   int         `json:"finished"`   // architectures, by this coordinator
	Failed     int         `json:"failed"`     // scores, the same
	PerMinute  float64     `json:"per_minute"` // architectures, the same
	Complaints []Complaint `json:"complaints,omitempty"`
}

// Cores are those of all workers.
func (s Status) Cores() (n int) {
	for _, w := range s.Workers {
		n += w.Cores
	}
	return n
}

// Working is a worker.
type Working struct {
	Name      string  `json:"name"`
	Cores     int     `json:"cores"`
	Code      string  `json:"version"`
	Platform  string  `json:"goarch"`
	CPU       string  `json:"cpu"`
	Pieces    int     `json:"pieces"`
	Archs     int     `json:"architectures"`
	PerMinute float64 `json:"pieces_per_minute"`
	Doing     []Doing `json:"doing"`
	Silent    float64 `json:"silent"` // seconds since it was heard
}

// Complaint is a trouble that a worker or the coordinator had.
type Complaint struct {
	Worker string    `json:"worker,omitempty"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

func (c Complaint) String() string {
	if c.Worker == "" {
		return c.Text
	}
	return printable.Cut(c.Worker, 100) + ": " + c.Text
}

// known is a worker that was heard.
type known struct {
	alive
	first, last time.Time
	before      int // pieces that it had done when it was first heard
}

// gone is how long a worker may be silent before it counts no longer.
const gone = 15 * time.Second

// heard notes what a worker says.
func (c *Coordinator) heard(m *nats.Msg) {
	var a alive
	if json.Unmarshal(m.Data, &a) != nil || a.Name == "" || len(a.Name) > 200 || a.Cores < 0 || a.Cores > 1<<16 ||
		len(a.Doing) > a.Cores || len(a.Holds) > mostHeld {
		return
	}
	for i := range a.Doing {
		a.Doing[i].Architecture = printable.Cut(a.Doing[i].Architecture, 60)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.more.Broadcast()
	switch {
	case a.Refused != "":
		c.complainLocked(a.Name, "does not work on it: "+printable.Cut(a.Refused, 1000))
		return
	case a.Left:
		delete(c.workers, a.Name)
		c.counted = time.Time{}
		return
	}
	w := c.workers[a.Name]
	if w == nil {
		w = &known{first: time.Now(), before: a.Pieces}
		c.workers[a.Name] = w
		c.counted = time.Time{}
	}
	w.alive, w.last = a, time.Now()
	c.holds = c.holds || len(a.Holds) > 0
}

// cores are those of all workers that are heard, under the lock. Asked for each piece, they are counted once a second
// and where a worker comes or goes.
func (c *Coordinator) cores() int {
	now := time.Now()
	if now.Sub(c.counted) < time.Second {
		return c.allCores
	}
	c.counted, c.allCores = now, 0
	for name, w := range c.workers {
		if now.Sub(w.last) > gone {
			delete(c.workers, name)
			continue
		}
		c.allCores += w.Cores
	}
	return c.allCores
}

// Status says how it goes.
func (c *Coordinator) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cores()
	s := Status{
		Written: time.Now().UTC(), Name: c.run.Name, Server: c.run.Server, Published: len(c.pieces), Open: len(c.open),
		Done: c.course.done, Total: c.course.total, Unit: c.course.unit, Left: c.course.left(time.Now()),
		Finished: c.finished, Failed: c.failed, Complaints: slices.Clone(c.complaints), Workers: []Working{},
		PerMinute: float64(c.finished) / time.Since(c.began).Minutes(),
	}
	for _, name := range slices.SortedFunc(maps.Keys(c.workers), strings.Compare) {
		w := c.workers[name]
		s.Workers = append(s.Workers, Working{
			Name: printable.Line(w.Name), Cores: w.Cores, Code: printable.Cut(w.Code, 60),
			Platform: printable.Cut(w.Arch, 20), CPU: printable.Cut(w.CPU, 100), Pieces: w.Pieces, Archs: w.Archs,
			Doing: w.Doing, PerMinute: float64(max(0, w.Pieces-w.before)) / time.Since(w.first).Minutes(),
			Silent: time.Since(w.last).Seconds(),
		})
	}
	return s
}

// Progress notes that so many units of so many are done, for the status.
func (c *Coordinator) Progress(done, total int, unit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.course.note(time.Now(), done, total, unit)
}

// Workforce says how many workers are heard, and how many cores they have.
func (c *Coordinator) Workforce() (workers, cores int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cores = c.cores()
	return len(c.workers), cores
}

// course is how far a run has come, and when it was how far.
type course struct {
	done, total int
	unit        string
	before      int      // units that were done at the first word
	past        []moment // a second apart at least, from the first unit on
}

type moment struct {
	at   time.Time
	done int
}

// The pace is that of the last minutes, since workers come and go, but of so many moments at least.
const (
	paceWithin = 5 * time.Minute
	paceLeast  = 5
)

func (c *course) note(now time.Time, done, total int, unit string) {
	if done < c.done || total != c.total { // other work
		c.past, c.before = nil, done
	}
	c.done, c.total, c.unit = done, total, unit
	n := len(c.past)
	if n == 0 && done > c.before || n > 0 && done > c.past[n-1].done && now.Sub(c.past[n-1].at) >= time.Second {
		c.past = append(c.past, moment{now, done})
	}
	for len(c.past) > paceLeast && now.Sub(c.past[0].at) > paceWithin {
		c.past = c.past[1:]
	}
}

// left is how many seconds are left; nil before that is known.
func (c *course) left(now time.Time) *float64 {
	if len(c.past) < 2 || c.done == c.past[0].done {
		return nil
	}
	spent := now.Sub(c.past[0].at).Seconds()
	seconds := spent / float64(c.done-c.past[0].done) * float64(c.total-c.done)
	return &seconds
}

func (c *Coordinator) writeStatus() {
	text, err := json.MarshalIndent(c.Status(), "", "  ")
	if err != nil {
		panic(err) // texts and finite numbers only
	}
	path := filepath.Join(c.run.Dir, clusterFolder, statusFile)
	_ = atomicfile.WriteBytes(path, append(text, '\n')) // a full disk ends the run elsewhere
}

// ReadStatus reads how a run goes on its workers; ok is false where it has no coordinator.
func ReadStatus(dir string) (s Status, ok bool, err error) {
	path := filepath.Join(dir, clusterFolder, statusFile)
	data, err := input.Read(path, 64<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = strictjson.Unmarshal(data, &s)
	}
	if err != nil {
		return s, false, fmt.Errorf("%s: %w", path, err)
	}
	return s, true, nil
}
