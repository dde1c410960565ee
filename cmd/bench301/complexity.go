package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rwe301/bench301"
	"rwe301/internal/printable"
)

// complexityRow is one line of `complexity`. The names of the JSON fields are fixed.
type complexityRow struct {
	Arch     string `json:"arch"`
	ID       string `json:"id"`
	Channels int    `json:"channels"`
	Params   int64  `json:"params"`
	MACs     int64  `json:"macs"`
	FLOPs    int64  `json:"flops"`
	Name     string `json:"name,omitempty"` // that its file gives it
}

// sizer gives the network of an architecture its size.
type sizer = func(bench301.Architecture) (bench301.Config, error)

// sizedInput is how a command comes by its architectures and the sizes of their networks.
type sizedInput struct {
	archs              archInput
	cfg                bench301.Config
	variant, size, fit string
	flags              *pflag.FlagSet
}

// AddFlags gives a command the flags of archInput and those that size a network.
func (n *sizedInput) AddFlags(cmd *cobra.Command) {
	n.archs.AddFlags(cmd)
	n.flags = cmd.Flags()
	d := bench301.DefaultConfig()
	n.flags.IntVarP(&n.cfg.Channels, "channels", "C", d.Channels,
		"width of the first cells"+elsewhere(func(c bench301.Config) int { return c.Channels }))
	n.flags.IntVarP(&n.cfg.Layers, "layers", "L", d.Layers,
		"number of cells, blocks between stages included"+elsewhere(func(c bench301.Config) int { return c.Layers }))
	n.flags.IntVar(&n.cfg.Classes, "classes", d.Classes, "outputs of the classifier")
	n.flags.StringVar(&n.size, "size", strconv.Itoa(d.Height), "height and width of the images: 32 or 32x48")
	n.flags.StringVar(&n.variant, "variant", string(d.Variant), "network: naslib (the one that published counts "+
		"are of), darts (affine normalisations, none behind pools) or imagenet (darts behind a stem that shrinks "+
		"224x224; C=48, 14 cells, 1000 classes unless set)")
	n.flags.BoolVar(&n.cfg.Auxiliary, "auxiliary", false, "with the auxiliary head (variants darts and imagenet)")
	n.flags.StringVar(&n.fit, "fit-macs", "", "choose the greatest width with fewer multiply-accumulates than "+
		"this, e.g. 600M")
}

// elsewhere lists the defaults of the spaces that are not the default one, for help texts.
func elsewhere(of func(bench301.Config) int) string {
	var parts []string
	for _, s := range bench301.Spaces()[1:] {
		parts = append(parts, fmt.Sprintf("%s: %d", s.Name(), of(s.Config())))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// open finds the space, and what sizes the network of each of its architectures.
func (n *sizedInput) open() (bench301.Space, sizer, error) {
	space, _, err := n.archs.open()
	if err != nil {
		return nil, nil, err
	}
	cfg := space.Config()
	if n.variant == string(bench301.VariantImageNet) {
		cfg = bench301.ImageNetConfig()
	}
	if n.flags.Changed("variant") && len(space.Variants()) == 0 {
		return nil, nil, usagef("--variant: space %s has one network only", space.Name())
	}
	for name, set := range map[string]func(){
		"channels": func() { cfg.Channels = n.cfg.Channels },
		"layers":   func() { cfg.Layers = n.cfg.Layers },
		"classes":  func() { cfg.Classes = n.cfg.Classes },
		"size":     func() { cfg.Height, cfg.Width, err = parseSize(n.size) },
	} {
		if n.flags.Changed(name) {
			set()
		}
	}
	cfg.Variant, cfg.Auxiliary = bench301.Variant(n.variant), n.cfg.Auxiliary
	if err = cmp.Or(err, cfg.Validate()); err != nil {
		return nil, nil, usageError{err}
	}
	if n.fit == "" {
		return space, func(bench301.Architecture) (bench301.Config, error) { return cfg, nil }, nil
	}
	most, err := parseCount(n.fit)
	if err != nil {
		return nil, nil, usagef("--fit-macs %w", err)
	}
	return space, func(a bench301.Architecture) (bench301.Config, error) { return bench301.FitMACs(a, cfg, most) }, nil
}

// parseCount reads a positive whole number with an optional suffix k, M or G: 600M.
func parseCount(text string) (int64, error) {
	digits, unit := text, 1.0
	for suffix, u := range map[string]float64{"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			digits, unit = rest, u
		}
	}
	v, err := strconv.ParseFloat(digits, 64)
	if n := v * unit; err == nil && n >= 1 && n < 1e18 {
		return int64(n), nil
	}
	return 0, fmt.Errorf("%q: must be a positive number such as 600M", text)
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
	var f recordOptions
	in := sizedInput{archs: archInput{in: s.in, say: s.say, keep: true}}
	return with(&cobra.Command{
		Use:   "complexity [ARCH|FILE]...",
		Short: "Count parameters, multiply-accumulates and flops in closed form",
		Long: `Count parameters, multiply-accumulates (of convolutions and linear layers) and flops (as in NASLib's tables:
macs plus the element-wise operations of normalisations, ReLUs and pools) of the network of each architecture.

` + archHelp,
		Example: `  bench301 complexity archs.csv --json
  bench301 sample -n 5 | bench301 complexity
  bench301 complexity -C 36 -L 20 --variant darts --auxiliary archs.txt
  bench301 complexity --variant imagenet --fit-macs 600M DARTS_V2 PC-DARTS`,
		RunE: func(cmd *cobra.Command, args []string) error { return complexity(cmd.Context(), s, f, in, args) },
	}, f.AddFlags, in.AddFlags)
}

func complexity(ctx context.Context, s streams, f recordOptions, in sizedInput, args []string) error {
	_, size, err := in.open()
	if err != nil {
		return err
	}
	var p *printer[complexityRow]
	open := func(names bool) {
		columns := "arch,id,>channels,>params,>macs,>flops"
		if names {
			columns += ",name"
		}
		p = newPrinter(s, f, columns, func(r complexityRow) []any {
			return []any{r.Arch, r.ID, r.Channels, r.Params, r.MACs, r.FLOPs, r.Name}
		})
	}
	count := func(item bench301.Item) error {
		a := item.Architecture
		cfg, err := size(a)
		if err != nil {
			return at(item, err)
		}
		c, err := a.Complexity(cfg)
		if err != nil {
			return at(item, err)
		}
		if p == nil {
			open(item.Name != "")
		}
		return p.print(complexityRow{a.String(), a.ID(), cfg.Channels, c.Params, c.MACs, c.FLOPs,
			printable.Line(item.Name)})
	}
	for item, failed := range in.archs.each(ctx, args) {
		if err = failed; err == nil {
			err = count(item)
		}
		if err != nil {
			break
		}
	}
	if p == nil {
		open(false)
	}
	return errors.Join(p.close(), err) // what was counted before an error is printed all the same
}
