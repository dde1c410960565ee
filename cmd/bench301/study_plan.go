package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"rwe301/study"
)

// partOptions say which part of a study a command takes, and how.
type partOptions struct {
	jobsOptions
	shard string
}

// AddFlags gives a command the flags --jobs and --shard.
func (o *partOptions) AddFlags(cmd *cobra.Command) {
	o.jobsOptions.AddFlags(cmd)
	cmd.Flags().StringVar(&o.shard, "shard", "", "one of several parts, e.g. 3/16; study merge joins their runs")
}

// load reads a definition and what it refers to.
func (o *partOptions) load(ctx context.Context, path string) (text []byte, p *study.Plan, shard study.Shard,
	err error) {
	if err := o.jobsOptions.validate(); err != nil {
		return nil, nil, shard, err
	}
	if o.shard != "" {
		if shard, err = study.ParseShard(o.shard); err != nil {
			return nil, nil, shard, usageError{err}
		}
	}
	if text, err = os.ReadFile(path); err != nil {
		return nil, nil, shard, err
	}
	d, err := study.Parse(path, text)
	if err != nil {
		return nil, nil, shard, err
	}
	p, err = study.Prepare(ctx, d)
	return text, p, shard, err
}

// measuring is how long study plan measures.
const measuring = time.Minute

func newStudyPlan(s streams) *cobra.Command {
	var f recordOptions
	var o partOptions
	var untimed bool
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Say what a study would run and how long it takes",
		Long: `Prints every estimator with its settings, the number of scores and the seconds of one, measured on one
architecture (at most a minute in all), and on standard error the estimated time of the whole study.`,
		Example: "  bench301 study plan my.yaml\n  bench301 study plan my.yaml --no-timing --json",
		Args:    someArgs(1, 1, "one definition"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, p, shard, err := o.load(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer p.Close()
			var t study.Timing
			if !untimed {
				if t, err = p.Time(cmd.Context(), o.jobs, shard, measuring); err != nil {
					return err
				}
			}
			return printPlan(s, f, p, t)
		},
	}
	f.AddFlags(cmd)
	o.AddFlags(cmd)
	cmd.Flags().BoolVar(&untimed, "no-timing", false, "do not measure")
	return cmd
}

// planRow is one line of `study plan`.
type planRow struct {
	Label   string  `json:"estimator"`
	Seeds   int     `json:"seeds"`
	Scores  int     `json:"scores"`
	Seconds float64 `json:"seconds_each"`
	Dataset string  `json:"dataset"`
}

func printPlan(s streams, f recordOptions, p *study.Plan, t study.Timing) error {
	out := newPrinter(s.out, f,
		column[planRow]{"estimator", true, func(r planRow) string { return r.Label }},
		column[planRow]{"seeds", false, func(r planRow) string { return strconv.Itoa(r.Seeds) }},
		column[planRow]{"scores", false, func(r planRow) string { return strconv.Itoa(r.Scores) }},
		column[planRow]{"s each", false, func(r planRow) string { return strconv.FormatFloat(r.Seconds, 'g', 2, 64) }},
		column[planRow]{"data", true, func(r planRow) string { return r.Dataset }},
	)
	for i, q := range p.Questions {
		row := planRow{Label: q.Label, Seeds: len(q.Seeds), Scores: len(q.Seeds) * len(p.Architectures), Dataset: q.Dataset}
		if t.Seconds != nil {
			row.Seconds = t.Seconds[i]
		}
		if err := out.print(row); err != nil {
			return err
		}
	}
	for _, note := range p.Notes {
		fmt.Fprintf(s.err, "bench301: %s\n", note)
	}
	fmt.Fprintf(s.err, "bench301: %d architectures, %d estimates", len(p.Architectures), p.Estimates())
	if t.Measured > 0 {
		fmt.Fprintf(s.err, ", about %v on %d cores", t.Total.Round(time.Second), t.Workers)
		if t.Measured < len(p.Questions) {
			fmt.Fprintf(s.err, " (%d of %d estimators measured)", t.Measured, len(p.Questions))
		}
	}
	fmt.Fprintln(s.err)
	return out.close()
}
