package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/internal/printable"
	"rwe301/reports"
)

// cohortsHelp explains what cohorts are.
const cohortsHelp = `Cohorts are sets of architectures within which estimators are correlated with accuracies: the
population after a generation of a search (survivors), what a generation evaluated (newborn), all architectures by the
generation that evaluated them first (births), or, of any run, equal parts by size or by accuracy. Runs of searches and
studies over them have the first three, and show survivors and newborn unless --cohorts says which. Correlations are
averaged over the seeds of a method, and shown also given a count, which is held fixed.`

// published is the one set of curves that cohorts can be compared with.
const published = "published"

// cohortOptions say which cohorts are shown.
type cohortOptions struct {
	reports.CohortOptions
	generations, reference string
	changed                func() string // the first of the flags that was given; "" for none
}

// AddFlags gives a command the flags --cohorts, --given, --generations, --quantiles and --methods.
func (o *cohortOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar((*string)(&o.Of), "cohorts", "", "which cohorts are shown: "+strings.Join(groupingNames(), ", ")+
		" (default: survivors and newborn)")
	f.StringVar(&o.Given, "given", "", "`ESTIMATOR` that the partial correlations within cohorts hold fixed, and that "+
		"--cohorts size goes by (default "+analysis.DefaultGiven+")")
	f.StringVar(&o.generations, "generations", "", "generations that means and comparisons of cohorts are over, such as "+
		"5..19 (default 5 to the last)")
	f.IntVar(&o.Quantiles, "quantiles", 0, "parts of --cohorts size or accuracy (default 5)")
	f.StringSliceVar(&o.Methods, "methods", nil, "methods of the searches whose cohorts are shown (default: all)")
	names := []string{"cohorts", "given", "generations", "quantiles", "methods", "reference"}
	o.changed = func() string {
		i := slices.IndexFunc(names, f.Changed)
		if i < 0 {
			return ""
		}
		return "--" + names[i]
	}
	before(cmd, func() error { return o.validate(cmd) })
}

// referenceFlag adds the flag --reference.
func (o *cohortOptions) referenceFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.reference, "reference", "", "also draw the curves that RWE's authors `published`, "+
		"read off a picture, behind those of survivors")
}

// groupingNames are those of analysis.Groupings.
func groupingNames() (names []string) {
	for _, g := range analysis.Groupings() {
		names = append(names, string(g))
	}
	return names
}

// validate checks the flags.
func (o *cohortOptions) validate(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	if changed("cohorts") {
		if err := oneOf("--cohorts", string(o.Of), groupingNames()); err != nil {
			return err
		}
	}
	parts := o.Of == analysis.BySize || o.Of == analysis.ByTruth
	switch {
	case changed("reference") && o.reference != published:
		return usagef("--reference %s: must be %s", printable.Cut(o.reference, 50), published)
	case changed("reference") && o.Of != "" && o.Of != analysis.Survivors:
		return usagef("--reference %s: its curves are of the generations of a search: --cohorts %s has none like them",
			published, o.Of)
	case changed("quantiles") && !parts:
		return usagef("--quantiles: only cohorts by size or accuracy have them: add --cohorts size or --cohorts accuracy")
	case changed("quantiles") && o.Quantiles < 1:
		return usagef("--quantiles %d: must be at least 1", o.Quantiles)
	case parts && (changed("generations") || changed("methods")):
		return usagef("--cohorts %s: these have no generations or methods", o.Of)
	case changed("methods") && len(o.Methods) == 0:
		return usagef("--methods: names no method")
	}
	o.Published = o.reference == published
	var err error
	if changed("generations") {
		o.First, o.Last, err = generationSpan(o.generations)
	}
	return err
}

// generationSpan reads A..B, A.. for all from A on, or one generation.
func generationSpan(text string) (first, last int, err error) {
	from, to, several := strings.Cut(text, "..")
	if first, err = strconv.Atoi(from); err == nil {
		switch {
		case !several:
			last = first
		case to != "":
			last, err = strconv.Atoi(to)
		}
	}
	if err != nil || first < 1 || last < 0 || to != "" && last < first {
		return 0, 0, usagef("--generations %s: must be such as 5..19, the smaller first, from 1", printable.Cut(text, 50))
	}
	return first, last, nil
}

// only refuses the flags where no cohorts are shown: shown says whether they are, what is to be added where not.
func (o *cohortOptions) only(shown bool, what string) error {
	if flag := o.changed(); flag != "" && !shown {
		return usagef("%s: only cohorts have it: add %s", flag, what)
	}
	return nil
}

// ofTable refuses the flags for tables without cohorts.
func (o *cohortOptions) ofTable(only string) error {
	return o.only(slices.Contains([]string{reports.CohortsKind, reports.CohortValues, reports.AllTables}, only),
		"--only "+reports.CohortsKind)
}

// ofReport refuses the flags for a run that has no cohorts.
func (o *cohortOptions) ofReport(r *analysis.Results) error {
	if flag := o.changed(); flag != "" && len(r.Populations) == 0 && (o.Of == "" || o.Of.OfSearches()) {
		return fmt.Errorf("%s: %s: %s", r.From.Dir, flag, reports.NoCohorts)
	}
	return nil
}
