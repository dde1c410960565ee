package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"rwe301/internal/atomicfile"
	"rwe301/internal/process"
)

// interrupted is the cause of a context that a signal has ended.
type interrupted struct{ syscall.Signal }

func (i interrupted) Error() string { return i.String() }

// Is makes it a cancellation like any other.
func (i interrupted) Is(target error) bool { return target == context.Canceled }

// status is the exit status of a process that a signal has ended, as shells count it.
func (i interrupted) status() int { return 128 + int(i.Signal) }

// signals are those that end the program.
var signals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// patience is how long a command that saves nothing may take to end by itself.
const patience = 300 * time.Millisecond

// echo is how long after a SIGTERM another one counts as the same. Batch systems end all processes of a job, and the
// shell among them hands on what it got.
const echo = time.Second

// savingKey is the key of a context's counter of what saves.
type savingKey struct{}

// saving tells that what runs until the function it returns is called saves what is finished when ctx ends, and has
// time for it.
func saving(ctx context.Context) (done func()) {
	n, ok := ctx.Value(savingKey{}).(*atomic.Int32)
	if !ok {
		return func() {}
	}
	n.Add(1)
	return func() { n.Add(-1) }
}

// endWithInput is an environment variable. Where it is set, the end of standard input is a SIGTERM: another program
// that has started this one, and is killed, leaves nothing running.
const endWithInput = "BENCH301_END_WITH_INPUT"

// standardInput is what commands read, and what ends them when it ends, if anything.
func standardInput() (in, ending io.Reader) {
	if os.Getenv(endWithInput) == "" {
		return os.Stdin, nil
	}
	os.Unsetenv(endWithInput) // it is not meant for the programs of definitions
	return strings.NewReader(""), os.Stdin
}

// untilSignal is a context that the first signal ends, or the end of a reader that is not nil. What saves then may
// finish; anything else, such as reading a pipe that nobody writes, is broken off, and so is everything at the second
// signal.
func untilSignal(ending io.Reader) context.Context {
	var savers atomic.Int32
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), savingKey{}, &savers))
	heard := make(chan os.Signal, 2)
	signal.Notify(heard, signals...)
	if ending != nil {
		go func() {
			_, _ = io.Copy(io.Discard, ending)
			heard <- syscall.SIGTERM
		}()
	}
	go func() {
		first := interrupted{(<-heard).(syscall.Signal)}
		at := time.Now()
		cancel(first)
		for idle := time.Duration(0); idle < patience; {
			select {
			case second := <-heard:
				if first.Signal != syscall.SIGTERM || second != first.Signal || time.Since(at) > echo {
					breakOff(interrupted{second.(syscall.Signal)})
				}
			case <-time.After(patience / 10):
			}
			if idle += patience / 10; savers.Load() > 0 {
				idle = 0
			}
		}
		breakOff(first)
	}()
	return ctx
}

// breakOff ends this process with what it has started, and leaves no unfinished file.
func breakOff(by interrupted) {
	process.KillAll()
	atomicfile.Abandon()
	if isTerminal(os.Stderr) {
		fmt.Fprintln(os.Stderr) // below a bar, and the ^C that the terminal shows
	}
	fmt.Fprintf(os.Stderr, "bench301: ended by a signal: %v\n", by)
	os.Exit(by.status())
}
