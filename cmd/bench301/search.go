package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/moo"
	"rwe301/reports"
	"rwe301/search"
)

// searchOptions are the flags of search.
type searchOptions struct {
	jobsOptions
	out string
	accuracyOptions
	images         imageOptions
	definition     search.Definition
	algorithm      string
	objectives     []string
	limits         []string
	seeds          []uint
	resume, report string
	json           bool
}

func newSearch(s streams) *cobra.Command {
	o := searchOptions{definition: search.Default()}
	d := &o.definition
	cmd := with(&cobra.Command{
		Use:   "search [FILE]",
		Short: "Search for architectures that trade accuracy against size",
		Long: `Multi-objective search: minimises two or three objectives, and reports the front re-evaluated by the accuracy
source. One method is given by flags; FILE, in YAML, compares several, each with the same number of evaluations
(bench301 search init writes one with every key):

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
flops are minimised, and counted at C=32 and 8 cells.

Every generation is saved. Ctrl-C prints the fronts so far; bench301 search resume goes on, to the same end as without
the interruption. The report of the run folder is written at the end, and by bench301 report.

Exit status: 0 all searches are finished, 1 the work broke off, 130 interrupted (what was finished is kept).`,
		Example: `  bench301 search --population 20 --generations 30
  bench301 search -O rwe-ridge -O macs --max macs=200M --seeds 1,2,3 --out runs/small
  bench301 search comparison.yaml
  bench301 search resume runs/small`,
		Args: someArgs(0, 1, "one definition at most"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, s, args) },
	}, spaceFlag(&d.Space), o.accuracyOptions.AddFlags, o.images.AddFlags,
		outFlag(&o.out, "run folder (default runs/<UTC time>-search)"), o.jobsOptions.AddFlags, jsonFlag(&o.json))
	f := cmd.Flags()
	f.StringVarP(&o.algorithm, "algorithm", "a", "nsga2", "one of "+strings.Join(search.Algorithms(), ", "))
	f.StringArrayVarP(&o.objectives, "objective", "O", d.Methods[0].Objectives, "what to minimise; give two or three")
	f.StringArrayVar(&o.limits, "max", nil, "bound an objective, e.g. macs=600M")
	f.IntVar(&d.Population, "population", d.Population, "solutions of a generation")
	f.IntVar(&d.Generations, "generations", d.Generations, "generations")
	f.UintSliceVar(&o.seeds, "seeds", []uint{1}, "one run a seed")
	f.StringVar(&d.Weights, "weights", d.Weights, "common: all runs see the same random weights; fresh: each run "+
		"draws its own")
	alias(cmd, "dataset", "data")
	f.StringVar(&o.resume, "resume", "", "the same as bench301 search resume")
	f.StringVar(&o.report, "report", "", "write the report of a run folder again, without searching")
	cmd.MarkFlagsMutuallyExclusive("resume", "report", "out")
	f.Lookup("resume").Hidden, f.Lookup("report").Hidden = true, true
	cmd.AddCommand(newInit("search", search.Template, s), newSearchResume(s))
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
	}, o.jobsOptions.AddFlags, jsonFlag(&o.json))
}

func (o *searchOptions) run(cmd *cobra.Command, s streams, args []string) (err error) {
	ctx := cmd.Context()
	searches, err := o.open(cmd, args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, searches.Close()) }()
	var searching error
	if o.report == "" {
		defer saving(ctx)()
		s.say("searching into %s", searches.Dir)
		p := searchProgress{s: s, start: time.Now()}
		searching = searches.Run(ctx, o.jobs, p.print)
		if searching != nil && !errors.Is(searching, context.Canceled) {
			return searching
		}
	}
	found, err := searches.Report(context.WithoutCancel(ctx)) // an interrupted search still shows what it has
	if err != nil {
		return errors.Join(searching, err)
	}
	report := reports.Search{Fronts: found}
	if _, err := searchReport(report, searches.Dir); err != nil {
		return errors.Join(searching, err)
	}
	for _, line := range report.Empty() {
		s.say("%s", line)
	}
	if searching != nil {
		s.say("saved; go on with: bench301 search resume %s", searches.Dir)
	}
	return errors.Join(report.Print(s.out, o.json), searching)
}

// open makes or opens the run folder that the flags ask for.
func (o *searchOptions) open(cmd *cobra.Command, args []string) (*search.Searches, error) {
	ctx := cmd.Context()
	if dir := o.resume + o.report; dir != "" {
		if len(args) > 0 {
			return nil, usagef("--resume and --report read the definition from the run folder: leave the file out")
		}
		return search.Open(ctx, dir)
	}
	d, err := o.define(cmd, args)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join("runs", time.Now().UTC().Format("20060102-150405")+"-"+d.Name)
	return search.Create(ctx, cmp.Or(o.out, dir), d, machine())
}

// searched are the flags that say what is searched, which a file says otherwise.
var searched = []string{
	"algorithm", "objective", "max", "population", "generations", "seeds", "weights", "space", "surrogate",
	"table", "column", "data", "data-side", "data-train", "data-test",
}

// define reads the definition, or makes one of the flags.
func (o *searchOptions) define(cmd *cobra.Command, args []string) (search.Definition, error) {
	if len(args) == 1 {
		for _, name := range searched {
			if cmd.Flags().Changed(name) {
				return o.definition, usagef("--%s: %s says what is searched: change it there", name, args[0])
			}
		}
		text, err := os.ReadFile(args[0])
		if err != nil {
			return o.definition, err
		}
		return search.Parse(args[0], text)
	}
	d := o.definition
	d.Methods = []analysis.Method{{Name: o.algorithm, Algorithm: o.algorithm, Objectives: o.objectives}}
	d.Accuracy, d.Dataset = o.accuracy(), o.images.Images
	if d.Weights != search.CommonWeights && d.Weights != search.FreshWeights {
		return d, usagef("--weights %s: must be common or fresh", d.Weights)
	}
	for _, l := range o.limits {
		limit, err := search.ParseLimit(l)
		if err != nil {
			return d, usagef("--max: %w", err)
		}
		d.Limits = append(d.Limits, limit)
	}
	d.Seeds = nil
	for _, seed := range o.seeds {
		d.Seeds = append(d.Seeds, uint64(seed))
	}
	if err := d.Validate(); err != nil {
		return d, usageError{err}
	}
	var err error
	d.Base, err = filepath.Abs(".")
	return d, err
}

// searchProgress prints a line a generation, at most one in a while.
type searchProgress struct {
	s       streams
	start   time.Time
	last    time.Time
	running string
}

func (p *searchProgress) print(m analysis.Method, seed uint64, g moo.Generation[string]) {
	name := fmt.Sprintf("%s seed %d", m.Name, seed)
	if name != p.running {
		p.running, p.last = name, time.Time{}
		fmt.Fprintf(p.s.err, "%s: minimising %s\n%8s %8s %8s %8s %8s  best of each objective\n", printable.Line(name),
			printable.Line(strings.Join(m.Objectives, ", ")), "n_gen", "n_eval", "n_new", "n_nds", "seconds")
	}
	if time.Since(p.last) < quiet/2 {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.s.err, "%8d %8d %8d %8d %8.1f ", g.Number, g.Evaluations, g.Distinct, len(g.Front),
		time.Since(p.start).Seconds())
	for k := range m.Objectives {
		least := 0.0
		for i, f := range g.Front {
			if i == 0 || f.Objectives[k] < least {
				least = f.Objectives[k]
			}
		}
		fmt.Fprintf(p.s.err, " %.6g", least)
	}
	fmt.Fprintln(p.s.err)
}
