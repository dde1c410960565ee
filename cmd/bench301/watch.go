package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"rwe301/cluster"
	"rwe301/internal/printable"
	"rwe301/search"
	"rwe301/study"
)

// watchOptions say whether a command goes on telling how a run goes on its workers.
type watchOptions struct{ watch bool }

// AddFlags gives a command the flag --watch.
func (o *watchOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "go on until the run is complete: workers, queue, failures and "+
		"time left of a run that was started with --listen or --nats")
	before(cmd, func() error {
		if f := cmd.Flags().Lookup("csv"); o.watch && f != nil && f.Changed {
			return usagef("--csv: not with --watch, which takes --json")
		}
		return nil
	})
}

// aboutWatch is what help says of it.
const aboutWatch = `With --watch, of a run whose work was offered to workers (--listen or --nats), it shows the
workers with their cores, pieces a minute and what they do, the queue, failures and the time left, until the run is
complete: on a terminal in place, in a pipe a line when something has changed, with --json an object a second.
Reading needs the run folder only, so this runs beside the coordinator, on the same machine or file system.`

// snapshot is how a run goes on its workers, as --json prints it.
type snapshot struct {
	Run         string          `json:"run"`
	Complete    bool            `json:"complete"`
	Coordinator string          `json:"coordinator"` // works, stale or none; "" where the next look will tell
	Age         float64         `json:"age"`         // seconds since the coordinator last wrote
	Status      *cluster.Status `json:"status"`      // null where there is no coordinator
}

// What becomes of a coordinator.
const (
	works = "works"
	stale = "stale"
	none  = "none"
)

// Times of watching. Variables, for tests.
var (
	watched = time.Second      // a run is looked at so often
	deadFor = 15 * time.Second // a coordinator that has not written for so long is no more
)

// watcher follows the status of a run.
type watcher struct {
	dir     string
	written time.Time // by the coordinator's clock
	seen    time.Time // when that was new here
	judged  time.Time // when it was last looked whether the run is complete
	took    time.Duration
	done    bool
}

// look reads how the run goes.
func (w *watcher) look(ctx context.Context) (snapshot, error) {
	now := time.Now()
	s := snapshot{Run: w.dir}
	status, ok, err := coordinated(w.dir)
	if err != nil {
		return s, err
	}
	if !ok || now.Sub(w.seen) > deadFor { // a coordinator ends when the run is complete
		if now.Sub(w.judged) >= 20*w.took {
			if w.done, err = complete(ctx, w.dir); err != nil {
				return s, err
			}
			w.judged, w.took = now, time.Since(now)
		}
		s.Complete = w.done
	}
	if !ok {
		s.Coordinator = none
		return s, nil
	}
	s.Status = &status
	age := now.Sub(status.Written)
	switch {
	case w.written.IsZero() && age > deadFor: // killed, or its clock is another one: the next look tells
		w.seen = status.Written
	case !status.Written.Equal(w.written):
		w.seen, s.Coordinator = now, works
	case now.Sub(w.seen) > deadFor:
		s.Coordinator = stale
	default:
		s.Coordinator = works
	}
	w.written, s.Age = status.Written, now.Sub(w.seen).Seconds()
	return s, nil
}

// coordinated reads what the coordinator of a run says, or that of the searches that it begins with.
func coordinated(dir string) (cluster.Status, bool, error) {
	status, ok, err := cluster.ReadStatus(dir)
	if err == nil && !ok && study.IsSearching(dir) {
		return cluster.ReadStatus(study.SearchFolder(dir))
	}
	return status, ok, err
}

// complete says whether nothing of a run is left to do.
func complete(ctx context.Context, dir string) (bool, error) {
	switch {
	case study.IsSearching(dir):
		return false, nil
	case search.Is(dir):
		s, err := search.Open(ctx, dir)
		if err != nil {
			return false, err
		}
		defer s.Close()
		return s.Finished(ctx)
	}
	done := true
	err := withRun(dir, func(r *study.Run) error {
		status, err := r.Status()
		for _, p := range status {
			done = done && p.Missing == 0
		}
		return err
	})
	return done, err
}

// run tells how a run goes until it is complete or ctx ends.
func (o *watchOptions) run(ctx context.Context, s streams, asJSON bool, dir string) error {
	w := watcher{dir: dir}
	show := (&changes{w: s.out}).show
	if screen := newScreen(s.out); screen != nil {
		show = screen.show
	}
	if asJSON {
		e := json.NewEncoder(s.out)
		e.SetEscapeHTML(false)
		show = func(p snapshot) error { return e.Encode(p) }
	}
	every := time.NewTicker(watched)
	defer every.Stop()
	for {
		p, err := w.look(ctx)
		if err == nil && (p.Coordinator != "" || p.Complete) {
			err = show(p)
		}
		if err != nil || p.Complete {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-every.C:
		}
	}
}

// summary says in a line how a run goes.
func (p snapshot) summary() string {
	t := p.Status
	switch {
	case p.Complete:
		return p.Run + ": complete"
	case t == nil:
		return fmt.Sprintf("%s: not complete, and nobody offers its work to workers: %s --listen or --nats does", p.Run,
			resuming(p.Run))
	}
	text := fmt.Sprintf("%s: %s", printable.Cut(t.Name, 40), p.progress())
	if t.Failed > 0 {
		text += ", " + p.failures()
	}
	if p.Coordinator == stale {
		return fmt.Sprintf("%s; its coordinator has said nothing for %v: it was killed, or its machine is gone: %s goes on",
			text, inSeconds(p.Age), resuming(p.Run))
	}
	return fmt.Sprintf("%s, %s, %s", text, workforce(len(t.Workers), t.Cores()), p.queue())
}

// pace3 writes a pace with three digits, or more before the point.
func pace3(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// resuming is the command that goes on with a run.
func resuming(dir string) string {
	if search.Is(dir) {
		return "bench301 search resume " + shellWord(dir)
	}
	return "bench301 study resume " + shellWord(dir)
}

// failures says how many scores failed.
func (p snapshot) failures() string {
	return fmt.Sprintf("%d %s failed", p.Status.Failed, plural(p.Status.Failed, "score"))
}

// progress is how much of how much is done, and how long the rest takes.
func (p snapshot) progress() string {
	t := p.Status
	text := "begins"
	if t.Total > 0 {
		text = fmt.Sprintf("%d of %d %s", t.Done, t.Total, printable.Cut(t.Unit, 20))
	}
	if t.Left != nil && p.Coordinator == works && len(t.Workers) > 0 {
		text += fmt.Sprintf(", %v left", inSeconds(*t.Left))
	}
	return text
}

// queue is what waits for workers or is with them.
func (p snapshot) queue() string {
	return fmt.Sprintf("%d %s open", p.Status.Published, plural(p.Status.Published, "piece"))
}

func inSeconds(seconds float64) time.Duration {
	return time.Duration(min(seconds, 1e9) * float64(time.Second)).Round(time.Second)
}

// changes prints a line when something has changed: who works and what went wrong at once, how far it is now and then.
type changes struct {
	w          io.Writer
	state      string // when the last line was printed
	text       string
	at         time.Time
	complaints []cluster.Complaint
}

func (c *changes) show(p snapshot) error {
	state, text := p.Coordinator, p.summary()
	if t := p.Status; t != nil {
		state += fmt.Sprint(" ", len(t.Workers), t.Cores(), t.Failed)
		for _, l := range t.Complaints {
			if !slices.Contains(c.complaints, l) {
				fmt.Fprintln(c.w, complaintLine(l))
			}
		}
		c.complaints = t.Complaints
	}
	if p.Complete {
		state = "complete"
	}
	if now := time.Now(); state != c.state || text != c.text && now.Sub(c.at) >= often && p.Coordinator == works {
		c.state, c.text, c.at = state, text, now
		_, err := fmt.Fprintln(c.w, text)
		return err
	}
	return nil
}

func complaintLine(l cluster.Complaint) string {
	return fmt.Sprintf("%s %s", l.At.Local().Format(time.TimeOnly), printable.Cut(l.String(), 500))
}

// screen redraws on a terminal.
type screen struct {
	w      io.Writer
	size   func() (width, height int)
	drawn  int // lines
	width  int
	height int
}

// newScreen is nil where w is no terminal that can redraw.
func newScreen(w io.Writer) *screen {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(w) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &screen{w: w, size: func() (int, int) {
		width, height, err := term.GetSize(int(f.Fd()))
		if err != nil || width <= 0 || height <= 0 {
			return defaultHelp, 24
		}
		return width, height
	}}
}

func (s *screen) show(p snapshot) error {
	width, height := s.size()
	lines := p.page(width, height-1)
	var b strings.Builder
	switch {
	case s.drawn > 0 && (width != s.width || height != s.height): // lines may stand elsewhere now
		b.WriteString("\x1b[H\x1b[2J")
	case s.drawn > 0:
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	s.drawn, s.width, s.height = len(lines), width, height
	_, err := io.WriteString(s.w, b.String())
	return err
}

// page is what a screen of a width and height shows.
func (p snapshot) page(width, height int) []string {
	cut := func(text string) string { return printable.Cut(text, width-1) }
	t := p.Status
	if p.Complete || t == nil || p.Coordinator == stale {
		return strings.Split(reflow(printable.Line(p.summary()), width-1), "\n")
	}
	lines := []string{
		cut(fmt.Sprintf("%s: %s", printable.Cut(t.Name, 24), p.progress())),
		cut(fmt.Sprintf("%s, %s, %s, %s done a minute", workforce(len(t.Workers), t.Cores()), p.queue(), p.failures(),
			pace3(t.PerMinute))),
		cut("workers join at " + t.Server),
	}
	var complaints []string
	for _, l := range t.Complaints[max(0, len(t.Complaints)-min(5, height/4)):] {
		complaints = append(complaints, cut(complaintLine(l)))
	}
	if len(t.Workers) > 0 {
		room := max(1, height-len(lines)-len(complaints)-3) // with two empty lines and a header
		lines = append(append(lines, ""), workerLines(t.Workers, width, room)...)
	}
	if complaints != nil {
		lines = append(append(lines, ""), complaints...)
	}
	return lines[:min(len(lines), max(1, height))]
}

// workerLines lists workers, those that do the most first where there is not room for all.
func workerLines(workers []cluster.Working, width, room int) []string {
	const numbers = "  %5s %7s %8s  "
	taken := len(fmt.Sprintf(numbers, "", "", ""))
	list := slices.Clone(workers)
	var more []cluster.Working
	if len(list) > room {
		slices.SortStableFunc(list, func(a, b cluster.Working) int { return cmp.Compare(b.Cores, a.Cores) })
		list, more = list[:max(0, room-1)], list[max(0, room-1):]
	}
	name := len("worker")
	for _, w := range list {
		name = max(name, len([]rune(w.Name)))
	}
	name = min(name, max(12, width-taken-35))
	line := func(who, cores, pieces, pace, does string) string {
		return printable.Cut(strings.TrimRight(fmt.Sprintf("%-*s"+numbers+"%s", name, ending(who, name), cores, pieces, pace,
			does), " "), width-1)
	}
	out := []string{line("worker", "cores", "pieces", "a minute", "works on")}
	for _, w := range list {
		out = append(out, line(w.Name, fmt.Sprint(w.Cores), fmt.Sprint(w.Pieces), pace3(w.PerMinute),
			does(w)))
	}
	if more != nil {
		cores, pieces, pace := 0, 0, 0.0
		for _, w := range more {
			cores, pieces, pace = cores+w.Cores, pieces+w.Pieces, pace+w.PerMinute
		}
		out = append(out, line(fmt.Sprintf("%d more", len(more)), fmt.Sprint(cores), fmt.Sprint(pieces),
			pace3(pace), ""))
	}
	return out
}

// ending is a name in a width: of one that is longer the end, in which the names of a lab's machines differ.
func ending(name string, width int) string {
	r := []rune(printable.Line(name))
	if len(r) <= width {
		return string(r)
	}
	return "…" + string(r[len(r)-width+1:])
}

// does is what a worker does.
func does(w cluster.Working) string {
	if len(w.Doing) == 0 {
		if w.Silent > 5 {
			return fmt.Sprintf("not heard for %v", inSeconds(w.Silent))
		}
		return "waits"
	}
	longest := slices.MaxFunc(w.Doing, func(a, b cluster.Doing) int { return cmp.Compare(a.Seconds, b.Seconds) })
	text := fmt.Sprintf("%s for %v", printable.Cut(longest.Architecture, 16), inSeconds(longest.Seconds))
	if n := len(w.Doing) - 1; n > 0 {
		text += fmt.Sprintf(", %d more", n)
	}
	return text
}

// sayWorkers says that workers work on a run, beside the table of its estimators.
func sayWorkers(s streams, dir string) {
	status, ok, err := coordinated(dir)
	if err != nil || !ok {
		return // the table says what counts
	}
	age := time.Since(status.Written)
	p := snapshot{Run: dir, Status: &status, Coordinator: works, Age: age.Seconds()}
	if age > deadFor {
		p.Coordinator = stale
	}
	s.say("%s", p.summary())
	if p.Coordinator == works {
		s.next("study status --watch", dir)
	}
}
