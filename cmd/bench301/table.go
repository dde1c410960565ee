package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/correlation"
	"rwe301/reports"
	"rwe301/study"
)

// analysisOptions are the flags of commands that analyse a run.
type analysisOptions struct {
	resamples int
	seed      uint64
}

func (o *analysisOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&o.resamples, "resamples", correlation.DefaultResamples, "bootstrap resamples")
	cmd.Flags().Uint64Var(&o.seed, "resampling-seed", 0, "seed of the resampling")
}

// analyse reads a run and correlates its scores.
func (o *analysisOptions) analyse(ctx context.Context, dir string) (*analysis.Findings, error) {
	if o.resamples < 1 {
		return nil, usageError{fmt.Errorf("--resamples %d: must be at least 1", o.resamples)}
	}
	results, err := load(dir)
	if err != nil {
		return nil, err
	}
	return analysis.Analyse(ctx, results, analysis.Options{Options: correlation.Options{Resamples: o.resamples, Seed: o.seed}, Compare: true})
}

// load reads the scores of a run.
func load(dir string) (*analysis.Results, error) {
	r, err := study.Open(dir)
	if err != nil {
		return nil, err
	}
	results, err := r.Load()
	return results, errors.Join(err, r.Close())
}

func formatNames() string {
	var names []string
	for _, f := range reports.Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

func newTable(s streams) *cobra.Command {
	var o analysisOptions
	var only, as string
	cmd := &cobra.Command{
		Use:   "table RUN",
		Short: "Print the tables of a run",
		Long: `Prints a table of a run, made from the run folder alone: ` + strings.Join(reports.TableNames(), ", ") + `, or all of
them that the run has data for. Formats: ` + formatNames() + `.`,
		Example: `  bench301 table runs/my-study
  bench301 table runs/my-study --only ablation --format latex > ablation.tex
  bench301 table runs/my-study --only all --format markdown`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := o.analyse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if only == "all" {
				return printTables(s.out, f, reports.Format(as))
			}
			t, err := reports.Study{Findings: f}.Table(only)
			if err != nil {
				return usageError{err}
			}
			if len(t.Rows) == 0 {
				return fmt.Errorf("%s: nothing for the table %s: the study varies nothing of the kind", args[0], only)
			}
			return t.Write(s.out, reports.Format(as))
		},
	}
	cmd.Flags().StringVar(&only, "only", "estimators", "which table, or all")
	cmd.Flags().StringVar(&as, "format", string(reports.Terminal), formatNames())
	o.addFlags(cmd)
	return cmd
}

func printTables(w io.Writer, f *analysis.Findings, as reports.Format) error {
	first := true
	for _, name := range reports.TableNames() {
		t, err := reports.Study{Findings: f}.Table(name)
		if err != nil {
			return err
		}
		if len(t.Rows) == 0 {
			continue
		}
		if !first {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		first = false
		if err := t.Write(w, as); err != nil {
			return err
		}
	}
	return nil
}

func newCompare(s streams) *cobra.Command {
	var o analysisOptions
	var as string
	cmd := &cobra.Command{
		Use:   "compare RUN RUN",
		Short: "Compare the estimators of two runs",
		Long: `Compares the tau-b of every estimator that two runs share, pair by pair where they have architectures in common. An
estimator that each run has once is compared whatever its settings. ~ marks differences that may be chance.`,
		Example: `  bench301 compare runs/before runs/after
  bench301 compare runs/he runs/orthogonal --format csv`,
		Args: someArgs(2, 2, "two run folders"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := o.analyse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			b, err := o.analyse(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			contrasts, err := analysis.Compare(cmd.Context(), a, b)
			if err != nil {
				return err
			}
			return reports.CompareTable(a, b, contrasts).Write(s.out, reports.Format(as))
		},
	}
	cmd.Flags().StringVar(&as, "format", string(reports.Terminal), formatNames())
	o.addFlags(cmd)
	return cmd
}
