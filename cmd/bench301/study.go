package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rwe301/internal/atomicfile"
	"rwe301/search"
	"rwe301/store"
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
		newStudySubmit(s), newStudyMerge(s), newStudyExport(s))
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
	if err := notSearches(dir); err != nil {
		return err
	}
	r, err := study.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(do(r), r.Close())
}

// notSearches refuses a folder of searches where the run of a study is wanted.
func notSearches(dir string) error {
	if search.Is(dir) {
		return fmt.Errorf("%s: a folder of searches, not the run of a study: bench301 status, table, figure and report take "+
			"it, and bench301 search resume goes on with it", dir)
	}
	return nil
}

func newStudyStatus(s streams) *cobra.Command {
	var f recordOptions
	var watch watchOptions
	return with(&cobra.Command{
		Use:   "status RUN",
		Short: "Say how far a run has come",
		Long: `Says how far a run has come, estimator by estimator.

` + aboutWatch,
		Example: `  bench301 study status runs/my-study
  bench301 study status runs/my-study --watch
  bench301 study status runs/my-study --watch --json | head -n 1`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if watch.watch {
				return watch.run(cmd.Context(), s, f.json, args[0])
			}
			sayWorkers(s, args[0])
			if study.IsSearching(args[0]) {
				return searchingStatus(cmd.Context(), s, f, args[0])
			}
			return withRun(args[0], func(r *study.Run) error { return printStatus(s, f, r) })
		},
	}, f.AddFlags, watch.AddFlags)
}

// searchingStatus says how far the searches of a run have come that are not finished.
func searchingStatus(ctx context.Context, s streams, f recordOptions, dir string) error {
	s.say("%s: its searches come first: bench301 study resume %s goes on with them", dir, shellWord(dir))
	if folder := study.SearchFolder(dir); search.Is(folder) {
		return printStages(ctx, s, f, folder)
	}
	return nil
}

func printStatus(s streams, f recordOptions, r *study.Run) error {
	status, err := r.Status()
	if err != nil {
		return err
	}
	return printProgress(s, f, status)
}

func printProgress(s streams, f recordOptions, status []study.Progress) error {
	columns := "estimator,>asked,>ok,>undefined,>failed,>missing,>seconds,reason"
	p := newPrinter(s, f, columns, func(p study.Progress) []any {
		return []any{p.Label, p.Asked, p.OK, p.Undefined, p.Failed, p.Missing, fixed(p.Seconds, 2), p.Reason}
	})
	p.width = terminalWidth(s.out)
	return p.printAll(status)
}

func newStudyMerge(s streams) *cobra.Command {
	var out string
	var o study.MergeOptions
	cmd := with(&cobra.Command{
		Use:   "merge RUN RUN... --out DIR",
		Short: "Join the runs of a study's shards",
		Long: `Joins runs of the same study, made by the same version of the program, into a new run folder. A score that
two of them hold is an error. The runs stay as they are.

Exit status: 0 merged, also where scores are missing (standard error counts them) unless --complete is given, 1 not
merged, nothing was scored or an estimator failed everywhere.`,
		Example: `  bench301 study merge runs/my-study-*-of-16 --out runs/my-study
  bench301 study merge runs/my-study-*-of-16 --out runs/my-study --complete --update`,
		Args: someArgs(2, 1<<20, "two run folders or more"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usagef("study merge: --out names the folder of the joined run")
			}
			m := newMeter(s.err, "merge", "scores")
			o.Progress = m.count
			missing, err := study.Merge(cmd.Context(), out, args, o)
			m.close()
			if err != nil {
				return err
			}
			if missing > 0 {
				s.say("%d scores are in none of the runs; bench301 study resume %s makes them", missing, shellWord(out))
			}
			if err := printLines(s, out); err != nil {
				return err
			}
			err = withRun(out, func(r *study.Run) error {
				status, err := r.Status()
				if err != nil {
					return err
				}
				return verdict(s, status, missing > 0)
			})
			if err != nil {
				return fmt.Errorf("%s: %w", out, err)
			}
			s.next("table", out)
			return nil
		},
	}, outFlag(&out, "folder of the joined run"))
	cmd.Flags().BoolVar(&o.Complete, "complete", false, "merge only if no score of the study is missing: otherwise say "+
		"which runs lack what, and fail")
	cmd.Flags().BoolVar(&o.Update, "update", false, "where DIR is a merged run of the same study, add what it lacks; "+
		"tables and figures in it stay")
	return cmd
}

func newStudyExport(s streams) *cobra.Command {
	var as string
	var noTimes bool
	cmd := &cobra.Command{
		Use:   "export RUN",
		Short: "Print every score of a run with its origin",
		Long: `Prints every score of a run, in an order that does not depend on how the run went. With --no-times the export
leaves out seconds and machine, and is then the same to the byte for every number of workers, interruption and shard.`,
		Example: `  bench301 study export runs/my-study > scores.csv
  bench301 study export runs/my-study --format parquet > scores.parquet`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			formats := []string{string(store.FormatCSV), string(store.FormatJSONL), string(store.FormatParquet)}
			if err := oneOf("--format", as, formats); err != nil {
				return err
			}
			return withRun(args[0], func(r *study.Run) error {
				return store.Export(s.out, store.Format(as), r.Store.All(), !noTimes)
			})
		},
	}
	cmd.Flags().StringVar(&as, "format", string(store.FormatCSV), "csv, jsonl or parquet")
	cmd.Flags().BoolVar(&noTimes, "no-times", false, "leave out seconds and machine")
	return cmd
}
