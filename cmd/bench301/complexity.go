package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"rwe301/bench301"
)

// complexityRow is one line of `complexity`. The names of the JSON fields are fixed.
type complexityRow struct {
	Arch   string `json:"arch"`
	ID     string `json:"id"`
	Params int64  `json:"params"`
	MACs   int64  `json:"macs"`
	FLOPs  int64  `json:"flops"`
}

// networkFlags are the flags that size a network.
type networkFlags struct {
	cfg           bench301.Config
	variant, size string
}

func (n *networkFlags) addFlags(cmd *cobra.Command) {
	d := bench301.DefaultConfig()
	f := cmd.Flags()
	f.IntVarP(&n.cfg.Channels, "channels", "C", d.Channels, "width of the first cells")
	f.IntVarP(&n.cfg.Layers, "layers", "L", d.Layers, "number of cells")
	f.IntVar(&n.cfg.Classes, "classes", d.Classes, "outputs of the classifier")
	f.StringVar(&n.size, "size", strconv.Itoa(d.Height), "height and width of the images: 32 or 32x48")
	f.StringVar(&n.variant, "variant", string(d.Variant), "network: naslib (the one that published counts are of) or darts (affine normalisations, none behind pools)")
	f.BoolVar(&n.cfg.Auxiliary, "auxiliary", false, "count the auxiliary head too (variant darts)")
}

func (n *networkFlags) config() (bench301.Config, error) {
	cfg := n.cfg
	cfg.Variant = bench301.Variant(n.variant)
	var err error
	if cfg.Height, cfg.Width, err = parseSize(n.size); err == nil {
		err = cfg.Validate()
	}
	if err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

// parseSize reads 32 or 32x48.
func parseSize(text string) (height, width int, err error) {
	if height, err = strconv.Atoi(text); err == nil {
		return height, height, nil
	}
	var rest string
	if n, err := fmt.Sscanf(text, "%dx%d%s", &height, &width, &rest); n != 2 || err == nil {
		return 0, 0, fmt.Errorf("--size %q: must be a number of pixels or HEIGHTxWIDTH", text)
	}
	return height, width, nil
}

func newComplexity(s streams) *cobra.Command {
	var (
		f   format
		net networkFlags
		in  = archInput{in: s.in}
	)
	cmd := &cobra.Command{
		Use:   "complexity [ARCH|FILE]...",
		Short: "Count parameters, multiply-accumulates and flops in closed form",
		Long: `Count parameters, multiply-accumulates (of convolutions and linear layers) and flops (as in NASLib's tables: macs plus
the element-wise operations of normalisations, ReLUs and pools) of the network of each architecture.

` + archHelp,
		Example: `  bench301 complexity archs.csv --json
  bench301 sample -n 5 | bench301 complexity
  bench301 complexity -C 36 -L 20 --variant darts --auxiliary archs.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := net.config()
			if err != nil {
				return err
			}
			return complexity(cmd.Context(), s, f, &in, args, cfg)
		},
	}
	f.addFlags(cmd)
	in.addFlags(cmd)
	net.addFlags(cmd)
	return cmd
}

func complexity(ctx context.Context, s streams, f format, in *archInput, args []string, cfg bench301.Config) error {
	integer := func(field func(complexityRow) int64) func(complexityRow) string {
		return func(r complexityRow) string { return strconv.FormatInt(field(r), 10) }
	}
	p := newPrinter(s.out, f,
		column[complexityRow]{"arch", true, func(r complexityRow) string { return r.Arch }},
		column[complexityRow]{"id", true, func(r complexityRow) string { return r.ID }},
		column[complexityRow]{"params", false, integer(func(r complexityRow) int64 { return r.Params })},
		column[complexityRow]{"macs", false, integer(func(r complexityRow) int64 { return r.MACs })},
		column[complexityRow]{"flops", false, integer(func(r complexityRow) int64 { return r.FLOPs })})
	err := func() error {
		for item, err := range in.each(args) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			a := item.Architecture
			c, err := a.Complexity(cfg)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", item.File, item.Line, err)
			}
			if err := p.print(complexityRow{a.String(), a.ID(), c.Params, c.MACs, c.FLOPs}); err != nil {
				return err
			}
		}
		return nil
	}()
	return errors.Join(p.close(), err) // what was counted before an error is printed all the same
}
