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

// Status says what the workers of a run do.
type Status struct {
	Written    time.Time   `json:"written"`
	Server     string      `json:"server"`
	Workers    []Working   `json:"workers"`
	Published  int         `json:"published"` // pieces that are not finished
	Open       int         `json:"open"`      // architectures in them, or about to be
	Finished   int         `json:"finished"`  // architectures, by this coordinator
	Failed     int         `json:"failed"`    // scores, the same
	PerMinute  float64     `json:"per_minute"`
	Complaints []Complaint `json:"complaints,omitempty"`
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
	Doing     []doing `json:"doing"`
	Silent    float64 `json:"silent"` // seconds since it was heard
}

// Complaint is a trouble that a worker or the coordinator had.
type Complaint struct {
	Worker string    `json:"worker,omitempty"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

// known is a worker that was heard.
type known struct {
	alive
	first, last time.Time
}

// gone is how long a worker may be silent before it counts no longer.
const gone = 15 * time.Second

// heard notes what a worker says.
func (c *Coordinator) heard(m *nats.Msg) {
	var a alive
	if json.Unmarshal(m.Data, &a) != nil || a.Name == "" || len(a.Name) > 200 || a.Cores < 0 || a.Cores > 1<<16 ||
		len(a.Doing) > a.Cores {
		return
	}
	for i := range a.Doing {
		a.Doing[i].Architecture = printable.Cut(a.Doing[i].Architecture, 60)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.more.Broadcast()
	if a.Left {
		delete(c.workers, a.Name)
		return
	}
	w := c.workers[a.Name]
	if w == nil {
		w = &known{first: time.Now()}
		c.workers[a.Name] = w
	}
	w.alive, w.last = a, time.Now()
}

// cores are those of all workers that are heard, under the lock.
func (c *Coordinator) cores() (n int) {
	for name, w := range c.workers {
		if time.Since(w.last) > gone {
			delete(c.workers, name)
			continue
		}
		n += w.Cores
	}
	return n
}

// Status says how it goes.
func (c *Coordinator) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cores()
	s := Status{
		Written: time.Now().UTC(), Server: c.nc.ConnectedUrlRedacted(), Published: len(c.pieces), Open: len(c.open),
		Finished: c.finished, Failed: c.failed, Complaints: slices.Clone(c.complaints), Workers: []Working{},
		PerMinute: float64(c.finished) / time.Since(c.began).Minutes(),
	}
	for _, name := range slices.SortedFunc(maps.Keys(c.workers), strings.Compare) {
		w := c.workers[name]
		s.Workers = append(s.Workers, Working{
			Name: printable.Line(w.Name), Cores: w.Cores, Code: printable.Cut(w.Code, 60),
			Platform: printable.Cut(w.Arch, 20), CPU: printable.Cut(w.CPU, 100), Pieces: w.Pieces, Archs: w.Archs,
			Doing:     w.Doing,
			PerMinute: float64(w.Pieces) / time.Since(w.first).Minutes(), Silent: time.Since(w.last).Seconds(),
		})
	}
	return s
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
