package main

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/store"
)

// correlateOptions are the flags of `correlate`.
type correlateOptions struct {
	analysisOptions
	accuracyOptions
	paperOptions
	space, only, seeds string
}

func newCorrelate(s streams) *cobra.Command {
	var o correlateOptions
	cmd := with(&cobra.Command{
		Use:   "correlate SCORES...",
		Short: "Compare scores with accuracies",
		Long: `Compare scores with accuracies: Kendall's tau-b and Spearman's rho of every estimator, with 95% bootstrap
intervals, or another table that bench301 table has of studies. SCORES are files that score --out wrote. Accuracies
are those of a surrogate, or stand in a column of a table that has a column arch. Scores that are meant to be better
when lower are negated. Coverage is the share of the architectures in the files that have a score and an accuracy.`,
		Example: `  bench301 correlate scores.jsonl
  bench301 correlate scores.jsonl --table archs.csv --column val_accuracy --latex
  bench301 correlate scores.jsonl --combine rank:params+map-effdim --only top
  bench301 correlate run1.jsonl run2.jsonl --seeds mean --resamples 9999 --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return correlate(cmd.Context(), s, o, args) },
	}, o.paperOptions.AddFlags, onlyFlag(&o.only), o.accuracyOptions.AddFlags, o.analysisOptions.AddFlags,
		spaceFlag(&o.space))
	alias(cmd, "seed", "resampling-seed")
	cmd.Flags().StringVar(&o.seeds, "seeds", "each", "each: a row a seed; mean: one row an estimator, of its mean "+
		"over the seeds")
	return cmd
}

func correlate(ctx context.Context, s streams, o correlateOptions, files []string) error {
	switch {
	case len(files) == 0:
		return usagef("name a file of scores, which score --out writes")
	case o.seeds != "each" && o.seeds != "mean":
		return usagef("--seeds %s: must be each or mean", o.seeds)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(tightHeap))
	results, err := o.results(ctx, s, files)
	if err != nil {
		return err
	}
	results.From.Dir = strings.Join(files, ", ")
	results.SortColumns()
	if o.only == "ablation" || o.only == reports.AllTables {
		results.InferVariations()
	}
	count, done := s.steps("comparing scores", "estimators")
	defer done()
	f, err := o.analyse(ctx, results, false, count)
	if err != nil {
		return err
	}
	done()
	return o.study(ctx, s, reports.Study{Findings: f}, o.only)
}

// results are the records of files as vectors, with the accuracies to compare them with.
func (o *correlateOptions) results(ctx context.Context, s streams, files []string) (*analysis.Results, error) {
	space, err := bench301.LookupSpace(o.space)
	if err != nil {
		return nil, usageError{err}
	}
	in := scoring.Inputs{Space: space, Repeats: o.repeats}
	truth, err := in.Accuracy(o.accuracy())
	if err != nil {
		return nil, unknownSurrogate(err)
	}
	read := analysis.FromRecords
	if o.seeds == "mean" {
		read = analysis.OverSeeds
	}
	count, done := s.steps("reading scores", "MB")
	defer done()
	records := store.ReadAll(func(read, total int64) { count(int(read/1e6), int(total/1e6)) }, files...)
	r, err := read(records, scoring.Describe, space)
	done()
	if err != nil {
		return nil, err
	}
	r.From.Truth, r.From.Predicted = truth.Name, o.table == ""
	r.From.Notes = append(in.Notes(), truth.Notes...)
	for _, note := range r.From.Notes {
		s.say("%s", note)
	}
	count, done = s.steps("asking for accuracies", "architectures")
	defer done()
	var asked atomic.Int64
	r.Truth, err = truth.Of(ctx, func(i int) (bench301.Architecture, error) {
		count(int(asked.Add(1)), len(r.Architectures))
		return r.Architecture(i)
	}, len(r.Architectures))
	return r, err
}

// onlyFlag adds the flag --only.
func onlyFlag(only *string) func(*cobra.Command) {
	names := reports.TableNames()
	return func(cmd *cobra.Command) {
		cmd.Flags().StringVar(only, "only", names[0], "which table: "+strings.Join(names, ", ")+", or "+
			reports.AllTables+" that there is data for")
		before(cmd, func() error {
			if *only == reports.AllTables || slices.Contains(names, *only) {
				return nil
			}
			_, err := reports.Study{}.Tables(*only)
			return usageError{err}
		})
	}
}
