package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestAlias gives a flag by its old and new spelling: they set the same variable, help shows the new one only, and two
// that differ are refused in either order.
func TestAlias(t *testing.T) {
	for line, want := range map[string]string{
		"":                        "0",
		"--jobs 2":                "2",
		"-j 2":                    "2",
		"--workers 2":             "2",
		"--workers 2 --workers 3": "3",
		"--jobs 2 --workers 2":    "2",
		"--workers 2 -j 2":        "2",
		"--jobs 2 --workers 3": `invalid argument "3" for "--workers" flag: ` +
			"--jobs says 2: they are two spellings of one flag",
		"--workers 3 -j 2": `invalid argument "2" for "-j, --jobs" flag: ` +
			"--workers says 3: they are two spellings of one flag",
		"--workers three": `invalid argument "three" for "--workers" flag: ` +
			`strconv.ParseInt: parsing "three": invalid syntax`,
		"--workers 2 --exclusive on": "if any flags in the group [jobs exclusive] are set none of the others can be; " +
			"[exclusive jobs] were all set",
	} {
		var o jobsOptions
		cmd := &cobra.Command{Use: "test", RunE: func(cmd *cobra.Command, _ []string) error {
			if given := line != ""; cmd.Flags().Changed("jobs") != given {
				t.Errorf("%q: --jobs counts as given: %v", line, !given)
			}
			return nil
		}, SilenceErrors: true, SilenceUsage: true}
		o.AddFlags(cmd)
		alias(cmd, "workers", "jobs")
		cmd.Flags().String("exclusive", "", "")
		cmd.MarkFlagsMutuallyExclusive("jobs", "exclusive")
		cmd.SetArgs(strings.Fields(line))
		cmd.SetOut(io.Discard)
		got := ""
		if err := cmd.Execute(); err != nil {
			got = err.Error()
		} else {
			got = cmd.Flag("jobs").Value.String()
			if other := cmd.Flag("workers").Value.String(); other != got {
				t.Errorf("%q: --workers is %s, --jobs %s", line, other, got)
			}
		}
		if got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
		if usage := cmd.UsageString(); strings.Contains(usage, "workers") || !strings.Contains(usage, "-j, --jobs int") {
			t.Errorf("help shows:\n%s", usage)
		}
	}
}

// TestOneFlagOneMeaning walks through all commands: a flag of these names has one shorthand and, among commands whose
// flag comes from the shared options, one description.
func TestOneFlagOneMeaning(t *testing.T) {
	same := map[string]string{}
	shorthand := map[string]string{"jobs": "j", "out": "o"}
	described := []string{"jobs", "data", "surrogate", "table", "column", "resamples", "resampling-seed",
		"combine", "only", "shard", "space"}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, name := range append(described, "out") {
			f := c.Flags().Lookup(name)
			switch {
			case f == nil || f.Hidden:
				continue
			case f.Shorthand != shorthand[name]:
				t.Errorf("%s: --%s has the shorthand %q, want %q", c.CommandPath(), name, f.Shorthand, shorthand[name])
			case name == "out" || name == "only" && c.Name() == "figure" || name == "surrogate" && c.Name() == "serve":
				continue // these say what they name
			case same[name] != "" && same[name] != f.Usage:
				t.Errorf("%s: --%s: %q, elsewhere %q", c.CommandPath(), name, f.Usage, same[name])
			}
			same[name] = f.Usage
		}
		if c.Runnable() && !c.Hidden && c.Name() != "bench301" && c.Name() != "help" && c.Example == "" &&
			!strings.HasPrefix(c.CommandPath(), "bench301 completion") {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard}))
	for _, name := range described {
		if same[name] == "" {
			t.Errorf("no command has --%s", name)
		}
	}
}

func TestReflow(t *testing.T) {
	text := "one two three\nfour\n\n  kept as it is, however long\nfive\n- six"
	want := "one two\nthree four\n\n  kept as it is, however long\nfive - six"
	if got := reflow(text, 10); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestWrongUsage gives flags that exclude each other and a command that there is not.
func TestWrongUsage(t *testing.T) {
	for _, line := range []string{"sample --json --csv", "correlate x --table a --surrogate b", "nosuch"} {
		in, args := strings.NewReader(""), strings.Fields(line)
		if code := run(t.Context(), args, in, io.Discard, io.Discard); code != exitUsage {
			t.Errorf("%s: exit status %d, want %d", line, code, exitUsage)
		}
	}
}
