package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rwe301/analysis"
	"rwe301/bench301/dataset"
	"rwe301/bench301/surrogate"
	"rwe301/correlation"
	"rwe301/internal/printable"
	"rwe301/internal/suggest"
	"rwe301/scoring"
)

// alias gives a flag an old spelling, which help does not show. Both set the same variable; two values that differ are
// refused.
func alias(cmd *cobra.Command, old, name string) {
	f := cmd.Flags()
	flag, set := f.Lookup(name), new(string)
	value := flag.Value
	flag.Value = spelling{value, name, set, flag}
	f.Var(spelling{value, old, set, flag}, old, "the same as --"+name)
	f.Lookup(old).Hidden = true
}

// spelling is the value of a flag under one of its names.
type spelling struct {
	pflag.Value
	name string
	set  *string // the name that set the value last
	flag *pflag.Flag
}

func (s spelling) Set(text string) error {
	before, by := s.String(), *s.set
	if err := s.Value.Set(text); err != nil {
		return err
	}
	if by != "" && by != s.name && s.String() != before {
		return fmt.Errorf("--%s says %s: they are two spellings of one flag", by, before)
	}
	*s.set, s.flag.Changed = s.name, true
	return nil
}

// jobsOptions say how many architectures are scored at a time.
type jobsOptions struct{ jobs int }

// AddFlags gives a command the flag --jobs.
func (o *jobsOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().IntVarP(&o.jobs, "jobs", "j", 0, "architectures at a time (default: one a core)")
	before(cmd, func() error { return atLeast("--jobs", o.jobs, 0) })
}

// atLeast refuses a count that is less than 0 or 1.
func atLeast(flag string, n, least int) error {
	switch {
	case n >= least:
		return nil
	case least == 0:
		return usagef("%s %d: must not be negative", flag, n)
	}
	return usagef("%s %d: must be at least %d", flag, n, least)
}

// with gives a command the flags that options add.
func with(cmd *cobra.Command, options ...func(*cobra.Command)) *cobra.Command {
	for _, add := range options {
		add(cmd)
	}
	return cmd
}

// before has a command check its flags before it runs.
func before(cmd *cobra.Command, check func() error) {
	others := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if others != nil {
			if err := others(cmd, args); err != nil {
				return err
			}
		}
		return check()
	}
}

// outFlag adds the flag --out, for what.
func outFlag(out *string, what string) func(*cobra.Command) {
	return func(cmd *cobra.Command) { cmd.Flags().StringVarP(out, "out", "o", "", what) }
}

// imagesUsage says what the flag --data takes.
const imagesUsage = "images: sample (part of CIFAR-10, inside the binary), cifar10 (all of it, see the command data " +
	"fetch), a folder or archive of CIFAR-10, or a folder with train/CLASS/IMAGE and val/CLASS/IMAGE"

// imageOptions say which images a command scores with.
type imageOptions struct{ scoring.Images }

// AddFlags gives a command the flags --data, --data-side, --data-train and --data-test.
func (o *imageOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.Name, "data", "sample", imagesUsage)
	f.IntVar(&o.Side, "data-side", 0, "height and width to which the images of such a folder are resized and cut "+
		"(default 32)")
	f.IntVar(&o.Train, "data-train", 0, "read so many training images of such a folder only, classes in turn "+
		"(default: all)")
	f.IntVar(&o.Test, "data-test", 0, "the same for its test images")
}

// absolute is the images, a folder by its whole path.
func (o *imageOptions) absolute() (scoring.Images, error) {
	images := o.Images
	if slices.Contains([]string{"sample", dataset.SampleName, dataset.CIFAR10Name}, images.Name) {
		return images, nil
	}
	var err error
	images.Name, err = filepath.Abs(images.Name)
	return images, err
}

// open reads the images.
func (o *imageOptions) open(ctx context.Context, talk io.Writer) (*dataset.Set, error) {
	m := newMeter(talk, "reading images", "images")
	defer m.close()
	var in scoring.Inputs
	return in.Images(ctx, o.Images, m.set)
}

// accuracyOptions say which accuracies scores are compared with.
type accuracyOptions struct {
	surrogate, table, column string
	unit                     scoring.Unit
	repeats                  scoring.Repeats
}

// AddFlags gives a command the flags --surrogate, --table, --column, --unit and --repeats.
func (o *accuracyOptions) AddFlags(cmd *cobra.Command) {
	surrogateFlag(&o.surrogate)(cmd)
	f := cmd.Flags()
	f.StringVar(&o.table, "table", "", "take the accuracies from this `FILE` instead, which has a column arch")
	columnFlag(&o.column)(cmd)
	cmd.MarkFlagsMutuallyExclusive("surrogate", "table")
	unitFlag(&o.unit)(cmd)
	repeatsFlag(&o.repeats)(cmd)
	for _, name := range []string{"unit", "repeats"} {
		cmd.MarkFlagsMutuallyExclusive("surrogate", name)
	}
}

// columnFlag adds the flag --column.
func columnFlag(column *string) func(*cobra.Command) {
	return func(cmd *cobra.Command) {
		cmd.Flags().StringVar(column, "column", "", "column of the table that holds the accuracies (default val_accuracy, "+
			"or accuracy, or the only one with acc in its name)")
	}
}

// unitFlag adds the flag --unit.
func unitFlag(unit *scoring.Unit) func(*cobra.Command) {
	names := scoring.UnitNames()
	return func(cmd *cobra.Command) {
		cmd.Flags().StringVar((*string)(unit), "unit", "", "how the table writes accuracies: "+
			strings.Join(names, " or ")+" (default: fraction where all lie in [0, 1])")
		before(cmd, func() error { return oneOf("--unit", string(*unit), append(names, "")) })
	}
}

// repeatsFlag adds the flag --repeats.
func repeatsFlag(repeats *scoring.Repeats) func(*cobra.Command) {
	names := scoring.RepeatsNames()
	return func(cmd *cobra.Command) {
		cmd.Flags().StringVar((*string)(repeats), "repeats", "", "rows of the table that repeat an architecture with "+
			"other values: "+strings.Join(names, ", or their ")+" (default "+names[0]+")")
		before(cmd, func() error { return oneOf("--repeats", string(*repeats), append(names, "")) })
	}
}

// oneOf refuses a value that is not among the legal ones.
func oneOf(flag, value string, legal []string) error {
	if slices.Contains(legal, value) {
		return nil
	}
	legal = slices.DeleteFunc(slices.Clone(legal), func(l string) bool { return l == "" })
	return usagef("%s %s: must be %s%s", flag, printable.Cut(value, 50), strings.Join(legal, " or "),
		suggest.Near(value, legal))
}

// accuracy is what the flags name.
func (o *accuracyOptions) accuracy() scoring.Accuracy {
	if o.table != "" {
		return scoring.Accuracy{Source: scoring.Tabled, File: o.table, Column: o.column, Unit: o.unit}
	}
	return scoring.AccuracyOf(o.surrogate)
}

// surrogateFlag adds the flag --surrogate.
func surrogateFlag(name *string) func(*cobra.Command) {
	return func(cmd *cobra.Command) {
		cmd.Flags().StringVar(name, "surrogate", surrogate.MiniKey, "surrogate to ask: mini, mini2, a `PATH`, or the name "+
			"of an imported one; nasbench201 or nasbench201:cifar100 are accuracies of networks that were trained (see data "+
			"import nasbench201)")
	}
}

// openSurrogate opens a surrogate by name or path.
func openSurrogate(name string) (surrogate.Surrogate, error) {
	var in scoring.Inputs
	s, _, err := in.Surrogate(name)
	return s, unknownSurrogate(err)
}

// unknownSurrogate makes a name that nothing has an error of the command line.
func unknownSurrogate(err error) error {
	if errors.Is(err, surrogate.ErrUnknown) {
		return usageError{err}
	}
	return err
}

// analysisOptions say which scores are analysed, and how.
type analysisOptions struct {
	sourceOptions
	resampling correlation.Options
	combine    []string
}

// AddFlags gives a command the flags of sourceOptions, --resamples, --resampling-seed and --combine.
func (o *analysisOptions) AddFlags(cmd *cobra.Command) {
	o.sourceOptions.AddFlags(cmd)
	f := cmd.Flags()
	f.IntVar(&o.resampling.Resamples, "resamples", correlation.DefaultResamples, "bootstrap resamples")
	f.Uint64Var(&o.resampling.Seed, "resampling-seed", 0, "seed of the resampling")
	f.StringArrayVar(&o.combine, "combine", nil, "also judge a combination of estimators: rank:NAME+NAME (mean "+
		"rank), logrank: (sum of log ranks), zscore: (sum of standard scores), or linear: (fitted to the accuracies "+
		"of all other architectures); repeat for several")
	before(cmd, o.validate)
}

func (o *analysisOptions) validate() error {
	if err := atLeast("--resamples", o.resampling.Resamples, 1); err != nil {
		return err
	}
	for _, text := range o.combine {
		if _, _, err := analysis.ParseCombination(text); err != nil {
			return usageError{err}
		}
	}
	return nil
}

// analyse adds the combinations to results and correlates their scores; compare also compares these with the best.
// told, unless nil, hears how many steps of how many are done.
func (o *analysisOptions) analyse(
	ctx context.Context, r *analysis.Results, compare bool, told func(done, total int),
) (*analysis.Findings, error) {
	for _, text := range o.combine {
		c, labels, err := analysis.ParseCombination(text)
		if err == nil {
			err = r.Combine(c, labels)
		}
		if err != nil {
			return nil, err
		}
	}
	return analysis.Analyse(ctx, r, analysis.Options{Options: o.resampling, Compare: compare, Progress: told})
}

// run analyses what is named as a run. varied also finds out which settings single scores vary.
func (o *analysisOptions) run(ctx context.Context, s streams, varied bool, names ...string) (*analysis.Findings,
	error) {
	results, err := o.load(ctx, s, names...)
	if err != nil {
		return nil, err
	}
	return o.compared(ctx, s, varied, true, results)
}

// compared analyses results, and compares the estimators with the best one unless they are left as they stand.
func (o *analysisOptions) compared(
	ctx context.Context, s streams, varied, compare bool, results *analysis.Results,
) (*analysis.Findings, error) {
	if results.Truth == nil {
		return nil, fmt.Errorf("%s: no accuracies: nothing to correlate the scores with: --surrogate or --table says where "+
			"they come from", results.From.Dir)
	}
	if len(results.Columns) == 0 {
		return nil, fmt.Errorf("%s: no scores of an estimator: nothing to correlate with the accuracies", results.From.Dir)
	}
	if varied && results.From.Records {
		results.InferVariations()
	}
	count, done := s.steps("comparing the scores of "+results.From.Dir, "steps")
	defer done()
	return o.analyse(ctx, results, compare, count)
}
