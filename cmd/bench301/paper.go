package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"gonum.org/v1/plot/vg"

	"rwe301/internal/suggest"
	"rwe301/internal/yamldoc"
	"rwe301/reports"
)

// paperOptions say how a table looks that goes into a paper, beside its format.
type paperOptions struct {
	tableOptions
	reports.TableOptions
	rename, width string
	digits        int
	names         []renaming
}

// renaming is a line of a file of names.
type renaming struct {
	from string
	at   yamldoc.Node
}

// AddFlags gives a command those of tableOptions, and --columns, --rename, --digits, --caption, --label, --width and
// --siunitx.
func (o *paperOptions) AddFlags(cmd *cobra.Command) {
	o.tableOptions.AddFlags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.Columns, "columns", nil, "these columns alone, in this order: names of the header of CSV, such "+
		"as estimator,tau_b,tau_b_ci,p_above_baselines; _ci is an interval")
	f.StringVar(&o.rename, "rename", "", "YAML `FILE` of what estimators, settings, levels and columns are called in "+
		"the paper, a line each: \"rwe: RWE (ours)\"")
	f.IntVar(&o.digits, "digits", 3, "digits behind the point of coefficients (default: as many as the column has)")
	f.Lookup("digits").DefValue = "0" // so that help does not name a default twice
	f.StringVar(&o.Caption, "caption", "", "caption instead of the title")
	f.StringVar(&o.Label, "label", "", "label of a LaTeX table, such as tab:estimators")
	f.StringVar(&o.width, "width", "", "width of a LaTeX table, such as 3.25in; over 3.6in it is a table* (default: as "+
		"wide as the column of any paper, else 5.5in)")
	f.BoolVar(&o.SIunitx, "siunitx", false, "align the numbers of a LaTeX table by the package siunitx")
	before(cmd, func() error { return o.validate(cmd) })
}

// validate checks the flags, and reads the file of names.
func (o *paperOptions) validate(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	for _, name := range []string{"label", "width", "siunitx"} {
		if changed(name) && o.as() != reports.LaTeX {
			return usagef("--%s: only LaTeX has it: add --latex", name)
		}
	}
	if changed("digits") {
		if o.digits < 0 || o.digits > 10 {
			return usagef("--digits %d: must be from 0 to 10", o.digits)
		}
		o.Digits = &o.digits
	}
	if o.width != "" {
		width, err := vg.ParseLength(o.width)
		if err != nil || width < 2*vg.Inch || width > 50*vg.Inch {
			return usagef("--width %s: must be a length such as 3.25in or 8cm, at least 2in", o.width)
		}
		o.Width = float64(width/vg.Inch) * 72.27
	}
	if changed("columns") && len(o.Columns) == 0 {
		return usagef("--columns: names no column")
	}
	if o.rename == "" {
		return nil
	}
	return o.readNames()
}

// readNames reads the file of names.
func (o *paperOptions) readNames() error {
	text, err := yamldoc.ReadFile(o.rename)
	if err != nil {
		return err
	}
	document, err := yamldoc.Parse(o.rename, text, "a line such as \"rwe: RWE (ours)\"")
	if err != nil {
		return err
	}
	fields, err := document.Fields()
	if err != nil {
		return err
	}
	o.Rename = map[string]string{}
	called := map[string]string{}
	for _, f := range fields {
		var name string
		if err := f.Text(&name); err != nil {
			return err
		}
		if other, ok := called[name]; ok {
			return f.Errorf("%q is what %s is called, too", name, other)
		}
		called[name], o.Rename[f.Name] = f.Name, name
		o.names = append(o.names, renaming{f.Name, f.Node})
	}
	return nil
}

// write prints tables. Names in the file of names that neither they nor the run know are said on stderr.
func (o *paperOptions) write(s streams, tables []reports.Table, known ...string) error {
	if err := reports.CheckColumns(o.Columns, tables...); err != nil {
		return usageError{err}
	}
	o.unknown(s, tables, known)
	look := o.TableOptions
	look.Terminal = tableLook(s).Terminal
	return reports.WriteTables(s.out, tables, o.as(), look)
}

// study prints tables of a study by name.
func (o *paperOptions) study(ctx context.Context, s streams, f reports.Study, only string) error {
	made, err := f.Made(ctx, only)
	if len(made) == 0 {
		return err
	}
	return errors.Join(err, o.write(s, made, f.Names()...))
}

// tableLook is how tables look on stdout.
func tableLook(s streams) reports.TableOptions {
	return reports.TableOptions{Terminal: terminalWidth(s.out)}
}

// unknown says which names of the file nothing has.
func (o *paperOptions) unknown(s streams, tables []reports.Table, known []string) {
	legal := map[string]bool{}
	for _, name := range known {
		legal[name] = true
	}
	for _, t := range tables {
		for _, name := range t.Names() {
			legal[name] = true
		}
	}
	for _, n := range o.names {
		if !legal[n.from] {
			s.say("%v", n.at.Errorf("nothing here is called %q%s", n.from,
				suggest.Near(n.from, slices.Collect(maps.Keys(legal)))))
		}
	}
}

// terminalWidth is the width of the terminal that w is, or else of $COLUMNS; 0 where neither says it.
func terminalWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return max(width, 40)
		}
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return max(width, 40)
	}
	return 0
}
