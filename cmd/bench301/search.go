package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/internal/yamldoc"
	"rwe301/moo"
	"rwe301/reports"
	"rwe301/search"
)

// searchOptions are the flags of search.
type searchOptions struct {
	workers clusterOptions
	jobsOptions
	out string
	accuracyOptions
	images         imageOptions
	definition     search.Definition
	algorithm      string
	objectives     []string
	limits         []string
	seeds          string
	resume, report string
	may            beginners
	json, yes      bool
}

func newSearch(s streams) *cobra.Command {
	o := searchOptions{definition: search.Default()}
	d := &o.definition
	cmd := with(&cobra.Command{
		Use:   "search [FILE]",
		Short: "Search for architectures that trade accuracy against size",
		Long: `Minimises one to three objectives, and reports the front, with one objective the best architecture,
re-evaluated by the accuracy source. One method is given by flags; FILE, in YAML, compares several, each with the same
number of evaluations (bench301 search init writes one with every key). Without FILE and --objective nothing starts:
what would be searched, and for how long, is printed, and --yes starts it.

  name: rwe-search
  methods:
    - {name: rwe, algorithm: nsga2, objectives: [rwe-ridge, macs]}
    - {name: random, algorithm: random, objectives: [rwe-ridge, macs]}
    - {name: upper, algorithm: nsga2, objectives: [accuracy, macs]}
  population: 20
  generations: 30
  seeds: 1..5
  limits: {macs: 200M}

An objective is "accuracy" (of the accuracy source), surrogate:PATH, or an estimator with settings, as
rwe-ridge:channels=16. Scores that are better when higher are negated, percentages become errors; params, macs and
flops are minimised, and counted at C=32 and 8 cells. --max, limits and budgets bound from above what is minimised, or a
count as it is counted: macs=600M, pool-count=2, accuracy=7 for an error of at most 7 %.

Every generation is saved. Ctrl-C prints the fronts so far; bench301 search resume goes on, to the same end as without
the interruption. The report of the run folder is written at the end, and by bench301 report.

With --listen or --nats evaluations go to bench301 worker on any number of machines, to the same end as on one;
status --watch shows them, docs/clusters.md tells more.

Exit status: 0 all searches are finished, 1 the work broke off or nothing could be scored, 130 interrupted (what was
finished is kept).`,
		Example: `  bench301 search
  bench301 search -O rwe-ridge -O macs --max macs=200M --seeds 1,2,3 --out runs/small
  bench301 search comparison.yaml
  bench301 search comparison.yaml --listen 127.0.0.1:4222
  bench301 search resume runs/small`,
		Args: someArgs(0, 1, "one definition at most"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, s, args) },
	}, spaceFlag(&d.Space), o.accuracyOptions.AddFlags, o.images.AddFlags,
		outFlag(&o.out, "run folder (default runs/NAME, of flags runs/search, or NAME-2 and so on where "+
			"that is taken)"), o.jobsOptions.AddFlags, o.workers.AddFlags, jsonFlag(&o.json))
	f := cmd.Flags()
	f.StringVarP(&o.algorithm, "algorithm", "a", "nsga2", "one of "+strings.Join(search.Algorithms(), ", "))
	f.StringArrayVarP(&o.objectives, "objective", "O", d.Methods[0].Objectives, "what to minimise; give one to three")
	f.StringArrayVar(&o.limits, "max", nil, "bound an objective, e.g. macs=600M")
	f.IntVar(&d.Population, "population", d.Population, "solutions of a generation")
	f.IntVar(&d.Generations, "generations", d.Generations, "generations")
	f.StringVar(&o.seeds, "seeds", "1", "one run a seed: 1,2,5 or 1..5")
	f.StringVar(&d.Weights, "weights", d.Weights, "common: all runs see the same random weights; fresh: each run "+
		"draws its own")
	alias(cmd, "dataset", "data")
	f.BoolVar(&o.yes, "yes", false, "start though neither a file nor --objective says what is minimised")
	f.StringVar(&o.resume, "resume", "", "the same as bench301 search resume")
	f.StringVar(&o.report, "report", "", "write the report of a run folder again, without searching")
	cmd.MarkFlagsMutuallyExclusive("resume", "report", "out")
	f.Lookup("resume").Hidden, f.Lookup("report").Hidden = true, true
	anyVersionFlag(&o.may.anyVersion)(cmd)
	f.Lookup("any-version").Hidden = true // it belongs to --resume
	cmd.AddCommand(newInit("search", search.Template, s), newSearchResume(s), newPopulations(s))
	return cmd
}

func newSearchResume(s streams) *cobra.Command {
	var o searchOptions
	return with(&cobra.Command{
		Use:     "resume RUN",
		Short:   "Go on with searches that were interrupted",
		Long:    "Goes on with searches that were interrupted, to the same end as without the interruption.",
		Example: "  bench301 search resume runs/small\n  bench301 search resume runs/small --jobs 4 --json",
		Args:    someArgs(1, 1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.resume = args[0]
			return o.run(cmd, s, nil)
		},
	}, o.jobsOptions.AddFlags, o.workers.AddFlags, jsonFlag(&o.json), o.may.AddFlags)
}

// parting is how long an interrupted search may take to show what it has.
const parting = time.Second

func (o *searchOptions) run(cmd *cobra.Command, s streams, args []string) (err error) {
	ctx := cmd.Context()
	if o.report != "" {
		return o.again(ctx, s, args)
	}
	if o.resume == "" && len(args) == 0 && !o.yes && !cmd.Flags().Changed("objective") {
		return o.plan(cmd, s)
	}
	if err := o.workers.check(ctx, s); err != nil {
		return err
	}
	searches, err := o.open(cmd, s, args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, searches.Close()) }()
	for _, note := range searches.Notes() {
		s.say("%s", note)
	}
	s.say("searching into %s", searches.Dir)
	p := newSearchProgress(s)
	defer saving(ctx)()
	if err := o.workers.search(ctx, s, searches, o.jobs, p.print); err != nil {
		if errors.Is(err, context.Canceled) {
			o.part(ctx, s, searches)
		}
		return err
	}
	if p.last.IsZero() {
		s.say("%s: the searches were finished: nothing was left to do", searches.Dir)
	}
	found, err := searches.Report(ctx)
	if err != nil {
		return err
	}
	if err := judged(s, found); err != nil {
		return fmt.Errorf("%s: %w", searches.Dir, err)
	}
	if err := o.show(ctx, s, reports.Search{Fronts: found}, searches.Dir); err != nil {
		return err
	}
	if !o.json {
		s.next("table", searches.Dir)
	}
	return nil
}

// judged says how many architectures of searches could not be scored; it is an error where none could.
func judged(s streams, found *analysis.Fronts) error {
	failed, all := found.Failures()
	if failed == 0 {
		return nil
	}
	why := printable.Cut(analysis.CommonestOf(found.Failed), 300)
	if failed == all {
		return fmt.Errorf("nothing was scored: all %d architectures failed: %s", all, why)
	}
	s.say("%d of %d architectures could not be scored: %s", failed, all, why)
	return nil
}

// part shows what an interrupted search has, unless that takes long.
func (o *searchOptions) part(ctx context.Context, s streams, searches *search.Searches) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	if found, err := searches.Report(ctx); err == nil {
		_ = reports.Search{Fronts: found}.Print(s.out, o.json, tableLook(s))
	} else {
		s.say("the fronts so far are many: bench301 report %s writes them", shellWord(searches.Dir))
	}
	s.say("saved; go on with: bench301 search resume %s%s", shellWord(searches.Dir), o.workers.again())
}

// again writes and shows the report of a folder, without searching.
func (o *searchOptions) again(ctx context.Context, s streams, args []string) error {
	if len(args) > 0 {
		return usagef("--resume and --report read the definition from the run folder: leave the file out")
	}
	r, err := fronts(ctx, o.report)
	if err != nil {
		return err
	}
	return o.show(ctx, s, r, o.report)
}

// show writes the report of searches into their folder and prints its tables.
func (o *searchOptions) show(ctx context.Context, s streams, r reports.Search, dir string) error {
	_, undrawn := searchReport(ctx, r, dir)
	if undrawn != nil && !errors.As(undrawn, new(*reports.Undrawn)) {
		return undrawn
	}
	for _, line := range r.Empty() {
		s.say("%s", line)
	}
	return errors.Join(r.Print(s.out, o.json, tableLook(s)), undrawn)
}

// open makes or opens the run folder that the flags ask for.
func (o *searchOptions) open(cmd *cobra.Command, s streams, args []string) (*search.Searches, error) {
	ctx := cmd.Context()
	if o.resume != "" {
		if len(args) > 0 {
			return nil, usagef("--resume and --report read the definition from the run folder: leave the file out")
		}
		searches, err := search.OpenForWriting(ctx, o.resume, machine())
		if err != nil {
			return nil, err
		}
		done, err := searches.Finished(ctx)
		if err == nil && !done {
			err = begunHere(o.resume, searches.Begun(), searches.Manifest.Platform, o.may)
		}
		if err != nil {
			return nil, errors.Join(err, searches.Close())
		}
		return searches, nil
	}
	if o.may.anyVersion {
		return nil, usagef("--any-version belongs to search resume")
	}
	d, err := o.define(cmd, args)
	if err != nil {
		return nil, err
	}
	dir := o.out
	if dir == "" {
		dir = newRunFolder(s, d.Name, "bench301 search resume")
	}
	return search.Create(ctx, dir, d, machine())
}

// searched are the flags that say what is searched, which a file says otherwise.
var searched = []string{
	"algorithm", "objective", "max", "population", "generations", "seeds", "weights", "space", "surrogate",
	"table", "column", "unit", "repeats",
}

// define reads the definition, or makes one of the flags.
func (o *searchOptions) define(cmd *cobra.Command, args []string) (search.Definition, error) {
	if len(args) == 1 {
		for _, name := range searched {
			if cmd.Flags().Changed(name) {
				return o.definition, usagef("--%s: %s says what is searched: change it there", name, args[0])
			}
		}
		text, err := yamldoc.ReadFile(args[0])
		if err != nil {
			return o.definition, err
		}
		d, err := search.Parse(args[0], text)
		if err == nil && slices.ContainsFunc([]string{"data", "data-side", "data-train", "data-test"},
			cmd.Flags().Changed) {
			d.Dataset, err = o.images.absolute()
		}
		return d, err
	}
	d := o.definition
	d.Methods = []analysis.Method{{Name: o.algorithm, Algorithm: o.algorithm, Objectives: o.objectives}}
	d.Accuracy, d.Repeats, d.Dataset = o.accuracy(), o.repeats, o.images.Images
	for _, l := range o.limits {
		limit, err := search.ParseLimit(l)
		if err != nil {
			return d, usagef("--max: %w", err)
		}
		d.Limits = append(d.Limits, limit)
	}
	var err error
	if d.Seeds, err = wholeNumbers("--seeds", o.seeds); err != nil {
		return d, usageError{err}
	}
	if err := d.Validate(); err != nil {
		return d, usageError{err}
	}
	d.Base, err = filepath.Abs(".")
	return d, err
}

// maxNumbers bounds a range of seeds.
const maxNumbers = 100_000

// wholeNumbers reads "1,2,5" and "1..5" of a flag.
func wholeNumbers(flag, text string) (numbers []uint64, err error) {
	for _, part := range strings.Split(text, ",") {
		from, to, ranged := strings.Cut(part, "..")
		if !ranged {
			to = from
		}
		low, err := strconv.ParseUint(strings.TrimSpace(from), 10, 63)
		high, err2 := strconv.ParseUint(strings.TrimSpace(to), 10, 63)
		if err != nil || err2 != nil || low > high || high-low >= maxNumbers || len(numbers) >= maxNumbers {
			return nil, fmt.Errorf("%s %q: must be whole numbers from 0 such as 1,2,5 or 1..5, at most %d of them", flag,
				printable.Cut(part, 50), maxNumbers)
		}
		for n := low; n <= high; n++ {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// plan says what the flags would search, and how long that takes.
func (o *searchOptions) plan(cmd *cobra.Command, s streams) error {
	d, err := o.define(cmd, nil)
	if err != nil {
		return err
	}
	t, err := search.Time(cmd.Context(), d, o.jobs)
	if err != nil {
		return err
	}
	m := d.Methods[0]
	fmt.Fprintf(s.out, `would search %s by %s for architectures that minimise %s:
%d generations of %d, %d %s, at most %d evaluations, about %v on %d %s here
(one evaluation takes %s s, measured on one architecture)

start it:           bench301 search --yes
say what to search: bench301 search -O rwe-ridge -O macs --generations 10
compare methods:    bench301 search init my.yaml, then bench301 search my.yaml
`, d.Space, m.Algorithm, strings.Join(m.Objectives, " and "), d.Generations, d.Population, len(d.Seeds),
		plural(len(d.Seeds), "seed"), t.Evaluations, t.Total.Round(time.Second), t.Workers, plural(t.Workers, "core"),
		reports.Seconds(t.Each))
	return nil
}

// plural is a word for so many.
func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// searchProgress prints a line a generation, at most one in a while.
type searchProgress struct {
	s       streams
	start   time.Time
	pause   time.Duration // between lines
	last    time.Time
	running string
}

func newSearchProgress(s streams) *searchProgress {
	p := &searchProgress{s: s, start: time.Now(), pause: quiet / 2}
	if !isTerminal(s.err) {
		p.pause = often
	}
	return p
}

func (p *searchProgress) print(m analysis.Method, seed uint64, g moo.Generation[string]) {
	name := fmt.Sprintf("%s seed %d", m.Name, seed)
	if name != p.running {
		p.running, p.last = name, time.Time{}
		fmt.Fprintf(p.s.err, "%s: minimising %s\n%8s %8s %8s %8s %8s  best of each objective\n", printable.Line(name),
			printable.Line(strings.Join(m.Objectives, ", ")), "n_gen", "n_eval", "n_new", "n_nds", "seconds")
	}
	if time.Since(p.last) < p.pause {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.s.err, "%8d %8d %8d %8d %8.1f ", g.Number, g.Evaluations, g.Distinct, len(g.Front),
		time.Since(p.start).Seconds())
	for k := range m.Objectives {
		best := "none"
		if len(g.Front) > 0 {
			least := g.Front[0].Objectives[k]
			for _, f := range g.Front {
				least = min(least, f.Objectives[k])
			}
			best = fmt.Sprintf("%.6g", least)
		}
		fmt.Fprint(p.s.err, " ", best)
	}
	fmt.Fprintln(p.s.err)
}
