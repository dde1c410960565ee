package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"rwe301/bench301"
	"rwe301/bench301/dataset"
	"rwe301/estimators"
	"rwe301/reports"
	"rwe301/scoring"
	"rwe301/store"
)

// scoreOptions are the flags of `score`.
type scoreOptions struct {
	format
	archs   archInput
	images  imageInput
	specs   []string
	out     string
	seed    uint64
	workers int
	keep    string
}

func newScore(s streams) *cobra.Command {
	o := scoreOptions{archs: archInput{in: s.in}}
	cmd := &cobra.Command{
		Use:   "score -e ESTIMATOR [ARCH|FILE]...",
		Short: "Score architectures with estimators",
		Long: `Score architectures with estimators, an architecture a core at a time. An estimator is a name of the list that
` + "`bench301 estimators`" + ` prints, with settings behind a colon where the defaults are not wanted. With --out the scores are
kept in a file of JSON lines: the same command started again scores what the file lacks. Ctrl-C keeps what is scored.

` + archHelp + `

Exit status: 0 all scored, 1 some could not be scored (their records say why) or the work broke off.`,
		Example: `  bench301 sample -n 20 | bench301 score -e rwe -e params --out scores.jsonl
  bench301 score -e rwe:head=ridge,channels=16,seeds=3 --json archs.csv
  bench301 score -e map-effdim '[[(0, 3), (1, 3), ...'`,
		RunE: func(cmd *cobra.Command, args []string) error { return score(cmd.Context(), s, o, args) },
	}
	o.format.addFlags(cmd)
	o.archs.addFlags(cmd)
	o.images.addFlags(cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&o.specs, "estimator", "e", nil, "estimator, as name or name:setting=value,setting=value; repeat for several")
	f.StringVarP(&o.out, "out", "o", "", "keep the scores in this file and resume from it")
	f.Uint64Var(&o.seed, "seed", 0, "seed of weights and whatever else is drawn")
	f.StringVar(&o.keep, "checkpoints", "", "keep networks in training in this folder epoch by epoch, and resume from there")
	f.IntVarP(&o.workers, "workers", "j", runtime.GOMAXPROCS(0), "architectures at a time")
	return cmd
}

func score(ctx context.Context, s streams, o scoreOptions, args []string) (err error) {
	if len(o.specs) == 0 {
		return usageError{errors.New("name an estimator: -e rwe (see `bench301 estimators`)")}
	}
	if o.workers < 1 {
		return usageError{fmt.Errorf("--workers %d: must be at least 1", o.workers)}
	}
	list, data, err := prepare(ctx, o.specs, o.images)
	if err != nil {
		return err
	}
	items, err := o.archs.all(args)
	if err != nil {
		return err
	}
	archs := make([]bench301.Architecture, len(items))
	for i, item := range items {
		archs[i] = item.Architecture
	}
	var questions []*scoring.Question
	for _, c := range list {
		q := scoring.QuestionOf(c, data)
		q.Seeds = []uint64{o.seed}
		questions = append(questions, q)
	}
	run := scoring.Options{Data: data, InOrder: true, Workers: o.workers, Retry: true, Checkpoints: o.keep, Machine: machine()}
	if o.out != "" {
		kept, err := store.OpenJSONL(o.out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, kept.Close()) }()
		run.Store = kept
	}
	m := newMeter(s.err, "scoring", "architectures", int64(len(items)))
	defer m.close()
	columns := scoreColumns()
	if !o.csv {
		columns = columns[:len(columns)-1] // the architecture is too long for a terminal
	}
	p := newPrinter(s.out, o.format, columns...)
	p.live = true
	failed := 0
	tallies := map[string]*tally{}
	err = scoring.NewRunner(questions, run).Run(ctx, archs, func(i int, answers []scoring.Answer) error {
		for k, a := range answers {
			if a.Status != store.OK {
				failed++
			}
			if a.Fresh {
				tallyOf(tallies, questions[k].Label).add(a)
			}
			if err := p.print(a.Record); err != nil {
				return err
			}
		}
		m.set(int64(i + 1))
		return nil
	})
	if err := errors.Join(err, p.close()); err != nil {
		return err
	}
	m.close()
	for _, q := range questions {
		tell(s.err, q.Label, tallyOf(tallies, q.Label))
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d scores are missing: their records say why", failed, len(items)*len(questions))
	}
	return nil
}

// tally sums up what the fresh scores of one estimator cost, and what they warn of.
type tally struct {
	scored        int
	alone, shared float64        // seconds: of each estimate on its own, and as it was, sharing work with those before it
	warnings      map[string]int // how many scores came with a warning
}

func tallyOf(tallies map[string]*tally, label string) *tally {
	if tallies[label] == nil {
		tallies[label] = &tally{warnings: map[string]int{}}
	}
	return tallies[label]
}

func (t *tally) add(a scoring.Answer) {
	t.scored++
	t.alone += a.Seconds
	t.shared += a.Shared
	for _, w := range a.Warnings {
		t.warnings[w]++
	}
}

// tell reports what an estimator's scores cost and warn of.
func tell(w io.Writer, label string, t *tally) {
	if t.alone > 1 {
		n := float64(t.scored)
		fmt.Fprintf(w, "%s: %s s an architecture on its own, %s s here, sharing work\n", label, reports.Seconds(t.alone/n), reports.Seconds(t.shared/n))
	}
	for _, text := range slices.Sorted(maps.Keys(t.warnings)) {
		fmt.Fprintf(w, "%s: %d scores: %s\n", label, t.warnings[text], text)
	}
}

// prepare configures estimators, opens the images that they want, and checks that they get along.
func prepare(ctx context.Context, specs []string, images imageInput) (list []*estimators.Configured, data *dataset.Set, err error) {
	asked := map[string]bool{}
	for _, spec := range specs {
		c, err := estimators.Parse(spec)
		if err != nil {
			return nil, nil, usageError{err}
		}
		if asked[c.Label] {
			return nil, nil, usageError{fmt.Errorf("%s is asked for twice", c.Label)}
		}
		asked[c.Label] = true
		if c.Info.Needs.Data && data == nil {
			if data, err = images.open(ctx); err != nil {
				return nil, nil, err
			}
		}
		list = append(list, c)
	}
	for _, c := range list {
		if err := c.Check(estimators.NewEnv(data, 0)); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.Label, err)
		}
	}
	return list, data, nil
}

// scoreColumns are the fields of a record that fit a line.
func scoreColumns() []column[store.Record] {
	return []column[store.Record]{
		{"id", true, func(r store.Record) string { return r.ID }},
		{"estimator", true, func(r store.Record) string { return scoring.Describe(r).Label }},
		{"score", false, func(r store.Record) string {
			if r.Score == nil {
				return ""
			}
			return strconv.FormatFloat(*r.Score, 'g', -1, 64)
		}},
		{"seconds", false, func(r store.Record) string { return strconv.FormatFloat(r.Seconds, 'f', 3, 64) }},
		{"status", true, func(r store.Record) string { return string(r.Status) }},
		{"error", true, func(r store.Record) string { return r.Error }},
		{"arch", true, func(r store.Record) string { return r.Arch }},
	}
}
