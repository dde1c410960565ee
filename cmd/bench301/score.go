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

	"rwe301/estimators"
	"rwe301/reports"
	"rwe301/store"
	"rwe301/study"
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
	j := study.Job{Workers: o.workers, Code: codeVersion(), CPU: cpuName()}
	if j.Estimators, j.Env, err = prepare(ctx, o.specs, o.images, o.seed); err != nil {
		return err
	}
	items, err := o.archs.all(args)
	if err != nil {
		return err
	}
	for _, item := range items {
		j.Architectures = append(j.Architectures, item.Architecture)
	}
	j.Env.Checkpoints = o.keep
	if o.out != "" {
		kept, err := store.OpenJSONL(o.out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, kept.Close()) }()
		j.Store = kept
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
	j.Done = func(i int, records []store.Record) error {
		for _, r := range records {
			if r.Status != store.OK {
				failed++
			}
			if err := p.print(r); err != nil {
				return err
			}
		}
		m.set(int64(i + 1))
		return nil
	}
	tallies, err := j.Do(ctx)
	if err := errors.Join(err, p.close()); err != nil {
		return err
	}
	m.close()
	for k, t := range tallies {
		tell(s.err, j.Estimators[k].Label, t)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d scores are missing: their records say why", failed, len(items)*len(j.Estimators))
	}
	return nil
}

// tell reports what an estimator's scores cost and warn of.
func tell(w io.Writer, label string, t study.Tally) {
	if t.Alone > 1 {
		n := float64(t.Scored)
		fmt.Fprintf(w, "%s: %s s an architecture on its own, %s s here, sharing work\n", label, reports.Seconds(t.Alone/n), reports.Seconds(t.Shared/n))
	}
	for _, text := range slices.Sorted(maps.Keys(t.Warnings)) {
		fmt.Fprintf(w, "%s: %d scores: %s\n", label, t.Warnings[text], text)
	}
}

// prepare configures estimators and the environment that they score in, and checks that they get along.
func prepare(ctx context.Context, specs []string, images imageInput, seed uint64) ([]*estimators.Configured, *estimators.Env, error) {
	var list []*estimators.Configured
	env := estimators.NewEnv(nil, seed)
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
		if c.Info.Needs.Data && env.Data == nil {
			set, err := images.open(ctx)
			if err != nil {
				return nil, nil, err
			}
			env = estimators.NewEnv(set, seed)
		}
		list = append(list, c)
	}
	for _, c := range list {
		if err := c.Check(env); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.Label, err)
		}
	}
	return list, env, nil
}

// scoreColumns are the fields of a record that fit a line.
func scoreColumns() []column[store.Record] {
	return []column[store.Record]{
		{"id", true, func(r store.Record) string { return r.ID }},
		{"estimator", true, recordLabel},
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

// recordLabel names a record's estimator and its settings where they are not the defaults.
func recordLabel(r store.Record) string {
	c, err := estimators.New(r.Estimator, r.Settings)
	if err != nil {
		return r.Estimator
	}
	return c.Label
}
