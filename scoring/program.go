package scoring

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"sync"
	"time"

	"rwe301/bench301"
	"rwe301/estimators"
)

// maxAnswer bounds the line that a program answers with.
const maxAnswer = 1 << 20

// Program answers by a program of the user. It reads one JSON line {"arch", "id", "seed"} an architecture from standard
// input and writes one, {"score": 1.5} or {"error": "why"}, to standard output. A program that goes on reading is asked
// again; one that ends after its answer is started anew. No shell is involved.
type Program struct {
	Argv    []string
	Dir     string        // where it is started
	Timeout time.Duration // of one answer

	mu   sync.Mutex
	idle []*process
}

type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	stderr  *tail
	answers int
}

// programQuestion is the line that a program reads.
type programQuestion struct {
	Arch string `json:"arch"`
	ID   string `json:"id"`
	Seed uint64 `json:"seed"`
}

// programAnswer is the line that it writes.
type programAnswer struct {
	Score *float64 `json:"score"`
	Error string   `json:"error"`
}

// Score asks the program about one architecture.
func (c *Program) Score(ctx context.Context, a bench301.Architecture, env *estimators.Env) (estimators.Score, error) {
	line, err := json.Marshal(programQuestion{a.String(), a.ID(), env.Seed})
	if err != nil {
		return estimators.Score{}, err
	}
	start := time.Now()
	got, err := c.ask(ctx, append(line, '\n'))
	s := estimators.Score{Status: estimators.Failed, Seconds: time.Since(start).Seconds()}
	switch {
	case ctx.Err() != nil:
		return s, ctx.Err()
	case err != nil:
		s.Reason = err.Error()
	case got.Error != "":
		s.Reason = got.Error
	case got.Score == nil:
		s.Status, s.Reason = estimators.Undefined, "the command gave no score"
	case math.IsNaN(*got.Score) || math.IsInf(*got.Score, 0):
		s.Status, s.Reason = estimators.Undefined, "the command's score is not finite"
	default:
		s.Status, s.Value = estimators.OK, *got.Score
	}
	return s, nil
}

// ask gets one answer. A program that ended after an earlier answer is replaced once.
func (c *Program) ask(ctx context.Context, line []byte) (programAnswer, error) {
	for {
		p, err := c.take()
		if err != nil {
			return programAnswer{}, err
		}
		used := p.answers > 0
		text, err := c.exchange(ctx, p, line)
		if err == nil {
			p.answers++
			c.mu.Lock()
			c.idle = append(c.idle, p)
			c.mu.Unlock()
			var a programAnswer
			if err := json.Unmarshal(text, &a); err != nil {
				return a, fmt.Errorf("%s answered %q: must be one JSON line such as {\"score\": 1.5}", c.Argv[0], Clip(text))
			}
			return a, nil
		}
		why := p.end(false)
		if errors.Is(err, errEnded) && used && len(text) == 0 {
			continue
		}
		if why != "" {
			err = fmt.Errorf("%w: %s", err, why)
		}
		return programAnswer{}, fmt.Errorf("%s: %w", c.Argv[0], err)
	}
}

var errEnded = errors.New("ended without an answer")

// exchange writes a line and reads a line, within the time-out.
func (c *Program) exchange(ctx context.Context, p *process, line []byte) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		if _, err := p.in.Write(line); err != nil {
			done <- result{nil, errEnded}
			return
		}
		text, err := p.out.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			err = fmt.Errorf("answered with more than %d bytes", maxAnswer)
		case err != nil && len(bytes.TrimSpace(text)) > 0:
			err = nil // a last line without its newline
		case err != nil:
			err = errEnded
		}
		done <- result{bytes.Clone(text), err}
	}()
	limit := time.NewTimer(c.Timeout)
	defer limit.Stop()
	select {
	case r := <-done:
		return r.text, r.err
	case <-limit.C:
		return nil, fmt.Errorf("no answer within %v", c.Timeout)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *Program) take() (*process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		p := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return p, nil
	}
	p := &process{cmd: exec.Command(c.Argv[0], c.Argv[1:]...), stderr: &tail{}}
	p.cmd.Dir, p.cmd.Stderr, p.cmd.WaitDelay = c.Dir, p.stderr, time.Second
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot be started: %w", err)
	}
	p.in, p.out = in, bufio.NewReaderSize(out, maxAnswer)
	return p, nil
}

// Close ends the programs.
func (c *Program) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.idle {
		p.end(true)
	}
	c.idle = nil
	return nil
}

// end ends a program and returns the last line it wrote to standard error. Politely, it may finish by itself.
func (p *process) end(politely bool) string {
	_ = p.in.Close()
	if politely {
		patience := time.AfterFunc(2*time.Second, func() { _ = p.cmd.Process.Kill() })
		defer patience.Stop()
	} else {
		_ = p.cmd.Process.Kill()
	}
	_ = p.cmd.Wait()
	return p.stderr.lastLine()
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
	t.last = append(t.last, b...)
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

// Clip shortens what foreign programs say.
func Clip(b []byte) string {
	const most = 200
	text := strings.ToValidUTF8(strings.TrimSpace(string(b)), "?")
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}
