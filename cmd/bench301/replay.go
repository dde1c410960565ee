package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/study"
)

func newReplay(s streams) *cobra.Command {
	var o studyOptions
	var accuracy string
	var columns []string
	cmd := &cobra.Command{
		Use:   "replay TABLE",
		Short: "Analyse the scores of a published table",
		Long: `Makes a run of a published table: CSV with a column arch, or JSON as NAS-Bench-Suite-Zero published it. Every column of
numbers counts as an estimator. Tables, figures and comparisons of the run are those of a study.`,
		Example: `  bench301 replay zc_nasbench301.json
  bench301 replay scores.csv --accuracy acc --columns nwot,params --out runs/published`,
		Args: someArgs(1, 1, "one table"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := study.Replay(args[0], accuracy, columns)
			if err != nil {
				return err
			}
			here := "replay.yaml" // a definition in the current folder, which is where the table's path begins
			d, err := study.Parse(here, text)
			if err != nil {
				return err
			}
			p, err := study.Prepare(cmd.Context(), d)
			if err != nil {
				return err
			}
			defer p.Close()
			if o.out == "" {
				o.out = filepath.Join("runs", strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])))
			}
			r, err := study.Create(o.out, p, text, study.Shard{}, machine())
			if err != nil {
				return err
			}
			return o.finish(cmd.Context(), s, r, p)
		},
	}
	cmd.Flags().StringVar(&accuracy, "accuracy", "val_accuracy", "column of accuracies")
	cmd.Flags().StringSliceVar(&columns, "columns", nil, "columns to take as estimators (default: all of numbers)")
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "run folder (default runs/TABLE)")
	cmd.Flags().IntVarP(&o.jobs, "jobs", "j", 0, "architectures at a time (default: one a core)")
	return cmd
}
