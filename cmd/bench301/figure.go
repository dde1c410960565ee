package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot/vg"

	"rwe301/internal/suggest"
	"rwe301/plots"
	"rwe301/reports"
)

func newFigure(s streams) *cobra.Command {
	var o analysisOptions
	var only, formats []string
	var to outOptions
	var width string
	cmd := &cobra.Command{
		Use:   "figure RUN",
		Short: "Draw the figures of a run",
		Long: `Draws the figures of a run from the run folder alone, with the numbers of each as CSV beside it, and prints
the files. Kinds: ` + strings.Join(reports.FigureNames(), ", ") + `; those that the run has no data for are left out.
Formats: ` + strings.Join(plots.Formats(), ", ") + `.`,
		Example: `  bench301 figure runs/my-study
  bench301 figure runs/my-study --only scatter,ablation --format pdf,tex
  bench301 figure runs/my-study --only bars --width 6.75in --out paper/figures`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range only {
				if !slices.Contains(reports.FigureNames(), name) {
					return usageError{fmt.Errorf("--only %s: unknown%s", name, suggest.Nearest(name, reports.FigureNames()))}
				}
			}
			for _, f := range formats {
				if !slices.Contains(plots.Formats(), f) {
					return usageError{fmt.Errorf("--format %s: unknown%s", f, suggest.Nearest(f, plots.Formats()))}
				}
			}
			var fixed vg.Length
			if width != "" {
				var err error
				if fixed, err = vg.ParseLength(width); err != nil || fixed < vg.Inch || fixed > 50*vg.Inch {
					return usageError{fmt.Errorf("--width %s: must be a length such as 3.25in or 8cm, at least 1in", width)}
				}
			}
			f, err := o.run(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			made, err := reports.Study{Findings: f}.Figures(only...)
			if err != nil {
				return err
			}
			if len(made) == 0 {
				return errors.New("the run has no data for these figures")
			}
			if to.out == "" {
				to.out = filepath.Join(args[0], "figures")
			}
			return saveFigures(s, made, to.out, fixed, formats)
		},
	}
	cmd.Flags().StringSliceVar(&only, "only", nil, "kinds of figures (default: all)")
	cmd.Flags().StringSliceVar(&formats, "format", []string{"pdf", "png"}, "file formats")
	cmd.Flags().StringVar(&width, "width", "", "width of every figure, e.g. 3.25in (default: as fits a two-column paper)")
	to.AddFlags(cmd, "folder (default RUN/figures)")
	o.AddFlags(cmd)
	return cmd
}

// saveFigures writes figures at a fixed width, or at their own for 0; the height follows.
func saveFigures(s streams, figures []reports.Figure, dir string, fixed vg.Length, formats []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range figures {
		width, height := f.Width, f.Height
		if fixed > 0 {
			width, height = fixed, height*fixed/width
		}
		files, err := plots.Save(dir, f.Name, f.Figure, width, height, formats...)
		if err != nil {
			return err
		}
		for _, path := range files {
			if err := printLine(s, path); err != nil {
				return err
			}
		}
	}
	return nil
}
