package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/bench301/dataset"
	"rwe301/internal/printable"
	"rwe301/internal/yamldoc"
	"rwe301/scoring"
	"rwe301/search"
	"rwe301/study"
)

// partOptions say which part of a study a command takes, and how.
type partOptions struct {
	jobsOptions
	shard, data, searches string
}

// AddFlags gives a command the flags --jobs, --shard, --data and --searches.
func (o *partOptions) AddFlags(cmd *cobra.Command) {
	o.jobsOptions.AddFlags(cmd)
	cmd.Flags().StringVar(&o.shard, "shard", "", "one of several parts, e.g. 3/16; study merge joins their runs")
	cmd.Flags().StringVar(&o.data, "data", "", imagesUsage)
	cmd.Flags().StringVar(&o.searches, "searches", "", "take the searches that the definition names from this `RUN`, "+
		"where they are finished, in place of running them")
}

// load reads the definition of a study, and which part of it is asked for.
func (o *partOptions) load(ctx context.Context, path string) (text []byte, p *study.Plan, shard study.Shard,
	err error) {
	if o.shard != "" {
		if shard, err = study.ParseShard(o.shard); err != nil {
			return nil, nil, shard, usageError{err}
		}
	}
	if text, err = yamldoc.ReadFile(path); err != nil {
		return nil, nil, shard, err
	}
	var images *scoring.Images
	if data := o.data; data != "" {
		images = &scoring.Images{Name: data}
		if data != "sample" && data != dataset.CIFAR10Name {
			data, err = filepath.Abs(data)
			images = &scoring.Images{Name: "folder", Path: data}
		}
		if err == nil {
			text, err = study.WithDataset(text, data)
		}
		if err != nil {
			return nil, nil, shard, fmt.Errorf("%s: --data %s: %w", path, o.data, err)
		}
	}
	if o.searches != "" {
		folder, err := filepath.Abs(o.searches)
		if err == nil {
			text, err = study.WithSearches(ctx, path, text, images, folder)
		}
		if err != nil {
			return nil, nil, shard, err
		}
	}
	if p, err = planOf(ctx, path, text, images); err != nil {
		return nil, nil, shard, err
	}
	if err = p.Fits(ctx); err != nil {
		return nil, nil, shard, errors.Join(err, p.Close())
	}
	return text, p, shard, nil
}

// planOf reads a definition and what it refers to. images, if not nil, are those of searches that come first.
func planOf(ctx context.Context, path string, text []byte, images *scoring.Images) (*study.Plan, error) {
	d, err := study.Parse(path, text)
	if err != nil {
		return nil, err
	}
	if s := d.Architectures.Search; s != nil {
		s.Images = images
	}
	return study.Prepare(ctx, d)
}

// commandOptions say whether the programs that a definition names may be started.
type commandOptions struct{ allow bool }

// AddFlags gives a command the flag --allow-commands.
func (o *commandOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.allow, "allow-commands", false, "start the programs that a definition names which lies "+
		"outside the current folder")
}

// permit says which programs who, as "starts" or "tasks start", starts for a study. Those of a definition outside the
// current folder and what is below it, from which the study may have come from anywhere, have to be allowed.
func (o *commandOptions) permit(s streams, p *study.Plan, who string) error {
	here, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	var refused []string
	for _, program := range scoring.Programs(p.Questions) {
		if o.allow || within(here, program.Dir) {
			s.say("%s %s", who, program)
		} else {
			refused = append(refused, "\n  "+program.String())
		}
	}
	if refused == nil {
		return nil
	}
	return fmt.Errorf("the definition lies outside the current folder, and would start these programs, as you:%s\n"+
		"--allow-commands starts them", strings.Join(refused, ""))
}

// within says whether a folder is another one or below it, wherever links lead.
func within(outer, inner string) bool {
	inner, err := filepath.Abs(inner)
	for _, path := range []*string{&outer, &inner} {
		if err == nil {
			*path, err = filepath.EvalSymlinks(*path)
		}
	}
	relative, failed := filepath.Rel(outer, inner)
	return err == nil && failed == nil && filepath.IsLocal(relative)
}

func newStudyRun(s streams) *cobra.Command {
	var o partOptions
	var commands commandOptions
	var workers clusterOptions
	var out string
	var yes bool
	cmd := with(&cobra.Command{
		Use:   "run FILE",
		Short: "Run a study into a new run folder",
		Long: `Runs a study and prints how far it has come, estimator by estimator. Ctrl-C saves what is finished; study
resume goes on. Programs that the definition names are started, and named on standard error; where it lies outside the
current folder, as a file from elsewhere does, only with --allow-commands. A score that fails is kept with its reason
and counts as not covered; study resume --retry tries it again.

A study may be over the populations of searches: architectures: {search: FILE or RUN}. Those of a FILE are run first,
into the folder search of the run; study resume goes on with them too. What a search has scored is not scored again.

With --listen or --nats the work goes to bench301 worker on any number of machines, which may come, go and be killed;
scores are the same as on one machine. study status --watch shows them, docs/clusters.md tells more.

Exit status: 0 the run is complete, also where some scores failed (standard error counts them), 1 the work broke off,
nothing was scored or an estimator failed everywhere, 130 interrupted (what was finished is kept).`,
		Example: `  bench301 study run my.yaml
  bench301 study run my.yaml --jobs 4 --out runs/second
  bench301 study run my.yaml --shard 3/16
  bench301 study run my.yaml --listen 127.0.0.1:4222`,
		Args: someArgs(1, 1, "one definition"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, p, shard, err := o.load(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer p.Close()
			n := p.Estimates()
			if p.Searches != nil {
				n += int64(p.Searches.All())
			}
			if n >= study.ManyEstimates && !yes {
				return fmt.Errorf("%s: %d estimates: --yes runs so many; study plan says how long they take", args[0], n)
			}
			if err := commands.permit(s, p, workers.start()); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if err := workers.check(cmd.Context(), s); err != nil {
				return err
			}
			switch name := p.Definition.Folder(); {
			case out != "":
			case shard.Count > 0: // whose runs belong together by their names
				out = filepath.Join(runsFolder, fmt.Sprintf("%s-%d-of-%d", name, shard.Index, shard.Count))
			default:
				out = newRunFolder(s, name, "bench301 study resume")
			}
			how := runOptions{Options: study.Options{Workers: o.jobs}, cluster: workers}
			if p.Searches != nil {
				return beginSearch(cmd.Context(), s, out, p, text, shard, how)
			}
			return begin(cmd.Context(), s, out, p, text, shard, how, false)
		},
	}, o.AddFlags, commands.AddFlags, workers.AddFlags,
		outFlag(&out, "run folder (default runs/NAME, or NAME-2 and so on where that is taken)"))
	cmd.Flags().BoolVar(&yes, "yes", false, "run a study of a million estimates or more")
	return cmd
}

// beginSearch makes a run folder whose searches come first, and runs all of it.
func beginSearch(ctx context.Context, s streams, dir string, p *study.Plan, text []byte, shard study.Shard,
	o runOptions) error {
	t, err := timeOf(ctx, s, p, o.Workers, shard, measuring/6)
	if err != nil {
		return err
	}
	sayTiming(s, p, t)
	found, err := study.Search(ctx, dir, p, text, shard, machine())
	if err != nil {
		return err
	}
	return finishSearch(ctx, s, found, o)
}

// finishSearch runs what is left of the searches of a run, and then the run.
func finishSearch(ctx context.Context, s streams, found *study.Searching, o runOptions) error {
	if found.Shard().Count > 0 {
		s.say("each part of the study runs the searches for itself: bench301 search runs them once for all, and --searches " +
			"RUN takes its folder")
	}
	for _, note := range found.Searches.Notes() {
		s.say("%s", note)
	}
	s.say("searching into %s", found.Searches.Dir)
	if err := runSearches(ctx, s, found.Searches, o); err != nil {
		s.say("saved; go on with: bench301 study resume %s%s", shellWord(found.Dir), o.cluster.again())
		return errors.Join(err, found.Close())
	}
	r, err := found.Finish(ctx, machine())
	if err != nil {
		return err
	}
	s.say("searches complete: %d architectures; scoring into %s", len(found.Plan.Architectures), found.Dir)
	return finish(ctx, s, r, found.Plan, o, false)
}

// runSearches runs what is left of searches. It is an error where they could score nothing.
func runSearches(ctx context.Context, s streams, searches *search.Searches, o runOptions) error {
	p := newSearchProgress(s)
	done := saving(ctx)
	err := o.cluster.search(ctx, s, searches, o.Workers, p.print)
	done()
	if err != nil {
		return err
	}
	found, err := searches.Report(ctx)
	if err != nil {
		return err
	}
	if err := judged(s, found); err != nil {
		return fmt.Errorf("%s: %w", searches.Dir, err)
	}
	return nil
}

func newStudyResume(s streams) *cobra.Command {
	var o jobsOptions
	var commands commandOptions
	var workers clusterOptions
	var may beginners
	var retry bool
	cmd := with(&cobra.Command{
		Use:   "resume RUN",
		Short: "Go on with a run that was interrupted",
		Long: `Goes on with a run that was interrupted, to the same scores as without the interruption.

Exit status: that of bench301 study run.`,
		Example: "  bench301 study resume runs/my-study\n  bench301 study resume runs/my-study --retry",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notSearches(args[0]); err != nil {
				return err
			}
			if err := workers.check(cmd.Context(), s); err != nil {
				return err
			}
			how := runOptions{Options: study.Options{Workers: o.jobs, Retry: retry}, cluster: workers}
			if study.IsSearching(args[0]) {
				found, err := study.ReopenSearch(cmd.Context(), args[0], machine())
				if err != nil {
					return err
				}
				defer found.Plan.Close()
				err = begunHere(args[0], found.Begun, "", may)
				if err == nil {
					err = commands.permit(s, found.Plan, workers.start())
				}
				if err != nil {
					return errors.Join(err, found.Close())
				}
				return finishSearch(cmd.Context(), s, found, how)
			}
			r, err := study.OpenForWriting(args[0])
			if err != nil {
				return err
			}
			p, err := reopen(cmd.Context(), r, may)
			if err != nil {
				return errors.Join(err, r.Close())
			}
			defer p.Close()
			if err := commands.permit(s, p, workers.start()); err != nil {
				return errors.Join(fmt.Errorf("%s: %w", args[0], err), r.Close())
			}
			return finish(cmd.Context(), s, r, p, how, false)
		},
	}, o.AddFlags, commands.AddFlags, workers.AddFlags, may.AddFlags)
	cmd.Flags().BoolVar(&retry, "retry", false, "try again what failed")
	return cmd
}

// beginners say who may have begun a run that is gone on with.
type beginners struct{ anyVersion, anyCPU bool }

// AddFlags gives a command the flags --any-version and --any-cpu.
func (o *beginners) AddFlags(cmd *cobra.Command) {
	anyVersionFlag(&o.anyVersion)(cmd)
	cmd.Flags().BoolVar(&o.anyCPU, "any-cpu", false, "go on with a run that the same version began on another processor "+
		"of the same kind ("+runtime.GOARCH+"): the scores are the same to the bit, and each says which processor made it")
}

// anyVersionFlag adds the flag --any-version.
func anyVersionFlag(any *bool) func(*cobra.Command) {
	return func(cmd *cobra.Command) {
		cmd.Flags().BoolVar(any, "any-version", false, "go on with a run that another version of the program or another "+
			"processor began")
	}
}

// begunHere refuses to go on with what another version of the program or another processor began, unless they may.
// on is the platform on which it was begun, or "" where that is not known.
func begunHere(dir string, begun scoring.Machine, on string, may beginners) error {
	now := machine()
	_, kind, _ := strings.Cut(on, "/")
	switch {
	case may.anyVersion:
	case begun.Code != now.Code:
		return fmt.Errorf("%s: begun by version %s, this is %s: scores of both would not be comparable "+
			"(--any-version resumes all the same)", dir, printable.Cut(begun.Code, 60), now.Code)
	case begun.CPU == now.CPU || begun.CPU == "":
	case kind != runtime.GOARCH:
		return fmt.Errorf("%s: begun on %q, this is %q: scores of two processors may differ in their last digits "+
			"(--any-version resumes all the same)", dir, printable.Cut(begun.CPU, 100), now.CPU)
	case !may.anyCPU:
		return fmt.Errorf("%s: begun on %q, this is %q: --any-cpu resumes all the same, to the same scores, as both are %s",
			dir, printable.Cut(begun.CPU, 100), now.CPU, kind)
	}
	return nil
}

// reopen reads what the definition of a run refers to.
func reopen(ctx context.Context, r *study.Run, may beginners) (*study.Plan, error) {
	begun := scoring.Machine{Code: r.Manifest.Code, CPU: r.Manifest.CPU}
	if err := begunHere(r.Dir, begun, r.Manifest.Platform, may); err != nil {
		return nil, err
	}
	d, err := r.Definition()
	if err != nil {
		return nil, err
	}
	return study.Prepare(ctx, d)
}

// runOptions say how a run is made.
type runOptions struct {
	study.Options
	cluster clusterOptions
}

// begin makes a run folder and runs all of it.
func begin(
	ctx context.Context, s streams, dir string, p *study.Plan, text []byte, shard study.Shard, o runOptions,
	asJSON bool,
) error {
	r, err := study.Create(dir, p, text, shard, machine())
	if err != nil {
		return err
	}
	s.say("running into %s", dir)
	return finish(ctx, s, r, p, o, asJSON)
}

// finish runs what is left of a run, prints what came out, and closes it.
func finish(
	ctx context.Context, s streams, r *study.Run, p *study.Plan, o runOptions, asJSON bool,
) (err error) {
	defer func() { err = cmp.Or(err, r.Close()) }() // a disk that is full says so once
	if err := work(ctx, s, r, p, o); err != nil {
		return err
	}
	return finished(s, r, asJSON)
}

// finished prints what came out of a run, whether that is a success, and what comes next.
func finished(s streams, r *study.Run, asJSON bool) error {
	status, err := r.Status()
	if err != nil {
		return err
	}
	failed := verdict(s, status, r.Manifest.Shard.Count > 0)
	if failed == nil {
		s.say("run complete: %s", r.Dir)
	}
	if asJSON {
		if err := printNotes(s, r.Manifest.Notes); err != nil {
			return err
		}
	}
	if err := printProgress(s, recordOptions{json: asJSON}, status); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("%s: %w: bench301 study status %[3]s lists them, bench301 study resume %[3]s --retry tries again",
			r.Dir, failed, shellWord(r.Dir))
	}
	if asJSON {
		return nil
	}
	part := r.Manifest.Shard
	whole, parted := strings.CutSuffix(r.Dir, fmt.Sprintf("-%d-of-%d", part.Index, part.Count))
	switch {
	case part.Count == 0:
		s.next("table", r.Dir)
	case parted:
		s.say("next, once all %d parts are there: bench301 study merge %s-*-of-%[1]d --out %[2]s", part.Count,
			shellWord(whole))
	}
	return nil
}

// printNotes prints what a reader of the results should know, a JSON object each.
func printNotes(s streams, notes []string) error {
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	for _, note := range notes {
		if err := e.Encode(map[string]string{"note": note}); err != nil {
			return err
		}
	}
	return nil
}

// work runs what is left of a run.
func work(ctx context.Context, s streams, r *study.Run, p *study.Plan, o runOptions) error {
	for _, note := range p.Notes {
		s.say("%s", note)
	}
	m := newMeter(s.err, r.Manifest.Name, "archs")
	o.Progress = m.count
	saved := saving(ctx)
	err := o.cluster.study(ctx, streams{s.in, s.out, m}, r, p, o.Options)
	saved()
	m.close()
	for _, program := range scoring.Programs(p.Questions) {
		if advice := program.Advice(); advice != "" {
			s.say("%s", advice)
		}
	}
	if err != nil {
		s.say("saved; go on with: bench301 study resume %s%s", shellWord(r.Dir), o.cluster.again())
	}
	return err
}
