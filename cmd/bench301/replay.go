package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/study"
)

func newReplay(s streams) *cobra.Command {
	var o jobsOptions
	var from sourceOptions
	var columns []string
	var out string
	var asJSON bool
	cmd := with(&cobra.Command{
		Use:   "replay TABLE|RUN...",
		Short: "Make a run of a published table or of other scores",
		Long: `Makes a run of a published table: CSV with a column arch and any usual separator, JSON lines, or JSON as
NAS-Bench-Suite-Zero published it. Every column with numbers counts as an estimator; a cell that is no number is an
undefined score. The search space is what the notation of the architectures tells. Tables, figures and comparisons of
the run are those of a study. It is made alike of files of scores, of parts of a run, and of several runs joined.

` + runHelp,
		Example: `  bench301 replay zc_nasbench301.json
  bench301 replay scores.csv --column acc --columns nwot,params --out runs/published
  bench301 replay zc_nasbench201.json --space nasbench201 --repeats mean
  bench301 replay a.jsonl b.jsonl runs/old:rwe --out runs/together`,
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || from.asked || !isTable(args[0]) {
				if columns != nil {
					return usagef("--columns: of one table with accuracies of its own; RUN:ESTIMATOR names one of a run")
				}
				return gather(cmd.Context(), s, from, args, out, asJSON)
			}
			r := study.Replay{
				Table: args[0], Space: from.space, Accuracy: from.column, Columns: columns, Unit: from.unit, Repeats: from.repeats,
			}
			p, text, err := r.Plan(cmd.Context())
			if err != nil {
				return err
			}
			defer p.Close()
			if out == "" {
				out = newRunFolder(s, p.Definition.Folder(), "")
			}
			how := runOptions{Options: study.Options{Workers: o.jobs}}
			return begin(cmd.Context(), s, out, p, text, study.Shard{}, how, asJSON)
		},
	}, outFlag(&out, "run folder (default runs/TABLE, or TABLE-2 and so on where that is taken)"), o.AddFlags,
		jsonFlag(&asJSON), from.AddFlags)
	alias(cmd, "accuracy", "column")
	cmd.Flags().StringSliceVar(&columns, "columns", nil, "columns of a table to take as estimators (default: all with "+
		"numbers)")
	return cmd
}

// isTable says whether what is named is read as a table, as a pipe is, and what is not there.
func isTable(name string) bool {
	info, err := os.Stat(name)
	if err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return true
	}
	r, err := analysis.Refer(kinds(&study.Sources{}), name)
	return err != nil && !strings.Contains(name, ":") || r.Kind.Name == "table" && r.Estimator == ""
}

// gather makes a run of scores as they are.
func gather(ctx context.Context, s streams, o sourceOptions, names []string, out string, asJSON bool) error {
	o.seeds = "mean" // a run has one question for all seeds
	results, err := o.load(ctx, s, names...)
	if err != nil {
		return err
	}
	if out == "" {
		ref, err := analysis.Refer(kinds(&study.Sources{}), names[0])
		if err != nil {
			return err
		}
		base := filepath.Base(ref.Path)
		if out = strings.TrimSuffix(base, filepath.Ext(base)); len(names) > 1 || ref.Estimator != "" {
			return usagef("%s: not a run as a whole: --out says where to", strings.Join(names, " "))
		}
		out = newRunFolder(s, out, "")
	}
	r, err := study.Copy(out, results, machine())
	if err != nil {
		return err
	}
	return errors.Join(finished(s, r, asJSON), r.Close())
}

// knownSpace refuses the name of a space that there is not.
func knownSpace(name string) error {
	if name == "" {
		return nil
	}
	if _, err := bench301.LookupSpace(name); err != nil {
		return usageError{err}
	}
	return nil
}
