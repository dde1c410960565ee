package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"rwe301/internal/printable"
)

// Widths of help, in columns: on a terminal its own up to a line that the eye can follow, elsewhere that of a terminal.
const (
	widestHelp  = 120
	defaultHelp = 80
)

// helpWidth is the width of what is written to w.
func helpWidth(w io.Writer) int {
	width := 0
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		width, _, _ = term.GetSize(int(f.Fd()))
	}
	if width <= 0 {
		width, _ = strconv.Atoi(os.Getenv("COLUMNS"))
	}
	if width <= 0 {
		width = defaultHelp
	}
	return min(max(width, 40), widestHelp)
}

// wrapHelp breaks the lines of help where the terminal ends.
func wrapHelp(root *cobra.Command) {
	cobra.AddTemplateFunc("wrapped", func(cmd *cobra.Command, text string) string {
		return reflow(strings.TrimSpace(text), helpWidth(cmd.OutOrStdout()))
	})
	cobra.AddTemplateFunc("flags", func(cmd *cobra.Command) string {
		shown := pflag.NewFlagSet("", pflag.ContinueOnError)
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if flag := *f; flag.NoOptDefVal != "" && flag.Value.Type() == "string" { // its usage says that it may stand alone
				flag.NoOptDefVal = ""
				f = &flag
			}
			shown.AddFlag(f)
		})
		return strings.TrimRight(shown.FlagUsagesWrapped(helpWidth(cmd.OutOrStdout())), " \n")
	})
	root.SetHelpTemplate("{{with (or .Long .Short)}}{{wrapped $ .}}\n\n{{end}}{{if or .Runnable " +
		".HasSubCommands}}{{.UsageString}}{{end}}")
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{.LocalFlags.FlagUsages | "+
		"trimTrailingWhitespaces}}", "{{flags .}}", 1))
}

// reflow fills paragraphs up to a width. Lines that begin with a space stand as they are.
func reflow(text string, width int) string {
	var out, words []string
	flush := func() {
		line := ""
		for _, w := range words {
			if line != "" && len(line)+1+len(w) > width {
				out, line = append(out, line), ""
			}
			line = strings.TrimPrefix(line+" "+w, " ")
		}
		if line != "" {
			out = append(out, line)
		}
		words = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, " ") {
			flush()
			out = append(out, line)
			continue
		}
		words = append(words, strings.Fields(line)...)
	}
	flush()
	return strings.Join(out, "\n")
}

// quiet is how long work may go on before it is worth a line.
const quiet = 2 * time.Second

// often is how often progress is told where lines stay: in a pipe or a file.
const often = 10 * time.Second

// meter reports on stderr how far work that can be counted has come: a bar on a terminal, a plain line now and then in
// a pipe. What cannot be counted has streams.progress.
type meter struct {
	w    io.Writer
	what string
	unit string

	mu    sync.Mutex
	done  int64
	start time.Time // of the work: the first word about it
	next  time.Time
	pace  pace
	bar   *progressbar.ProgressBar
}

// newMeter reports on work in units. Bytes are shown as such when unit is "B".
func newMeter(w io.Writer, what, unit string) *meter {
	return &meter{w: w, what: printable.Cut(what, 24), unit: unit}
}

// begin notes when the work began.
func (m *meter) begin(total int64) {
	m.start = time.Now()
	m.next = m.start.Add(quiet)
	if isTerminal(m.w) {
		m.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(m.w),
			progressbar.OptionSetDescription(m.what),
			progressbar.OptionSetWidth(16),
			progressbar.OptionSetItsString(m.unit),
			progressbar.OptionShowCount(),
			progressbar.OptionShowBytes(m.unit == "B"),
			progressbar.OptionSetPredictTime(false), // it would count what a resumed run has done before
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionEnableColorCodes(false),
		)
	}
}

// count is set for other numbers.
func (m *meter) count(done, total int) { m.set(int64(done), int64(total)) }

// set says how far the work of total units has come. Where less is done than before, other work begins.
func (m *meter) set(done, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if done < m.done {
		if m.bar != nil {
			_ = m.bar.Finish()
		}
		m.start, m.next, m.pace, m.bar = time.Time{}, time.Time{}, pace{}, nil
	}
	m.done = done
	if m.start.IsZero() {
		m.begin(total)
	}
	left, known := m.pace.left(now, done, total)
	if m.bar != nil {
		if known {
			m.bar.Describe(fmt.Sprintf("%s, %s left", m.what, left))
		}
		_ = m.bar.Set64(done)
		return
	}
	if now.Before(m.next) {
		return
	}
	m.next = now.Add(often)
	text := fmt.Sprintf("%s: %d of %d %s", m.what, done, total, m.unit)
	if known {
		text += fmt.Sprintf(", %s left", left)
	}
	fmt.Fprintln(m.w, text)
}

// hide clears the bar until the next word about the work.
func (m *meter) hide() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar != nil {
		_ = m.bar.Clear()
	}
}

// Write writes lines in place of the bar.
func (m *meter) Write(lines []byte) (int, error) {
	m.hide()
	return m.w.Write(lines)
}

// close clears the bar.
func (m *meter) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar != nil {
		_ = m.bar.Finish()
	}
}

// pace estimates the time that is left from what is done since the first unit: neither what was done before, in a run
// that is resumed, nor the time until the first unit says how fast the work is.
type pace struct {
	begun  bool
	before int64 // units that were done at the first word
	first  time.Time
	from   int64 // units that were done at first
}

// left is the time until total, once a hundredth of the work, or four units in ten seconds, have been done.
func (p *pace) left(now time.Time, done, total int64) (left time.Duration, known bool) {
	switch {
	case !p.begun:
		p.begun, p.before = true, done
		return 0, false
	case p.first.IsZero():
		if done > p.before {
			p.first, p.from = now, done
		}
		return 0, false
	}
	units, spent := done-p.from, now.Sub(p.first)
	if spent < quiet || units < 1 || units*100 < total-p.from && (units < 4 || spent < often) {
		return 0, false
	}
	left = time.Duration(float64(spent) * float64(total-done) / float64(units))
	return left.Round(time.Second), true
}

// progress says what is being done, and for how long, once that takes a while; the function that it returns ends it.
// Work that can be counted has a meter.
func (s streams) progress(what string) (done func()) {
	_, done = s.steps(what, "")
	return done
}

// steps is progress of work that counts its steps: count, which several goroutines may call, says how many of how many
// are done.
func (s streams) steps(what, unit string) (count func(done, total int), end func()) {
	var finished, all atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	live, start := isTerminal(s.err), time.Now()
	every := often
	if live {
		every = time.Second
	}
	go func() {
		defer close(stopped)
		text := ""
		for next := time.After(quiet); ; next = time.After(every) {
			select {
			case <-stop:
				if live && text != "" {
					fmt.Fprintf(s.err, "\r%s\r", strings.Repeat(" ", len(text)))
				}
				return
			case now := <-next:
				before := len(text)
				text = printable.Cut(what, 60) + ": "
				if total := all.Load(); total > 0 {
					text += fmt.Sprintf("%d of %d %s, ", finished.Load(), total, unit)
				}
				text += now.Sub(start).Round(time.Second).String()
				if live {
					fmt.Fprintf(s.err, "\r%-*s", before, text)
				} else {
					fmt.Fprintln(s.err, text)
				}
			}
		}
	}()
	count = func(done, total int) {
		finished.Store(int64(done))
		all.Store(int64(total))
	}
	return count, sync.OnceFunc(func() { close(stop); <-stopped })
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
