package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
)

// queryRow is one line of `query`. The names of the JSON fields are fixed.
type queryRow struct {
	Arch      string  `json:"arch"`
	ID        string  `json:"id"`
	Accuracy  float64 `json:"accuracy"` // percent
	Std       float64 `json:"std"`
	InRange   bool    `json:"in_range"`
	Surrogate string  `json:"surrogate"`
}

func newQuery(s streams) *cobra.Command {
	var (
		f    format
		name string
		in   = archInput{in: s.in}
	)
	cmd := &cobra.Command{
		Use:   "query [ARCH|FILE]...",
		Short: "Ask a surrogate of NAS-Bench-301 for accuracies",
		Long: `Print the accuracy (percent) that a surrogate of NAS-Bench-301 predicts for each architecture, the standard deviation of
that prediction, and whether the architecture resembles those that the surrogate was trained on: out of range, a
prediction may be off by several percent.

The surrogate "mini" is part of the binary. It approximates the published XGBoost ensemble and is no substitute for it
where single accuracies matter.

` + archHelp,
		Example: `  bench301 query archs.csv --json
  bench301 sample -n 5 | bench301 query`,
		RunE: func(cmd *cobra.Command, args []string) error {
			model, err := surrogate.Open(name)
			if err != nil {
				return usageError{err}
			}
			return query(cmd.Context(), s, f, &in, args, model)
		},
	}
	f.addFlags(cmd)
	in.addFlags(cmd)
	cmd.Flags().StringVar(&name, "surrogate", "mini", "surrogate to ask")
	return cmd
}

func query(ctx context.Context, s streams, f format, in *archInput, args []string, model surrogate.Surrogate) error {
	percent := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	p := newPrinter(s.out, f,
		column[queryRow]{"arch", true, func(r queryRow) string { return r.Arch }},
		column[queryRow]{"id", true, func(r queryRow) string { return r.ID }},
		column[queryRow]{"accuracy", false, func(r queryRow) string { return percent(r.Accuracy) }},
		column[queryRow]{"std", false, func(r queryRow) string { return percent(r.Std) }},
		column[queryRow]{"in_range", true, func(r queryRow) string { return strconv.FormatBool(r.InRange) }},
		column[queryRow]{"surrogate", true, func(r queryRow) string { return r.Surrogate }})
	info := model.Info()
	asked, outside := 0, 0
	err := func() error {
		for item, err := range in.each(args) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			g, ok := item.Architecture.(bench301.Genotype)
			if !ok {
				return fmt.Errorf("%s:%d: %s knows architectures of the space darts only", item.File, item.Line, info.Name)
			}
			v := model.Predict(g)
			asked++
			if !v.InRange {
				outside++
			}
			if err := p.print(queryRow{g.String(), g.ID(), v.Mean, v.Std, v.InRange, info.Name}); err != nil {
				return err
			}
		}
		return nil
	}()
	if outside > 0 {
		fmt.Fprintf(s.err, "bench301: %d of %d architectures are unlike the training data of %s\n", outside, asked, info.Name)
	}
	return errors.Join(p.close(), err) // what was predicted before an error is printed all the same
}
