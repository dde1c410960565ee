package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
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
		return strings.TrimRight(cmd.LocalFlags().FlagUsagesWrapped(helpWidth(cmd.OutOrStdout())), " \n")
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
