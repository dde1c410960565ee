package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// quiet is how long work may go on before it is worth a line.
const quiet = 2 * time.Second

// meter reports progress on stderr: a bar on a terminal, a plain line now and then in a pipe.
type meter struct {
	w     io.Writer
	what  string
	unit  string
	start time.Time // of the work: the first word about it
	next  time.Time
	bar   *progressbar.ProgressBar
}

// newMeter reports on work in units. Bytes are shown as such when unit is "B".
func newMeter(w io.Writer, what, unit string) *meter { return &meter{w: w, what: what, unit: unit} }

// begin notes when the work began.
func (m *meter) begin(total int64) {
	m.start = time.Now()
	m.next = m.start.Add(quiet)
	if isTerminal(m.w) {
		m.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(m.w),
			progressbar.OptionSetDescription(m.what),
			progressbar.OptionSetItsString(m.unit),
			progressbar.OptionShowIts(),
			progressbar.OptionShowCount(),
			progressbar.OptionShowBytes(m.unit == "B"),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionEnableColorCodes(false),
		)
	}
}

// set says how far the work of total units has come.
func (m *meter) set(done, total int64) {
	if m.start.IsZero() {
		m.begin(total)
	}
	if m.bar != nil {
		_ = m.bar.Set64(done)
		return
	}
	now := time.Now()
	if now.Before(m.next) || done == 0 {
		return
	}
	m.next = now.Add(10 * time.Second)
	elapsed := now.Sub(m.start)
	left := time.Duration(float64(elapsed) * float64(total-done) / float64(done))
	fmt.Fprintf(m.w, "%s: %d of %d %s, %s left\n", m.what, done, total, m.unit, left.Round(time.Second))
}

// close clears the bar.
func (m *meter) close() {
	if m.bar != nil {
		_ = m.bar.Finish()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
