package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/internal/printable"
	"rwe301/plots"
	"rwe301/reports"
)

type showOptions struct {
	json, notations bool
	picture, width  string
	in              sizedInput
}

func newShow(s streams) *cobra.Command {
	o := showOptions{in: sizedInput{archs: archInput{in: s.in, say: s.say, keep: true}}}
	cmd := with(&cobra.Command{
		Use:   "show ARCH|FILE...",
		Short: "Show what an architecture is: identity, cells, size, notations, picture",
		Long: `Show what an architecture is: its canonical text and id, the notation it was written in, the operations of
its cells, the size of its network, and on demand all notations and a picture.

` + archHelp,
		Example: `  bench301 show darts_v2 --picture cells.svg
  bench301 sample -n 1 | bench301 show --notations
  bench301 show archs.csv --json -C 36 -L 20 --variant darts`,
		RunE: func(cmd *cobra.Command, args []string) error { return show(cmd.Context(), s, o, args) },
	}, jsonFlag(&o.json), o.in.AddFlags)
	cmd.Flags().BoolVar(&o.notations, "notations", false, "write the architecture in every notation")
	cmd.Flags().StringVar(&o.picture, "picture", "", "draw the cells to this file: .png, .svg, .pdf, .eps or .tex")
	cmd.Flags().StringVar(&o.width, "width", "", "width of the picture, e.g. 3.25in (default 6.75in)")
	before(cmd, func() error {
		if o.width != "" && o.picture == "" {
			return usagef("--width is that of --picture: name a file")
		}
		return nil
	})
	return cmd
}

// shown is one architecture of `show`.
type shown struct {
	Name      string            `json:"name,omitempty"` // that its file gives it
	Arch      string            `json:"arch"`
	ID        string            `json:"id"`
	Space     string            `json:"space"`
	Notation  string            `json:"notation"`
	Facts     map[string]string `json:"facts"`
	Params    int64             `json:"params"`
	MACs      int64             `json:"macs"`
	FLOPs     int64             `json:"flops"`
	Notations map[string]string `json:"notations,omitempty"`

	facts []bench301.Fact // in order
}

func show(ctx context.Context, s streams, o showOptions, args []string) error {
	space, size, err := o.in.open()
	if err != nil {
		return err
	}
	width := plots.CellsWidth
	if o.width != "" {
		if width, err = reports.ParseWidth(o.width); err != nil {
			return usagef("--width %w", err)
		}
	}
	items := 0
	for item, err := range o.in.archs.each(ctx, args) {
		if err != nil {
			return err
		}
		if items++; items > 1 && o.picture != "" {
			return usagef("--picture draws one architecture, but there are several")
		}
		cfg, err := size(item.Architecture)
		if err != nil {
			return at(item, err)
		}
		v, err := newShown(space, item, cfg, o.notations)
		if err != nil {
			return at(item, err)
		}
		if o.json {
			enc := json.NewEncoder(s.out)
			enc.SetEscapeHTML(false)
			err = enc.Encode(v)
		} else {
			err = v.write(s, space, cfg, items > 1)
		}
		if err != nil {
			return err
		}
		if o.picture == "" {
			continue
		}
		f, err := plots.NewCells(item.Architecture.ID(), space, item.Architecture)
		if err == nil {
			err = plots.SaveAs(o.picture, f, width, plots.DefaultStyle())
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(s.err, "wrote %s\n", printable.Line(o.picture))
	}
	return nil
}

// newShown collects what there is to say about an architecture.
func newShown(space bench301.Space, item bench301.Item, cfg bench301.Config, notations bool) (shown, error) {
	a := bench301.Canonical(item.Architecture)
	v := shown{Name: printable.Line(item.Name), Arch: a.String(), ID: a.ID(), Space: space.Name(),
		Notation: string(item.Notation), Facts: map[string]string{}}
	c, err := a.Complexity(cfg)
	if err != nil {
		return v, err
	}
	v.Params, v.MACs, v.FLOPs = c.Params, c.MACs, c.FLOPs
	if v.facts, err = space.Facts(a); err != nil {
		return v, err
	}
	for _, f := range v.facts {
		v.Facts[f.Name] = f.Value
	}
	if !notations {
		return v, nil
	}
	v.Notations = map[string]string{}
	for _, n := range space.Notations() {
		text, err := space.Format(a, n)
		if _, repeats := a.(bench301.Repeating); repeats && err != nil {
			continue // a notation that cannot hold it
		}
		if err != nil {
			return v, err
		}
		v.Notations[string(n)] = text
	}
	return v, nil
}

// write prints the architecture as a table, and its notations below it, where they can be copied from.
func (v shown) write(s streams, space bench301.Space, cfg bench301.Config, again bool) error {
	t := reports.Table{Columns: []reports.Column{{Name: "fact", Key: "fact"}, {Name: "value", Key: "value"}}}
	row := func(name, value string) { t.Rows = append(t.Rows, reports.Texts(name, value)) }
	if v.Name != "" {
		row("name", v.Name)
	}
	row("arch", v.Arch)
	row("id", v.ID)
	row("written as", v.Notation)
	for _, f := range v.facts {
		row(f.Name, f.Value)
	}
	row("params", strconv.FormatInt(v.Params, 10))
	row("macs", strconv.FormatInt(v.MACs, 10))
	row("flops", strconv.FormatInt(v.FLOPs, 10))
	row("network", networkFact(space, cfg))
	if again {
		fmt.Fprintln(s.out)
	}
	if err := t.Print(s.out, reports.Terminal, reports.TableOptions{Terminal: reports.Unbroken}); err != nil {
		return err
	}
	for _, n := range space.Notations() {
		if text, ok := v.Notations[string(n)]; ok {
			if _, err := fmt.Fprintf(s.out, "\n%s\n%s\n", n, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// networkFact says which network of an architecture is meant.
func networkFact(space bench301.Space, cfg bench301.Config) string {
	variant := ""
	if len(space.Variants()) > 0 {
		variant = string(cfg.Variant) + ", "
	}
	return fmt.Sprintf("%sC=%d, %d cells, %d classes, %dx%d", variant, cfg.Channels, cfg.Layers, cfg.Classes, cfg.Height,
		cfg.Width)
}
