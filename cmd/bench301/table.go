package main

import (
	"errors"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/reports"
)

func newTable(s streams) *cobra.Command {
	var o analysisOptions
	var format tableOptions
	var only string
	cmd := &cobra.Command{
		Use:   "table RUN",
		Short: "Print the tables of a run",
		Long: `Prints a table of a run, or all of them, made from the run folder alone. bench301 correlate prints the same
tables of files of scores.`,
		Example: `  bench301 table runs/my-study
  bench301 table runs/my-study --only ablation --latex > ablation.tex
  bench301 table runs/my-study --only all --format markdown`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(validateOnly(only), format.validate()); err != nil {
				return err
			}
			f, err := o.run(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return reports.Study{Findings: f}.Write(s.out, only, format.as())
		},
	}
	addOnlyFlag(cmd, &only)
	format.AddFlags(cmd)
	o.AddFlags(cmd)
	return cmd
}

func newCompare(s streams) *cobra.Command {
	var o analysisOptions
	var format tableOptions
	cmd := &cobra.Command{
		Use:   "compare RUN RUN",
		Short: "Compare the estimators of two runs",
		Long: `Compares the tau-b of every estimator that two runs share, pair by pair where they have architectures in
common. An estimator that each run has once is compared whatever its settings. ~ marks differences that may be chance.`,
		Example: `  bench301 compare runs/before runs/after
  bench301 compare runs/he runs/orthogonal --csv`,
		Args: someArgs(2, 2, "two run folders"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := format.validate(); err != nil {
				return err
			}
			a, err := o.run(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			b, err := o.run(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			contrasts, err := analysis.Compare(cmd.Context(), a, b)
			if err != nil {
				return err
			}
			return reports.CompareTable(a, b, contrasts).Write(s.out, format.as())
		},
	}
	format.AddFlags(cmd)
	o.AddFlags(cmd)
	return cmd
}
