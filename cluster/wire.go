package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/internal/printable"
	"rwe301/scoring"
	"rwe301/store"
)

// protocol is the version of what stands below.
const protocol = 1

// bucket is where the offers stand.
const bucket = "bench301"

// consumer is the name of what all workers of a run take its pieces from.
const consumer = "workers"

// names are those of a run on the server. What an earlier coordinator of the run left there has another life, so that
// no acknowledgement of its pieces counts for those of the next.
type names struct{ id, life string }

func (n names) images() string  { return "bench301-" + n.id }
func (n names) stream() string  { return n.images() + "-" + n.life }
func (n names) work() string    { return "bench301." + n.id + ".work." + n.life }
func (n names) results() string { return "bench301." + n.id + ".results" }
func (n names) alive() string   { return "bench301." + n.id + ".alive" }
func (n names) who() string     { return "bench301." + n.id + ".who" }

// isName says whether a text is a name as randomName makes them.
func isName(text string) bool { return len(text) == 16 && strings.Trim(text, "0123456789abcdef") == "" }

// randomName is a name that nothing else has.
func randomName() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

// offer says what a run asks, to workers.
type offer struct {
	Protocol    int        `json:"protocol"`
	ID          string     `json:"id"`
	Life        string     `json:"life"` // of the coordinator
	Name        string     `json:"name"`
	Host        string     `json:"host"`
	Code        string     `json:"code"`
	Arch        string     `json:"arch"`     // GOARCH
	Portable    bool       `json:"portable"` // the answers are the same on every kind of processor
	Mix         bool       `json:"mix"`      // workers of other versions and kinds of processors may work
	Space       string     `json:"space"`
	Questions   []question `json:"questions"`
	Images      *images    `json:"images,omitempty"`
	Redelivered float64    `json:"redelivered"` // seconds after which a piece is delivered again that nobody holds
}

// question is one that travels.
type question struct {
	store.Question
	Program *program `json:"program,omitempty"`
}

// program is one that a worker starts if it may.
type program struct {
	Argv    []string          `json:"argv"`
	Timeout time.Duration     `json:"timeout"`
	Files   map[string][]byte `json:"files,omitempty"` // those that Argv names
}

// images are a packed data set.
type images struct {
	Name   string `json:"name"`
	Hash   string `json:"hash"`   // of the set
	Object string `json:"object"` // SHA-256 of the packed set
	Bytes  int64  `json:"bytes"`
}

// ask is a question, by its place in the offer, under a seed.
type ask struct {
	Question int    `json:"q"`
	Seed     uint64 `json:"s"`
}

// piece is work: questions asked of each of a few architectures.
type piece struct {
	Number        uint64   `json:"n"`
	Asks          []ask    `json:"asks"`
	Architectures []string `json:"archs"`
	Tries         int      `json:"tries,omitempty"` // deliveries under earlier numbers
	Not           []string `json:"not,omitempty"`   // workers that lack the memory for it
}

// check says why it is no piece.
func (p *piece) check() error {
	if len(p.Asks) == 0 || len(p.Architectures) == 0 {
		return errors.New("it asks nothing")
	}
	return nil
}

// score is an answer.
type score struct {
	Value   *float64 `json:"v,omitempty"`
	Status  string   `json:"s"`
	Error   string   `json:"e,omitempty"`
	Seconds float64  `json:"t"`
	CPU     float64  `json:"c,omitempty"`
}

// result is what a worker says of a piece: scores, or why there are none.
type result struct {
	Piece   piece     `json:"piece"` // that part of it which the scores answer
	Worker  identity  `json:"worker"`
	Scores  [][]score `json:"scores,omitempty"` // of each architecture, in the order of the asks
	Took    float64   `json:"took,omitempty"`   // seconds that the scores took
	Again   bool      `json:"again,omitempty"`  // was delivered before: is it to be done
	Back    bool      `json:"back,omitempty"`   // for others: to be published again as far as it is not answered
	Trouble string    `json:"trouble,omitempty"`
}

// reply is what a coordinator says to a result.
type reply struct {
	Later bool   `json:"later,omitempty"` // nobody waits for it yet: to be sent again
	Drop  bool   `json:"drop,omitempty"`  // nothing of the piece is to be done
	Error string `json:"error,omitempty"` // it is not taken, and why
}

// identity says which worker it is.
type identity struct {
	Name  string `json:"name"` // host and process
	Code  string `json:"code"`
	Arch  string `json:"arch"`
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
}

// alive is what a worker says every two seconds.
type alive struct {
	identity
	Pieces int     `json:"pieces"` // of this run, confirmed
	Archs  int     `json:"archs"`
	Doing  []Doing `json:"doing"`
	Left   bool    `json:"left,omitempty"` // it goes

	Life  string   `json:"life,omitempty"`  // of the coordinator that it works for
	Holds []string `json:"holds,omitempty"` // of one before: IDs of architectures in work or not confirmed

	Refused string `json:"refused,omitempty"` // why it does not work on the run, said once
}

// Doing is a piece that a worker computes.
type Doing struct {
	Architecture string  `json:"architecture"` // the id of the first
	Of           int     `json:"of"`           // architectures
	Seconds      float64 `json:"seconds"`
}

// questionOf is a question as it travels.
func questionOf(q *scoring.Question) (question, error) {
	out := question{Question: q.Question}
	p, ok := q.Source.(*scoring.Program)
	if !ok {
		return out, nil
	}
	files, err := filesOf(p)
	out.Program = &program{p.Argv, p.Timeout, files}
	return out, err
}

// open makes the question one that can be asked here. dir is where the files of its program lie.
func (q question) open(dir string) (*scoring.Question, error) {
	out := &scoring.Question{Question: q.Question}
	if q.Program != nil {
		out.Source = &scoring.Program{Name: q.Estimator, Argv: q.Program.Argv, Dir: dir, Timeout: q.Program.Timeout}
		return out, nil
	}
	c, err := estimators.New(q.Estimator, q.Settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", printable.Cut(q.Label, 100), err)
	}
	if c.SettingsHash != q.SettingsHash {
		return nil, fmt.Errorf("%s: its settings mean something else here: hash %s, not %s", printable.Cut(q.Label, 100),
			c.SettingsHash, printable.Cut(q.SettingsHash, 40))
	}
	out.Source = c
	return out, nil
}

// refusal says why a program must not work on a run, "" if it may.
func (o *offer) refusal(code, arch string) string {
	switch {
	case o.Protocol != protocol:
		return fmt.Sprintf("it speaks protocol %d, this program %d: use one version", o.Protocol, protocol)
	case o.Mix:
	case code != o.Code:
		return fmt.Sprintf("it was begun by version %s, this is %s: scores of both would not be comparable "+
			"(--mix-versions, where the run was started, takes them all the same)", printable.Cut(o.Code, 60),
			printable.Cut(code, 60))
	case arch != o.Arch && !o.Portable:
		return fmt.Sprintf("it was begun on %s, this is %s: scores may differ in their last digits (--mix-versions, where "+
			"the run was started, takes them all the same)", printable.Cut(o.Arch, 20), arch)
	}
	return ""
}

// record is an answer as stores keep it.
func (s score) record(q *question, seed uint64, a bench301.Architecture, id string, by identity) store.Record {
	return store.Record{
		Arch: a.String(), ID: id, Estimator: q.Estimator, Settings: q.Settings, SettingsHash: q.SettingsHash,
		Dataset: q.Dataset, Seed: seed, Score: s.Value, Status: store.Status(s.Status), Error: s.Error,
		Seconds: s.Seconds, CPUSeconds: s.CPU, Code: by.Code, CPU: by.CPU,
	}
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and finite numbers only
	}
	return text
}

const goarch = runtime.GOARCH
