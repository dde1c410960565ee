package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/internal/atomicfile"
	"rwe301/reports"
	"rwe301/search"
)

func newReport(s streams) *cobra.Command {
	var o analysisOptions
	var to outOptions
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Write the report of a run as one HTML file",
		Long: `Writes the report of a study or of searches as one HTML file, made from the run folder alone, and prints its
name. Figures lie inside, tables sort at a click, and points of scatter plots say which architecture they are. It
works without a network, and prints.

Of searches it also writes the folder RUN/report, unless --out is given: the fronts as CSV and JSON lines, the
indicators of each run, the summary as Markdown, LaTeX and CSV, and the figures.`,
		Example: `  bench301 report runs/my-study
  bench301 report runs/my-search -o search.html
  bench301 report checklist runs/my-study --latex
  bench301 report bibtex runs/my-study > references.bib`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := report(cmd.Context(), args[0], to.out, o)
			for _, path := range paths {
				err = errors.Join(err, printLine(s, path))
			}
			return err
		},
	}
	to.AddFlags(cmd, "file (default RUN/report.html)")
	o.AddFlags(cmd)
	cmd.AddCommand(newChecklist(s), newBibTeX(s))
	return cmd
}

// report writes the report of a run and lists what it wrote.
func report(ctx context.Context, dir, out string, o analysisOptions) (paths []string, err error) {
	if search.Is(dir) {
		r, err := fronts(ctx, dir)
		if err != nil {
			return nil, err
		}
		if out == "" {
			return searchReport(r, dir)
		}
		return savePage(r.Page, out)
	}
	f, err := o.run(ctx, dir)
	if err != nil {
		return nil, err
	}
	if out == "" {
		out = pageIn(dir)
	}
	return savePage(reports.Study{Findings: f}.Page, out)
}

// pageIn is where the HTML file of a run lies.
func pageIn(dir string) string { return filepath.Join(dir, "report.html") }

// savePage writes an HTML file.
func savePage(page func() (reports.Document, error), out string) ([]string, error) {
	document, err := page()
	if err != nil {
		return nil, err
	}
	return []string{out}, atomicfile.Write(out, document.Write)
}

// searchReport writes the HTML file and the folder of a report of searches.
func searchReport(r reports.Search, dir string) ([]string, error) {
	paths, err := savePage(r.Page, pageIn(dir))
	if err != nil {
		return paths, err
	}
	more, err := r.Save(filepath.Join(dir, "report"))
	return append(paths, more...), err
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
	var format tableOptions
	cmd := &cobra.Command{
		Use:   "checklist RUN",
		Short: "Fill in the best practices checklist as far as the run knows",
		Long: `Prints the items of the best practices checklist of neural architecture search (Lindauer and Hutter 2020)
with the answers that follow from the run folder, and "not known from the run" where none does.`,
		Example: "  bench301 report checklist runs/my-study\n  bench301 report checklist runs/my-study --latex",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := format.validate(); err != nil {
				return err
			}
			t, err := checklist(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return t.Write(s.out, format.as())
		},
	}
	format.AddFlags(cmd)
	// nothing here is resampled: what once took them still may
	for _, name := range []string{"resamples", "resampling-seed"} {
		cmd.Flags().Uint(name, 0, "")
		cmd.Flags().Lookup(name).Hidden = true
	}
	return cmd
}

// checklist fills in the checklist of a study or of searches.
func checklist(ctx context.Context, dir string) (t reports.Table, err error) {
	if search.Is(dir) {
		r, err := fronts(ctx, dir)
		if err != nil {
			return t, err
		}
		return r.Checklist(), nil
	}
	results, err := load(dir)
	if err != nil {
		return t, err
	}
	return reports.Study{Findings: &analysis.Findings{Results: results}}.Checklist(), nil
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
