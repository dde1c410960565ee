package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/bench301/trained"
	"rwe301/estimators"
	"rwe301/internal/printable"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/store"
	"rwe301/study"
)

// scoreOptions are the flags of `score`.
type scoreOptions struct {
	recordOptions
	jobsOptions
	out    string
	archs  archInput
	images imageOptions
	specs  []string
	seed   uint64
	keep   string
}

func newScore(s streams) *cobra.Command {
	o := scoreOptions{archs: archInput{in: s.in, say: s.say}}
	cmd := with(&cobra.Command{
		Use:   "score -e ESTIMATOR [ARCH|FILE]...",
		Short: "Score architectures with estimators",
		Long: `Score architectures with estimators, by default as many at a time as there are cores. An estimator is a name
of the list that ` + "`bench301 estimators`" + ` prints, with settings behind a colon where the defaults are not wanted.
With --out the scores are kept in a file of JSON lines, each within a second of being made, in whatever order they
come: the same command started again scores what the file lacks. Ctrl-C keeps what is scored. What is printed then is a
summary, a row an estimator (--json and --csv print every score); without --out it is every score, in the order of the
architectures. Scores are shown with six digits; files, --json and --csv have them all.

` + archHelp + `

Exit status: 0 done, also where some scores failed (standard error counts them), 1 nothing was scored, an estimator
failed everywhere, or the work broke off.`,
		Example: `  bench301 sample -n 20 | bench301 score -e rwe -e params --out scores.jsonl
  bench301 score -e rwe:head=ridge,channels=16,seeds=3 --json archs.csv
  bench301 score -e map-effdim DARTS_V2`,
		RunE: func(cmd *cobra.Command, args []string) error { return score(cmd.Context(), s, o, args) },
	}, o.recordOptions.AddFlags, outFlag(&o.out, "keep the scores in this file and resume from it"),
		o.jobsOptions.AddFlags, o.archs.AddFlags, o.images.AddFlags)
	alias(cmd, "workers", "jobs")
	f := cmd.Flags()
	f.StringArrayVarP(&o.specs, "estimator", "e", nil, "estimator, as name or name:setting=value,setting=value, or a "+
		"group, as group:naslib; repeat for several")
	f.Uint64Var(&o.seed, "seed", 0, "seed of weights and whatever else is drawn")
	f.StringVar(&o.keep, "checkpoints", "", "keep networks in training in this folder epoch by epoch, and resume "+
		"from there")
	return cmd
}

func score(ctx context.Context, s streams, o scoreOptions, args []string) (err error) {
	if len(o.specs) == 0 {
		return usagef("name an estimator: -e rwe (see `bench301 estimators`)")
	}
	if err := recordsName(o.out); err != nil {
		return err
	}
	list, data, err := prepare(ctx, s, o.specs, o.images)
	if err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(tightHeap))
	var archs []bench301.Architecture // alone: what stands beside a million of them would fill the memory
	for item, err := range o.archs.each(ctx, args) {
		if err != nil {
			return err
		}
		archs = append(archs, item.Architecture)
	}
	if err := scoring.Fit(list, archs); err != nil {
		return err
	}
	var questions []*scoring.Question
	labels := map[store.Key]string{} // without architecture and seed
	for _, c := range list {
		q := scoring.QuestionOf(c, data)
		q.Seeds = []uint64{o.seed}
		questions = append(questions, q)
		labels[q.Key()] = q.Label
	}
	run := scoring.Options{
		Data: data, Workers: o.jobs, Retry: true, Checkpoints: o.keep, Machine: machine(),
	}
	if o.out != "" {
		kept, err := store.OpenJSONL(o.out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, kept.Close()) }()
		run.Store = kept
	}
	m := newMeter(s.err, "scoring", "architectures")
	defer m.close()
	columns := "id,estimator,>score,>seconds,status,error"
	if o.csv {
		columns += ",arch" // too long for a terminal
	}
	p := newPrinter(s, o.recordOptions, columns, func(r store.Record) []any {
		score := ""
		if r.Score != nil {
			score = rounded(*r.Score)
			if o.csv {
				score = exact(*r.Score)
			}
		}
		label := labels[store.Key{Estimator: r.Estimator, SettingsHash: r.SettingsHash, Dataset: r.Dataset}]
		return []any{r.ID, label, score, reports.Seconds(r.Cost()), r.Status, r.Error, r.Arch}
	})
	p.live = true
	defer saving(ctx)()
	summed := o.out != "" && !o.json && !o.csv
	counts := make([]*answered, len(questions))
	for k, q := range questions {
		counts[k] = newAnswered(q.Label, len(archs))
	}
	err = scoring.NewRunner(questions, run).Run(ctx, archs, func(i int, answers []scoring.Answer) error {
		for k, a := range answers {
			counts[k].add(a)
			if summed {
				continue
			}
			if p.streams() {
				m.hide()
			}
			if err := p.print(a.Record); err != nil {
				return err
			}
		}
		m.count(i+1, len(archs))
		return nil
	})
	m.close()
	if summed {
		err = errors.Join(err, printSummary(s, counts))
	} else {
		err = errors.Join(err, p.close())
	}
	if err != nil {
		return err
	}
	var status []study.Progress
	for k, q := range questions {
		tell(s.err, q.Label, counts[k].Tally)
		status = append(status, counts[k].progress())
	}
	if err := verdict(s, status, false); err != nil {
		return err
	}
	switch {
	case o.out == "" || o.json:
	case o.archs.space == bench301.Spaces()[0].Name(): // the only one with surrogates
		s.next("correlate", o.out)
	case trained.Lookup(o.archs.space) != nil: // a benchmark is called as its space
		s.next("correlate --surrogate "+o.archs.space, o.out)
	default:
		s.next("correlate --table ACCURACIES", o.out)
	}
	return nil
}

// recordsName refuses a name for a file of JSON lines that promises something else.
func recordsName(path string) error {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".db", ".sqlite", ".sqlite3", ".csv", ".tsv", ".parquet", ".xlsx", ".yaml", ".yml":
		return usagef("--out %s: scores are kept as JSON lines: name it %s (--csv prints CSV; a study keeps a database)",
			path, strings.TrimSuffix(path, filepath.Ext(path))+".jsonl")
	}
	return nil
}

// printSummary prints a row an estimator.
func printSummary(s streams, counts []*answered) error {
	const columns = "estimator,>n,>ok,>failed,>undef.,>min,>median,>max,>s/arch"
	p := newPrinter(s, recordOptions{}, columns, func(c *answered) []any {
		row := []any{c.Label, c.OK + c.Failed + c.Undefined, c.OK, c.Failed, c.Undefined, "", "", "", ""}
		if c.OK > 0 {
			slices.Sort(c.scores)
			row[5], row[6], row[7] = rounded(c.scores[0]), rounded(median(c.scores)), rounded(c.scores[c.OK-1])
			slices.Sort(c.costs)
			row[8] = reports.Seconds(median(c.costs))
		}
		return row
	})
	p.width = terminalWidth(s.out)
	return p.printAll(counts)
}

// median is the middle of sorted numbers, or the mean of the two in the middle.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// tightHeap is the garbage that a heap may hold, in percent of what is in use, where that may be millions of records:
// by default as much again.
const tightHeap = 50

// tell reports what an estimator's scores cost and warn of.
func tell(w io.Writer, label string, t scoring.Tally) {
	label = printable.Line(label)
	if t.Alone > 1 {
		n := float64(t.Scored)
		fmt.Fprintf(w, "%s: %s s an architecture on its own, %s s here, sharing work\n", label,
			reports.Seconds(t.Alone/n), reports.Seconds(t.Shared/n))
	}
	for _, text := range slices.Sorted(maps.Keys(t.Warnings)) {
		fmt.Fprintf(w, "%s: %d scores: %s\n", label, t.Warnings[text], text)
	}
}

// prepare configures estimators, opens the images that they want, and checks that they get along.
func prepare(
	ctx context.Context, s streams, specs []string, images imageOptions,
) (list []*estimators.Configured, data *dataset.Set, err error) {
	if list, err = scoring.Configure(specs); err != nil {
		return nil, nil, usageError{err}
	}
	data, err = scoring.Ready(list, func() (*dataset.Set, error) { return images.open(ctx, s.err) })
	return list, data, err
}
