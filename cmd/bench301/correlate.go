package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
	"rwe301/correlation"
	"rwe301/reports"
	"rwe301/store"
	"rwe301/study"
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
	accuracy, truth, err := o.accuracies(records)
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	for _, r := range records {
		asked[r.ID] = true
	}
	options := correlation.Options{Resamples: o.resamples, Seed: o.seed}
	all := study.Split(records)
	for _, text := range o.combine {
		c, labels, err := study.ParseCombination(text)
		if err != nil {
			return usageError{err}
		}
		combined, err := study.Combine(c, labels, all, accuracy)
		if err != nil {
			return err
		}
		all = append(all, combined)
	}
	var rows []reports.Association
	for _, series := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, err := series.Associate(accuracy, len(asked), options)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if o.json {
		return json.NewEncoder(s.out).Encode(map[string]any{"accuracy": truth, "resamples": o.resamples, "seed": o.seed, "estimators": rows})
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
	title := fmt.Sprintf("Rank correlation with accuracy by %s, %d architectures", truth, len(asked))
	return reports.AssociationTable(title, study.Notes(options), rows).Write(s.out, format)
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

// accuracies returns the accuracies to compare with, by architecture id, and what they are.
func (o correlateOptions) accuracies(records []store.Record) (map[string]float64, string, error) {
	space, err := bench301.LookupSpace(o.space)
	if err != nil {
		return nil, "", usageError{err}
	}
	accuracy := map[string]float64{}
	if o.table != "" {
		f, err := os.Open(o.table)
		if err != nil {
			return nil, "", err
		}
		defer f.Close()
		err = tabulated(accuracy, space, o.table, f, o.column)
		return accuracy, fmt.Sprintf("%s of %s", o.column, filepath.Base(o.table)), err
	}
	if o.surrogate != "mini" {
		return nil, "", usageError{fmt.Errorf("--surrogate %q: must be mini", o.surrogate)}
	}
	mini := surrogate.NewMini()
	for _, r := range records {
		a, _, err := space.Parse(r.Arch)
		if err != nil {
			return nil, "", fmt.Errorf("architecture %s of the scores: %w", r.ID, err)
		}
		g, err := surrogate.Genotype(a)
		if err != nil {
			return nil, "", fmt.Errorf("%w: use --table", err)
		}
		accuracy[r.ID] = mini.Predict(g).Mean
	}
	return accuracy, mini.Info().Name, nil
}

// tabulated reads a column of a table. Rows in which it is blank are left out.
func tabulated(accuracy map[string]float64, space bench301.Space, name string, r io.Reader, column string) error {
	for item, err := range bench301.Read(space, name, r, "") {
		if err != nil {
			return err
		}
		if text, ok := item.Field(column); ok && text == "" {
			continue
		}
		if accuracy[item.Architecture.ID()], err = item.Float(column); err != nil {
			return err
		}
	}
	return nil
}
