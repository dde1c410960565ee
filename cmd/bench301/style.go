package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"rwe301/internal/yamldoc"
	"rwe301/plots"
	"rwe301/reports"
)

// styleHelp explains the file of --style.
const styleHelp = `A style is a YAML file with any of these keys:
  font: serif               # or sans, mono
  size: 8                   # points of titles and names of axes; all else is a point smaller
  colours: ["#0072b2", vermillion, green]
  estimators: [rwe, params] # only these, by label, or by name with all settings
  order: [rwe, params]      # these first, the others by tau-b
  names: {rwe: RWE (ours)}  # what the paper calls them
  panels: 2                 # beside each other, at most as many as fit otherwise
  dpi: 300                  # of PNG
  width: 3.25in             # of every figure`

// styleOptions say how figures look and which estimators they show.
type styleOptions struct {
	file       string
	dpi        int
	estimators []string
}

// AddFlags gives a command the flags --style, --dpi and --estimator.
func (o *styleOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.file, "style", "", "YAML `FILE` that says how figures look and what they show")
	f.IntVar(&o.dpi, "dpi", 0, "pixels per inch of PNG (default 220, or as --style says)")
	f.StringArrayVarP(&o.estimators, "estimator", "e", nil, "show this estimator alone, by label or name; repeat for more")
	before(cmd, func() error {
		if f.Changed("dpi") && (o.dpi < plots.LeastDPI || o.dpi > plots.MostDPI) {
			return usagef("--dpi %d: must lie between %d and %d", o.dpi, plots.LeastDPI, plots.MostDPI)
		}
		return nil
	})
}

// read is the style that the flags describe.
func (o *styleOptions) read() (*reports.Look, error) {
	style := reports.DefaultLook()
	if o.file != "" {
		data, err := yamldoc.ReadFile(o.file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("--style: %w", err)
		}
		if err != nil {
			return nil, err
		}
		if style, err = reports.ReadLook(o.file, data); err != nil {
			return nil, err
		}
	}
	if o.dpi > 0 {
		style.DPI = o.dpi
	}
	if o.estimators != nil {
		style.Estimators = o.estimators
	}
	return style, nil
}
