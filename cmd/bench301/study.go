package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rwe301/internal/atomicfile"
	"rwe301/study"
)

func newStudy(s streams) *cobra.Command {
	return group("do", &cobra.Command{
		Use:   "study",
		Short: "Run experiments from a definition in YAML",
		Long: `A study scores architectures with estimators, all settings of a grid, and keeps every score in a run folder
that figures and tables are drawn from. It may be interrupted, even killed, and resumed; it may run in shards on
several machines and be merged: the scores are the same to the bit.`,
		Example: `  bench301 study init my.yaml
  bench301 study plan my.yaml
  bench301 study run my.yaml`,
	}, newInit("study", study.Template, s), newStudyPlan(s), newStudyRun(s), newStudyResume(s), newStudyStatus(s),
		newStudyMerge(s),
		newStudyExport(s))
}

// newInit makes the command that writes the template of a definition of a study or of searches.
func newInit(what string, template func(io.Writer) error, s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented definition with every legal key",
		Long: `Writes a commented definition with every legal key, estimator and setting to FILE, which must not exist, or
to standard output.`,
		Example: fmt.Sprintf("  bench301 %[1]s init my.yaml\n  bench301 %[1]s init | less", what),
		Args:    someArgs(0, 1, "one file at most"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return template(s.out)
			}
			if _, err := os.Lstat(args[0]); err == nil {
				return fmt.Errorf("%s: exists: name another file", args[0])
			}
			return atomicfile.Write(args[0], template)
		},
	}
}

// withRun opens the run in a folder for as long as do takes.
func withRun(dir string, do func(*study.Run) error) error {
	r, err := study.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(do(r), r.Close())
}
