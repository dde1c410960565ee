package main

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/reports"
)

func newCorrelate(s streams) *cobra.Command {
	var o analysisOptions
	var paper paperOptions
	var cohorts cohortOptions
	var only string
	cmd := with(&cobra.Command{
		Use:   "correlate RUN...",
		Short: "Compare scores with accuracies",
		Long: `Compare scores with accuracies: Kendall's tau-b and Spearman's rho of every estimator, with 95% bootstrap
intervals, or another table that bench301 table has: that command also compares each estimator with the best. Scores
that are meant to be better when lower are negated. Coverage is the share of the architectures that have a score and an
accuracy.

` + runHelp,
		Example: `  bench301 correlate scores.jsonl
  bench301 correlate scores.jsonl --table archs.csv --column val_accuracy --latex
  bench301 correlate scores.jsonl --combine rank:params+map-effdim --only top
  bench301 correlate run1.jsonl run2.jsonl --seeds mean --resamples 9999 --json`,
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			defer debug.SetGCPercent(debug.SetGCPercent(tightHeap))
			results, err := o.load(cmd.Context(), s, args...)
			if err != nil {
				return err
			}
			return o.write(cmd.Context(), s, &paper, only, false, cohorts.CohortOptions, results)
		},
	}, paper.AddFlags, onlyFlag(&only, &paper), o.AddFlags, cohorts.AddFlags)
	before(cmd, func() error { return cohorts.ofTable(only) })
	alias(cmd, "seed", "resampling-seed")
	return cmd
}

// write prints tables of results.
func (o *analysisOptions) write(
	ctx context.Context, s streams, paper *paperOptions, only string, compare bool, cohorts reports.CohortOptions,
	results *analysis.Results,
) error {
	f, err := o.compared(ctx, s, only == "ablation" || only == reports.AllTables, compare, results)
	if err != nil {
		return err
	}
	tell, done := parts(s, "table")
	defer done()
	return paper.study(ctx, s, reports.Study{Findings: f, Progress: tell, Cohorts: cohorts}, only)
}

// someRuns wants at least one run.
func someRuns(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("%s: name a file of scores, a run folder or a table", cmd.CommandPath())
	}
	return nil
}

// onlyFlag adds the flag --only to a command that prints as paper says.
func onlyFlag(only *string, paper *paperOptions) func(*cobra.Command) {
	names := reports.TableNames()
	return func(cmd *cobra.Command) {
		cmd.Flags().StringVar(only, "only", names[0], "which table: "+strings.Join(names, ", ")+", or "+
			reports.AllTables+" that there is data for")
		before(cmd, func() error {
			if *only == reports.AllTables && paper.as() == reports.CSV {
				return usagef("--only %s: CSV holds one table: name one, or take --json, a table a line", *only)
			}
			if *only == reports.AllTables || slices.Contains(names, *only) {
				return nil
			}
			_, err := reports.Study{}.Table(*only)
			return usageError{err}
		})
	}
}
