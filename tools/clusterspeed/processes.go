//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
)

// taken is what a run took.
type taken struct {
	wall   float64 // seconds
	cpu    float64 // processor seconds of all its processes
	first  float64 // seconds until a piece was published; 0 where nobody could hear it
	memory float64 // of the process that was started with the study, at its peak, in MB
}

// process is one of the program.
type process struct {
	*exec.Cmd
	said bytes.Buffer
}

// start starts the program.
func (o options) start(args ...string) (*process, error) {
	p := &process{Cmd: exec.Command(o.bench301, args...)}
	p.Stdout, p.Stderr = &p.said, &p.said
	if err := p.Start(); err != nil {
		return nil, err
	}
	*o.started = append(*o.started, p)
	return p, nil
}

// kill ends what was started and has not ended, after an error.
func (o options) kill() {
	for _, p := range *o.started {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait() // it was killed
		}
	}
}

// end waits for a process, and says what it took.
func (p *process) end() (cpu, memory float64, err error) {
	if err := p.Wait(); err != nil {
		return 0, 0, fmt.Errorf("%v: %w:\n%s", p.Args, err, tail(p.said.String()))
	}
	return p.cost()
}

// stop tells a worker to stop.
func (p *process) stop() (cpu, memory float64, err error) {
	_ = p.Process.Signal(syscall.SIGTERM)
	_ = p.Wait() // it says that it was told to stop
	return p.cost()
}

func (p *process) cost() (cpu, memory float64, err error) {
	s := p.ProcessState
	memory = float64(s.SysUsage().(*syscall.Rusage).Maxrss) / 1e6
	if runtime.GOOS == "linux" {
		memory *= 1024 // it counts in KiB
	}
	return s.UserTime().Seconds() + s.SystemTime().Seconds(), memory, nil
}

// run runs a study to its end, with workers of so many cores.
func (o options) run(study string, workers []string, args ...string) (t taken, err error) {
	out := filepath.Join(o.dir, "run")
	if err := os.RemoveAll(out); err != nil {
		return t, err
	}
	args = append([]string{"study", "run", study, "--yes", "--out", out}, args...)
	if workers != nil {
		args = append(args, "--listen", o.server())
	}
	begin := time.Now()
	p, err := o.start(args...)
	if err != nil {
		return t, err
	}
	var hands []*process
	defer func() {
		for _, w := range hands {
			cpu, _, _ := w.stop()
			t.cpu += cpu
		}
	}()
	for _, cores := range workers {
		w, err := o.start("worker", o.url(), "-j", cores, "--cache", filepath.Join(o.dir, "cache"))
		if err != nil {
			return t, err
		}
		hands = append(hands, w)
	}
	ctx, stop := context.WithCancel(context.Background())
	first := make(chan float64)
	go func() {
		seconds, _ := o.hear(ctx, "work", begin) // a short run may be over before anybody listens
		first <- seconds
	}()
	t.cpu, t.memory, err = p.end()
	t.wall = time.Since(begin).Seconds()
	stop()
	t.first = <-first
	return t, err
}

// hear waits for a message about work or results of a run on the server, which need not be there yet, and says how many
// seconds after begin it came.
func (o options) hear(ctx context.Context, what string, begin time.Time) (seconds float64, err error) {
	nc, err := nats.Connect(o.url(), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	heard := make(chan struct{}, 1)
	if _, err := nc.Subscribe("bench301.*.>", func(m *nats.Msg) {
		if strings.Split(m.Subject, ".")[2] != what {
			return
		}
		select {
		case heard <- struct{}{}:
		default: // nobody asks any more
		}
	}); err != nil {
		return 0, err
	}
	select {
	case <-heard:
		return time.Since(begin).Seconds(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%s: nothing came: %w", what, ctx.Err())
	}
}

// patience is how long a message may take.
const patience = 2 * time.Minute
