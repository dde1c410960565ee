package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/study"
)

func newReplay(s streams) *cobra.Command {
	var o jobsOptions
	var to outOptions
	var accuracy string
	var columns []string
	cmd := &cobra.Command{
		Use:   "replay TABLE",
		Short: "Analyse the scores of a published table",
		Long: `Makes a run of a published table: CSV with a column arch, or JSON as NAS-Bench-Suite-Zero published it. Every
column of numbers counts as an estimator. Tables, figures and comparisons of the run are those of a study.`,
		Example: `  bench301 replay zc_nasbench301.json
  bench301 replay scores.csv --accuracy acc --columns nwot,params --out runs/published`,
		Args: someArgs(1, 1, "one table"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			text, err := study.Replay(args[0], accuracy, columns)
			if err != nil {
				return err
			}
			d, err := study.Parse(filepath.Base(args[0]), text) // whose paths begin in the current folder
			if err != nil {
				return err
			}
			p, err := study.Prepare(cmd.Context(), d)
			if err != nil {
				return err
			}
			defer p.Close()
			if to.out == "" {
				to.out = filepath.Join("runs", strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])))
			}
			r, err := study.Create(to.out, p, text, study.Shard{}, machine())
			if err != nil {
				return err
			}
			return finish(cmd.Context(), s, r, p, study.Options{Workers: o.jobs})
		},
	}
	cmd.Flags().StringVar(&accuracy, "accuracy", "val_accuracy", "column of accuracies")
	cmd.Flags().StringSliceVar(&columns, "columns", nil, "columns to take as estimators (default: all of numbers)")
	to.AddFlags(cmd, "run folder (default runs/TABLE)")
	o.AddFlags(cmd)
	return cmd
}
