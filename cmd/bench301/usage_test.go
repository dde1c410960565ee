package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands goes through all commands below one, itself first.
func commands(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			commands(c, do)
		}
	}
}

// TestWrongUsageEverywhere makes every kind of mistake with every command: exit status 2, a line that says what would
// be right, and nothing that only programmers know.
func TestWrongUsageEverywhere(t *testing.T) {
	t.Chdir(t.TempDir())
	wrong := func(want string, args ...string) {
		t.Helper()
		var out, errs bytes.Buffer
		rc := run(context.Background(), args, strings.NewReader(""), &out, &errs)
		switch text := errs.String(); {
		case rc != exitUsage:
			t.Errorf("%q: exit status %d, want %d: %s", args, rc, exitUsage, text)
		case !strings.Contains(text, want):
			t.Errorf("%q: want %q in: %s", args, want, text)
		case strings.Contains(text, "strconv") || strings.Contains(text, "group ["):
			t.Errorf("%q: %s", args, text)
		}
	}
	commands(newRoot(streams{strings.NewReader(""), io.Discard, io.Discard}), func(cmd *cobra.Command) {
		path := strings.Fields(cmd.CommandPath())[1:]
		with := func(more ...string) []string { return append(append([]string{}, path...), more...) }
		if len(path) > 0 && (path[0] == "help" || path[0] == "completion") {
			return
		}
		wrong("unknown flag", with("--no-such-flag")...)
		if n := len(path); n > 0 { // one letter too many
			last := path[n-1] + "x"
			wrong("did you mean", append(append([]string{}, path[:n-1]...), last)...)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" {
				return
			}
			if len(f.Name) > 3 {
				wrong("did you mean --", with("--"+f.Name+"x")...)
			}
			switch f.Value.Type() {
			case "int", "uint64", "float64", "duration", "bool":
				wrong("must be ", with("--"+f.Name+"=x")...)
			}
			if f.Value.Type() != "bool" && f.NoOptDefVal == "" { // of query --runtime the value may be left out
				wrong("flag needs an argument", with("--"+f.Name)...)
			}
			for _, group := range f.Annotations["cobra_annotation_mutually_exclusive"] {
				names := strings.Fields(group)
				value := func(name string) string {
					if g := cmd.Flags().Lookup(name); g.Value.Type() == "bool" {
						return "--" + name
					} else if g.Value.Type() == "string" {
						return "--" + name + "=" + g.DefValue
					}
					return ""
				}
				if a, b := value(names[0]), value(names[1]); a != "" && b != "" && cmd.Args == nil {
					wrong("exclude each other", with(a, b)...)
				}
			}
		})
	})
	for _, c := range []struct{ args, want string }{
		{"studdy", "did you mean study"}, {"study rum", "did you mean run"}, {"help studdy", "did you mean study"},
		{"sample --json --csv", "--csv and --json exclude each other"}, {"completion bsh", "did you mean bash"},
		{"study", "name what to do"}, {"", "name a command"}, {"sample --space dart", "did you mean darts"},
		{"score -e rew x", "unknown estimator"}, {"score -e rwe:chanels=3 x", "did you mean channels"},
		{"table x --format jsn", "did you mean json"}, {"study export x --format cvs", "must be csv"},
		{"score -e params -o x.db x", "JSON lines"}, {"score x", "name an estimator"},
		{"search initt", "did you mean init"}, {"surrogate import x --name ../y", "without folders"},
	} {
		wrong(c.want, strings.Fields(c.args)...)
	}
}
