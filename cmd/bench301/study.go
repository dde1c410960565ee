package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"rwe301/internal/atomicfile"
	"rwe301/store"
	"rwe301/study"
)

func newStudy(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "study",
		Short: "Run experiments from a definition in YAML",
		Long: `A study scores architectures with estimators, all settings of a grid, and keeps every score in a run folder that
figures and tables are drawn from. It may be interrupted, even killed, and resumed; it may run in shards on several
machines and be merged: the scores are the same to the bit.`,
		Example: `  bench301 study init my.yaml
  bench301 study plan my.yaml
  bench301 study run my.yaml`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{errors.New("study: name what to do: init, plan, run, resume, status, merge or export (see bench301 study --help)")}
		},
	}
	cmd.AddCommand(newStudyInit(s), newStudyPlan(s), newStudyRun(s), newStudyResume(s), newStudyStatus(s), newStudyMerge(s), newStudyExport(s))
	return cmd
}

// someArgs wants between low and high arguments.
func someArgs(low, high int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < low || len(args) > high {
			return usageError{fmt.Errorf("%s takes %s, not %d arguments", cmd.CommandPath(), what, len(args))}
		}
		return nil
	}
}

func newStudyInit(s streams) *cobra.Command {
	return &cobra.Command{
		Use:     "init [FILE]",
		Short:   "Write a commented definition with every legal key",
		Long:    "Writes a commented definition with every legal key, estimator and setting to FILE, which must not exist, or to standard output.",
		Example: "  bench301 study init my.yaml\n  bench301 study init | less",
		Args:    someArgs(0, 1, "one file at most"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return study.Template(s.out)
			}
			if _, err := os.Lstat(args[0]); err == nil {
				return fmt.Errorf("%s: exists: name another file", args[0])
			}
			return atomicfile.Write(args[0], study.Template)
		},
	}
}

// studyOptions are the flags of commands that run a study.
type studyOptions struct {
	out, shard string
	jobs       int
	yes        bool
	retry      bool
}

func (o *studyOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().IntVarP(&o.jobs, "jobs", "j", 0, "architectures at a time (default: one a core)")
	cmd.Flags().StringVar(&o.shard, "shard", "", "run one of several parts, e.g. 3/16; study merge joins them")
}

// load reads a definition and what it refers to.
func (o *studyOptions) load(ctx context.Context, path string) (text []byte, p *study.Plan, shard study.Shard, err error) {
	if o.jobs < 0 {
		return nil, nil, shard, usageError{fmt.Errorf("--jobs %d: must not be negative", o.jobs)}
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

func newStudyRun(s streams) *cobra.Command {
	var o studyOptions
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a study into a new run folder",
		Long: `Runs a study and prints how far it has come, estimator by estimator. Ctrl-C saves what is finished; study resume goes on.
A score that fails is kept with its reason and counts as not covered; study resume --retry tries it again.`,
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
			if n := p.Estimates(); n >= study.ManyEstimates && !o.yes {
				return fmt.Errorf("%s: %d estimates: --yes runs so many; study plan says how long they take", args[0], n)
			}
			dir := o.out
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
			return o.finish(cmd.Context(), s, r, p)
		},
	}
	o.addFlags(cmd)
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "run folder (default runs/NAME)")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "run a study of a million estimates or more")
	return cmd
}

func newStudyResume(s streams) *cobra.Command {
	var o studyOptions
	var anyVersion bool
	cmd := &cobra.Command{
		Use:     "resume RUN",
		Short:   "Go on with a run that was interrupted",
		Example: "  bench301 study resume runs/my-study\n  bench301 study resume runs/my-study --retry",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := study.OpenForWriting(args[0])
			if err != nil {
				return err
			}
			if m := r.Manifest; m.Code != machine().Code && !anyVersion {
				_ = r.Close()
				return fmt.Errorf("%s: begun by version %s, this is %s: scores of both would not be comparable (--any-version resumes all the same)", args[0], m.Code, machine().Code)
			}
			d, err := r.Definition()
			if err != nil {
				return errors.Join(err, r.Close())
			}
			p, err := study.Prepare(cmd.Context(), d)
			if err != nil {
				return errors.Join(err, r.Close())
			}
			defer p.Close()
			return o.finish(cmd.Context(), s, r, p)
		},
	}
	cmd.Flags().IntVarP(&o.jobs, "jobs", "j", 0, "architectures at a time (default: one a core)")
	cmd.Flags().BoolVar(&o.retry, "retry", false, "try again what failed")
	cmd.Flags().BoolVar(&anyVersion, "any-version", false, "go on with a run that another version of the program began")
	return cmd
}

// finish runs what is left of a run, and prints what came out.
func (o *studyOptions) finish(ctx context.Context, s streams, r *study.Run, p *study.Plan) (err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := o.work(ctx, s, r, p); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "bench301: run complete: %s\n", r.Dir)
	return printStatus(s, format{}, r)
}

// work runs what is left of a run.
func (o *studyOptions) work(ctx context.Context, s streams, r *study.Run, p *study.Plan) error {
	for _, note := range p.Notes {
		fmt.Fprintf(s.err, "bench301: %s\n", note)
	}
	var m *meter
	err := r.Do(ctx, p, machine(), study.Options{Workers: o.jobs, Retry: o.retry, Progress: func(done, total int) {
		if m == nil {
			m = newMeter(s.err, r.Manifest.Name, "archs", int64(total))
		}
		m.set(int64(done))
	}})
	if m != nil {
		m.close()
	}
	if err != nil {
		fmt.Fprintf(s.err, "bench301: saved; go on with: bench301 study resume %s\n", r.Dir)
	}
	return err
}

func newStudyStatus(s streams) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:     "status RUN",
		Short:   "Say how far a run has come",
		Example: "  bench301 study status runs/my-study\n  bench301 study status runs/my-study --json",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := study.Open(args[0])
			if err != nil {
				return err
			}
			defer r.Close()
			return printStatus(s, f, r)
		},
	}
	f.addFlags(cmd)
	return cmd
}

func printStatus(s streams, f format, r *study.Run) error {
	status, err := r.Status()
	if err != nil {
		return err
	}
	count := func(get func(study.Progress) int) func(study.Progress) string {
		return func(p study.Progress) string { return strconv.Itoa(get(p)) }
	}
	p := newPrinter(s.out, f,
		column[study.Progress]{"estimator", true, func(p study.Progress) string { return p.Label }},
		column[study.Progress]{"asked", false, count(func(p study.Progress) int { return p.Asked })},
		column[study.Progress]{"ok", false, count(func(p study.Progress) int { return p.OK })},
		column[study.Progress]{"undefined", false, count(func(p study.Progress) int { return p.Undefined })},
		column[study.Progress]{"failed", false, count(func(p study.Progress) int { return p.Failed })},
		column[study.Progress]{"missing", false, count(func(p study.Progress) int { return p.Missing })},
		column[study.Progress]{"seconds", false, func(p study.Progress) string { return strconv.FormatFloat(p.Seconds, 'f', 2, 64) }},
		column[study.Progress]{"reason", true, func(p study.Progress) string { return p.Reason }},
	)
	for _, row := range status {
		if err := p.print(row); err != nil {
			return err
		}
	}
	return p.close()
}

func newStudyMerge(s streams) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "merge RUN RUN... --out DIR",
		Short: "Join the runs of a study's shards",
		Long: `Joins runs of the same study, made by the same version of the program, into a new run folder. A score that two of them
hold is an error. The runs stay as they are.`,
		Example: "  bench301 study merge runs/my-study-*-of-16 --out runs/my-study",
		Args:    someArgs(2, 1<<20, "two run folders or more"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usageError{errors.New("study merge: --out names the folder of the joined run")}
			}
			missing, err := study.Merge(cmd.Context(), out, args)
			if err != nil {
				return err
			}
			if missing > 0 {
				fmt.Fprintf(s.err, "bench301: %d scores are in none of the runs; bench301 study resume %s makes them\n", missing, out)
			}
			return printLine(s, out)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "folder of the joined run")
	return cmd
}

func newStudyExport(s streams) *cobra.Command {
	var as string
	var noTimes bool
	cmd := &cobra.Command{
		Use:   "export RUN",
		Short: "Print every score of a run with its origin",
		Long: `Prints every score of a run, in an order that does not depend on how the run went. With --no-times the export leaves
out seconds and machine, and is then the same to the byte for every number of workers, interruption and shard.`,
		Example: `  bench301 study export runs/my-study > scores.csv
  bench301 study export runs/my-study --format parquet > scores.parquet`,
		Args: someArgs(1, 1, "one run folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := study.Open(args[0])
			if err != nil {
				return err
			}
			defer r.Close()
			return store.Export(s.out, store.Format(as), r.Store.All(), !noTimes)
		},
	}
	cmd.Flags().StringVar(&as, "format", string(store.FormatCSV), "csv, jsonl or parquet")
	cmd.Flags().BoolVar(&noTimes, "no-times", false, "leave out seconds and machine")
	return cmd
}

// measuring is how long study plan measures.
const measuring = time.Minute

func newStudyPlan(s streams) *cobra.Command {
	var f format
	var o studyOptions
	var untimed bool
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Say what a study would run and how long it takes",
		Long: `Prints every estimator with its settings, the number of scores and the seconds of one, measured on one architecture
(at most a minute in all), and on standard error the estimated time of the whole study.`,
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
	f.addFlags(cmd)
	o.addFlags(cmd)
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

func printPlan(s streams, f format, p *study.Plan, t study.Timing) error {
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
