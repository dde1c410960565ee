// Bench301 tells whether a cheap estimate of an architecture's accuracy can be trusted: it samples architectures of the
// DARTS space, scores them with Random-Weight Evaluation and other estimators, and compares the scores with the
// accuracies of NAS-Bench-301. Run it without arguments for the list of commands.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
	"rwe301/internal/kernels"
	"rwe301/internal/printable"
	"rwe301/internal/process"
	"rwe301/internal/system"
	"rwe301/scoring"
)

func main() {
	defer process.KillAll() // of a panic
	in, ending := standardInput()
	os.Exit(run(untilSignal(ending), os.Args[1:], in, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // by Ctrl-C; by another signal 128 and its number
)

// version is set by the Makefile; builds without it fall back on what the go command recorded.
var version = ""

// streams are where a command reads, prints data, and talks.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// silent says nothing.
var silent = streams{strings.NewReader(""), io.Discard, io.Discard}

// say prints a line of talk.
func (s streams) say(format string, args ...any) {
	fmt.Fprintf(s.err, "bench301: %s\n", printable.Cut(fmt.Sprintf(format, args...), widestError))
}

// next says which command goes on with what a command has made, at a path where there is one.
func (s streams) next(command string, paths ...string) {
	for _, path := range paths {
		command += " " + shellWord(path)
	}
	s.say("next: bench301 %s", command)
}

// plainWord is what a shell takes as one word as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]*$`)

// shellWord is text as a word of a command that can be copied into a shell.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot(streams{in, out, errs})
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(errs, "bench301: interrupted; what was finished is kept")
		if by := (interrupted{}); errors.As(context.Cause(ctx), &by) {
			return by.status()
		}
		return exitInterrupted
	}
	fmt.Fprintf(errs, "bench301: %s\n", shortened(err.Error()))
	if errors.Is(err, dataset.ErrAbsent) {
		fmt.Fprintln(errs, reflow(aboutCIFAR10(cmd), helpWidth(errs)))
	}
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailure
}

// Bounds of the text of an error.
const (
	widestError = 2000 // characters of a line
	mostErrors  = 100  // lines
)

// shortened is the text of an error for a terminal: what it quotes of files may be anything.
func shortened(text string) string {
	lines := strings.Split(text, "\n")
	if more := len(lines) - mostErrors; more > 0 {
		lines = append(lines[:mostErrors], fmt.Sprintf("(and %d lines more)", more))
	}
	for i, line := range lines {
		lines[i] = printable.Cut(line, widestError)
	}
	return strings.Join(lines, "\n")
}

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "bench301",
		Short: "Can a cheap estimate of a network's accuracy be trusted?",
		Long: `bench301 samples architectures of the DARTS space, scores them with Random-Weight Evaluation and the
estimators it is compared with, and correlates the scores with NAS-Bench-301 accuracies.

Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C, 143 by SIGTERM (what was finished is kept). A
second signal ends it at once.`,
		Example: `  bench301 demo
  bench301 sample -n 100 --seed 1 | bench301 query --json
  bench301 sample -n 20 | bench301 score -e rwe -e params --out scores.jsonl`,
		Version:       versionLine(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := kernels.Check(); err != nil && cmd.Name() != "doctor" {
				return usageError{err}
			}
			if err := mistyped(cmd, args); err != nil {
				return err
			}
			return flagGroups(cmd) // before cobra's own check, whose error is like any other
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Usage()
			return usagef("name a command")
		},
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(helpCommand(root))
	wrapHelp(root)
	for _, command := range []func(streams) *cobra.Command{
		newBench, newCompare, newComplexity, newCorrelate, newData, newDemo, newDoctor, newEstimators, newExport, newFigure,
		newFront,
		newPipe, newQuery, newReplay, newReport, newRuns, newSample, newScore, newServe, newShow, newStatus, newStudy,
		newSurrogate, newTable, newSearch, newVersion, newWorker,
	} {
		root.AddCommand(command(s))
	}
	offer(root)
	root.InitDefaultCompletionCmd()
	if shells, _, err := root.Find([]string{"completion"}); err == nil {
		shells.Args, shells.RunE = noCommand, func(cmd *cobra.Command, _ []string) error {
			return usagef("completion: name a shell: %s", strings.Join(commandNames(cmd), ", "))
		}
	}
	return root
}

// codeVersion is what produced a number: version and, where known, commit.
func codeVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v = s.Value[:12]
		}
	}
	return v
}

// machine is what stands beside every score: the version of the program and the processor.
func machine() scoring.Machine { return scoring.Machine{Code: codeVersion(), CPU: system.CPU()} }

// platform is what the program was built for.
const platform = runtime.GOOS + "/" + runtime.GOARCH

// versionLine says which program this is.
func versionLine() string {
	return fmt.Sprintf("bench301 %s (%s, %s)", codeVersion(), runtime.Version(), platform)
}

func newVersion(s streams) *cobra.Command {
	var asJSON bool
	return with(&cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  bench301 version\n  bench301 version --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return json.NewEncoder(s.out).Encode(map[string]string{
					"version": codeVersion(), "go": runtime.Version(), "platform": platform,
				})
			}
			return printLines(s, versionLine())
		},
	}, jsonFlag(&asJSON))
}

// noArgs refuses arguments as a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, not %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// someArgs wants between low and high arguments.
func someArgs(low, high int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < low || len(args) > high {
			return usagef("%s takes %s, not %d arguments", cmd.CommandPath(), what, len(args))
		}
		return nil
	}
}

// group makes a command of commands that does nothing alone; verb is what they do.
func group(verb string, cmd *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	var names []string
	for _, c := range commands {
		names = append(names, c.Name())
	}
	last := len(names) - 1
	what := strings.Join(names[:last], ", ") + " or " + names[last]
	cmd.Args = noCommand
	cmd.RunE = func(*cobra.Command, []string) error {
		return usagef("%s: name what to %s: %s (see bench301 %[1]s --help)", cmd.Name(), verb, what)
	}
	cmd.AddCommand(commands...)
	return cmd
}
