package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rwe301/analysis"
	"rwe301/bench301/surrogate"
	"rwe301/search"
	"rwe301/study"
)

// runHelp explains what a command takes as a run.
const runHelp = `RUN is the folder of a study, of searches or of the demo, a file of scores that score --out or
study export wrote, or a published table as replay takes it. RUN:ESTIMATOR is one estimator of it, as runs/a:rwe or
runs/a:rwe:channels=8. Several are joined over their architectures: a question that two of them answer alike has one
column, one that they answer otherwise has a column a run. Accuracies are those that the run comes with; what score
wrote has none, and is compared with those of the runs that it is joined with, or of --surrogate or --table. Where
these are given, they count for all. --column is that of --table, or of the table that is the run. The space of a file
is what its notation tells, unless --space says it.`

// sourceOptions say how what is named as a run is read.
type sourceOptions struct {
	accuracyOptions
	space, seeds string
	asked        bool // for accuracies of a source of its own
}

// AddFlags gives a command the flags --surrogate, --table, --column, --unit, --repeats, --space and --seeds.
func (o *sourceOptions) AddFlags(cmd *cobra.Command) {
	o.accuracyOptions.AddFlags(cmd)
	spaceFlag(&o.space)(cmd)
	f := cmd.Flags()
	o.space, f.Lookup("space").DefValue = "", "" // what the notation tells
	f.StringVar(&o.seeds, "seeds", "each", "of files of scores, each: a row a seed; mean: one row an estimator, of its "+
		"mean over the seeds")
	before(cmd, func() error {
		o.asked = f.Changed("surrogate") || f.Changed("table")
		if err := knownSpace(o.space); err != nil {
			return err
		}
		return oneOf("--seeds", o.seeds, []string{"each", "mean"})
	})
}

// sources is what the flags say; the zero value of the options is that of no flags.
func (o *sourceOptions) sources(s streams) *study.Sources {
	if o.surrogate == "" {
		o.surrogate = surrogate.MiniKey
	}
	return &study.Sources{
		Space: o.space, Mean: o.seeds == "mean", Column: o.column, Unit: o.unit, Repeats: o.repeats,
		Accuracy: o.accuracy(), Asked: o.asked, Say: s.say, Steps: s.steps,
	}
}

// kinds are all kinds of runs.
func kinds(from *study.Sources) []analysis.Kind {
	return append([]analysis.Kind{partKind, search.Kind(), populationKind}, from.Kinds()...)
}

// partKind is a file of a run folder, which is to be named instead.
var partKind = analysis.Kind{
	Name: "part of a run",
	Is: func(path string) bool {
		return slices.Contains([]string{"scores.db", "manifest.json", "search.json"}, filepath.Base(path))
	},
	Open: func(_ context.Context, paths ...string) (*analysis.Results, error) {
		return nil, fmt.Errorf("%s: a part of a run: name its folder, %s", paths[0], filepath.Dir(paths[0]))
	},
}

// load reads what is named, with the accuracies that there are.
func (o *sourceOptions) load(ctx context.Context, s streams, names ...string) (*analysis.Results, error) {
	from := o.sources(s)
	r, err := analysis.Open(ctx, kinds(from), names...)
	if err == nil {
		err = from.Judge(ctx, r)
	}
	return r, unknownSurrogate(err)
}

// searchIn is the folder of searches that is named, alone and as a whole: what they found can be shown, not only their
// scores. "" is none.
func searchIn(names []string) string {
	if len(names) == 1 && search.Is(names[0]) {
		return names[0]
	}
	return ""
}

// beside is where what is made of a run goes by default: into its folder, or beside a file, under its name. For runs
// that are joined, and for one estimator, it is to be named.
func beside(names []string, what string) (string, error) {
	r, err := analysis.Refer(kinds(&study.Sources{}), names[0])
	switch {
	case err != nil:
		return "", err
	case len(names) > 1 || r.Estimator != "":
		return "", usagef("%s: not a run as a whole: --out says where to", strings.Join(names, " "))
	case slices.Contains([]string{"scores", "table", populationKind.Name}, r.Kind.Name):
		return strings.TrimSuffix(r.Path, filepath.Ext(r.Path)) + "-" + what, nil
	}
	return filepath.Join(r.Path, what), nil
}
