package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"rwe301/internal/atomicfile"
	"rwe301/reports"
	"rwe301/study"
)

func newReport(s streams) *cobra.Command {
	var o analysisOptions
	var out string
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Write a run as one HTML file; its checklist; its references",
		Long: `Writes tables and figures of a run into one HTML file that works without a network, and prints its name. Tables sort
by a click; dots tell their architecture.`,
		Example: `  bench301 report runs/my-study
  bench301 report checklist runs/my-study --format markdown
  bench301 report bibtex runs/my-study > references.bib`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := o.analyse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if out == "" {
				out = filepath.Join(args[0], "report.html")
			}
			if err := atomicfile.Write(out, f.Report); err != nil {
				return err
			}
			return printLine(s, out)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file (default RUN/report.html)")
	o.addFlags(cmd)
	cmd.AddCommand(newReportChecklist(s), newReportBibTeX(s))
	return cmd
}

func newReportChecklist(s streams) *cobra.Command {
	var o analysisOptions
	var as string
	cmd := &cobra.Command{
		Use:     "checklist RUN",
		Short:   "Answer the NAS best-practice checklist from a run",
		Example: "  bench301 report checklist runs/my-study\n  bench301 report checklist runs/my-study --format latex",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := o.analyse(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return f.Checklist().Write(s.out, reports.Format(as))
		},
	}
	cmd.Flags().StringVar(&as, "format", string(reports.Terminal), formatNames())
	o.addFlags(cmd)
	return cmd
}

func newReportBibTeX(s streams) *cobra.Command {
	return &cobra.Command{
		Use:     "bibtex RUN",
		Short:   "Print the references of everything that a run used",
		Example: "  bench301 report bibtex runs/my-study > references.bib\n  bench301 report bibtex runs/my-study | grep title",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := study.Open(args[0])
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = s.out.Write([]byte(study.BibTeX(r.Manifest)))
			return err
		},
	}
}
