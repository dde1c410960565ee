package scoring

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"rwe301/bench301"
	"rwe301/estimators"
	"rwe301/internal/printable"
	"rwe301/internal/process"
)

// Program answers by a program of the user. It reads one JSON line {"arch", "id", "seed"} an architecture from standard
// input and writes one, {"id": ..., "score": 1.5} or {"id": ..., "error": "why"}, to standard output. A program whose
// answers say which question they answer, by its id and, where there are several seeds, its seed, is asked again; one
// whose answers do not, or that ends after its answer, is started anew for every question, so that no line can be taken
// for the answer to another one, and any other line is an error. No shell is involved.
type Program struct {
	Name    string // of the estimator
	Argv    []string
	Dir     string        // where it is started
	Timeout time.Duration // of one answer

	mu     sync.Mutex
	idle   []*child
	ending sync.WaitGroup // children that are being replaced
	broken error          // it confused its answers: nothing more is asked
	anew   bool           // an answer said nothing of its question
	named  bool           // an answer had an id
	passed int            // lines that are no answers
	first  string         // the first of them
}

// String is the command line as a person would write it, and where it starts.
func (p *Program) String() string {
	words := make([]string, len(p.Argv))
	for i, w := range p.Argv {
		if words[i] = w; w == "" || strings.ContainsAny(w, " \t\n'\"\\$&|;<>()*?`#~") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return printable.Cut(fmt.Sprintf("%s: %s (in %s)", p.Name, strings.Join(words, " "), p.Dir), 2000)
}

// Programs lists the programs among the sources of questions.
func Programs(questions []*Question) (list []*Program) {
	for _, q := range questions {
		if p, ok := q.Source.(*Program); ok {
			list = append(list, p)
		}
	}
	return list
}

// Advice is what would make the program faster or was passed over, once it has answered; "" if nothing.
func (p *Program) Advice() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.anew && p.named && p.passed > 0:
		return fmt.Sprintf(`%s: %d lines that are no answers were passed over, since its answers have ids; the first: "%s"`,
			p.Name, p.passed, p.first)
	case !p.anew:
		return ""
	}
	return p.Name + " was started anew for every score: it is kept running if its answers repeat the question's id " +
		"(and its seed, where there are several): {\"id\": ..., \"seed\": ..., \"score\": 1.5}"
}

// programQuestion is the line that a program reads.
type programQuestion struct {
	Arch string `json:"arch"`
	ID   string `json:"id"`
	Seed uint64 `json:"seed"`
}

// Score asks the program about one architecture.
func (p *Program) Score(ctx context.Context, a bench301.Architecture, env *estimators.Env) (estimators.Score, error) {
	start := time.Now()
	got, err := p.ask(ctx, programQuestion{a.String(), a.ID(), env.Seed})
	s := estimators.Score{Status: estimators.Failed, Seconds: time.Since(start).Seconds(), CPUSeconds: got.cpu.Seconds()}
	s.Shared, s.SharedCPU = s.Seconds, s.CPUSeconds
	switch {
	case ctx.Err() != nil:
		return s, ctx.Err()
	case err != nil:
		s.Reason = err.Error()
	case got.failure != "":
		s.Reason = got.failure
	case got.undefined != "":
		s.Status, s.Reason = estimators.Undefined, got.undefined
	default:
		s.Status, s.Value = estimators.OK, got.score
	}
	return s, nil
}

// ask gets one answer. A program that ended after an earlier answer is started anew.
func (p *Program) ask(ctx context.Context, q programQuestion) (programAnswer, error) {
	for {
		c, err := p.take(q.Seed)
		if err != nil {
			return programAnswer{}, err
		}
		used := c.names
		a, err := p.exchange(ctx, c, q)
		if err == nil {
			return a, nil
		}
		why := c.end(false)
		if used && errors.Is(err, errEnded) {
			continue
		}
		if confused := (*confusion)(nil); errors.As(err, &confused) {
			err = fmt.Errorf("%s %w", p.Argv[0], err)
			p.mu.Lock()
			p.broken = fmt.Errorf("not asked: %w", err)
			p.mu.Unlock()
			return programAnswer{}, err
		}
		if why != "" {
			err = fmt.Errorf("%w: %s", err, why)
		}
		if bad := (*badLine)(nil); errors.As(err, &bad) {
			return programAnswer{}, fmt.Errorf("%s %w", p.Argv[0], err)
		}
		return programAnswer{}, fmt.Errorf("%s: %w", p.Argv[0], err)
	}
}

var errEnded = errors.New("ended without an answer")

// badLine is a line that is no answer.
type badLine struct{ text, why string }

func (e *badLine) Error() string {
	return fmt.Sprintf(`answered "%s": must be one JSON line such as {"id": "...", "score": 1.5}: %s; whatever else it `+
		"prints belongs to standard error", e.text, e.why)
}

// confusion is a line that answers another question than the one that was asked.
type confusion struct{ text, asked string }

func (e *confusion) Error() string {
	return fmt.Sprintf(`answered "%s" when it was asked about %s: every question wants one answer, with its id`, e.text,
		e.asked)
}

// exchange writes a question and reads its answer, within the time-out. A child whose answer says what it answers is
// kept; any other is at its end.
func (p *Program) exchange(ctx context.Context, c *child, q programQuestion) (a programAnswer, err error) {
	question, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	limit := time.NewTimer(p.Timeout)
	defer limit.Stop()
	next := func() (line []byte, more bool, err error) {
		select {
		case line, more = <-c.lines:
			return line, more, nil
		case <-limit.C:
			return nil, false, c.late(p.Timeout)
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
	_, _ = c.in.Write(append(question, '\n')) // to a child that has ended, whose last words are looked at all the same
	var said error                            // a line for people
	alone := false                            // the child has got its last question
	for {
		line, more, err := next()
		switch {
		case (err != nil || !more) && said != nil && ctx.Err() == nil:
			return a, said
		case err != nil:
			return a, err
		case !more:
			return a, errEnded
		}
		if a, err = parseAnswer(line); err != nil {
			if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 && trimmed[0] == '{' {
				return a, err
			}
			if said = cmp.Or(said, err); !p.passOver(line) && !alone { // whether answers have ids shows the sooner
				alone = true
				_ = c.in.Close()
			}
			continue
		}
		switch {
		case a.id == nil && said != nil:
			return a, said
		case a.id == nil && !c.names:
			return p.last(c, a, next)
		case a.id != nil && *a.id == q.ID && (a.seed == nil || *a.seed == q.Seed):
			c.names, c.seeds, c.said = true, a.seed != nil, line
			p.keep(c, alone)
			return a, nil
		case a.id != nil && bytes.Equal(line, c.said): // the answer before, again
			p.passOver(line)
		default:
			return a, &confusion{Clip(line), fmt.Sprintf("%s under seed %d", q.ID, q.Seed)}
		}
	}
}

// keep puts a child whose answers have ids where it can be asked again, unless it is at its end.
func (p *Program) keep(c *child, alone bool) {
	p.mu.Lock()
	p.named = true
	if !alone {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if alone {
		c.end(true)
	}
}

// passOver counts a line that is no answer, and says whether the program is known to answer with ids: other lines of
// such a program do no harm.
func (p *Program) passOver(line []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.passed++; p.passed == 1 {
		p.first = Clip(line)
	}
	return p.named
}

// last takes an answer without an id. Nothing but the alternation says what it answers: it must be all that the child
// says to its end.
func (p *Program) last(c *child, a programAnswer, next func() ([]byte, bool, error)) (programAnswer, error) {
	p.mu.Lock()
	p.anew = true
	p.mu.Unlock()
	_ = c.in.Close()
	line, more, err := next()
	switch {
	case more:
		return a, &badLine{Clip(line), "it follows an answer without an id, so that one of the two answers something else"}
	case errors.As(err, new(*tardy)):
		return a, fmt.Errorf("answered without an id, and did not end within %v of its question: answer with the id of "+
			"the question, or end with standard input", p.Timeout)
	case err != nil:
		return a, err
	}
	c.end(true)
	a.cpu = c.group.CPU()
	return a, nil
}

// child is a started program.
type child struct {
	group  *process.Group
	in     *os.File
	out    *os.File
	lines  chan []byte   // what it writes, line by line; closed at the end
	ended  chan struct{} // closed when nobody wants lines any more
	stderr *tail
	heard  chan struct{} // closed at the end of standard error
	seed   uint64        // of its first question
	names  bool          // its answers have an id: it may be asked again
	seeds  bool          // they have a seed too: it may be asked under other seeds
	said   []byte        // its last answer

	mu         sync.Mutex
	unfinished []byte // what it wrote of a line that has no end yet
}

// take returns a running child that may be asked under a seed, or starts one.
func (p *Program) take(seed uint64) (*child, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	for n := len(p.idle) - 1; n >= 0; n-- {
		if c := p.idle[n]; c.seeds || c.seed == seed {
			p.idle = append(p.idle[:n], p.idle[n+1:]...)
			return c, nil
		}
	}
	if n := len(p.idle); n > 0 { // it could answer about this architecture under another seed: replace it
		c := p.idle[n-1]
		p.idle, p.anew = p.idle[:n-1], true
		p.ending.Go(func() { c.end(true) })
	}
	c, err := start(p.Argv, p.Dir)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be started: %w", p.Argv[0], err)
	}
	c.seed = seed
	return c, nil
}

func start(argv []string, dir string) (*child, error) {
	var pipes [3][2]*os.File // of standard input, output and error, ends for reading and writing
	closeAll := func(files ...*os.File) {
		for _, f := range files {
			if f != nil {
				_ = f.Close()
			}
		}
	}
	for i := range pipes {
		r, w, err := os.Pipe()
		if err != nil {
			for _, both := range pipes {
				closeAll(both[:]...)
			}
			return nil, err
		}
		pipes[i] = [2]*os.File{r, w}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, pipes[0][0], pipes[1][1], pipes[2][1]
	group, err := process.Start(cmd)
	closeAll(pipes[0][0], pipes[1][1], pipes[2][1])
	if err != nil {
		closeAll(pipes[0][1], pipes[1][0], pipes[2][0])
		return nil, err
	}
	c := &child{group: group, in: pipes[0][1], out: pipes[1][0], lines: make(chan []byte), ended: make(chan struct{}),
		stderr: &tail{}, heard: make(chan struct{})}
	go c.read()
	go func() {
		_, _ = pipes[2][0].WriteTo(c.stderr)
		closeAll(pipes[2][0])
		close(c.heard)
	}()
	return c, nil
}

// maxAnswer bounds the line that a program answers with.
const maxAnswer = 1 << 20

// read hands out what the child writes, line by line. A last line may lack its end.
func (c *child) read() {
	defer close(c.lines)
	hand := func(line []byte) (wanted bool) {
		select {
		case c.lines <- bytes.Clone(line):
			return true
		case <-c.ended:
			return false
		}
	}
	buffer, rest := make([]byte, 4096), []byte(nil)
	for {
		n, err := c.out.Read(buffer)
		rest = append(rest, buffer[:n]...)
		for {
			line, after, whole := bytes.Cut(rest, []byte("\n"))
			if !whole {
				break
			}
			if rest = after; !hand(line) {
				return
			}
		}
		c.mu.Lock()
		c.unfinished = rest
		c.mu.Unlock()
		if err != nil || len(rest) > maxAnswer {
			if len(rest) > 0 {
				hand(rest)
			}
			return
		}
	}
}

// tardy is the error of a child that does not answer in time.
type tardy struct{ why string }

func (e *tardy) Error() string { return e.why }

func (c *child) late(limit time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.unfinished) > 0 {
		return &tardy{fmt.Sprintf(`no answer within %v, only "%s" without the end of the line`, limit, Clip(c.unfinished))}
	}
	return &tardy{fmt.Sprintf("no answer within %v; into a pipe, an answer is on its way only when it is flushed: "+
		"in Python print(..., flush=True)", limit)}
}

// end ends a child with all that it started, and returns the last line of its standard error. Politely, it may finish
// by itself.
func (c *child) end(politely bool) string {
	_ = c.in.Close()
	close(c.ended)
	if politely {
		select {
		case <-c.group.Done():
		case <-time.After(2 * time.Second):
		}
	}
	c.group.Kill()
	<-c.group.Done()
	select {
	case <-c.heard:
	case <-time.After(time.Second): // something that left the group holds it open
	}
	_ = c.out.Close()
	return c.stderr.lastLine()
}

// Close ends the programs.
func (p *Program) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		p.ending.Go(func() { c.end(true) })
	}
	p.ending.Wait()
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailBytes = 2048

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b[max(0, len(b)-tailBytes):]...)
	if cut := len(t.last) - tailBytes; cut > 0 {
		t.last = append(t.last[:0], t.last[cut:]...)
	}
	return len(b), nil
}

func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.last))
	return Clip([]byte(text[strings.LastIndexByte(text, '\n')+1:]))
}

// Clip shortens what foreign programs say, for a line.
func Clip(b []byte) string { return printable.Cut(strings.TrimSpace(string(b)), 200) }
