package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/bench301"
	"rwe301/correlation"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/store"
)

// correlateOptions are the flags of `correlate`.
type correlateOptions struct {
	json, csv, latex, markdown bool
	surrogate, table, column   string
	space                      string
	resamples                  int
	seed                       uint64
	combine                    []string
}

func newCorrelate(s streams) *cobra.Command {
	var o correlateOptions
	cmd := &cobra.Command{
		Use:   "correlate SCORES...",
		Short: "Compare scores with accuracies",
		Long: `Compare scores with accuracies: Kendall's tau-b and Spearman's rho of every estimator, with 95% bootstrap intervals.
SCORES are files that score --out wrote. Accuracies are those of a surrogate, or stand in a column of a table that has
a column arch. Scores that are meant to be better when lower are negated. Coverage is the share of the architectures in
the files that have a score and an accuracy.`,
		Example: `  bench301 correlate scores.jsonl
  bench301 correlate scores.jsonl --table archs.csv --column val_accuracy --latex
  bench301 correlate scores.jsonl --combine rank:params+map-effdim
  bench301 correlate run1.jsonl run2.jsonl --resamples 9999 --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return correlate(cmd.Context(), s, o, args) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.csv, "csv", false, "print CSV")
	f.BoolVar(&o.latex, "latex", false, "print a LaTeX table (booktabs)")
	f.BoolVar(&o.markdown, "markdown", false, "print a Markdown table")
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "latex", "markdown")
	f.StringVar(&o.surrogate, "surrogate", "mini", "surrogate whose accuracies to compare with: mini")
	f.StringVar(&o.table, "table", "", "table of accuracies to compare with instead")
	f.StringVar(&o.column, "column", "accuracy", "column of the table that holds them")
	f.IntVar(&o.resamples, "resamples", correlation.DefaultResamples, "bootstrap resamples")
	f.Uint64Var(&o.seed, "seed", 0, "seed of the resampling")
	f.StringArrayVar(&o.combine, "combine", nil, "also compare a combination of estimators: rank:NAME+NAME (mean rank), logrank: (sum of log ranks), zscore: (sum of standard scores), or linear: (fitted to the accuracies of all other architectures); repeat for several")
	addSpaceFlag(cmd, &o.space)
	cmd.MarkFlagsMutuallyExclusive("surrogate", "table")
	return cmd
}

func correlate(ctx context.Context, s streams, o correlateOptions, files []string) error {
	if len(files) == 0 {
		return usageError{errors.New("name a file of scores, which score --out writes")}
	}
	if o.resamples < 1 {
		return usageError{fmt.Errorf("--resamples %d: must be at least 1", o.resamples)}
	}
	records, err := readScores(files)
	if err != nil {
		return err
	}
	results, err := o.results(ctx, records)
	if err != nil {
		return err
	}
	results.From.Dir = strings.Join(files, ", ")
	for _, text := range o.combine {
		c, labels, err := analysis.ParseCombination(text)
		if err != nil {
			return usageError{err}
		}
		if err := results.Combine(c, labels); err != nil {
			return err
		}
	}
	f, err := analysis.Analyse(ctx, results, analysis.Options{Options: correlation.Options{Resamples: o.resamples, Seed: o.seed}})
	if err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(s.out).Encode(map[string]any{"accuracy": results.From.Truth, "resamples": o.resamples, "seed": o.seed, "estimators": reports.Study{Findings: f}.Associations()})
	}
	format := reports.Terminal
	switch {
	case o.csv:
		format = reports.CSV
	case o.latex:
		format = reports.LaTeX
	case o.markdown:
		format = reports.Markdown
	}
	return reports.Study{Findings: f}.InOrder().Write(s.out, format)
}

// readScores reads the records of several files; of records that answer the same question the last one counts.
func readScores(files []string) ([]store.Record, error) {
	var records []store.Record
	index := map[store.Key]int{}
	for _, file := range files {
		read, err := store.ReadJSONL(file)
		if err != nil {
			return nil, err
		}
		for _, r := range read {
			if i, ok := index[r.Key()]; ok {
				records[i] = r
				continue
			}
			index[r.Key()] = len(records)
			records = append(records, r)
		}
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%s: no scores in it", files[0])
	}
	return records, nil
}

// results are the records as vectors, with the accuracies to compare them with.
func (o correlateOptions) results(ctx context.Context, records []store.Record) (*analysis.Results, error) {
	space, err := bench301.LookupSpace(o.space)
	if err != nil {
		return nil, usageError{err}
	}
	in := scoring.Inputs{Space: space}
	accuracy := scoring.AccuracyOf(o.surrogate)
	if o.table != "" {
		accuracy = scoring.Accuracy{Source: scoring.Tabled, File: o.table, Column: o.column}
		if err := finite(&in, o.table, o.column); err != nil {
			return nil, err
		}
	}
	truth, err := in.Accuracy(accuracy)
	if err != nil {
		return nil, err
	}
	r, err := analysis.FromRecords(records, scoring.Describe, space)
	if err != nil {
		return nil, err
	}
	r.From = analysis.Provenance{Space: space.Name(), Truth: truth.Name, Unit: truth.Unit, Predicted: o.table == ""}
	r.Truth, err = truth.Of(ctx, r.Architecture, len(r.Architectures))
	return r, err
}

// finite refuses a table whose column holds anything but numbers and blanks: a study takes NaN for a blank, too.
func finite(in *scoring.Inputs, path, column string) error {
	t, err := in.Table(path)
	if err != nil {
		return err
	}
	for _, r := range t.Rows {
		if text, ok := r.Field(column); ok && text == "" {
			continue
		}
		if _, err := r.Float(column); err != nil {
			return err
		}
	}
	return nil
}
