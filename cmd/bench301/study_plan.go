package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/search"
	"rwe301/study"
)

// measuring is how long study plan measures.
const measuring = time.Minute

func newStudyPlan(s streams) *cobra.Command {
	var f recordOptions
	var o partOptions
	var untimed bool
	cmd := with(&cobra.Command{
		Use:   "plan FILE",
		Short: "Say what a study would run and how long it takes",
		Long: `Prints every estimator with its settings, the number of scores and the seconds of one, measured on one
architecture (at most a minute in all), and on standard error the estimated time of the whole study. Of a study over
searches that are still to be run, it counts the most architectures that they can have, and says how long the searches
take. Programs of the user are named, but not started.`,
		Example: "  bench301 study plan my.yaml\n  bench301 study plan my.yaml --no-timing --json",
		Args:    someArgs(1, 1, "one definition"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, p, shard, err := o.load(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer p.Close()
			var t timing
			if !untimed {
				if t, err = timeOf(cmd.Context(), s, p, o.jobs, shard, measuring); err != nil {
					return err
				}
			}
			return printPlan(s, f, p, t)
		},
	}, f.AddFlags, o.AddFlags)
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

// timing is how long a study takes, its searches apart.
type timing struct {
	study.Timing
	searches search.Timing
}

// timeOf measures what a plan takes, and says so.
func timeOf(ctx context.Context, s streams, p *study.Plan, jobs int, shard study.Shard, budget time.Duration) (t timing,
	err error) {
	if p.Searches != nil {
		done := s.progress("measuring what the searches take")
		t.searches, err = search.Time(ctx, *p.Searches, jobs)
		if done(); err != nil {
			return t, err
		}
	}
	tell, done := s.steps("measuring what a score takes", "estimators")
	defer done()
	t.Timing, err = p.Time(ctx, jobs, shard, budget, tell)
	return t, err
}

// sayTiming says how much there is to do, and how long it takes where that was measured.
func sayTiming(s streams, p *study.Plan, t timing) {
	programs, most, then := scoring.Programs(p.Questions), "", ""
	if d := p.Searches; d != nil {
		fmt.Fprintf(s.err, "bench301: searches first: %d %s, %d %s, at most %d evaluations", len(d.Methods),
			plural(len(d.Methods), "method"), len(d.Seeds), plural(len(d.Seeds), "seed"), d.All())
		if t.Measured > 0 {
			fmt.Fprintf(s.err, ", about %v on %d cores", t.searches.Total.Round(time.Second), t.searches.Workers)
		}
		fmt.Fprintln(s.err)
		most, then = "at most ", "then "
	}
	fmt.Fprintf(s.err, "bench301: %s%s%d architectures, %d estimates", then, most, p.Size(), p.Estimates())
	if t.Measured > 0 {
		fmt.Fprintf(s.err, ", about %v on %d cores", t.Total.Round(time.Second), t.Workers)
		if t.Measured < len(p.Questions) {
			fmt.Fprintf(s.err, " (%d of %d estimators measured)", t.Measured, len(p.Questions))
		}
		if len(programs) > 0 {
			fmt.Fprint(s.err, " without the programs")
		}
	}
	fmt.Fprintln(s.err)
}

func printPlan(s streams, f recordOptions, p *study.Plan, t timing) error {
	var rows []planRow
	for i, q := range p.Questions {
		row := planRow{Label: q.Label, Seeds: len(q.Seeds), Scores: len(q.Seeds) * p.Size(), Dataset: q.Dataset}
		if t.Seconds != nil {
			row.Seconds = t.Seconds[i]
		}
		rows = append(rows, row)
	}
	for _, note := range p.Notes {
		s.say("%s", note)
	}
	for _, program := range scoring.Programs(p.Questions) {
		s.say("study run starts %s", program)
	}
	sayTiming(s, p, t)
	printer := newPrinter(s, f, "estimator,>seeds,>scores,>s each,data", func(r planRow) []any {
		seconds := reports.Seconds(r.Seconds)
		if f.csv {
			seconds = strconv.FormatFloat(r.Seconds, 'g', 2, 64)
		}
		return []any{r.Label, r.Seeds, r.Scores, seconds, r.Dataset}
	})
	printer.width = terminalWidth(s.out)
	return printer.printAll(rows)
}
