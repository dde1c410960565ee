package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"rwe301/internal/atomicfile"
	"rwe301/reports"
	"rwe301/search"
)

func newReport(s streams) *cobra.Command {
	var o analysisOptions
	var out string
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Write the report of a run as one HTML file",
		Long: `Writes the report of a study or of searches as one HTML file, made from the run folder alone, and prints its name. Figures
lie inside, tables sort at a click, and points of scatter plots say which architecture they are. It works without a
network, and prints.`,
		Example: `  bench301 report runs/my-study
  bench301 report runs/my-search -o search.html
  bench301 report checklist runs/my-study --format latex
  bench301 report bibtex runs/my-study > references.bib`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			document, err := o.document(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if out == "" {
				out = filepath.Join(args[0], "report.html")
			}
			if err := atomicfile.Write(out, document.Write); err != nil {
				return err
			}
			return printLine(s, out)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file (default RUN/report.html)")
	o.addFlags(cmd)
	cmd.AddCommand(newChecklist(s), newBibTeX(s))
	return cmd
}

// document makes the report of a study, or of searches.
func (o *analysisOptions) document(ctx context.Context, dir string) (d reports.Document, err error) {
	if search.Is(dir) {
		r, err := fronts(ctx, dir)
		if err != nil {
			return d, err
		}
		return r.Page()
	}
	f, err := o.analyse(ctx, dir)
	if err != nil {
		return d, err
	}
	return reports.Study{Findings: f}.Page()
}

// fronts opens a folder of searches for as long as it takes to judge them.
func fronts(ctx context.Context, dir string) (r reports.Search, err error) {
	s, err := search.Open(ctx, dir)
	if err != nil {
		return r, err
	}
	r.Fronts, err = s.Report(ctx)
	return r, errors.Join(err, s.Close())
}

func newChecklist(s streams) *cobra.Command {
	var o analysisOptions
	var as string
	cmd := &cobra.Command{
		Use:   "checklist RUN",
		Short: "Fill in the best practices checklist as far as the run knows",
		Long: `Prints the items of the best practices checklist of neural architecture search (Lindauer and Hutter 2020) with the answers
that follow from the run folder, and "not known from the run" where none does.`,
		Example: "  bench301 report checklist runs/my-study\n  bench301 report checklist runs/my-study --format latex",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if search.Is(args[0]) {
				r, err := fronts(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return r.Checklist().Write(s.out, reports.Format(as))
			}
			f, err := o.analyse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return reports.Study{Findings: f}.Checklist().Write(s.out, reports.Format(as))
		},
	}
	cmd.Flags().StringVar(&as, "format", string(reports.Terminal), formatNames())
	o.addFlags(cmd)
	return cmd
}

func newBibTeX(s streams) *cobra.Command {
	return &cobra.Command{
		Use:     "bibtex RUN",
		Short:   "Print the papers behind a run as BibTeX",
		Long:    "Prints the papers of the benchmark, the search algorithms and every estimator that a run uses, as BibTeX.",
		Example: "  bench301 report bibtex runs/my-study > references.bib",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := bibTeX(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = io.WriteString(s.out, text)
			return err
		},
	}
}

func bibTeX(ctx context.Context, dir string) (string, error) {
	if search.Is(dir) {
		r, err := fronts(ctx, dir)
		if err != nil {
			return "", err
		}
		return r.BibTeX(), nil
	}
	results, err := load(dir)
	if err != nil {
		return "", err
	}
	return reports.BibTeX(results), nil
}
