package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"rwe301/study"
)

func newStudyRun(s streams) *cobra.Command {
	var o partOptions
	var to outOptions
	var yes bool
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a study into a new run folder",
		Long: `Runs a study and prints how far it has come, estimator by estimator. Ctrl-C saves what is finished; study
resume goes on. A score that fails is kept with its reason and counts as not covered; study resume --retry tries it
again.

Exit status: 0 the run is complete, also where some scores failed, 1 the work broke off, 130 interrupted (what was
finished is kept).`,
		Example: `  bench301 study run my.yaml
  bench301 study run my.yaml --jobs 4 --out runs/second
  bench301 study run my.yaml --shard 3/16`,
		Args: someArgs(1, 1, "one definition"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, p, shard, err := o.load(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer p.Close()
			if n := p.Estimates(); n >= study.ManyEstimates && !yes {
				return fmt.Errorf("%s: %d estimates: --yes runs so many; study plan says how long they take", args[0], n)
			}
			dir := to.out
			if dir == "" {
				dir = filepath.Join("runs", p.Definition.Name)
				if shard.Count > 0 {
					dir += fmt.Sprintf("-%d-of-%d", shard.Index, shard.Count)
				}
			}
			r, err := study.Create(dir, p, text, shard, machine())
			if err != nil {
				return err
			}
			return finish(cmd.Context(), s, r, p, study.Options{Workers: o.jobs})
		},
	}
	o.AddFlags(cmd)
	to.AddFlags(cmd, "run folder (default runs/NAME)")
	cmd.Flags().BoolVar(&yes, "yes", false, "run a study of a million estimates or more")
	return cmd
}

func newStudyResume(s streams) *cobra.Command {
	var o jobsOptions
	var retry, anyVersion bool
	cmd := &cobra.Command{
		Use:   "resume RUN",
		Short: "Go on with a run that was interrupted",
		Long: `Goes on with a run that was interrupted, to the same scores as without the interruption.

Exit status: that of bench301 study run.`,
		Example: "  bench301 study resume runs/my-study\n  bench301 study resume runs/my-study --retry",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			r, err := study.OpenForWriting(args[0])
			if err != nil {
				return err
			}
			p, err := reopen(cmd.Context(), r, anyVersion)
			if err != nil {
				return errors.Join(err, r.Close())
			}
			defer p.Close()
			return finish(cmd.Context(), s, r, p, study.Options{Workers: o.jobs, Retry: retry})
		},
	}
	o.AddFlags(cmd)
	cmd.Flags().BoolVar(&retry, "retry", false, "try again what failed")
	cmd.Flags().BoolVar(&anyVersion, "any-version", false, "go on with a run that another version of the program began")
	return cmd
}

// reopen reads what the definition of a run refers to.
func reopen(ctx context.Context, r *study.Run, anyVersion bool) (*study.Plan, error) {
	if begun := r.Manifest.Code; begun != codeVersion() && !anyVersion {
		return nil, fmt.Errorf("%s: begun by version %s, this is %s: scores of both would not be comparable "+
			"(--any-version resumes all the same)",
			r.Dir, begun, codeVersion())
	}
	d, err := r.Definition()
	if err != nil {
		return nil, err
	}
	return study.Prepare(ctx, d)
}

// finish runs what is left of a run, prints what came out, and closes it.
func finish(ctx context.Context, s streams, r *study.Run, p *study.Plan, o study.Options) (err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := work(ctx, s, r, p, o); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "bench301: run complete: %s\n", r.Dir)
	return printStatus(s, recordOptions{}, r)
}

// work runs what is left of a run.
func work(ctx context.Context, s streams, r *study.Run, p *study.Plan, o study.Options) error {
	for _, note := range p.Notes {
		fmt.Fprintf(s.err, "bench301: %s\n", note)
	}
	m := newMeter(s.err, r.Manifest.Name, "archs")
	o.Progress = func(done, total int) { m.set(int64(done), int64(total)) }
	err := r.Do(ctx, p, machine(), o)
	m.close()
	if err != nil {
		fmt.Fprintf(s.err, "bench301: saved; go on with: bench301 study resume %s\n", r.Dir)
	}
	return err
}
