package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rwe301/internal/printable"
	"rwe301/internal/suggest"
)

// usageError marks an error of the command line, as opposed to one of the work.
type usageError struct{ error }

// usagef makes an error of the command line.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// noCommand refuses words behind a command that only has commands below it.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usagef("%s %s: no such command%s", cmd.CommandPath(), printable.Cut(args[0], 50),
		suggest.Nearest(args[0], commandNames(cmd)))
}

// mistyped refuses an argument that is no file, and nearly a command below the one that takes it.
func mistyped(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || !cmd.HasSubCommands() {
		return nil
	}
	near := suggest.Near(args[0], commandNames(cmd))
	if _, err := os.Lstat(args[0]); err == nil || near == "" {
		return nil
	}
	return usagef("%s: neither a file nor a command of %s%s", printable.Cut(args[0], 50), cmd.CommandPath(), near)
}

// commandNames are the commands below one.
func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagError says what is wrong with a flag, in words.
func flagError(cmd *cobra.Command, err error) error {
	see := fmt.Sprintf("(see %s --help)", cmd.CommandPath())
	if e := (*pflag.NotExistError)(nil); errors.As(err, &e) {
		if letters := e.GetSpecifiedShortnames(); letters != "" {
			return usagef("unknown flag -%s %s", printable.Cut(e.GetSpecifiedName(), 50), see)
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, "--"+f.Name)
			}
		})
		name := "--" + e.GetSpecifiedName()
		return usagef("unknown flag %s%s %s", printable.Cut(name, 50), suggest.Near(name, names), see)
	}
	if e := (*pflag.InvalidValueError)(nil); errors.As(err, &e) {
		what := e.Unwrap().Error()
		if want := flagKinds[e.GetFlag().Value.Type()]; want != "" && raw.MatchString(what) {
			what = "must be " + want
		}
		return usagef("--%s %s: %s %s", e.GetFlag().Name, printable.Cut(e.GetValue(), 50), what, see)
	}
	return usagef("%w %s", err, see)
}

// raw begins what libraries say of a value that they cannot read.
var raw = regexp.MustCompile(`^(strconv|time)[.:]`)

// flagKinds says what a flag of a type takes.
var flagKinds = map[string]string{
	"int": "a whole number", "uint64": "a whole number from 0", "float64": "a number", "bool": "true or false",
	"duration": "a time such as 30s or 5m",
}

// together is how cobra says which flags exclude each other.
var together = regexp.MustCompile(`\[([^\]]*)\] were all set$`)

// flagGroups is cobra's check of flags that exclude each other, in words.
func flagGroups(cmd *cobra.Command) error {
	err := cmd.ValidateFlagGroups()
	if err == nil {
		return nil
	}
	if m := together.FindStringSubmatch(err.Error()); m != nil {
		return usagef("--%s exclude each other: give one of them", strings.ReplaceAll(m[1], " ", " and --"))
	}
	return usageError{err}
}

// helpCommand is `bench301 help`, which knows when a command does not exist.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				if cmd == nil {
					cmd = root
				}
				if len(rest) == 0 {
					rest = args
				}
				return noCommand(cmd, rest)
			}
			return cmd.Help()
		},
	}
}
