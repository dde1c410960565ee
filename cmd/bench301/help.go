package main

import (
	"io"
	"os"
	"strconv"
	"strings"

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
