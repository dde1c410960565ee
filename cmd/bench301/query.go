package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/bench301/surrogate"
)

// queryRow is one line of `query`. The names of the JSON fields are fixed.
type queryRow struct {
	Arch      string    `json:"arch"`
	ID        string    `json:"id"`
	Accuracy  float64   `json:"accuracy"` // percent
	Std       float64   `json:"std"`
	InRange   bool      `json:"in_range"`
	Surrogate string    `json:"surrogate"`
	Noisy     *float64  `json:"noisy,omitempty"`
	Members   []float64 `json:"members,omitempty"`
	Runtime   *float64  `json:"runtime,omitempty"` // seconds
}

// queryOptions are the flags of query.
type queryOptions struct {
	format
	surrogate, runtime string
	members, noise     bool
	seed               uint64
	in                 archInput
}

func newQuery(s streams) *cobra.Command {
	o := queryOptions{in: archInput{in: s.in}}
	cmd := &cobra.Command{
		Use:   "query [ARCH|FILE]...",
		Short: "Ask a surrogate of NAS-Bench-301 for accuracies",
		Long: `Print the accuracy (percent) that a surrogate of NAS-Bench-301 predicts for each architecture, the standard deviation of
that prediction, and whether the architecture resembles those that the surrogate was trained on: out of range, a
prediction may be off by several percent.

The surrogate "mini" is part of the binary. It approximates the published XGBoost ensemble and is no substitute for it
where single accuracies matter. Published ensembles work as they are or imported (see bench301 surrogate --help): their
mean and standard deviation over the members have the bits that NAS-Bench-301 gives.

` + archHelp,
		Example: `  bench301 query archs.csv --json
  bench301 sample -n 5 | bench301 query
  bench301 query --surrogate nb_models/xgb_v1.0 --runtime nb_models/lgb_runtime_v1.0 archs.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noise = cmd.Flags().Changed("noise-seed")
			q, err := newQuestion(&o)
			if err != nil {
				return err
			}
			return q.run(cmd.Context(), s, args)
		},
	}
	o.addFlags(cmd)
	o.in.addFlags(cmd)
	cmd.Flags().StringVar(&o.surrogate, "surrogate", surrogate.MiniKey, "surrogate to ask: mini, a path, or the name of an imported one")
	cmd.Flags().StringVar(&o.runtime, "runtime", "", "surrogate of the training time in seconds, by path or name")
	cmd.Flags().BoolVar(&o.members, "members", false, "print the prediction of every member of the ensemble")
	cmd.Flags().Uint64Var(&o.seed, "noise-seed", 0, "print a prediction with NAS-Bench-301's noise too, drawn from this seed (default: no noise)")
	return cmd
}

// question is a query with its surrogates.
type question struct {
	*queryOptions
	accuracy, seconds surrogate.Surrogate // seconds may be nil
}

func newQuestion(o *queryOptions) (*question, error) {
	q := &question{queryOptions: o}
	var err error
	if q.accuracy, err = openSurrogate(o.surrogate); err != nil {
		return nil, usageError{err}
	}
	if info := q.accuracy.Info(); info.Unit == surrogate.Seconds {
		return nil, usageError{fmt.Errorf("--surrogate: %s predicts seconds: give it as --runtime", info.Name)}
	}
	if o.runtime == "" {
		return q, nil
	}
	if q.seconds, err = openSurrogate(o.runtime); err != nil {
		return nil, usageError{err}
	}
	if info := q.seconds.Info(); info.Unit == surrogate.Percent {
		return nil, usageError{fmt.Errorf("--runtime: %s predicts accuracies: give it as --surrogate", info.Name)}
	}
	return q, nil
}

// columns are those of the table and of CSV.
func (q *question) columns() []column[queryRow] {
	percent := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	if q.csv {
		percent = func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	}
	c := []column[queryRow]{
		{"arch", true, func(r queryRow) string { return r.Arch }},
		{"id", true, func(r queryRow) string { return r.ID }},
		{"accuracy", false, func(r queryRow) string { return percent(r.Accuracy) }},
		{"std", false, func(r queryRow) string { return percent(r.Std) }},
		{"in_range", true, func(r queryRow) string { return strconv.FormatBool(r.InRange) }},
		{"surrogate", true, func(r queryRow) string { return r.Surrogate }},
	}
	if q.noise {
		c = append(c, column[queryRow]{"noisy", false, func(r queryRow) string { return percent(*r.Noisy) }})
	}
	if q.members {
		c = append(c, column[queryRow]{"members", true, func(r queryRow) string {
			texts := make([]string, len(r.Members))
			for i, v := range r.Members {
				texts[i] = percent(v)
			}
			return strings.Join(texts, " ")
		}})
	}
	if q.seconds != nil {
		c = append(c, column[queryRow]{"runtime", false, func(r queryRow) string { return strconv.FormatFloat(*r.Runtime, 'f', 1, 64) }})
	}
	return c
}

// queryBatch is how many architectures are answered at once.
const queryBatch = 4096

func (q *question) run(ctx context.Context, s streams, args []string) error {
	p := newPrinter(s.out, q.format, q.columns()...)
	name := q.accuracy.Info().Name
	asked, outside := 0, 0
	batch := make([]bench301.Genotype, 0, queryBatch)
	out, seconds := make([]surrogate.Prediction, queryBatch), make([]surrogate.Prediction, queryBatch)
	flush := func() error {
		n := len(batch)
		q.accuracy.PredictBatch(batch, out[:n])
		if q.seconds != nil {
			q.seconds.PredictBatch(batch, seconds[:n])
		}
		for i, g := range batch {
			v := out[i]
			asked++
			if !v.InRange {
				outside++
			}
			row := queryRow{Arch: g.String(), ID: g.ID(), Accuracy: v.Mean, Std: v.Std, InRange: v.InRange, Surrogate: name}
			if q.members {
				row.Members = v.Members
			}
			if q.noise {
				noisy := v.Noisy(g, q.seed)
				row.Noisy = &noisy
			}
			if q.seconds != nil {
				row.Runtime = &seconds[i].Mean
			}
			if err := p.print(row); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return nil
	}
	err := func() error {
		for item, err := range q.in.each(args) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			g, ok := item.Architecture.(bench301.Genotype)
			if !ok {
				return fmt.Errorf("%s:%d: %s knows architectures of the space darts only", item.File, item.Line, name)
			}
			if batch = append(batch, g); len(batch) == queryBatch {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return nil
	}()
	err = errors.Join(flush(), p.close(), err) // what was predicted before an error is printed all the same
	if outside > 0 {
		fmt.Fprintf(s.err, "bench301: %d of %d architectures are unlike the training data of %s\n", outside, asked, name)
	}
	return err
}
